"""Weights as pictures: where a unit wants to see ink, and where it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.pixels import pixel_lines
from lessonkit.figures.style import STYLE, WIDTH, new_figure

__all__ = ["plot_weights"]

# Below zero blue, above it orange, nothing white: told apart by colour-blind readers, too.
_SIGNED = LinearSegmentedColormap.from_list(
    "signed", [PALETTE["blue"], PALETTE["paper"], PALETTE["orange"]], N=33
)


@matplotlib.rc_context(STYLE)
def plot_weights(
    rows: Mapping[str, Sequence[ArrayLike]], columns: Sequence[str] = (), *, across: str = ""
) -> Drawing:
    """Show signed pictures on one sheet: orange above 0, blue below, and 0 white in all of them.

    Args:
        rows: name -> its pictures (rows, columns of pixels), all of one shape, as many in each
            row, drawn with three decimals. What is no part of a picture is nan, and left blank.
        columns: a word above each, if any.
        across: what the columns differ in.

    Raises:
        ValueError: rows of unlike lengths, or words for another number of pictures.
    """
    stacks = {name: np.asarray(pictures).astype(float).round(3) for name, pictures in rows.items()}
    shapes = {stack.shape for stack in stacks.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 3:
        raise ValueError(
            "plot_weights: expected as many pictures of one shape in every row, "
            f"got {', '.join(f'{name}: {stack.shape}' for name, stack in stacks.items())}."
        )
    count, high, wide = next(iter(shapes))
    if columns and len(columns) != count:
        raise ValueError(f"plot_weights: expected {count} words above, got {len(columns)}.")
    gap = max(1, high // 8)
    sheet = np.full((len(stacks) * (high + gap) - gap, count * (wide + gap) - gap), np.nan)
    for row, stack in enumerate(stacks.values()):
        for place, picture in enumerate(stack):
            top, left = row * (high + gap), place * (wide + gap)
            sheet[top : top + high, left : left + wide] = picture
    most = max(float(np.nanmax(abs(sheet))), 1e-12)
    beside = 0.1 * max(map(len, stacks))
    inches = (WIDTH - beside) * sheet.shape[0] / sheet.shape[1] + (0.7 if columns else 0.2)
    figure, ax = new_figure(height=inches)
    ax.imshow(sheet, cmap=_SIGNED, vmin=-most, vmax=most, interpolation="none")
    middles = [place * (wide + gap) + (wide - 1) / 2 for place in range(count)]
    ax.set_xticks(middles if columns else [], columns or None)
    ax.xaxis.tick_top()
    ax.set_xlabel(across)
    ax.xaxis.set_label_position("top")
    ax.set_yticks([row * (high + gap) + (high - 1) / 2 for row in range(len(stacks))], list(stacks))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ends = f"from {in_words(-most)} (blue) over 0 (white) to {in_words(most)} (orange)"
    largest = [f"{n}: at most {in_words(np.nanmax(abs(s)))} from 0" for n, s in stacks.items()]
    says = f"Pictures of {high} by {wide} pixels, {ends}. {'; '.join(largest)}."
    names: dict[str, Sequence[Any]] = {
        "row": [name for name in stacks for _ in range(count)],
        "picture": list(columns or range(1, count + 1)) * len(stacks),
    }
    pictures = (picture for stack in stacks.values() for picture in stack)
    return Drawing(figure, pixel_lines(names, pictures, "row of pixels"), says)
