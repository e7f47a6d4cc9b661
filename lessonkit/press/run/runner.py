"""Running lessons: one process each, several at a time, within limits of time and of output."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances
from lessonkit.press.lesson import keys, script
from lessonkit.press.run import nursery, store
from lessonkit.press.settings import PressError, Settings

LOG_LIMIT = 20 * 2**20  # bytes that a lesson may write to its log before it is stopped
_POLL = 0.05  # seconds
_COUNT = 0.5  # seconds between two looks at the time that a lesson has used


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
    child: subprocess.Popen[bytes] | nursery.Child
    aside: Path
    started: float
    progress: Path
    log: Path
    last: str = ""
    stop: str = ""
    counted: float = 0.0  # when its CPU seconds were looked at


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
    with _terminable(), _Nurseries(settings, jobs) as nurseries:
        try:
            while waiting or active:
                while waiting and len(active) < at_once:
                    job = waiting.pop(0)
                    tell(job, {"state": "started"})
                    try:
                        active.append(_start(settings, job, runs, nurseries))
                    except script.ScriptError as error:  # of this lesson: the others go on
                        failure = {"message": str(error), "line": None, "cell": None}
                        results.append(_failed(job, runs, {**failure, "traceback": ""}))
                        tell(job, {"state": "ended", "result": results[-1]})
                for process in list(active):
                    _listen(process, tell)
                    if process.child.poll() is not None:
                        active.remove(process)
                        results.append(_finish(settings, process, runs, replace))
                        tell(process.job, {"state": "ended", "result": results[-1]})
                    elif isinstance(process.child, nursery.Child) and process.child.lost:
                        active.remove(process)
                        store.discard(process.aside)
                        active.append(_start(settings, process.job, runs, None))
                    elif reason := process.stop or _overdue(process, settings):
                        process.stop = reason
                        _kill(process)
                time.sleep(_POLL if active else 0)
        finally:  # interrupted: leave no process and nothing half-written
            nurseries.close(at_once=bool(active))
            for process in active:
                _kill(process)
                if isinstance(process.child, subprocess.Popen):
                    process.child.wait()
                store.discard(process.aside)
    return results


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a SIGTERM end the builder as Ctrl-C does: with everything that it started."""

    def end(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Nurseries:
    """The processes from which lessons are forked, one for each environment and set of libraries.

    Each begins with the first lesson that wants it. A lesson on a GPU gets a fresh process: CUDA
    does not survive a fork, and nor does Metal.
    """

    def __init__(self, settings: Settings, jobs: Sequence[Job]) -> None:
        self.settings = settings
        self.wanted: dict[str, tuple[str, ...]] = {}  # by the key of a job
        self.made: dict[tuple[object, ...], nursery.Nursery] = {}
        if not nursery.SUPPORTED:
            return
        groups = defaultdict[tuple[object, ...], list[Job]](list)
        for job in jobs:
            if job.around.device == "cpu":
                groups[job.around.threads, job.around.instructions].append(job)
        for group in groups.values():
            libraries = {job.key: _libraries(settings, job) for job in group}
            self.wanted |= nursery.common(libraries)

    def get(self, job: Job) -> nursery.Nursery | None:
        """Return the nursery from which a job's process is forked, if it shares one."""
        modules = self.wanted.get(job.key)
        if modules is None:
            return None
        kind = (modules, job.around.threads, job.around.instructions)
        if kind not in self.made:
            environment = _environment(job)
            self.made[kind] = nursery.Nursery(modules, environment, self.settings.root)
        made = self.made[kind]
        return made if made.alive else None

    def close(self, at_once: bool = False) -> None:
        for made in self.made.values():
            made.close(at_once)
        self.made.clear()

    def __enter__(self) -> _Nurseries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close(at_once=True)


def _libraries(settings: Settings, job: Job) -> frozenset[str]:
    """Return the modules of libraries that a job surely imports; none if that cannot be told."""
    folders = keys.module_roots(settings, job.source.script)
    files = [job.source.script]
    for module in job.source.modules:
        stem = module.replace(".", "/")
        paths = (folder / f"{stem}{end}" for folder in folders for end in ("/__init__.py", ".py"))
        files += [path for path in paths if path.is_file()][:1]
    try:
        return nursery.libraries(files, [job.source.script.parent, settings.root])
    except (OSError, SyntaxError, ValueError):
        return frozenset()


def _environment(job: Job) -> dict[str, str]:
    environment = circumstances.environment(job.around.threads, job.around.instructions)
    return environment | {"MPLBACKEND": "agg", "PYTHONUNBUFFERED": "1"}


def _start(settings: Settings, job: Job, runs: Path, nurseries: _Nurseries | None) -> _Process:
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
        "builder": os.getpid(),
        # Where nobody counts for us, the system does; else it comes a little later than we do.
        "cpu_limit": math.ceil(settings.time_limit) + 1,
    }
    spec.write_text(json.dumps(data), encoding="utf-8")
    log.touch()
    shared = nurseries.get(job) if nurseries else None
    child = shared.start(spec, log, job.source.script) if shared else _fresh(settings, job, spec)
    return _Process(job, child, aside, time.monotonic(), progress, log)


