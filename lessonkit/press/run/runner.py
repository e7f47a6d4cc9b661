"""Running lessons: one process each, several at a time, within limits of time and of output."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.evidence.record import EvidenceError
from lessonkit.press.lesson.job import Job
from lessonkit.press.lesson.source import source
from lessonkit.press.run import (
    aside,
    failures,
    interrupts,
    libraries,
    limits,
    paths,
    process,
    store,
    warden,
)
from lessonkit.press.run.nurseries import Child, Nurseries
from lessonkit.press.run.process import Process, Tell
from lessonkit.press.run.streams import PRINTED
from lessonkit.press.settings import PressError, Settings, unexpected

_POLL = 0.05  # seconds
_NOTHING = {"line": None, "cell": None, "traceback": ""}  # that anybody knows of a failure


@dataclass(frozen=True)
class Result:
    """How a job ended: with a run, or with a failure."""

    job: Job
    run: store.Run | None
    failure: dict[str, Any] | None


def together(jobs: int | None, device: str) -> int:
    """Return how many lessons run at once: a GPU is not shared unless somebody asks for it."""
    if jobs is not None:
        return max(1, jobs)
    return 1 if device != "cpu" else max(1, os.cpu_count() or 1)


def run_all(
    settings: Settings,
    jobs: Sequence[Job],
    at_once: int,
    tell: Tell = lambda job, event: None,
    runs: Path | None = None,
    replace: bool = False,
) -> list[Result]:
    """Run the jobs, `at_once` together, and return a result for each, in the order they ended.

    Args:
        settings: of the project.
        jobs: the lessons, each with its key.
        at_once: how many processes.
        tell: called with a job and an event: {"state": ...} or the lesson's own progress.
        runs: the folder of runs, if not the project's.
        replace: put the new runs in the place of whole ones with the same key.

    Raises:
        KeyboardInterrupt, SystemExit: somebody asked for the end; what ran is dropped.
        FullError: no space was left for one of them (nothing half-written stays); those that ran
            at that time came to their end, no other was begun.
    """
    runs = runs or settings.runs_folder
    aside.sweep(runs)
    ours = Nurseries(settings, jobs)
    with interrupts.heard() as check, warden.inheriting(), ours as nurseries:
        batch = _Batch(settings, runs, replace, tell, list(jobs), nurseries)
        try:
            while batch.waiting or batch.active:
                check()
                batch.start(at_once)
                batch.look()
                time.sleep(_POLL if batch.active else 0)
        finally:  # interrupted: leave no process and nothing half-written
            nurseries.close(at_once=bool(batch.active))
            batch.drop()
            aside.sweep(runs)  # what the dying still wrote while it was removed
    if batch.full:
        raise batch.full
    return batch.results


@dataclass
class _Batch:
    """Jobs on their way: those that wait, those that run, and how the others ended."""

    settings: Settings
    runs: Path
    replace: bool
    tell: Tell
    waiting: list[Job]
    nurseries: Nurseries
    full: aside.FullError | None = None  # the disk is
    active: list[Process] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def start(self, at_once: int) -> None:
        """Start jobs until as many run as may."""
        while self.waiting and len(self.active) < at_once:
            job = self.waiting.pop(0)
            self.tell(job, {"state": "started"})
            try:
                started = process.start(self.settings, job, self.runs, self.nurseries)
            except Exception as error:
                self._end(self._refused(job, error))
            else:
                self.active.append(started)

    def look(self) -> None:
        """Look at each process: it may have told something, have ended, or be overdue."""
        for lesson in list(self.active):
            process.listen(lesson, self.tell)
            if lesson.child.poll() is not None:
                self.active.remove(lesson)
                self._end(self._finished(lesson))
            elif isinstance(lesson.child, Child) and lesson.child.lost:
                self.active.remove(lesson)
                aside.discard(lesson.folder)
                self.active.append(process.start(self.settings, lesson.job, self.runs, None))
            elif reason := lesson.stop or limits.overdue(lesson, self.settings):
                lesson.stop = reason
                process.kill(lesson)

    def _finished(self, lesson: Process) -> Result:
        try:
            return _finish(self.settings, lesson, self.runs, self.replace)
        except Exception as error:
            aside.discard(lesson.folder)
            return self._refused(lesson.job, error)

    def _refused(self, job: Job, error: Exception) -> Result:
        """Return how a job ended that could not begin, or whose run could not be kept.

        It is this lesson's end alone: the others go on, unless the disk is full.
        """
        if isinstance(error, OSError):
            error = aside.unwritable(self.runs / job.lesson, error)
        if isinstance(error, EvidenceError):
            message = (
                f"what the run left behind cannot be kept: {error}. A lesson publishes through "
                "`Lesson` alone, and writes nothing into the folder of its run."
            )
        elif isinstance(error, PressError):
            message = self.settings.near(error)
        else:
            message = unexpected("the press", error)
        message = message.removeprefix(f"{self.settings.near(job.source.script)}: ")
        failure = {**_NOTHING, "lesson": job.lesson, "message": message}
        if isinstance(error, aside.FullError):
            self._stop(error)
        if isinstance(error, aside.StoreError):  # the lesson can do nothing for it
            return Result(job, None, failure)
        return _failed(job, self.runs, failure)

    def _stop(self, error: aside.FullError) -> None:
        """Begin nothing more, for it would come to the same end; what runs may go on."""
        self.full = error
        self.waiting.clear()

    def drop(self) -> None:
        """End what still runs."""
        for lesson in self.active:
            process.kill(lesson)
            if isinstance(lesson.child, subprocess.Popen):
                process.bury(lesson.child)
            aside.discard(lesson.folder)

    def _end(self, result: Result) -> None:
        self.results.append(result)
        self.tell(result.job, {"state": "ended", "result": result})


def _finish(settings: Settings, ended: Process, runs: Path, replace: bool) -> Result:
    """Turn an ended process into a run or a failure; only a complete `done.json` is a success."""
    job, folder = ended.job, ended.folder
    process.kill(ended)  # whatever the lesson left running
    done, changed = process.written(folder / "done.json"), _changed(settings, job)
    code = ended.child.returncode or 0
    if code == 0 and done is not None and not ended.stop and not changed:
        for scaffold in ("done.json", "job.json", "progress.json", PRINTED):
            (folder / scaffold).unlink(missing_ok=True)
        paths.hide(folder, settings.root)
        made = store.commit(folder, runs, _manifest(settings, job, done), replace)
        failures.forget(runs, job.lesson, job.key)
        return Result(job, made, None)
    failure = _told(ended)
    log = (_tail(folder / PRINTED) + _tail(ended.log))[-4000:]
    _check_room(ended, runs, failure.get("message"), log)
    if ended.stop or not failure:
        failure = {**_NOTHING, "message": ended.stop or _death(ended, code, settings)}
        cell = (process.written(ended.progress) or ended.last or {}).get("cell")
        if type(cell) is int and 0 <= cell < len(ended.lines):
            failure |= {"cell": cell, "line": ended.lines[cell]}
    failure["log"] = log
    aside.discard(folder)
    if changed:  # what ran is neither the old code nor the new: no key can take the blame
        return Result(job, None, {**failure, "lesson": job.lesson, "message": changed})
    return _failed(job, runs, failure)


def _check_room(ended: Process, runs: Path, told: str | None, log: str) -> None:
    """Tell a full disk from a lesson's own fault: who finds one can hardly write it down."""
    lesson, full = runs / ended.job.lesson, os.strerror(errno.ENOSPC)
    if told is None and full in log:  # Python's last words; there may be room again by now
        raise aside.unwritable(lesson, OSError(errno.ENOSPC, full))
    if told is None or full in told:
        aside.check_room(ended.folder, lesson)


