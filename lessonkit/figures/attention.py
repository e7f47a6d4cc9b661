"""Where a network looks: its maps, one row of them, and how often the look is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lessonkit.figures.anatomy import draw_arrow, draw_box, draw_note
from lessonkit.figures.style import PALETTE, STYLE, Condition

# Networks that differ in what their layers may see.
READERS = {
    "near, then all": Condition(PALETTE["purple"], "P"),
    "all, then all": Condition(PALETTE["gold"], "D"),
    "all, once": Condition(PALETTE["red"], "s"),
}
_FAINTEST = 0.05  # less weight than this can hardly be seen, and is left blank


def new_panels(
    count: int = 2, width: float = 7.2, height: float = 4.0
) -> tuple[Figure, list[Axes]]:
    """Return a figure (inches) with `count` axes side by side that share their vertical axis."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = list(figure.subplots(1, count, sharey=True, squeeze=False)[0])
        for ax in axes:
            for axis in (ax.xaxis, ax.yaxis):
                axis.get_major_ticks(1)  # born inside the context; later ticks copy the first
    return figure, axes


@matplotlib.rc_context(STYLE)
def plot_map(ax: Axes, weights: ArrayLike, words: Sequence[str], title: str, row: str = "") -> None:
    """Draw a map of attention: a row for each word that looks, a column for each it looks at.

    The fuller a square, the more weight: 1 is full in every map, and less than 0.05 is blank.

    Args:
        ax: an empty axis.
        weights: (query, key), between 0 and 1.
        words: of the sentence.
        title: which layer, which head.
        row: the word whose row is framed.
    """
    values = np.asarray(weights)
    for query, key in np.argwhere(values >= _FAINTEST):
        corner, share = (key - 0.5, query - 0.5), round(float(values[query, key]), 2)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor=PALETTE["blue"], alpha=share, linewidth=0))
    if row:
        corner = (-0.5, list(words).index(row) - 0.5)
        frame = Rectangle(corner, len(words), 1, fill=False, edgecolor=PALETTE["red"])
        ax.add_patch(frame)
        frame.set(linewidth=2, clip_on=False, zorder=3)
    edges = (-0.5, len(words) - 0.5)
    ax.set(xlim=edges, ylim=edges[::-1], aspect="equal")
    ax.set_xticks(range(len(words)), words, rotation=90, fontsize=13)
    ax.set_yticks(range(len(words)), words, fontsize=13)
    ax.grid(visible=False)
    ax.set_title(title, fontsize=14)


@matplotlib.rc_context(STYLE)
def plot_row(
    ax: Axes,
    weights: ArrayLike,
    words: Sequence[str],
    title: str,
    colours: Mapping[str, str],
) -> None:
    """Draw one row of a map as bars: bar = median, dots = seeds.

    Args:
        ax: an empty axis; panels that share their vertical axis share the words.
        weights: (seeds, key), between 0 and 1.
        words: of the sentence, from top to bottom.
        title: what sets this panel apart.
        colours: names in PALETTE for the words that matter; the others are muted.
    """
    values = np.asarray(weights)
    paints = [colours.get(word, "muted") for word in words]
    for paint in dict.fromkeys(paints):
        places = [place for place, other in enumerate(paints) if other == paint]
        across, colour = values[:, places], PALETTE[paint]
        ax.barh(places, np.median(across, axis=0), height=0.8, color=colour, alpha=0.35)
        _plot_dots(ax, across.ravel(), np.tile(places, len(across)), colour)
    ax.set(xlim=(-0.03, 1.03), ylim=(len(words) - 0.4, -0.6), xlabel="weight")
    ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    ax.set_yticks(range(len(words)), words)
    ax.grid(visible=False, axis="y")
    ax.set_title(title, fontsize=14)


def _plot_dots(ax: Axes, across: np.ndarray, down: np.ndarray, colour: str) -> None:
    """Draw dots as one line of tiny strokes with round ends: markers would fill the page's code."""
    gap = np.full(len(across), np.nan)
    x = np.stack([across, across + 1e-3, gap], axis=1).ravel()
    y = np.stack([down, down, gap], axis=1).ravel()
    ax.plot(x, y, color=colour, linewidth=5.5, solid_capstyle="round", alpha=0.8)


