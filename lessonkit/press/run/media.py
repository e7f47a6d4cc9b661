"""Files that a page offers: each must be what its name says, and nothing else.

A picture is opened whole before a page does; a drawing holds shapes, words and links, and nothing
that runs, loads or hides something.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
import warnings
import wave
from collections.abc import Callable
from xml.parsers import expat

from lessonkit.evidence.picture import harmless
from lessonkit.evidence.record import CONTROL, EvidenceError

PIXELS = 50_000_000  # of a picture, or of all frames of one that moves
_PICTURES = {"png": "PNG", "gif": "GIF", "webp": "WEBP", "jpg": "JPEG", "jpeg": "JPEG"}
PICTURES = tuple(f".{ending}" for ending in _PICTURES)


def check(name: str, content: bytes) -> None:
    """Refuse a file that is not what its name says; of other kinds nothing is known.

    Raises:
        EvidenceError: what was expected, and what came.
    """
    ending = name.rpartition(".")[2].lower()
    try:
        if ending in _PICTURES:
            _check_picture(content, _PICTURES[ending])
        elif ending in _CHECKS:
            _CHECKS[ending](content)
    except EvidenceError as error:
        raise EvidenceError(f"{name}: {error}") from None


def _check_picture(content: bytes, kind: str) -> None:
    from PIL import Image

    try:
        with (
            warnings.catch_warnings(action="ignore"),  # Pillow's own limit is larger
            Image.open(io.BytesIO(content), formats=[kind]) as picture,
        ):
            width, height = picture.size
            count = width * height * getattr(picture, "n_frames", 1)
            if count > PIXELS:
                raise EvidenceError(f"a picture of {count:,} pixels; {PIXELS:,} are the most")
            picture.load()
    except EvidenceError:
        raise
    except Exception as error:  # whatever a decoder stumbles over
        raise EvidenceError(f"expected a {kind} picture: {type(error).__name__}") from None


def _check_sound(content: bytes) -> None:
    try:
        with wave.open(io.BytesIO(content)) as sound:
            size = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
            whole = size == len(sound.readframes(sound.getnframes())) and sound.getframerate() > 0
    except (wave.Error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise EvidenceError(f"expected a WAV sound: {error!a:.80}") from None
    if not whole or size > len(content):
        raise EvidenceError("expected a WAV sound as long as it says")


def _check_table(content: bytes) -> None:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise EvidenceError(f"expected a table in CSV: {error!a:.80}") from None
    if not rows or len({len(row) for row in rows}) != 1:
        raise EvidenceError("expected a table in CSV, its rows of one length")
    for row in rows:
        for cell in row:
            if CONTROL.search(cell) or harmless(cell) != cell:
                raise EvidenceError(
                    f"cell {cell!a:.40}: a spreadsheet would execute it, or not show it"
                )


# Drawings: what matplotlib writes, and no more.

_SVG, _XLINK, _XML = (
    f"{address} "
    for address in (
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/XML/1998/namespace",
    )
)
_SHAPES = re.compile(
    "g|path|defs|use|text|tspan|rect|circle|ellipse|line|polyline|polygon|clipPath|linearGradient|"
    "radialGradient|stop|pattern|marker|mask|image|title|desc|a|style|metadata"
)
_LOOKS = re.compile(
    "id|x|y|[xy][12]|d[xy]?|c[xy]|r[xy]?|f[xy]|points|width|height|transform|viewBox|version|fill|"
    "stroke|opacity|color|offset|style|type|mask|rotate|textLength|lengthAdjust|"
    "preserveAspectRatio|gradient(?:Units|Transform)|spreadMethod|pattern(?:Content)?Units|"
    "patternTransform|clipPathUnits|mask(?:Content)?Units|marker(?:Width|Height|Units)|ref[XY]|"
    "orient|aria-label|(?:fill|stroke|font|text|stop|clip|image|shape|marker|letter|word|vector|"
    "paint|color)(?:-[a-z]+){1,2}"
)
_ROUND = "*{stroke-linejoin: round; stroke-linecap: butt}"  # the only style sheet
_LINK = re.compile(r"(?:https?://|mailto:|#)[^\s\"'<>`\\]+")
_N = r"\s*[-+]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,2})?\s*"
_STEPS = re.compile(
    rf"(?:\s*(?:(?:translate|scale)\({_N}(?:[\s,]{_N})?\)|rotate\({_N}(?:[\s,]{_N}[\s,]{_N})?\)|"
    rf"skew[XY]\({_N}\)|matrix\({_N}(?:[\s,]{_N}){{5}}\))\s*,?)*\s*"
)
_DEPTH, _COUNT = 64, 1_000_000


class _Reader:
    """Looks at a drawing from its beginning to its end, and keeps nothing of it."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.count = 0
        self.style = ""
        self.ids: list[str] = []  # of the elements on the path
        self.using = set[str]()  # what holds a `use`
        self.used = set[str]()

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.entity
        parser.ProcessingInstructionHandler = self.instruction
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.say
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, ValueError) as error:
            if isinstance(error, EvidenceError):
                raise
            raise EvidenceError(f"expected SVG: {error!a:.80}") from None
        if twice := self.using & self.used:  # ten times ten times ten …
            raise EvidenceError(f"a drawing that uses {min(twice)!a:.60}, which uses another shape")

    def doctype(self, name: str, system: str | None, public: str | None, inside: int) -> None:
        if inside:
            raise EvidenceError("a drawing that declares entities")

    def entity(self, *_: object) -> None:
        raise EvidenceError("a drawing that declares entities")

    def instruction(self, *_: object) -> None:
        raise EvidenceError("a drawing with instructions for a processor")

    def begin(self, tag: str, given: dict[str, str]) -> None:
        self.count += 1
        self.path.append(tag.removeprefix(_SVG))
        self.ids.append(given.get("id", ""))
        if len(self.path) > _DEPTH or self.count > _COUNT:
            raise EvidenceError(f"a drawing deeper than {_DEPTH} or of over {_COUNT:,} elements")
        if "metadata" in self.path[:-1]:
            return  # pages leave it out
        name = self.path[-1]
        known = name == "svg" if self.count == 1 else _SHAPES.fullmatch(name)
        if not tag.startswith(_SVG) or not known:
            raise EvidenceError(f"a drawing with {name!a:.80}, which no page shows")
        if self.count == 1:
            _check_view(given.get("viewBox", ""))
        for attribute, value in given.items():
            _check_attribute(name, attribute, value)
        if name == "use":
            self.using.update(filter(None, self.ids))
            self.used.update(given.get(href, "")[1:] for href in ("href", f"{_XLINK}href"))

    def say(self, text: str) -> None:
        if self.path[-1] == "style":
            self.style += text

    def end(self, tag: str) -> None:
        self.ids.pop()
        if self.path.pop() == "style" and self.style.strip():
            if self.style.strip() != _ROUND:
                raise EvidenceError(f"a drawing with a style sheet of its own: {self.style!a:.60}")
            self.style = ""


