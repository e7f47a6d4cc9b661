"""What the cells of a run put out, as a page and a notebook show it with the script's words of now.

A run keeps all that a cell returned and drew. What of it is shown, the comments of the script say,
so that a change of mind needs no run.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lessonkit.press.lesson.script import Cell, Script
from lessonkit.press.page.allowed import allowed
from lessonkit.press.page.printed import printed, without_addresses
from lessonkit.press.run.outputs import HTML_LIMIT
from lessonkit.press.run.store import Run

_DENSITY = 144 / 96  # pixels of a picture in each that it takes on a page


@dataclass(frozen=True)
class Picture:
    """A figure that a cell left open: where it lies in the run, and what it shows in words."""

    still: str
    moving: str  # the same, moving; "" if it does not
    words: str


@dataclass(frozen=True)
class Output:
    """What one cell put out."""

    published: tuple[str, ...]
    printed: str
    pieces: tuple[str, ...]  # the same, cut where something was published, and the rest
    value: str  # the last value as text; "" if none is shown
    html: str  # the same as HTML, as the run brought it: to be reduced before it is shown
    pictures: tuple[Picture, ...]

    def box(self, name: str) -> str:
        """Return the value's HTML as far as a page may show it; `name` is the id of its box."""
        return _box(self.html, name) if self.html else ""

    def texts(self, name: str) -> tuple[str, str]:
        """Return the value as text and as HTML, one of them "": text where no HTML is left."""
        box = self.box(name)
        return ("" if box else self.value), box


@lru_cache(maxsize=256)
def _box(html: str, name: str) -> str:
    return allowed(html, name) if len(html) <= HTML_LIMIT else ""


def by_cell(script: Script, run: Run) -> list[list[Output]]:
    """Return, for each code cell as the script is cut now, what the run's cells put out there.

    The text of a script may change without a run, and with it where cells end: an output belongs to
    the cell that now holds the last statement of the cell that made it.
    """
    starts = [cell.line for cell in script.code]
    homes: list[list[Output]] = [[] for _ in starts]
    count = 0
    for output in run.cells:
        last = min(output["statements"], len(script.statements)) - 1
        line = script.statements[last] if last >= 0 else 1
        home = max((i for i, start in enumerate(starts) if start <= line), default=0)
        if homes:
            homes[home].append(_shown(script, script.code[home], output, count))
            count += len(output["figures"])
    return homes


def _shown(script: Script, cell: Cell, output: dict[str, Any], before: int) -> Output:
    stills = output["figures"]
    moving = output.get("moving") or [""] * len(stills)
    words = output.get("words") or [""] * len(stills)
    drawn = [
        Picture(still, moves, says or f"{script.title.rstrip('.')}: figure {number}")
        for number, (still, moves, says) in enumerate(
            zip(stills, moving, words, strict=False), before + 1
        )
    ]
    text, html = _value(script, cell, output)
    return Output(
        tuple(output["published"]),
        printed(output["stdout"]),
        tuple(map(printed, _pieces(output))),
        without_addresses(text),
        without_addresses(html),
        tuple(drawn),
    )


def _pieces(output: dict[str, Any]) -> list[str]:
    """Cut what was printed where something was published; by default all comes before that."""
    text, count = output["stdout"], len(output["published"])
    at = output.get("at") or [len(text)] * count
    return [text[start:end] for start, end in zip([0, *at], [*at, None], strict=True)]


def _value(script: Script, cell: Cell, output: dict[str, Any]) -> tuple[str, str]:
    """Return a value as text and as HTML, as far as the script wants it shown."""
    ignored = script.asks("ignore_repr_types")
    if _silent(cell.source) or (ignored and re.search(ignored, output.get("type", ""))):
        return "", ""
    wanted = script.asks("capture_repr_block", cell)
    wanted = script.asks("capture_repr") if wanted is None else wanted
    wanted = ("_repr_html_", "__repr__") if wanted is None else wanted
    ways = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    said = {
        "__repr__": output["value"],
        "__str__": output.get("text") or output["value"],
        "_repr_html_": output.get("html", ""),
    }
    text = next((said[way] for way in ways if way != "_repr_html_" and said[way]), "")
    first = next((way for way in ways if said[way]), "")
    return text, said["_repr_html_"] if first == "_repr_html_" else ""


@lru_cache(maxsize=1024)
def _silent(source: str) -> bool:
    """Say whether a cell ends in a semicolon: as in a notebook, its last value is not shown."""
    return ";" in source and _last_sign(source) == ";"


def _last_sign(source: str) -> str:
    """Return the last thing in some code that is neither a comment nor white space."""
    last = ""
    try:
        for token in _signs(source):
            last = token
    except (tokenize.TokenError, SyntaxError):
        pass  # a cell may end within something, and is still shown
    return last


def _signs(source: str) -> Iterator[str]:
    nothing = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in {*nothing, tokenize.ENDMARKER}:
            yield token.string


def size(png: bytes) -> tuple[int, int]:
    """Return width and height at which a page shows a picture, in CSS pixels."""
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
    return round(width / _DENSITY), round(height / _DENSITY)
