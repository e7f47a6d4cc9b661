"""Words beside a figure: do they say its numbers?"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?: ?%)?")


def numbers_said(says: str, columns: Mapping[str, Sequence[Any]]) -> int:
    """Count the different numbers in a text that stand in the columns of its figure.

    A number counts if some number of the columns, rounded as far as the text writes it, is that
    number: "0.031" is said of 0.0312, and not of 0.0318. "96 %" is said of 0.9634.
    """
    plotted = numbers_in(columns)
    return sum(_stands(written, plotted) for written in dict.fromkeys(_NUMBER.findall(says)))


def numbers_in(columns: Mapping[str, Sequence[Any]]) -> np.ndarray:
    """Return all numbers of the columns; words are left out."""
    cells = (cell for column in columns.values() for cell in np.asarray(column, object).ravel())
    return np.array([float(cell) for cell in cells if not isinstance(cell, str)])


def _stands(written: str, plotted: np.ndarray) -> bool:
    number = Decimal(written.rstrip(" %"))
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    scale = 0.01 if written.endswith("%") else 1
    apart = np.abs(plotted - scale * float(number)).min(initial=np.inf)
    return bool(apart <= scale * float(unit) * 0.5000001)
