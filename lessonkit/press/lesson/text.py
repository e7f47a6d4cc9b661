"""The text of a script as Python reads it, or one clear sentence on why it cannot."""

from __future__ import annotations

import ast
import io
import os
import re
import stat
import tokenize
from pathlib import Path

from lessonkit.press.settings import PressError

LARGEST = 8 * 2**20  # bytes of a script: more is data in the wrong place


class ScriptError(PressError):
    """A script that is no lesson."""


def looked_at(path: Path) -> os.stat_result:
    """Return the size and time of a file that can be read without waiting for anybody."""
    try:
        found = path.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    if not stat.S_ISREG(found.st_mode):
        raise ScriptError(f"{path}: expected a file of Python code, got something that is no file.")
    if found.st_size > LARGEST:
        raise ScriptError(
            f"{path}: {found.st_size / 2**20:.0f} MiB of code; expected at most "
            f"{LARGEST // 2**20}. Keep data in a file of its own and declare it with reads=[…]."
        )
    return found


def unreadable(path: Path, error: OSError) -> ScriptError:
    """Say that a script cannot be read."""
    hint = f" (a link to {os.readlink(path)})" if path.is_symlink() else ""
    return ScriptError(f"{path}: cannot be read{hint}: {error.strerror or error}.")


def code(path: Path) -> str:
    r"""Return the text of a script as Python reads it: decoded, and every line ends in \n.

    Raises:
        ScriptError: no such file, or bytes that are not text in the encoding that it names.
    """
    looked_at(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
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
