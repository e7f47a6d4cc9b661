"""The command line `lessonkit`.

Exit codes: 0 good, 1 a lesson or a claim failed, 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import click

from lessonkit.press.settings import PressError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from lessonkit.press.run import build as build_steps
    from lessonkit.press.run import runner, store
    from lessonkit.press.settings import Settings

# The press is imported inside the commands: `lessonkit --help` shows at once.


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="lessonkit")
def commands(debug: bool) -> None:
    """Lessons that are true because they ran."""


def main() -> None:
    """Run the command line; a person sees one line, not a traceback."""
    debug = "--debug" in sys.argv
    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("interrupted; finished runs are kept", err=True)
        sys.exit(130)
    except PressError as error:
        if debug:
            raise
        click.secho(f"lessonkit: {error}", err=True, fg="red")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except Exception as error:
        if debug:
            raise
        click.secho(
            f"lessonkit: unexpected {type(error).__name__}: {error} (--debug shows where)",
            err=True,
            fg="red",
        )
        sys.exit(1)


def _circumstances(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose profile, device and instructions."""
    profile = click.option("--profile", metavar="quick|full|smoke", help="How much to measure.")
    device = click.option(
        "--device", default="auto", metavar="auto|cpu|cuda|mps", show_default=True
    )
    portable = click.option(
        "--portable",
        "instructions",
        flag_value="portable",
        help="Use only instructions that every processor has: another kind of machine.",
    )
    return profile(device(portable(command)))


def _first_seed(default: str) -> Callable[..., Any]:
    return click.option(
        "--first-seed", type=click.IntRange(0), help=f"Where seeds start {default}."
    )


@commands.command()
@click.argument("lessons", nargs=-1)
@_circumstances
@click.option(
    "--jobs", type=click.IntRange(1), help="Lessons at once (default: cores; 1 on a GPU)."
)
@_first_seed("(default: LESSONKIT_FIRST_SEED, or 0)")
@click.option("--force", is_flag=True, help="Run again what is fresh.")
@click.option("--dry-run", is_flag=True, help="Say what would run, why, and how long it takes.")
def build(
    lessons: tuple[str, ...],
    profile: str | None,
    device: str,
    instructions: str | None,
    jobs: int | None,
    first_seed: int | None,
    force: bool,
    dry_run: bool,
) -> None:
    """Run the LESSONS that are not fresh (default: all) and lay out what pages need."""
    from lessonkit.press import settings
    from lessonkit.press.run import build as steps
    from lessonkit.press.run import progress

    project = settings.load()
    planned = steps.states(project, lessons, profile, device, first_seed, instructions)
    todo = steps.needed(planned, force)
    if dry_run:
        _foretell(project, planned, todo)
        return
    console = _console()
    unreadable = [problem for s in planned if s.job is None for problem in s.problems]
    together = steps.at_once(jobs, todo[0].around.device if todo else "cpu")
    with progress.Board(console, project, todo, together) as board:
        results = steps.build(project, planned, jobs, force, board.tell)
    fresh = sum(state.state == "fresh" for state in planned)
    if fresh and not force:
        console.print(f"[dim]fresh[/] {fresh} of {len(planned)} lessons: nothing to run")
    failures = [*unreadable, *_failures(project, results)]
    broken = _judge(console, project, _runs_after(planned, results))
    _publish(project)
    for line in (*failures, *broken):
        click.secho(line, err=True, fg="red")
    if failures or broken:
        sys.exit(1)


def _foretell(project: Settings, planned: list[build_steps.State], todo: list[runner.Job]) -> None:
    from lessonkit.press.run import progress

    lessons = {job.lesson: job for job in todo}
    for state in planned:
        job = lessons.get(state.lesson)
        seconds = progress.expected_seconds(project, job) if job else None
        time = f", about {progress.spoken(seconds)}" if seconds else ""
        click.echo(f"{'run ' if job else 'keep'}  {state.lesson}  ({state.state}{time})")


def _judge(console: Console, project: Settings, runs: list[store.Run]) -> list[str]:
    """Carry records over, say what is thin or disputed, and return what is broken."""
    from lessonkit.press.run import replications

    broken = []
    for run in runs:
        try:
            carried = replications.carry(project, run)
        except PressError as error:
            broken.append(str(error))
            continue
        if carried:
            console.print(
                f"[dim]carried over[/] {carried} replications of {run.lesson}: no number moved"
            )
        promises, problem = replications.promises(project, run)
        broken += [problem] if problem else []
        broken += replications.broken(run.lesson, promises)
        for line in replications.remarks(run.lesson, promises):
            console.print(line, style="yellow", markup=False)
    return broken


