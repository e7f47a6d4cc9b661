"""Remembering what is costly to work out and depends on nothing but its ingredients.

A text is kept below `.lessonkit/memo/` under the hash of everything that it was made of, the code
that made it included, and behind a hash of itself: a flipped bit is worked out again, never
believed. `lessonkit clean --all` forgets all of it, and nothing but time is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
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
    recipe = "\0".join([digest_of(maker), *ingredients])
    name = hashlib.sha256(recipe.encode()).hexdigest()
    file = os.path.join(folder, name[:2], name)
    try:
        with open(file, encoding="utf-8", newline="") as kept:
            seal, _, text = kept.read().partition("\n")
        if seal == hashlib.sha256(text.encode()).hexdigest():
            return text
    except (OSError, UnicodeDecodeError):
        pass
    text = make()
    _keep(Path(file), text)
    return text


def _keep(file: Path, text: str) -> None:
    """Write aside and rename; where nothing can be written, nothing is remembered."""
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        seal = hashlib.sha256(text.encode()).hexdigest()
        aside.write_text(f"{seal}\n{text}", encoding="utf-8", newline="")
        aside.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()


@lru_cache(maxsize=64)
def digest_of(file: str) -> str:
    """Return the hash of a file's bytes, read once: code that makes something is an ingredient."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
