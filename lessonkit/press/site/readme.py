"""What an archive says of itself: what it is, how to run what is in it, and what to install."""

from __future__ import annotations

from collections.abc import Sequence

from lessonkit.press.course.entries import Entry
from lessonkit.press.page import formulas
from lessonkit.press.page.language import gettext as _

REQUIREMENTS = "requirements.txt"
README = "README.md"
Taken = tuple[Entry, Sequence[str]]  # a lesson, and the distributions that it imports


def of_lesson(entry: Entry, libraries: Sequence[str]) -> dict[str, bytes]:
    """Return both files of a lesson's own archive.

    Args:
        entry: the lesson, which has run.
        libraries: the distributions that it imports.
    """
    title = formulas.plain(entry.page_title)
    how = _("The notebook %(notebook)s is the same lesson, cell by cell.") % {
        "notebook": f"`{entry.stem}.ipynb`"
    }
    return _files(
        title,
        [entry.page.question if entry.page else ""],
        [f"{entry.stem}.py"],
        how,
        [(entry, libraries)],
    )


def of_course(taken: Sequence[Taken]) -> dict[str, bytes]:
    """Return both files of the archive of all lessons.

    Args:
        taken: each lesson that has run.
    """
    lines = [
        f"- `{e.name}/`: {formulas.plain(f'{e.topic} — {e.page_title}')}" for e, _libraries in taken
    ]
    scripts = [f"{entry.name}/{entry.stem}.py" for entry, _libraries in taken][:1]
    how = _(
        "Each folder holds a lesson as script and as notebook; what they share lies in %(folder)s."
    )
    title = _("All lessons")
    return _files(title, ["\n".join(lines)], scripts, how % {"folder": "`lessonkit/`"}, taken)


def _files(
    title: str,
    about: list[str],
    scripts: list[str],
    how: str,
    taken: Sequence[Taken],
) -> dict[str, bytes]:
    pins = _pinned(taken)
    python = ", ".join(
        sorted({e.run.manifest["circumstances"]["python"] for e, _libraries in taken if e.run})
    )
    here = "PYTHONPATH=. " if "/" in scripts[0] else ""
    parts = [
        f"# {title}",
        *filter(None, about),
        _("Install what is imported, in the versions of the published run (Python %(python)s):")
        % {"python": python},
        f"    python -m pip install -r {REQUIREMENTS}",
        _("Run the script from this folder; what it draws comes to lie in `outputs/`:"),
        f"    {here}python {scripts[0]}",
        how,
    ]
    text = "\n\n".join(parts) + "\n"
    return {README: text.encode(), REQUIREMENTS: "".join(f"{pin}\n" for pin in pins).encode()}


def _pinned(taken: Sequence[Taken]) -> list[str]:
    """Return what to install, with the version under which it ran where the run says it."""
    found: dict[str, str] = {}
    for entry, libraries in taken:
        ran = entry.run.manifest["circumstances"]["libraries"] if entry.run else {}
        for name in libraries:
            version = (ran.get(name) or "").partition("+")[0]  # of every build of it
            found[name] = found.get(name) or (f"{name}=={version}" if version else "")
    return sorted(pin or name for name, pin in found.items())
