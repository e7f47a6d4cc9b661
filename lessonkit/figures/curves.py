"""Quantities that are followed along an axis: from layer to layer, step by step, depth by depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE, condition_of, look, spelled
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.names import name_lines
from lessonkit.figures.style import STYLE, new_figure
from lessonkit.figures.ticks import put_decades, round_ticks, write_plainly

__all__ = ["plot_activation", "plot_curves", "plot_functions"]

Array = np.ndarray[Any, Any]
# A condition keeps its colour; its first curve is solid, the second dashed, the third dotted.
_LINES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))


@matplotlib.rc_context(STYLE)
def plot_curves(
    curves: Mapping[Any, ArrayLike],
    x: str,
    y: str,
    *,
    at: Sequence[Any] | None = None,
    log: bool = False,
    share: bool = False,
    chance: float | None = None,
    groups: int | None = None,
    height: float = 3.4,
) -> Drawing:
    """Draw one quantity in several conditions: line = median, band = range over seeds.

    Args:
        curves: condition -> numbers (seeds, points). What follows a comma, as in "sigmoid, larger
            weights", makes a second curve of that condition, dashed and hollow.
        x: the label of the horizontal axis, with the unit.
        y: the label of the vertical axis, with the unit.
        at: the x values; default 1, 2, 3 … Unless they are evenly spaced, they stand at equal
            distances under their own numbers.
        log: draw y on a log axis.
        share: y goes from 0 to 1.
        chance: what guessing reaches, drawn as a dotted line.
        groups: average the points in that many groups, as single steps of training are noisy; x is
            then the last point of each.
        height: of the figure, in inches.

    Raises:
        ValueError: a curve is not (seeds, points), with as many points as `at`.
    """
    numbers, at = _checked(curves, at)
    if groups:
        numbers, at = _averaged(numbers, at, groups)
    figure, ax = new_figure(height=height)
    places = at if groups or _even(at) else list(range(len(at)))
    lines = _draw_curves(ax, places, numbers, marked=groups is None)
    if chance is not None:
        dots: dict[str, Any] = {
            "color": PALETTE["ink"],
            "linestyle": (0, (1, 1.5)),
            "linewidth": 1.5,
        }
        lines["chance"] = ax.axhline(chance, **dots)
    ax.set(xlabel=x, ylabel=y)
    _set_across(ax, places, at, stepwise=groups is not None)
    _set_up(ax, np.concatenate([np.ravel(n) for n in numbers.values()]), log, share)
    name_lines(ax, lines, _key(numbers))
    return Drawing(figure, _columns(numbers, x, at, chance), _says(numbers, x, y, at, chance))


@matplotlib.rc_context(STYLE)
def plot_activation(
    inputs: ArrayLike, outputs: ArrayLike, slopes: ArrayLike, name: str, *, height: float = 3.4
) -> Drawing:
    """Draw an activation, its slope, and the ceiling that the slope never passes.

    Args:
        inputs: of one unit, in ascending order (points,).
        outputs: of the unit (points,).
        slopes: of the activation at these inputs (points,).
        name: of the activation, a condition.
        height: of the figure, in inches.
    """
    inputs, outputs, slopes = (np.asarray(part) for part in (inputs, outputs, slopes))
    figure, ax = new_figure(height=height)
    red, top = PALETTE["red"], slopes.max()
    steepest = inputs[slopes.argmax()]
    ax.fill_between(inputs, slopes, color=red, alpha=0.15, linewidth=0)
    lines = {
        spelled(name): ax.plot(inputs, outputs, color=look(name).colour, linewidth=2.5)[0],
        "its slope": ax.plot(inputs, slopes, color=red, linewidth=2.5)[0],
    }
    lines[f"never above {in_words(top)}"] = ax.axhline(
        top, color=PALETTE["muted"], linestyle=(0, (4, 3)), linewidth=1.5
    )
    ax.plot(steepest, top, "o", color=red, markersize=9)
    ax.set(xlabel="input of the unit", ylabel="output, slope", xlim=(inputs[0], inputs[-1]))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        write_plainly(axis)
    name_lines(ax, lines, "")
    says = (
        f"{_told(spelled(name), outputs, inputs.tolist())}. Its slope is never above "
        f"{in_words(top)}, which it reaches at {in_words(steepest)}."
    )
    columns: dict[str, Any] = {"input": inputs, spelled(name): outputs, "slope": slopes}
    return Drawing(figure, columns, says)


@matplotlib.rc_context(STYLE)
def plot_functions(
    functions: Mapping[Any, ArrayLike], at: ArrayLike, x: str, y: str, *, height: float = 3.4
) -> Drawing:
    """Draw functions of one number, which no chance has a part in: a line for each.

    Args:
        functions: condition -> its values (points,).
        at: the inputs, evenly spaced (points,).
        x: the label of the horizontal axis, with the unit.
        y: the label of the vertical axis, with the unit.
        height: of the figure, in inches.

    Raises:
        ValueError: a function has other points than `at`.
    """
    numbers, inputs = _checked({n: np.atleast_2d(f) for n, f in functions.items()}, at)
    figure, ax = new_figure(height=height)
    lines = _draw_curves(ax, inputs, numbers, marked=False)
    ax.set(xlabel=x, ylabel=y, xlim=(inputs[0], inputs[-1]))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        write_plainly(axis)
    name_lines(ax, lines, "")
    columns = {x: inputs, **{spelled(name): values[0] for name, values in numbers.items()}}
    return Drawing(figure, columns, _says(numbers, x, y, inputs, None))


def _checked(
    curves: Mapping[Any, ArrayLike], at: ArrayLike | None
) -> tuple[dict[Any, Array], list[Any]]:
    """Return the curves as arrays (seeds, points), and the x values as plain numbers or words."""
    numbers = {key: np.asarray(values) for key, values in curves.items()}
    first = next(iter(numbers.values()))
    at = list(range(1, first.shape[-1] + 1)) if at is None else np.asarray(at).tolist()
    for key, values in numbers.items():
        if values.ndim != 2 or values.shape[1] != len(at):
            raise ValueError(
                f"curve {spelled(key)!r}: expected numbers (seeds, points) at {len(at)} x values, "
                f"seeds first; got shape {values.shape}. Turn it with `.T`, or give its x values "
                "as `at`."
            )
    return numbers, at


def _averaged(
    numbers: Mapping[Any, Array], at: Sequence[Any], groups: int
) -> tuple[dict[Any, Array], list[Any]]:
    """Average the points in groups of nearly equal size; x is the last of each group."""
    parts = np.array_split(np.arange(len(at)), min(groups, len(at)))
    means = {
        key: np.stack([values[:, part].mean(axis=1) for part in parts], axis=1)
        for key, values in numbers.items()
    }
    return means, [at[part[-1]] for part in parts]


def _even(at: Sequence[Any]) -> bool:
    """Say whether the x values are numbers at equal distances."""
    return not isinstance(at[0], str) and bool(np.allclose(np.diff(at, n=2), 0))


def _draw_curves(
    ax: Axes, places: Sequence[float], numbers: Mapping[Any, Array], *, marked: bool
) -> dict[str, Line2D]:
    """Draw a line and a band for each curve and return the lines by name."""
    lines: dict[str, Line2D] = {}
    seen: list[str] = []
    for key, values in numbers.items():
        colour, marker = look(key)
        times = seen.count(condition_of(key))
        seen.append(condition_of(key))
        low, high = values.min(axis=0), values.max(axis=0)
        ax.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
        (lines[spelled(key)],) = ax.plot(
            places,
            np.median(values, axis=0),
            color=colour,
            linestyle=_LINES[times % len(_LINES)],
            marker=marker if marked else "",
            markersize=7,
            markevery=-(-len(places) // 20),  # a mark for each would be a chain
            markerfacecolor=PALETTE["paper"] if times else colour,
            clip_on=False,  # a mark at zero is a whole mark
            zorder=3,
        )
    return lines


def _set_across(ax: Axes, places: Sequence[float], at: Sequence[Any], *, stepwise: bool) -> None:
    ax.margins(x=0.03)
    if stepwise:
        ax.set(xlim=(0, at[-1]), xticks=round_ticks(0, at[-1]))
    elif len(at) <= 8:
        ax.set_xticks(places, [_written(value) for value in at])
    elif places is at:
        ticks = round_ticks(at[0], at[-1])
        ax.set_xticks(ticks, [_written(value) for value in ticks])
    else:  # not evenly spaced, or words: some of them
        shown = np.linspace(0, len(at) - 1, 5).round().astype(int)
        ax.set_xticks([places[n] for n in shown], [_written(at[n]) for n in shown])


def _set_up(ax: Axes, numbers: Array, log: bool, share: bool) -> None:
    if log:
        ax.set_yscale("log")
        put_decades(ax)
    elif share:
        ax.set(ylim=(0, 1.03), yticks=[0, 0.25, 0.5, 0.75, 1])
        write_plainly(ax.yaxis)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        write_plainly(ax.yaxis)
        if 0 <= numbers.min() <= numbers.max() / 2:
            ax.set_ylim(bottom=0)


def _key(numbers: Mapping[Any, Array]) -> str:
    counts = sorted({len(values) for values in numbers.values()})
    if counts == [1]:
        return "one seed"
    seeds = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    return f"line: median of {seeds} seeds, band: their range"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def _columns(
    numbers: Mapping[Any, Array], x: str, at: Sequence[Any], chance: float | None
) -> dict[str, Any]:
    columns: dict[str, Any] = {x: list(at)}
    for key, values in numbers.items():
        columns[f"{spelled(key)} median"] = np.median(values, axis=0)
        columns[f"{spelled(key)} smallest"] = values.min(axis=0)
        columns[f"{spelled(key)} largest"] = values.max(axis=0)
    return columns if chance is None else columns | {"chance": [chance] * len(at)}


def _says(
    numbers: Mapping[Any, Array], x: str, y: str, at: Sequence[Any], chance: float | None
) -> str:
    parts = [_told(spelled(key), np.median(n, axis=0), at) for key, n in numbers.items()]
    if chance is not None:
        parts.append(f"chance: {in_words(chance)}")
    return f"{y} by {x.split(' (')[0]}. " + "; ".join(parts) + "."


def _told(name: str, medians: Array, at: Sequence[Any]) -> str:
    """Tell where a curve begins and ends, and its top where that lies between."""
    places, top = {0, len(at) - 1}, int(medians.argmax())
    if medians[top] > max(medians[0], medians[-1]):
        places.add(top)
    told = (f"{in_words(medians[place])} at {_written(at[place])}" for place in sorted(places))
    return f"{name}: " + ", ".join(told)
