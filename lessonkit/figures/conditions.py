"""How each condition looks and is written: the same in every figure of the site."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CONDITIONS", "PALETTE", "Condition", "condition_of", "look", "spelled"]

# Pages replace these colours by others when the reader prefers a dark screen.
PALETTE = {
    "ink": "#1a1a1a",
    "muted": "#5f6b76",
    "grid": "#d9dee3",
    "paper": "#ffffff",
    "blue": "#2166ac",
    "orange": "#d95f02",
    "green": "#1b9e77",
    "purple": "#7b4fa3",
    "red": "#c0392b",
    "gold": "#b8860b",
    "sky": "#4aa3df",
    "pink": "#d14f8f",
}


class Condition(NamedTuple):
    """How one condition looks wherever it appears: told apart by shape as well as by colour."""

    colour: str
    marker: str


CONDITIONS = {
    "sigmoid": Condition(PALETTE["blue"], "o"),
    "tanh": Condition(PALETTE["orange"], "s"),
    "relu": Condition(PALETTE["green"], "^"),
    "gelu": Condition(PALETTE["purple"], "D"),
    "silu": Condition(PALETTE["pink"], "p"),
    "leaky": Condition(PALETTE["gold"], "<"),
    # The same layers without and with a way around them.
    "plain": Condition(PALETTE["red"], "v"),
    "residual": Condition(PALETTE["blue"], "P"),
    # Where the weights of a network begin.
    "he": Condition(PALETTE["green"], "P"),
    "xavier": Condition(PALETTE["purple"], "^"),
    "orthogonal": Condition(PALETTE["sky"], "D"),
    "normal": Condition(PALETTE["red"], "X"),
    "pytorch": Condition(PALETTE["gold"], "v"),
    # What brings the sums of a layer to a common size.
    "no norm": Condition(PALETTE["red"], "p"),
    "batch norm": Condition(PALETTE["blue"], "D"),
    "layer norm": Condition(PALETTE["green"], "X"),
    # What becomes of a long gradient.
    "clipped": Condition(PALETTE["blue"], "h"),
    "not clipped": Condition(PALETTE["red"], "o"),
    # How a step is made of a slope.
    "plain descent": Condition(PALETTE["red"], "<"),
    "momentum": Condition(PALETTE["blue"], "d"),
    "Adam": Condition(PALETTE["gold"], "^"),
    # What a trained network is compared with.
    "untrained": Condition(PALETTE["muted"], "X"),
    "shuffled": Condition(PALETTE["pink"], "d"),
    # The rungs of the ladder, from the ground up.
    "strokes": Condition(PALETTE["gold"], "o"),
    "letters": Condition(PALETTE["green"], "s"),
    "words": Condition(PALETTE["orange"], "p"),
    "meaning": Condition(PALETTE["purple"], "h"),
    "answer": Condition(PALETTE["ink"], "*"),
    # Networks that differ in what they were trained on.
    "the answer": Condition(PALETTE["blue"], "s"),
    "the typeface": Condition(PALETTE["sky"], "^"),
    # Networks that differ in what their layers may see.
    "near, then all": Condition(PALETTE["purple"], "P"),
    "all, then all": Condition(PALETTE["gold"], "D"),
    "all, once": Condition(PALETTE["red"], "s"),
}
# Other names of a condition that stands above.
_ALIASES = {"shuffled answers": "shuffled", "nothing: untrained": "untrained"}
_SPELLING = {
    "relu": "ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "leaky": "leaky ReLU",
    "he": "He",
    "xavier": "Xavier",
    "normal": "N(0, 1)",
    "pytorch": "nn.Linear",
}

_COLOURS = ("blue", "orange", "green", "purple", "red", "gold", "sky", "pink")
_MARKERS = ("<", ">", "v", "^", "s", "o", "D", "P", "X", "d", "p", "h", "*")
# Neighbours in this order differ in colour and in marker.
_EVERY = [
    Condition(PALETTE[colour], _MARKERS[(place + shift) % len(_MARKERS)])
    for shift in range(len(_MARKERS))
    for place, colour in enumerate(_COLOURS)
]
_FREE = [condition for condition in _EVERY if condition not in CONDITIONS.values()]
_strangers: dict[str, Condition] = {}


def look(name: object) -> Condition:
    """Return how a condition looks.

    A name that is not registered gets a look that nothing else has, and keeps it while the process
    lasts. Only when all are taken does the first one come again.
    """
    condition = condition_of(name)
    if condition in CONDITIONS:
        return CONDITIONS[condition]
    return _strangers.setdefault(condition, _FREE[len(_strangers) % len(_FREE)])


def condition_of(name: object) -> str:
    """Return the condition that a curve's name begins with: "sigmoid, larger" -> "sigmoid".

    Registered names may hold commas themselves, as in "all, once"; the longest one counts.
    """
    parts = _plain(name).split(",")
    for end in range(len(parts), 0, -1):
        beginning = ",".join(parts[:end])
        beginning = _ALIASES.get(beginning, beginning)
        if beginning in CONDITIONS:
            return beginning
    return parts[0]


def spelled(key: object) -> str:
    """Write a condition as people write it.

    "relu, half the weights" -> "ReLU, half the weights"; ("plain", 56) -> "plain, 56".
    """
    first, *rest = _plain(key).split(",")
    return ",".join([_SPELLING.get(first, first), *rest])


def _plain(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
