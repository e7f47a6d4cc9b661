"""Looks on in a lesson's process: how far it is, whether it forked, and what it cost."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances, environment


class Watch:
    """Looks on: at progress, at forked children, and at what the run costs."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.cell, self.pid = 0, os.getpid()
        self.progress = Path(job["progress"])
        self.started = time.time()

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

    def loaded(self) -> list[str]:
        """Name what the process has imported of installed packages."""
        tops = {name: module for name, module in list(sys.modules.items()) if "." not in name}
        files = {name: getattr(module, "__file__", None) or "" for name, module in tops.items()}
        return sorted(name for name, file in files.items() if "-packages" in file)

    def machine(self) -> dict[str, Any]:
        """Say what the run cost and on what."""
        return {
            "cpu_seconds": round(_cpu_seconds(), 2),
            "wall_seconds": round(time.time() - self.started, 2),
            "peak_mib": _peak_mib(),
            "device_name": _device_name(self.job["device"]),
            "instruction_set": circumstances.instruction_set(environment.instructions_of()),
        }


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
