"""What does the network see?

Examples as plain tensors, and batches whose order depends on nothing but their own seed.
"""
