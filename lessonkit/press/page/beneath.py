"""What lies beneath the words and lines of a figure, so that they are read on it in both schemes.

A figure's colours follow the reader's scheme by value, and colours that the scheme does not know
stay as drawn: white words on a dark blue cell would become dark words on dark blue. So whatever
stands on something drawn is looked at with what lies beneath it, in the light and in the dark.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from lessonkit.press.page import colours, places
from lessonkit.press.page.colours import Colour
from lessonkit.press.page.places import Affine, Box, Point

Element = ElementTree.Element
Seen = tuple[Colour, Colour, float]  # in the light, in the dark, and its opacity

ENOUGH = 4.5  # contrast of words that anybody reads
_ENOUGH_OF_A_LINE = 3.0
_PAGE: Seen = (*colours.schemes("#ffffff"), 0.0)
# What words become where their own colour is not read: dark, light, or as the scheme is.
_INSTEAD = ("rgb(0 0 0)", "rgb(255 255 255)", "#000000", "#ffffff", "#000001")
_INKS = ("#000000", "#1a1a1a", "#ffffff")
# Areas whose colours are values: none of them is ink or paper, not even where it is black or white.
_MAP = re.compile(r"(?:QuadMesh|QuadContourSet|PolyCollection)_\d+")


@dataclass(frozen=True)
class Drawn:
    """Something that is drawn: how it looks, where it stands, and what cuts it off."""

    node: Element
    look: dict[str, str]  # its own, and what it inherits
    place: Affine
    clip: Box

    @property
    def opacity(self) -> float:
        """Of all of it, its groups' included."""
        return float(self.look["opacity"])


@dataclass(frozen=True)
class Ground:
    """Something that others may stand on."""

    box: Box
    colour: Callable[[Point], Seen | None]

    def at(self, point: Point) -> Seen | None:
        """Return what is seen of it at a point, or None beside it."""
        left, top, right, bottom = self.box
        inside = left <= point[0] <= right and top <= point[1] <= bottom
        return self.colour(point) if inside else None


def made_legible(root: Element) -> None:
    """Change the colours of words and lines that would not be seen on what lies beneath them.

    A colour of six digits follows the scheme; one that must not is written otherwise.
    """
    grounds: list[Ground] = []
    shapes = _dressed(root)
    _keep_maps(root, shapes)
    start = Drawn(root, {"fill": "#000000", "opacity": "1"}, places.SAME, places.EVERYWHERE)
    for drawn in _in_order(start, _clips(root)):
        node = drawn.node
        if node.tag == "text":
            _mend_words(drawn, grounds)
        elif node.tag == "image":
            grounds += _picture(drawn)
        elif node.tag in ("path", "use"):
            shape = shapes.get(node.get("xlink:href", "")[1:], node)
            outlines = _outlines(drawn, shape.get("d", ""))
            _mend_line(drawn, outlines, grounds)
            grounds += _painted(drawn, outlines)


def _dressed(root: Element) -> dict[str, Element]:
    """Return the shapes of marks by their ids; how each mark looks is now said where it stands."""
    shapes = {node.get("id", ""): node for node in root.iterfind(".//defs/path[@id]")}
    for mark in root.iter("use"):
        shape = shapes.get(mark.get("xlink:href", "")[1:])
        if shape is not None:
            look = styles(mark) | styles(shape)
            mark.set("style", "; ".join(f"{name}: {value}" for name, value in look.items()))
    for shape in shapes.values():
        shape.attrib.pop("style", None)
    return shapes


def _keep_maps(root: Element, shapes: dict[str, Element]) -> None:
    for group in root.iter("g"):
        if _MAP.fullmatch(group.get("id", "")):
            for node in group.iter():
                if node.tag in ("path", "use") and node.get("id") not in shapes:
                    # Black is not written down.
                    _restyle(node, "fill", colours.fixed(styles(node).get("fill", "#000000")))


def styles(node: Element) -> dict[str, str]:
    """Return how a node looks by itself, from its `style` and the attributes of the same names."""
    pairs = (pair.partition(":")[::2] for pair in node.get("style", "").split(";") if pair)
    own = {name: node.get(name, "") for name in ("fill", "stroke", "opacity") if node.get(name)}
    return own | {name.strip(): value.strip() for name, value in pairs}


def _in_order(drawn: Drawn, clips: dict[str, Box]) -> Iterator[Drawn]:
    """Yield what stands below something, what is drawn first first."""
    for node in drawn.node:
        if node.tag in ("defs", "clipPath", "metadata", "style"):
            continue
        own = styles(node)
        own["opacity"] = str(drawn.opacity * float(own.get("opacity", 1)))
        place = places.after(drawn.place, places.affine(node.get("transform", "")))
        clip = clips.get(node.get("clip-path", ""), places.EVERYWHERE)
        below = Drawn(node, drawn.look | own, place, places.common(drawn.clip, clip))
        yield below
        if node.tag != "text":
            yield from _in_order(below, clips)


def _clips(root: Element) -> dict[str, Box]:
    """Return what each clip of one rectangle leaves to be seen."""
    return {
        f"url(#{clip.get('id')})": places.box(places.corners(clip[0]))
        for clip in root.iter("clipPath")
        if len(clip) == 1 and clip[0].tag == "rect"
    }


