"""What is a lesson, and on what does its run depend? Its script, its code and its circumstances."""
