"""A claim: a sentence, the rule that it promises, and the trap that must break it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lessonkit.evidence import display
from lessonkit.evidence.record import (
    EvidenceError,
    Line,
    Record,
    checked_format,
    checked_text,
    checked_values,
)
from lessonkit.evidence.rule import CONTRADICTED, HOLDS, VERDICTS, Rule, worded
from lessonkit.evidence.trap import Sides

THIN = 3.0  # spreads: a median nearer to its bound than this may fall on the other side elsewhere
_SIGNS = {HOLDS: ("✓", "green"), CONTRADICTED: ("✗", "magenta")}


@dataclass(frozen=True)
class Claim(Record):
    """A sentence, the rule that it promises, and what was measured with and without its trap."""

    kind = "claim"
    parts = ("measured", "promised", "trap")

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
    answers: list[str] = field(default_factory=list)

    @property
    def measured(self) -> str:
        """Its values in words: the median with the range over seeds."""
        return display.summary(self.values, self.format, self.unit)

    @property
    def trapped(self) -> str:
        """The trap's values in words."""
        return display.summary(self.trap_values, self.format, self.unit)

    @property
    def promised(self) -> str:
        """Its rule in words."""
        return self.rule.text(self.format, self.unit)

    @property
    def over(self) -> str:
        """Say how many values it has."""
        return "exact" if self.exact else f"{len(self.values)} seeds"

    def text(self, part: str = "") -> str:
        """Write what was measured, promised, or measured with the trap."""
        return {"measured": self.measured, "promised": self.promised, "trap": self.trapped}[part]

    def title(self, part: str = "") -> str:
        """Say whose value a part is."""
        return f"{f'trap: {self.trap}; ' if part == 'trap' else ''}{self.over}: {self.statement}"

    def lines(self, name: str) -> list[Line]:
        """Return the verdict with its sentence, what was measured, promised, and the trap."""
        sign, style = _SIGNS[self.verdict] if self.judged else ("–", "dim")
        word = self.standing if self.judged else "not judged (smoke)"
        said = [Line(f"{sign} {word}: {self.statement}", "bold red" if self.problem else style)]
        if self.expect == CONTRADICTED:
            said.append(Line("    the popular statement, put to the test", "dim"))
        said.append(Line(f"    measured {self.measured} ({self.over}), promised {self.promised}"))
        trap = f"    trap: {self.trap}: {self.trapped}: {self.trap_verdict}"
        said.append(Line(trap, "dim"))
        if self.problem:
            said.append(Line(f"    claim {name!r}: {self.problem}", "bold red"))
        return said

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
        middle = display.middle(self.values, self.format, self.unit)
        return (
            f"a thin margin: the median, {middle}, is {self.margin:.1f} spreads from its bound "
            f"({self.promised}), and {THIN:.0f} are safe. Sharpen the measurement or the sentence."
        )

    @property
    def problem(self) -> str | None:
        """Why the promise is broken, or None. A claim that is not judged breaks no promise."""
        if not self.judged:
            return None
        if self.verdict != self.expect:
            return (
                f"measured {self.measured}, promised {self.promised}: {self.standing}, "
                f"expected {self.expect}. "
                "Either the code changed what it measures, or the sentence must change."
            )
        if self.trap_verdict == self.verdict:
            return (
                f"its trap ({self.trap}) measured {self.trapped} against {self.promised}: "
                f"{self.trap_verdict}, which does not flip the verdict. A claim that cannot fail "
                "says nothing: choose a trap that breaks it, or a sharper rule."
            )
        return None

    def to_json(self) -> dict[str, Any]:
        """Return plain data, the verdicts included for readers of the file."""
        rule = {"kind": self.rule.kind, "bound": list(self.rule.bound)}
        verdicts = {"verdict": self.verdict, "trap_verdict": self.trap_verdict}
        return {**super().to_json(), "rule": rule, **verdicts}

    def check(self, what: str) -> None:
        """Refuse a rule that is none, sides of other lengths, and what cannot be written."""
        super().check(what)
        checked_text(self.statement, f"statement of {what}")
        checked_text(self.trap, f"trap of {what}")
        self.rule.check(what)
        _check_sides(self.values, self.trap_values, self.expect, self.format, what)


def promised(
    statement: str, sides: Sides, rules: Mapping[str, Any], expect: str, what: str, **said: Any
) -> Claim:
    """Make a claim of what a lesson measured.

    Args:
        statement: its sentence, with or without `{rule}` and `{bound}`.
        sides: what was measured, and the same with the trap.
        rules: the inequalities by their names, all but one None.
        expect: one of VERDICTS.
        what: the claim, for errors.
        said: the other fields of the claim as they are.

    Raises:
        EvidenceError: no rule or several, a value that is not finite, a trap measured otherwise.
    """
    rule = Rule.from_arguments(rules, what)
    values = checked_values(sides.values, what)
    trapped = checked_values(sides.trap_values, f"trap of {what}")
    sentence = checked_text(statement, f"statement of {what}")
    _check_sides(values, trapped, expect, said["format"], what)
    sentence = worded(sentence, rule, said["format"], said["unit"], what)
    return Claim(sentence, values, rule, sides.trap, trapped, expect, **said)


def _check_sides(
    values: list[float], trapped: list[float], expect: str, format: str, what: str
) -> None:
    """Refuse what cannot be judged, or not be written down afterwards."""
    if expect not in VERDICTS:
        raise EvidenceError(f"{what}: expect {expect!r:.40}: choose {', '.join(VERDICTS)}.")
    written = [*checked_values(values, what), *checked_values(trapped, f"trap of {what}")]
    checked_format(format, written, what)
    if len(trapped) != len(values):
        raise EvidenceError(
            f"{what}: expected {len(values)} value(s) of its trap, as many as of the claim, "
            f"got {len(trapped)}. Measure the trap as the claim is measured."
        )
