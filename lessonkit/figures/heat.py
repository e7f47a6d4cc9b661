"""One quantity over two settings at once: heat-maps side by side, a number in each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE, spelled
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.style import STYLE, new_panels

__all__ = ["plot_heat"]

Array = np.ndarray[Any, Any]
_PALEST, _UNDER_WORDS = 0.05, 0.45  # tints: the least that is seen, the most that ink is read on


@matplotlib.rc_context(STYLE)
def plot_heat(
    maps: Mapping[str, ArrayLike],
    rows: Sequence[Any],
    columns: Sequence[Any],
    quantity: str,
    *,
    across: str,
    down: str,
    bar: float,
    height: float = 3.6,
) -> Drawing:
    """Draw a heat-map for each condition: in each cell the median over seeds, on a tint.

    The deeper the tint, the larger the number. It is bold where every seed reaches the bar.

    Args:
        maps: condition -> numbers (seeds, rows, columns), written as whole ones.
        rows: the settings from top to bottom.
        columns: the settings from left to right.
        quantity: what is written, with the unit.
        across: what the columns differ in.
        down: what the rows differ in.
        bar: the number that every seed must reach.
        height: of the figure, in inches.

    Raises:
        ValueError: a map is not (seeds, rows, columns).
    """
    stacks = {name: np.asarray(values, dtype=float) for name, values in maps.items()}
    for name, stack in stacks.items():
        if stack.ndim != 3 or stack.shape[1:] != (len(rows), len(columns)):
            raise ValueError(
                f"map {name!r}: expected numbers (seeds, {len(rows)}, {len(columns)}) for its rows "
                f"and columns; got shape {stack.shape}. Give one number for each seed and cell."
            )
    deepest = max(float(np.median(stack, axis=0).max()) for stack in stacks.values()) or 1
    figure, axes = new_panels(len(stacks), height=height)
    for ax, (name, stack) in zip(axes, stacks.items(), strict=True):
        _draw_map(ax, stack, deepest, bar)
        ax.set_title(spelled(name), fontsize=13)
        ax.set_xticks(range(len(columns)), [f"{column}" for column in columns], fontsize=12)
    axes[0].set_yticks(range(len(rows)), [f"{row}" for row in rows], fontsize=12)
    axes[0].set_ylabel(down)
    figure.supxlabel(across, fontsize=13)
    places = [(r, c) for r in range(len(rows)) for c in range(len(columns))]
    file: dict[str, list[Any]] = {
        "map": [spelled(name) for name in stacks for _ in places],
        down: [rows[r] for _ in stacks for r, _ in places],
        across: [columns[c] for _ in stacks for _, c in places],
    }
    for seed in range(max(len(stack) for stack in stacks.values())):
        file[f"seed {seed + 1}"] = [
            float(stack[seed, r, c]) if seed < len(stack) else ""
            for stack in stacks.values()
            for r, c in places
        ]
    axes_told = (across, down)
    told = [f"{spelled(n)}: {_told(s, rows, columns, axes_told, bar)}" for n, s in stacks.items()]
    return Drawing(figure, file, f"{quantity}. " + "; ".join(told) + ".")


def _draw_map(ax: Axes, stack: Array, deepest: float, bar: float) -> None:
    medians, passed = np.median(stack, axis=0), np.all(stack >= bar, axis=0)
    for place in np.ndindex(*medians.shape):
        row, column = place
        share = min(max(float(medians[place]) / deepest, 0), 1)
        paint: dict[str, Any] = {"facecolor": PALETTE["blue"], "linewidth": 0}
        alpha = round(_PALEST + share * (_UNDER_WORDS - _PALEST), 4)
        ax.add_patch(Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, alpha=alpha, **paint))
        weight = "bold" if passed[place] else "normal"
        words: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 12, "weight": weight}
        ax.text(column, row, f"{medians[place]:.0f}", **words)
    down, across = medians.shape
    ax.set(xlim=(-0.5, across - 0.5), ylim=(down - 0.5, -0.5))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)


def _told(
    stack: Array,
    rows: Sequence[Any],
    columns: Sequence[Any],
    axes: tuple[str, str],
    bar: float,
) -> str:
    """Count the cells in which every seed reaches the bar, and name the best one."""
    medians, passed = np.median(stack, axis=0), np.all(stack >= bar, axis=0)
    row, column = np.unravel_index(int(medians.argmax()), medians.shape)
    return (
        f"all {len(stack)} seeds reach {in_words(bar)} in {int(passed.sum())} of {passed.size} "
        f"cells; the largest median is {in_words(float(medians.max()))}, at {axes[0]} "
        f"{columns[int(column)]} and {axes[1]} {rows[int(row)]}"
    )
