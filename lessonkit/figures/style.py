"""The palette, and how text, lines and conditions look in every figure of the site."""

from __future__ import annotations

from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    # The same layers without and with a way around them.
    "plain": Condition(PALETTE["red"], "v"),
    "residual": Condition(PALETTE["blue"], "P"),
    # What a trained network is compared with.
    "untrained": Condition(PALETTE["muted"], "X"),
    "shuffled": Condition(PALETTE["pink"], "d"),
    # The rungs of the ladder, from the ground up.
    "strokes": Condition(PALETTE["gold"], "o"),
    "letters": Condition(PALETTE["green"], "s"),
    "words": Condition(PALETTE["orange"], "p"),
    "meaning": Condition(PALETTE["purple"], "h"),
    "answer": Condition(PALETTE["ink"], "*"),
}
SPELLING = {"relu": "ReLU", "gelu": "GELU"}

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 14,  # a figure 7.2 inches wide is still read on a phone
    "axes.labelsize": 14,
    "axes.labelcolor": PALETTE["ink"],
    "axes.edgecolor": PALETTE["muted"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALETTE["grid"],
    "grid.linewidth": 0.8,
    "xtick.color": PALETTE["muted"],
    "ytick.color": PALETTE["muted"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": PALETTE["ink"],
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "legend.fontsize": 13,
    "legend.title_fontsize": 12,
    "legend.framealpha": 0,  # a white box would stay white in the dark
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def new_figure(width: float = 7.2, height: float = 4.0) -> tuple[Figure, Axes]:
    """Return an empty figure (inches) with one axis in the style of the site.

    The reader's own matplotlib settings stay as they are.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        ax = figure.subplots()
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_major_ticks(1)  # born inside the context; later ticks copy the first
    return figure, ax


def spelled(name: str) -> str:
    """Write a condition as people write it: "relu, half the weights" -> "ReLU, half …"."""
    first, *rest = name.split(",")
    return ",".join([SPELLING.get(first, first), *rest])
