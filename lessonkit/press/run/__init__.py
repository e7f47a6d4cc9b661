"""How does a lesson run, and where do its runs lie?"""
