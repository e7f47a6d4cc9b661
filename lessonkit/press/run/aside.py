"""Where a run lies until it is whole: aside, in a folder that no reader of runs looks into."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from pathlib import Path

from lessonkit.evidence.record import CONTROL
from lessonkit.press.settings import PressError


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


def begin(runs: Path, lesson: str, key: str) -> Path:
    """Make a folder aside, in which a run is written before it is renamed into place."""
    parent = runs / lesson
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{key}.{os.getpid()}.", dir=parent))
    except OSError as error:
        raise unwritable(parent, error) from None


def discard(aside: Path) -> None:
    """Drop a run that did not come to its end."""
    shutil.rmtree(aside, ignore_errors=True)


def tidy(folder: Path) -> None:
    """Remove a folder if nothing is left in it."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def sweep(runs: Path) -> None:
    """Remove what killed builders left aside (a day old, or of a process that is gone)."""
    if not runs.is_dir():
        return
    for folder in runs.rglob("*.*.*"):
        parts = folder.name.split(".")
        if folder.is_dir() and parts[1].isdigit():
            old = time.time() - folder.stat().st_mtime > 86400
            if old or not _alive(int(parts[1])):
                discard(folder)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def unwritable(path: Path, error: OSError) -> StoreError:
    """Say why a run cannot be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"{path}: no space left on the disk; nothing was kept of this run, earlier runs are as "
            "they were. Free some space (`lessonkit clean` removes runs of old code)."
        )
    return StoreError(f"{path}: cannot be written: {error.strerror or error}. Check the folder.")
