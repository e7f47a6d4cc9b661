"""Diagrams drawn by code: boxes and arrows on a canvas measured in inches."""

from __future__ import annotations

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from lessonkit.figures.style import PALETTE, STYLE

Point = tuple[float, float]


def new_canvas(width: float = 7.2, height: float = 3.0) -> tuple[Figure, Axes]:
    """Return an empty figure whose one axis counts inches from the lower left corner."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    return figure, ax


@matplotlib.rc_context(STYLE)
def draw_box(
    ax: Axes,
    centre: Point,
    text: str,
    *,
    width: float = 1.2,
    height: float = 0.5,
    colour: str = PALETTE["blue"],
    filled: bool = True,
) -> None:
    """Draw a rounded box with a word in it; the fill is a tint, so that it works in the dark."""
    x, y = centre
    corner = (x - width / 2 + 0.06, y - height / 2 + 0.06)
    for face, alpha in ((colour, 0.14 if filled else 0), ("none", 1)):
        ax.add_patch(
            FancyBboxPatch(
                corner,
                width - 0.12,
                height - 0.12,
                boxstyle="round,pad=0.06",
                facecolor=face,
                edgecolor="none" if alpha != 1 else colour,
                alpha=alpha,
                linewidth=1.6,
            )
        )
    ax.text(x, y, text, ha="center", va="center", fontsize=13)


@matplotlib.rc_context(STYLE)
def draw_arrow(
    ax: Axes,
    start: Point,
    end: Point,
    *,
    colour: str = PALETTE["muted"],
    bend: float = 0.0,
    width: float = 1.8,
) -> None:
    """Draw an arrow; `bend` curves it, to the left for a positive share of its length."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            connectionstyle=f"arc3,rad={-bend}",
            color=colour,
            linewidth=width,
            mutation_scale=14,
            shrinkA=0,
            shrinkB=0,
        )
    )


@matplotlib.rc_context(STYLE)
def draw_note(
    ax: Axes, at: Point, text: str, *, colour: str = PALETTE["muted"], align: str = "center"
) -> None:
    """Write a small note."""
    ax.text(*at, text, ha=align, va="center", color=colour, fontsize=12)
