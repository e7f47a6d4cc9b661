"""Commands that write what an author goes on with: new."""

from __future__ import annotations

import click


@click.command()
@click.argument("lesson")
def new(lesson: str) -> None:
    """Scaffold a LESSON: a script that runs and a page that embeds it."""
    from lessonkit.press import scaffold, settings

    project = settings.load()
    for path in scaffold.write(project, lesson):
        click.echo(f"wrote {path.relative_to(project.root)}")
    click.echo(f"Next: lessonkit build {lesson}, then mkdocs serve.")