def _fresh(settings: Settings, job: Job, spec: Path) -> subprocess.Popen[bytes]:
    with (spec.parent / "log.txt").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "lessonkit.press.run.worker", str(spec)],
            cwd=settings.root,
            env=_environment(job),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that whatever the lesson starts ends with it
        )


def _listen(process: _Process, tell: Tell) -> None:
    try:
        text = process.progress.read_text(encoding="utf-8")
        event = json.loads(text)
    except (OSError, ValueError):
        return
    if text != process.last:
        process.last = text
        tell(process.job, event)


def _overdue(process: _Process, settings: Settings) -> str:
    now = time.monotonic()
    if now - process.started > settings.wall_limit:
        return (
            f"the lesson took longer than {settings.wall_limit:g} seconds by the clock and was "
            "stopped: perhaps it waits for something. Make it smaller, or raise wall_limit under "
            "[tool.lessonkit] in pyproject.toml."
        )
    if process.log.stat().st_size > LOG_LIMIT:
        return (
            f"the lesson wrote more than {LOG_LIMIT // 2**20} MiB to its log and was stopped. "
            "Print less."
        )
    if now - process.counted > _COUNT and process.child.pid is not None:
        process.counted = now
        if _cpu_seconds(process.child.pid) > settings.time_limit:
            return _too_long(settings)
    return ""


def _too_long(settings: Settings) -> str:
    return (
        f"the lesson used more than {settings.time_limit:g} CPU seconds and was stopped. Make it "
        "smaller, or raise time_limit under [tool.lessonkit] in pyproject.toml."
    )


def _cpu_seconds(pid: int) -> float:
    """Return what a process and all its descendants have used so far; 0 where nobody can tell."""
    folder = Path(f"/proc/{pid}")
    try:
        fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        children = [
            int(child)
            for task in (folder / "task").iterdir()
            for child in (task / "children").read_text("ascii").split()
        ]
    except OSError:  # it has ended, or this is not Linux
        return 0.0
    ticks = sum(map(int, fields[11:15]))  # user and system, its own and of those it waited for
    return ticks / os.sysconf("SC_CLK_TCK") + sum(map(_cpu_seconds, children))


def _kill(process: _Process) -> None:
    pid = process.child.pid
    if pid is None:  # not yet forked
        return
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass


def _finish(settings: Settings, process: _Process, runs: Path, replace: bool) -> Result:
    """Turn an ended process into a run or a failure; only a complete `done.json` is a success."""
    job, aside = process.job, process.aside
    _kill(process)  # whatever the lesson left running
    done, changed = _json(aside / "done.json"), _changed(settings, job)
    code = process.child.returncode or 0
    if code == 0 and done is not None and not process.stop and not changed:
        for scaffold in ("done.json", "job.json", "progress.json"):
            (aside / scaffold).unlink(missing_ok=True)
        return Result(job, store.commit(aside, runs, _manifest(job, done), replace), None)
    failure = _json(aside / "failed.json") or {"line": None, "cell": None, "traceback": ""}
    if process.stop or "message" not in failure:
        failure["message"] = process.stop or _death(code, settings)
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


def _death(code: int, settings: Settings) -> str:
    """Say how a process ended that wrote no reason down."""
    if code == 0:
        return (
            "the process ended before the lesson did (os._exit?). A lesson must run to its last "
            "line."
        )
    if hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
        return _too_long(settings)
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
