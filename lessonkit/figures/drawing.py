"""A figure with its numbers, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Drawing", "in_words"]


@dataclass(frozen=True)
class Drawing:
    """What one call has drawn.

    `columns` are the plotted numbers, for a CSV file: columns of one length. `says` is the same in
    words, for readers who do not see the picture.
    """

    figure: Figure
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # none: refused by name
    says: str = ""

    @property
    def ax(self) -> Axes:
        """The first axis, for what one lesson wants otherwise."""
        return self.figure.axes[0]


def in_words(number: float) -> str:
    """Write a number for a sentence: 0.0312 -> "0.031", 1.24e-11 -> "1.2e-11", 2.303 -> "2.3".

    Two digits below one, three above. Whole thousands keep their digits: 12345 is no "1.23e4".
    """
    size = abs(number)
    if 1000 <= size < 1e6:
        return f"{number:.0f}"
    digits = 2 if size < 0.995 else 3  # two digits would make one whole of 0.996
    mantissa, _, exponent = f"{number:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