@matplotlib.rc_context(STYLE)
def plot_shares(
    ax: Axes,
    shares: Mapping[str, ArrayLike],
    looks: Mapping[str, Condition],
    blind: float,
    quantity: str,
) -> None:
    """Draw a share for every seed, a row for each condition, beside that of a blind guess.

    Args:
        ax: an empty axis.
        shares: label of a row, which may have two lines -> (seeds,) between 0 and 1.
        looks: the same labels -> colour and marker.
        blind: the share that a guess reaches without looking.
        quantity: the label of the axis.
    """
    ax.axvline(blind, color=PALETTE["muted"], linestyle=(0, (4, 3)), linewidth=1.5)
    for row, (label, values) in enumerate(shares.items()):
        across = np.asarray(values)
        down = row + 0.28 * _apart(len(across))
        colour, marker = looks[label]
        ax.plot(across, down, marker, color=colour, markersize=9, alpha=0.85)
    ax.set(xlim=(blind - 0.09, 1.03), ylim=(len(shares) - 0.5, -0.5), xlabel=quantity)
    ax.set_yticks(range(len(shares)), list(shares))
    ax.set_xticks(ticks := [blind, (1 + blind) / 2, 1], [f"{tick:.0%}" for tick in ticks])
    ax.grid(visible=False, axis="y")


def _apart(count: int) -> np.ndarray:
    """Return places from −1 to 1, so that equal values of several seeds stay visible."""
    return np.linspace(-1, 1, count) if count > 1 else np.zeros(count)


@matplotlib.rc_context(STYLE)
def draw_lookup(
    ax: Axes,
    asker: str,
    words: Sequence[str],
    scores: Sequence[str],
    weights: Sequence[float],
    values: Sequence[float],
    note: str = "",
) -> None:
    """Draw how one word asks the others: scores, weights, and the weighted sum of the values.

    Args:
        ax: a canvas of `new_canvas(7.2, 3.3)`.
        asker: the word with the query.
        words: those with the keys and values, three at most.
        scores: query times key, as they shall be written.
        weights: what softmax makes of the scores.
        values: what each word hands over.
        note: how the scores became the weights, written underneath.
    """
    rows = [2.4 - 0.75 * row for row in range(len(words))]
    asked, sums = (0.65, rows[len(rows) // 2]), (6.5, rows[len(rows) // 2])
    for x, name in ((0.65, "query"), (2.3, "keys"), (3.5, "scores"), (4.55, "weights")):
        draw_note(ax, (x, 3.0), name)
    draw_note(ax, (5.5, 3.0), "values")
    draw_note(ax, (3.6, 0.25), note)
    draw_box(ax, asked, asker, width=0.9, colour=PALETTE["purple"])
    for y, word, score, weight, value in zip(rows, words, scores, weights, values, strict=True):
        draw_arrow(ax, (1.12, asked[1]), (1.78, y), colour=PALETTE["purple"])
        draw_box(ax, (2.3, y), word, width=1.0)
        ax.text(3.5, y, score, ha="center", va="center")
        ax.add_patch(Rectangle((4.15, y - 0.2), 0.8, 0.4, facecolor=PALETTE["grid"], linewidth=0))
        ax.add_patch(
            Rectangle((4.15, y - 0.2), 0.8 * weight, 0.4, color=PALETTE["blue"], alpha=0.45)
        )
        ax.text(4.55, y, f"{weight:g}", ha="center", va="center")
        draw_box(ax, (5.5, y), f"{value:g}", width=0.75, colour=PALETTE["green"])
        draw_arrow(ax, (5.9, y), (6.18, sums[1] + 0.35 * np.sign(y - sums[1])))
    total = sum(weight * value for weight, value in zip(weights, values, strict=True))
    draw_box(ax, sums, f"{total:g}", width=0.62, height=0.62, colour=PALETTE["green"])