def _publish(project: Any) -> None:
    from lessonkit.press.course import entries as course
    from lessonkit.press.site import downloads as publish

    publish.publish(course.current(project, fresh=True))


def _runs_after(planned: list[build_steps.State], results: list[runner.Result]) -> list[store.Run]:
    ran = {result.job.lesson: result.run for result in results}
    runs = [ran.get(s.lesson, s.run if s.state == "fresh" else None) for s in planned]
    return [run for run in runs if run is not None]


def _failures(project: Any, results: list[runner.Result]) -> list[str]:
    from lessonkit.press.run import runner

    lines = []
    for result in results:
        if result.failure is not None:
            trace = (result.failure.get("log") or "") + (result.failure.get("traceback") or "")
            lines.append(
                f"{trace.rstrip()}\n" * bool(trace) + runner.explain(result.failure, project)
            )
    return lines


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


@commands.command()
def check() -> None:
    """Check pages and lessons without building the site."""
    from lessonkit.press import settings
    from lessonkit.press.course import entries as course
    from lessonkit.press.site import check as checks

    found = checks.check(course.current(settings.load(), fresh=True))
    for finding in found:
        click.secho(
            f"warning: {finding}" if finding.warning else str(finding),
            err=True,
            fg="yellow" if finding.warning else "red",
        )
    errors = sum(not finding.warning for finding in found)
    click.echo(f"{errors} error(s), {len(found) - errors} warning(s)")
    if errors:
        sys.exit(1)


@commands.command()
@_circumstances
@_first_seed("(default: LESSONKIT_FIRST_SEED, or 0)")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for programs.")
def status(
    profile: str | None,
    device: str,
    instructions: str | None,
    first_seed: int | None,
    as_json: bool,
) -> None:
    """Say how each lesson stands: fresh, stale, missing or failed."""
    from lessonkit.press import settings
    from lessonkit.press.run import build as steps

    found = steps.states(settings.load(), (), profile, device, first_seed, instructions)
    if as_json:
        click.echo(json.dumps([state.to_json() for state in found], indent=1))
        return
    from rich.table import Table

    table = Table("lesson", "state", "profile", "device", "CPU s", "kept", "replicated", "key")
    table.columns[0].overflow = table.columns[-1].overflow = "fold"
    for state in found:
        data = state.to_json()
        kept = sum(claim["kept"] for claim in data["claims"])
        seconds = "" if data["seconds"] is None else f"{data['seconds']:.1f}"
        table.add_row(
            state.lesson,
            state.state,
            data["profile"],
            data["device"],
            seconds,
            f"{kept} of {len(data['claims'])}",
            _replicated(data["claims"]),
            data["key"],
        )
    console = _console()
    console.print(table)
    for problem in (problem for state in found for problem in state.problems):
        console.print(problem, style="red", markup=False)


def _replicated(claims: list[dict[str, Any]]) -> str:
    """Say how many fresh networks stand behind a lesson, as in "50 networks, 2 machines"."""
    known = [claim["replicated"] for claim in claims if claim["replicated"]]
    if not known:
        return "no"
    networks, machines = (max(k[name] for k in known) for name in ("networks", "machines"))
    return f"{networks} networks, {machines} machine{'s' * (machines > 1)}"


@commands.command()
@click.argument("lesson")
@_circumstances
@_first_seed("(default: as published)")
def verify(
    lesson: str,
    profile: str | None,
    device: str,
    instructions: str | None,
    first_seed: int | None,
) -> None:
    """Run a LESSON here, now, and compare it with what its page shows."""
    from rich.table import Table

    from lessonkit.press import settings
    from lessonkit.press.course import entries as course
    from lessonkit.press.run import progress
    from lessonkit.press.run import verify as checks

    project = settings.load()
    entry = course.current(project, fresh=True).entry(lesson)
    if entry.run is None:
        raise PressError(
            f"lesson {lesson} has no run to compare with: run `lessonkit build {lesson}`."
        )
    console = _console()
    job = checks.job_for(project, entry.run, first_seed, profile, device, instructions)
    with progress.Board(console, project, [job], 1) as board:
        found = checks.verify(project, entry.run, job, board.tell)
    table = Table("", "name", "page", "band", "yours", "inside")
    for item in found:
        mark = "[green]yes[/]" if item.inside else "[red]no[/]"
        table.add_row(item.kind, item.name, item.page, item.band, item.yours, mark)
    console.print(table)
    inside = sum(item.inside for item in found)
    console.print(f"{inside} of {len(found)} inside")
    if inside < len(found):
        sys.exit(1)


