"""The records of a run: numbers, tables, claims, and the rule by which a claim is judged."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lessonkit.evidence import display

HOLDS, CONTRADICTED = "holds", "contradicted"
VERDICTS = (HOLDS, CONTRADICTED)
FEWEST_SEEDS = 5
THIN = 3.0  # spreads: a median nearer to its bound than this may fall on the other side elsewhere
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class EvidenceError(ValueError):
    """A lesson tried to publish something that could not be trusted or read."""


def checked_name(name: str) -> str:
    """Return `name` if it is kebab-case, the only form that a page can embed."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise EvidenceError(
            f"name {name!r}: expected small letters, digits and single hyphens, as in "
            "'first-layer-gradient'. Rename it."
        )
    return name


def checked_text(text: str, what: str) -> str:
    """Return `text` stripped, refusing an empty one."""
    if not isinstance(text, str) or not text.strip():
        raise EvidenceError(f"{what}: expected a sentence, got {text!r}. Write it.")
    return " ".join(text.split())


def checked_values(values: Any, what: str) -> list[float]:
    """Return values as finite floats, from a number, list, numpy array or torch tensor.

    Raises:
        EvidenceError: empty, not numbers, more than one axis, NaN or infinite.
    """
    plain = values.tolist() if hasattr(values, "tolist") else values
    plain = list(plain) if isinstance(plain, (list, tuple, range)) else [plain]
    plain = [item.tolist() if hasattr(item, "tolist") else item for item in plain]
    if not plain:
        raise EvidenceError(f"{what}: expected at least one value, got none.")
    for item in plain:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            raise EvidenceError(
                f"{what}: expected one number or one per seed, got {item!r} "
                f"among {len(plain)} value(s). Reduce it to one axis over seeds first."
            )
        if not math.isfinite(item):
            raise EvidenceError(
                f"{what}: expected finite numbers, got {item} among {len(plain)} value(s). "
                "A run that overflowed is no measurement: find where, or count it instead."
            )
    return [float(item) for item in plain]


def checked_format(format: str, values: Sequence[float], what: str) -> str:
    """Return `format` if it can write the values."""
    try:
        for value in values:
            display.number(value, format)
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"{what}: format {format!r} cannot write them: {error}") from None
    return format


@dataclass(frozen=True)
class Number:
    """A measured number: one value, or one per seed."""

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


PARTS = ("median", "range", "min", "max")


@dataclass(frozen=True)
class Table:
    """A table whose measured cells are already written as text, with a header row."""

    columns: list[str]
    rows: list[list[str]]
    caption: str

    def __post_init__(self) -> None:
        checked_text(self.caption, "caption of a table")
        if not self.rows:
            raise EvidenceError(f"table {self.caption!r}: expected rows, got none.")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise EvidenceError(
                    f"table {self.caption!r}: expected {len(self.columns)} cells in each row "
                    f"({', '.join(self.columns)}), got {len(row)}: {row}"
                )


@dataclass(frozen=True)
class Rule:
    """The inequality that one measured value must satisfy."""

    kind: str
    bound: tuple[float, ...]

    KINDS = ("at_most", "at_least", "below", "above", "between", "equals")

    @classmethod
    def from_arguments(cls, given: dict[str, Any], what: str) -> Rule:
        """Make the rule from the one keyword that is not None."""
        chosen = {kind: bound for kind, bound in given.items() if bound is not None}
        if len(chosen) != 1:
            raise EvidenceError(
                f"{what}: expected exactly one of {', '.join(cls.KINDS)}, "
                f"got {', '.join(chosen) or 'none'}."
            )
        kind, bound = next(iter(chosen.items()))
        numbers = checked_values(bound, f"{what}, {kind}")
        wanted = 2 if kind in ("between", "equals") else 1
        if len(numbers) != wanted or (kind == "between" and numbers[0] > numbers[1]):
            raise EvidenceError(f"{what}: {kind} takes {wanted} number(s) in order, got {bound!r}.")
        if kind == "equals" and numbers[1] < 0:
            raise EvidenceError(f"{what}: equals takes (value, tolerance >= 0), got {bound!r}.")
        return cls(kind, tuple(numbers))

    def allows(self, value: float) -> bool:
        """Say whether one value satisfies the rule."""
        first, last = self.bound[0], self.bound[-1]
        return {
            "at_most": value <= first,
            "at_least": value >= first,
            "below": value < first,
            "above": value > first,
            "between": first <= value <= last,
            "equals": abs(value - first) <= last,
        }[self.kind]

    def judge(self, values: Sequence[float]) -> str:
        """Return *holds* if the median satisfies the rule, else *contradicted*."""
        return HOLDS if self.allows(display.median(values)) else CONTRADICTED

    def margin(self, values: Sequence[float]) -> float:
        """Return how far the median is from the nearest bound, in spreads of the values.

        The spread is their sample standard deviation. Values that do not spread at all are
        infinitely far, with one exception: an ordering of whole numbers that sits on its bound is
        0 spreads from it, for one step of one network would turn it.
        """
        if len(values) < 2:
            return math.inf
        centre, spread = display.median(values), statistics.stdev(values)
        distance = min(abs(centre - bound) for bound in self.edges)
        if spread == 0:
            whole = all(value == int(value) for value in (*values, *self.bound))
            ordering = self.kind in ("at_most", "at_least") and whole
            return 0.0 if distance == 0 and ordering else math.inf
        return distance / spread

    @property
    def edges(self) -> tuple[float, ...]:
        """Where allowed values end."""
        if self.kind == "equals":
            return self.bound[0] - self.bound[1], self.bound[0] + self.bound[1]
        return self.bound

    def text(self, format: str = ".3g", unit: str = "") -> str:
        """Write the rule in words, "at most 1.0 × 10⁻⁸"."""
        low = self._bound_text(self.bound[0], format, unit)
        high = self._bound_text(self.bound[-1], format, unit)
        return {
            "between": f"between {low} and {high}",
            "equals": low if not self.bound[-1] else f"{low} to within {high}",
        }.get(self.kind, f"{self.kind.replace('_', ' ')} {low}")

    @staticmethod
    def _bound_text(bound: float, format: str, unit: str) -> str:
        """Write a bound in full: rounding 0.15 to "0.1" would publish another promise."""
        try:
            text = display.number(bound, format, unit)
            digits = display.plain(bound, format).replace(",", "").rstrip("%")
            if float(digits) / (100 if "%" in format else 1) == bound:
                return text
        except ValueError:
            pass
        return display.number(bound, ".10g", unit)


