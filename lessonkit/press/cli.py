"""The command line `lessonkit`.

Exit codes: 0 good, 1 a lesson or a claim failed, 2 wrong usage.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lessonkit.press.settings import PressError, UsageError

if TYPE_CHECKING:
    from lessonkit.press.lesson.circumstances import Wanted

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


def _wanted(seeds: str = "") -> Callable[..., Any]:
    """Add the options that say what is wanted, and hand them over as one `Wanted`.

    Args:
        seeds: where seeds start if nobody says; "" if nobody may.
    """
    names = ["profile", "device", "instructions", *["first_seed"] * bool(seeds)]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def called(**given: Any) -> Any:
            from lessonkit.press.lesson.circumstances import Wanted

            return command(wanted=Wanted(**{name: given.pop(name) for name in names}), **given)

        return functools.reduce(lambda made, option: option(made), _options(seeds), called)

    return add


def _options(seeds: str) -> list[Callable[..., Any]]:
    """Return the options, the last one first: that is how decorators are applied."""
    starts = f"Where seeds start (default: {seeds})."
    return [
        *[click.option("--first-seed", type=click.IntRange(0), help=starts)] * bool(seeds),
        click.option(
            "--portable",
            "instructions",
            flag_value="portable",
            help="Use only instructions that every processor has: another kind of machine.",
        ),
        click.option("--device", default="auto", metavar="auto|cpu|cuda|mps", show_default=True),
        click.option("--profile", metavar="quick|full|smoke", help="How much to measure."),
    ]


_jobs = click.option(
    "--jobs", type=click.IntRange(1), help="Runs at once (default: cores; 1 on a GPU)."
)


@commands.command()
@click.argument("lessons", nargs=-1)
@_wanted(seeds="LESSONKIT_FIRST_SEED, or 0")
@_jobs
@click.option("--force", is_flag=True, help="Run again what is fresh.")
@click.option("--dry-run", is_flag=True, help="Say what would run, why, and how long it takes.")
def build(
    lessons: tuple[str, ...], wanted: Wanted, jobs: int | None, force: bool, dry_run: bool
) -> None:
    """Run the LESSONS that are not fresh (default: all) and lay out what pages need."""
    from lessonkit.press import settings, terminal
    from lessonkit.press.course.entries import Course
    from lessonkit.press.run import standing
    from lessonkit.press.site import downloads

    project = settings.load()
    planned = standing.standings(project, lessons, wanted)
    todo = standing.needed(planned, force)
    if dry_run:
        terminal.foretell(project, planned, todo)
        return
    with terminal.board(project, todo, jobs) as board:
        results = standing.build(project, planned, jobs, force, board.tell)
    fresh = sum(lesson.state == "fresh" for lesson in planned)
    if fresh and not force:
        terminal.say(f"[dim]fresh[/] {fresh} of {len(planned)} lessons: nothing to run")
    now = standing.standings(project, lessons, wanted) if results else planned
    now, carried, lost = standing.with_records(project, now, wanted)
    for line in carried:
        terminal.say(f"[dim]carried over[/] {line}")
    downloads.publish(Course(project))
    terminal.remark(line for lesson in now for line in lesson.remarks)
    failed = terminal.traces(project, results)
    problems = [line for lesson in now for line in lesson.problems]
    sys.exit(terminal.complain(failed, [*lost, *problems]))


@commands.command()
def check() -> None:
    """Check pages and lessons without building the site."""
    from lessonkit.press import settings
    from lessonkit.press.course.entries import Course
    from lessonkit.press.site import check

    course = Course(settings.load())
    found = check.check(course)
    for finding in found:
        click.secho(
            f"warning: {finding}" if finding.warning else str(finding),
            err=True,
            fg="yellow" if finding.warning else "red",
        )
    errors = sum(not finding.warning for finding in found)
    counts = [f"{errors} error(s), {len(found) - errors} warning(s)", check.answered(course)]
    click.echo("; ".join(filter(None, counts)))
    sys.exit(errors > 0)


@commands.command()
@_wanted(seeds="LESSONKIT_FIRST_SEED, or 0")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for programs.")
def status(wanted: Wanted, as_json: bool) -> None:
    """Say how each lesson stands: fresh, stale, missing or failed."""
    from lessonkit.press import settings, terminal
    from lessonkit.press.run import standing

    terminal.tell_standings(standing.standings(settings.load(), (), wanted), as_json)


@commands.command()
@click.argument("lesson")
@_wanted(seeds="as published")
def verify(lesson: str, wanted: Wanted) -> None:
    """Run a LESSON here, now, and compare it with what its page shows."""
    from lessonkit.press import settings, terminal
    from lessonkit.press.lesson.job import job
    from lessonkit.press.run import verify
    from lessonkit.press.run.standing import standing

    project = settings.load()
    published = standing(project, lesson).run
    if published is None:
        raise PressError(
            f"lesson {lesson} has no run to compare with: run `lessonkit build {lesson}`."
        )
    here = job(project, lesson, verify.as_published(published, wanted))
    with terminal.board(project, [here], 1) as board:
        found = verify.verify(project, published, here, board.tell)
    terminal.tell_comparisons(found)
    sys.exit(not all(item.inside for item in found))


@commands.command()
@click.argument("lessons", nargs=-1)
@_wanted()
@click.option(
    "--sets",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Sets of seeds that each lesson shall have on this kind of machine.",
)
@_jobs
@click.option("--dry-run", is_flag=True, help="Say what would run, and how long it takes.")
def replicate(
    lessons: tuple[str, ...], wanted: Wanted, sets: int, jobs: int | None, dry_run: bool
) -> None:
    """Run the LESSONS (default: all) on fresh seeds, and record what they measure.

    Each set of seeds is recorded as soon as it is done, in replications/LESSON.json: stop when you
    like, and say the same again to go on. On your machine it adds your machine's record.
    """
    from lessonkit.press import settings, terminal
    from lessonkit.press.run import replicate

    project = settings.load()
    plans = replicate.plan(project, lessons, sets, wanted)
    for plan in plans:
        seeds = ", ".join(str(job.around.first_seed) for job in plan.jobs)
        more = f"seeds from {seeds}" if plan.jobs else "nothing to run"
        click.echo(f"{plan.lesson}: {plan.known} of {sets} sets on this kind of machine; {more}")
    with terminal.board(project, [job for plan in plans for job in plan.jobs], jobs) as board:
        results = [] if dry_run else replicate.run(project, plans, jobs, board.tell)
    sys.exit(terminal.complain(terminal.traces(project, results)))


@commands.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_runs(file: Path) -> None:
    """Pack the runs that the pages use into FILE (.zip)."""
    from lessonkit.press import settings
    from lessonkit.press.run import travel
    from lessonkit.press.run.standing import standings

    project = settings.load()
    runs = [lesson.run for lesson in standings(project) if lesson.run and lesson.present]
    click.echo(f"packed {travel.export(project, runs, file)} run(s) into {file}")


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_runs(file: Path) -> None:
    """Take in the runs of FILE, each checked by its hashes."""
    from lessonkit.press import settings
    from lessonkit.press.course.entries import Course
    from lessonkit.press.run import travel
    from lessonkit.press.site import downloads

    project = settings.load()
    for lesson, key in travel.import_(project, file):
        click.echo(f"took in {lesson}  {key}")
    downloads.publish(Course(project))


@commands.command()
@click.argument("lesson")
def new(lesson: str) -> None:
    """Scaffold a LESSON: a script that runs and a page that embeds it."""
    from lessonkit.press import scaffold, settings

    project = settings.load()
    for path in scaffold.write(project, lesson):
        click.echo(f"wrote {path.relative_to(project.root)}")
    click.echo(f"Next: lessonkit build {lesson}, then mkdocs serve.")


@commands.command()
@click.option("--all", "everything", is_flag=True, help="Every run, and all that was made of them.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
def clean(everything: bool, dry_run: bool) -> None:
    """Remove the runs of code that is no longer there."""
    from lessonkit.press import settings
    from lessonkit.press.course.entries import runs_in_use
    from lessonkit.press.run import aside

    project = settings.load()
    if everything:
        folders = (project.runs_folder, project.generated_folder, project.memo_folder)
        doomed = [path for path in folders if path.exists()]
    else:
        kept = runs_in_use(project)
        if os.environ.pop("LESSONKIT_PROFILE", None):  # the site itself uses what it would hide
            kept |= runs_in_use(project)
        found = sorted(path.parent for path in project.runs_folder.rglob("manifest.json"))
        doomed = [folder for folder in found if folder not in kept]
    for folder in doomed:
        click.echo(f"{'would remove' if dry_run else 'removed'} {folder.relative_to(project.root)}")
        if not dry_run:
            shutil.rmtree(folder, ignore_errors=True)
    if not doomed:
        click.echo("nothing to remove")
    if not dry_run:
        aside.sweep(project.runs_folder)


if __name__ == "__main__":
    main()
