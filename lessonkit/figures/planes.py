"""Points of two kinds on a plane, and where a network draws the line between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.drawing import Drawing
from lessonkit.figures.kinds import KINDS, as_columns, checked, of_each_kind
from lessonkit.figures.names import legend_above
from lessonkit.figures.style import STYLE, WIDTH, new_panels

__all__ = ["Plane", "plot_planes"]

Array = np.ndarray[Any, Any]
_TINT = 0.16


@dataclass(frozen=True)
class Plane:
    """One panel: points, and what is drawn between them.

    Attributes:
        points: (points, 2).
        kinds: 0 or 1 for each point.
        lines: label -> (weight across, weight up, bias) of the straight line on which a weighted
            vote is undecided; a later one is drawn deeper.
        region: what a network says, from 0 to 1, over the square: (rows, columns)
            with the lowest row first. It is tinted by the side of one half on which it falls.
    """

    points: ArrayLike
    kinds: ArrayLike
    lines: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    region: ArrayLike | None = None


@matplotlib.rc_context(STYLE)
def plot_planes(
    panels: Mapping[str, Plane],
    *,
    reach: float = 2.6,
    x: str = "first number",
    y: str = "second number",
    kinds: tuple[str, str] = ("kind 0", "kind 1"),
    height: float | None = None,
) -> Drawing:
    """Draw planes side by side on one scale, both axes from -reach to reach.

    Args:
        panels: title -> plane.
        reach: half a side of each square; points outside are not drawn.
        x: the label of the horizontal axes.
        y: the label of the vertical axis.
        kinds: what the two kinds of points are called.
        height: of the figure, in inches; default so that the squares fill its width.

    Raises:
        ValueError: points that are not (points, 2), or not as many kinds.
    """
    side = (WIDTH - 0.7) / len(panels)
    figure, axes = new_panels(len(panels), height=height or side + 1.2)
    rows: list[tuple[Any, ...]] = []
    for ax, (title, plane) in zip(axes, panels.items(), strict=True):
        what, advice = f"plane {title!r}", "Give those of one seed."
        points, kind = checked(plane.points, plane.kinds, 2, what, advice)
        _tint(ax, plane, reach)
        for mine, colour, marker, told in of_each_kind(title, points, kind, kinds, reach):
            ax.plot(*mine.T, marker, color=colour, markersize=3.5)
            rows += told
        rows += _draw_lines(ax, title, plane, reach)
        rows += _cells(title, plane, reach)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=x)
        ax.set_title(title, fontsize=13)
        ax.grid(visible=False)
    axes[0].set_ylabel(y)
    handles = axes[0].get_lines()[:2]
    legend_above(figure, handles, list(kinds), "", length=1)
    says = " ".join(_told(title, kinds, rows) for title in panels)
    return Drawing(figure, as_columns(rows, ("x", "y")), says)


def _tint(ax: Axes, plane: Plane, reach: float) -> None:
    if plane.region is None:
        return
    says_one = np.asarray(plane.region) > 0.5
    tints = np.array([(*to_rgb(colour), _TINT) for colour, _ in KINDS])
    extent = (-reach, reach, -reach, reach)
    ax.imshow(
        tints[says_one.astype(int)], extent=extent, origin="lower", interpolation="none", zorder=0
    )


def _draw_lines(ax: Axes, title: str, plane: Plane, reach: float) -> list[tuple[Any, ...]]:
    """Draw each line where it crosses the square, and return its two ends."""
    rows: list[tuple[Any, ...]] = []
    for place, (label, (across, up, bias)) in enumerate(plane.lines.items(), 1):
        ends = _ends(across, up, bias, reach)
        if len(ends) < 2:
            continue  # it passes by the square
        depth = place / len(plane.lines)
        ax.plot(*np.array(ends).T, color=PALETTE["ink"], alpha=0.2 + 0.8 * depth**2, linewidth=1.8)
        rows += [(title, f"line {label}", n, *end) for n, end in enumerate(ends, 1)]
    return rows


def _ends(across: float, up: float, bias: float, reach: float) -> list[tuple[float, float]]:
    """Return where across·x + up·y + bias = 0 meets the edges of the square."""
    met = []
    for edge in (-reach, reach):
        if up and abs(y := -(across * edge + bias) / up) <= reach:
            met.append((edge, y))
        if across and abs(x := -(up * edge + bias) / across) < reach:
            met.append((x, edge))
    return sorted(met)[:: max(1, len(met) - 1)]


def _cells(title: str, plane: Plane, reach: float) -> list[tuple[Any, ...]]:
    """Return what the region says, a row of the file for each of its cells."""
    if plane.region is None:
        return []
    says = np.asarray(plane.region, dtype=float).round(2)
    across, up = (np.linspace(-reach, reach, 2 * n + 1)[1::2].round(3) for n in says.shape[::-1])
    return [
        (title, f"says {value:g}", "", a, u)
        for u, line in zip(up.tolist(), says.tolist(), strict=True)
        for a, value in zip(across.tolist(), line, strict=True)
    ]


def _told(title: str, kinds: tuple[str, str], rows: list[tuple[Any, ...]]) -> str:
    counts = {
        what: max((r[2] for r in rows if r[:2] == (title, what)), default=0) for what in kinds
    }
    return f"{title}: {' and '.join(f'{n} points of {what}' for what, n in counts.items())}."
