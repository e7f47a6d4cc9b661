"""One line of text on its way up: what each layer of a network can be read as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE, look
from lessonkit.figures.diagrams import draw_note, new_canvas
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.style import INK, STYLE, WIDTH

__all__ = ["plot_readings"]

Array = np.ndarray[Any, Any]
_LEFT, _STEP = 0.75, 0.38  # inches: the picture's left edge, and from one layer to the next


class _Reading(NamedTuple):
    """What all layers make of the places under one heading."""

    heading: str
    words: Array  # (layers, places)
    sure: Array  # (layers, places), probabilities
    truth: list[str]  # (places,)

    @property
    def width(self) -> float:
        """Inches that a column of its words needs."""
        return 0.1 + 0.105 * max(map(len, [self.heading, *self.words.ravel()]))


@matplotlib.rc_context(STYLE)
def plot_readings(
    picture: ArrayLike,
    centres: Sequence[float],
    readings: Mapping[str, tuple[Any, ArrayLike]],
    truth: Mapping[str, str | Sequence[str]],
) -> Drawing:
    """Follow one line of text: the picture below, and above it what each layer can be read as.

    What is read correctly stands on a tint, the deeper the surer; what is misread is grey.

    Args:
        picture: pixels (height, width), ink positive.
        centres: the pixel column of each letter's middle (places,).
        readings: heading -> what is read, and the probability of it, with two decimals. The first
            heading's, both (layers, places), stand above their places; the others', (layers,), in
            columns at the right. A heading is a condition.
        truth: heading -> what stands there.
    """
    pixels = np.asarray(picture)
    letters, *others = (_reading(name, *pair, truth[name]) for name, pair in readings.items())
    wide = WIDTH - 0.25 - _LEFT - sum(reading.width for reading in others)
    scale = wide / pixels.shape[1]  # inches for a pixel
    tall = scale * pixels.shape[0]
    rows = [0.1 + tall + _STEP * (n + 0.65) for n in range(len(letters.words) + 1)]
    figure, ax = new_canvas(height=rows[-1] + 0.3)
    extent = (_LEFT, _LEFT + wide, 0.05, 0.05 + tall)
    ax.imshow(pixels, **INK, extent=extent)
    for layer, y in enumerate([0.05 + tall / 2, *rows[:-1]]):
        draw_note(ax, (_LEFT - 0.1, y), f"layer {layer}" if layer else "pixels", align="right")
    places = [_LEFT + scale * centre for centre in centres]
    ax.text(_LEFT + wide / 2, rows[-1], letters.heading, ha="center", va="center", fontsize=12)
    _draw_reading(ax, places, rows, letters, scale * float(np.diff(centres).min()))
    edge = _LEFT + wide + 0.12
    for reading in others:
        middle, edge = edge + reading.width / 2, edge + reading.width
        ax.text(middle, rows[-1], reading.heading, ha="center", va="center", fontsize=12)
        _draw_reading(ax, [middle], rows, reading, reading.width)
    ax.set(xlim=(0, WIDTH), ylim=(0, figure.get_figheight()))
    told = "; ".join(_told(reading) for reading in (letters, *others))
    return Drawing(figure, _columns([letters, *others]), f"Read at layers from 1 up. {told}.")


def _reading(heading: str, words: Any, sure: ArrayLike, truth: str | Sequence[str]) -> _Reading:
    """Return words and probabilities as (layers, places), whatever was given."""
    chances = np.asarray(sure, dtype=float).round(2)
    several = chances.ndim == 2  # otherwise one word for each layer
    rows = [list(row) if several else [row] for row in words]
    right = list(truth) if several else [str(truth)]
    chances = chances.reshape(len(rows), -1)
    if chances.shape != (len(rows), len(right)) or any(len(row) != len(right) for row in rows):
        raise ValueError(
            f"reading {heading!r}: expected words and probabilities (layers, {len(right)}), one "
            f"for each place of the truth {truth!r}; got {[len(row) for row in rows]} words and "
            f"probabilities {np.shape(sure)}. Give both layer by layer."
        )
    return _Reading(heading, np.array(rows), chances, right)


def _draw_reading(
    ax: Axes, places: Sequence[float], rows: Sequence[float], reading: _Reading, width: float
) -> None:
    """Write what was read at each place; on a tint if it is right."""
    for (layer, place), word in np.ndenumerate(reading.words):
        x, y, right = places[place], rows[layer], word == reading.truth[place]
        if right:
            corner = (x - width / 2 + 0.01, y - 0.18)
            tint = round(0.08 + 0.27 * float(reading.sure[layer, place]), 4)
            paint: dict[str, Any] = {
                "facecolor": look(reading.heading).colour,
                "alpha": tint,
                "linewidth": 0,
            }
            ax.add_patch(Rectangle(corner, width - 0.02, 0.36, **paint))
        weight, colour = ("bold", "ink") if right else ("normal", "muted")
        write: dict[str, Any] = {"weight": weight, "color": PALETTE[colour], "fontsize": 12}
        ax.text(x, y, str(word), ha="center", va="center", **write)


def _columns(readings: Sequence[_Reading]) -> dict[str, Any]:
    columns: dict[str, Any] = {"layer": list(range(1, len(readings[0].words) + 1))}
    for heading, words, sure, truth in readings:
        for place in range(len(truth)):
            name = heading if len(truth) == 1 else f"{heading} {place + 1}"
            columns[name] = words[:, place].tolist()
            columns[f"{name}, probability"] = sure[:, place].tolist()
    return columns


def _told(reading: _Reading) -> str:
    """Tell what each layer reads, and how sure it is of a single word."""
    rows = ["".join(row) if len(row) > 1 else row[0] for row in reading.words.tolist()]
    if len(reading.truth) == 1:
        pairs = zip(rows, reading.sure[:, 0], strict=True)
        rows = [f"{word} {in_words(float(sure))}" for word, sure in pairs]
    return f"{reading.heading} ({''.join(reading.truth)}): {', '.join(rows)}"
