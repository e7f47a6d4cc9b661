"""Reading a lesson script: its title, its text and its code cells.

The format is sphinx-gallery's, and so is the parser.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
from dataclasses import astuple, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from lessonkit.press import memo
from lessonkit.press.lesson import comments, doctree, restructured, sphinx
from lessonkit.press.lesson.comments import Comment
from lessonkit.press.lesson.text import ScriptError as ScriptError
from lessonkit.press.lesson.text import code as code
from lessonkit.press.lesson.text import looked_at, unreadable
from lessonkit.press.lesson.text import parse as parse


@dataclass(frozen=True)
class Cell:
    """One block of a script."""

    kind: str  # "text" or "code"
    source: str
    line: int  # of its first line, from 1
    name: str = ""  # code: what stands behind `# %%`

    @property
    def last_line(self) -> int:
        """The number of its last line."""
        return self.line + self.source.rstrip("\n").count("\n")


@dataclass(frozen=True)
class Script:
    """A lesson as written."""

    path: Path
    title: str
    cells: tuple[Cell, ...]
    statements: tuple[int, ...]  # the first line of each, the docstring left out
    plain: bool = False  # it makes no `Lesson`: it runs as under sphinx-gallery
    comments: tuple[Comment, ...] = ()  # of sphinx-gallery's configuration

    @cached_property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def deferring(self) -> list[int]:
        """The code cells, by their place, whose figures stay open for the next."""
        return [
            i for i, cell in enumerate(self.code) if self.asks(comments.DEFER, cell) is not None
        ]

    def asks(self, name: str, cell: Cell | None = None) -> Any:
        """Return what the last configuration comment of a name says; None if there is none.

        Args:
            name: of the comment; one that has no value says True.
            cell: in which, or in the text before which, the comment must stand; default: anywhere.
        """
        first, last = 0, math.inf
        if cell is not None:
            ends = (other.last_line for other in self.code if other.line < cell.line)
            first, last = max(ends, default=0), cell.last_line
        for comment in reversed(self.comments):
            if comment.name == name and first < comment.line <= last:
                return True if comment.value is None else comment.value
        return None

    def shown(self, cell: Cell, *, whole: bool = False) -> str:
        """Return a cell's source without configuration comments.

        Args:
            cell: of this script.
            whole: with what runs and is not to be shown, as a notebook needs it.
        """
        hidden = {comment.line for comment in self.comments}
        if not whole:
            hidden.update(line for lines in comments.passages(self.comments) for line in lines)
        lines = enumerate(cell.source.split("\n"), cell.line)
        return "\n".join(text for number, text in lines if number not in hidden).strip("\n")


def read(path: Path, text: str = "markdown", memo_folder: Path | None = None) -> Script:
    """Read a lesson script.

    Args:
        path: the script.
        text: "markdown", or "rst" for scripts whose text was written for Sphinx.
        memo_folder: where to remember what was read, if anywhere.

    Raises:
        ScriptError: no such file, no text, a syntax error, no docstring, no title in it, or code
            that stands in no cell.
    """
    found = looked_at(path)
    return _read(path, text, memo_folder, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


@lru_cache(maxsize=256)  # on the file's time, too: under `serve` files change
def _read(
    path: Path, text: str, memo_folder: Path | None, mtime: int, ctime: int, size: int
) -> Script:
    if memo_folder is None:
        return _split(path, text)
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None
    readers = (comments, doctree, restructured, sphinx)
    made_of = [
        content,
        text,
        sphinx.version(),
        *(memo.digest_of(str(reader.__file__)) for reader in readers),
    ]
    kept = memo.recall(memo_folder, __file__, made_of, lambda: _packed(_split(path, text)))
    title, cells, statements, plain, said = json.loads(kept)
    found = tuple(Cell(*cell) for cell in cells), tuple(statements)
    return Script(path, title, *found, plain, tuple(Comment(*comment) for comment in said))


def _packed(lesson: Script) -> str:
    cells, said = ([astuple(one) for one in many] for many in (lesson.cells, lesson.comments))
    return json.dumps([lesson.title, cells, lesson.statements, lesson.plain, said])


def _split(path: Path, text: str) -> Script:
    tree, plain = parse(path), code(path)
    if not ast.get_docstring(tree):
        raise _untitled(path)
    blocks = sphinx.blocks(plain)
    lines, said = plain.split("\n"), _comments(path, plain)  # as Python counts them
    texts = [block.content.strip("\n") for block in blocks]
    prose = [
        sphinx.prose(t) if b.kind == "text" else "" for t, b in zip(texts, blocks, strict=True)
    ]
    if text == "rst":
        prose = restructured.markdown(prose)
    texts = [spoken or kept for spoken, kept in zip(prose, texts, strict=True)]
    title, intro = _title(texts[0])
    if not title:
        raise _untitled(path)
    cells = [Cell("text", intro, 1)] if intro else []
    for block, content in zip(blocks[1:], texts[1:], strict=True):
        line = block.line + _blank_lines(block.content)
        name = _name(lines, block.line) if block.kind == "code" else ""
        cells.append(Cell(block.kind, content, line, name))
    statements = tuple(node.lineno for node in tree.body[1:])  # a title is a docstring
    lesson = Script(path, title, tuple(cells), statements, not _makes_lesson(tree), said)
    _check_cells(lesson, tree)
    return lesson


def _makes_lesson(tree: ast.Module) -> bool:
    """Say whether a script publishes: it calls `Lesson`, or something that has it for a name."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(f, "id", getattr(f, "attr", "")) == "Lesson" for f in called)


