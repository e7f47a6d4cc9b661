"""The configuration comments of sphinx-gallery's format: `# sphinx_gallery_NAME = VALUE`.

Each stands on a line of its own, no page shows it, and none is part of a key but `defer_figures`,
without which other pictures would be drawn.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "sphinx_gallery_"
_COMMENT = re.compile(rf"#\s*{PREFIX}(\w+)\s*(?:=\s*(.*?))?\s*$")
START, END = "start_ignore", "end_ignore"
DEFER = "defer_figures"
REPRS = ("_repr_html_", "__repr__", "__str__")  # what a value may be shown as


@dataclass(frozen=True)
class Kind:
    """A comment that there is: what it does, and what it may say."""

    does: str
    example: str  # of its value; "" for one that has none
    fits: Callable[[Any], bool] = lambda value: value is None


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_reprs(value: Any) -> bool:
    names = [value] if isinstance(value, str) else value
    return isinstance(names, (tuple, list)) and all(name in REPRS for name in names)


def _are_texts(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(text, str) for text in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_pattern(value: Any) -> bool:
    try:
        return bool(re.compile(value))
    except (TypeError, re.error):
        return False


def _is_multi(value: Any) -> bool:
    return value in ("single", "multi")


_REPRS = "('_repr_html_', '__repr__')"
KINDS: dict[str, Kind] = {
    "thumbnail_number": Kind("which picture stands on the card; -1 is the last", "2", _is_number),
    "thumbnail_path": Kind(
        "a picture file for the card, below the folder of pages or beside the script",
        "'assets/card.png'",
        _is_text,
    ),
    START: Kind(f"what follows, up to {PREFIX}{END}, runs and is not shown", ""),
    END: Kind(f"ends what {PREFIX}{START} began", ""),
    "capture_repr": Kind("as what the last value of a cell is shown", _REPRS, _are_reprs),
    "capture_repr_block": Kind("the same, of this cell only", _REPRS, _are_reprs),
    "ignore_repr_types": Kind("values of these types are not shown", "r'matplotlib'", _is_pattern),
    DEFER: Kind("figures of this cell stay open for the next one", ""),
    "multi_image": Kind(
        "'single': pictures of a cell stand one below the other", "'single'", _is_multi
    ),
    "multi_image_block": Kind("the same, of this cell only", "'single'", _is_multi),
    "line_numbers": Kind("whether code is shown with the numbers of its lines", "True", _is_flag),
    "tags": Kind("words by which the search finds the lesson", "['drawing']", _are_texts),
    "dummy_images": Kind("nothing here: every lesson runs", "2", _is_number),
    "failing_thumbnail": Kind("nothing here: a lesson that fails has no card", "False", _is_flag),
    "show_signature": Kind("nothing here: pages are signed by the site", "False", _is_flag),
    "parallel": Kind("nothing here: each lesson has a process of its own", "True", _is_flag),
}


@dataclass(frozen=True)
class Comment:
    """A configuration comment as it stands in a script."""

    line: int
    name: str
    value: Any = None


class CommentError(ValueError):
    """A comment that asks for nothing that there is; its text begins with the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def found(source: str) -> list[Comment]:
    """Return the configuration comments of a script that parses, checked.

    Raises:
        CommentError: an unknown name, a value that does not fit, or a passage that does not end.
    """
    if PREFIX not in source:
        return []
    comments = [_checked(line, match) for line, match in _written(source)]
    began = 0
    for comment in comments:
        if comment.name == START and began:
            raise CommentError(comment.line, f"{PREFIX}{START} stands at line {began} already.")
        if comment.name == END and not began:
            raise CommentError(comment.line, f"{PREFIX}{END} ends nothing.")
        if comment.name in (START, END):
            began = comment.line if comment.name == START else 0
    if began:
        raise CommentError(began, f"{PREFIX}{START} has no {PREFIX}{END}: write it.")
    return comments


def deferred(source: str) -> list[int]:
    """Return the lines of a script that parses on which figures are asked to stay open."""
    if PREFIX + DEFER not in source:
        return []
    return [line for line, match in _written(source) if match[1] == DEFER]


def _written(source: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the comments that stand on lines of their own; what a string says is none."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        match = token.type == tokenize.COMMENT and _COMMENT.match(token.string)
        if match and not token.line[: token.start[1]].strip():
            yield token.start[0], match


def _checked(line: int, match: re.Match[str]) -> Comment:
    name, said = match[1], match[2]
    kind = KINDS.get(name)
    if kind is None:
        known = ", ".join(KINDS)
        raise CommentError(
            line, f"unknown comment {PREFIX}{name}; behind {PREFIX} may stand: {known}."
        )
    try:
        value = None if said is None else ast.literal_eval(said)
    except (SyntaxError, ValueError):
        value = ...
    if not kind.fits(value):
        wanted = f"something like {kind.example}" if kind.example else "no value"
        raise CommentError(line, f"{PREFIX}{name}: expected {wanted}, got {said or 'nothing'}.")
    return Comment(line, name, value)


def passages(comments: Sequence[Comment]) -> list[range]:
    """Return the lines that run and are not shown, those of the comments included."""
    starts = (comment.line for comment in comments if comment.name == START)
    ends = (comment.line for comment in comments if comment.name == END)
    return [range(start, end + 1) for start, end in zip(starts, ends, strict=True)]
