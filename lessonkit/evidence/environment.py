"""Which environment variables reach a lesson, and what they say.

What somebody has set in a shell could change what a lesson measures, and nobody would know. So a
lesson gets what a process needs to find its files and its devices, what is pinned here, and what
the project names (`environment` under `[tool.lessonkit]`), and nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

# Instructions that any processor of the last fifteen years has: sums, matrix products and
# convolutions come out in other digits, as if on another kind of machine. One setting for each
# library that torch calls: its own kernels, MKL, oneDNN.
PORTABLE = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")

# What is the same for every lesson, whoever runs it and wherever.
PINNED = {
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONIOENCODING": "utf-8:replace",
    "MATPLOTLIBRC": os.devnull,  # matplotlib's defaults, not those of whoever runs it
    "LC_ALL": "C.UTF-8" if sys.platform == "linux" else "C",
    "TZ": "UTC",
}

# What a process needs to find its files, its libraries and its devices.
NEEDED = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"),
    *("XDG_RUNTIME_DIR", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME"),
    *("PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME", "CUDA_PATH", "CUDA_CACHE_PATH"),
    *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "PYTORCH_CUDA_ALLOC_CONF"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA"),
    *("LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "NUMBER_OF_PROCESSORS"),
)

# What a lesson that somebody runs by hand shows, and where: a terminal, a window, a colour.
SHOWN = (
    *("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "MPLBACKEND"),
)
BY_HAND = "LESSONKIT_PINNED"  # set where a lesson that is run by hand has been started anew


def environment(
    threads: int,
    instructions: str = "native",
    given: Mapping[str, str] | None = None,
    named: Iterable[str] = (),
) -> dict[str, str]:
    """Return the environment in which a lesson runs.

    Args:
        threads: of torch and of numpy's libraries.
        instructions: "native", "portable", or what `instructions_of` says of an environment in
            which somebody set the processor's instructions by hand: these settings stay.
        given: the environment to start from (default: this process's).
        named: further variables that reach the lesson.
    """
    given = os.environ if given is None else given
    kept = {name: given[name] for name in (*NEEDED, *named) if name in given}
    if instructions == "portable":
        kept |= PORTABLE
    elif instructions != "native":
        kept |= {name: given[name] for name in PORTABLE if name in given}
    return {**kept, **_drawing(given), **dict.fromkeys(THREADS, str(threads)), **PINNED}


def by_hand(pinned: Mapping[str, str], encoding: str) -> dict[str, str]:
    """Return the environment of a lesson that somebody runs by hand and looks at.

    Args:
        pinned: its environment as the builder would have it.
        encoding: of whatever reads what it prints.
    """
    shown = {n: v for n, v in os.environ.items() if n in SHOWN or n.startswith("LESSONKIT_")}
    return {**shown, **pinned, "PYTHONIOENCODING": f"{encoding}:replace", BY_HAND: "1"}


def _drawing(given: Mapping[str, str]) -> dict[str, str]:
    """Keep matplotlib's list of fonts, and no styles but its own."""
    folder = given.get("MPLCONFIGDIR")
    if folder and not Path(folder, "stylelib").exists():
        return {"MPLCONFIGDIR": folder}
    caches = given.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return {"XDG_CONFIG_HOME": os.path.join(caches, "lessonkit", "config")}


def instructions_of(given: Mapping[str, str] | None = None) -> str:
    """Say which instructions an environment lets libraries use.

    "native" is all that the processor has, "portable" is `PORTABLE`; anything else that somebody
    set is spelled out.
    """
    given = os.environ if given is None else given
    wanted = {name: given[name] for name in PORTABLE if given.get(name)}
    if not wanted:
        return "native"
    return "portable" if wanted == PORTABLE else " ".join(f"{n}={v}" for n, v in wanted.items())
