"""Diagrams drawn by code: boxes and arrows on a canvas measured in inches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from lessonkit.figures.conditions import PALETTE, look, spelled
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.style import STYLE, WIDTH

__all__ = [
    "draw_arrow",
    "draw_blocks",
    "draw_box",
    "draw_lookup",
    "draw_note",
    "draw_views",
    "new_canvas",
]

Point = tuple[float, float]


def new_canvas(width: float = WIDTH, height: float = 3.0) -> tuple[Figure, Axes]:
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
    size = (width - 0.12, height - 0.12)
    fill = {"facecolor": colour, "edgecolor": "none", "alpha": 0.14 if filled else 0}
    edge = {"facecolor": "none", "edgecolor": colour}
    for paint in (fill, edge):
        ax.add_patch(
            FancyBboxPatch(corner, *size, boxstyle="round,pad=0.06", linewidth=1.6, **paint)
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


@matplotlib.rc_context(STYLE)
def draw_lookup(
    asker: str,
    words: Sequence[str],
    scores: Sequence[str],
    weights: Sequence[float],
    values: Sequence[float],
    *,
    note: str = "",
) -> Drawing:
    """Draw how one word asks the others: scores, weights, and the weighted sum of the values.

    Args:
        asker: the word with the query.
        words: those with the keys and values, three at most.
        scores: query times key, as they shall be written.
        weights: what softmax makes of the scores.
        values: what each word hands over.
        note: how the scores became the weights, written underneath.
    """
    figure, ax = new_canvas(height=3.3)
    total = sum(weight * value for weight, value in zip(weights, values, strict=True))
    heights = [2.4 - 0.75 * row for row in range(len(words))]
    middle = heights[len(heights) // 2]
    for x, name in zip((0.5, 1.7, 2.65, 3.45, 4.22), _HEADINGS, strict=True):
        draw_note(ax, (x, 3.0), name)
    draw_note(ax, (WIDTH / 2, 0.25), note)
    draw_box(ax, (0.5, middle), asker, width=0.7, colour=PALETTE["purple"])
    for y, *row in zip(heights, words, scores, weights, values, strict=True):
        draw_arrow(ax, (0.88, middle), (1.26, y), colour=PALETTE["purple"])
        _draw_asked(ax, y, row)
        draw_arrow(ax, (4.56, y), (4.8, middle + 0.35 * np.sign(y - middle)))
    draw_box(ax, (5.12, middle), f"{total:g}", width=0.6, height=0.6, colour=PALETTE["green"])
    columns = {"word": words, "score": scores, "weight": weights, "value": values}
    told = "; ".join(
        f"{word}: score {score}, weight {weight:g}, value {value:g}"
        for word, score, weight, value in zip(*columns.values(), strict=True)
    )
    says = f"{asker} asks. {told}; together {total:g}."
    return Drawing(figure, {**columns, "together": [total] * len(words)}, says)


_HEADINGS = ("query", "keys", "scores", "weights", "values")
_BAR = 0.64  # inches: a weight of 1
_LINE = 2.75  # inches: a line of text from end to end


def _draw_asked(ax: Axes, y: float, row: Sequence[Any]) -> None:
    """Draw one row of a lookup: key, score, weight as a bar, value."""
    word, score, weight, value = row
    draw_box(ax, (1.7, y), word, width=0.8)
    ax.text(2.65, y, score, ha="center", va="center")
    corner, colour = (3.13, y - 0.2), PALETTE["blue"]
    ax.add_patch(Rectangle(corner, _BAR, 0.4, facecolor=PALETTE["grid"], linewidth=0))
    ax.add_patch(Rectangle(corner, _BAR * weight, 0.4, facecolor=colour, alpha=0.45, linewidth=0))
    ax.text(3.45, y, f"{weight:g}", ha="center", va="center")
    draw_box(ax, (4.22, y), f"{value:g}", width=0.62, colour=PALETTE["green"])


@matplotlib.rc_context(STYLE)
def draw_blocks(x: float, plain: float, residual: float) -> Drawing:
    """Draw a plain block beside a residual one, with what goes in and what comes out.

    Args:
        x: the signal that both receive.
        plain: what the plain block makes of it, f(x).
        residual: what the residual block makes of it, x + f(x).
    """
    figure, ax = new_canvas(height=2.7)
    y, (red, blue) = 1.0, (look(name).colour for name in ("plain", "residual"))
    draw_box(ax, (1.05, y), "f", width=0.66, colour=red)
    draw_box(ax, (3.85, y), "f", width=0.66, colour=blue)
    draw_box(ax, (4.72, y), "+", width=0.46, height=0.46, colour=blue)
    for start, end in ((0.15, 0.7), (1.4, 2.1), (2.75, 3.5), (4.2, 4.48), (4.96, 5.5)):
        draw_arrow(ax, (start, y), (end, y), colour=PALETTE["ink"])
    ax.plot([3.1, 3.1, 4.72], [y, 1.85, 1.85], color=blue, linewidth=2.6)
    draw_arrow(ax, (4.72, 1.85), (4.72, y + 0.23), colour=blue, width=2.6)
    draw_note(ax, (3.9, 1.65), "the wire")
    for place, text in (
        ((0.4, y - 0.3), f"x = {x:g}"),
        ((1.75, y - 0.45), f"f(x) = {plain:g}"),
        ((2.98, y - 0.3), f"x = {x:g}"),
        ((4.85, y - 0.45), f"x + f(x) = {residual:g}"),
    ):
        ax.text(*place, text, ha="center", va="center", fontsize=13)
    for middle, name, colour in ((1.05, "plain", red), (3.9, "residual", blue)):
        ax.text(middle, 2.4, name, ha="center", va="center", color=colour, weight="bold")
    says = (
        f"Plain block: x = {x:g} goes through f, and f(x) = {plain:g} comes out. Residual block: "
        f"x = {x:g} goes through f and, on a wire, around it; x + f(x) = {residual:g} comes out."
    )
    return Drawing(figure, {"x": [x], "f(x)": [plain], "x + f(x)": [residual]}, says)


@matplotlib.rc_context(STYLE)
def draw_views(
    text: str,
    fields: Sequence[int],
    *,
    pitch: int = 8,
    rungs: Sequence[str] = ("strokes", "letters", "words", "meaning", "answer"),
) -> Drawing:
    """Draw the layers over a line of text, each a bar as wide as what one of its units sees.

    Args:
        text: the line.
        fields: pixels that a unit of each layer sees; no more than the line are drawn.
        pitch: pixels from one letter to the next.
        rungs: conditions that shall be looked for, from the ground up.
    """
    figure, ax = new_canvas(height=0.9 + max(0.56 * len(fields), 0.78 * len(rungs)))
    whole, left = len(text) * pitch, 0.85
    seen = [min(field, whole) for field in fields]
    for place, letter in enumerate(text):
        x = left + _LINE * (place + 0.5) / len(text)
        ax.text(x, 0.3, letter, ha="center", va="center", fontsize=20, family="monospace")
    for number, field in enumerate(seen, 1):
        _draw_view(ax, number, field / whole, _view(field, whole))
    for step, rung in enumerate(rungs):
        y, colour = 0.75 + step * 0.78, look(rung).colour
        draw_box(ax, (4.8, y), spelled(rung), width=1.3, height=0.5, colour=colour)
        if step:
            draw_arrow(ax, (4.8, y - 0.52), (4.8, y - 0.27))
    draw_note(ax, (4.8, 0.27), "which rung where?", colour=PALETTE["ink"])
    told = "; ".join(f"layer {n}: {_view(field, whole)}" for n, field in enumerate(seen, 1))
    says = f"What one unit sees of a line of {in_words(whole)} pixels. {told}. "
    says += f"Beside them, from the ground up: {', '.join(map(spelled, rungs))}."
    return Drawing(figure, {"layer": list(range(1, len(seen) + 1)), "pixels": seen}, says)


def _view(field: int, whole: int) -> str:
    return "the whole line" if field == whole else f"{field} pixels"


def _draw_view(ax: Axes, number: int, share: float, words: str) -> None:
    """Draw the bar of one layer, as long as the line if it sees the whole line."""
    y, wide, middle = 0.3 + 0.56 * number, _LINE * share, 0.85 + _LINE / 2
    draw_note(ax, (0.72, y), f"layer {number}", align="right")
    corner, colour = (middle - wide / 2, y - 0.15), PALETTE["blue"]
    ax.add_patch(Rectangle(corner, wide, 0.3, facecolor=colour, alpha=0.3, linewidth=0))
    inside = wide > 1.2
    at = (middle if inside else middle + wide / 2 + 0.12, y)
    draw_note(ax, at, words, colour=PALETTE["ink"], align="center" if inside else "left")
