"""How far a build has come, and how long the rest will take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lessonkit.evidence import circumstances
from lessonkit.press.lesson.job import Job
from lessonkit.press.run import replications, runner, store
from lessonkit.press.settings import PressError, Settings


def expected_seconds(settings: Settings, job: Job) -> float | None:
    """Return the CPU seconds that a job will take, or None if nothing is known of its lesson.

    They are those of the last run of the lesson in this profile and with these instructions, else
    those of its replications, if possible with these instructions, scaled by how fast this machine
    is now.
    """
    profile = job.around.profile
    instructions = circumstances.instruction_set(job.around.instructions)
    for run in store.whole_runs(settings.runs_folder, job.lesson, settings.memo_folder):
        if (run.profile, run.manifest["instruction_set"]) == (profile, instructions):
            return float(run.manifest["cpu_seconds"] / run.manifest["pace"] * runner.pace())
    try:
        known = replications.records(settings, job.lesson)
    except PressError:
        return None
    known = [r for r in known if r.profile == profile]
    known = [r for r in known if r.instructions == instructions] or known
    taken = [r.cpu_seconds / r.pace for r in known]
    return statistics.median(taken) * runner.pace() if taken else None


def wall_seconds(seconds: Sequence[float], together: int) -> float:
    """Return how long jobs take that start in this order, `together` at once."""
    free = [0.0] * max(1, together)
    for taken in seconds:
        free[free.index(min(free))] += taken
    return max(free)


def spoken(seconds: float) -> str:
    """Write a time as people say it: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Board:
    """A bar for all jobs with the time left, and one for each that runs."""

    def __init__(
        self, console: Console, settings: Settings, jobs: Sequence[Job], together: int
    ) -> None:
        self.started = time.monotonic()
        self.console, self.together = console, min(together, max(1, len(jobs)))
        known = {job.key: expected_seconds(settings, job) for job in jobs}
        typical = statistics.mean([s for s in known.values() if s is not None] or [0.0])
        self.expected = {key: typical if s is None else s for key, s in known.items()}
        self.share = dict.fromkeys(known, 0.0)  # of each job that is done
        self.spent: dict[str, float] = {}  # CPU seconds of the jobs that ended
        self.progress = Progress(
            TextColumn("{task.fields[lesson]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,  # else it leaves an empty line in a log
        )
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> Board:
        count = len(self.share)
        if count:
            left = self.left()
            takes = f"about {spoken(left)}" if left else "nobody knows yet how long"
            runs = f"{count} run{'s' * (count > 1)}"
            self.console.print(f"{runs} to do, {self.together} at once: {takes}", style="dim")
        self.progress.start()
        if count > 1:
            self.tasks[""] = self.progress.add_task("", total=count, lesson="all")
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def left(self) -> float:
        """Return the seconds that are left, or 0.0 if nothing is known.

        Where no lesson has run before, what was done so far tells how long the rest takes.
        """
        if not any(self.expected.values()):
            done = statistics.mean(self.share.values()) if self.share else 0.0
            passed = time.monotonic() - self.started
            return passed * (1 - done) / done if done > 0.1 else 0.0
        ended = [key for key in self.spent if self.expected[key]]
        promised = sum(self.expected[key] for key in ended)
        pace = sum(self.spent[key] for key in ended) / promised if promised else 1.0
        rest = [self.expected[key] * (1 - share) for key, share in self.share.items()]
        return pace * wall_seconds([seconds for seconds in rest if seconds], self.together)

    def tell(self, job: Job, event: dict[str, Any]) -> None:
        """Take an event of the runner's or of a lesson's."""
        if event.get("state") == "started":
            self._start(job)
        elif event.get("state") == "ended":
            self._end(job, event["result"])
        elif "cell" in event:
            self.share[job.key] = event["cell"] / event["cells"]
            self._show(job, f"cell {event['cell'] + 1} of {event['cells']}")
        elif "label" in event:
            share = f" {100 * event['done'] // event['total']}%" if event["total"] else ""
            self._show(job, event["label"] + share)

    def _start(self, job: Job) -> None:
        seed = job.around.first_seed
        name = f"{job.lesson}, seeds from {seed}" if seed else job.lesson
        self.tasks[job.key] = self.progress.add_task("starting", total=1.0, lesson=name)
        if not self.console.is_terminal:
            click.echo(f"running {name}")

    def _show(self, job: Job, text: str) -> None:
        share = self.share[job.key]
        self.progress.update(self.tasks[job.key], description=text, completed=share)
        self._show_all()

    def _show_all(self) -> None:
        if "" in self.tasks:
            left = self.left()
            self.progress.update(
                self.tasks[""],
                completed=sum(self.share.values()),
                description=f"{len(self.spent)} of {len(self.share)} done"
                + (f", about {spoken(left)} left" if left else ""),
            )

    def _end(self, job: Job, result: runner.Result) -> None:
        if job.key in self.tasks:
            self.progress.remove_task(self.tasks.pop(job.key))
        self.share[job.key] = 1.0
        self.spent[job.key] = result.run.manifest["cpu_seconds"] if result.run else 0.0
        self._show_all()
        self.console.print(_ended(job, result))


def _ended(job: Job, result: runner.Result) -> str:
    if result.run is None:
        return f"[red]failed[/] {job.lesson}"
    manifest, claims = result.run.manifest, result.run.claims
    kept = sum(claim.problem is None for claim in claims.values())
    many = f"{len(claims)} claim{'s' * (len(claims) != 1)}"
    judged = f"{kept} of {many} as promised"
    if result.run.profile == "smoke":
        judged = f"{many}, not judged"
    return (
        f"[green]ran[/]   {job.lesson}  {manifest['cpu_seconds']:.1f} CPU s, "
        f"{manifest['peak_mib']} MiB, {judged}{_warned(result.run.warnings)}"
    )


def _warned(warnings: Sequence[str]) -> str:
    """Say how often a run warned; `lessonkit show` tells of what."""
    if not warnings:
        return ""
    return f", [yellow]{len(warnings)} warning{'s' * (len(warnings) > 1)}[/]"
