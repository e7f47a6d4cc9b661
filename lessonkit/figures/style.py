"""How text and lines look in every figure of the site."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessonkit.figures.conditions import CONDITIONS, PALETTE, Condition, spelled

__all__ = [
    "CONDITIONS",
    "INK",
    "PALETTE",
    "STYLE",
    "WIDTH",
    "Condition",
    "new_figure",
    "new_panels",
    "spelled",
]

# Inches. On a phone, 390 pixels wide, 12 points are then 11 pixels: nothing is written smaller.
WIDTH = 5.6

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 13,
    "axes.labelsize": 13,
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
    "legend.fontsize": 12,
    "legend.title_fontsize": 12,
    "legend.framealpha": 0,  # a white box would stay white in the dark
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}

# How a picture is shown, ink dark. Sixteen greys: noise in more of them would take a page's room,
# and nobody sees it.
INK: dict[str, Any] = {
    "cmap": matplotlib.colormaps["gray_r"].resampled(16),
    "interpolation": "none",
}


def new_figure(width: float = WIDTH, height: float = 3.4) -> tuple[Figure, Axes]:
    """Return an empty figure (inches) with one axis in the style of the site.

    The reader's own matplotlib settings stay as they are.
    """
    figure, (ax,) = new_panels(1, width, height)
    return figure, ax


def new_panels(
    count: int = 2, width: float = WIDTH, height: float = 3.4
) -> tuple[Figure, list[Axes]]:
    """Return a figure (inches) with `count` axes side by side that share their vertical axis."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = list(figure.subplots(1, count, sharey=True, squeeze=False)[0])
        for ax in axes:
            for axis in (ax.xaxis, ax.yaxis):
                axis.get_major_ticks(1)  # born inside the context; later ticks copy the first
    return figure, axes
