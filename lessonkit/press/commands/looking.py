"""Commands that only look: check, status, show."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from lessonkit.press.commands.options import wanted_options

if TYPE_CHECKING:
    from lessonkit.press.lesson.circumstances import Wanted


@click.command()
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


@click.command()
@wanted_options(seeds="LESSONKIT_FIRST_SEED, or 0")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for programs.")
def status(wanted: Wanted, as_json: bool) -> None:
    """Say how each lesson stands: fresh, stale, missing or failed."""
    from lessonkit.press import settings, terminal
    from lessonkit.press.run import standing

    terminal.tell_standings(standing.standings(settings.load(), (), wanted), as_json)


@click.command()
@click.argument("lesson")
@click.option("--run", "key", default="", metavar="KEY", help="Another run than the page's.")
@click.option("--cells", is_flag=True, help="Also what each cell printed and returned.")
@click.option("--json", "as_json", is_flag=True, help="One object with every value, for programs.")
def show(lesson: str, key: str, cells: bool, as_json: bool) -> None:
    """Print what a run of a LESSON published, what it warned of, and what it cost."""
    from lessonkit.press import settings, terminal
    from lessonkit.press.commands import telling

    run, remarks = telling.chosen(settings.load(), lesson, key)
    if as_json:
        click.echo(json.dumps(telling.as_json(run, remarks), indent=1, ensure_ascii=False))
        return
    for line, style in telling.as_text(run, remarks, cells):
        terminal.say_plain(line, style)
