"""A new lesson: a script that runs, and a page that embeds what it publishes."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from string import Template

from lessonkit.press.settings import Settings, UsageError


def write(settings: Settings, lesson: str) -> list[Path]:
    """Write script and page of a new lesson and return where they are.

    Raises:
        UsageError: a name that does not work everywhere, or one of the files is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*", lesson):
        raise UsageError(
            f"lesson {lesson!r}: expected small letters, digits, _ and /, as in training/dropout."
        )
    script = settings.lessons_folder / f"{lesson}.py"
    page = settings.pages_folder / f"{lesson.replace('_', '-')}.md"
    for path in (script, page):
        if path.exists():
            raise UsageError(f"{path} exists already; nothing was written.")
    stem = lesson.rsplit("/", 1)[-1].replace("_", "-")
    for path, name in ((script, "lesson.py.txt"), (page, "page.md.txt")):
        template = (resources.files("lessonkit.press") / "templates" / name).read_text("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template).substitute(lesson=lesson, stem=stem), encoding="utf-8")
    return [script, page]
