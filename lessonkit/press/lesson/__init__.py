"""What is a lesson, and on what does its run depend?"""
