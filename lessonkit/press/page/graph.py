"""A picture of what builds on what: where each box, line and title of it stands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lessonkit.press.course.syllabus import Before, levels

# Pixels. A box holds two lines of LETTERS characters.
WIDTH, HEIGHT, ACROSS, DOWN, HEAD, LETTERS = 158, 50, 46, 14, 30, 19
LETTER = 8  # of a title, at most


class Lesson(NamedTuple):
    """What stands in a box."""

    label: str
    title: str
    url: str


class Box(NamedTuple):
    """A lesson in the picture, with the lines of its label and where they begin."""

    left: int
    top: int
    width: int
    height: int
    title: str
    url: str
    lines: list[tuple[int, int, str]]


class Line(NamedTuple):
    """A curve from the right edge of a box to the left edge of another, with an arrow's head."""

    curve: str
    head: str


class Picture(NamedTuple):
    """Everything in it, from top to bottom."""

    width: int
    height: int
    titles: list[tuple[str, int]]
    lines: list[Line]
    boxes: list[Box]


def arranged(
    rows: Sequence[tuple[str, Sequence[str]]], before: Before, lessons: Mapping[str, Lesson]
) -> Picture:
    """Return the picture.

    Args:
        rows: title of a part -> its lessons, from top to bottom.
        before: what each lesson builds on.
        lessons: what stands in each box.
    """
    column = levels(before)
    corner: dict[str, tuple[int, int]] = {}  # upper left
    titles, top = [], 0
    for title, names in rows:
        titles.append((title, top + 18))
        top += HEAD
        used: dict[int, int] = {}  # boxes that the row already has in a column
        for name in names:
            down = used.get(column[name], 0)
            used[column[name]] = down + 1
            corner[name] = (column[name] * (WIDTH + ACROSS), top + down * (HEIGHT + DOWN))
        top += max(used.values()) * (HEIGHT + DOWN) + DOWN
    lines = [_line(corner[b], corner[name]) for name in corner for b in before[name]]
    boxes = [_box(lessons[name], *at) for name, at in corner.items()]
    boxed = (max(column.values(), default=0) + 1) * (WIDTH + ACROSS) - ACROSS
    width = max(boxed, *(LETTER * len(title) for title, _ in rows), 0)
    return Picture(width, top, titles, lines, boxes)


def _line(start: tuple[int, int], end: tuple[int, int]) -> Line:
    x, y = start[0] + WIDTH, start[1] + HEIGHT // 2
    to_x, to_y = end[0] - 2, end[1] + HEIGHT // 2
    bend = ACROSS // 2
    curve = f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
    return Line(curve, f"M{to_x} {to_y}l-8 -4.5v9z")


def _box(lesson: Lesson, left: int, top: int) -> Box:
    label = textwrap.wrap(lesson.label, LETTERS)[:2]
    first = top + HEIGHT // 2 + (5 if len(label) == 1 else -4)
    lines = [(left + WIDTH // 2, first + 18 * number, text) for number, text in enumerate(label)]
    return Box(left, top, WIDTH, HEIGHT, lesson.title, lesson.url, lines)
