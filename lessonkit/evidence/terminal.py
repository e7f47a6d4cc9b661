"""What a lesson run by hand shows in the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from lessonkit.evidence import display
from lessonkit.evidence.records import Claim
from lessonkit.evidence.session import Session

T = TypeVar("T")
_SIGN = {"holds": "✓", "contradicted": "✗"}
_STYLE = {"holds": "green", "contradicted": "magenta"}


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


def show_claim(name: str, claim: Claim) -> None:
    """Print one claim with what was measured, promised, and what its trap gave."""
    console, verdict = _console(), claim.verdict
    sign, style = _SIGN[verdict], _STYLE[verdict]
    if claim.problem:
        style = "bold red"
    word = claim.standing if claim.judged else "not judged (smoke)"
    console.print(f"[{style}]{sign} {word}[/]  [bold]{claim.statement}[/]")
    if claim.expect == "contradicted":
        console.print("    [dim]the popular statement, put to the test[/]")
    measured = display.summary(claim.values, claim.format, claim.unit)
    seeds = "exact" if claim.exact else f"{len(claim.values)} seeds"
    console.print(f"    measured {measured}  [dim]({seeds})[/]")
    console.print(f"    promised {claim.rule.text(claim.format, claim.unit)}")
    trap = display.summary(claim.trap_values, claim.format, claim.unit)
    console.print(f"    [dim]trap: {claim.trap}: {trap}: {claim.trap_verdict}[/]")
    if claim.problem:
        console.print(f"    [bold red]claim '{name}': {claim.problem}[/]")
    console.print()


def close_lesson(session: Session) -> None:
    """Print the numbers, the figures and where they lie; say so if the lesson did not end well."""
    if os.getpid() != session.pid:
        return
    console = _console()
    if getattr(sys, "last_value", None) is not None:
        console.print(
            f"[bold red]The lesson stopped before its end[/], after {len(session.claims)} claim(s)."
        )
        return
    session.write()
    for name, number in session.numbers.items():
        console.print(f"  {number.label or name}: [bold]{number.text()}[/]")
    if session.figures:
        console.print(f"\nFigures, data and evidence: [bold]{session.folder}[/]")
        for name in session.figures:
            console.print(f"  {session.folder / 'figures' / name}.png")
    kept = sum(claim.problem is None for claim in session.claims.values())
    if session.profile == "smoke":
        console.print("\nA smoke run only shows that the lesson runs: nothing was judged.")
    else:
        console.print(f"\n[bold]{kept} of {len(session.claims)} claims came out as promised.[/]")
        if kept < len(session.claims):
            console.print(
                "One run is one sample of seeds on one machine. `lessonkit build` judges it "
                "together with the recorded replications."
            )
