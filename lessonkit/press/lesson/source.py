"""The code that a lesson runs, as one digest: its own and all that it reaches.

A digest covers the code of the lesson and of every module of the project that it reaches, and the
data files that it declares. Nothing is imported to compute it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lessonkit.press.lesson import inputs, syntax
from lessonkit.press.lesson.roots import PACKAGE, module_roots
from lessonkit.press.settings import PressError, Settings

# How a run becomes a page, what a terminal or a notebook shows, or which colour a condition has,
# cannot change what was measured: a new condition's colour would ask every lesson to run again.
OUTSIDE = (
    "lessonkit.press",
    "lessonkit.evidence.terminal",
    "lessonkit.evidence.notebook",
    "lessonkit.figures.conditions",
)


@dataclass(frozen=True)
class Source:
    """The code that a lesson runs: its own and every module that it reaches."""

    lesson: str
    script: Path
    modules: dict[str, str]  # name of a module -> digest of its syntax tree
    files: dict[str, str]  # declared data file or folder -> digest of its bytes
    places: dict[str, Path]  # name of a module -> its file, on this machine
    vouched: bool = False  # whether the lesson says what it reads, be it nothing
    libraries: frozenset[str] = frozenset()  # what its own code imports from elsewhere, by name

    @property
    def digest(self) -> str:
        """One digest of all of it, the same on every machine and Python version."""
        return digest_of_code(self.lesson, self.modules, self.files)


def digest_of_code(
    lesson: str,
    modules: Mapping[str, str],
    files: Mapping[str, str],
    found: Mapping[str, str] | None = None,
) -> str:
    """Return one digest of all that a lesson reaches, of the digests of its parts.

    Args:
        lesson: its name.
        modules: of the project.
        files: that it declares.
        found: what a run of it found beside that (`inputs`); without, it is the code alone.
    """
    code = digest_of([lesson, dict(modules), dict(files)])
    return digest_of([code, dict(found)]) if found else code


def source(settings: Settings, lesson: str) -> Source:
    """Follow the imports of a lesson and digest every module of the project that it reaches.

    Raises:
        ScriptError: a syntax error in the lesson or in a module.
        PressError: a declared data file is missing.
    """
    path = settings.script(lesson)
    found = reached(settings, path)
    files = {name: _file_digest(settings, path, name) for name in found["__main__"].reads}
    places = {name: tree.file for name, tree in found.items()}
    vouched = found["__main__"].vouched
    return Source(lesson, path, _digests(found), files, places, vouched, _libraries(found))


def _libraries(reached: dict[str, syntax.Tree]) -> frozenset[str]:
    own = {name.partition(".")[0] for name in reached}
    ours = [tree for name, tree in reached.items() if not name.startswith(f"{PACKAGE.name}.")]
    named = {name.partition(".")[0] for tree in ours for name in tree.imports}
    return frozenset(named - own - sys.stdlib_module_names)


def _digests(reached: dict[str, syntax.Tree]) -> dict[str, str]:
    """Return a digest of each module: of all that the lesson could find out about it.

    Where the project's own code asks for docstrings or for lines, these count, too.
    """
    ours = {name for name in reached if not name.startswith(f"{PACKAGE.name}.")}
    asked = {what for name in ours for what in reached[name].asks}
    found = {}
    for name, tree in sorted(reached.items()):
        beside = [tree.docstrings] * ("docstrings" in asked) + [tree.text] * ("text" in asked)
        shown = beside and name in ours
        found[name] = digest_of([tree.digest, *beside]) if shown else tree.digest
    return found


def outside() -> list[str]:
    """Return where the code lies that no key covers: it cannot change what is measured."""
    places = (PACKAGE.joinpath(*name.split(".")[1:]) for name in OUTSIDE)
    return [f"{place}{os.sep}" if place.is_dir() else f"{place}.py" for place in places]


def reached(
    settings: Settings, path: Path, outside: tuple[str, ...] = OUTSIDE
) -> dict[str, syntax.Tree]:
    """Return the script itself, as "__main__", and every module of the project that it reaches.

    Args:
        settings: of the project.
        path: of the script.
        outside: modules that are passed over, besides all of the press.

    Raises:
        ScriptError: a syntax error in the lesson or in a module.
    """
    roots = {str(root): _names_in(root) for root in module_roots(settings, path)}
    if str(PACKAGE.parent) != str(settings.root):  # what else lies there is not of this project
        roots[str(PACKAGE.parent)] = frozenset({PACKAGE.name})
    found = {"__main__": syntax.tree(path, settings.memo_folder)}
    waiting, seen = list(found["__main__"].imports), {"__main__"}
    while waiting:
        name = waiting.pop()
        if name in seen or name in outside or name.startswith(OUTSIDE[0] + "."):
            continue
        seen.add(name)
        file = _find(name, roots)
        if file is None:
            continue
        found[name] = syntax.tree(file, settings.memo_folder)
        waiting += _absolute(found[name].imports, name, file)
    return found


def digest_of(data: object) -> str:
    """Return one digest of plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _absolute(names: tuple[str, ...], module: str, file: Path) -> list[str]:
    """Resolve relative names, seen from inside `module`."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    for name in names:
        if name.startswith("."):
            level = len(name) - len(name.lstrip("."))
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - level + 1])
            name = ".".join(part for part in (base, name.lstrip(".")) if part)
        found.append(name)
    return found


def _find(name: str, roots: dict[str, frozenset[str]]) -> Path | None:
    top, _, rest = name.partition(".")
    for root, names in roots.items():
        if top not in names:  # nearly every import is of somebody else's package
            continue
        base = os.path.join(root, top, *rest.split(".")) if rest else os.path.join(root, top)
        for file in (os.path.join(base, "__init__.py"), base + ".py"):
            if os.path.isfile(file):
                return Path(file)
    return None


def _names_in(folder: Path) -> frozenset[str]:
    """Return what could be imported from a folder."""
    return _listed(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _listed(folder: Path, mtime: int) -> frozenset[str]:  # its time changes when a name does
    return frozenset(entry.name.removesuffix(".py") for entry in os.scandir(folder))


def _file_digest(settings: Settings, path: Path, name: str) -> str:
    file = settings.root / name
    try:
        if file.is_dir() and not settings.root.is_relative_to(file.resolve()):
            return inputs.of_tree(file)
        if file.exists() and not file.is_file():  # a pipe would keep us waiting, a device for ever
            raise OSError(0, "it is no file")
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:  # a NUL, or half a character
        reason = getattr(error, "strerror", None) or str(error)
        raise PressError(
            f"{path}:{syntax.line_of(path, name)}: Lesson(reads=[…]): {name!r} cannot be read: "
            f"{reason}. Name what is there, as seen from the folder of pyproject.toml."
        ) from None
