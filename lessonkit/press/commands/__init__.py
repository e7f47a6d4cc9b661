"""What can be asked on a command line? The press is imported when a command runs, not before."""