def _outlines(drawn: Drawn, shape: str) -> list[list[Point]]:
    """Return the corners of a path, or of a mark that is drawn elsewhere."""
    place = drawn.place
    if drawn.node.tag == "use":
        x, y = places.length(drawn.node, "x"), places.length(drawn.node, "y")
        place = places.after(place, (1, 0, 0, 1, x, y))
    return [[places.moved(place, point) for point in part] for part in places.outlines(shape)]


# Words and lines -------------------------------------------------------------------------------


def _mend_words(drawn: Drawn, grounds: list[Ground]) -> None:
    beneath = [_seen(grounds, point) for point in _along(drawn)]
    if not any(covered for *_, covered in beneath):
        return  # on the page itself, where its own scheme knows best
    own = drawn.look["fill"]
    ways = [own, colours.fixed(own), *_INSTEAD]
    best = max(ways, key=lambda way: min(ENOUGH, _worst(way, beneath)))  # the first of the best
    if best != own:
        _restyle(drawn.node, "fill", best)
        for part in drawn.node.iter("tspan"):
            if "fill" in styles(part):
                _restyle(part, "fill", best)


def _mend_line(drawn: Drawn, outlines: list[list[Point]], grounds: list[Ground]) -> None:
    """Keep ink or paper as drawn where all of it lies on colours that do not follow the scheme."""
    mine = [part for part in ("fill", "stroke") if drawn.look.get(part) in _INKS]
    points = [point for part in outlines for point in part] if mine else []
    beneath = [_seen(grounds, point) for point in points[:: max(1, len(points) // 12)]]
    stays = (there and colours.contrast(day, night) < 2 for day, night, there in beneath)
    if not beneath or not all(stays):
        return
    for part in mine:
        kept = colours.fixed(drawn.look[part])
        if _worst(drawn.look[part], beneath) < min(_worst(kept, beneath), _ENOUGH_OF_A_LINE):
            _restyle(drawn.node, part, kept)


def _along(drawn: Drawn) -> list[Point]:
    """Return points within a line of words, near its ends and in its middle."""
    node = drawn.node
    first = next((part for part in node.iter() if part.get("x")), node)
    look = drawn.look | styles(first)
    found = re.search(r"([\d.]+)px", f"{look.get('font-size', '')} {look.get('font', '')} 10px")
    size = float(found[1]) if found else 10.0
    width = 0.6 * size * len("".join(node.itertext()).strip())
    left = {"middle": -0.5, "end": -1.0}.get(look.get("text-anchor", ""), 0.0)
    x, y = places.length(first, "x"), places.length(first, "y")
    shares = (0.12, 0.31, 0.5, 0.69, 0.88)
    line = ((x + (left + share) * width, y - 0.35 * size) for share in shares)
    return [places.moved(drawn.place, point) for point in line]


def _restyle(node: Element, part: str, colour: str) -> None:
    style = {**styles(node), part: colour}
    node.attrib.pop(part, None)
    node.set("style", "; ".join(f"{name}: {value}" for name, value in style.items()))


# What lies beneath -----------------------------------------------------------------------------


def _worst(colour: str, beneath: list[tuple[Colour, Colour, bool]]) -> float:
    """Return the least contrast of a colour with what lies beneath, in either scheme."""
    light, dark = colours.schemes(colour)
    of = colours.contrast
    return min(min(of(light, day), of(dark, night)) for day, night, _ in beneath)


def _seen(grounds: list[Ground], point: Point) -> tuple[Colour, Colour, bool]:
    """Return the colour at a point in the light and in the dark, and whether something is there."""
    light, dark, covered = *_PAGE[:2], False
    for ground in grounds:
        found = ground.at(point)
        if found and found[2] > 0:
            light = colours.mixed(light, found[0], found[2])
            dark = colours.mixed(dark, found[1], found[2])
            covered = True
    return light, dark, covered


def _painted(drawn: Drawn, outlines: list[list[Point]]) -> list[Ground]:
    """Return the area that a path fills."""
    fill = drawn.look["fill"]
    if fill == "none" or not outlines:
        return []
    seen = (*colours.schemes(fill), drawn.opacity * float(drawn.look.get("fill-opacity", 1)))
    area = places.common(places.box([p for part in outlines for p in part]), drawn.clip)
    return [Ground(area, lambda point: seen if places.inside(point, outlines) else None)]


def _picture(drawn: Drawn) -> list[Ground]:
    """Return the area of a picture, which is dimmed in the dark."""
    from PIL import Image

    node = drawn.node
    kind, _, data = node.get("xlink:href", "").partition("base64,")
    corners = places.corners(node)
    left, top, right, bottom = places.box(corners)
    if not kind.startswith("data:image/") or left == right or top == bottom:
        return []
    with Image.open(io.BytesIO(base64.b64decode(data))) as opened:
        pixels, size = opened.convert("RGBA").tobytes(), opened.size
    back = places.inverse(drawn.place)

    def colour(point: Point) -> Seen:
        x, y = places.moved(back, point)
        column = min(size[0] - 1, max(0, int((x - left) / (right - left) * size[0])))
        row = min(size[1] - 1, max(0, int((y - top) / (bottom - top) * size[1])))
        start = 4 * (row * size[0] + column)
        red, green, blue, alpha = (byte / 255 for byte in pixels[start : start + 4])
        dim = colours.DIMMED
        return (red, green, blue), (red * dim, green * dim, blue * dim), alpha * drawn.opacity

    area = places.box([places.moved(drawn.place, corner) for corner in corners])
    return [Ground(places.common(area, drawn.clip), colour)]
