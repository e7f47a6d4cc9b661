"""When a lesson is stopped, and how a process ended that wrote no reason down."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from lessonkit.press.run import warden
from lessonkit.press.run.process import Process
from lessonkit.press.run.streams import PRINTED
from lessonkit.press.settings import Settings

LOG_LIMIT = 20 * 2**20  # bytes that a lesson may warn, or print past Python, before it is stopped
GONE = (
    "the lesson removed the folder or the log in which its run grows, so nothing of it can be "
    "kept. A lesson writes only into folders of its own."
)
_COUNT = 0.2  # seconds between two looks at the processes of a lesson and the time they used


def overdue(process: Process, settings: Settings) -> str:
    """Say why a process must be stopped now; "" if it may go on."""
    now = time.monotonic()
    if now - process.started > settings.wall_limit:
        return (
            f"the lesson took longer than {settings.wall_limit:g} seconds by the clock and was "
            "stopped: perhaps it waits for something. Make it smaller, or raise wall_limit under "
            "[tool.lessonkit] in pyproject.toml."
        )
    if not process.log.is_file():
        return GONE
    if _size(process.log) + _size(process.folder / PRINTED) > LOG_LIMIT:
        return (
            f"the lesson wrote more than {LOG_LIMIT // 2**20} MiB to its log and was stopped. "
            "Print less."
        )
    if now - process.counted > _COUNT and process.child.pid is not None:
        process.counted = now
        if _cpu_seconds(process) > settings.time_limit:
            return _too_long(settings)
    return ""


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _too_long(settings: Settings) -> str:
    return (
        f"the lesson used more than {settings.time_limit:g} CPU seconds and was stopped. Make it "
        "smaller, or raise time_limit under [tool.lessonkit] in pyproject.toml."
    )


def _cpu_seconds(process: Process) -> float:
    """Return what a lesson's processes have used so far; 0 where nobody can tell."""
    pid = process.child.pid or 0
    found = [(pid, warden.told(pid)), *warden.family(pid)]
    process.seen = {(number, warden.born(fields)) for number, fields in found[1:]}
    # User and system, their own and of those they waited for.
    ticks = sum(int(field) for _, fields in found for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def death(code: int, settings: Settings) -> str:
    """Say how a process ended that wrote no reason down."""
    if code == 0:
        return (
            "the process ended before the lesson did (os._exit?). A lesson must run to its last "
            "line."
        )
    if hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
        return _too_long(settings)
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        name = names.get(-code, f"signal {-code}")  # those for real time have no names
        hint = " Perhaps the machine ran out of memory." if -code == signal.SIGKILL else ""
        return f"the process was killed by {name}.{hint}"
    return f"the process ended with exit code {code} and no reason; its log may tell."
