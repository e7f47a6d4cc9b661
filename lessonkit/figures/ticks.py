"""Numbers beside an axis, as a person would choose them: 1, 10, 20, 30; 1, 10⁻³, 10⁻⁶."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.drawing import in_words

__all__ = ["put_decades", "round_ticks", "write_plainly"]

_STEPS = (1, 2, 5)
_SMALL = 12  # points: no word of a figure is smaller


def round_ticks(first: float, last: float, *, most: int = 7) -> list[float]:
    """Return round numbers from `first` to `last`, at most `most` of them.

    A count that begins at 1 is named from 1 on: 1, 10, 20, 30.
    """
    if last <= first:
        return [first]
    sizes = (step * 10**power for power in range(-12, 13) for step in _STEPS)
    whole = float(first).is_integer() and float(last).is_integer()
    step = next(s for s in sizes if (last - first) / s < most and (s >= 1 or not whole))
    start = math.ceil(first / step - 1e-9)
    found = [round(place * step, 12) for place in range(start, math.floor(last / step + 1e-9) + 1)]
    return [first, *found] if first == 1 and step > 2 else found


def write_plainly(axis: Axis) -> None:
    """Write 0, 0.25, 0.5, 1 beside an axis, not 0.00, 0.25, 0.50, 1.00."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\u2212")))


def put_decades(ax: Axes, *, most: int = 6) -> None:
    """Name powers of ten on the vertical log axis, exponents as legible as everything else.

    Where few decades are shown, they are written out: 0.01, 0.1, 1. Less than two decades get
    numbers between them.
    """
    low, high = (math.log10(end) for end in ax.get_ylim())
    if high - low <= 2:
        values = [m * 10.0**p for p in range(math.floor(low), math.ceil(high)) for m in _STEPS]
        shown = [value for value in values if low <= math.log10(value) <= high]
        ax.set_yticks(shown, [in_words(value) for value in shown], minor=False)
    else:
        first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
        step = next(s for s in (1, 2, 3, 4, 5, 10, 20, 50) if (last - first) // s < most)
        powers = [power for power in range(first, last + 1) if power % step == 0]
        if first >= -3 and last <= 3:
            ax.set_yticks([10.0**p for p in powers], [f"{10.0**p:g}" for p in powers])
        else:
            _put_powers(ax, powers)
    ax.set_yticks([], minor=True)


def _put_powers(ax: Axes, powers: Sequence[int]) -> None:
    """Write 10 as the label and its exponent beside it, both as words of their own.

    matplotlib's own exponents have seven tenths of the size, too small for a phone.
    """
    ax.set_yticks([10.0**p for p in powers], ["10" if p else "1" for p in powers])
    named = {p: f"{p}".replace("-", "\u2212") for p in powers if p}
    room = 4 + 8 * max(map(len, named.values()), default=0)  # points
    ax.tick_params(axis="y", pad=room)
    raised: dict[str, Any] = {
        "xycoords": ax.get_yaxis_transform(),
        "textcoords": "offset points",
        "annotation_clip": False,
        "fontsize": _SMALL,
        "color": PALETTE["ink"],
        "va": "center",
        "gid": "exponent",
    }
    for power, name in named.items():
        ax.annotate(name, (0, 10.0**power), (-room + 1, 6), **raised)
