"""What a lesson run by hand says, in a terminal or to whatever reads its output."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from types import TracebackType
from typing import TypeVar

from lessonkit.evidence.claim import Claim
from lessonkit.evidence.record import Record
from lessonkit.evidence.session import Session

T = TypeVar("T")


def open_lesson(session: Session, name: str) -> None:
    """Say what runs, and how; from here on no output can end the lesson."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)
    global _others
    if sys.excepthook is not _end:
        _others, sys.excepthook = sys.excepthook, _end
    say(f"{name}  profile {session.profile}, {session.device}\n", "bold")


def say(text: str, style: str = "") -> None:
    """Print text: in colour on a terminal that wants any, elsewhere plain, in whole lines."""
    if not _terminal() or find_spec("rich") is None:
        print(text)
        return
    from rich.console import Console

    system = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(highlight=False, soft_wrap=True, color_system=system)  # type: ignore[arg-type]
    console.print(text, style=style or None, markup=False)


def _terminal() -> bool:
    return bool(getattr(sys.stdout, "isatty", bool)())


def bar(steps: Iterable[T], label: str) -> Iterable[T]:
    """Return `steps`, on a terminal behind a progress bar that vanishes when it is full."""
    if not _terminal() or find_spec("rich") is None:
        return steps
    from rich.progress import track

    return track(steps, description=label, transient=True)


def show(session: Session, name: str, record: Record) -> None:
    """Print a record as it is published, and where its pictures and sounds lie."""
    lines = record.lines(name)
    for line in lines:
        say(line.text, line.style)
    for medium in record.media:
        say(f"    {os.path.relpath(session.folder / medium.path)}", "bold")
    if lines[1:] or record.media:
        print()


def summary(session: Session) -> list[str]:
    """Say how many claims came out as promised, and where everything lies."""
    claims = [record for record in session.records.values() if isinstance(record, Claim)]
    kept = sum(claim.problem is None for claim in claims)
    if session.profile == "smoke":
        lines = ["A smoke run only shows that the lesson runs: nothing was judged."]
    else:
        many = f"{len(claims)} claim{'s' * (len(claims) != 1)}"
        lines = [f"{kept} of {many} came out as promised."]
        if kept < len(claims):
            lines.append(
                "One run is one sample of seeds on one machine. `lessonkit build` judges it "
                "together with the recorded replications."
            )
    if session.by_hand and not session.passing:
        lines.append(f"Figures, data and evidence: {os.path.relpath(session.folder)}")
    return lines


def close_lesson(session: Session) -> None:
    """Write the evidence and say how it came out, or that the lesson did not end well."""
    if os.getpid() != session.pid:
        return
    try:
        if getattr(sys, "last_value", None) is not None and not hasattr(sys, "ps1"):
            claims = sum(isinstance(record, Claim) for record in session.records.values())
            say(f"The lesson stopped before its end, after {claims} claim(s).", "bold red")
        else:
            session.write()
            for line, style in zip(summary(session), ("bold", "", ""), strict=False):
                say(line, style)
        sys.stdout.flush()
    except BrokenPipeError:
        _hush()
    except (OSError, ValueError) as error:  # a full disk, or a stream that the lesson closed
        print(error, file=sys.stderr)


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End quietly where nobody reads any more, as in `python lesson.py | head -1`."""
    if kind is BrokenPipeError and not _read():
        _hush()
    else:
        _others(kind, error, trace)


def _read() -> bool:
    """Say whether anybody still reads what is printed; a lesson may have pipes of its own."""
    if not hasattr(select, "poll"):
        return False
    looking = select.poll()
    looking.register(sys.stdout.fileno(), 0)
    return not looking.poll(0)  # only faults are told without being asked for


_others = sys.excepthook


def _hush() -> None:
    """Let what is still to be said go nowhere: Python would complain about it at its very end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
