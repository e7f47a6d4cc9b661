"""Drawing in one go what looks alike: lines, marks of a curve, single letters of a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from xml.etree import ElementTree

Element = ElementTree.Element

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_STEP = re.compile(r"([MLCQz])([^MLCQz]*)")


def in_place(use: Element, shapes: Mapping[str, Element]) -> Element:
    """Return what a `<use>` shows, drawn where it stands; or itself, if it shows no shape of ours.

    Args:
        use: tidied, with a style of its own.
        shapes: tidied `<path>`s by their ids. Where the two styles differ, the shape's is right.
    """
    shape = shapes.get(use.get("xlink:href", "")[1:])
    if shape is None:
        return use
    style = _styles(use) | _styles(shape)
    drawn = _moved(shape.get("d", ""), float(use.get("x", 0)), float(use.get("y", 0)))
    others = {n: v for n, v in use.attrib.items() if n not in ("x", "y", "xlink:href", "style")}
    look = ";".join(f"{name}:{value}" for name, value in style.items())
    return ElementTree.Element("path", others | {"style": look, "d": drawn})


def joined(parts: Iterable[Element]) -> list[Element]:
    """Return the parts with neighbours that look alike drawn as one."""
    kept: list[Element] = []
    for part in parts:
        last = kept[-1] if kept else None
        if last is None or not _alike(last, part):
            kept.append(part)
        elif part.tag == "path":
            last.set("d", last.get("d", "") + part.get("d", ""))
        else:  # each letter has its own place
            last.set("x", f"{last.get('x')} {part.get('x')}")
            last.text = f"{last.text}{part.text}"
    return list(_grouped(kept))


def _alike(one: Element, other: Element) -> bool:
    if one.tag != other.tag or "id" in other.attrib or "id" in one.attrib:
        return False
    own = {"path": ("d",), "text": ("x",)}.get(one.tag)
    if own is None or len(one) or len(other) or _but(one, own) != _but(other, own):
        return False
    if one.tag == "path":
        return _hides_nothing(one) and _hides_nothing(other)
    letters = len(other.text or "") == 1 and len((one.text or "").strip()) == len(_places(one))
    return letters and "transform" not in one.attrib


def _but(part: Element, own: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in part.attrib.items() if name not in own}


def _places(text: Element) -> list[str]:
    return text.get("x", "").split()


def _hides_nothing(path: Element) -> bool:
    """Say whether it looks the same beneath another of its kind as in one stroke with it.

    What can be seen through shows where two overlap, and so does an edge of another colour.
    """
    style = _styles(path)
    if any(name.endswith("opacity") for name in style):
        return False
    fill, stroke = style.get("fill"), style.get("stroke")
    return fill == "none" or stroke in (None, "none", fill) or "z" not in path.get("d", "")


def _grouped(parts: Iterable[Element]) -> Iterator[Element]:
    """Say once for neighbours how they look: words of an axis, marks that can be seen through."""
    for (tag, style), same in groupby(parts, lambda part: (part.tag, part.get("style"))):
        neighbours = list(same)
        # Each has an opacity of its own, which shows where two overlap.
        alone = not style or re.search(r"(?<!-)opacity:", style)
        if len(neighbours) < 3 or alone or tag not in ("text", "path"):
            yield from neighbours
            continue
        group = ElementTree.Element("g", {"style": style or ""})
        for part in neighbours:
            del part.attrib["style"]
            group.append(part)
        yield group


def _styles(part: Element) -> dict[str, str]:
    pairs = (pair.partition(":")[::2] for pair in part.get("style", "").split(";") if pair)
    return {name.strip(): value.strip() for name, value in pairs}


def _moved(path: str, x: float, y: float) -> str:
    """Write a path from a place of its own, in steps: a mark is as short wherever it stands."""
    if radius := _circle(path):
        size, around = rounded(radius), rounded(2 * radius)
        turn = f"a{size} {size} 0 1 0 "
        return f"M{rounded(x - radius)} {rounded(y)}{turn}{around} 0{turn}-{around} 0z"
    steps, at, start = [], (0.0, 0.0), (0.0, 0.0)
    for letter, numbers in _STEP.findall(path):
        values = [float(number) for number in NUMBER.findall(numbers)]
        if letter == "M":
            at = start = (values[0], values[1])
            steps.append(f"M{rounded(x + at[0])} {rounded(y + at[1])}")
            values, letter = values[2:], "L"
        each = {"L": 2, "C": 6, "Q": 4}.get(letter, 1)
        for first in range(0, len(values), each):
            points = list(zip(*[iter(values[first : first + each])] * 2, strict=True))
            way = " ".join(f"{rounded(a - at[0])} {rounded(b - at[1])}" for a, b in points)
            steps.append(letter.lower() + way)
            at = points[-1]
        if letter == "z":
            steps.append("z")
            at = start
    return "".join(steps)


def _circle(path: str) -> float | None:
    """Return the radius if it is matplotlib's circle: eight curves around the origin."""
    steps = _STEP.findall(path)
    if [letter for letter, _ in steps] != ["M", *"C" * 8, "z"]:
        return None
    ends = [[float(n) for n in NUMBER.findall(numbers)][-2:] for _, numbers in steps[:-1]]
    radius = max(x for x, _ in ends)
    far = all(abs((x * x + y * y) ** 0.5 - radius) < 0.1 for x, y in ends)
    return radius if far else None


def rounded(number: float) -> str:
    """Write a number to a tenth, without a zero that says nothing."""
    shown = f"{number:.1f}".removesuffix(".0")
    return "0" if shown == "-0" else shown
