"""Points of two kinds in the coordinates of three units, and the plane that cuts between them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.drawing import Drawing
from lessonkit.figures.names import legend_above
from lessonkit.figures.style import STYLE, WIDTH, new_panels

__all__ = ["Space", "plot_spaces"]

Array = np.ndarray[Any, Any]
Cut = tuple[float, float, float, float]
_KINDS = ((PALETTE["blue"], "o"), (PALETTE["orange"], "s"))
# The cube stands on the corner where all three numbers are lowest, so that up is where all three
# are high. The reader stands in the same place in every figure, a little above the middle.
_HIGH = np.ones(3) / math.sqrt(3)
_TURN, _RISE = math.radians(75), math.radians(20)
_SIDE = np.array([1.0, -1.0, 0.0]) / math.sqrt(2)
_AHEAD = math.cos(_TURN) * _SIDE + math.sin(_TURN) * np.cross(_HIGH, _SIDE)
_TO_READER = math.cos(_RISE) * _AHEAD + math.sin(_RISE) * _HIGH
_ACROSS = np.cross(_HIGH, _AHEAD)
_UP = np.cross(_TO_READER, _ACROSS)
_CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
_EDGES = [
    (one, other)
    for one, other in itertools.combinations(range(8), 2)
    if (_CORNERS[one] != _CORNERS[other]).sum() == 1
]
_NAMES = (("right", "top"), ("left", "top"), ("right", "center"))  # beside their axes


@dataclass(frozen=True)
class Space:
    """One panel: points in a space of three numbers, and what is drawn between them.

    Attributes:
        points: (points, 3).
        kinds: 0 or 1 for each point.
        cut: (three weights, bias) of the plane on which a weighted vote is undecided.
    """

    points: ArrayLike
    kinds: ArrayLike
    cut: Cut | None = None


@matplotlib.rc_context(STYLE)
def plot_spaces(
    panels: Mapping[str, Space],
    *,
    reach: float = 1.0,
    names: tuple[str, str, str] = ("unit 1", "unit 2", "unit 3"),
    kinds: tuple[str, str] = ("kind 0", "kind 1"),
    height: float | None = None,
) -> Drawing:
    """Draw spaces side by side, each a cube from -reach to reach, seen from one fixed place.

    The cube stands on the corner where all three numbers are lowest: up is where all are high. Far
    and near look equally large (an orthographic projection). What lies behind the cut, as the
    reader sees it, is drawn beneath its tint.

    Args:
        panels: title -> space.
        reach: half an edge of each cube; points outside are not drawn.
        names: of the three axes.
        kinds: what the two kinds of points are called.
        height: of the figure, in inches; default so that the cubes fill its width.

    Raises:
        ValueError: points that are not (points, 3), or not as many kinds.
    """
    side = WIDTH / len(panels)
    figure, axes = new_panels(len(panels), height=height or min(side, 3.6) + 0.75)
    rows: list[tuple[Any, ...]] = []
    for ax, (title, space) in zip(axes, panels.items(), strict=True):
        points, kind = _checked(title, space)
        _draw_cube(ax, reach, names)
        if space.cut is not None:
            rows += _draw_cut(ax, title, space.cut, reach)
        inside = abs(points).max(axis=1) <= reach
        for number, (colour, marker) in enumerate(_KINDS):
            mine = points[(kind == number) & inside]
            _draw_points(ax, mine, space.cut, color=colour, marker=marker)
            rows += [(title, kinds[number], n, *point) for n, point in enumerate(mine.tolist(), 1)]
        ax.set_title(title, fontsize=13)
        ax.set(aspect="equal", anchor="S")  # low, to stand clear of the legend
        ax.set_axis_off()
    handles = [
        axes[0].plot([], [], marker, color=colour, markersize=5)[0] for colour, marker in _KINDS
    ]
    legend_above(figure, handles, list(kinds), "", length=1)
    heads = ("panel", "what", "number", *names)
    columns = dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))
    says = " ".join(_told(title, space, kinds, rows) for title, space in panels.items())
    return Drawing(figure, columns, says)


def _seen(points: ArrayLike) -> Array:
    """Return where points (points, 3) stand on the paper: (points, 2), across and up."""
    return np.asarray(points, dtype=float) @ np.stack([_ACROSS, _UP], axis=1)


def _checked(title: str, space: Space) -> tuple[Array, Array]:
    points, kind = np.asarray(space.points, dtype=float).round(3), np.asarray(space.kinds)
    if points.ndim != 2 or points.shape[1] != 3 or kind.shape != points.shape[:1]:
        raise ValueError(
            f"space {title!r}: expected points (points, 3) with a kind for each, got points "
            f"{points.shape} and kinds {kind.shape}. Give those of one seed, in three numbers."
        )
    return points, kind


def _draw_cube(ax: Axes, reach: float, names: tuple[str, str, str]) -> None:
    """Draw the edges of the cube, and the axes along the three that meet at its lowest corner."""
    for one, other in _EDGES:
        ax.plot(*_seen(reach * _CORNERS[[one, other]]).T, color=PALETTE["grid"], linewidth=0.9)
    start = np.full(3, -reach)
    for axis, (name, (across, up)) in enumerate(zip(names, _NAMES, strict=True)):
        leg = np.stack([start, start])
        leg[1, axis] = reach
        ax.plot(*_seen(leg).T, color=PALETTE["muted"], linewidth=1.6)
        middle = tuple(_seen(leg).mean(axis=0))
        aside = (-5 if across == "right" else 5, 0)
        ax.annotate(name, middle, aside, textcoords="offset points", fontsize=12, ha=across, va=up)


def _draw_cut(ax: Axes, title: str, cut: Cut, reach: float) -> list[tuple[Any, ...]]:
    """Draw where the plane meets the cube, and return the corners of that face."""
    face = _face(cut, reach)
    if len(face) < 3:
        return []  # it passes by the cube
    colour = PALETTE["green"]
    tint = Polygon(_seen(face), facecolor=colour, edgecolor=colour, alpha=0.3, zorder=3)
    ax.add_patch(tint)
    return [(title, "cut", n, *corner) for n, corner in enumerate(face.round(3).tolist(), 1)]


def _face(cut: Cut, reach: float) -> Array:
    """Return the corners (corners, 3), in order, of where the vote is undecided in the cube."""
    corners = reach * _CORNERS
    height = corners @ np.array(cut[:3]) + cut[3]
    met = [
        corners[one] + (corners[other] - corners[one]) * height[one] / (height[one] - height[other])
        for one, other in _EDGES
        if height[one] * height[other] < 0
    ]
    met += list(corners[height == 0])
    if len(met) < 3:
        return np.empty((0, 3))
    face = np.array(met)
    flat = _seen(face) - _seen(face).mean(axis=0)
    return face[np.argsort(np.arctan2(flat[:, 1], flat[:, 0]), kind="stable")]


def _draw_points(ax: Axes, points: Array, cut: Cut | None, **look: Any) -> None:
    """Draw the points of one kind; those behind the cut first, so that its tint covers them."""
    behind = np.zeros(len(points), dtype=bool)
    if cut is not None:
        weights = np.array(cut[:3])
        behind = (points @ weights + cut[3]) * (_TO_READER @ weights) < 0
    for hidden, depth in ((behind, 2.5), (~behind, 4)):
        ax.plot(*_seen(points[hidden]).T, linestyle="", markersize=3.2, zorder=depth, **look)


def _told(title: str, space: Space, kinds: tuple[str, str], rows: list[tuple[Any, ...]]) -> str:
    """Say how many points there are, and on which side of the cut."""
    parts = []
    for what in kinds:
        mine = np.array([row[3:] for row in rows if row[:2] == (title, what)]).reshape(-1, 3)
        part = f"{len(mine)} points of {what}"
        if space.cut is not None:
            above = int((mine @ np.array(space.cut[:3]) + space.cut[3] > 0).sum())
            part += f", {above} of them on the positive side of the cut"
        parts.append(part)
    return f"{title}: {'; '.join(parts)}."
