"""What the command line says: tables, boards, and the lines that forbid something."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lessonkit.press.lesson.job import Job
from lessonkit.press.run import failures, progress, runner
from lessonkit.press.run.standing import Standing
from lessonkit.press.run.verify import Comparison
from lessonkit.press.settings import Settings


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print a line, with rich's marks for how it looks."""
    _console().print(line)


def say_plain(line: str, style: str = "") -> None:
    """Print a line as it is: brackets are brackets."""
    _console().print(line, style=style or None, markup=False)


def _print_table(console: Console, table: Table) -> None:
    """Print a table; where nobody looks on, whole, a row to a line and without a frame."""
    if console.is_terminal:
        console.print(table)
        return
    table.box, table.show_edge, table.pad_edge = None, False, False
    drawn = io.StringIO()
    Console(file=drawn, width=10_000, color_system=None).print(table)
    for line in drawn.getvalue().splitlines():
        click.echo(line.rstrip())


def remark(lines: Iterable[str]) -> None:
    """Print what an author should know, though it forbids nothing."""
    console = _console()
    for line in lines:
        console.print(line, style="yellow", markup=False)


def board(settings: Settings, todo: Sequence[Job], jobs: int | None) -> progress.Board:
    """Return the board that shows how far jobs are, `jobs` of them at once if anybody says so."""
    together = runner.together(jobs, todo[0].around.device if todo else "cpu")
    return progress.Board(_console(), settings, todo, together)


def foretell(settings: Settings, planned: Sequence[Standing], todo: Sequence[Job]) -> None:
    """Say of each lesson whether it would run, why, and how long it would take."""
    lessons = {job.lesson: job for job in todo}
    for standing in planned:
        job = lessons.get(standing.lesson)
        seconds = progress.expected_seconds(settings, job) if job else None
        time = f", about {progress.spoken(seconds)}" if seconds else ""
        click.echo(f"{'run ' if job else 'keep'}  {standing.lesson}  ({standing.state}{time})")


def traces(settings: Settings, results: Sequence[runner.Result]) -> dict[str, str]:
    """Return a line for each job that failed, with what it printed and its traceback."""
    return {
        failures.explain(result.failure, settings): (
            (result.failure.get("log") or "") + (result.failure.get("traceback") or "")
        ).rstrip()
        for result in results
        if result.failure is not None
    }


def complain(failed: Mapping[str, str], problems: Iterable[str] = ()) -> int:
    """Print what is wrong, each line once, and return the exit code."""
    lines = {**failed, **{line: "" for line in problems if line not in failed}}
    for line, trace in lines.items():
        click.secho(f"{trace}\n{line}" if trace else line, err=True, fg="red")
    return 1 if lines else 0


def sum_up(planned: Sequence[Standing], results: Sequence[runner.Result]) -> None:
    """Print how many of the planned lessons ran, failed, and were fresh already."""
    tried = {result.job.lesson: result.run is not None for result in results}
    ran = sum(tried.values())
    failed = len(tried) - ran + sum(lesson.job is None for lesson in planned)
    fresh = sum(one.state == "fresh" and one.lesson not in tried for one in planned)
    if ran or failed:
        counts = {"ran": ran, "failed": failed, "fresh": fresh}
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        say(f"{len(planned)} lesson{'s' * (len(planned) > 1)}: {said}")
    elif fresh:
        say(f"[dim]fresh[/] {fresh} of {len(planned)} lessons: nothing to run")


def tell_standings(found: Sequence[Standing], as_json: bool) -> None:
    """Print how lessons stand: as a table and the lines about them, or as JSON."""
    if as_json:
        click.echo(json.dumps([standing.to_json() for standing in found], indent=1))
        return
    table = Table("lesson", "state", "profile", "device", "CPU s", "kept", "replicated", "key")
    table.columns[0].overflow = table.columns[-1].overflow = "fold"
    for standing in found:
        table.add_row(*_row(standing.to_json()))
    console = _console()
    _print_table(console, table)
    for problem in (problem for standing in found for problem in standing.problems):
        console.print(problem, style="red", markup=False)
    remark(line for standing in found for line in standing.remarks)


def _row(data: dict[str, Any]) -> list[str | None]:
    kept = sum(claim["kept"] for claim in data["claims"])
    return [
        data["lesson"],
        data["state"],
        data["profile"],
        data["device"],
        "" if data["seconds"] is None else f"{data['seconds']:.1f}",
        f"{kept} of {len(data['claims'])}",
        _replicated(data["claims"]),
        data["key"],
    ]


def _replicated(claims: list[dict[str, Any]]) -> str:
    """Say how many fresh networks stand behind a lesson, as in "50 networks, 2 machines"."""
    known = [claim["replicated"] for claim in claims if claim["replicated"]]
    if not known:
        return "no"
    networks, machines = (max(k[name] for k in known) for name in ("networks", "machines"))
    return f"{networks} networks, {machines} machine{'s' * (machines > 1)}"


def tell_comparisons(found: Sequence[Comparison]) -> None:
    """Print a reader's own numbers beside the published ones."""
    table = Table("", "name", "page", "band", "yours", "inside")
    for item in found:
        mark = "[green]yes[/]" if item.inside else "[red]no[/]"
        table.add_row(item.kind, item.name, item.page, item.band, item.yours, mark)
    console = _console()
    _print_table(console, table)
    console.print(f"{sum(item.inside for item in found)} of {len(found)} inside")
