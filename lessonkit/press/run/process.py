"""The process of one lesson: starting it, listening to it, ending it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessonkit.press.lesson import script
from lessonkit.press.lesson.job import Job
from lessonkit.press.lesson.source import outside
from lessonkit.press.run import aside, warden
from lessonkit.press.run.nurseries import Child, Nurseries
from lessonkit.press.run.streams import LOG
from lessonkit.press.settings import Settings

_MOST = 2**20  # bytes of a note that a lesson's process writes down
_PATIENCE = 2 * warden.PATIENCE  # seconds until a warden that does not answer is killed
Tell = Callable[[Job, dict[str, Any]], None]
Started = subprocess.Popen[bytes] | Child


@dataclass
class Process:
    """A lesson that runs."""

    job: Job
    child: Started
    folder: Path  # aside, in which the run grows
    started: float
    progress: Path
    log: Path
    lines: tuple[int, ...] = ()  # on which its cells begin
    last: dict[str, Any] | None = None  # that it told
    stop: str = ""
    counted: float = 0.0  # when its CPU seconds were looked at
    seen: set[tuple[int, str]] = field(default_factory=set)  # its processes, and their births
    killed: float = 0.0  # when its end was asked for; 0: not yet


def start(settings: Settings, job: Job, runs: Path, shared: Nurseries | None) -> Process:
    """Start a lesson: forked from a nursery if it shares one, else in a fresh interpreter.

    Raises:
        ScriptError: the script is no lesson.
        StoreError: its folder cannot be written.
    """
    lesson = script.read(job.source.script, settings.text)
    nursery = shared.get(job) if shared else None  # first: if we are killed now, it sweeps
    folder = aside.begin(runs, job.lesson, job.key)
    progress, log, spec = (folder / name for name in ("progress.json", LOG, "job.json"))
    lines = tuple(cell.line for cell in lesson.code)
    try:
        spec.write_text(json.dumps(_spelled(settings, job, lesson, runs, folder)), encoding="utf-8")
        log.touch()
        if nursery:
            child: Started = nursery.start(spec, log, job.source.script)
        else:
            child = _fresh(settings, job, spec)
    except OSError as error:
        aside.discard(folder)
        raise aside.unwritable(runs / job.lesson, error) from None
    return Process(job, child, folder, time.monotonic(), progress, log, lines)


def _spelled(
    settings: Settings, job: Job, lesson: script.Script, runs: Path, folder: Path
) -> dict[str, Any]:
    """Return what the worker must know."""
    return {
        "lesson": job.lesson,
        "script": str(job.source.script),
        "folder": str(folder),
        "progress": str(folder / "progress.json"),
        "profile": job.around.profile,
        "device": job.around.device,
        "first_seed": job.around.first_seed,
        "cells": [[cell.line, cell.last_line] for cell in lesson.code],
        "deferring": list(lesson.deferring),
        "plain": lesson.plain,
        "home": str(job.source.script.parent if lesson.plain else settings.root),
        "code": [str(place) for place in job.source.places.values()],
        "files": list(job.source.files),
        "vouched": job.source.vouched,
        "private": [f"{runs.resolve()}{os.sep}", *outside()],
        "root": str(settings.root),
        "builder": os.getpid(),
        # Where nobody counts for us, the system does; else it comes a little later than we do.
        "cpu_limit": math.ceil(settings.time_limit) + 1,
    }


def _fresh(settings: Settings, job: Job, spec: Path) -> subprocess.Popen[bytes]:
    with (spec.parent / LOG).open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "lessonkit.press.run.worker", str(spec)],
            cwd=settings.root,
            env=job.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that whatever the lesson starts ends with it
        )


def listen(process: Process, tell: Tell) -> None:
    """Pass on what a lesson has told since the last time."""
    event = written(process.progress)
    if event is not None and event != process.last:
        process.last = event
        if _understood(event):
            tell(process.job, event)


def _understood(event: dict[str, Any]) -> bool:
    """Say whether an event is one of the two that a lesson's process tells of."""
    cell, cells, done, total = (event.get(name) for name in ("cell", "cells", "done", "total"))
    if event.keys() == {"cell", "cells"}:
        return type(cell) is type(cells) is int and 0 <= cell < cells
    return event.keys() == {"label", "done", "total"} and type(done) is type(total) is int


def written(file: Path) -> dict[str, Any] | None:
    """Return what a lesson's process wrote down, if that is a plain object of JSON.

    A lesson can put anything in that place: a pipe that nobody writes to, or no end of brackets.
    """
    try:
        found = os.lstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST:
            return None
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def kill(process: Process) -> None:
    """End a lesson and whatever it has started; asked again and again until it has ended."""
    pid = process.child.pid
    if pid is None:  # not yet forked
        return
    now = time.monotonic()
    process.killed = process.killed or now
    ended = process.child.returncode is not None or now - process.killed > _PATIENCE
    with contextlib.suppress(OSError):
        if not hasattr(os, "killpg") or (warden.SUPPORTED and not ended):
            os.kill(pid, signal.SIGTERM)
        else:  # what is left of a group whose first has ended
            os.killpg(pid, signal.SIGKILL)
    for number, born in process.seen if ended else ():  # what left the group of a killed warden
        if warden.born(warden.told(number)) == born:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)


def bury(child: subprocess.Popen[bytes]) -> None:
    """Wait until a process has ended that was asked to."""
    try:
        child.wait(warden.PATIENCE + 1)
    except subprocess.TimeoutExpired:  # somebody stopped it
        child.kill()
        child.wait()
