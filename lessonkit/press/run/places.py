"""Whose is a file that a lesson's process opens: the project's, a library's, or somebody else's?"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from lessonkit.press.lesson.roots import INSTALLED
from lessonkit.press.run.calls import folder_of

# Where a system keeps what libraries read.
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/sys", "/dev", "/run"),
    *("/nix", "/snap", "/System", "/Library", "/var/lib", "/var/cache"),
)
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in INSTALLED)
_NO_PATH = ".__path_hook__"  # what an editable installation leaves on sys.path: a mark, no file
_WINDOWS = ("/proc/", "/dev/fd/")  # through which a process sees files
# Below the home: what libraries keep between runs, and fonts.
_KEPT = (".cache", ".local/share/fonts", ".fonts", ".matplotlib", ".nv", ".triton", ".keras")


class Places:
    """Tells the files of a project from those of libraries.

    Args:
        job: as the worker got it: its root, its store, and the press's own files.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.root = os.path.join(job["root"], "")
        self.resolved = os.path.join(os.path.realpath(job["root"]), "")
        self.around = (self.root[:-1], self.resolved[:-1])
        self.declared = {os.path.normpath(self.root + name) for name in job["files"]}
        self.private = tuple(job["private"])  # the store's, and code that measures nothing
        self.runs = self.private[0]
        self.own = (job["folder"], os.path.realpath(job["folder"]))
        self.home = os.path.join(os.path.expanduser("~"), "")
        self.libraries = tuple(os.path.join(folder, "") for folder in _libraries() if folder)
        roots = (self.root, self.resolved)  # which may be an environment: python -m venv .
        inner = (folder for folder in self.libraries if folder not in roots)
        self.within = tuple(folder for folder in inner if folder.startswith(roots))  # as in .venv/

    def absolute(self, path: Any) -> str | None:
        """Return the whole path of an input; None if it is a library's, the system's, or ours."""
        if isinstance(path, str) and path.startswith(_WINDOWS):
            path = os.path.realpath(path)
        quick = isinstance(path, str) and self.surely_elsewhere(path)
        if quick and (path.startswith(self.libraries) or _INSTALLED[0] in path):
            return None
        if isinstance(path, int):  # an open folder
            path = folder_of(path)
        text = os.path.abspath(os.fsdecode(path))
        if text.endswith(_NO_PATH):
            return None
        if not self.inside(text):
            folder = text + os.sep
            if folder.startswith(self.libraries) or any(part in folder for part in _INSTALLED):
                return None
            real = os.path.realpath(text)
            text = real if self.inside(real) or real.startswith(self.libraries) else text
        folder = text + os.sep
        own = folder.startswith(self.within) or any(part in folder for part in _INSTALLED)
        return None if own or folder.startswith(self.private) else text

    def surely_elsewhere(self, path: str) -> bool:
        """Say, quickly, that a path does not lie in the project; libraries ask a thousand times."""
        return path[:1] == "/" and not path.startswith(self.around) and ".." not in path

    def inside(self, path: str) -> bool:
        """Say whether a path lies in the project."""
        return path.startswith((self.root, self.resolved)) or path + os.sep == self.root

    def name(self, path: str) -> str:
        """Return how a run calls a path: from the root of the project, or else as a whole."""
        for base in (self.root, self.resolved):
            if path + os.sep == base:
                return "."
            if path.startswith(base):
                return path[len(base) :].replace(os.sep, "/")
        return f"~/{path[len(self.home) :]}" if path.startswith(self.home) else path

    def behind(self, path: str) -> str:
        """Return what a link in the project leads to there: the lesson made it, maybe not this."""
        real = os.path.realpath(path)
        return os.path.normpath(self.root + self.name(real)) if self.inside(real) else path

    def is_declared(self, path: str) -> bool:
        """Say whether the lesson has said from the start that it reads this."""
        return any(path == known or path.startswith(known + os.sep) for known in self.declared)

    def of_a_run(self, path: Any) -> bool:
        """Say whether a path lies in a run, but in the one that grows here."""
        text = "" if isinstance(path, int) else os.path.abspath(os.fsdecode(path))
        return text.startswith(self.runs) and not text.startswith(self.own)

    def is_library(self, file: str) -> bool:
        """Say whether code comes from an installed package."""
        return any(part in file for part in _INSTALLED) or file.startswith(self.private)


def _libraries() -> list[str]:
    """List the folders that hold what is installed, and what installed code keeps for itself."""
    home, caches = os.path.expanduser("~"), os.environ.get("XDG_CACHE_HOME", "")
    named = (os.environ.get(name, "") for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME"))
    kept = (os.path.join(home, *folder.split("/")) for folder in _KEPT)
    compiled = os.path.join(tempfile.gettempdir(), "torchinductor_" + os.environ.get("USER", ""))
    return [
        *(sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)),
        *(*_SYSTEM, *kept, *named, caches, compiled),
    ]


def source_of(compiled: str) -> str:
    """Return the source beside `__pycache__/NAME.cpython-311.pyc`, if there is one."""
    folder, name = os.path.split(compiled)
    source = os.path.join(os.path.dirname(folder), f"{name.partition('.')[0]}.py")
    return source if os.path.exists(source) else compiled
