"""Letters and strokes as small tiles of pixels, from which pictures of text are laid together."""

from __future__ import annotations

import importlib.util
import itertools
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

__all__ = ["ALPHABET", "HEIGHT", "PITCH", "STROKES", "letter_tiles", "stroke_tiles"]

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
STROKES = ("level", "upright", "rising", "falling", "open to the left", "open to the right")
HEIGHT = 16  # pixels
PITCH = 8  # pixels from one letter to the next

_FINE = 4  # tiles are drawn this much larger, and averaged down
_TILE = (HEIGHT * _FINE, PITCH * _FINE)
_X_HEIGHT, _BASELINE = 5.6, 11.5  # pixels; fonts differ in what they call a size
_DOWN, _ACROSS = (-6, -4, -2, 0, 2, 4, 6), (-1, 1)  # where in its tile: quarters of a pixel


@cache
def letter_tiles(
    fonts: tuple[str, ...],
) -> Float[Tensor, "fonts kinds down across height pitch"]:
    """Draw each letter of each font, and a blank, once for every place in its tile."""
    return torch.stack(
        [_shifted([_letter_tile(_font(name), letter) for letter in ALPHABET]) for name in fonts]
    )


@cache
def stroke_tiles() -> Float[Tensor, "pens kinds down across height pitch"]:
    """Draw each stroke, and a blank, in three lengths and three thicknesses."""
    return torch.stack(
        [
            _shifted([_stroke_tile(kind, length, thick) for kind in range(len(STROKES))])
            for length, thick in itertools.product((20, 25, 30), (4, 5, 6))
        ]
    )


def _shifted(tiles: list[Image.Image]) -> Float[Tensor, "kinds down across height pitch"]:
    blank = torch.zeros(1, *_TILE)
    fine = torch.cat([*(_as_tensor(tile) for tile in tiles), blank])
    moved = [fine.roll((down, across), (1, 2)) for down in _DOWN for across in _ACROSS]
    small = torch.nn.functional.avg_pool2d(torch.stack(moved, dim=1), _FINE)
    return small.unflatten(1, (len(_DOWN), len(_ACROSS)))


def _as_tensor(tile: Image.Image) -> Float[Tensor, "1 height width"]:
    grey = torch.frombuffer(bytearray(tile.tobytes()), dtype=torch.uint8)
    return grey.view(1, *_TILE).float() / 255


def _letter_tile(font: ImageFont.FreeTypeFont, letter: str) -> Image.Image:
    """Draw a letter on the baseline, in the middle; a letter wider than its tile is condensed."""
    left, top, right, bottom = (round(edge) for edge in font.getbbox(letter, anchor="ls"))
    glyph = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(glyph).text((-left, -top), letter, fill=255, font=font, anchor="ls")
    height, width = _TILE
    narrow = min(glyph.width, width - 2)
    tile = Image.new("L", (width, height))
    place = ((width - narrow) // 2, round(_FINE * _BASELINE) + top)
    tile.paste(glyph.resize((narrow, glyph.height), Image.Resampling.BOX), place)
    return tile


def _stroke_tile(kind: int, length: int, thick: int) -> Image.Image:
    height, width = _TILE
    tile = Image.new("L", (width, height))
    x, y, half, slope = width / 2, height / 2, length / 2, 0.4 * length
    pen = ImageDraw.Draw(tile)
    ends = (
        (x - half, y, x + half, y),
        (x, y - half, x, y + half),
        (x - slope, y + slope, x + slope, y - slope),
        (x - slope, y - slope, x + slope, y + slope),
    )
    if kind < len(ends):
        pen.line(ends[kind], fill=255, width=thick)
    else:  # half a circle, to the right or to the left
        side = 1 if kind == len(ends) else -1
        middle = x - side * half / 2
        box = (middle - half, y - half, middle + half, y + half)
        pen.arc(box, 90 - side * 180, 90, fill=255, width=thick)
    return tile


def _font(name: str) -> ImageFont.FreeTypeFont:
    """Return a font at the size at which its x has the height of every other font's x."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the fonts of lessonkit.data.tiles come with matplotlib.")
    path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    # Pillow's own layout: the other one depends on what else is installed.
    layout = ImageFont.Layout.BASIC
    trial = 400
    _, top, _, bottom = ImageFont.truetype(path, trial, layout_engine=layout).getbbox("x")
    size = round(trial * _X_HEIGHT * _FINE / (bottom - top))
    return ImageFont.truetype(path, size, layout_engine=layout)
