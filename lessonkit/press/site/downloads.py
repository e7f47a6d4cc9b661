"""Laying out what pages and downloads need of the chosen runs, below docs/generated/.

    generated/<lesson>/<stem>.py, <stem>.ipynb, <stem>.zip   to download
                      /notebook.ipynb                        its page is the notebook twin
                      /<figure>.png, <figure>.csv, _thumb.png, _thumb-dark.png
    generated/cards/<page>.png                               for whoever shares a link
    generated/lessons.zip, lessonkit.css, lessonkit.js, …   what pages share

A file is written only if its bytes change: `mkdocs serve` watches this folder.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.lesson import sphinx
from lessonkit.press.page import notebook
from lessonkit.press.settings import PressError
from lessonkit.press.site import cards

_STAMP = ".stamp"
STYLES = ("lessonkit.css", "finding.css", "figures.css")
SCRIPTS = ("lessonkit.js", "finding.js")


def publish(course: Course) -> bool:
    """Bring the generated files up to date; return whether any file changed.

    Raises:
        PressError: the folder cannot be written.
    """
    target = course.settings.generated_folder
    try:
        try:
            return _lay_out(course, target)
        except FileNotFoundError:  # another builder tidied up here at this very moment
            return _lay_out(course, target)
    except OSError as error:
        raise PressError(f"{target}: cannot be written: {error.strerror or error}.") from None


def _slim(style: str) -> str:
    """Leave out of a stylesheet what only its authors read: comments, and indents."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    style = re.sub(r"\s*([{};])\s*", r"\1", style)
    return re.sub(r"\s*\n\s*", "\n", style).strip() + "\n"


def _lay_out(course: Course, target: Path) -> bool:
    target.mkdir(parents=True, exist_ok=True)
    changed, kept = False, {target / name for name in (*STYLES, *SCRIPTS)}
    for name in (*STYLES, *SCRIPTS):
        text = (resources.files("lessonkit.press") / "assets" / name).read_text(encoding="utf-8")
        changed |= _write(target / name, (_slim(text) if name in STYLES else text).encode())
    lessons = [e for e in course.entries.values() if e.run and e.script]
    stamps = []
    for entry in lessons:
        folder = target / entry.name
        changed |= _publish_lesson(entry, folder)
        stamp, *names = (folder / _STAMP).read_text(encoding="utf-8").splitlines()
        stamps.append(stamp)
        kept |= {folder / name for name in (_STAMP, *names)}
    if lessons:
        changed |= _archive_all(lessons, target, stamps)
    for path, picture in cards.drawn(course):
        kept.add(target / path)
        changed |= _write(target / path, picture)
    return _remove_others(target, kept) or changed


def _publish_lesson(entry: Entry, folder: Path) -> bool:
    """Lay out a lesson's files beside a stamp: what they were made of, and their names."""
    assert entry.run is not None
    assert entry.script is not None
    digest, file = _digest(entry), folder / _STAMP
    if file.is_file():
        stamp, *names = file.read_text(encoding="utf-8").splitlines()
        if stamp == digest and all((folder / name).is_file() for name in names):
            return False
        file.unlink()  # so that it never stands beside files half old, half new
    folder.mkdir(parents=True, exist_ok=True)
    twin = notebook.written(entry.script, entry.run).encode()
    files = {
        f"{entry.stem}.py": entry.script.path.read_bytes(),
        f"{entry.stem}.ipynb": twin,
        "notebook.ipynb": twin,
    }
    packed = [f"{entry.stem}.py", f"{entry.stem}.ipynb"]
    for name, record in entry.run.records.items():
        for ending, path in record.files.items():
            files[f"{name}.{ending}"] = (entry.run.folder / path).read_bytes()
            packed += [f"{name}.{ending}"] * (ending != "png")  # a notebook holds its pictures
    for cell in entry.run.cells:
        for path in cell["figures"]:
            files[Path(path).name] = (entry.run.folder / path).read_bytes()
    for name, content in files.items():
        _write(folder / name, content)
    made = [f"{entry.stem}.zip"]
    if entry.thumbnail:
        for name, content in _thumbnails(folder / f"{entry.thumbnail}.png").items():
            made.append(name)
            _write(folder / name, content)
    sphinx.archive([folder / name for name in packed], folder / f"{entry.stem}.zip", folder)
    file.write_text("\n".join([digest, *sorted([*files, *made])]), encoding="utf-8")
    return True


def _thumbnails(picture: Path) -> dict[str, bytes]:
    """Return the picture on a card, and the same for a dark page."""
    with TemporaryDirectory() as aside:
        card = Path(aside, "card.png")
        sphinx.thumbnail(picture, card)
        light = card.read_bytes()
    return {"_thumb.png": light, "_thumb-dark.png": cards.dark(light)}


def _digest(entry: Entry) -> str:
    """Everything that decides the files of a lesson: run, script, finding, and the press itself."""
    assert entry.run is not None
    assert entry.script is not None
    digest = hashlib.sha256((entry.run.folder / "seal").read_bytes())
    digest.update(entry.script.path.read_bytes())
    digest.update(entry.thumbnail.encode())
    digest.update(_press())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _press() -> bytes:
    modules = sorted(Path(__file__).parent.parent.rglob("*.py"))
    return b"".join(hashlib.sha256(module.read_bytes()).digest() for module in modules)


def _archive_all(lessons: list[Entry], target: Path, stamps: list[str]) -> bool:
    """Pack the scripts and notebooks of all lessons."""
    files = [
        target / entry.name / f"{entry.stem}{kind}"
        for entry in lessons
        for kind in (".py", ".ipynb")
    ]
    archive, stamp = target / "lessons.zip", target / ".lessons.stamp"
    wanted = "\n".join([*stamps, *(entry.name for entry in lessons)])
    if archive.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    sphinx.archive(files, archive, target)
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _write(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def _remove_others(target: Path, kept: set[Path]) -> bool:
    """Remove what no lesson owns any more; files that lie in the folder itself are ours."""
    names = {str(path) for path in kept}
    others = False
    for folder, _, files in os.walk(target, topdown=False):
        if folder == str(target):
            continue
        doomed = [path for name in files if (path := os.path.join(folder, name)) not in names]
        for path in doomed:
            os.unlink(path)
        others |= bool(doomed)
        if len(doomed) == len(files) and not os.listdir(folder):
            os.rmdir(folder)
    return others
