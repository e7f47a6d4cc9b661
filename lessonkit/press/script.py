"""Reading a lesson script: its title, its text and its code cells.

The format is sphinx-gallery's, and so is the parser.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

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

    @property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]


def read(path: Path, text: str = "markdown") -> Script:
    """Read a lesson script.

    Args:
        path: the script.
        text: "markdown", or "rst" for scripts whose text was written for Sphinx.

    Raises:
        ScriptError: no such file, a syntax error, no docstring, or no title in it.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror}.") from None
    return _read(path, text, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _read(
    path: Path, text: str, mtime: int, size: int
) -> Script:  # keyed on time: serve edits files
    parse(path)
    from sphinx.errors import ExtensionError
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks

    try:
        _, blocks = split_code_and_text_blocks(path)
    except ExtensionError:
        blocks = []
    if not blocks or not blocks[0].content.strip():
        raise ScriptError(
            f"{path}:1: expected a docstring whose first line is the lesson's title, got none. "
            'Begin the script with """The finding, as a title.'
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [block.content.strip("\n") for block in blocks]
    if text == "rst":
        texts = _markdown(
            [t if b.type == "text" else "" for t, b in zip(texts, blocks, strict=True)], texts
        )
    title, intro = _title(texts[0])
    cells = [Cell("text", intro, 1)] if intro else []
    for block, content in zip(blocks[1:], texts[1:], strict=True):
        line = block.lineno + _blank_lines(block.content)
        name = _name(lines, block.lineno) if block.type == "code" else ""
        cells.append(Cell(block.type, content, line, name))
    return Script(path, title, tuple(cells))


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


def _markdown(rst: list[str], texts: list[str]) -> list[str]:
    from sphinx_gallery.notebook import rst2md

    levels: dict[tuple[str | None, str], int] = {}
    return [rst2md(r, {}, ".", levels) if r else t for r, t in zip(rst, texts, strict=True)]


def _title(docstring: str) -> tuple[str, str]:
    """Split a docstring into its title (plain, `# Markdown` or underlined) and the rest."""
    first, _, rest = docstring.strip().partition("\n")
    rest = re.sub(r"\A\s*([=\-~*#])\1{2,}[ \t]*(\n|\Z)", "", rest)
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
