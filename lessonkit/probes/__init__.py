"""What happens inside?

A probe measures and leaves no trace: parameters, buffers, `.grad`, mode and hooks stay as they
were. It returns one row per seed, on the CPU, in double precision.
"""
