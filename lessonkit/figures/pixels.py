"""Pictures as lines of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["pixel_lines"]


def pixel_lines(
    names: Mapping[str, Sequence[Any]],
    pictures: Iterable[np.ndarray[Any, Any]],
    counted: str = "row",
) -> dict[str, list[Any]]:
    """Return a line of the file for each row of pixels, led by the names of its picture.

    Args:
        names: column -> a word or number for each picture.
        pictures: (rows, columns of pixels) of any size; what is not a number is left blank.
        counted: the column that counts the rows of a picture.
    """
    pictures = list(pictures)
    rows = [_written(row) for picture in pictures for row in picture]
    columns: dict[str, list[Any]] = {
        name: [value for value, p in zip(values, pictures, strict=True) for _ in p]
        for name, values in names.items()
    }
    columns[counted] = [row for picture in pictures for row in range(1, len(picture) + 1)]
    for x in range(max(map(len, rows))):
        columns[f"x{x}"] = [row[x] if x < len(row) else "" for row in rows]
    return columns


def _written(row: np.ndarray[Any, Any]) -> list[Any]:
    return ["" if np.isnan(pixel) else pixel for pixel in row.tolist()]
