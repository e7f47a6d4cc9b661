"""sphinx-gallery's toolbox, called without Sphinx; nothing else in the press calls it.

Each function here is one call into sphinx-gallery, so that a change on their side shows in one
place. Only `names_used` is our own: theirs takes an expression that only Sphinx's builder makes.
"""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

_CONFIGURATION = re.compile(r"^[ \t]*sphinx_gallery_\w+[ \t]*(=.*)?\n?", re.M)
THUMBNAIL = (400, 260)  # pixels


@lru_cache(maxsize=1)
def version() -> str:
    """Return whose cutting, drawing and choosing this is, for whoever keeps what came of it."""
    return metadata.version("sphinx-gallery")


class Block(NamedTuple):
    """A part of a script as sphinx-gallery cuts it."""

    kind: str  # "text" or "code"
    content: str
    line: int  # from 1


def blocks(code: str) -> list[Block]:
    """Cut the text of a script into prose and code; its docstring comes first."""
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks

    with tempfile.TemporaryDirectory() as folder:  # it reads UTF-8 without a mark, and from a file
        _, found = split_code_and_text_blocks(_written(Path(folder, "script.py"), code))
    return [Block(block.type, block.content, block.lineno) for block in found]


def prose(text: str) -> str:
    """Return a text without what only machines read in it: configuration, and marks of linters."""
    said = _CONFIGURATION.sub("", text)
    return re.sub(r"[ \t]*# noqa: ?E501[ \t]*$", "", said, flags=re.M).strip("\n")


def thumbnail(picture: Path, target: Path) -> None:
    """Write a thumbnail of a picture, centred on a transparent card."""
    from sphinx_gallery.utils import scale_image

    scale_image(picture, target, *THUMBNAIL)


def related(scripts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for each script the others, those first that use most of its rare words.

    Args:
        scripts: the name of each -> its text.
    """
    from sphinx_gallery.recommender import ExampleRecommender

    if len(scripts) < 2:
        return {name: [] for name in scripts}
    with tempfile.TemporaryDirectory() as folder:
        files = {
            str(_written(Path(folder, f"{number:06}.py"), code)): name
            for number, (name, code) in enumerate(scripts.items())
        }
        fitted = ExampleRecommender(n_examples=len(scripts) - 1).fit(list(files))
        return {
            name: [files[str(other)] for other in fitted.predict(file)]
            for file, name in files.items()
        }


def _written(file: Path, code: str) -> Path:
    file.write_text(code, encoding="utf-8", newline="")
    return file


def names_used(script: Path, package: str = "lessonkit") -> list[str]:
    """Return the full names of `package` that a script uses, from its syntax tree alone.

    What an import binds counts where it is used: `from a import b; b.c()` uses `a.b.c`.
    """
    return list(_names_used(script.read_bytes(), package))


@lru_cache(maxsize=512)  # every page of the reference asks each script
def _names_used(code: bytes, package: str) -> tuple[str, ...]:
    tree = ast.parse(code)
    bound = dict(pair for node in ast.walk(tree) for pair in _bound(node))
    names = {full for name in _chains(tree) for full in _spelled(name, bound)}
    return tuple(sorted(name for name in names if name.split(".")[0] == package))


def _bound(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what an import binds: a name as the script spells it -> its full name."""
    if isinstance(node, ast.Import):
        yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _chains(tree: ast.AST) -> Iterator[str]:
    """Yield every dotted name at its longest: `a.b.c` once, without `a.b` and `a`."""
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in inner:
            yield from _dotted(node)


def _dotted(node: ast.AST) -> Iterator[str]:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        yield ".".join([node.id, *reversed(parts)])


def _spelled(name: str, bound: dict[str, str]) -> Iterator[str]:
    """Yield the full names that a dotted name may mean: `a.b.c` by an import of `a` or of `a.b`."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        full = bound.get(".".join(parts[:end]))
        if full:
            yield ".".join([full, *parts[end:]])
