"""Templates compiled once: Jinja's bytecode, kept below `.lessonkit/memo/` as everything there.

A flipped bit is compiled again, never believed; so is a template whose source has changed, by
Jinja's own check.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from lessonkit.press import memo


class Bytecode(BytecodeCache):
    """Compiled templates in a folder.

    Args:
        folder: of the project's memo.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "templates"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give Jinja what was kept of a template, if anything."""
        kept = memo.take(self.folder, bucket.key)
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template; where nothing can be written, nothing is kept."""
        memo.keep(self.folder, bucket.key, bucket.bytecode_to_string())
