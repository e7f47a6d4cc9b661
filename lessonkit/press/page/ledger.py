"""The rows of the evidence: every claim and statement with its verdict, contradicted first."""

from __future__ import annotations

from dataclasses import dataclass, field

from lessonkit.evidence import Claim
from lessonkit.evidence.promise import Promise
from lessonkit.press.course.entries import Answer, Course, Entry
from lessonkit.press.course.statements import Statement
from lessonkit.press.page import shown
from lessonkit.press.page.evidence import Link
from lessonkit.press.page.templates import state

NOT_YET = "not yet"
CITED = "cited"
_FIRST = ("broken", "contradicted", "holds", CITED, "unjudged", NOT_YET)


@dataclass(frozen=True)
class ClaimRow:
    """A claim in the list of all, with the place on a page where it stands."""

    name: str
    made: Promise
    address: str

    @property
    def state(self) -> str:
        """The state of its promise."""
        return state(self.made)


@dataclass(frozen=True)
class Verdict:
    """One answer to a statement."""

    state: str
    says: str
    name: str
    lesson: str
    address: str


@dataclass(frozen=True)
class StatementRow:
    """A statement in the list of all, with its answers."""

    statement: Statement
    answers: list[Verdict] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """The states of its answers, the worst first."""
        found = {answer.state for answer in self.answers} or {NOT_YET}
        return sorted(found, key=_FIRST.index)

    @property
    def lessons(self) -> list[str]:
        """The lessons that answer it."""
        return sorted({answer.lesson for answer in self.answers})


def claims(course: Course, link: Link) -> dict[str, list[ClaimRow]]:
    """Return the claims of each lesson that has any, those first that came out otherwise."""
    found = {}
    for entry in course.entries.values():
        rows = [
            ClaimRow(name, made, _where(course, entry, name, link))
            for name, made in entry.promises.items()
        ]
        if rows:
            found[entry.name] = sorted(rows, key=lambda row: _FIRST.index(row.state))
    return found


def statements(course: Course, link: Link) -> dict[str, list[StatementRow]]:
    """Return the statements by who tells them: contradicted first, those without answer last."""
    found: dict[str, list[StatementRow]] = {}
    for name, statement in course.statements.items():
        given = [_verdict(course, answer, link) for answer in course.answers.get(name, [])]
        found.setdefault(statement.told_by, []).append(StatementRow(statement, given))
    for rows in found.values():
        rows.sort(key=lambda row: _FIRST.index(row.states[0]))
    return found


def _verdict(course: Course, answer: Answer, link: Link) -> Verdict:
    entry, record = answer.entry, answer.record
    judged = isinstance(record, Claim)
    kind = state(entry.promises[answer.name]) if judged else CITED
    where = _where(course, entry, answer.name, link)
    return Verdict(kind, record.verdict, answer.name, entry.name, where)


def _where(course: Course, entry: Entry, name: str, link: Link) -> str:
    """Return where a claim or citation stands on a lesson's page, as its marks say."""
    return shown.address(course, entry, name, frozenset(), link)
