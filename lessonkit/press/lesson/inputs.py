"""What a lesson finds beside its code: files, folders, and whether something is there.

A run writes down each as it was found. An input is called by how the lesson looked at it and where:
"read data/steps.csv" (its bytes), "list data" (the names in it), "stat data/more.csv" (whether it
is there, and its size); "made data/cache.csv" is what the lesson left where it had found nothing,
and there may as well be nothing again. A path is seen from the project's root; outside of it, it is
absolute.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

Root = str | os.PathLike[str]

ABSENT = "absent"
HIDDEN = "__pycache__"  # Python's own; it comes and goes


def digest(root: Root, name: str) -> str:
    """Return what an input is now: a hash, `ABSENT`, or a word."""
    how, _, place = name.partition(" ")
    path = os.path.join(root, os.path.expanduser(place))
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            return _names(path) if how == "list" else "a folder"
        if not stat.S_ISREG(found.st_mode):
            return "no file"  # a device or a pipe has no content to compare
        if how in ("read", "made"):
            return _bytes(path, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
        return f"{found.st_size} bytes"
    except (OSError, ValueError):
        return ABSENT


def of_tree(folder: Path) -> str:
    """Return one digest of all files below a folder: their names and their bytes."""
    files = (path for path in sorted(folder.rglob("*")) if HIDDEN not in path.parts)
    each = (f"{p.relative_to(folder).as_posix()} {digest(folder, f'read {p}')}\n" for p in files)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def moved(root: Root, found: Mapping[str, str]) -> list[str]:
    """Return which inputs are no longer what a run found.

    What lies outside the project and is not here cannot be compared: another machine need not have
    it, so it is not among them (see `unknown`).
    """
    return [name for name, was in found.items() if digest(root, name) not in (was, _pardoned(name))]


def _pardoned(name: str) -> str | None:
    return ABSENT if name.startswith("made ") or _outside(name) else None


def _outside(name: str) -> bool:
    return spoken(name)[:1] in "/~\\" or ":" in name


def unknown(root: Root, found: Iterable[str]) -> list[str]:
    """Return the inputs that lie outside the project and are not here to be compared."""
    return [name for name in found if _outside(name) and digest(root, name) == ABSENT]


def forget() -> None:
    """Look at every file anew: two edits may fall within one tick of the clock."""
    _bytes.cache_clear()


def spoken(name: str) -> str:
    """Return an input as a message says it."""
    return name.partition(" ")[2]


def changed(root: Root, name: str, was: str) -> str:
    """Say what is wrong where an input is no longer what the run found at its beginning."""
    place = spoken(name)
    if was == ABSENT and os.path.isdir(os.path.join(root, place)):
        return (
            f"the lesson looked for the folder {place}, which was not there, and then it was: the "
            "next run would find it. Make it without asking: os.makedirs(…, exist_ok=True)."
        )
    if was == ABSENT:
        return (
            f"the lesson looked for {place}, which was not there, and then it was: the next run "
            "would find it. If the lesson keeps it on purpose, build again; else let it write to "
            "a temporary folder (tempfile)."
        )
    return (
        f"{place} changed after the lesson had read it, so another run may measure something "
        "else. If the lesson writes there itself, let it write to a temporary folder (tempfile); "
        "if somebody edited it, build again."
    )


@lru_cache(maxsize=4096)
def _bytes(path: str, mtime: int, ctime: int, size: int, number: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(path: str) -> str:
    names = sorted(name for name in os.listdir(path) if name != HIDDEN)
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()
