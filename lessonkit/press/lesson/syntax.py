"""What one file of code says: a digest of it, what it imports, and what it reads.

A digest covers the syntax tree, without comments and docstrings: these change no result, unless
the code asks for them, or a comment of sphinx-gallery's lets figures stay open.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.press import memo
from lessonkit.press.lesson import comments, script


@dataclass(frozen=True)
class Tree:
    """What a file says."""

    file: Path
    digest: str
    imports: tuple[str, ...]  # a leading dot for each level of a relative one
    reads: tuple[str, ...]
    vouched: bool  # whether `reads` is given at all
    asks: tuple[str, ...]  # for "docstrings", for "text"
    docstrings: str  # a digest of them
    text: str  # a digest of the whole file


# Names by which code asks what stands beside it: docstrings, or lines, comments and their numbers.
_ASKS = {
    "docstrings": {"__doc__", "getdoc", "help", "doctest", "pydoc"},
    "text": {"f_lineno", "tb_lineno", "co_firstlineno", "co_lines", "lineno", "getframeinfo"}
    | {"getsource", "getsourcelines", "getcomments", "extract_stack", "stack_info", "findCaller"}
    | {"format_exc", "format_exception", "format_stack", "print_exc", "print_stack", "__loader__"}
    | {"get_source", "get_data", "linecache", "tokenize"},
}


def tree(path: Path, memo_folder: Path) -> Tree:
    """Read a file of code, or remember what it said.

    Raises:
        ScriptError: it cannot be read, or has a syntax error.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise script.ScriptError(f"{path}: cannot be read: {error.strerror}.") from None
    return _cached_tree(path, memo_folder, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)


def line_of(path: Path, read: str) -> int:
    """Return the line on which a script declares that it reads a file."""
    for node in ast.walk(script.parse(path)):
        if isinstance(node, ast.Call) and any(read in _written(value) for value in _given(node)):
            return node.lineno
    return 1


@lru_cache(maxsize=1024)
def _cached_tree(path: Path, memo_folder: Path, mtime: int, ctime: int, size: int) -> Tree:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    kept = memo.recall(memo_folder, __file__, [content], lambda: json.dumps(_parsed(path)))
    digest, imports, reads, vouched, asks, said = json.loads(kept)
    return Tree(path, digest, tuple(imports), tuple(reads), vouched, tuple(asks), said, content)


def _parsed(path: Path) -> list[Any]:
    parsed = script.parse(path)
    written = "".join(_canonical(parsed)) + _deferring(path, parsed)
    digest = hashlib.sha256(written.encode()).hexdigest()
    nodes = list(ast.walk(parsed))
    imports = tuple(dict.fromkeys(name for node in nodes for name in _imports(node)))
    given = [value for node in nodes for value in _given(node)]
    reads = tuple(dict.fromkeys(name for value in given for name in _written(value)))
    named = {name for node in nodes for name in _names(node)}
    asks = tuple(what for what, names in _ASKS.items() if names & named)
    return [digest, imports, reads, bool(given), asks, _docstrings(nodes)]


def _deferring(path: Path, parsed: ast.Module) -> str:
    """Say between which statements figures stay open, the one thing that a comment changes."""
    lines = comments.deferred(script.code(path))
    before = [sum(node.lineno < line for node in parsed.body) for line in lines]
    return json.dumps(before) if before else ""


def _names(node: ast.AST) -> Iterator[str]:
    """Yield what a node names: a variable, an attribute, a module, or the text of `getattr`."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (part for alias in node.names for part in alias.name.split("."))
        yield from (getattr(node, "module", None) or "").split(".")
    elif isinstance(node, ast.Constant):
        yield node.value if isinstance(node.value, str) else ""
    else:
        yield str(getattr(node, "attr", getattr(node, "id", "")))


def _docstrings(nodes: Sequence[ast.AST]) -> str:
    texts = [
        ast.get_docstring(node, clean=False) for node in nodes if isinstance(node, _DOCUMENTED)
    ]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


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


def _given(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what `Lesson(..., reads=[...])` declares."""
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called == "Lesson":
            yield from node.args[1:2]
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "reads")


def _written(value: ast.expr) -> Iterator[str]:
    """Yield the names that are written out in a list; computed ones are seen when they are read."""
    if isinstance(value, (ast.List, ast.Tuple)):
        for item in value.elts:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield item.value
