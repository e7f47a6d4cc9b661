"""What a lesson needs where nothing of its project lies: its modules, and a notebook's first cell.

A notebook that somebody downloaded finds its modules where they are installed, else beside itself
or above, as in an archive that was unpacked, else it fetches the lesson's archive from the site.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from lessonkit.press.lesson.script import Script
from lessonkit.press.lesson.source import reached
from lessonkit.press.lesson.syntax import Tree
from lessonkit.press.page.language import gettext as _
from lessonkit.press.settings import PressError, Settings


@dataclass(frozen=True)
class Luggage:
    """What a lesson takes along."""

    modules: dict[str, Path]  # as Python looks for them, "lessonkit/evidence/lesson.py" -> file
    reads: dict[str, Path]  # the data that it declares, as it names them -> file
    missing: tuple[str, ...]  # the data that it does not take: undeclared, or too large
    libraries: tuple[str, ...]  # what it imports of other people's, as Python names it

    @property
    def tops(self) -> list[str]:
        """The names that Python must find."""
        return sorted({name.partition("/")[0].removesuffix(".py") for name in self.modules})

    def files(self) -> dict[str, bytes]:
        """Return what an archive holds of it."""
        found = {**self.modules, **self.reads}
        return {name: file.read_bytes() for name, file in found.items()}


def beside(name: str, lesson: str) -> str:
    """Return where a file lies in the archive of all lessons: what all share lies above them."""
    return name if name.startswith("lessonkit/") else f"{lesson}/{name}"


NOTHING = Luggage({}, {}, (), ())
_LARGEST = 2**20  # bytes of a file of data that travels


def luggage(settings: Settings, script: Path, inputs: Iterable[str] = ()) -> Luggage:
    """Return what a script takes along; nothing if that cannot be told.

    Args:
        settings: of the project.
        script: of the lesson.
        inputs: what its run found, as its manifest has it. Nobody has said that this may be
            published, so it is named only, and not even that outside the project.
    """
    try:
        found = reached(settings, script, outside=())
    except PressError:
        return NOTHING
    declared = {
        name: file for name in found["__main__"].reads for name, file in _data(settings, name)
    }
    reads = {name: file for name, file in declared.items() if file.stat().st_size <= _LARGEST}
    seen = {name.removeprefix("read ") for name in inputs if name.startswith("read ")}
    near = {name for name in seen if name[:1] not in "/~\\." and ":" not in name}
    missing = sorted((near | set(declared)) - set(reads))
    modules = {_inside(name, module): module.file for name, module in found.items()}
    own = {name.partition(".")[0] for name in found}
    imported = {
        name.partition(".")[0]
        for about, module in found.items()
        if not about.startswith("lessonkit.evidence")  # it asks only for what is there
        for name in module.imports
    }
    libraries = sorted(imported - own - {""} - sys.stdlib_module_names)
    del modules[_inside("__main__", found["__main__"])]
    return Luggage(dict(sorted(modules.items())), reads, tuple(missing), tuple(libraries))


def _data(settings: Settings, name: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of what a lesson declares: a file, or all in a folder but for hidden ones."""
    place = settings.root / name
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    for file in files:
        inner = file.relative_to(place).parts
        if file.is_file() and not any(part[0] == "." for part in inner):
            yield Path(name, *inner).as_posix(), file


def _inside(name: str, module: Tree) -> str:
    package = module.file.name == "__init__.py"
    return name.replace(".", "/") + ("/__init__.py" if package else ".py")


def first_cell(site: str, lesson: str, taken: Luggage) -> str:
    """Return the code that brings what the notebook of a lesson imports; "" if that is nothing.

    Args:
        site: where it lies; "" if nobody knows.
        lesson: its name.
        taken: what it takes along.
    """
    if taken == NOTHING:
        return ""
    archive = f"{lesson.rpartition('/')[2]}.zip"
    address = f"{site}/generated/{lesson}/{archive}"
    asked = _(
        "Put %(archive)s, from the page of this lesson, beside this notebook; run it again."
    ) % {"archive": archive}
    text = (resources.files("lessonkit.press") / "templates/first-cell.py.txt").read_text("utf-8")
    return Template(text.rstrip()).substitute(
        first=_(
            "Run this cell first: it brings what is imported below, and does nothing where that is "
            "there."
        ),
        more=_("To measure more, or with other seeds, remove the # of a line before you run all:"),
        libraries=list(taken.libraries),
        packages=" ".join(distributions(taken)),
        modules=taken.tops,
        reads=list(taken.reads),
        archive=repr(archive),
        told=f"\nprint({_told(taken)!r})" if taken.missing else "",
        fetch=f"urlretrieve({address!r}, archive)" if site else f"raise SystemExit({asked!r})",
    )


def distributions(taken: Luggage) -> list[str]:
    """Return what has to be installed, as package indexes call it."""
    return sorted(_CALLED.get(name, name) for name in taken.libraries)


def _told(taken: Luggage) -> str:
    return _("This lesson reads %(files)s: not in its archive, so put it here.") % {
        "files": ", ".join(taken.missing)
    }


def last_cell(script: Script) -> str:
    """Return the name of the lesson's `Lesson`: as a last line, it says how it came out."""
    for node in ast.parse(script.path.read_bytes()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called = node.value.func
            named = getattr(called, "id", getattr(called, "attr", ""))
            if named == "Lesson" and isinstance(node.targets[0], ast.Name):
                return node.targets[0].id
    return ""


# What one installs, where that has another name. To ask the environment would take longer than all
# else, and give another notebook on another machine.
_CALLED = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "imblearn": "imbalanced-learn",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
