"""Where a run lies until it is whole: aside, in a folder that no reader of runs looks into.

.lessonkit/runs/.aside/<key>.<random>/     locked by the builder as long as it lives
                                     /run  what is renamed into place when it is whole

The lock tells whether somebody still writes there, also when that is in another container or on
another machine, whose process numbers mean nothing here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lessonkit.evidence.record import CONTROL
from lessonkit.press.settings import PressError

if sys.platform != "win32":
    import fcntl

FOLDER = ".aside"  # below the runs; no lesson's name begins with a dot
_DAY = 86_400  # seconds after which a folder is dead where locks do not tell
_held: dict[Path, int] = {}  # folder -> descriptor that holds its lock


class StoreError(PressError):
    """A run that cannot be trusted or written, said in one line whatever came."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


_LONGEST = 600  # characters of a message; the end says what to do


def one_line(message: str) -> str:
    """Return a message that quotes what came from elsewhere without what ends or colours lines."""
    shown = CONTROL.sub(lambda found: ascii(found[0])[1:-1], message.replace("\n", "\\n"))
    half = _LONGEST // 2
    return shown if len(shown) <= _LONGEST else f"{shown[:half]} … {shown[-half:]}"


_FULL = (errno.ENOSPC, errno.EDQUOT)
_ROOM = 2**18  # bytes that a reason for a failure takes, at most


class FullError(StoreError):
    """No space is left, for this run and for any other."""


def begin(runs: Path, lesson: str, key: str) -> Path:
    """Make a folder aside, in which a run is written before it is renamed into place.

    Whoever begins one ends it with `discard`, also when the run is in its place.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    home = runs / FOLDER
    try:
        for folder in (runs / lesson, home):  # where it will lie, too: better now than at its end
            folder.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=home))
    except OSError as error:
        raise unwritable(runs / lesson, error) from None
    try:
        _hold(hidden)
        made = hidden / "run"
        made.mkdir()
        folder = hidden.rename(home / hidden.name[1:])  # from here on others ask whose it is
        _held[folder] = _held.pop(hidden, -1)
    except OSError as error:
        discard(hidden / "run")
        raise unwritable(runs / lesson, error) from None
    return folder / "run"


def discard(aside: Path) -> None:
    """Remove what is left of a folder aside: all of it, or nothing if its run is in its place."""
    remove(aside.parent)
    descriptor = _held.pop(aside.parent, -1)
    if descriptor >= 0:
        os.close(descriptor)


def sweep(runs: Path) -> None:
    """Remove what builders left aside that were killed."""
    for folder in _inside(runs / FOLDER):
        if dead(folder):
            remove(folder)


def clear(runs: Path) -> None:
    """Remove all runs, but for what somebody writes at this moment."""
    sweep(runs)
    for path in _inside(runs):
        if path.name != FOLDER:
            remove(path)
    with contextlib.suppress(OSError):  # somebody writes there
        (runs / FOLDER).rmdir()
        runs.rmdir()


def placed(runs: Path) -> list[Path]:
    """List the folders of all runs, whole or altered, but for those that lie aside."""
    found = sorted(path.parent for path in runs.rglob("manifest.json"))
    return [folder for folder in found if FOLDER not in folder.relative_to(runs).parts]


def dead(folder: Path) -> bool:
    """Say whether nobody writes in a folder aside any more."""
    with contextlib.suppress(OSError):
        old = time.time() - folder.stat().st_mtime > _DAY
        if folder.name.startswith("."):  # somebody is about to lock it
            return old
        free = _free(folder)
        return old if free is None else free
    return False


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _hold(folder: Path) -> None:
    """Hold a folder's lock until it is discarded, or until this process ends, however it does."""
    if sys.platform == "win32":
        return
    _held[folder] = descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):  # not every file system has locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _free(folder: Path) -> bool | None:
    """Say whether nobody holds the lock of a folder; None where nobody can tell."""
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return True


def remove(path: Path) -> None:
    """Remove a folder, also one whose rights a lesson took away."""

    def insist(function: Callable[..., object], name: str, _: object) -> None:
        with contextlib.suppress(OSError):
            for changed in (os.path.dirname(name), name):
                if not stat.S_ISLNK(os.lstat(changed).st_mode):
                    os.chmod(changed, 0o700)
            if function in (os.unlink, os.rmdir):
                function(name)

    shutil.rmtree(path, onerror=insist)
    if path.exists():  # a folder that could not be opened was not entered: now it can be
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()  # a lesson may have put a file in its place


def full(error: BaseException | None) -> bool:
    """Say whether something failed because no space is left."""
    return isinstance(error, OSError) and error.errno in _FULL


def check_room(folder: Path, lesson: Path) -> None:
    """Insist that a lesson which tells no reason for its end could have written one down.

    Args:
        folder: aside, in which its run grew.
        lesson: the folder of its runs.

    Raises:
        FullError: no space is left.
    """
    tried = folder / "room"
    try:
        tried.write_bytes(os.urandom(_ROOM))
    except OSError as error:
        if full(error):
            raise unwritable(lesson, error) from None
    finally:
        with contextlib.suppress(OSError):
            tried.unlink()


def unwritable(path: Path, error: OSError) -> StoreError:
    """Say why a run cannot be written, and what to do."""
    if full(error):
        return FullError(
            f"{path}: no space left on the disk; nothing was kept of this run, earlier runs are as "
            "they were. Free some space (`lessonkit clean` removes runs of old code)."
        )
    return StoreError(f"{path}: cannot be written: {error.strerror or error}. Check the folder.")