def check_drawing(content: bytes) -> None:
    """Refuse SVG that is more than a drawing.

    Raises:
        EvidenceError: what was found in it.
    """
    _Reader().read(content)


def _check_view(view: str) -> None:
    try:
        sides = [float(side) for side in view.split()]
    except ValueError:
        sides = []
    if len(sides) != 4 or not all(abs(side) < 1e6 for side in sides) or min(sides[2:]) <= 0:
        raise EvidenceError(f"expected a drawing with a viewBox of four numbers, got {view!a:.40}")


def _check_attribute(element: str, name: str, value: str) -> None:
    if name in ("href", f"{_XLINK}href"):
        return _check_reference(element, value)
    if not _LOOKS.fullmatch(name) and name != f"{_XML}space":
        raise EvidenceError(f"a drawing with the attribute {name!a:.80}, which no page shows")
    if name == "id":
        return None
    if name.lower().endswith("transform") and not _STEPS.fullmatch(value):
        raise EvidenceError(f"a drawing whose {name} is {value!a:.60}, which moves nothing")
    quiet = re.sub(r"url\(#[^()\s\"']+\)", "", value)
    odd = re.search(r"url\s*\(|image-set|@|\\|/\*|expression|javascript:", quiet, re.IGNORECASE)
    if odd:
        raise EvidenceError(f"a drawing whose {name} is {value!a:.60}, which could load something")
    return None


def _check_reference(element: str, value: str) -> None:
    """Let shapes be used again, pictures lie within, and words lead elsewhere."""
    if element == "a":
        if not _LINK.fullmatch(value):
            raise EvidenceError(
                f"a drawing with a link to {value!a:.60}: expected https://…, http://…, mailto:… "
                "or #…; correct the url of what was drawn"
            )
    elif element == "image":
        kind, _, data = value.partition("base64,")
        if kind.replace(" ", "") != "data:image/png;":
            raise EvidenceError(f"a drawing with the picture {value!a:.60}: expected a PNG within")
        try:
            picture = base64.b64decode(data)
        except (binascii.Error, ValueError):
            picture = b""
        _check_picture(picture, "PNG")
    elif not re.fullmatch(r"#[^\s\"'<>]+", value):
        raise EvidenceError(f"a drawing that uses {value!a:.60}: expected a shape of its own, #…")


_CHECKS: dict[str, Callable[[bytes], None]] = {
    "svg": check_drawing,
    "wav": _check_sound,
    "csv": _check_table,
}
