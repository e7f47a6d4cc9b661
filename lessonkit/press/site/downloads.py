"""What pages and downloads need of the chosen runs, below docs/generated/.

    generated/<lesson>/<stem>.py, <stem>.ipynb, <stem>.zip   to download
                      /notebook.ipynb                        its page is the notebook twin
                      /<figure>.png, <figure>.csv, _thumb.png, _thumb-dark.png
    generated/cards/<page>.png                               for whoever shares a link
    generated/lessons.zip, lessonkit.css, lessonkit.js, …   what pages share

`made` works out every byte of it from the runs and the scripts, each time: nothing that lies on the
disk is believed. `laid` brings the disk into line.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from lessonkit.press import memo
from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.lesson import sphinx
from lessonkit.press.page import language, notebook
from lessonkit.press.settings import PressError
from lessonkit.press.site import cards, configured, elsewhere, laid, readme

STYLES = ("lessonkit.css", "finding.css", "figures.css")
SCRIPTS = ("lessonkit.js", "finding.js")
_SELF = (".py", ".ipynb")  # a lesson itself
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # what a file in an archive is dated: the same bytes each time


def publish(course: Course, tell: Callable[[str], None] = lambda line: None) -> bool:
    """Bring the generated files up to date; return whether any file changed.

    Args:
        course: whose files.
        tell: is given a line on whatever a person may want to know.

    Raises:
        PressError: the folder cannot be written, or somebody else is busy there for too long.
    """
    return laid.lay_out(course.settings, made(course), tell)


def made(course: Course) -> dict[str, bytes]:
    """Return every file by its path below docs/generated/, as it must be."""
    config = configured.read(course.settings.root) or {}
    with language.speaking(configured.language(config), course.settings.root):
        return _made(course, configured.site_url(config))


def _made(course: Course, site: str) -> dict[str, bytes]:
    files = {name: _slim(_asset(name)) for name in STYLES}
    files |= {name: _slim_script(_asset(name)) for name in SCRIPTS}
    packed, libraries = dict[str, bytes](), list[readme.Taken]()
    for entry in course.entries.values():
        if entry.run is None or entry.script is None:
            continue
        taken = elsewhere.luggage(course.settings, entry.script.path, entry.run.inputs)
        own = _of_lesson(entry, taken, site)
        files |= {f"{entry.name}/{name}": content for name, content in own.items()}
        along = taken.files() | {
            f"{entry.stem}{kind}": own[f"{entry.stem}{kind}"] for kind in _SELF
        }
        packed |= {elsewhere.beside(name, entry.name): along[name] for name in along}
        libraries.append((entry, elsewhere.distributions(taken)))
    if packed:
        files["lessons.zip"] = _archive(readme.of_course(libraries) | packed)
    return files | dict(cards.drawn(course))


def _asset(name: str) -> bytes:
    return (resources.files("lessonkit.press") / "assets" / name).read_bytes()


def _slim(style: bytes) -> bytes:
    """Leave out of a stylesheet what only its authors read: comments, and indents."""
    style = re.sub(rb"/\*.*?\*/", b"", style, flags=re.S)
    style = re.sub(rb"\s*([{};])\s*", rb"\1", style)
    style = re.sub(rb"(?<=[\w-]): |;(?=})", lambda m: m[0][:1].strip(b";"), style)
    return re.sub(rb"\s*\n\s*", b"\n", style).strip() + b"\n"


def _slim_script(script: bytes) -> bytes:
    """Leave out of a script its lines of comment, and indents."""
    script = re.sub(rb"^[ \t]*//.*\n", b"", script, flags=re.M)
    return re.sub(rb"^[ \t]+", b"", script, flags=re.M)


def _of_lesson(entry: Entry, taken: elsewhere.Luggage, site: str) -> dict[str, bytes]:
    """Return the files of a lesson that has run by name.

    Raises:
        PressError: its script cannot be read.
    """
    assert entry.run is not None
    assert entry.script is not None
    try:
        script = entry.script.path.read_bytes()
    except OSError as error:
        where = entry.script.path
        raise PressError(f"{where}: cannot be read: {error.strerror}.") from None
    page = notebook.notebook(entry.script, entry.run)
    twin = notebook.written(page).encode()
    first = elsewhere.first_cell(site, entry.name, taken)
    last = elsewhere.last_cell(entry.script)
    takeaway = notebook.written(notebook.completed(page, first, last)).encode()
    files = {f"{entry.stem}.py": script, f"{entry.stem}.ipynb": takeaway}
    told = readme.of_lesson(entry, elsewhere.distributions(taken))
    packed = told | taken.files() | files
    for name, record in entry.run.records.items():
        for ending, path in record.files.items():
            files[f"{name}.{ending}"] = entry.run.read(path)
            if ending != "png":  # a notebook holds its pictures
                packed[f"{name}.{ending}"] = entry.run.read(path)
    for cell in entry.run.cells:
        drawn = filter(None, [*cell["figures"], *cell.get("moving", [])])
        files |= {Path(path).name: entry.run.read(path) for path in drawn}
    if entry.card:
        files |= _thumbnails(entry.memo_folder, entry.card)
    return files | {pages.TWIN: twin, f"{entry.stem}.zip": _archive(packed)}


def _thumbnails(memo_folder: Path, picture: bytes) -> dict[str, bytes]:
    """Make small pictures for the gallery: as on white paper, and for dark pages."""
    drawn_by = cards.pillow(), sphinx.version()
    light = memo.recall_bytes(
        memo_folder,
        __file__,
        ["light", hashlib.sha256(picture).hexdigest(), *drawn_by],
        lambda: _small(picture),
    )
    dark = memo.recall_bytes(
        memo_folder,
        cards.__file__,
        ["dark", hashlib.sha256(light).hexdigest(), *drawn_by],
        lambda: cards.dark(light),
    )
    return {"_thumb.png": light, "_thumb-dark.png": dark}


def _small(picture: bytes) -> bytes:
    with TemporaryDirectory() as folder:
        whole, small = Path(folder, "whole.png"), Path(folder, "small.png")
        whole.write_bytes(picture)
        sphinx.thumbnail(whole, small)
        return small.read_bytes()


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Zip files; the bytes depend on nothing else."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            about = zipfile.ZipInfo(name, _LONG_AGO)
            about.external_attr = 0o644 << 16
            about.create_system = 3  # Unix, also where it is not
            archive.writestr(about, content)
    return written.getvalue()
