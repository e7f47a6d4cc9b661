"""Commands that write what an author goes on with: init, new."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be written.")
def init(dry_run: bool) -> None:
    """Make a course of this folder: settings, a first lesson, its page, a site.

    What is there stays as it is; where a line is missing in it, that is said.
    """
    from lessonkit.press import scaffold

    root = Path.cwd()
    begun = scaffold.begin(root)
    if not dry_run:
        begun.write()
    for path in begun.files:
        click.echo(f"{'would write' if dry_run else 'wrote'} {path.relative_to(root).as_posix()}")
    for asked in begun.asks:
        click.secho(asked, fg="yellow")
    if begun.asks:
        click.echo("These files are yours: nothing in them was changed.")
    elif not begun.files:
        click.echo("nothing to write: this folder is a course already")
    if not dry_run:
        click.echo("Next: mkdocs serve. It runs the lessons and shows the site.")


@click.command()
@click.argument("lesson")
def new(lesson: str) -> None:
    """Scaffold a LESSON: a script that runs and a page that embeds it."""
    from lessonkit.press import scaffold, settings

    project = settings.load()
    for path in scaffold.write(project, lesson):
        click.echo(f"wrote {path.relative_to(project.root)}")
    click.echo(f"Next: lessonkit build {lesson}, then mkdocs serve.")
