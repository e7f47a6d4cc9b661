"""Rungs that become readable from layer to layer, and one line of text on its way up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lessonkit.figures.anatomy import draw_arrow, draw_box, draw_note
from lessonkit.figures.style import CONDITIONS, PALETTE, STYLE, Condition, spelled

RUNGS = ("strokes", "letters", "words", "meaning", "answer")
# How networks look that differ in what they were trained on.
NETWORKS = {
    "the answer": Condition(PALETTE["blue"], "o"),
    "the typeface": Condition(PALETTE["sky"], "^"),
    "shuffled answers": CONDITIONS["shuffled"],
    "nothing: untrained": CONDITIONS["untrained"],
}


@matplotlib.rc_context(STYLE)
def plot_ladder(ax: Axes, readings: Mapping[str, ArrayLike], columns: int = 3) -> None:
    """Draw how much can be read at each layer: line = median, band = range over seeds.

    Args:
        ax: an empty axis.
        readings: name of a rung -> share right (seeds, layers). What follows a comma, as in
            "meaning, dealt anew", makes a second curve of that rung, dashed and hollow.
        columns: of the legend, which stands above the axis.
    """
    for name, numbers in readings.items():
        values = np.asarray(numbers)
        layers = np.arange(1, values.shape[1] + 1)
        rung, again = CONDITIONS[name.split(",")[0]], "," in name
        ax.fill_between(
            layers, values.min(0), values.max(0), color=rung.colour, alpha=0.2, linewidth=0
        )
        ax.plot(
            layers,
            np.median(values, axis=0),
            color=rung.colour,
            marker=rung.marker,
            markersize=8,
            linestyle=(0, (3, 1.5)) if again else "-",
            markerfacecolor=PALETTE["paper"] if again else rung.colour,
            label=spelled(name),
        )
    ax.set(xlabel="layer (1 is next to the pixels)", ylabel="read correctly (share)")
    ax.set(xticks=layers, ylim=(0, 1.03), yticks=[0, 0.25, 0.5, 0.75, 1])
    key = f"line: median of {len(values)} seeds, band: their range"
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=columns, title=key, alignment="left"
    )


@matplotlib.rc_context(STYLE)
def plot_best(ax: Axes, best: Mapping[str, Mapping[str, ArrayLike]]) -> None:
    """Draw what each network's most telling layer lets one read: a dot for each seed.

    Args:
        ax: an empty axis.
        best: network (a name of NETWORKS) -> rung -> share right (seeds,). The first rung stands
            at the bottom, as on a ladder.
    """
    rungs = list(next(iter(best.values())))
    for number, (network, values) in enumerate(best.items()):
        colour, marker = NETWORKS[network]
        height = 0.3 - 0.6 * number / max(1, len(best) - 1)
        for step, rung in enumerate(rungs):
            shares = np.asarray(values[rung])
            ax.plot(
                shares,
                np.full(len(shares), step + height),
                linestyle="none",
                marker=marker,
                markersize=8,
                color=colour,
                alpha=0.75,
                markeredgewidth=0,
                label=network if step == 0 else None,
            )
    for step in range(len(rungs) - 1):
        ax.axhline(step + 0.5, color=PALETTE["grid"], linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="read correctly at the best layer (share)", xlim=(0, 1.03))
    ax.set(yticks=range(len(rungs)), ylim=(-0.5, len(rungs) - 0.5), xticks=[0, 0.25, 0.5, 0.75, 1])
    ax.set_yticklabels([spelled(rung) for rung in rungs])
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.16, 1),
        ncols=2,
        title="trained on (one mark for each seed)",
        alignment="left",
        handletextpad=0.3,
    )


@matplotlib.rc_context(STYLE)
def plot_lines(ax: Axes, pictures: ArrayLike, columns: int = 2) -> None:
    """Show pictures of text on one sheet, ink dark, filling its columns from the top."""
    stack = np.asarray(pictures)
    rows = -(-len(stack) // columns)
    high, wide = stack.shape[1] + 2, stack.shape[2] + 4
    sheet = np.full((rows * high - 2, columns * wide - 4), np.nan)
    for number, picture in enumerate(stack):
        top, left = number % rows * high, number // rows * wide
        sheet[top : top + high - 2, left : left + wide - 4] = picture
    ax.imshow(sheet, cmap="gray_r", interpolation="none", vmin=stack.min(), vmax=stack.max())
    ax.set_axis_off()


@matplotlib.rc_context(STYLE)
def plot_patches(ax: Axes, patches: Mapping[str, Sequence[ArrayLike]]) -> None:
    """Show patches of pictures in rows, the first row below, as many as fit.

    Args:
        ax: a canvas of `anatomy.new_canvas`, 7.2 inches wide.
        patches: name of a row -> its patches, of any size up to 16 pixels high. Small ones are
            enlarged, at most threefold.
    """
    height, width, gap = 16.0, 190.0, 4.0
    for row, (name, row_patches) in enumerate(patches.items()):
        left, bottom = 0.0, row * (height + 6)
        for patch in (np.asarray(part) for part in row_patches):
            high, wide = patch.shape
            zoom = min(3.0, height / high)
            if left + zoom * wide > width:
                break
            middle = bottom + height / 2
            box = (left, left + zoom * wide, middle - zoom * high / 2, middle + zoom * high / 2)
            ax.imshow(patch, cmap="gray_r", interpolation="none", extent=box, origin="upper")
            left += zoom * wide + gap
        draw_label(ax, -gap, bottom + height / 2, name)
    ax.set(xlim=(-34, width), ylim=(-2, len(patches) * (height + 6)), aspect="equal")
    ax.set_axis_off()


@matplotlib.rc_context(STYLE)
def plot_followed(
    ax: Axes,
    picture: ArrayLike,
    centres: Sequence[float],
    letters: Sequence[Sequence[str]],
    sure: ArrayLike,
    readings: Mapping[str, Sequence[tuple[str, float]]],
    truth: Sequence[str],
) -> None:
    """Follow one line of text: the picture below, and above it what each layer can be read as.

    What a probe reads correctly stands on a tint, the deeper the surer; what it gets wrong is grey.

    Args:
        ax: an axis that fills its figure, 7.2 inches wide.
        picture: pixels (height, width), ink positive.
        centres: the pixel column of each letter's middle.
        letters: for each layer, the letter that is read in each place.
        sure: the probability that its probe gives to each of them (layers, places).
        readings: further columns: heading -> what each layer is read as, and the probability.
        truth: the letters that stand there, then the truth of each further column.
    """
    pixels, chances = np.asarray(picture), np.asarray(sure)
    high, wide, step = pixels.shape[0], pixels.shape[1], 13
    ax.imshow(
        pixels, cmap="gray_r", interpolation="none", extent=(0, wide, 0, high), origin="upper"
    )
    draw_label(ax, -4, high / 2, "pixels")
    for layer, row in enumerate(letters):
        y = high + step * (layer + 0.75)
        draw_label(ax, -4, y, f"layer {layer + 1}")
        for x, letter, true, chance in zip(centres, row, truth, chances[layer], strict=False):
            draw_read(ax, x, y, letter, letter == true, chance, 8, "letters")
    for number, (heading, column) in enumerate(readings.items()):
        x = wide + (16, 45, 83)[number]
        ax.text(x, high + step * (len(letters) + 0.7), heading, ha="center", va="center")
        rung = ("words", "meaning", "answer")[number]
        for layer, (word, chance) in enumerate(column):
            y = high + step * (layer + 0.75)
            fits = word == truth[len(centres) + number]
            draw_read(ax, x, y, word, fits, chance, (24, 30, 42)[number], rung)
    ax.text(wide / 2, high + step * (len(letters) + 0.7), "letters", ha="center", va="center")
    ax.set(xlim=(-31, wide + 105), ylim=(-3, high + step * (len(letters) + 1.2)), aspect="equal")
    ax.set_axis_off()


def draw_label(ax: Axes, x: float, y: float, text: str) -> None:
    """Name a row at its left end."""
    ax.text(x, y, text, ha="right", va="center", color=PALETTE["muted"])


def draw_read(
    ax: Axes, x: float, y: float, text: str, right: bool, chance: float, width: float, rung: str
) -> None:
    """Write what was read; on the rung's tint if it is right, the deeper the surer."""
    if right:
        ax.add_patch(
            Rectangle(
                (x - width / 2 + 0.3, y - 5.6),
                width - 0.6,
                11.2,
                facecolor=CONDITIONS[rung].colour,
                alpha=(0.1 + 0.4 * float(chance)) * (0.6 if rung == "answer" else 1),
                linewidth=0,
            )
        )
    colour = PALETTE["ink"] if right else PALETTE["muted"]
    weight = "bold" if right else "normal"
    ax.text(x, y, text, ha="center", va="center", color=colour, weight=weight, fontsize=13)


