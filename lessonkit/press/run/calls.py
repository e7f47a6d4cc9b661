"""Who calls, in a lesson's process, and calls of which Python raises no event."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_IMPORTING = ("<frozen importlib._bootstrap", "<frozen zipimport")
_STANDARD = os.path.dirname(os.__file__) + os.sep
# They ask the system for what it is, by way of its programs (uname, ldconfig).
_ABOUT = tuple(os.path.join(_STANDARD, *name) for name in (("platform.py",), ("ctypes", "util.py")))
# They show lines of code to a person, and nobody measures those.
_SHOWING = ("traceback.py", "warnings.py")
_REMOVING = os.path.join(_STANDARD, "shutil.py")
_TEMPORARY = os.path.join(_STANDARD, "tempfile.py")
_SEEING = (__file__, os.path.join(os.path.dirname(__file__), "reads.py"))  # we ourselves


def by_lesson(is_library: Callable[[str], bool], through: tuple[str, ...] = ()) -> bool:
    """Say whether the lesson itself calls, rather than a library that it uses.

    Args:
        is_library: says so of a file of code.
        through: the only standard modules that may stand between, if not all may.
    """
    for frame in callers():
        file = frame.f_code.co_filename
        if file.startswith(_IMPORTING):
            return False  # a module does it when it is imported
        if file in _ABOUT:
            return False
        if file.startswith("<frozen "):  # a standard module within the interpreter
            file = f"{_STANDARD}{file[8:-1]}.py"
        elif file.startswith("<"):
            continue
        if not file.startswith(_STANDARD) or is_library(file):
            return not is_library(file)
        if through and os.path.basename(file) not in (*through, "__init__.py"):
            return False
    return False


def by_import() -> bool:
    """Say whether Python itself reads or looks, for an import or for a package's version."""
    file = next(callers()).f_code.co_filename
    return file.startswith((*_IMPORTING, f"{_STANDARD}importlib{os.sep}"))


def resolving() -> bool:
    """Say whether a path is only followed to where its links lead."""
    return next(callers()).f_code.co_name in ("_joinrealpath", "realpath")


def removing() -> bool:
    """Say whether a whole folder is only looked through to remove it."""
    code = next(callers()).f_code
    return code.co_filename == _REMOVING and "rmtree" in code.co_name


def by_tempfile() -> bool:
    """Say whether something is made under a name that nobody has chosen."""
    return next(callers()).f_code.co_filename == _TEMPORARY


def callers() -> Iterator[FrameType]:
    """Yield the frames that led here, from the innermost, our own left out."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename not in _SEEING:
            yield frame
        frame = frame.f_back


def is_shown() -> bool:
    """Say whether code is read for a traceback or a warning."""
    for frame in callers():
        file = frame.f_code.co_filename
        if not file.startswith(_STANDARD):
            return False
        if os.path.basename(file) in _SHOWING:
            return True
    return False


def whole(path: Any, arguments: dict[str, Any]) -> Any:
    """Return the path of a call that may be seen from an open folder (`dir_fd`)."""
    folder = arguments.get("dir_fd")
    return path if folder in (None, -1) else os.path.join(folder_of(folder), os.fsdecode(path))


def folder_of(descriptor: int) -> str:
    """Return the path of an open folder; "" where nobody can tell."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def wrap(name: str, tell: Callable[[Any, dict[str, Any]], None]) -> None:
    """Have a function of `os` tell of each call; it stays a function that takes descriptors."""
    called = getattr(os, name)

    @functools.wraps(called)
    def telling(path: Any, *arguments: Any, **named: Any) -> Any:
        tell(path, named)
        return called(path, *arguments, **named)

    setattr(os, name, telling)
    for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if called in able:
            able.add(telling)


def wrap_spawning(tell: Callable[[], None]) -> None:
    """Have multiprocessing tell when it starts a fresh interpreter: there is no event for it."""
    try:
        import _posixsubprocess
    except ImportError:  # Windows, where it raises an event of its own
        return
    called = _posixsubprocess.fork_exec

    def telling(*arguments: Any) -> Any:
        tell()
        return called(*arguments)

    _posixsubprocess.fork_exec = telling
