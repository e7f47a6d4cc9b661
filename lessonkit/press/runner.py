"""Running lessons: one process each, several at a time, within a limit of time and of output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances
from lessonkit.press import keys, script, store
from lessonkit.press.settings import PressError, Settings

LOG_LIMIT = 20 * 2**20  # bytes that a lesson may write to its log before it is stopped
_POLL = 0.05  # seconds


@dataclass(frozen=True)
class Job:
    """One lesson to run."""

    source: keys.Source
    around: keys.Circumstances
    key: str

    @property
    def lesson(self) -> str:
        return self.source.lesson


@dataclass(frozen=True)
class Result:
    """How a job ended: with a run, or with a failure."""

    job: Job
    run: store.Run | None
    failure: dict[str, Any] | None


@dataclass
class _Process:
    job: Job
    popen: subprocess.Popen[bytes]
    aside: Path
    started: float
    progress: Path
    log: Path
    last: str = ""
    stop: str = ""


Tell = Callable[[Job, dict[str, Any]], None]


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
        StoreError: a run cannot be written (nothing half-written stays).
    """
    runs = runs or settings.runs_folder
    waiting, results = list(jobs), list[Result]()
    active: list[_Process] = []
    store.sweep(runs)
    try:
        while waiting or active:
            while waiting and len(active) < at_once:
                job = waiting.pop(0)
                tell(job, {"state": "started"})
                try:
                    active.append(_start(settings, job, runs))
                except script.ScriptError as error:  # of this lesson: the others go on
                    failure = {"message": str(error), "line": None, "cell": None, "traceback": ""}
                    results.append(_failed(job, runs, failure))
                    tell(job, {"state": "ended", "result": results[-1]})
            for process in list(active):
                _listen(process, tell)
                if process.popen.poll() is not None:
                    active.remove(process)
                    results.append(_finish(settings, process, runs, replace))
                    tell(process.job, {"state": "ended", "result": results[-1]})
                elif reason := _overdue(process, settings.time_limit):
                    process.stop = process.stop or reason
                    _kill(process)
            time.sleep(_POLL if active else 0)
    finally:
        for process in active:  # interrupted: leave no process and nothing half-written
            _kill(process)
            process.popen.wait()
            store.discard(process.aside)
    return results


def _start(settings: Settings, job: Job, runs: Path) -> _Process:
    lesson = script.read(job.source.script, settings.text)
    aside = store.begin(runs, job.lesson, job.key)
    progress, log, spec = (aside / name for name in ("progress.json", "log.txt", "job.json"))
    data = {
        "lesson": job.lesson,
        "script": str(job.source.script),
        "folder": str(aside),
        "store": str(runs.resolve()),
        "progress": str(progress),
        "profile": job.around.profile,
        "device": job.around.device,
        "first_seed": job.around.first_seed,
        "cells": [[cell.line, cell.last_line] for cell in lesson.code],
        "modules": list(job.source.modules),
        "files": list(job.source.files),
        "root": str(settings.root),
        "roots": [str(root) for root in keys.module_roots(settings, job.source.script)],
    }
    spec.write_text(json.dumps(data), encoding="utf-8")
    environment = circumstances.environment(job.around.threads, job.around.instructions)
    environment |= {"MPLBACKEND": "agg", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", "lessonkit.press.worker", str(spec)],
            cwd=settings.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that whatever the lesson starts ends with it
        )
    return _Process(job, popen, aside, time.monotonic(), progress, log)


def _listen(process: _Process, tell: Tell) -> None:
    try:
        text = process.progress.read_text(encoding="utf-8")
        event = json.loads(text)
    except (OSError, ValueError):
        return
    if text != process.last:
        process.last = text
        tell(process.job, event)


def _overdue(process: _Process, limit: float) -> str:
    seconds = time.monotonic() - process.started
    if seconds > limit:
        return (
            f"the lesson ran longer than {limit:g} seconds and was stopped. Make it smaller, or "
            "raise time_limit under [tool.lessonkit] in pyproject.toml."
        )
    if process.log.stat().st_size > LOG_LIMIT:
        return (
            f"the lesson wrote more than {LOG_LIMIT // 2**20} MiB to its log and was stopped. "
            "Print less."
        )
    return ""


def _kill(process: _Process) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.popen.pid, signal.SIGKILL)
        else:
            process.popen.kill()
    except ProcessLookupError:
        pass


def _finish(settings: Settings, process: _Process, runs: Path, replace: bool) -> Result:
    """Turn an ended process into a run or a failure; only a complete `done.json` is a success."""
    job, aside = process.job, process.aside
    _kill(process)  # whatever the lesson left running
    done, changed = _json(aside / "done.json"), _changed(settings, job)
    if process.popen.returncode == 0 and done is not None and not process.stop and not changed:
        for scaffold in ("done.json", "job.json", "progress.json"):
            (aside / scaffold).unlink(missing_ok=True)
        return Result(job, store.commit(aside, runs, _manifest(job, done), replace), None)
    failure = _json(aside / "failed.json") or {"line": None, "cell": None, "traceback": ""}
    if process.stop or "message" not in failure:
        failure["message"] = process.stop or _death(process.popen.returncode)
        failure["cell"] = (_json(process.progress) or {}).get("cell")
    failure["log"] = _tail(process.log)
    store.discard(aside)
    if changed:  # what ran is neither the old code nor the new: no key can take the blame
        return Result(job, None, {**failure, "lesson": job.lesson, "message": changed})
    return _failed(job, runs, failure)


def _failed(job: Job, runs: Path, failure: dict[str, Any]) -> Result:
    failure = {**failure, "lesson": job.lesson, "key": job.key, **job.around.to_json()}
    store.note_failure(runs, job.lesson, job.key, failure)
    return Result(job, None, failure)


def _changed(settings: Settings, job: Job) -> str:
    """Say so if somebody edited the code since the key was made: the run may not stand for it."""
    try:
        now = keys.source(settings, job.lesson).digest
    except PressError:
        now = ""
    if now == job.source.digest:
        return ""
    return "its code changed after the build began, so this run counts for nothing. Build again."


def _manifest(job: Job, done: dict[str, Any]) -> dict[str, Any]:
    return {
        "lesson": job.lesson,
        "key": job.key,
        "source": job.source.digest,
        "modules": job.source.modules,
        "reads": job.source.files,
        "circumstances": job.around.to_json(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "pace": pace(),
        **done,
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


def _death(code: int) -> str:
    """Say how a process ended that wrote no reason down."""
    if code == 0:
        return (
            "the process ended before the lesson did (os._exit?). A lesson must run to its last "
            "line."
        )
    if code < 0:
        name = signal.Signals(-code).name
        hint = " Perhaps the machine ran out of memory." if -code == signal.SIGKILL else ""
        return f"the process was killed by {name}.{hint}"
    return f"the process ended with exit code {code} and no reason; its log may tell."


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _tail(path: Path, limit: int = 4000) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - limit))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def explain(failure: dict[str, Any], settings: Settings) -> str:
    """Say in one line what failed and where."""
    place = f"{settings.lessons}/{failure.get('lesson', '?')}.py"
    if failure.get("line"):
        place += f":{failure['line']}"
    return f"{place}: {failure['message']}"
