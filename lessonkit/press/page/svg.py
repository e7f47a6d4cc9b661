"""Making matplotlib's SVG fit a page: it follows the colour scheme, and says nothing twice."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

from lessonkit.press.page import beneath, colours, joining, places
from lessonkit.press.run import media

Element = ElementTree.Element

INLINE_LIMIT = 40_000  # characters; a larger figure is shown as a picture


# An edit of one of these makes every figure anew.
MADE_BY = [__file__, *(room.__file__ for room in (joining, beneath, places, colours))]
MADE_BY.append(str(colours.STYLESHEET))
PREFIX = "lk-any-figure"  # stands for the prefix until a page chooses one

_DRAWN = ("defs", "clipPath", "pattern", "marker")  # what stands in these is drawn elsewhere
_COLOUR = re.compile(r"(?<!\()#([0-9a-fA-F]{6})\b")
_SIDES = ("x", "y", "width", "height")
_NUMBER = re.compile(r"-?\d+\.\d+")
_PLACES = ("x", "y", "width", "height", "points", "d", "transform")


def themed(svg: str, prefix: str) -> str:
    """Return the `viewBox` of a figure, and behind a line break what stands in its `<svg>`.

    Every colour becomes a CSS variable with the drawn colour as its fallback, so that one file
    serves both schemes; ids that something refers to get a prefix, since a page holds several
    figures; what stands on something drawn stays legible; places are rounded to a tenth of a point;
    what draws nothing is left out.

    Raises:
        ValueError: it has no `viewBox`, or it is more than a drawing.
    """
    media.check_drawing(svg.encode())  # whoever made it
    root = ElementTree.fromstring(svg)
    view = root.attrib["viewBox"]
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
        for name in [name for name in node.attrib if name.startswith("{")]:
            node.attrib[f"xlink:{name.rpartition('}')[2]}"] = node.attrib.pop(name)
    beneath.made_legible(root)
    _unclip(root)
    wanted = set(
        re.findall(r'(?:url\(#|xlink:href="#)([^")]+)', ElementTree.tostring(root, "unicode"))
    )
    _slim(root, wanted, prefix, hidden=False)
    _draw_in_place(root)
    parts = (ElementTree.tostring(part, encoding="unicode") for part in root)
    return "\n".join(
        [" ".join(joining.rounded(float(number)) for number in view.split()), "".join(parts)]
    )


def size(view: str) -> tuple[int, int]:
    """Return width and height of a figure, in points, from its `viewBox`."""
    _, _, width, height = view.split()
    return round(float(width)), round(float(height))


def _slim(node: Element, wanted: set[str], prefix: str, *, hidden: bool) -> None:
    """Tidy a node and all below it; `hidden` is what only references draw."""
    hidden = hidden or node.tag in _DRAWN
    axis = node.get("id", "").startswith("matplotlib.axis")
    _tidy(node, wanted, prefix)
    kept: list[Element] = []
    for part in node:
        _slim(part, wanted, prefix, hidden=hidden)
        if part.tag == "g" and not part.attrib:
            kept += part
        elif not _draws_nothing(part, hidden):
            kept.append(part)
    if axis:  # its lines, then its words
        kept.sort(key=lambda part: part.tag == "text")
    node[:] = kept
    if node.tag not in ("text", "tspan"):
        node.text = None
        for part in node:
            part.tail = None


def _draw_in_place(root: Element) -> None:
    """Draw marks where they stand, and in one go what looks alike; their shapes are then idle."""
    shapes = {shape.get("id", ""): shape for shape in root.iterfind(".//defs/path[@id]")}
    for node in list(root.iter()):
        if node.tag not in ("text", "defs"):
            placed = (joining.in_place(p, shapes) if p.tag == "use" else p for p in node)
            node[:] = joining.joined(placed)
    idle = set(shapes.values())
    for node in list(root.iter()):
        node[:] = [part for part in node if part.tag != "defs" or not idle.issuperset(part)]


def _unclip(root: Element) -> None:
    """Let areas be drawn as they are where nothing of them would be clipped."""
    frames = {
        f"url(#{clip.get('id')})": _frame(*(float(clip[0].get(side, 0)) for side in _SIDES))
        for clip in root.iter("clipPath")
        if len(clip) == 1 and clip[0].tag == "rect"
    }
    for path in root.iter("path"):
        frame = frames.get(path.get("clip-path", ""))
        if frame and "stroke" not in path.get("style", "") and "stroke" not in path.attrib:
            numbers = [float(number) for number in joining.NUMBER.findall(path.get("d", ""))]
            left, top, right, bottom = frame
            inside = all(left <= x <= right for x in numbers[::2])
            if inside and all(top <= y <= bottom for y in numbers[1::2]):
                del path.attrib["clip-path"]


def _frame(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Return the edges of a rectangle, a hair outside."""
    return x - 0.05, y - 0.05, x + width + 0.05, y + height + 0.05


