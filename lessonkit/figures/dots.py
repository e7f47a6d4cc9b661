"""A mark for every seed: in rows to compare, or on bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE, look, spelled
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.names import legend_above
from lessonkit.figures.style import STYLE, new_figure, new_panels
from lessonkit.figures.ticks import write_plainly

__all__ = ["plot_bars", "plot_dots"]

Array = np.ndarray[Any, Any]


class _Marks(NamedTuple):
    """The seeds of one condition in one row."""

    key: Any  # what it looks like
    row: str
    condition: str  # none if the row is the condition
    place: float
    values: Array  # (seeds,)


@matplotlib.rc_context(STYLE)
def plot_dots(
    rows: Mapping[Any, ArrayLike | Mapping[Any, ArrayLike]],
    x: str,
    *,
    chance: float | None = None,
    share: bool = True,
    log: bool = False,
    upwards: bool = False,
    legend: str = "",
    height: float | None = None,
) -> Drawing:
    """Draw a mark for every seed, a row for each label; a bar is the median.

    Args:
        rows: label -> numbers (seeds,), or label -> condition -> numbers (seeds,). A label may have
            a second line, behind "\\n"; the first one is then the condition.
        x: the label of the axis, with the unit.
        chance: what guessing reaches, drawn as a dashed line.
        share: the numbers lie between 0 and 1.
        log: draw them on a log axis, of whole decades; they are no shares then.
        upwards: the first row stands at the bottom.
        legend: what the conditions of a row have in common, written above them.
        height: of the figure, in inches; default by the number of rows.

    Raises:
        ValueError: a row has no numbers, or is not (seeds,).
    """
    marks, deep = _marks(rows, upwards=upwards), _nested(rows)
    size = max(sum(mark.row == row for mark in marks) for row in {mark.row for mark in marks})
    figure, ax = new_figure(height=height or 1.5 + len(rows) * max(0.6, 0.2 * size))
    handles = _draw_marks(ax, marks, 0.28 / size)
    _set_rows(ax, [_label(row) for row in rows], upwards, parted=deep)
    _set_values(ax, np.concatenate([mark.values for mark in marks]), chance, share, log)
    ax.set_xlabel(x)
    key = "" if _single(marks) else "a mark for each seed, bar: their median"
    if deep:
        key = f"{legend} ({key})" if legend and key else legend or key
        legend_above(figure, list(handles.values()), list(handles), key, length=1)
    else:
        room = 6 if chance is None else 20  # points, for the word above its line
        ax.set_title(key, loc="left", fontsize=12, color=PALETTE["muted"], pad=room)
    return Drawing(figure, _columns(marks, chance), f"{x}. {_says(marks, chance)}.")


@matplotlib.rc_context(STYLE)
def plot_bars(
    panels: Mapping[str, ArrayLike],
    labels: Sequence[str],
    x: str,
    *,
    colours: Mapping[str, str] | None = None,
    height: float = 4.6,
) -> Drawing:
    """Draw shares as bars, panels side by side: bar = median, dots = seeds, as a key says.

    Args:
        panels: title -> numbers between 0 and 1 (seeds, labels).
        labels: of the bars, from top to bottom, shared by all panels.
        x: the label of each axis, with the unit.
        colours: names in PALETTE for the labels that matter; the others are muted.
        height: of the figure, in inches.

    Raises:
        ValueError: a panel is not (seeds, labels).
    """
    colours = colours or {}
    numbers = {title: np.asarray(values) for title, values in panels.items()}
    for title, values in numbers.items():
        if values.ndim != 2 or values.shape[1] != len(labels):
            raise ValueError(
                f"panel {title!r}: expected numbers (seeds, {len(labels)}), seeds first, one for "
                f"each label; got shape {values.shape}. Turn it with `.T`, or give its labels."
            )
    figure, axes = new_panels(len(numbers), height=height)
    seeds = " or ".join(map(str, sorted({len(values) for values in numbers.values()})))
    key = f"bar: median of {seeds} seeds, dots: the seeds"
    figure.suptitle(key, x=0.01, ha="left", fontsize=12, color=PALETTE["muted"])
    for ax, (title, values) in zip(axes, numbers.items(), strict=True):
        _draw_bars(ax, values, [colours.get(label, "muted") for label in labels])
        ax.set_title(title, fontsize=13)
        ax.set(xlim=(-0.03, 1.03), ylim=(len(labels) - 0.4, -0.6), xlabel=x)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_yticks(range(len(labels)), labels)
        ax.grid(visible=False, axis="y")
    columns: dict[str, Any] = {"label": list(labels)}
    for title, values in numbers.items():
        columns[f"{title} median"] = np.median(values, axis=0)
        columns |= {f"{title}, seed {n}": row for n, row in enumerate(values, 1)}
    told = [_told_bars(title, n, labels, colours) for title, n in numbers.items()]
    return Drawing(figure, columns, f"{x}, medians. " + "; ".join(told) + ".")


def _nested(rows: Mapping[Any, Any]) -> bool:
    return any(isinstance(values, Mapping) for values in rows.values())


def _label(key: object) -> str:
    """Write a row's label; only its first line is a condition."""
    if not isinstance(key, str):
        return spelled(key)
    first, *rest = key.split("\n")
    return "\n".join([spelled(first), *rest])


