"""Runs travel: packed on the machine that trained, checked on the one that publishes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lessonkit.press.run import archive, aside, store
from lessonkit.press.run import manifest as manifests
from lessonkit.press.run.archive import ArchiveError
from lessonkit.press.settings import PressError, Settings


def export(settings: Settings, runs: Sequence[store.Run], target: Path) -> int:
    """Pack runs into one archive and return how many.

    The same runs give the same bytes. Each is opened, and so checked, once more.

    Raises:
        PressError: nothing to pack, a run that is no longer whole, or the file cannot be written.
    """
    if not runs:
        raise PressError("nothing to export: no lesson has a run of its present code.")
    files = {}
    for run in runs:
        again = store.open_run(run.folder, run.lesson, settings.memo_folder)
        for name in (manifests.MANIFEST, manifests.SEAL, *again.content):
            held = again.content.get(name) or (run.folder / name).read_bytes()
            files[f"{run.lesson}/{run.key}/{name}"] = held
    grown = target.with_name(target.name + ".new")
    try:
        archive.write(grown, files)
        grown.replace(target)
    except OSError as error:
        grown.unlink(missing_ok=True)
        raise PressError(f"{target}: cannot be written: {error.strerror or error}.") from None
    return len(runs)


def import_(settings: Settings, file: Path) -> list[tuple[str, str]]:
    """Unpack an archive and return (lesson, key) of each run that was taken in.

    Every run is checked wholly before the first is put in place, and then by renaming; a run that
    is here already stays.

    Raises:
        PressError: not an archive of runs, or one of a run that is not as a lesson leaves it.
    """
    runs = settings.runs_folder
    folder = aside.begin(runs, "", "import")
    try:
        found = archive.unpack(file, folder, settings.lesson_names())
        for (lesson, key), names in found.items():  # all of them before any moves
            _check(settings, file, store.run_folder(folder, lesson, key), lesson, names)
        for lesson, key in found:
            target = store.run_folder(runs, lesson, key)
            try:
                store.place(store.run_folder(folder, lesson, key), target, lesson)
            except OSError as error:
                raise aside.unwritable(target, error) from None
        return list(found)
    finally:
        aside.discard(folder)


def _check(settings: Settings, file: Path, folder: Path, lesson: str, names: set[str]) -> None:
    """Open a run of the archive: every byte is checked, and it holds what it lists, no more."""
    try:
        run = store.open_run(folder, lesson, settings.memo_folder)
    except aside.StoreError as error:
        unpacked = folder.parents[lesson.count("/") + 1]
        problem = str(error).replace(f"{unpacked}/", "").partition(" Run `lessonkit")[0]
        raise ArchiveError(file, f"{problem} Refused; export it again.") from None
    more = sorted(names - {manifests.MANIFEST, manifests.SEAL, *run.content})
    if more:
        raise ArchiveError(
            file,
            f"the run {lesson}/{run.key} holds {more[0]!a:.120}, which its manifest does not "
            "list. Refused; export it again.",
        )
