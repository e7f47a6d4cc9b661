"""Reading a lesson script: its title, its text and its code cells.

The format is sphinx-gallery's, and so is the parser.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import re
import stat
import tokenize
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path

from lessonkit.press import memo
from lessonkit.press.lesson import sphinx
from lessonkit.press.settings import PressError

LARGEST = 8 * 2**20  # bytes of a script: more is data in the wrong place


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
        ScriptError: no such file, no text, a syntax error, no docstring, no title in it, or code
            that stands in no cell.
    """
    found = _looked_at(path)
    return _read(path, text, memo_folder, found.st_mtime_ns, found.st_size)


def _looked_at(path: Path) -> os.stat_result:
    """Return the size and time of a file that can be read without waiting for anybody."""
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(found.st_mode):
        raise ScriptError(f"{path}: expected a file of Python code, got something that is no file.")
    if found.st_size > LARGEST:
        raise ScriptError(
            f"{path}: {found.st_size / 2**20:.0f} MiB of code; expected at most "
            f"{LARGEST // 2**20}. Keep data in a file of its own and declare it with reads=[…]."
        )
    return found


def _unreadable(path: Path, error: OSError) -> ScriptError:
    hint = f" (a link to {os.readlink(path)})" if path.is_symlink() else ""
    return ScriptError(f"{path}: cannot be read{hint}: {error.strerror or error}.")


def code(path: Path) -> str:
    r"""Return the text of a script as Python reads it: decoded, and every line ends in \n.

    Raises:
        ScriptError: no such file, or bytes that are not text in the encoding that it names.
    """
    _looked_at(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    if b"\0" in data:
        raise ScriptError(
            f"{path}:{_line(data, data.index(0))}: a NUL byte, which Python code cannot hold "
            "(perhaps it is UTF-16). Save the file as UTF-8."
        )
    try:
        encoding = _encoding(data)
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ScriptError(
            f"{path}:{_line(data, error.start)}: byte 0x{data[error.start]:02x} is not "
            f"{error.encoding.upper()}. Save the file as UTF-8, or name its encoding in the first "
            "line, as in `# -*- coding: latin-1 -*-`."
        ) from None
    except (SyntaxError, LookupError, UnicodeError) as error:
        raise ScriptError(
            f"{path}:1: {error}. Save the file as UTF-8, and name no other."
        ) from None
    return re.sub("\r\n?", "\n", text)


def _encoding(data: bytes) -> str:
    """Return the encoding that a script names, by a mark or in one of its first two lines."""
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        data.decode()  # perhaps the bytes are to blame: then we know where
        raise


def _line(data: bytes, place: int) -> int:
    before = data[:place]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


@lru_cache(maxsize=256)  # on the file's time, too: under `serve` files change
def _read(path: Path, text: str, memo_folder: Path | None, mtime: int, size: int) -> Script:
    if memo_folder is None:
        return _split(path, text)
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None
    kept = memo.recall(memo_folder, __file__, [content, text], lambda: _packed(_split(path, text)))
    title, cells, statements = json.loads(kept)
    return Script(path, title, tuple(Cell(*cell) for cell in cells), tuple(statements))


def _packed(lesson: Script) -> str:
    return json.dumps([lesson.title, [astuple(cell) for cell in lesson.cells], lesson.statements])


def _split(path: Path, text: str) -> Script:
    tree, plain = parse(path), code(path)
    if not ast.get_docstring(tree):
        raise _untitled(path)
    blocks = sphinx.blocks(plain)
    lines = plain.split("\n")  # as Python counts them
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
    """Parse a script, with one clear line for code that Python cannot read."""
    try:
        return ast.parse(code(path), filename=str(path))
    except SyntaxError as error:
        raise ScriptError(
            f"{path}:{error.lineno or 1}: syntax error: {error.msg}: "
            f"{(error.text or '').strip()!r}. Mend the line."
        ) from None
    except (RecursionError, MemoryError):
        raise ScriptError(
            f"{path}: an expression or a block is nested too deeply for Python. Split it."
        ) from None
    except ValueError as error:
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
