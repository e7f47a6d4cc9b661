"""A picture of what builds on what, as SVG: text stays text, and every box is a link."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from lessonkit.press.syllabus import Before, levels

# Pixels. A box holds two lines of LETTERS characters.
WIDTH, HEIGHT, ACROSS, DOWN, HEAD, LETTERS = 158, 50, 46, 14, 30, 19
LETTER = 8  # of a title, at most


class Box(NamedTuple):
    """One lesson in the picture."""

    label: str
    title: str
    url: str


def drawn(
    rows: Sequence[tuple[str, Sequence[str]]], before: Before, boxes: Mapping[str, Box]
) -> str:
    """Return the picture.

    Args:
        rows: title of a part -> its lessons, from top to bottom.
        before: what each lesson builds on.
        boxes: what stands in each box.
    """
    column = levels(before)
    corner: dict[str, tuple[int, int]] = {}  # upper left
    titles, top = [], 0
    for title, lessons in rows:
        titles.append(f'<text class="lk-part" x="0" y="{top + 18}">{escape(title)}</text>')
        top += HEAD
        used: dict[int, int] = {}  # boxes that the row already has in a column
        for name in lessons:
            down = used.get(column[name], 0)
            used[column[name]] = down + 1
            corner[name] = (column[name] * (WIDTH + ACROSS), top + down * (HEIGHT + DOWN))
        top += max(used.values()) * (HEIGHT + DOWN) + DOWN
    lines = [_line(corner[b], corner[name]) for name in corner for b in before[name]]
    shapes = [_box(boxes[name], *at) for name, at in corner.items()]
    boxed = (max(column.values(), default=0) + 1) * (WIDTH + ACROSS) - ACROSS
    width = max(boxed, *(LETTER * len(title) for title, _ in rows), 0)
    return (
        '<div class="lk-graph" role="group" aria-label="What builds on what">'
        f'<svg viewBox="-2 0 {width + 4} {top}" width="{width + 4}" height="{top}">'
        f"{''.join(titles)}{''.join(lines)}{''.join(shapes)}</svg></div>"
    )


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from the right edge of a box to the left edge of another, with an arrow's head."""
    x, y = start[0] + WIDTH, start[1] + HEIGHT // 2
    to_x, to_y = end[0] - 2, end[1] + HEIGHT // 2
    bend = ACROSS // 2
    return (
        f'<path class="lk-edge" d="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"/>'
        f'<path class="lk-head" d="M{to_x} {to_y}l-8 -4.5v9z"/>'
    )


def _box(box: Box, left: int, top: int) -> str:
    lines = textwrap.wrap(box.label, LETTERS)[:2]
    first = top + HEIGHT // 2 + (5 if len(lines) == 1 else -4)
    spans = "".join(
        f'<tspan x="{left + WIDTH // 2}" y="{first + 18 * number}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return (
        f'<a href="{escape(box.url)}"><title>{escape(box.title)}</title>'
        f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f"<text>{spans}</text></a>"
    )
