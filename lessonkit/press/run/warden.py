"""The process above a lesson's: when it ends, or its builder does, so does all that it started.

A lesson may start pools, subprocesses, or daemons that leave its group and its session. On Linux a
warden inherits all of them when their own parents end, and kills them. It imports nothing, draws
nothing, and has one thread; a lesson is its only child.

If a warden is killed itself, what left the lesson's group falls to the nursery or to the builder,
and ends with it. What remains: a daemon whose warden and builder are both killed with SIGKILL.
Elsewhere than on Linux there are no wardens: a lesson's group is killed, and what left it lives on.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from lessonkit.press.run import aside

SUPPORTED = sys.platform == "linux"
PATIENCE = 3.0  # seconds that dying takes, at most: what waits for a disk can take longer
_LOOK = 1.0  # seconds between two looks at the parent, which tells of its end itself
_MOMENT = 0.5  # seconds in which all threads of a killed process have ended
_PDEATHSIG, _SUBREAPER = 1, 36  # of prctl


def stand(parent: int, folder: Path) -> None:
    """Become the warden of a lesson; return only in the lesson's own process.

    Args:
        parent: the process that started this one.
        folder: aside, in which the run grows; it goes if the builder is gone.
    """
    if not SUPPORTED:
        return
    heard = {signal.SIGTERM, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    end_with(parent, signal.SIGTERM, lambda: tidy(folder.parents[2], True))
    inherit()
    warden = os.getpid()
    lesson = os.fork()
    if lesson == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        end_with(warden, signal.SIGKILL)
        return
    status = _watch(lesson, parent, heard)
    end_family()
    tidy(folder.parents[2], os.getppid() != parent)
    _end_as(status)


def end_with(parent: int, how: int, last: Callable[[], None] = lambda: None) -> None:
    """Ask Linux for a signal when the parent ends: nobody else would stop this process.

    Args:
        parent: the process that started this one.
        how: the signal.
        last: what is still to be done if the parent ended before anybody could ask.
    """
    if SUPPORTED:
        ctypes.CDLL(None).prctl(_PDEATHSIG, how)
        if os.getppid() != parent:
            last()
            os._exit(1)


def tidy(runs: Path, gone: bool) -> None:
    """Remove what lies aside and is nobody's any more: if a builder is gone nobody else will.

    Its locks outlive its first thread, whose end we hear of, by a moment.
    """
    end = time.monotonic() + (_MOMENT if gone else 0)
    aside.sweep(runs)
    while time.monotonic() < end:
        time.sleep(0.02)
        aside.sweep(runs)


def _watch(lesson: int, parent: int, heard: set[signal.Signals]) -> int:
    """Wait until the lesson ends, or must; return its status, or that of a killed process."""
    while True:
        came = signal.sigtimedwait(heard, _LOOK)
        for number, status in _buried():
            if number == lesson:
                return status
        if (came and came.si_signo == signal.SIGTERM) or os.getppid() != parent:
            return int(signal.SIGKILL)


def _buried() -> Iterator[tuple[int, int]]:
    """Yield the number and the status of each child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def inherit(yes: bool = True) -> None:
    """Become the parent of all descendants whose own parents end, or no longer."""
    ctypes.CDLL(None).prctl(_SUBREAPER, int(yes))


@contextlib.contextmanager
def inheriting() -> Iterator[None]:
    """Inherit, in a builder, what killed wardens leave behind, and end it when no lesson runs.

    Lessons have sessions of their own: a child in ours is somebody else's.
    """
    if not SUPPORTED:
        yield
        return
    before, ours = set(children(os.getpid())), [str(os.getsid(0))]
    inherit()
    try:
        yield
    finally:
        now = children(os.getpid())
        end_family(before.union(child for child in now if told(child)[3:4] == ours))
        inherit(False)


def end_family(spare: Collection[int] = ()) -> None:
    """Kill all descendants of this process, again and again until there is none.

    Args:
        spare: children that live on, with their own.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        doomed = [child for child in children(os.getpid()) if child not in spare]
        if not doomed:
            return
        for child in doomed:
            for number in (child, *(number for number, _ in family(child))):
                with contextlib.suppress(OSError):
                    os.kill(number, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(child, os.WNOHANG)
        time.sleep(0.002)


def family(number: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each descendant of a process, and what the system says of it."""
    for child in children(number):
        yield from family(child)
        yield child, told(child)


def children(number: int) -> list[int]:
    """Return the children of a process; none if it has ended, or this is not Linux."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{number}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text("ascii").split())
    return found


def told(number: int) -> list[str]:
    """Return what /proc/…/stat says of a process, from the state on; [] if it is gone."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


def born(fields: list[str]) -> str:
    """Return when a process began, as the system told: with its number, it is that process."""
    return fields[19] if fields else ""


def _end_as(status: int) -> None:
    """End as the lesson did."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # its own memory tells nothing
        with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 1)
