"""A figure's colours as they look in the light and in the dark, and the contrast of two."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

Colour = tuple[float, float, float]  # red, green, blue, from 0 to 1

STYLESHEET = Path(__file__).parent.parent / "assets" / "lessonkit.css"
DIMMED = 0.82  # how bright a picture is in the dark, as figures.css says
_HEX = re.compile(r"#[0-9a-f]{6}")


@cache
def in_the_dark() -> dict[str, str]:
    """Return the colours that change in the dark, with what they become there."""
    css = STYLESHEET.read_text(encoding="utf-8")
    found = re.findall(r"--fig-([0-9a-f]{6}):[^;]*(#[0-9a-f]{6})", css)
    return {f"#{light}": dark for light, dark in found}


def schemes(colour: str) -> tuple[Colour, Colour]:
    """Return a colour in the light and in the dark; only `#rrggbb` follows the scheme."""
    if colour.startswith("rgb("):
        red, green, blue = (int(part) / 255 for part in colour[4:-1].split())
        return (red, green, blue), (red, green, blue)
    return _channels(colour), _channels(in_the_dark().get(colour, colour))


def fixed(colour: str) -> str:
    """Write a colour so that it does not follow the scheme."""
    if not _HEX.fullmatch(colour):
        return colour
    return "rgb({} {} {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours as WCAG counts it, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(below: Colour, above: Colour, share: float) -> Colour:
    """Return what is seen of two colours, the upper one with an opacity from 0 to 1."""
    red, green, blue = (b + share * (a - b) for b, a in zip(below, above, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> Colour:
    if not _HEX.fullmatch(colour):
        return 0.5, 0.5, 0.5  # a pattern, or what nobody can say
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
