"""Quantities that are followed from layer to layer, and the activation between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from lessonkit.figures.style import CONDITIONS, PALETTE, STYLE, Condition, spelled


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