def _marks(rows: Mapping[Any, Any], *, upwards: bool) -> list[_Marks]:
    """Return what is drawn, row by row; conditions share the height of their row, downwards."""
    marks = []
    for row, (label, inside) in enumerate(rows.items()):
        parts = inside if isinstance(inside, Mapping) else {"": inside}
        for number, (condition, numbers) in enumerate(parts.items()):
            values = np.asarray(numbers)
            if values.ndim != 1 or not values.size:
                raise ValueError(
                    f"row {label!r}: expected numbers (seeds,), got shape {values.shape}. Give "
                    "one number for each seed."
                )
            below = 0.8 * ((number + 0.5) / len(parts) - 0.5)
            key = condition or (label.split("\n")[0] if isinstance(label, str) else label)
            place = row - below if upwards else row + below
            marks.append(_Marks(key, _label(label), spelled(condition), place, values))
    return marks


def _draw_marks(ax: Axes, marks: Sequence[_Marks], spread: float) -> dict[str, Line2D]:
    """Draw the marks and their medians, and return a mark of each condition for a legend."""
    handles: dict[str, Line2D] = {}
    single = _single(marks)
    for mark in marks:
        colour, marker = look(mark.key)
        down = mark.place + spread * _apart(len(mark.values))
        (dots,) = ax.plot(mark.values, down, marker, color=colour, alpha=0.75, zorder=3)
        dots.set(markersize=8, markeredgewidth=0)
        handles.setdefault(mark.condition, dots)
        if single:
            continue  # each is its own median
        middle, reach = float(np.median(mark.values)), 1.35 * spread
        bar = ([middle, middle], [mark.place - reach, mark.place + reach])
        ax.plot(*bar, color=colour, linewidth=2.5, solid_capstyle="butt")
    return handles


def _single(marks: Sequence[_Marks]) -> bool:
    return all(len(mark.values) == 1 for mark in marks)


def _apart(count: int) -> Array:
    """Return places from −1 to 1, so that equal values of several seeds stay visible."""
    return np.linspace(-1, 1, count) if count > 1 else np.zeros(count)


def _set_rows(ax: Axes, labels: Sequence[str], upwards: bool, *, parted: bool) -> None:
    ends = (-0.5, len(labels) - 0.5)
    ax.set(ylim=ends if upwards else ends[::-1])
    ax.set_yticks(range(len(labels)), labels)
    ax.grid(visible=False, axis="y")
    for row in range(len(labels) - 1) if parted else ():
        ax.axhline(row + 0.5, color=PALETTE["grid"], linewidth=0.8)


