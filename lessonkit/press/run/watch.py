"""Sees in a lesson's process what no key can see: modules, files, forks, progress, what it cost."""

from __future__ import annotations

import json
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances


class LessonError(Exception):
    """The lesson did something that no run may contain."""


class Watch:
    """Sees what the key cannot: modules and files that the static walk missed, forks, progress."""

    def __init__(self, job: dict[str, Any], worker: str) -> None:
        self.job, self.worker = job, worker  # its file: no module has its name any more
        self.cell, self.pid = 0, os.getpid()
        self.root = Path(job["root"]).resolve()
        self.roots = [Path(root).resolve() for root in (*job["roots"], job["package"])]
        self.outside = (job["store"], *job["environments"])
        self.progress = Path(job["progress"])
        self.brought = set(sys.modules)  # by the worker, whatever the lesson does
        self.opened: set[str] = set()
        self.started = time.time()
        sys.addaudithook(self._audit)

    def tell(self, event: dict[str, Any]) -> None:
        """Leave the latest progress where the builder looks for it."""
        if os.getpid() == self.pid:
            try:
                self.progress.write_text(json.dumps(event), encoding="utf-8")
            except OSError:
                pass  # progress is a courtesy: a full disk shows when the run is written

    def check_process(self) -> None:
        """Stop a forked child that came back from its cell: it must not go on as the lesson."""
        if os.getpid() != self.pid:
            os._exit(1)

    def check_modules(self) -> None:
        """Fail if the lesson imported code of the project that its key does not cover."""
        known, outside = set(self.job["modules"]), tuple(self.job["outside"])
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name in known or name.startswith(outside) or not file:
                continue
            if name in ("__main__", "__mp_main__"):  # multiprocessing's alias of the worker
                continue
            if name in self.brought:
                continue
            file = _real(file)
            if self._near(file) and self._ours(Path(file)) and os.path.isfile(file):
                raise LessonError(
                    f"the lesson imported {name}, which its key does not cover (imported by a "
                    "computed name?): a change in it would go unnoticed. Import it by its name."
                )

    def check_files(self) -> None:
        """Fail if the lesson read a file of the project that its key does not cover."""
        declared = {str((self.root / name).resolve()) for name in self.job["files"]}
        left = self.opened - declared - {os.path.realpath(self.job["script"])}
        left -= self._code() if left else set()
        for path in sorted(path for path in left if os.path.isfile(path)):
            raise LessonError(
                f"the lesson read {path}, which its key does not cover: a change in it would go "
                f"unnoticed. Declare it: Lesson({self.job['lesson']!r}, reads=[...])."
            )

    def _code(self) -> set[str]:
        """Return the files of modules, which the key covers or `check_modules` has refused."""
        loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        known = (*loaded, *self.job["places"], self.worker)
        return {os.path.realpath(file) for file in known if file}

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        mode = arguments[1] or "r"
        path = os.path.realpath(os.fsdecode(arguments[0]))
        ours = path.startswith(str(self.root)) and not path.endswith(".pyc")
        if ours and "r" in mode and self._ours(Path(path)):
            self.opened.add(path)

    def _near(self, path: str) -> bool:
        """Say whether a path lies below a folder of the project: a quick no for most modules."""
        return path.startswith(tuple(map(str, self.roots)))

    def _ours(self, path: Path) -> bool:
        """Say whether a file belongs to the project, rather than to an environment inside it."""
        resolved = path.resolve()
        package = resolved.is_relative_to(self.job["package"])
        if not package and any(resolved.is_relative_to(place) for place in self.outside):
            return False
        outside = ("site-packages", "dist-packages", "outputs", "__pycache__")
        return any(resolved.is_relative_to(root) for root in self.roots) and not any(
            part in outside or part.startswith(".") for part in self._inner_parts(resolved)
        )

    def _inner_parts(self, path: Path) -> tuple[str, ...]:
        root = max((r for r in self.roots if path.is_relative_to(r)), key=lambda r: len(r.parts))
        return path.relative_to(root).parts

    def machine(self) -> dict[str, Any]:
        """Say what the run cost and on what."""
        return {
            "cpu_seconds": round(_cpu_seconds(), 2),
            "wall_seconds": round(time.time() - self.started, 2),
            "peak_mib": _peak_mib(),
            "device_name": _device_name(self.job["device"]),
            "instruction_set": circumstances.instruction_set(circumstances.instructions_of()),
        }


def _real(file: str) -> str:
    """Return a path without links; folders that hold many modules are looked at once."""
    if os.path.islink(file):
        return os.path.realpath(file)
    folder, name = os.path.split(file)
    return os.path.join(_real_folder(folder), name)


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_mib() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def _device_name(device: str) -> str:
    if device == "cuda":
        return str(sys.modules["torch"].cuda.get_device_name())
    return circumstances.processor()
