"""Which picture a script wants on its card, by `sphinx_gallery_thumbnail_number` and `_path`."""

from __future__ import annotations

from pathlib import Path

from lessonkit.evidence import Figure
from lessonkit.press.lesson.script import Script
from lessonkit.press.run.store import Run

_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def drawn(run: Run) -> list[str]:
    """Return the pictures of a run, published or left open, in the order of their drawing."""
    figures, found = run.of(Figure), list[str]()
    for cell in run.cells:
        found += [figures[name].png for name in cell["published"] if name in figures]
        found += cell["figures"]
    return found


def asked(script: Script, run: Run, pages: Path) -> bytes | None:
    """Return the picture that a script asks for; None if it asks for none, or gets none.

    Args:
        script: of the lesson.
        run: of it.
        pages: the folder of pages, below which a file may lie; else it lies beside the script.
    """
    number, file = _number(script), _file(script, pages)
    if unmet(script, run, pages):
        return None
    if number:
        return run.read(drawn(run)[number - 1 if number > 0 else number])
    return file.read_bytes() if file else None


def unmet(script: Script, run: Run, pages: Path) -> str:
    """Say what a script asks for and does not get; "" if that is nothing."""
    number, file = _number(script), _file(script, pages)
    count = len(drawn(run)) if number else 0
    if number and not -count <= number <= count:
        return (
            f"sphinx_gallery_thumbnail_number: there is no picture {number}, for the lesson draws "
            f"{count}; its card shows the first."
        )
    if file and not (file.is_file() and file.suffix in _ENDINGS):
        return (
            f"sphinx_gallery_thumbnail_path: expected a picture ({', '.join(_ENDINGS)}) below the "
            f"folder of pages or beside the script, and there is no {file.name}; its card shows "
            "the first picture of the lesson."
        )
    return ""


def _number(script: Script) -> int:
    return script.asks("thumbnail_number") or 0


def _file(script: Script, pages: Path) -> Path | None:
    said = script.asks("thumbnail_path")
    if _number(script) or not said:
        return None
    found = [place / str(said).lstrip("/") for place in (pages, script.path.parent)]
    return next((file for file in found if file.is_file()), found[0])
