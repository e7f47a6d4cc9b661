"""How do pages become a site?"""
