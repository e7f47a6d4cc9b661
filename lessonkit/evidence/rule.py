"""The inequality that a claim promises: how it is judged, and how it is written."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lessonkit.evidence import display
from lessonkit.evidence.record import EvidenceError, checked_values

HOLDS, CONTRADICTED = "holds", "contradicted"
VERDICTS = (HOLDS, CONTRADICTED)


@dataclass(frozen=True)
class Rule:
    """The inequality that one measured value must satisfy."""

    kind: str
    bound: tuple[float, ...]

    KINDS: ClassVar = ("at_most", "at_least", "below", "above", "between", "equals")

    @classmethod
    def from_arguments(cls, given: Mapping[str, Any], what: str) -> Rule:
        """Make the rule from the one keyword that is not None."""
        chosen = {kind: bound for kind, bound in given.items() if bound is not None}
        if len(chosen) != 1:
            raise EvidenceError(
                f"{what}: expected exactly one of {', '.join(cls.KINDS)}, "
                f"got {', '.join(chosen) or 'none'}. Write one, as in at_most=0.15."
            )
        kind, bound = next(iter(chosen.items()))
        made = cls(kind, tuple(checked_values(bound, f"{what}, {kind}")))
        made.check(what)
        return made

    def check(self, what: str) -> None:
        """Refuse bounds that are not those of its kind.

        Raises:
            EvidenceError: no such kind, bounds that are not finite, too many or too few.
        """
        kind, bound = self.kind, self.bound
        if kind not in self.KINDS:
            raise EvidenceError(f"{what}: rule {kind!r:.40}: choose {', '.join(self.KINDS)}.")
        numbers = checked_values(bound, f"{what}, {kind}")
        wanted = 2 if kind in ("between", "equals") else 1
        if len(numbers) != wanted or (kind == "between" and numbers[0] > numbers[1]):
            raise EvidenceError(f"{what}: {kind} takes {wanted} number(s) in order, got {bound!r}.")
        if kind == "equals" and numbers[1] < 0:
            raise EvidenceError(f"{what}: equals takes (value, tolerance >= 0), got {bound!r}.")

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

    def bound_text(self, format: str = ".3g", unit: str = "") -> str:
        """Write what comes behind the words of the rule: "15 %", "0.2 and 0.4"."""
        low = display.bound(self.bound[0], format, unit)
        high = display.bound(self.bound[-1], format, unit)
        if self.kind == "equals":
            return low if not self.bound[-1] else f"{low} to within {high}"
        return f"{low} and {high}" if self.kind == "between" else low

    def text(self, format: str = ".3g", unit: str = "") -> str:
        """Write the rule in words, "at most 15 %"."""
        bound = self.bound_text(format, unit)
        return bound if self.kind == "equals" else f"{self.kind.replace('_', ' ')} {bound}"


class Words:
    """What `{rule}` and `{bound}` in a sentence stand for: `{rule:.0%}` writes it under a format.

    Args:
        rule: of the claim.
        format: how the claim's values are written; the sentence may say another one.
        unit: of the values.
        whole: whether the words of the rule come before its bound.
    """

    def __init__(self, rule: Rule, format: str, unit: str, whole: bool) -> None:
        self.rule, self.format, self.unit, self.whole = rule, format, unit, whole

    def __format__(self, format: str) -> str:
        if format and format != display.POINTS:
            f"{self.rule.bound[0]:{format}}"  # a format of Python's, or its ValueError
        wanted, unit = format or self.format, "" if format else self.unit
        if self.whole:
            return self.rule.text(wanted, unit)
        if self.rule.kind == "equals":  # the tolerance is no part of the sentence
            return display.bound(self.rule.bound[0], wanted, unit)
        return self.rule.bound_text(wanted, unit)


def worded(statement: str, rule: Rule, format: str, unit: str, what: str) -> str:
    """Fill `{rule}` and `{bound}` into a claim's sentence.

    Raises:
        EvidenceError: another placeholder, a brace on its own, or a rule that was typed.
    """
    words = {name: Words(rule, format, unit, name == "rule") for name in ("rule", "bound")}
    try:
        filled = statement.format(**words)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise EvidenceError(
            f"{what}: its sentence {statement!r} cannot be filled in ({error}). {{rule}} becomes "
            f"{rule.text(format, unit)!r}, {{bound}} {rule.bound_text(format, unit)!r}, and "
            "{rule:.0%} writes it under that format; write {{ and }} for braces."
        ) from None
    for typed in dict.fromkeys(rule.text(wanted) for wanted in (format, "%", ".3g")):
        if rule.kind != "equals" and f"{typed} " in f"{statement} ":
            raise EvidenceError(
                f"{what}: its sentence types {typed!r}, which the rule says already, so that one "
                "of the two will be forgotten. Write {rule}, or {rule:.0%} for a share."
            )
    return filled
