"""What is around a lesson while it runs: machine, device, threads, and what is pinned.

A run is a sample of seeds on one machine. Everything that could change its digits without being the
lesson's own doing is pinned here, the same for a lesson run by hand and for one that the builder
runs, and what cannot be pinned is written down.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from lessonkit.evidence.environment import THREADS, by_hand, environment

PROFILES = ("quick", "full", "smoke")
DEVICES = ("cpu", "cuda", "mps")
UMASK = 0o022  # whoever runs a lesson, others may read what it writes


def seeming_devices() -> list[str]:
    """Return the devices that this machine seems to have: torch is not imported."""
    there = {"cpu": True, "cuda": _has_cuda(), "mps": sys.platform == "darwin"}
    return [device for device in DEVICES if there[device]]


def _has_cuda() -> bool:
    driver = Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()
    windows = Path(os.environ.get("SYSTEMROOT", "/nowhere"), "System32", "nvcuda.dll").exists()
    cannot = ("+cpu", "(not installed)")
    return (driver or windows) and not torch_version().endswith(cannot)


@lru_cache(maxsize=1)
def torch_version() -> str:
    """Return the version of torch that is installed: torch is not imported."""
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def usable(device: str) -> bool:
    """Say whether torch can use a device here; it is imported for any but the CPU."""
    if device == "cpu":
        return True
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    return bool(there)


def unusable(device: str) -> str:
    """Say in half a sentence which devices there are instead of one that torch cannot use."""
    found = ", ".join(other for other in DEVICES if usable(other))
    return f"device {device}: torch {torch_version()} cannot use one here; it can use: {found}"


def processor() -> str:
    """Return the name of this machine's processor."""
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def instruction_set(instructions: str = "native") -> str:
    """Return the widest vector instructions in use: "avx512", "avx2", "portable", …"""
    if instructions != "native":
        return instructions
    flags = next((set(line.split()) for line in _cpuinfo() if line.startswith("flags")), set())
    for flag, name in (("avx512f", "avx512"), ("avx2", "avx2"), ("sse4_1", "sse4")):
        if flag in flags:
            return name
    return platform.machine()


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def front_end() -> str:
    """Say who runs this process: "notebook", "prompt" (of Python or IPython), or "script"."""
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = ask() if ask else None
    if shell is not None:  # a kernel, whosever it is, unless it sits in a terminal
        return "prompt" if type(shell).__name__ == "TerminalInteractiveShell" else "notebook"
    return "prompt" if hasattr(sys, "ps1") else "script"


def pin_by_hand(script: Path, threads: int, named: Sequence[str], instructions: str) -> None:
    """Start a script that somebody runs by hand again, in the environment of the builder.

    Nothing happens where that is so already. Hash seed and instructions are read when a process
    starts, so there is no other way. In a notebook or a debugger only the threads can be pinned.
    What is printed keeps the encoding of whatever reads it.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    wanted = by_hand(environment(threads, instructions, named=named), encoding)
    if all(os.environ.get(name) == value for name, value in wanted.items()):
        return None
    if front_end() != "script" or sys.flags.interactive or _traced() or not _alone(script):
        return pin_threads(threads)
    command = [sys.executable, *sys.orig_argv[1:]]
    sys.stdout.flush()
    os.umask(UMASK)
    if os.name == "posix":
        os.execve(sys.executable, command, wanted)
    raise SystemExit(subprocess.run(command, env=wanted, check=False).returncode)


def _traced() -> bool:
    """Say whether a debugger looks on; from Python 3.12 on it need not trace."""
    monitoring = getattr(sys, "monitoring", None)
    watching = monitoring and monitoring.get_tool(monitoring.DEBUGGER_ID)
    return bool(sys.gettrace() or watching or "debugpy" in sys.modules)


def _alone(script: Path) -> bool:
    """Say whether the process runs the script itself, not another one that runs it."""
    given = sys.orig_argv[1:]
    return "-m" in given or any(os.path.abspath(name) == os.path.abspath(script) for name in given)


def pin_drawing() -> None:
    """Undo what a `matplotlibrc` in the working folder set: it comes before `MATPLOTLIBRC`.

    What the lesson itself has set since stays.
    """
    file, matplotlib = Path("matplotlibrc"), sys.modules.get("matplotlib")
    if matplotlib is None or not file.is_file():
        return
    given = matplotlib.rc_params_from_file(file, use_default_template=False)
    undone = {name for name, value in given.items() if matplotlib.rcParams[name] == value}
    matplotlib.rcParams.update(
        {name: matplotlib.rcParamsDefault[name] for name in undone - {"backend"}}
    )


def pin_threads(threads: int) -> None:
    """Pin the threads of libraries that were imported before anybody could tell them."""
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    if importlib.util.find_spec("threadpoolctl"):
        import threadpoolctl

        threadpoolctl.threadpool_limits(threads)
