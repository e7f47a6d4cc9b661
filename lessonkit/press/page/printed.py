"""What was printed, as a terminal would have left it, and what changes in every run left out."""

from __future__ import annotations

import re

# An escape sequence: CSI with its numbers and its letter, OSC (links, titles), or a short one.
_ESCAPE = re.compile(
    r"\x1b(?:\[([0-9;:<=>?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|[ -/]*[0-~])|\x9b([0-9;:<=>?]*)[ -/]*([@-~])"
)
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]{4,}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_TOKEN = re.compile(rf"{_ESCAPE.pattern}|[\r\n\b]|[^\x1b\x9b\r\n\b]+|[\x1b\x9b]")
_WIDEST = 1_000  # places in a line: no cursor is sent further


def printed(text: str) -> str:
    """Return what a terminal shows after a text: overwritten, erased, without colours.

    Addresses of objects are left out: they are others in every run, and mean nothing to a reader.
    """
    if re.search(r"[\r\b\x1b\x9b]", text):
        text = _Screen().show(text)
    return _UNSEEN.sub("", without_addresses(text)).expandtabs()


def without_addresses(text: str) -> str:
    """Return a text without the places of objects in memory."""
    return _ADDRESS.sub("", text)


class _Screen:
    """A terminal as wide and as high as it takes."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0

    def show(self, text: str) -> str:
        """Return what stands on it after a text."""
        for token in _TOKEN.finditer(text.replace("\r\n", "\n")):
            self._take(token)
        return "\n".join("".join(line).rstrip(" ") for line in self.lines)

    def _take(self, token: re.Match[str]) -> None:
        piece = token[0]
        if piece == "\n":
            self._down(1)
            self.column = 0
        elif piece == "\r":
            self.column = 0
        elif piece == "\b":
            self.column = max(0, self.column - 1)
        elif piece[0] in "\x1b\x9b":
            self._obey(token[2] or token[4] or "", token[1] or token[3] or "")
        else:
            self._write(piece)

    def _write(self, piece: str) -> None:
        line = self.lines[self.row]
        line += " " * (self.column - len(line))
        line[self.column : self.column + len(piece)] = piece
        self.column += len(piece)

    def _down(self, count: int) -> None:
        self.row = max(0, self.row + count)
        missing = self.row + 1 - len(self.lines)
        self.lines += [[] for _ in range(missing)]

    def _obey(self, order: str, numbers: str) -> None:
        """Move or erase, as bars do that redraw themselves; all else is colour, or beyond us."""
        first = numbers.split(";")[0]
        count = min(int(first), _WIDEST) if first.isdigit() else 0
        line = self.lines[self.row]
        if order == "A":
            self._down(-max(1, count))
        elif order == "B":
            self._down(min(max(1, count), len(self.lines) - 1 - self.row))
        elif order == "C":
            self.column = min(_WIDEST, self.column + max(1, count))
        elif order == "D":
            self.column = max(0, self.column - max(1, count))
        elif order == "G":
            self.column = max(0, count - 1)
        elif order == "K" and count == 0:
            del line[self.column :]
        elif order == "K":
            line[: self.column if count == 1 else len(line)] = " " * min(self.column, len(line))
        elif order == "J" and count == 0:
            del line[self.column :], self.lines[self.row + 1 :]