@matplotlib.rc_context(STYLE)
def draw_reader(ax: Axes, text: str, fields: Sequence[int], pitch: int = 8) -> None:
    """Draw the network over a line of text: a bar for each layer, as wide as what a unit sees.

    Args:
        ax: a canvas of `anatomy.new_canvas(7.2, 5)`, in inches.
        text: the line.
        fields: pixels that a unit of each layer sees.
        pitch: pixels from one letter to the next.
    """
    left, scale = 1.05, 3.6 / (len(text) * pitch)  # inches for a pixel
    middle = left + len(text) * pitch * scale / 2
    for place, letter in enumerate(text):
        x = left + (place + 0.5) * pitch * scale
        ax.text(x, 0.3, letter, ha="center", va="center", fontsize=20, family="monospace")
    for number, field in enumerate(fields, 1):
        y, wide = 0.3 + 0.56 * number, min(field, len(text) * pitch) * scale
        draw_note(ax, (0.9, y), f"layer {number}", align="right")
        ax.add_patch(
            Rectangle(
                (middle - wide / 2, y - 0.15),
                wide,
                0.3,
                facecolor=PALETTE["blue"],
                alpha=0.3,
                linewidth=0,
            )
        )
        note = "the whole line" if wide > 3.5 else f"{field} pixels"
        inside = wide > 1.2
        at = (middle if inside else middle + wide / 2 + 0.12, y)
        draw_note(ax, at, note, colour=PALETTE["ink"], align="center" if inside else "left")
    for step, rung in enumerate(RUNGS):
        y = 0.75 + step * 0.82
        draw_box(ax, (6.1, y), rung, width=1.45, height=0.5, colour=CONDITIONS[rung].colour)
        if step:
            draw_arrow(ax, (6.1, y - 0.56), (6.1, y - 0.27))
    draw_note(ax, (6.1, 4.55), "which rung where?", colour=PALETTE["ink"])
