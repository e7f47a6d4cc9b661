"""A measured number: one value, or one for each seed."""

from __future__ import annotations

from dataclasses import dataclass

from lessonkit.evidence import display
from lessonkit.evidence.record import Line, Record, checked_format, checked_values


@dataclass(frozen=True)
class Number(Record):
    """A measured number, written as its median with the range over seeds."""

    kind = "number"
    parts = ("median", "range", "min", "max")
    inline = True

    values: list[float]
    format: str = ".3g"
    unit: str = ""
    label: str = ""

    def text(self, part: str = "") -> str:
        """Write the number; `part` is "" (median with range), median, range, min or max."""
        if part == "":
            return display.summary(self.values, self.format, self.unit)
        if part == "range":
            return display.span(self.values, self.format, self.unit)
        if part == "median":
            return display.middle(self.values, self.format, self.unit)
        reduced = {"min": min, "max": max}[part](self.values)
        return display.number(reduced, self.format, self.unit)

    def check(self, what: str) -> None:
        """Refuse no values, values that are not finite, and a format that cannot write them."""
        super().check(what)
        checked_format(self.format, checked_values(self.values, what), what)

    def title(self, part: str = "") -> str:
        """Say what was measured, and over how many seeds."""
        count = len(self.values)
        over = f"median of {count} seeds; smallest to largest in brackets" if count > 1 else ""
        return ": ".join(filter(None, [self.label, over])) or "measured"

    def lines(self, name: str) -> list[Line]:
        """Return "label: value"."""
        return [Line(f"{self.label or name}: {self.text()}")]
