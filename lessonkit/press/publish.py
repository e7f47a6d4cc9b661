"""Laying out what pages and downloads need of the chosen runs, below docs/generated/.

    generated/<lesson>/<stem>.py, <stem>.ipynb, <stem>.zip   to download
                      /notebook.ipynb                        its page is the notebook twin
                      /<figure>.png, <figure>.csv, thumb.png
    generated/lessons.zip, lessonkit.css

A file is written only if its bytes change: `mkdocs serve` watches this folder.
"""

from __future__ import annotations

import hashlib
import shutil
from importlib import resources
from pathlib import Path

from lessonkit.press import gallery, notebook
from lessonkit.press.course import Course, Entry
from lessonkit.press.settings import PressError

_STAMP = ".stamp"


def publish(course: Course) -> bool:
    """Bring the generated files up to date; return whether any file changed.

    Raises:
        PressError: the folder cannot be written.
    """
    target = course.settings.generated_folder
    try:
        target.mkdir(parents=True, exist_ok=True)
        style = resources.files("lessonkit.press") / "assets" / "lessonkit.css"
        changed = _write(target / "lessonkit.css", style.read_bytes())
        kept = {target / "lessonkit.css"}
        lessons = [e for e in course.entries.values() if e.run and e.script]
        for entry in lessons:
            folder = target / entry.name
            changed |= _publish_lesson(entry, folder)
            kept.update(p for p in folder.iterdir() if p.is_file())
        if lessons:
            changed |= _archive_all(lessons, target)
            kept.add(target / "lessons.zip")
        return _remove_others(target, kept) or changed
    except OSError as error:
        raise PressError(f"{target}: cannot be written: {error.strerror or error}.") from None


def _publish_lesson(entry: Entry, folder: Path) -> bool:
    assert entry.run is not None
    assert entry.script is not None
    stamp = _stamp(entry)
    file = folder / _STAMP
    if file.is_file() and file.read_text(encoding="utf-8") == stamp:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_file() and old.suffix in (".png", ".csv"):
            old.unlink()
    source = entry.script.path.read_bytes()
    twin = notebook.written(entry.script, entry.run).encode()
    _write(folder / f"{entry.stem}.py", source)
    _write(folder / f"{entry.stem}.ipynb", twin)
    _write(folder / "notebook.ipynb", twin)
    for name, figure in entry.run.figures.items():
        shutil.copyfile(entry.run.folder / figure["png"], folder / f"{name}.png")
        shutil.copyfile(entry.run.folder / figure["csv"], folder / f"{name}.csv")
    for cell in entry.run.cells:
        for path in cell["figures"]:
            shutil.copyfile(entry.run.folder / path, folder / Path(path).name)
    first = next(iter(entry.run.figures), None)
    if first:
        gallery.thumbnail(folder / f"{first}.png", folder / "thumb.png")
    packed = [folder / f"{entry.stem}{kind}" for kind in (".py", ".ipynb")]
    packed += sorted(folder.glob("*.csv"))
    gallery.archive(packed, folder / f"{entry.stem}.zip", folder)
    file.write_text(stamp, encoding="utf-8")
    return True


def _stamp(entry: Entry) -> str:
    """Everything that decides the files of a lesson: its run, its script, and the press itself."""
    assert entry.run is not None
    assert entry.script is not None
    digest = hashlib.sha256((entry.run.folder / "seal").read_bytes())
    digest.update(entry.script.path.read_bytes())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _archive_all(lessons: list[Entry], target: Path) -> bool:
    """Pack the scripts and notebooks of all lessons."""
    files = [
        target / entry.name / f"{entry.stem}{kind}"
        for entry in lessons
        for kind in (".py", ".ipynb")
    ]
    archive = target / "lessons.zip"
    newest = max(file.stat().st_mtime_ns for file in files)
    stamp = target / ".lessons.stamp"
    wanted = f"{newest} {[file.name for file in files]}"
    if archive.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    gallery.archive(files, archive, target)
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _write(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.write_bytes(content)
    return True


def _remove_others(target: Path, kept: set[Path]) -> bool:
    """Remove what no lesson owns any more."""
    others = [p for p in target.rglob("*") if p.is_file() and p not in kept and p.parent != target]
    for path in others:
        path.unlink()
    for folder in sorted((p for p in target.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return bool(others)
