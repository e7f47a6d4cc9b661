"""A statement that no run here decides: a dated fact with its source, or why it is not testable."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lessonkit.evidence.record import EvidenceError, Line, Record, checked_text

CITED, NOT_TESTABLE = "cited", "not testable here"


@dataclass(frozen=True)
class Citation(Record):
    """What a source says, and when it said so; or the reason why nothing here can decide it."""

    kind = "citation"

    says: str
    answers: list[str]
    source: str = ""
    date: str = ""  # such as "2017" or "2017-06-12"
    reason: str = ""

    @property
    def verdict(self) -> str:
        """*cited*, or *not testable here*."""
        return NOT_TESTABLE if self.reason else CITED

    def check(self, what: str) -> None:
        """Refuse one that answers nothing, and one with neither a dated source nor a reason."""
        super().check(what)
        checked_text(self.says, what)
        if not self.answers:
            raise EvidenceError(f"{what}: expected the id of a statement that it answers.")
        _check_source(self.source, self.date, self.reason, what)

    def lines(self, name: str) -> list[Line]:
        """Return the verdict, the sentence, and where it comes from."""
        behind = self.reason or f"{self.source} ({self.date})"
        return [Line(f"– {self.verdict}: {self.says}"), Line(f"    {behind}", "dim")]


def cited(ids: list[str], says: str, source: str, date: str, reason: str) -> Citation:
    """Make a citation.

    Raises:
        EvidenceError: neither a source with its date nor a reason, or both.
    """
    what = f"cite {', '.join(ids)}"
    _check_source(source, date, reason, what)
    return Citation(checked_text(says, what), ids, source, str(date), reason)


def _check_source(source: str, date: str, reason: str, what: str) -> None:
    """Refuse neither a source with its date nor a reason, and both."""
    if bool(reason) == bool(source):
        raise EvidenceError(
            f"{what}: expected a source with its date, cite(id, says, source=…, date=…), or the "
            "reason why no run here can decide it, cite(id, says, not_testable=…); "
            f"got {'both' if reason else 'neither'}."
        )
    if source and not re.search(r"\b(1[5-9]|20)\d\d\b", str(date)):
        raise EvidenceError(
            f"{what}: date: expected the year in which the source said so, as in '2017' or "
            f"'2017-06-12', got {date!r}. What is told changes; a fact without a date cannot."
        )
