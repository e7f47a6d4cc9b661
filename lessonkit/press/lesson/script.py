"""Reading a lesson script: its title, its text and its code cells.

The format is sphinx-gallery's, and so is the parser.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path

from lessonkit.press import memo
from lessonkit.press.lesson import sphinx
from lessonkit.press.settings import PressError


class ScriptError(PressError):
    """A script that is no lesson."""


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

    @property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]


def read(path: Path, text: str = "markdown", memo_folder: Path | None = None) -> Script:
    """Read a lesson script.

    Args:
        path: the script.
        text: "markdown", or "rst" for scripts whose text was written for Sphinx.
        memo_folder: where to remember what was read, if anywhere.

    Raises:
        ScriptError: no such file, a syntax error, no docstring, no title in it, or code that
            stands in no cell.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror}.") from None
    return _read(path, text, memo_folder, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)  # on the file's time, too: under `serve` files change
def _read(path: Path, text: str, memo_folder: Path | None, mtime: int, size: int) -> Script:
    if memo_folder is None:
        return _split(path, text)
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    kept = memo.recall(memo_folder, __file__, [content, text], lambda: _packed(_split(path, text)))
    title, cells, statements = json.loads(kept)
    return Script(path, title, tuple(Cell(*cell) for cell in cells), tuple(statements))


def _packed(lesson: Script) -> str:
    return json.dumps([lesson.title, [astuple(cell) for cell in lesson.cells], lesson.statements])


def _split(path: Path, text: str) -> Script:
    tree = parse(path)
    if not ast.get_docstring(tree):
        raise _untitled(path)
    blocks = sphinx.blocks(path)
    lines = path.read_text(encoding="utf-8").split("\n")  # as Python counts them
    texts = [block.content.strip("\n") for block in blocks]
    if text == "rst":
        prose = [t if b.kind == "text" else "" for t, b in zip(texts, blocks, strict=True)]
        spoken = sphinx.markdown(prose)
        texts = [said or kept for said, kept in zip(spoken, texts, strict=True)]
    title, intro = _title(texts[0])
    if not title:
        raise _untitled(path)
    cells = [Cell("text", intro, 1)] if intro else []
    for block, content in zip(blocks[1:], texts[1:], strict=True):
        line = block.line + _blank_lines(block.content)
        name = _name(lines, block.line) if block.kind == "code" else ""
        cells.append(Cell(block.kind, content, line, name))
    statements = tuple(node.lineno for node in tree.body[1:])  # a title is a docstring
    lesson = Script(path, title, tuple(cells), statements)
    _check_cells(lesson, tree)
    return lesson


def _untitled(path: Path) -> ScriptError:
    return ScriptError(
        f"{path}:1: expected a docstring whose first line is the lesson's title, got none. "
        'Begin the script with """The finding, as a title.'
    )


def _check_cells(lesson: Script, tree: ast.Module) -> None:
    """Refuse code that belongs to no cell: it would never run."""
    for node in tree.body[1:]:
        if not any(cell.line <= node.lineno <= cell.last_line for cell in lesson.code):
            raise ScriptError(
                f"{lesson.path}:{node.lineno}: this code stands in no cell, so it would never "
                "run. Give it a line of its own after the docstring."
            )


def parse(path: Path) -> ast.Module:
    """Parse a script, with one clear line for a syntax error."""
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise ScriptError(
            f"{path}:{error.lineno}: syntax error: {error.msg}: {(error.text or '').strip()!r}. "
            "Mend the line."
        ) from None
    except ValueError as error:  # null bytes
        raise ScriptError(f"{path}: not Python source: {error}.") from None


def _title(docstring: str) -> tuple[str, str]:
    """Split a docstring into its title (plain, `# Markdown`, under- or overlined) and the rest."""
    ruler = r"\A\s*([=\-~*#])\1{2,}[ \t]*(\n|\Z)"
    first, _, rest = re.sub(ruler, "", docstring).strip().partition("\n")
    rest = re.sub(ruler, "", rest)
    return first.lstrip("# ").rstrip(), rest.strip("\n")


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
