"""The builder's side of nurseries: forking lessons instead of starting each anew.

On Linux, lessons that name the same libraries at the top of their code come from one process, a
nursery, which imports what all of them import and then forks a child for each (`nursery`).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessonkit.press.lesson.job import Job
from lessonkit.press.run import libraries
from lessonkit.press.settings import Settings

log = logging.getLogger("mkdocs.plugins.lessonkit")

SUPPORTED = sys.platform == "linux" and hasattr(os, "pidfd_open")
_MODULE = "lessonkit.press.run.nursery"
_PATIENCE = 5.0  # seconds that a nursery gets to end its children


class Nurseries:
    """The processes from which lessons are forked, one for each environment and set of libraries.

    Each begins with the first lesson that wants it. A lesson on a GPU gets a fresh process: CUDA
    does not survive a fork, and nor does Metal.
    """

    def __init__(self, settings: Settings, jobs: Sequence[Job]) -> None:
        self.settings = settings
        self.wanted: dict[str, tuple[str, ...]] = {}  # by the key of a job
        self.made: dict[tuple[object, ...], Nursery] = {}
        if not SUPPORTED:
            return
        groups = defaultdict[tuple[object, ...], list[Job]](list)
        for job in jobs:
            if job.around.device == "cpu":
                groups[job.around.threads, job.around.instructions].append(job)
        for group in groups.values():
            wanted = {job.key: libraries.of_job(settings, job) for job in group}
            self.wanted |= libraries.common(wanted)

    def get(self, job: Job) -> Nursery | None:
        """Return the nursery from which a job's process is forked, if it shares one."""
        modules = self.wanted.get(job.key)
        if modules is None:
            return None
        kind = (modules, job.around.threads, job.around.instructions)
        if kind not in self.made:
            self.made[kind] = Nursery(
                modules, job.environment, self.settings.root, self.settings.runs_folder
            )
        made = self.made[kind]
        return made if made.alive else None

    def close(self, at_once: bool = False) -> None:
        """End all of them; with `at_once`, so do the lessons that still run."""
        for made in self.made.values():
            made.close(at_once)
        self.made.clear()

    def __enter__(self) -> Nurseries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close(at_once=True)


@dataclass
class Child:
    """A lesson's process, as a nursery tells of it; like `subprocess.Popen`, as far as it goes."""

    nursery: Nursery
    pid: int | None = None  # None: not yet forked
    returncode: int | None = None
    lost: bool = False  # it must be started anew, in a fresh process

    def poll(self) -> int | None:
        """Return the exit code, as `Popen.poll`."""
        self.nursery.listen()
        return self.returncode


@dataclass
class Nursery:
    """A process that has imported `modules` and forks lessons."""

    modules: Sequence[str]
    environment: Mapping[str, str]
    folder: Path  # in which lessons run
    runs: Path
    children: dict[str, Child] = field(default_factory=dict)  # by the file of the job
    heard: bytes = b""

    def __post_init__(self) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, str(os.getpid()), str(self.runs)],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._write({"modules": list(self.modules)})

    @property
    def alive(self) -> bool:
        """Whether it can fork lessons."""
        return self.process.returncode is None

    def start(self, job: Path, log_file: Path, script: Path) -> Child:
        """Ask for a child that does the job; its output goes to the end of `log_file`."""
        child = self.children[str(job)] = Child(self)
        self._write({"job": str(job), "log": str(log_file), "beside": str(script.parent)})
        return child

    def listen(self) -> None:
        """Take what it has told."""
        assert self.process.stdout is not None
        ended = self.process.poll() is not None  # first: what it said before is then all there
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.process.stdout.fileno(), 65536):
                self.heard += part
        *lines, self.heard = self.heard.split(b"\n")
        for line in lines:
            event = json.loads(line)
            child = self.children[event["job"]]
            child.pid = event.get("pid", child.pid)
            child.returncode = event.get("code")
            child.lost = event.get("lost", False)
        left = [child for child in self.children.values() if child.returncode is None]
        if ended and any(not child.lost for child in left):
            log.warning("%s; lessons go on in fresh processes.", self._death())
            for child in left:
                child.lost = True

    def close(self, at_once: bool = False) -> None:
        """End it; what it has forked and still runs ends with it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(b"\n")  # farewell
            self.process.stdin.close()
        if at_once:
            self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.said.close()

    def _write(self, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            self.process.wait()  # it has gone: `listen` says so

    def _death(self) -> str:
        self.said.seek(0)
        words = self.said.read().decode("utf-8", "replace").strip().splitlines()
        code = self.process.returncode
        reason = words[-1] if words else f"exit code {code}"
        return f"the process from which lessons are forked ended ({reason})"