@commands.command()
@click.argument("lessons", nargs=-1)
@_circumstances
@click.option(
    "--sets",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Sets of seeds that each lesson shall have on this kind of machine.",
)
@click.option("--jobs", type=click.IntRange(1), help="Runs at once (default: cores; 1 on a GPU).")
@click.option("--dry-run", is_flag=True, help="Say what would run, and how long it takes.")
def replicate(
    lessons: tuple[str, ...],
    profile: str | None,
    device: str,
    instructions: str | None,
    sets: int,
    jobs: int | None,
    dry_run: bool,
) -> None:
    """Run the LESSONS (default: all) on fresh seeds, and record what they measure.

    Each set of seeds is recorded as soon as it is done, in replications/LESSON.json: stop when you
    like, and say the same again to go on. On your machine it adds your machine's record.
    """
    from lessonkit.press import settings
    from lessonkit.press.run import build as steps
    from lessonkit.press.run import progress
    from lessonkit.press.run import replicate as sampling

    project, console = settings.load(), _console()
    plans = sampling.plan(project, lessons, sets, profile, device, instructions)
    todo = [job for plan in plans for job in plan.jobs]
    for plan in plans:
        seeds = ", ".join(str(job.around.first_seed) for job in plan.jobs)
        more = f"seeds from {seeds}" if plan.jobs else "nothing to run"
        click.echo(f"{plan.lesson}: {plan.known} of {sets} sets on this kind of machine; {more}")
    together = steps.at_once(jobs, todo[0].around.device if todo else "cpu")
    with progress.Board(console, project, todo, together) as board:
        results = [] if dry_run else sampling.run(project, plans, jobs, board.tell)
    failures = _failures(project, results)
    for line in failures:
        click.secho(line, err=True, fg="red")
    if failures:
        sys.exit(1)


@commands.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_runs(file: Path) -> None:
    """Pack the runs that the pages use into FILE (.zip)."""
    from lessonkit.press import settings
    from lessonkit.press.course import entries as course
    from lessonkit.press.run import travel

    project = settings.load()
    entries = course.current(project, fresh=True).entries.values()
    runs = [entry.run for entry in entries if entry.run and not entry.stale]
    count = travel.export(project, runs, file)
    click.echo(f"packed {count} run(s) into {file}")


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_runs(file: Path) -> None:
    """Take in the runs of FILE, each checked by its hashes."""
    from lessonkit.press import settings
    from lessonkit.press.run import travel

    project = settings.load()
    for lesson, key in travel.import_(project, file):
        click.echo(f"took in {lesson}  {key}")
    _publish(project)


@commands.command()
@click.argument("lesson")
def new(lesson: str) -> None:
    """Scaffold a LESSON: a script that runs and a page that embeds it."""
    from lessonkit.press import settings

    project = settings.load()
    if not re.fullmatch(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*", lesson):
        raise UsageError(
            f"lesson {lesson!r}: expected small letters, digits, _ and /, as in training/dropout."
        )
    stem = lesson.rsplit("/", 1)[-1].replace("_", "-")
    script = project.lessons_folder / f"{lesson}.py"
    page = project.pages_folder / f"{lesson.replace('_', '-')}.md"
    for path in (script, page):
        if path.exists():
            raise UsageError(f"{path} exists already; nothing was written.")
    for path, template in ((script, "lesson.py.txt"), (page, "page.md.txt")):
        text = (resources.files("lessonkit.press") / "templates" / template).read_text("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(lesson=lesson, stem=stem), encoding="utf-8")
        click.echo(f"wrote {path.relative_to(project.root)}")
    click.echo(f"Next: lessonkit build {lesson}, then mkdocs serve.")


@commands.command()
@click.option("--all", "everything", is_flag=True, help="Every run, and all that was made of them.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
def clean(everything: bool, dry_run: bool) -> None:
    """Remove the runs of code that is no longer there."""
    from lessonkit.press import settings
    from lessonkit.press.course import entries as course
    from lessonkit.press.run import store

    project = settings.load()
    if everything:
        folders = (project.runs_folder, project.generated_folder, project.memo_folder)
        doomed = [path for path in folders if path.exists()]
    else:
        kept = course.runs_in_use(project)
        if os.environ.pop("LESSONKIT_PROFILE", None):  # the site itself uses what it would hide
            kept |= course.runs_in_use(project)
        found = sorted(path.parent for path in project.runs_folder.rglob("manifest.json"))
        doomed = [folder for folder in found if folder not in kept]
    for folder in doomed:
        click.echo(f"{'would remove' if dry_run else 'removed'} {folder.relative_to(project.root)}")
        if not dry_run:
            shutil.rmtree(folder, ignore_errors=True)
    if not doomed:
        click.echo("nothing to remove")
    if not dry_run:
        store.sweep(project.runs_folder)


if __name__ == "__main__":
    main()
