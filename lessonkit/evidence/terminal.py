"""What a lesson run by hand shows, in a terminal or in a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from lessonkit.evidence.claim import Claim
from lessonkit.evidence.record import Medium, Record
from lessonkit.evidence.session import Session

T = TypeVar("T")


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)


def open_lesson(session: Session, name: str) -> None:
    """Say what runs, and how."""
    _console().print(f"[bold]{name}[/]  [dim]profile {session.profile}, {session.device}[/]\n")


def bar(steps: Iterable[T], label: str) -> Iterable[T]:
    """Return `steps` behind a progress bar that vanishes when it is full."""
    from rich.progress import track

    return track(steps, description=label, transient=True)


def show(session: Session, name: str, record: Record) -> None:
    """Print a record as it is published; a notebook shows its pictures and plays its sounds."""
    console = _console()
    for line in record.lines(name):
        console.print(line.text, style=line.style or None, markup=False)
    for medium in record.media:
        if "ipykernel" in sys.modules:
            _display(session, medium)
        else:
            console.print(f"    {session.folder / medium.path}", style="bold", markup=False)
    if record.lines(name)[1:] or record.media:
        console.print()


def _display(session: Session, medium: Medium) -> None:
    from IPython import display

    shown = display.Audio if medium.type.startswith("audio") else display.Image
    display.display(shown(filename=str(session.folder / medium.path)))  # type: ignore[no-untyped-call]


def close_lesson(session: Session) -> None:
    """Say how many claims came out as promised, or that the lesson did not end well."""
    if os.getpid() != session.pid:
        return
    console = _console()
    claims = [record for record in session.records.values() if isinstance(record, Claim)]
    if getattr(sys, "last_value", None) is not None:
        console.print(
            f"[bold red]The lesson stopped before its end[/], after {len(claims)} claim(s)."
        )
        return
    session.write()
    kept = sum(claim.problem is None for claim in claims)
    if session.profile == "smoke":
        console.print("A smoke run only shows that the lesson runs: nothing was judged.")
    else:
        console.print(f"[bold]{kept} of {len(claims)} claims came out as promised.[/]")
        if kept < len(claims):
            console.print(
                "One run is one sample of seeds on one machine. `lessonkit build` judges it "
                "together with the recorded replications."
            )
    console.print(f"Figures, data and evidence: [bold]{session.folder}[/]")
