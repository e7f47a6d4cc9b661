"""What happens when a lesson publishes: a name is taken, and whoever looks on sees it."""

from __future__ import annotations

import atexit
import os

from lessonkit.evidence import circumstances, notebook, terminal
from lessonkit.evidence.measuring import Measuring
from lessonkit.evidence.record import EvidenceError, Record, checked_name
from lessonkit.evidence.session import Session


class Publishing(Measuring):
    """The half of a lesson that has something to say, whatever its kind.

    Args:
        session: the execution that it belongs to.
        name: of the lesson.
    """

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(session)
        if session.by_hand:
            terminal.open_lesson(session, name)
            if circumstances.front_end() == "script":
                atexit.register(terminal.close_lesson, session)

    def __repr__(self) -> str:
        """Return how it came out so far: the last line of a script, on demand in a notebook."""
        return "\n".join(terminal.summary(self._session))

    def _new(self, kind: str, name: str) -> str:
        """Refuse a bad or taken name, and evidence from a process that the lesson forked."""
        checked_name(name)
        if name in self._session.records and not self._session.replaces:
            raise EvidenceError(
                f"name {name!r}: already used in this lesson; numbers, tables, figures and claims "
                "share one namespace. Choose another."
            )
        if os.getpid() != self._session.pid:
            raise EvidenceError(
                f"{name!r} was published from a forked process, where it would be lost. "
                "Send the values back to the lesson's own process first."
            )
        return f"{kind} {name!r}"

    def _publish(self, name: str, record: Record) -> None:
        session = self._session
        session.records.pop(name, None)  # in the order in which cells were run
        session.records[name] = record
        if not session.by_hand:
            session.published()
            return
        if circumstances.front_end() != "notebook":
            terminal.show(session, name, record)
            return
        session.write()  # nobody knows which cell is the last
        notebook.show(notebook.shown(name, record, lambda path: session.file(path).read_bytes()))
