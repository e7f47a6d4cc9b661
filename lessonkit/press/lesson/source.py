"""The code that a lesson runs, as one digest: its own and all that it reaches.

A digest covers the syntax tree (comments and docstrings out) of the lesson and of every module of
the project that it reaches, and the data files that it declares. Nothing is imported to compute it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.press import memo
from lessonkit.press.lesson import script
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
    files: dict[str, str]  # declared data file -> digest of its bytes
    places: dict[str, Path]  # name of a module -> its file, on this machine

    @property
    def digest(self) -> str:
        """One digest of all of it, the same on every machine and Python version."""
        return digest_of_code(self.lesson, self.modules, self.files)


def digest_of_code(lesson: str, modules: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Return one digest of all that a lesson reaches, of the digests of its parts."""
    return digest_of([lesson, dict(modules), dict(files)])


def source(settings: Settings, lesson: str) -> Source:
    """Follow the imports of a lesson and digest every module of the project that it reaches.

    Raises:
        ScriptError: a syntax error in the lesson or in a module.
        PressError: a declared data file is missing.
    """
    path = settings.script(lesson)
    found = reached(settings, path)
    modules = {name: tree.digest for name, tree in found.items()}
    files = {name: _file_digest(settings, path, name) for name in found["__main__"].reads}
    places = {name: tree.file for name, tree in found.items()}
    return Source(lesson, path, dict(sorted(modules.items())), files, places)


def reached(
    settings: Settings, path: Path, outside: tuple[str, ...] = OUTSIDE
) -> dict[str, Module]:
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
    found = {"__main__": _tree(path, settings.memo_folder)}
    waiting, seen = list(found["__main__"].imports), {"__main__"}
    while waiting:
        name = waiting.pop()
        if name in seen or name in outside or name.startswith(OUTSIDE[0] + "."):
            continue
        seen.add(name)
        file = _find(name, roots)
        if file is None:
            continue
        found[name] = _tree(file, settings.memo_folder)
        waiting += _absolute(found[name].imports, name, file)
    return found


def digest_of(data: object) -> str:
    """Return one digest of plain data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Module:
    """A file of code: its digest, what it imports anywhere, and what `Lesson` declares."""

    file: Path
    digest: str
    imports: tuple[str, ...]  # a leading dot for each level of a relative one
    reads: tuple[str, ...]


def _tree(path: Path, memo_folder: Path) -> Module:
    try:
        stat = path.stat()
    except OSError as error:
        raise script.ScriptError(f"{path}: cannot be read: {error.strerror}.") from None
    return _cached_tree(path, memo_folder, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def _cached_tree(path: Path, memo_folder: Path, mtime: int, size: int) -> Module:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    parser = f"{sys.version_info.major}.{sys.version_info.minor}"
    kept = memo.recall(memo_folder, __file__, [content, parser], lambda: json.dumps(_parsed(path)))
    digest, imports, reads = json.loads(kept)
    return Module(path, digest, tuple(imports), tuple(reads))


def _parsed(path: Path) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    tree = script.parse(path)
    digest = hashlib.sha256("".join(_canonical(tree)).encode()).hexdigest()
    nodes = list(ast.walk(tree))
    imports = tuple(dict.fromkeys(name for node in nodes for name in _imports(node)))
    reads = tuple(dict.fromkeys(name for node in nodes for name in _reads(node)))
    return digest, imports, reads


class _Written(str):
    """A part of what is written, as opposed to a text within the tree."""


def _canonical(tree: ast.Module) -> Iterator[str]:
    """Write a syntax tree without positions, docstrings and empty fields.

    `ast.dump` will not do: it writes other things for the same code in Python 3.12 and 3.13. Nor
    will recursion: Python runs expressions that are nested more deeply than it calls.
    """
    waiting: list[object] = [tree]  # the last one is written next
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Written):
            yield node
        elif isinstance(node, ast.AST):
            waiting += reversed(
                [_Written(f"{type(node).__name__}("), *_fields(node), _Written(")")]
            )
        elif isinstance(node, list):
            waiting += reversed([part for item in node for part in (item, _Written(","))])
        else:
            yield f"{type(node).__name__}:{node!r}"


def _fields(node: ast.AST) -> Iterator[object]:
    for name in node._fields:
        value: Any = getattr(node, name, None)
        if value is None and not (name == "value" and isinstance(node, ast.Constant)):
            continue
        if name == "body" and isinstance(node, _DOCUMENTED):
            value = _without_docstring(value)
        if isinstance(node, ast.JoinedStr):
            value = _without_empty_text(value)
        if value == [] or name == "ctx":
            continue
        yield _Written(f"{name}=")
        yield value


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _without_empty_text(parts: list[ast.expr]) -> list[ast.expr]:
    """Drop what Python 3.12 writes between the parts of an f-string where there is no text."""
    return [part for part in parts if not (isinstance(part, ast.Constant) and part.value == "")]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _with_parents(alias.name)
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        yield from _with_parents(base)
        joint = "" if base.endswith(".") else "."
        for alias in node.names:
            yield f"{base}{joint}{alias.name}"


def _with_parents(name: str) -> Iterator[str]:
    """Yield a.b.c, a.b and a: importing a module runs the packages around it."""
    yield name
    while "." in name.lstrip("."):
        name = name.rpartition(".")[0]
        yield name


def _reads(node: ast.AST) -> Iterator[str]:
    """Yield the data files that `Lesson(..., reads=[...])` declares."""
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if called != "Lesson":
        return
    named = [keyword.value for keyword in node.keywords if keyword.arg == "reads"]
    for value in (*node.args[1:2], *named):
        if isinstance(value, (ast.List, ast.Tuple)):
            for item in value.elts:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    yield item.value


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
        if file.exists() and not file.is_file():  # a pipe would keep us waiting, a device for ever
            raise OSError(0, "it is no file")
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:  # a NUL, or half a character
        reason = getattr(error, "strerror", None) or str(error)
        raise PressError(
            f"{path}:{_line_of(path, name)}: Lesson(reads=[…]): {name!r} cannot be read: {reason}. "
            "Name a file that is there, as seen from the folder of pyproject.toml."
        ) from None


def _line_of(path: Path, read: str) -> int:
    """Return the line on which a script declares that it reads a file."""
    nodes = (node for node in ast.walk(script.parse(path)) if read in _reads(node))
    return next((node.lineno for node in nodes if isinstance(node, ast.Call)), 1)
