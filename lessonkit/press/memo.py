"""Remembering what is costly to work out and depends on nothing but its ingredients.

A result is kept below `.lessonkit/memo/` under the hash of everything that it was made of, the code
that made it included, and behind a hash of itself and of that name: a flipped bit, or one entry in
the place of another, is worked out again, never believed. `lessonkit clean --all` forgets all of
it, and nothing but time is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path


def recall(folder: Path, maker: str, ingredients: list[str], make: Callable[[], str]) -> str:
    """Return `make()`, or what it returned before for the same ingredients.

    Args:
        folder: of the project's memo.
        maker: the file of the code that makes it, as `__file__` says: an edit there forgets all.
        ingredients: everything else that the result depends on.
        make: works the text out.
    """
    return recall_bytes(folder, maker, ingredients, lambda: make().encode()).decode()


def recall_bytes(
    folder: Path, maker: str, ingredients: list[str], make: Callable[[], bytes]
) -> bytes:
    """Return `make()`, as `recall` does, where it is no text."""
    recipe = "\0".join([sys.version, digest_of(maker), *ingredients])
    name = hashlib.sha256(recipe.encode()).hexdigest()
    kept = take(Path(folder, name[:2]), name)
    if kept is None:
        kept = make()
        keep(Path(folder, name[:2]), name, kept)
    return kept


def take(folder: Path, name: str) -> bytes | None:
    """Return what was kept under a name, or None: nothing, or not what was kept there."""
    file = os.path.join(folder, name)
    if not os.path.isfile(file):  # a pipe would never end
        return None
    try:
        with open(file, "rb") as kept:
            seal, _, content = kept.read().partition(b"\n")
    except OSError:
        return None
    return content if seal == _seal(name, content) else None


def keep(folder: Path, name: str, content: bytes) -> None:
    """Write aside and rename; where nothing can be written, nothing is kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=f"{name}.", dir=folder)
    except OSError:
        return
    try:
        with open(handle, "wb") as written:
            written.write(_seal(name, content) + b"\n" + content)
        os.replace(aside, folder / name)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(aside)


def _seal(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + content).hexdigest().encode()


@lru_cache(maxsize=64)
def digest_of(file: str) -> str:
    """Return the hash of a file's bytes, read once: code that makes something is an ingredient."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
