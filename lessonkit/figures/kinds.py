"""Points of two kinds: how they look, and how a file tells them, in every panel that has some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE

__all__ = ["KINDS", "as_columns", "checked", "of_each_kind"]

Array = np.ndarray[Any, Any]
Row = tuple[Any, ...]  # panel, what it is, its number, and where it stands

KINDS = ((PALETTE["blue"], "o"), (PALETTE["orange"], "s"))  # colour and marker of 0 and of 1


def checked(
    points: ArrayLike, kinds: ArrayLike, numbers: int, what: str, advice: str
) -> tuple[Array, Array]:
    """Return points, rounded to three decimals, and their kinds.

    Args:
        points: (points, numbers).
        kinds: 0 or 1 for each point.
        numbers: that each point shall have.
        what: names the panel in the error.
        advice: what to do, at its end.

    Raises:
        ValueError: points that are not (points, numbers), or not as many kinds.
    """
    places, kind = np.asarray(points, dtype=float).round(3), np.asarray(kinds)
    if places.ndim != 2 or places.shape[1] != numbers or kind.shape != places.shape[:1]:
        raise ValueError(
            f"{what}: expected points (points, {numbers}) with a kind for each, got points "
            f"{places.shape} and kinds {kind.shape}. {advice}"
        )
    return places, kind


def of_each_kind(
    title: str, points: Array, kind: Array, names: Sequence[str], reach: float
) -> Iterator[tuple[Array, str, str, list[Row]]]:
    """Yield for each kind its points within reach, colour, marker, and rows of the file."""
    inside = abs(points).max(axis=1) <= reach
    for number, (colour, marker) in enumerate(KINDS):
        mine = points[(kind == number) & inside]
        rows = [(title, names[number], n, *point) for n, point in enumerate(mine.tolist(), 1)]
        yield mine, colour, marker, rows


def as_columns(rows: Sequence[Row], axes: Sequence[str]) -> dict[str, list[Any]]:
    """Return the rows as columns of a file, under the names of their axes."""
    heads = ("panel", "what", "number", *axes)
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))
