"""Commands that run lessons: build, verify, replicate."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lessonkit.press.commands.options import jobs_option, wanted_options
from lessonkit.press.settings import PressError

if TYPE_CHECKING:
    from lessonkit.press.lesson.circumstances import Wanted


@click.command()
@click.argument("lessons", nargs=-1)
@wanted_options(seeds="LESSONKIT_FIRST_SEED, or 0")
@jobs_option
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
    now = standing.standings(project, lessons, wanted) if results else planned
    now, carried, lost = standing.with_records(project, now, wanted)
    for line in carried:
        terminal.say(f"[dim]carried over[/] {line}")
    try:
        downloads.publish(Course(project), click.echo)
    except PressError as error:  # why lessons failed is said all the same
        lost.append(f"lessonkit: {error}")
    terminal.remark(line for lesson in now for line in lesson.remarks)
    failed = terminal.traces(project, results)
    problems = [line for lesson in now for line in lesson.problems]
    problems += [] if lessons else project.misnamed()
    code = terminal.complain(failed, [*lost, *problems])
    terminal.sum_up(planned, results)
    sys.exit(code)


@click.command()
@click.argument("lesson")
@wanted_options(seeds="as published")
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


@click.command()
@click.argument("lessons", nargs=-1)
@wanted_options()
@click.option(
    "--sets",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Sets of seeds that each lesson shall have on this kind of machine.",
)
@jobs_option
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
