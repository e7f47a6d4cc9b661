"""A loss over two numbers, as lines of equal height: paths across it, and slices side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE, look, spelled
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.names import legend_above
from lessonkit.figures.style import STYLE, WIDTH, new_panels

__all__ = ["plot_paths", "plot_slices"]

Array = np.ndarray[Any, Any]
_DEEPEST = 0.75  # the tint of the highest loss
_LEVELS = (0.1, 1, 10, 100, 1000)
_NOTHING, _BEYOND = 1e-9, 1e30


@matplotlib.rc_context(STYLE)
def plot_paths(
    rows: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]],
    *,
    reach: float = 1.35,
    across: str = "first weight",
    up: str = "second weight",
) -> Drawing:
    """Draw paths to the bottoms of bowls ½ wᵀ C w on lines of equal loss, each in its own square.

    Args:
        rows: row -> what walks -> (how the bowl curves, C (2, 2); path (steps + 1, 2)). Every row
            has the same columns.
        reach: half a side of each square.
        across: the label of the horizontal axis.
        up: the label of the vertical axis.

    Raises:
        ValueError: a path is not (steps + 1, 2).
    """
    names = list(next(iter(rows.values())))
    side = (WIDTH - 0.7) / len(names)
    figure = Figure(figsize=(WIDTH, len(rows) * (side + 0.1) + 0.9), layout="constrained")
    grid = figure.subplots(len(rows), len(names), sharex=True, sharey=True, squeeze=False)
    told: list[tuple[Any, ...]] = []
    says = []
    for axes, (row, paths) in zip(grid, rows.items(), strict=True):
        for ax, (name, (curve, path)) in zip(axes, paths.items(), strict=True):
            bowl, points = np.asarray(curve, dtype=float), np.asarray(path, dtype=float).round(4)
            if points.ndim != 2 or points.shape[1] != 2:
                raise ValueError(
                    f"path {name!r}: expected (steps + 1, 2), got {points.shape}. Give one start."
                )
            _draw_path(ax, bowl, points, name, reach)
            left = _loss(points, bowl) / _loss(points[0], bowl)
            lines = zip(points.tolist(), left.tolist(), strict=True)
            told += [(row, spelled(name), step, *p, part) for step, (p, part) in enumerate(lines)]
            share = f"{in_words(float(left[-1]))} of the first loss is left"
            says.append(f"{row}, {spelled(name)}: after {len(points) - 1} steps {share}")
        axes[0].set_ylabel(row)
    for ax, name in zip(grid[0], names, strict=True):
        ax.set_title(spelled(name), fontsize=13, color=look(name).colour)
    for label, write in ((across, figure.supxlabel), (up, figure.supylabel)):
        write(label, fontsize=12, color=PALETTE["muted"])
    heads = ("ravine", "what walks", "step", across, up, "loss left")
    columns = {head: [line[place] for line in told] for place, head in enumerate(heads)}
    return Drawing(figure, columns, "; ".join(says) + ".")


def _loss(places: Array, bowl: Array) -> Array:
    losses: Array = 0.5 * np.einsum("...a,ab,...b", places, bowl, places)
    return losses


def _draw_path(ax: Axes, bowl: Array, points: Array, name: str, reach: float) -> None:
    """Draw one path, its start and the bottom, on lines that are a factor of three apart."""
    ticks = np.linspace(-reach, reach, 81)
    loss = _loss(np.stack(np.meshgrid(ticks, ticks), axis=-1), bowl)
    levels = loss.max() * 0.3 ** np.arange(6, -1, -1)
    ax.contour(ticks, ticks, loss, levels, colors=PALETTE["muted"], linewidths=0.6, alpha=0.7)
    colour = look(name).colour
    ax.plot(*points.T, color=colour, marker=".", markersize=4, linewidth=1.2, zorder=3)
    ax.plot(*points[0], "o", color=colour, markersize=6, zorder=4)
    ax.plot(0, 0, "+", color=PALETTE["ink"], markersize=10, markeredgewidth=1.8, zorder=5)
    edges: dict[str, Any] = {"xlim": (-reach, reach), "ylim": (-reach, reach)}
    ax.set(**edges, aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.grid(visible=False)


@matplotlib.rc_context(STYLE)
def plot_slices(panels: Mapping[str, ArrayLike], reach: float, quantity: str) -> Drawing:
    """Draw losses on squares around their middles, side by side on one scale of tints.

    A step of the scale is a factor of ten, and each has its line.

    Args:
        panels: title -> loss (points, points), with the lowest row first.
        reach: half a side of each square.
        quantity: what is drawn, with the unit.

    Raises:
        ValueError: a slice is not square.
    """
    slices = {title: np.asarray(values, dtype=float) for title, values in panels.items()}
    for title, values in slices.items():
        if values.ndim != 2 or values.shape[0] != values.shape[1]:
            raise ValueError(
                f"slice {title!r}: expected (points, points), got {values.shape}. Give one seed's."
            )
    levels = [0.0, *_LEVELS, np.inf]
    tints = [
        (*to_rgb(PALETTE["blue"]), round(_DEEPEST * n / len(_LEVELS), 3))
        for n in range(len(levels) - 1)
    ]
    side = (WIDTH - 0.7) / len(slices)
    figure, axes = new_panels(len(slices), height=side + 1.5)
    for ax, (title, heights) in zip(axes, slices.items(), strict=True):
        places = np.linspace(-reach, reach, len(heights))
        high = np.nan_to_num(heights, nan=_BEYOND, posinf=_BEYOND).clip(0, _BEYOND)
        ax.contourf(places, places, np.log10(high + _NOTHING), _logs(levels), colors=tints)
        line: dict[str, Any] = {"colors": PALETTE["ink"], "linewidths": 0.7, "linestyles": "solid"}
        ax.contour(places, places, np.log10(high + _NOTHING), _logs(_LEVELS), **line)
        ax.plot(0, 0, "+", color=PALETTE["ink"], markersize=11, markeredgewidth=2)
        ends = [-reach, 0, reach]
        ax.set(aspect="equal", xlabel="one direction", xticks=ends, yticks=ends)
        ax.set_title(spelled(title), fontsize=13)
        ax.grid(visible=False)
    axes[0].set_ylabel("another direction")
    patches = [Patch(facecolor=t, edgecolor=PALETTE["muted"], linewidth=0.6) for t in tints]
    names = [f"to {level:g}" for level in _LEVELS] + ["more"]
    legend_above(figure, patches, names, quantity, length=1.2)
    return Drawing(figure, _columns(slices, reach), _says(slices, quantity))


def _logs(levels: Sequence[float]) -> list[float]:
    return [float(np.log10(min(level, 10 * _BEYOND) + _NOTHING / 10)) for level in levels]


def _columns(slices: Mapping[str, Array], reach: float) -> dict[str, Any]:
    columns: dict[str, list[Any]] = {"panel": [], "across": [], "up": [], "value": []}
    for title, values in slices.items():
        places = np.linspace(-reach, reach, len(values)).round(4).tolist()
        for up, line in zip(places, values.tolist(), strict=True):
            columns["panel"] += [spelled(title)] * len(line)
            columns["across"] += places
            columns["up"] += [up] * len(line)
            columns["value"] += line
    return columns


def _says(slices: Mapping[str, Array], quantity: str) -> str:
    told = (
        f"{spelled(title)}: {in_words(v[len(v) // 2, len(v) // 2])} in the middle, up to "
        f"{in_words(v.max())} on the square"
        for title, v in slices.items()
    )
    return f"{quantity}. " + "; ".join(told) + "."
