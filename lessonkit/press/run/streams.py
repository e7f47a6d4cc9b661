"""What a lesson prints and what it warns of, cut at the ends of its cells.

Both streams are real ones for the whole run: descriptor 1 is a file in the folder of the run, and 2
its log. So whoever writes there (a handler that took hold of `sys.stdout` cells ago, a subprocess,
code in C) writes into the cell that runs.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

LOG = "log.txt"  # in the folder of a run
PRINTED = "printed.txt"  # what the present cell has printed; no part of a run
LIMIT = 100_000  # bytes kept of what one cell prints, and of what it warns of


class Streams:
    """The two streams of a run.

    Args:
        folder: of the run, in which its log lies.
    """

    def __init__(self, folder: Path) -> None:
        self.printed = (folder / PRINTED).open("a+b", buffering=0)
        self.log = (folder / LOG).open("a+b", buffering=0)
        self.seen = _size(self.log)
        self.raw = _Bounded(1, "w", closefd=False)
        self.text = io.TextIOWrapper(
            io.BufferedWriter(self.raw), encoding="utf-8", errors="replace", line_buffering=True
        )
        self.marks: list[int] = []
        self.earlier = sys.stdout, sys.stderr  # a library may hold them since its import
        flush(*self.earlier)
        os.dup2(self.printed.fileno(), 1)
        sys.stdout = sys.__stdout__ = self.text  # type: ignore[misc]

    def mark(self) -> None:
        """Remember how much the cell has printed by now: something is shown behind it."""
        flush(sys.stdout, self.text)
        self.marks.append(_size(self.printed))

    def cut(self) -> dict[str, Any]:
        """Return what came since the last cut, and begin anew."""
        flush(sys.stdout, sys.stderr, self.text, *self.earlier)
        _flush_c()
        if self.raw.failed:  # part of what it printed is lost, whoever passed over that
            raise self.raw.failed
        dropped, self.raw.dropped = self.raw.dropped, 0
        printed = self._kept(self.printed, 0, dropped)
        at, self.marks = self._places(), []
        os.ftruncate(self.printed.fileno(), 0)
        warned = self._kept(self.log, self.seen, 0)
        self.seen = _size(self.log)
        said = {"stderr": warned, "at": at if printed else []}
        return {"stdout": printed, **{name: value for name, value in said.items() if value}}

    def _places(self) -> list[int]:
        """Return the marks as characters of what is kept."""
        self.printed.seek(0)
        data = self.printed.read(LIMIT)
        return [len(_decoded(data[:mark], False, self.text)) for mark in self.marks]

    def _kept(self, file: BinaryIO, start: int, dropped: int) -> str:
        """Return the beginning of what a file holds from `start`; where it was cut, say so."""
        file.seek(start)
        data = file.read(LIMIT)
        left = max(0, _size(file) - start - len(data)) + dropped
        if not left:
            return _decoded(data, True, self.text)
        return (
            f"{_decoded(data, False, self.text)}\n… {left:,} more bytes were printed and left out"
        )

    def close(self) -> None:
        """Let whatever is still written go to the log."""
        flush(sys.stdout, self.text)
        os.dup2(2, 1)


class _Bounded(io.FileIO):
    """Takes what Python prints, and drops what no page will show: an hour's prints fill no disk."""

    dropped = 0  # bytes, in this cell
    failed: OSError | None = None

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        if self.dropped or _size(self) > LIMIT:
            self.dropped += size
            return size
        try:
            return super().write(data) or 0
        except OSError as error:
            self.failed = error
            raise


def _size(file: Any) -> int:
    return os.fstat(file.fileno()).st_size


def flush(*streams: Any) -> None:
    """Have streams write what they hold, as far as they still can."""
    for stream in streams:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or replaced
            stream.flush()


def _flush_c() -> None:
    """Write what C code has printed: to a file, it would wait for the end of the process."""
    if os.name == "posix":
        import ctypes

        ctypes.CDLL(None).fflush(None)


def _decoded(data: bytes, whole: bool, stream: io.TextIOWrapper) -> str:
    """Decode what was printed: UTF-8, unless the lesson gave its stream another encoding."""
    try:
        return codecs.getincrementaldecoder("utf-8")("strict").decode(data, whole)
    except UnicodeDecodeError:
        try:
            encoding = stream.encoding
        except ValueError:  # detached
            encoding = "utf-8"
        return codecs.getincrementaldecoder(encoding)("replace").decode(data, whole)
