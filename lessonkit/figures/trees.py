"""Trees: what a whole is made of, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.diagrams import draw_box, draw_note, new_canvas
from lessonkit.figures.drawing import Drawing
from lessonkit.figures.style import STYLE, WIDTH

__all__ = ["draw_tree"]

_COLOURS = ("purple", "orange", "green", "blue", "gold")
_LEFT, _STEP = 1.0, 0.78  # inches: room for the names of the levels; from level to level


@matplotlib.rc_context(STYLE)
def draw_tree(levels: Sequence[Sequence[str]], names: Sequence[str]) -> Drawing:
    """Draw a whole at the top, and under each part the parts that it is made of.

    Args:
        levels: what stands at each level, from the top; every level has as many parts for each part
            of the level above, such as twice as many. A box holds about four letters.
        names: of the levels, written at their left.

    Raises:
        ValueError: a level has no name, or its parts cannot be dealt out evenly to those above.
    """
    if len(names) != len(levels):
        raise ValueError(f"tree: expected a name for each of {len(levels)} levels, got {names}.")
    for above, below in pairwise(levels):
        if len(below) % len(above):
            raise ValueError(
                f"tree: expected as many parts under each of {len(above)}, got {len(below)} in all."
            )
    figure, ax = new_canvas(height=0.3 + _STEP * len(levels))
    wide = WIDTH - _LEFT - 0.1
    spots: list[list[tuple[float, float]]] = []
    for number, parts in enumerate(levels):
        y = 0.3 + _STEP * (len(levels) - number - 0.6)
        spots.append([(_LEFT + wide * (n + 0.5) / len(parts), y) for n in range(len(parts))])
    for tops, feet in pairwise(spots):
        each = len(feet) // len(tops)
        for place, (x, y) in enumerate(feet):
            top, high = tops[place // each]
            ends = ([top, x], [high - 0.22, y + 0.22])
            ax.plot(*ends, color=PALETTE["muted"], linewidth=1.6, solid_capstyle="round")
    for number, (row, parts) in enumerate(zip(spots, levels, strict=True)):
        colour = PALETTE[_COLOURS[number % len(_COLOURS)]]
        draw_note(ax, (_LEFT - 0.12, row[0][1]), names[number], align="right")
        for spot, part in zip(row, parts, strict=True):
            draw_box(ax, spot, part, width=max(0.44, 0.24 + 0.12 * len(part)), colour=colour)
            if len(part) == 1:
                ax.texts[-1].set(family="monospace", fontsize=16)
    told = (f"{len(p)} {name}: {' '.join(p)}" for name, p in zip(names, levels, strict=True))
    columns: dict[str, Any] = {
        "level": [name for name, parts in zip(names, levels, strict=True) for _ in parts],
        "parts of the level": [len(parts) for parts in levels for _ in parts],
        "part": [part for parts in levels for part in parts],
    }
    return Drawing(figure, columns, f"A tree of parts. {'; '.join(told)}.")