@dataclass(frozen=True)
class Claim:
    """A sentence, the rule that it promises, and what was measured with and without its trap."""

    statement: str
    values: list[float]
    rule: Rule
    trap: str
    trap_values: list[float]
    expect: str = HOLDS
    exact: bool = False
    judged: bool = True
    format: str = ".3g"
    unit: str = ""

    @property
    def verdict(self) -> str:
        """The verdict at the median."""
        return self.rule.judge(self.values)

    @property
    def trap_verdict(self) -> str:
        """The verdict of the same rule at the median of the trap's values."""
        return self.rule.judge(self.trap_values)

    @property
    def inside(self) -> int:
        """How many values satisfy the rule."""
        return sum(map(self.rule.allows, self.values))

    @property
    def standing(self) -> str:
        """The verdict with the count of values inside, as in "holds, 4 of 5"."""
        if not self.judged:
            return "not judged"
        return (
            self.verdict if self.exact else f"{self.verdict}, {self.inside} of {len(self.values)}"
        )

    @property
    def margin(self) -> float:
        """How far the median is from the bound, in spreads over the values (see `Rule.margin`)."""
        return math.inf if self.exact else self.rule.margin(self.values)

    @property
    def thin(self) -> str:
        """Why another sample might come out otherwise, or "" if the margin is wide enough."""
        if not self.judged or self.margin >= THIN:
            return ""
        measured = display.middle(self.values, self.format, self.unit)
        promised = self.rule.text(self.format, self.unit)
        return (
            f"a thin margin: the median, {measured}, is {self.margin:.1f} spreads from its bound "
            f"({promised}), and {THIN:.0f} are safe. Sharpen the measurement or the sentence."
        )

    @property
    def problem(self) -> str | None:
        """Why the promise is broken, or None. A claim that is not judged breaks no promise."""
        if not self.judged:
            return None
        measured = display.summary(self.values, self.format, self.unit)
        promised = self.rule.text(self.format, self.unit)
        if self.verdict != self.expect:
            return (
                f"measured {measured}, promised {promised}: {self.standing}, "
                f"expected {self.expect}. "
                "Either the code changed what it measures, or the sentence must change."
            )
        if self.trap_verdict == self.verdict:
            return (
                f"its trap ({self.trap}) measured "
                f"{display.summary(self.trap_values, self.format, self.unit)} against {promised}: "
                f"{self.trap_verdict}, which does not flip the verdict. A claim that cannot fail "
                "says nothing: choose a trap that breaks it, or a sharper rule."
            )
        return None

    def to_json(self) -> dict[str, Any]:
        """Return plain data, the verdicts included for readers of the file."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "rule": {"kind": self.rule.kind, "bound": list(self.rule.bound)},
            "verdict": self.verdict,
            "trap_verdict": self.trap_verdict,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Claim:
        """Read a claim back; its verdict is computed again, never believed."""
        fields = {name: data[name] for name in cls.__dataclass_fields__ if name != "rule"}
        return cls(rule=Rule(data["rule"]["kind"], tuple(data["rule"]["bound"])), **fields)
