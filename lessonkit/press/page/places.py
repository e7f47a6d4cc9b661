"""Where something of a drawing is: transforms, the corners of a path, and what is inside of it."""

from __future__ import annotations

import itertools
import math
import re
from xml.etree import ElementTree

Element = ElementTree.Element
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Affine = tuple[float, float, float, float, float, float]  # as SVG's matrix(a b c d e f)

SAME: Affine = (1, 0, 0, 1, 0, 0)
EVERYWHERE: Box = (-math.inf, -math.inf, math.inf, math.inf)
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_CALL = re.compile(r"(\w+)\(([^)]*)\)")
_STEP = re.compile(r"([MLCQz])([^MLCQz]*)")


def affine(transform: str) -> Affine:
    """Return what an attribute `transform` does, the last step first."""
    made = SAME
    for name, arguments in _CALL.findall(transform):
        made = after(made, _step(name, [float(n) for n in _NUMBER.findall(arguments)]))
    return made


def _step(name: str, given: list[float]) -> Affine:
    if name == "translate":
        return 1, 0, 0, 1, given[0], (given[1:] or [0])[0]
    if name == "scale":
        return given[0], 0, 0, (given[1:] or given)[0], 0, 0
    if name == "rotate":
        turn = math.radians(given[0])
        turned: Affine = (math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn), 0, 0)
        x, y = given[1:3] or (0, 0)
        return after(after((1, 0, 0, 1, x, y), turned), (1, 0, 0, 1, -x, -y))
    if name == "matrix" and len(given) == 6:
        a, b, c, d, e, f = given
        return a, b, c, d, e, f
    return SAME


def after(outer: Affine, inner: Affine) -> Affine:
    """Return the transform that does `inner` and then `outer`."""
    a, b, c, d, e, f = outer
    g, h, i, j, x, y = inner
    return (
        a * g + c * h,
        b * g + d * h,
        a * i + c * j,
        b * i + d * j,
        a * x + c * y + e,
        b * x + d * y + f,
    )


def inverse(given: Affine) -> Affine:
    """Return the transform that undoes this one; one that flattens everything undoes itself."""
    a, b, c, d, e, f = given
    area = a * d - b * c
    if not area:
        return given
    return (
        d / area,
        -b / area,
        -c / area,
        a / area,
        (c * f - d * e) / area,
        (b * e - a * f) / area,
    )


def moved(place: Affine, point: Point) -> Point:
    """Return where a point is."""
    a, b, c, d, e, f = place
    x, y = point
    return a * x + c * y + e, b * x + d * y + f


def length(node: Element, name: str) -> float:
    """Return an attribute as a number, the first if there are many, 0 if there is none."""
    found = _NUMBER.match(node.get(name, ""))
    return float(found[0]) if found else 0.0


def corners(node: Element) -> list[Point]:
    """Return the corners of something with `x`, `y`, `width` and `height`."""
    x, y = length(node, "x"), length(node, "y")
    right, bottom = x + length(node, "width"), y + length(node, "height")
    return [(x, y), (right, y), (right, bottom), (x, bottom)]


def box(points: list[Point]) -> Box:
    """Return the smallest box around some points."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def common(one: Box, other: Box) -> Box:
    """Return what two boxes share; it is empty if its right is left of its left."""
    left, top, right, bottom = zip(one, other, strict=True)
    return max(left), max(top), min(right), min(bottom)


def inside(point: Point, outlines: list[list[Point]]) -> bool:
    """Say whether a point is inside: a ray from it crosses the outlines an odd number of times."""
    x, y = point
    crossings = 0
    for outline in outlines:
        for (ax, ay), (bx, by) in zip(outline, [*outline[1:], outline[0]], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                crossings += 1
    return crossings % 2 == 1


def outlines(drawn: str) -> list[list[Point]]:
    """Return the corners of each part of a path, and of its curves eight points each."""
    parts: list[list[Point]] = []
    for letter, text in _STEP.findall(drawn):
        numbers = [float(number) for number in _NUMBER.findall(text)]
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
        if letter == "M":
            parts.append(points)
        elif letter == "L" and parts:
            parts[-1] += points
        elif letter in "CQ" and parts and parts[-1]:
            each = 3 if letter == "C" else 2
            for first in range(0, len(points), each):
                parts[-1] += _curve([parts[-1][-1], *points[first : first + each]])
    return [part for part in parts if part]


def _curve(controls: list[Point]) -> list[Point]:
    """Return points on a Bézier curve, its end included and its beginning left out."""
    found = []
    for step in range(1, 9):
        t, points = step / 8, controls
        while len(points) > 1:
            pairs = itertools.pairwise(points)
            points = [(a + t * (c - a), b + t * (d - b)) for (a, b), (c, d) in pairs]
        found.append(points[0])
    return found
