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
from lessonkit.figures.kinds import KINDS, as_columns, checked, of_each_kind
from lessonkit.figures.names import legend_above
from lessonkit.figures.style import STYLE, WIDTH, new_panels

__all__ = ["Space", "plot_spaces"]

Array = np.ndarray[Any, Any]
Cut = tuple[float, float, float, float]
# The cube stands on the corner where all three numbers are lowest, and the reader looks at it
# from the side: the height on the paper is the sum of the three numbers, over the root of 3.
_HIGH = np.ones(3) / math.sqrt(3)
_TURN = math.radians(75)
_SIDE = np.array([1.0, -1.0, 0.0]) / math.sqrt(2)
_AHEAD = math.cos(_TURN) * _SIDE + math.sin(_TURN) * np.cross(_HIGH, _SIDE)
_ACROSS = np.cross(_HIGH, _AHEAD)
_CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
_EDGES = [
    (one, other)
    for one, other in itertools.combinations(range(8), 2)
    if (_CORNERS[one] != _CORNERS[other]).sum() == 1
]


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
    up: str = "sum of the three",
    height: float | None = None,
) -> Drawing:
    """Draw spaces side by side, each a cube from -reach to reach, seen from the side.

    The cube stands on the corner where all three numbers are lowest: the height of a point is the
    sum of its three numbers. Far and near look equally large (an orthographic projection). A cut
    that gives the three about equal weights is seen from its edge, as a thin sheet.

    Args:
        panels: title -> space.
        reach: half an edge of each cube; points outside are not drawn.
        names: of the three numbers, in the file.
        kinds: what the two kinds of points are called.
        up: what a large sum means, written along the arrow that points upwards.
        height: of the figure, in inches; default so that the cubes fill its width.

    Raises:
        ValueError: points that are not (points, 3), or not as many kinds.
    """
    side = WIDTH / len(panels)
    figure, axes = new_panels(len(panels), height=height or min(side, 3.6) + 0.75)
    rows: list[tuple[Any, ...]] = []
    for ax, (title, space) in zip(axes, panels.items(), strict=True):
        what, advice = f"space {title!r}", "Give those of one seed, in three numbers."
        points, kind = checked(space.points, space.kinds, 3, what, advice)
        _draw_cube(ax, reach)
        if space.cut is not None:
            rows += _draw_cut(ax, title, space.cut, reach)
        for mine, colour, marker, told in of_each_kind(title, points, kind, kinds, reach):
            ax.plot(*_seen(mine).T, marker, color=colour, markersize=3.2, zorder=4)
            rows += told
        ax.set_title(title, fontsize=13)
        ax.set(aspect="equal", anchor="S")  # low, to stand clear of the legend
        ax.set_xlim(-2.3 * reach, 1.75 * reach)  # on the left stands the arrow
        ax.set_axis_off()
    _draw_arrow(axes[0], reach, up)
    handles = [
        axes[0].plot([], [], marker, color=colour, markersize=5)[0] for colour, marker in KINDS
    ]
    legend_above(figure, handles, list(kinds), "", length=1)
    says = " ".join(_told(title, space, kinds, rows) for title, space in panels.items())
    return Drawing(figure, as_columns(rows, names), says)


def _seen(points: ArrayLike) -> Array:
    """Return where points (points, 3) stand on the paper: (points, 2), across and up."""
    return np.asarray(points, dtype=float) @ np.stack([_ACROSS, _HIGH], axis=1)


def _draw_cube(ax: Axes, reach: float) -> None:
    """Draw the edges of the cube."""
    for one, other in _EDGES:
        ax.plot(*_seen(reach * _CORNERS[[one, other]]).T, color=PALETTE["grid"], linewidth=0.9)


def _draw_arrow(ax: Axes, reach: float, up: str) -> None:
    """Draw an arrow that points upwards, left of the cube."""
    left, low, high = (reach * place for place in (-1.85, -1.2, 1.2))
    arrow = {"arrowstyle": "->", "color": PALETTE["muted"], "linewidth": 1.6}
    ax.annotate("", (left, high), (left, low), arrowprops=arrow)
    ax.text(left - 0.12 * reach, 0, f"up: {up}", rotation=90, fontsize=12, ha="right", va="center")


def _draw_cut(ax: Axes, title: str, cut: Cut, reach: float) -> list[tuple[Any, ...]]:
    """Draw where the plane meets the cube, and return the corners of that face."""
    face = _face(cut, reach)
    if len(face) < 3:
        return []  # it passes by the cube
    colour = PALETTE["green"]
    tint = Polygon(_seen(face), facecolor=colour, edgecolor=colour, alpha=0.4, lw=2.5, zorder=3)
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
    spread = face - face.mean(axis=0)
    flat = spread @ np.linalg.svd(spread)[2][:2].T  # as one sees it from above the plane
    return face[np.argsort(np.arctan2(flat[:, 1], flat[:, 0]), kind="stable")]


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
