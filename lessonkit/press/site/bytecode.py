"""Templates compiled once: Jinja's bytecode, kept below `.lessonkit/memo/` behind a hash of itself.

A flipped bit is compiled again, never believed; so is a template whose source has changed, by
Jinja's own check.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class Bytecode(BytecodeCache):
    """Compiled templates in a folder.

    Args:
        folder: of the project's memo.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "templates"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give Jinja what was kept of a template, if anything."""
        try:
            kept = (self.folder / bucket.key).read_bytes()
        except OSError:
            return
        if hashlib.sha256(kept[32:]).digest() == kept[:32]:
            bucket.bytecode_from_string(kept[32:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template; where nothing can be written, nothing is kept."""
        code = bucket.bytecode_to_string()
        aside = self.folder / f"{bucket.key}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(hashlib.sha256(code).digest() + code)
            aside.replace(self.folder / bucket.key)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink()
