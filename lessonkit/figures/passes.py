"""A small network twice: the signal on its way up, and the blame on its way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.diagrams import draw_arrow, draw_note, new_canvas
from lessonkit.figures.drawing import Drawing
from lessonkit.figures.style import STYLE, WIDTH

__all__ = ["draw_backward"]

Array = np.ndarray[Any, Any]
Point = tuple[float, float]

_RADIUS, _PITCH, _PANEL = 0.29, 1.25, 2.75  # inches: of a unit, between two, of one pass


class _Line(NamedTuple):
    """One weight, drawn between two units."""

    layer: int
    start: Point
    end: Point
    weight: float
    slope: float


@matplotlib.rc_context(STYLE)
def draw_backward(
    signals: Sequence[ArrayLike],
    weights: Sequence[ArrayLike],
    blames: Sequence[ArrayLike],
    slopes: Sequence[ArrayLike],
    *,
    inputs: Sequence[str],
    notes: tuple[str, str],
) -> Drawing:
    """Draw what travels through a small network: above the signal, below it the blame.

    Above, each unit shows what it puts out and each line its weight; below, each unit shows the
    blame of its sum and each line the slope of the loss along its weight.

    Args:
        signals: what each row puts out, from the inputs to the answer (units,); three rows.
        weights: of each row but the first (units, units of the row before).
        blames: of the sums of each row but the first (units,).
        slopes: of the loss along each weight, shaped as the weights.
        inputs: what the inputs are.
        notes: beside the answer: above, how it is compared; below, where the blame begins.

    Raises:
        ValueError: a matrix does not fit the rows that it joins.
    """
    rows = [np.asarray(row, float) for row in signals]
    blame = [np.asarray(row, float) for row in blames]
    _check(rows, weights, slopes)
    figure, ax = new_canvas(height=2 * _PANEL)
    up = list(_lines(rows, weights, slopes, _PANEL * 1.5 - 0.1))
    back = list(_lines(rows, weights, slopes, _PANEL * 0.5 - 0.1))
    for line in up:
        _draw_line(ax, line, line.weight, PALETTE["blue"], back=False)
    for line in back:
        _draw_line(ax, line, line.slope, PALETTE["red"], back=True)
    passes = (
        (1.5, "blue", rows, "The signal goes up", "on the lines: weights"),
        (0.5, "red", [rows[0], *blame], "The blame comes back", "on the lines: slopes"),
    )
    for (height, colour, numbers, title, key), note in zip(passes, notes, strict=True):
        middle = _PANEL * height - 0.1
        for place, row in enumerate(numbers):
            paint = PALETTE["muted"] if colour == "red" and not place else PALETTE[colour]
            for number, centre in zip(row, _centres(place, len(row), middle), strict=True):
                _draw_unit(ax, centre, number, paint)
        top = middle + _PANEL / 2 - 0.1
        ax.text(0.1, top, title, color=PALETTE[colour], va="center", weight="bold")
        draw_note(ax, (WIDTH - 0.1, top), key, align="right")
        end = _centres(2, 1, middle)[0]
        draw_note(ax, (end[0], end[1] - 0.62), note, colour=PALETTE["ink"])
        for name, centre in zip(inputs, _centres(0, len(rows[0]), middle), strict=True):
            draw_note(ax, (centre[0], centre[1] - 0.44), name)
    return Drawing(figure, _columns(up, rows), _says(rows, blame, up, notes))


def _check(
    rows: Sequence[Array], weights: Sequence[ArrayLike], slopes: Sequence[ArrayLike]
) -> None:
    wanted = [(len(after), len(before)) for before, after in pairwise(rows)]
    for name, matrices in (("weights", weights), ("slopes", slopes)):
        shapes = [np.shape(matrix) for matrix in matrices]
        if shapes != wanted:
            raise ValueError(
                f"draw_backward: {name}: expected shapes {wanted}, (units, units of the row "
                f"before), got {shapes}."
            )


def _centres(place: int, units: int, middle: float) -> list[Point]:
    x = (0.62, 2.72, 4.75)[place]
    return [(x, middle + _PITCH * ((units - 1) / 2 - unit)) for unit in range(units)]


def _lines(
    rows: Sequence[Array],
    weights: Sequence[ArrayLike],
    slopes: Sequence[ArrayLike],
    middle: float,
) -> Iterator[_Line]:
    """Yield every weight with its place, layer by layer."""
    for place, (matrix, slope) in enumerate(zip(weights, slopes, strict=True)):
        starts = _centres(place, len(rows[place]), middle)
        ends = _centres(place + 1, len(rows[place + 1]), middle)
        for (to, start), number in np.ndenumerate(np.asarray(matrix, float)):
            steep = float(np.asarray(slope)[to, start])
            yield _Line(place, starts[start], ends[to], number, steep)


def _draw_line(ax: Axes, line: _Line, number: float, colour: str, *, back: bool) -> None:
    """Draw an arrow between the rims of two units, with a number before any lines cross."""
    start, end = (np.array(point) for point in (line.start, line.end))
    step = (end - start) / np.linalg.norm(end - start)
    left, right = start + step * (_RADIUS + 0.05), end - step * (_RADIUS + 0.05)
    tail, head = (right, left) if back else (left, right)
    draw_arrow(ax, tuple(tail), tuple(head), colour=PALETTE["muted"], width=1.2)
    x, y = start + (end - start) * (0.48 if line.layer else 0.67 if back else 0.33)
    room = {"boxstyle": "square,pad=0.12", "facecolor": PALETTE["paper"], "linewidth": 0}
    ax.text(x, y, _written(number), ha="center", va="center", color=colour, fontsize=13, bbox=room)


def _draw_unit(ax: Axes, centre: Point, number: float, colour: str) -> None:
    ax.add_patch(Circle(centre, _RADIUS, facecolor=colour, edgecolor="none", alpha=0.14))
    ax.add_patch(Circle(centre, _RADIUS, facecolor="none", edgecolor=colour, linewidth=1.6))
    ax.text(*centre, _written(number), ha="center", va="center", fontsize=13)


def _written(number: float) -> str:
    return f"{number:g}".replace("-", "−")


def _columns(lines: Sequence[_Line], rows: Sequence[Array]) -> dict[str, Any]:
    """Return a line of the file for each weight."""
    names = [
        (layer + 1, before + 1, after + 1)
        for layer in range(len(rows) - 1)
        for after in range(len(rows[layer + 1]))
        for before in range(len(rows[layer]))
    ]
    layers, before, after = (list(column) for column in zip(*names, strict=True))
    return {
        "layer": layers,
        "from unit": before,
        "to unit": after,
        "weight": [line.weight for line in lines],
        "slope": [line.slope for line in lines],
    }


def _says(
    rows: Sequence[Array], blames: Sequence[Array], lines: Sequence[_Line], notes: tuple[str, str]
) -> str:
    def listed(numbers: Any) -> str:
        return ", ".join(f"{number:g}" for number in numbers)

    ups = "; then ".join(listed(row) for row in rows)
    backs = "; then ".join(listed(row) for row in blames[::-1])
    return (
        f"The signal goes up: {ups} ({notes[0]}), through the weights "
        f"{listed(line.weight for line in lines)}. The blame comes back ({notes[1]}): {backs}; "
        f"the slopes along these weights are {listed(line.slope for line in lines)}."
    )
