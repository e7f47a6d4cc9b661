"""Runs travel: packed on the machine that trained, checked on the one that publishes."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from lessonkit.press.run import aside, store
from lessonkit.press.settings import PressError, Settings


def export(settings: Settings, runs: Sequence[store.Run], target: Path) -> int:
    """Pack runs into one archive and return how many.

    Raises:
        PressError: nothing to pack, or the file cannot be written.
    """
    if not runs:
        raise PressError("nothing to export: no lesson has a run of its present code.")
    aside = target.with_name(target.name + ".new")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            for run in runs:
                for file in sorted(p for p in run.folder.rglob("*") if p.is_file()):
                    name = file.relative_to(settings.runs_folder).as_posix()
                    archive.write(file, name)
        aside.replace(target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise PressError(f"{target}: cannot be written: {error.strerror or error}.") from None
    return len(runs)


def import_(settings: Settings, archive_file: Path) -> list[tuple[str, str]]:
    """Unpack an archive and return (lesson, key) of each run that was taken in.

    Every run is checked by its hashes before it is put in place; a run that is here already stays.

    Raises:
        PressError: not an archive of runs, a path that leaves the store, or a hash that differs.
    """
    runs = settings.runs_folder
    runs.mkdir(parents=True, exist_ok=True)
    folder = aside.begin(runs, ".import", "archive")
    try:
        _unpack(archive_file, folder)
        found = sorted(path.parent for path in folder.rglob("manifest.json"))
        if not found:
            raise PressError(f"{archive_file}: holds no runs. Make one with `lessonkit export`.")
        opened = [_checked(one, folder, archive_file) for one in found]  # before any moves
        for run in opened:
            target = store.run_folder(runs, run.lesson, run.key)
            target.parent.mkdir(parents=True, exist_ok=True)
            store.place(run.folder, target)
        return [(run.lesson, run.key) for run in opened]
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)


def _unpack(archive_file: Path, unpacked: Path) -> None:
    try:
        with zipfile.ZipFile(archive_file) as archive:
            for name in archive.namelist():
                parts = PurePosixPath(name).parts
                if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
                    raise PressError(f"{archive_file}: path {name!r} leaves the store; refused.")
            archive.extractall(unpacked)
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # or encrypted
        raise PressError(
            f"{archive_file}: cannot be read as an archive of runs: {error}."
        ) from None


def _checked(folder: Path, unpacked: Path, archive_file: Path) -> store.Run:
    """Open a run of the archive, every byte checked, and its place with it."""
    where = folder.relative_to(unpacked).as_posix()
    try:
        run = store.open_run(folder)
    except aside.StoreError as error:
        problem = str(error).replace(f"{unpacked}/", "").partition(" Run `lessonkit")[0]
        raise PressError(f"{archive_file}: {problem} Refused; export it again.") from None
    if where != f"{run.lesson}/{run.key}":
        raise PressError(
            f"{archive_file}: the run at {where!r} calls itself {run.lesson}/{run.key}; refused."
        )
    return run