def _comments(path: Path, source: str) -> tuple[Comment, ...]:
    try:
        return tuple(comments.found(source))
    except comments.CommentError as error:
        raise ScriptError(f"{path}:{error.line}: {error}") from None


def _untitled(path: Path) -> ScriptError:
    return ScriptError(
        f"{path}:1: expected a docstring whose first line is the lesson's title, got none. "
        'Begin the script with """The finding, as a title.'
    )


def _check_cells(lesson: Script, tree: ast.Module) -> None:
    """Refuse code that belongs to no cell, for it would never run, and a name for two cells."""
    for node in tree.body[1:]:
        if not any(cell.line <= node.lineno <= cell.last_line for cell in lesson.code):
            raise ScriptError(
                f"{lesson.path}:{node.lineno}: this code stands in no cell, so it would never "
                "run. Give it a line of its own after the docstring."
            )
    lines: dict[str, int] = {}
    for cell in lesson.code:
        if cell.name in lines:
            raise ScriptError(
                f"{lesson.path}:{cell.line}: the cell at line {lines[cell.name]} is named "
                f"{cell.name!r}, too; cells and what is published share one namespace. Rename one."
            )
        if cell.name:
            lines[cell.name] = cell.line


def _title(docstring: str) -> tuple[str, str]:
    """Split a docstring into its title (plain, `# Markdown`, under- or overlined) and the rest."""
    ruler = r"\A\s*([=\-~*#])\1{2,}[ \t]*(\n|\Z)"
    first, _, rest = re.sub(ruler, "", docstring).strip().partition("\n")
    rest = re.sub(ruler, "", rest)
    return doctree.plain(first.lstrip("# ").rstrip()), rest.strip("\n")


def _blank_lines(content: str) -> int:
    return len(content) - len(content.lstrip("\n"))


def _name(lines: list[str], line: int) -> str:
    """Return the name behind the `# %%` that opened the cell before `line`, if it is one."""
    for text in reversed(lines[: line - 1]):
        marker = re.match(r"# ?%%\s*([a-z0-9-]*)\s*$", text)
        if marker or re.match(r"# ?%%", text):
            return marker[1] if marker else ""
        if not text.startswith("#"):
            return ""
    return ""
