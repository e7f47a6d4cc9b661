"""How is it shown?

A `plot_…` function draws numbers on an axis. It never trains, saves or shows. A condition, such as
the sigmoid, keeps its colour and marker in every figure of the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

# Pages replace these colours by others when the reader prefers a dark screen.
PALETTE = {
    "ink": "#1a1a1a",
    "muted": "#5f6b76",
    "grid": "#d9dee3",
    "paper": "#ffffff",
    "blue": "#2166ac",
    "orange": "#d95f02",
    "green": "#1b9e77",
    "purple": "#7b4fa3",
    "red": "#c0392b",
    "gold": "#b8860b",
    "sky": "#4aa3df",
    "pink": "#d14f8f",
}


class Condition(NamedTuple):
    """How one condition looks wherever it appears: told apart by shape as well as by colour."""

    colour: str
    marker: str


CONDITIONS = {
    "sigmoid": Condition(PALETTE["blue"], "o"),
    "tanh": Condition(PALETTE["orange"], "s"),
    "relu": Condition(PALETTE["green"], "^"),
    "gelu": Condition(PALETTE["purple"], "D"),
}
SPELLING = {"relu": "ReLU", "gelu": "GELU"}

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 14,  # a figure 7.2 inches wide is still read on a phone
    "axes.labelsize": 14,
    "axes.labelcolor": PALETTE["ink"],
    "axes.edgecolor": PALETTE["muted"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALETTE["grid"],
    "grid.linewidth": 0.8,
    "xtick.color": PALETTE["muted"],
    "ytick.color": PALETTE["muted"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": PALETTE["ink"],
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "legend.fontsize": 13,
    "legend.title_fontsize": 12,
    "legend.framealpha": 0,  # a white box would stay white in the dark
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def new_figure(width: float = 7.2, height: float = 4.0) -> tuple[Figure, Axes]:
    """Return an empty figure (inches) with one axis in the style of the site.

    The reader's own matplotlib settings stay as they are.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        ax = figure.subplots()
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_major_ticks(1)  # born inside the context; later ticks copy the first
    return figure, ax


@matplotlib.rc_context(STYLE)
def plot_activation(
    ax: Axes,
    inputs: ArrayLike,
    outputs: ArrayLike,
    slopes: ArrayLike,
    name: str = "sigmoid",
) -> None:
    """Draw an activation, its slope, and the ceiling that the slope never passes."""
    inputs, outputs, slopes = (np.asarray(part) for part in (inputs, outputs, slopes))
    colour, highest = CONDITIONS[name].colour, slopes.max()
    ax.plot(inputs, outputs, color=colour, linewidth=2.5)
    ax.fill_between(inputs, slopes, color=PALETTE["red"], alpha=0.15, linewidth=0)
    ax.plot(inputs, slopes, color=PALETTE["red"], linewidth=2.5)
    ax.axhline(highest, color=PALETTE["muted"], linestyle=(0, (4, 3)), linewidth=1.5)
    ax.plot(inputs[slopes.argmax()], highest, "o", color=PALETTE["red"], markersize=9)
    beside = inputs[int(0.64 * len(inputs))]
    ax.text(beside, 0.78, spelled(name), color=colour, weight="bold")
    ax.text(beside, 0.13, "its slope", color=PALETTE["red"], weight="bold")
    ax.text(inputs[len(inputs) // 50], highest + 0.025, f"never above {highest:g}")
    ax.set(xlabel="input of the unit", ylabel="output, slope", xlim=(inputs[0], inputs[-1]))
    ax.set_yticks([0, highest, 0.5, 1], ["0", f"{highest:g}", "0.5", "1"])
    ax.xaxis.set_major_locator(MaxNLocator(5))


@matplotlib.rc_context(STYLE)
def plot_by_layer(
    ax: Axes,
    curves: Mapping[str, ArrayLike],
    quantity: str,
    *,
    layers: Iterable[int] | None = None,
    legend: str = "lower right",
) -> None:
    """Draw one quantity layer by layer on a log axis: line = median, band = range over seeds.

    Args:
        ax: an empty axis.
        curves: name of a condition -> numbers (seeds, layers). A second curve of one condition, as
            in "sigmoid, larger weights" beside "sigmoid", is dashed and hollow.
        quantity: the label of the axis, with the unit.
        layers: the layers' numbers; default 1, 2, 3 …
        legend: a place for the legend that no line crosses.
    """
    seen: list[Condition] = []
    for name, numbers in curves.items():
        values = np.asarray(numbers)
        across = list(layers or range(1, values.shape[1] + 1))
        condition = CONDITIONS[name.split(",")[0]]
        again = condition in seen
        seen.append(condition)
        ax.fill_between(
            across, values.min(0), values.max(0), color=condition.colour, alpha=0.2, linewidth=0
        )
        ax.plot(
            across,
            np.median(values, axis=0),
            color=condition.colour,
            marker=condition.marker,
            linestyle=(0, (3, 1.5)) if again else "-",
            markerfacecolor=PALETTE["paper"] if again else condition.colour,
            label=spelled(name),
        )
    ax.set_yscale("log")
    ax.set(xlabel="layer (1 is next to the input)", ylabel=quantity)
    ax.set_xticks(across[:: max(1, round(len(across) / 4))])
    ax.yaxis.set_major_locator(LogLocator(numticks=6))
    ax.yaxis.set_minor_locator(NullLocator())
    key = f"line: median of {len(values)} seeds\nband: their range"
    ax.legend(loc=legend, title=key, alignment="left")


def as_columns(
    curves: Mapping[str, ArrayLike], layers: Iterable[int] | None = None
) -> dict[str, Any]:
    """Return what `plot_by_layer` draws as columns for a CSV file."""
    first = np.asarray(next(iter(curves.values())))
    columns: dict[str, Any] = {"layer": list(layers or range(1, first.shape[1] + 1))}
    for name, numbers in curves.items():
        values = np.asarray(numbers)
        columns[f"{name} median"] = np.median(values, axis=0)
        columns[f"{name} smallest"] = values.min(axis=0)
        columns[f"{name} largest"] = values.max(axis=0)
    return columns


def spelled(name: str) -> str:
    """Write a condition as people write it: "relu, half the weights" -> "ReLU, half …"."""
    first, *rest = name.split(",")
    return ",".join([SPELLING.get(first, first), *rest])
