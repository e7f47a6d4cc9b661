"""What depth does to training, and what a network does without one of its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from lessonkit.figures.anatomy import draw_arrow, draw_box, draw_note
from lessonkit.figures.style import CONDITIONS, PALETTE, STYLE, spelled

# A condition keeps its colour; its first curve is solid, the second dashed, the third dotted.
LINES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))


@matplotlib.rc_context(STYLE)
def draw_blocks(ax: Axes, x: float, plain: float, residual: float) -> None:
    """Draw a plain block beside a residual one, with what goes in and what comes out.

    Args:
        ax: a canvas of 7.2 × 2.7 inches, as from `new_canvas`.
        x: the signal that both receive.
        plain: what the plain block makes of it, f(x).
        residual: what the residual block makes of it, x + f(x).
    """
    y = 1.0
    colours = [CONDITIONS[name].colour for name in ("plain", "residual")]
    draw_box(ax, (1.6, y), "f", width=0.9, colour=colours[0])
    draw_box(ax, (4.95, y), "f", width=0.9, colour=colours[1])
    draw_box(ax, (6.05, y), "+", width=0.46, height=0.46, colour=colours[1])
    for start, end in ((0.3, 1.15), (2.05, 2.9), (3.6, 4.5), (5.4, 5.82), (6.28, 6.95)):
        draw_arrow(ax, (start, y), (end, y), colour=PALETTE["ink"])
    ax.plot([4.05, 4.05, 6.05], [y, 1.85, 1.85], color=colours[1], linewidth=2.6)
    draw_arrow(ax, (6.05, 1.85), (6.05, y + 0.23), colour=colours[1], width=2.6)
    draw_note(ax, (5.05, 1.63), "the wire")
    for place, text in (
        ((0.55, y - 0.3), f"x = {x:g}"),
        ((2.55, y - 0.45), f"f(x) = {plain:g}"),
        ((3.75, y - 0.3), f"x = {x:g}"),
        ((6.3, y - 0.45), f"x + f(x) = {residual:g}"),
    ):
        ax.text(*place, text, ha="center", va="center", fontsize=13)
    for middle, name, colour in ((1.6, "plain", colours[0]), (5.05, "residual", colours[1])):
        ax.text(middle, 2.4, name, ha="center", va="center", color=colour, weight="bold")


@matplotlib.rc_context(STYLE)
def plot_training(ax: Axes, curves: Mapping[str, ArrayLike], points: int = 25) -> None:
    """Draw training losses step by step: line = median, band = range over seeds.

    Args:
        ax: an empty axis.
        curves: name of a condition, as in "plain, 56 layers" -> losses (steps, seeds).
        points: the steps are averaged in this many groups, because single batches are noisy.
    """
    ends, steps = {}, 0
    for name, colour, line, _ in _drawn(curves):
        losses = np.asarray(curves[name])
        groups = np.array_split(losses, min(points, len(losses)))
        means = np.stack([group.mean(axis=0) for group in groups])  # (points, seeds)
        counts = np.cumsum([len(group) for group in groups])
        steps = len(losses)
        _band(ax, counts, means, colour)
        ax.plot(counts, np.median(means, axis=1), color=colour, linestyle=line, linewidth=2.5)
        ends[name] = (float(np.median(means[-1])), colour)
    ax.set(xlabel="step", ylabel="training loss (nats)", xlim=(0, 1.46 * steps))
    ax.set_ylim(bottom=0)
    ax.set_xticks([0, steps // 2, steps])
    ax.yaxis.set_major_locator(MaxNLocator(5))
    _label_ends(ax, ends, 1.02 * steps)
    key = f"line: median of {losses.shape[1]} seeds, band: their range"
    ax.set_title(key, loc="left", fontsize=12, color=PALETTE["muted"])


@matplotlib.rc_context(STYLE)
def plot_by_depth(
    ax: Axes,
    curves: Mapping[str, ArrayLike],
    depths: Sequence[int],
    quantity: str,
    *,
    log: bool = False,
) -> None:
    """Draw one number of each network against its depth: line = median, band = range over seeds.

    Args:
        ax: an empty axis.
        curves: name of a condition -> numbers (depths, seeds). A second curve of one condition, as
            in "plain, copying start" beside "plain", is dashed and hollow.
        depths: the networks' depths, shown at equal distances.
        quantity: the label of the axis, with the unit.
        log: draw the numbers on a log axis.
    """
    places = range(len(depths))
    for name, colour, line, again in _drawn(curves):
        values = np.asarray(curves[name])
        _band(ax, places, values, colour)
        ax.plot(
            places,
            np.median(values, axis=1),
            color=colour,
            linestyle=line,
            marker=CONDITIONS[name.split(",")[0]].marker,
            markersize=8,
            markerfacecolor=PALETTE["paper"] if again else colour,
            label=spelled(name),
        )
    ax.set(xlabel="layers", ylabel=quantity)
    ax.set_xticks(places, [str(depth) for depth in depths])
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(numticks=6))
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.yaxis.set_major_locator(MaxNLocator(5))
    _legend_above(ax, values.shape[1])


@matplotlib.rc_context(STYLE)
def plot_lesions(ax: Axes, curves: Mapping[str, ArrayLike], chance: float) -> None:
    """Draw the accuracy that is left when one block is taken out of a trained network.

    Args:
        ax: an empty axis.
        curves: name of a condition -> accuracy (seeds, removed block), between 0 and 1.
        chance: the accuracy of guessing, drawn as a dotted line.
    """
    for name, colour, line, again in _drawn(curves):
        values = np.asarray(curves[name])
        blocks = np.arange(1, values.shape[1] + 1)
        _band(ax, blocks, values.T, colour)
        ax.plot(
            blocks,
            np.median(values, axis=0),
            color=colour,
            linestyle=line,
            marker=CONDITIONS[name.split(",")[0]].marker,
            markerfacecolor=PALETTE["paper"] if again else colour,
            label=spelled(name),
        )
    ax.axhline(chance, color=PALETTE["ink"], linestyle=(0, (1, 1.5)), linewidth=1.5, label="chance")
    ax.set(xlabel="block that is taken out", ylabel="accuracy on new pictures", ylim=(0, 1.02))
    ax.set_xticks(blocks[:: max(1, round(len(blocks) / 5))])
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    _legend_above(ax, len(values))


def _drawn(curves: Mapping[str, ArrayLike]) -> Iterator[tuple[str, str, object, bool]]:
    """Yield each curve's name, colour and line, and whether its condition came before."""
    seen: list[str] = []
    for name in curves:
        condition = name.split(",")[0]
        times = seen.count(condition)
        seen.append(condition)
        yield name, CONDITIONS[condition].colour, LINES[times], times > 0


def _band(ax: Axes, across: ArrayLike, values: ArrayLike, colour: str) -> None:
    """Shade the range over seeds; values (points, seeds)."""
    values = np.asarray(values)
    low, high = values.min(axis=1), values.max(axis=1)
    ax.fill_between(across, low, high, color=colour, alpha=0.18, linewidth=0)


def _legend_above(ax: Axes, seeds: int) -> None:
    """Put the legend above the axis, where no line can cross it."""
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1),
        ncols=2,
        title=f"line: median of {seeds} seeds, band: their range",
        alignment="left",
        handlelength=2.4,
        columnspacing=1.4,
        borderpad=0,
    )


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, str]], x: float) -> None:
    """Write each curve's name behind its end, from the lowest up, a line of text apart."""
    apart = 0.085 * ax.get_ylim()[1]
    lowest = apart / 2
    for name, (end, colour) in sorted(ends.items(), key=lambda item: item[1][0]):
        y = max(end, lowest)
        lowest = y + apart
        ax.text(x, y, spelled(name), color=colour, va="center", fontsize=13)