def _told(ended: Process) -> dict[str, Any]:
    """Return the reason that a lesson's process wrote down; empty if it is none."""
    told = process.written(ended.folder / "failed.json") or {}
    kinds = {"message": str, "line": int | None, "cell": int | None, "traceback": str}
    return told if all(isinstance(told.get(name), kinds[name]) for name in kinds) else {}


def _death(ended: Process, code: int, settings: Settings) -> str:
    return limits.death(code, settings) if ended.folder.is_dir() else limits.GONE


def _failed(job: Job, runs: Path, failure: dict[str, Any]) -> Result:
    failure = {**failure, "lesson": job.lesson, "key": job.key, **job.around.to_json()}
    failures.note(runs, job.lesson, job.key, failure)
    return Result(job, None, failure)


def _changed(settings: Settings, job: Job) -> str:
    """Say so if somebody edited the code since the key was made: the run may not stand for it."""
    try:
        now = source(settings, job.lesson).digest
    except PressError:
        now = ""
    if now == job.source.digest:
        return ""
    return "its code changed after the build began, so this run counts for nothing. Build again."


def _manifest(settings: Settings, job: Job, done: dict[str, Any]) -> dict[str, Any]:
    loaded = done.pop("loaded", [])
    return {
        **done,
        **job.manifest(done.get("inputs", {})),
        "unlisted": libraries.unlisted(settings, job.source.libraries, loaded),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "pace": pace(),
    }


@lru_cache(maxsize=1)
def pace() -> float:
    """Return the CPU seconds of a fixed little task: how fast this machine is at this time."""
    found = []
    for _ in range(3):
        start = time.process_time()
        sum(number * number for number in range(200_000))
        found.append(time.process_time() - start)
    return round(min(found), 5)


def _tail(path: Path, limit: int = 4000) -> str:
    if not path.is_file():  # a lesson may have put a pipe there
        return ""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - limit))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
