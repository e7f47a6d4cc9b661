"""What belongs to the course, and in which order is it read?"""
