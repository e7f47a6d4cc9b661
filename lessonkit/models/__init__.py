"""What is computed?

Networks that come in several copies, one for each seed, trained side by side. The copies never
touch: each has its own weights, along a first axis called `seeds`. One run gives a median and a
range instead of an anecdote, at little more than the price of one network.
"""
