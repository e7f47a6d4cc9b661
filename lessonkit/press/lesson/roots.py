"""Where modules of the project lie; what is installed does not belong to it, and has a version.

lessonkit's own modules are hashed like the project's, however it was installed: its digits, too,
may change under one version.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path

import lessonkit
from lessonkit.press.settings import Settings

PACKAGE = Path(lessonkit.__file__).resolve().parent
INSTALLED = ("site-packages", "dist-packages")  # folders of what somebody else wrote


def module_roots(settings: Settings, script: Path) -> tuple[Path, ...]:
    """Return the folders from which the project's modules are imported, the first one first.

    Beside the script; where Python looks within the project, as after `pip install -e .`; its root
    and src/. The folder around lessonkit comes last, and only for lessonkit.
    """
    within = _within(settings.root, tuple(sys.path[1:]))  # the first is gone when a lesson runs
    folders = [script.parent.resolve(), *within, settings.root]
    source = settings.root / "src"
    folders += [source] if source.is_dir() else []
    return tuple(dict.fromkeys((*folders, PACKAGE.parent)))


def environments(root: Path) -> tuple[Path, ...]:
    """Return the folders of this Python, but for those that lie around the project."""
    places = {Path(place).resolve() for place in (sys.prefix, sys.base_prefix)}
    return tuple(place for place in sorted(places) if not root.is_relative_to(place))


@lru_cache(maxsize=8)
def _within(root: Path, path: tuple[str, ...]) -> tuple[Path, ...]:
    outside = environments(root)
    found = []
    for folder in (Path(os.path.realpath(entry)) for entry in path if entry):
        if folder.is_relative_to(root) and folder.is_dir():
            installed = set(INSTALLED).intersection(folder.relative_to(root).parts)
            if not installed and not any(folder.is_relative_to(place) for place in outside):
                found.append(folder)
    return tuple(found)