def _set_values(ax: Axes, values: Array, chance: float | None, share: bool, log: bool) -> None:
    if log:
        powers = range(
            math.floor(math.log10(values.min())), math.ceil(math.log10(values.max())) + 1
        )
        ax.set_xscale("log")
        ax.set_xlim(10.0 ** powers[0], 10.0 ** powers[-1] * 1.2)
        ax.set_xticks([10.0**power for power in powers])
        ax.xaxis.set_minor_locator(NullLocator())
    elif share:
        lowest = min(values.min(), 1 if chance is None else chance)
        start = 0.5 if lowest >= 0.47 else 0  # dots need no zero, bars would
        ax.set_xlim(start - 0.05, 1.03)
        ax.set_xticks([tick for tick in (0, 0.25, 0.5, 0.75, 1) if tick >= start])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    write_plainly(ax.xaxis)
    if chance is not None:
        ax.axvline(chance, color=PALETTE["muted"], linestyle=(0, (4, 3)), linewidth=1.5)
        above = ax.get_xaxis_transform()
        ax.text(chance, 1.01, "chance", transform=above, ha="center", va="bottom", fontsize=12)


def _columns(marks: Sequence[_Marks], chance: float | None) -> dict[str, Any]:
    """Return a line of the file for each row and condition, with a column for each seed."""
    columns: dict[str, Any] = {"row": [mark.row.replace("\n", ", ") for mark in marks]}
    if any(mark.condition for mark in marks):
        columns["condition"] = [mark.condition for mark in marks]
    columns["median"] = [float(np.median(mark.values)) for mark in marks]
    for seed in range(max(len(mark.values) for mark in marks)):
        columns[f"seed {seed + 1}"] = [
            float(mark.values[seed]) if seed < len(mark.values) else "" for mark in marks
        ]
    return columns if chance is None else columns | {"chance": [chance] * len(marks)}


def _says(marks: Sequence[_Marks], chance: float | None) -> str:
    told: dict[str, list[str]] = {}
    for mark in marks:
        middle = in_words(float(np.median(mark.values)))
        low, high = (in_words(float(end)) for end in (mark.values.min(), mark.values.max()))
        words = f"{mark.condition} {middle}" if mark.condition else middle
        if not mark.condition and low != high:
            words += f" ({low} to {high})"
        told.setdefault(mark.row.replace("\n", ", "), []).append(words)
    parts = [f"{row}: {', '.join(words)}" for row, words in told.items()]
    return "; ".join(parts if chance is None else [*parts, f"chance: {in_words(chance)}"])


def _draw_bars(ax: Axes, values: Array, paints: Sequence[str]) -> None:
    """Draw bars and dots, those of one colour together."""
    for paint in dict.fromkeys(paints):
        places = [place for place, other in enumerate(paints) if other == paint]
        across, colour = values[:, places], PALETTE[paint]
        ax.barh(places, np.median(across, axis=0), height=0.8, color=colour, alpha=0.35)
        # Dots as one path of tiny strokes with round ends: markers would fill the page's code.
        down = np.tile(places, len(across)).astype(float)
        ends = np.stack([across.ravel(), down, across.ravel() + 1e-3, down], axis=1)
        strokes = Path(ends.reshape(-1, 2), [Path.MOVETO, Path.LINETO] * across.size)
        strokes.should_simplify = False  # else a picture loses those that are too short
        look: dict[str, Any] = {"linewidth": 5.5, "capstyle": "round", "alpha": 0.8}
        # A stroke that is snapped to whole pixels may have no length, and vanish.
        ax.add_patch(PathPatch(strokes, fill=False, edgecolor=colour, snap=False, **look))


def _told_bars(title: str, values: Array, labels: Sequence[str], colours: Mapping[str, str]) -> str:
    """Tell the medians of the labels that matter, and the largest of all."""
    medians = np.median(values, axis=0)
    places = {place for place, label in enumerate(labels) if label in colours}
    places |= set(np.argsort(-medians, kind="stable")[: 1 if colours else 2].tolist())
    return f"{title}: " + ", ".join(f"{labels[p]} {in_words(medians[p])}" for p in sorted(places))
