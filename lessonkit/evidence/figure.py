"""A figure: its pictures, the numbers drawn in it, and the same in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lessonkit.evidence import picture
from lessonkit.evidence.record import (
    EvidenceError,
    Line,
    Medium,
    Record,
    checked_path,
    checked_text,
)
from lessonkit.figures.drawing import Drawing

_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?: ?%)?")
_SHARED = "the words for who does not see it: what it shows, with at least two of its numbers"


@dataclass(frozen=True)
class Figure(Record):
    """Where a figure's files lie in the run, its caption, and its alternative text."""

    kind = "figure"

    alt: str
    caption: str
    svg: str
    png: str
    csv: str

    @property
    def files(self) -> Mapping[str, str]:
        """The picture for elsewhere, and the numbers; pages hold the SVG themselves."""
        return {"png": self.png, "csv": self.csv}

    @property
    def paths(self) -> Sequence[str]:
        """All of its files."""
        return self.svg, self.png, self.csv

    def check(self, what: str) -> None:
        """Refuse a figure without words, and files that are not of their kinds."""
        super().check(what)
        checked_text(self.alt, f"alternative text of {what}")
        for kind in ("svg", "png", "csv"):
            checked_path(getattr(self, kind), kind, what)

    @property
    def media(self) -> Sequence[Medium]:
        """The picture."""
        return (Medium(self.png, "image/png", self.alt),)

    def lines(self, name: str) -> list[Line]:
        """Return what to notice."""
        return [Line(self.caption or name.replace("-", " "), "dim")]


def drawn(drawing: Drawing, alt: str, caption: str, folder: Path, name: str, what: str) -> Figure:
    """Write a drawing's files and return their record.

    Raises:
        EvidenceError: no drawing, columns that are no table, or words without the numbers drawn.
    """
    if not all(hasattr(drawing, part) for part in ("figure", "columns", "says")):
        raise EvidenceError(
            f"{what}: expected a Drawing (a figure, its numbers, {_SHARED}), as every plot_… of "
            f"lessonkit.figures returns one, got {drawing!r}. A figure of your own becomes one: "
            'Drawing(figure, {"seed": seeds, "accuracy": values}, "Accuracy 0.91 to 0.97.").'
        )
    words = checked_text(
        " ".join(filter(None, [alt, drawing.says])), f"alternative text of {what}, {_SHARED}"
    )
    columns = {
        key: picture.column(cells, f"column {key!r} of {what}")
        for key, cells in drawing.columns.items()
    }
    _check_words(words, columns, what)
    paths = picture.save_figure(drawing.figure, folder, name)
    return Figure(words, caption, **paths, csv=picture.save_data(columns, folder, name))


def _check_words(words: str, columns: Mapping[str, Sequence[str]], what: str) -> None:
    numbers = [float(cell) for cells in columns.values() for cell in cells if _is_number(cell)]
    needed = min(2, len(set(numbers)))
    if spoken(words, numbers) < needed:
        raise EvidenceError(
            f"{what}: expected alternative text ({_SHARED}), got {words!r}, which holds fewer than "
            f"{needed} of the {len(numbers)} numbers drawn."
        )


def spoken(words: str, numbers: Sequence[float]) -> int:
    """Count the numbers in some words that are, as precisely as they are written, among others."""
    return sum(any(same(number) for number in numbers) for same in _written(words))


def _written(words: str) -> Iterator[Any]:
    """Yield, for each number in a text, whether a value would be written so."""
    for match in _NUMBER.finditer(words):
        digits = match[0].replace("−", "-")
        share = digits.endswith("%")
        digits = digits.rstrip("% ")
        mantissa, _, power = digits.partition("e")
        unit = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
        value, unit = (float(digits) / 100, unit / 100) if share else (float(digits), unit)
        yield lambda number, value=value, unit=unit: abs(number - value) <= 0.5001 * unit


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
