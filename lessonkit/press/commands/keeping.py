"""Commands that carry runs elsewhere, or away: export, import, clean."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_runs(file: Path) -> None:
    """Pack the runs that the pages use into FILE (.zip)."""
    from lessonkit.press import settings
    from lessonkit.press.run import travel
    from lessonkit.press.run.standing import standings

    project = settings.load()
    runs = [lesson.run for lesson in standings(project) if lesson.run and lesson.present]
    click.echo(f"packed {travel.export(project, runs, file)} run(s) into {file}")


@click.command("import")
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
    downloads.publish(Course(project), click.echo)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every run, and all that was made of them.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask before every run is removed.")
def clean(everything: bool, dry_run: bool, yes: bool) -> None:
    """Remove the runs of code that is no longer there."""
    from lessonkit.press import settings
    from lessonkit.press.course.entries import runs_in_use
    from lessonkit.press.run import aside

    project = settings.load()
    if everything:
        folders = (project.runs_folder, project.generated_folder, project.memo_folder)
        doomed = [path for path in folders if path.exists()]
        if doomed and not dry_run and not yes:
            _ask(project.runs_folder)
    else:
        found = aside.placed(project.runs_folder)  # first: what a builder adds now is in use
        kept = runs_in_use(project)
        if os.environ.pop("LESSONKIT_PROFILE", None):  # the site itself uses what it would hide
            kept |= runs_in_use(project)
        around = {project.runs_folder, *kept, *(above for one in kept for above in one.parents)}
        doomed = [folder for folder in found if folder not in around]
    stuck = False
    for folder in doomed:
        name = folder.relative_to(project.root)
        if dry_run:
            click.echo(f"would remove {name}")
            continue
        if _removed(folder, runs=folder == project.runs_folder):
            click.echo(f"removed {name}")
        else:
            stuck = True
            click.secho(f"{name}: cannot be removed: check who may write.", err=True, fg="red")
    if not doomed:
        click.echo("nothing to remove")
    if not dry_run:
        aside.sweep(project.runs_folder)
    sys.exit(stuck)


def _removed(folder: Path, runs: bool) -> bool:
    """Remove a folder, but for runs that grow at this moment; return whether it worked."""
    from lessonkit.press.run import aside

    if runs:
        aside.clear(folder)
        return not aside.placed(folder)
    aside.remove(folder)
    return not folder.exists()


def _ask(runs: Path) -> None:
    """Ask whether every run shall go, and say what it would cost to have them again; no ends it.

    Raises:
        UsageError: nobody is there who could answer.
    """
    from lessonkit.press.run import aside
    from lessonkit.press.settings import UsageError

    count, seconds = 0, 0.0
    for folder in aside.placed(runs):
        count += 1
        try:
            made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            seconds += float(made["cpu_seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it goes, whatever it cost
    runs_there = f"{count} run{'s' * (count != 1)}, which took {seconds:,.0f} CPU seconds"
    if not _somebody_is_there():
        raise UsageError(f"clean --all would remove {runs_there}: say --yes if you mean it.")
    if not click.confirm(f"Remove {runs_there}, and all that was made of them?"):
        click.echo("nothing was removed")
        sys.exit(1)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
