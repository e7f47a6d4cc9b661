"""A table of what was measured, its cells written as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from lessonkit.evidence import display
from lessonkit.evidence.record import (
    EvidenceError,
    Line,
    Record,
    checked_format,
    checked_text,
    checked_values,
)
from lessonkit.figures.conditions import spelled

Columns = Mapping[str, Mapping[Any, Any]]  # header -> row -> text, a number, numbers over seeds


@dataclass(frozen=True)
class Table(Record):
    """A header row, rows whose first cell names them, and what to notice."""

    kind = "table"

    columns: list[str]
    rows: list[list[str]]
    caption: str

    def check(self, what: str) -> None:
        """Refuse a table without rows, and rows of another length than its header."""
        super().check(what)
        checked_text(self.caption, f"caption of {what}")
        lengths = {len(row) for row in self.rows}
        if lengths != {len(self.columns)} or not self.columns:
            raise EvidenceError(
                f"{what}: expected rows of {len(self.columns)} cell(s), as many as its header, "
                f"got {sorted(lengths)}."
            )

    def lines(self, name: str) -> list[Line]:
        """Return the rows, their cells below each other."""
        rows = [self.columns, *self.rows]
        widths = [max(len(row[place]) for row in rows) for place in range(len(self.columns))]
        written = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        head, *body = written
        return [Line(head, "bold"), *map(Line, body), Line(self.caption, "dim")]

    def html(self) -> str:
        """Return a table with its caption."""
        table = Element("table")
        SubElement(table, "caption").text = self.caption
        head = SubElement(SubElement(table, "thead"), "tr")
        for title in self.columns:
            SubElement(head, "th", scope="col").text = title
        body = SubElement(table, "tbody")
        for first, *cells in self.rows:
            row = SubElement(body, "tr")
            SubElement(row, "th", scope="row").text = first
            for cell in cells:
                SubElement(row, "td").text = cell
        return tostring(table, encoding="unicode", method="html")


def tabulated(
    rows: str, columns: Columns, caption: str, format: str | Mapping[str, str], what: str
) -> Table:
    """Make a table: the rows are those of the first column, in its order.

    Raises:
        EvidenceError: no column, a column with other rows, a value that cannot be written, a format
            for a column that is not there.
    """
    _check_columns(columns, format, what)
    keys = list(next(iter(columns.values())))
    written = [
        [
            spelled(key),
            *(
                _cell(cells[key], _format(format, head), what, head, key)
                for head, cells in columns.items()
            ),
        ]
        for key in keys
    ]
    return Table([rows, *columns], written, checked_text(caption, f"caption of {what}"))


def _check_columns(columns: Columns, format: str | Mapping[str, str], what: str) -> None:
    shape = "{'accuracy': {'sigmoid': values, 'tanh': values}}"
    if not isinstance(columns, Mapping) or not columns:
        mend = " Write frame.to_dict()." if hasattr(columns, "to_dict") else ""
        raise EvidenceError(f"{what}: expected columns as in {shape}, got {columns!r}.{mend}")
    for head, cells in columns.items():
        if not isinstance(cells, Mapping) or not cells:
            raise EvidenceError(
                f"{what}, column {head!r}: expected a cell for each row, as in {shape}, "
                f"got {cells!r}."
            )
    first, *others = columns
    for head in others:
        odd = set(columns[first]) ^ set(columns[head])
        if odd:
            raise EvidenceError(
                f"{what}: columns {first!r} and {head!r} have other rows; only one has "
                f"{', '.join(sorted(map(repr, odd)))}. Give each column a cell for each row."
            )
    for head in () if isinstance(format, str) else format:
        if head not in columns:
            raise EvidenceError(
                f"{what}: a format for {head!r}, which is no column; there are "
                f"{', '.join(map(repr, columns))}."
            )


def _format(format: str | Mapping[str, str], head: str) -> str:
    return format if isinstance(format, str) else format[head]


def _cell(cell: Any, format: str, what: str, head: str, key: Any) -> str:
    if isinstance(cell, str):
        return cell
    where = f"{what}, column {head!r}, row {spelled(key)!r}"
    values = checked_values(cell, where)
    return display.summary(values, checked_format(format, values, where))
