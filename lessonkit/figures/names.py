"""Where the names of lines stand: at their ends where there is room, otherwise above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from lessonkit.figures.conditions import PALETTE

__all__ = ["legend_above", "name_lines"]

_SIZE = 12  # points
_APART = 1.3 * _SIZE  # points between the middles of two names


def name_lines(ax: Axes, lines: Mapping[str, Line2D], key: str) -> None:
    """Name each line (name -> line) at its end where there is room, otherwise in a legend above.

    There is room where no name is wider than three tenths of the figure, and each still stands
    beside the end of its line when none stands on another. `key` says what lines and bands are.
    """
    ends = [
        ax.annotate(
            name,
            (1, np.ravel(line.get_ydata())[-1]),
            (8, 0),
            xycoords=ax.get_yaxis_transform(),
            textcoords="offset points",
            annotation_clip=False,
            color=line.get_color(),
            fontsize=_SIZE,
            va="center",
        )
        for name, line in lines.items()
    ]
    title = ax.set_title(key, loc="left", fontsize=12, color=PALETTE["muted"])
    if not _narrow(ends) or not _spread(ax, ends):
        for text in ends:
            text.remove()
        title.set_text("")
        legend_above(ax.figure, list(lines.values()), list(lines), key)


def _narrow(names: Sequence[Any]) -> bool:
    widest = max(name.get_window_extent().width for name in names)
    return bool(widest < 0.3 * names[0].figure.bbox.width)


def _spread(ax: Axes, names: Sequence[Any]) -> bool:
    """Move names off each other; say whether each is still beside the end of its line.

    Two lines of one colour must end apart: only a legend tells the dashed from the solid.
    """
    figure: Any = ax.figure
    figure.draw_without_rendering()  # lays out; before that there are no heights
    scale = figure.dpi / 72  # all below in points
    wanted = np.array([ax.transData.transform((0, name.xy[1]))[1] for name in names]) / scale
    order = np.argsort(wanted, kind="stable")
    steps = _APART * np.arange(len(names))
    slack = wanted[order] - steps
    # As far up as the names below push, as far down as those above; then the middle of both.
    up, down = np.maximum.accumulate(slack), np.minimum.accumulate(slack[::-1])[::-1]
    low, high = ax.bbox.y0 / scale, ax.bbox.y1 / scale - steps[-1]
    moved = np.clip((up + down) / 2, low, high) - slack
    for place, move in zip(order, moved, strict=True):
        names[place].set_position((8, move))
    colours = [names[place].get_color() for place in order]
    gaps = zip(colours, colours[1:], np.diff(wanted[order]), strict=False)
    apart = all(one != other or gap > _APART / 2 for one, other, gap in gaps)
    return apart and bool(np.abs(moved).max() <= 1.5 * _APART) and bool(low < high)


def legend_above(
    figure: Any,
    handles: Sequence[Artist],
    names: Sequence[str],
    title: str,
    *,
    length: float = 2.4,
) -> None:
    """Put a legend above the axes, where no line can cross it, in as few rows as fit.

    `length` is that of a handle, in letters.
    """
    look = {"alignment": "left", "handlelength": length, "columnspacing": 1.4, "borderpad": 0}
    for rows in range(-(-len(names) // 4), len(names) + 1):
        columns = -(-len(names) // rows)
        legend = figure.legend(
            handles, names, loc="outside upper left", ncols=columns, title=title, **look
        )
        if columns == 1 or legend.get_window_extent().width < 0.97 * figure.bbox.width:
            legend.get_title().set_color(PALETTE["muted"])
            return
        legend.remove()
