"""The picture of a claim: every seed against what is promised, on an axis with numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lessonkit.evidence import Claim, display

# Pixels. The axis keeps a margin, so that a dot at either end is whole.
WIDTH, MARGIN, RADIUS = 320, 12, 3.5
APART = 74  # between the labels of two ticks, at least
SEEDS, TRAP = 15, 34  # the rows of the dots
TICKS = 3  # at most

Place = Callable[[float], float]


class Tick(NamedTuple):
    """A number on the axis."""

    x: float
    text: str
    anchor: str  # which end of the text stands at x: those at the edges stay inside


class Strip(NamedTuple):
    """What the template draws."""

    left: float  # of what is promised
    right: float
    bounds: list[float]
    dots: str  # a path: one element, however many seeds
    traps: str
    ticks: list[Tick]


def strip(record: Claim) -> Strip:
    """Place every seed, the trap's values and the bounds side by side."""
    edges = record.rule.edges
    values = [*record.values, *record.trap_values, *edges]
    place, marks = _logarithmic(values) if _wide(values) else _linear(values)
    ends = [place(edge) for edge in edges]
    left, right = ends[0], max(ends[-1], ends[0] + 1)
    if record.rule.kind in ("at_most", "below"):
        left, right = 0.0, ends[0]
    if record.rule.kind in ("at_least", "above"):
        left, right = ends[0], float(WIDTH)
    dots, traps = (
        _circles(list(map(place, row)), y)
        for row, y in ((record.values, SEEDS), (record.trap_values, TRAP))
    )
    ticks = [_tick(place(mark), _written(mark, record.format)) for mark in marks]
    return Strip(left, right, ends, dots, traps, _apart(ticks))


def _wide(values: Sequence[float]) -> bool:
    """Say whether values span more than two decades."""
    return min(values) >= 0 and max(values) > 100 * _smallest(values)


def _smallest(values: Sequence[float]) -> float:
    return min((value for value in values if value > 0), default=1.0)


def _logarithmic(values: Sequence[float]) -> tuple[Place, list[float]]:
    """Return a scale by powers of ten and its ticks; 0 stands one decade below all others."""
    high, smallest = max(values), _smallest(values)
    floor = (min(values) == 0 and smallest / 10) or smallest  # a tenth of the least may be 0
    lowest = math.log(floor)
    reach = WIDTH - 2 * MARGIN

    def place(value: float) -> float:
        return MARGIN + reach * (math.log(max(value, floor)) - lowest) / (math.log(high) - lowest)

    powers = range(math.ceil(math.log10(smallest)), math.floor(math.log10(high)) + 1)
    zero = [0.0] if min(values) == 0 else []
    step = math.ceil(len(powers) / (TICKS - len(zero))) or 1
    return place, [*zero, *(10.0**power for power in powers[::step])]


def _linear(values: Sequence[float]) -> tuple[Place, list[float]]:
    """Return an even scale and two or three round numbers on it."""
    low, high = min(values), max(values)
    width = (high - low) or 1.0
    reach = WIDTH - 2 * MARGIN

    def place(value: float) -> float:
        return MARGIN + reach * (value - low) / width

    return place, _round_numbers(low, high) or [low]


def _round_numbers(low: float, high: float) -> list[float]:
    """Return the multiples of the largest round step of which there are two between the ends."""
    if low == high:
        return []
    decade = math.floor(math.log10(high - low))
    for power in (decade, decade - 1):
        for step in (5, 2, 1):
            unit = step * 10.0**power
            first, last = math.ceil(low / unit), math.floor(high / unit)
            if last > first:
                return [round(n * unit, 12) for n in range(first, last + 1)]
    return []


def _written(value: float, format: str) -> str:
    """Write a tick without idle digits: "60 %", "10⁻⁹"."""
    power = math.log10(value) if value > 0 else 0
    if power == round(power) and abs(power) > 3:
        return display.number(value, ".0e").removeprefix("1 × ")
    return display.bound(value, format)


def _tick(x: float, text: str) -> Tick:
    if x < 2 * MARGIN:
        return Tick(x, text, "start")
    return Tick(x, text, "end" if x > WIDTH - 2 * MARGIN else "middle")


def _apart(ticks: list[Tick]) -> list[Tick]:
    """Drop what stands too near to the one before it; the ends matter most."""
    kept = ticks[:1]
    for tick in ticks[1:]:
        if tick.x - kept[-1].x >= APART:
            kept.append(tick)
    return kept


def _circles(places: Sequence[float], y: float) -> str:
    """Draw circles as one path, a little up and down in turn: equal seeds stay countable."""
    across = 2 * RADIUS
    ring = f"a{RADIUS} {RADIUS} 0 1 0 {across:g} 0a{RADIUS} {RADIUS} 0 1 0 -{across:g} 0"
    return "".join(
        f"M{x - RADIUS:.1f} {y + (number % 3 - 1) * 4:g}{ring}" for number, x in enumerate(places)
    )