def _draws_nothing(node: Element, hidden: bool) -> bool:
    if node.tag in ("metadata", "style") or (node.tag in ("g", "defs") and not len(node)):
        return True
    style = node.get("style", "")
    return (
        not hidden and node.tag == "path" and "fill:none" in style and "stroke:" not in style
    ) or node.get("d") == ""


def _tidy(node: Element, wanted: set[str], prefix: str) -> None:
    """Shorten the attributes of a node."""
    given, node.attrib = node.attrib, {}
    for name, value in given.items():
        if name == "id":
            if value in wanted:
                node.set(name, f"{prefix}--{value}")
        elif name == "xlink:href":
            node.set(name, f"#{prefix}--{value[1:]}" if value[0] == "#" else _repacked(value))
        elif name == "style":
            style = _style(value.replace("url(#", f"url(#{prefix}--"))
            if style:
                node.set(name, style)
        elif name in ("fill", "stroke"):
            node.set(name, _COLOUR.sub(_variable, value))
        elif not re.match(r"rotate\(-?0[ )]", value):  # matplotlib turns by nothing
            short = value.replace("url(#", f"url(#{prefix}--")
            node.set(name, _short(short) if name in _PLACES else short)
    if node.tag == "path":
        node.set("d", _path(node.get("d", "")))


def _repacked(address: str) -> str:
    """Write a picture of few colours with few bits for each pixel; the pixels stay the same."""
    from PIL import Image

    kind, _, data = address.partition("base64,")
    if kind != "data:image/png;":
        return address
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        whole = picture.convert("RGBA")
    few, packed = whole.quantize(256, Image.Quantize.FASTOCTREE), io.BytesIO()
    few.save(packed, "png", optimize=True)
    with Image.open(packed) as again:
        same = again.convert("RGBA").tobytes() == whole.tobytes()
    short = base64.b64encode(packed.getvalue()).decode()
    return f"{kind}base64,{short}" if same and len(short) < len(data) else address


def _style(style: str) -> str:
    """Return a style without its family, which all words share, and with colours to replace."""
    style = re.sub(r"font: ((?:[a-z]+ )*)((?:\d+ )?)([\d.]+px) [^;]+", _font, style)
    style = re.sub(r"font-family: [^;]+;? ?", "", style)
    style = _COLOUR.sub(_variable, style)
    return re.sub(r"(?<=[;:,]) +", "", style).strip("; ")


def _variable(colour: re.Match[str]) -> str:
    return f"var(--fig-{colour[1].lower()},{colour[0].lower()})"


def _font(found: re.Match[str]) -> str:
    """Spell the shorthand out, as the family that it must name is said elsewhere."""
    slant, weight, size = (part.strip() for part in found.groups())
    words = [f"font-style: {slant}"] * bool(slant) + [f"font-weight: {weight}"] * bool(weight)
    return "; ".join([*words, f"font-size: {size}"])


def _short(value: str) -> str:
    if "scale(" in value or "matrix(" in value:
        return value  # a scale is not rounded to nothing
    return _NUMBER.sub(lambda m: joining.rounded(float(m[0])), value)


def _path(drawn: str) -> str:
    """Write a path without blanks that say nothing; a line goes on without its letter."""
    drawn = re.sub(r"\s*([MLCQz])\s*", r"\1", drawn.strip())
    return re.sub(r"(?<=\d)((?:L[-\d. ]+)+)", lambda m: "L" + m[1][1:].replace("L", " "), drawn)
