"""Digits that are turned, resized and shifted: a supply without end."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["warped"]


def warped(
    pictures: Float[Tensor, "pictures 64"], chance: Float[Tensor, "pictures 4"]
) -> Float[Tensor, "pictures 64"]:
    """Turn, resize and shift digits a little, so that one digit makes any number of others.

    What comes in from beyond the edge is paper, the lightest pixel of all the pictures.

    Args:
        pictures: 8 × 8 pixels, row by row.
        chance: for each, four numbers from -1 to 1: of 0.2 (11 degrees) that it is turned, of a
            tenth that it is resized, and of half a pixel that it is shifted across and down. Where
            all are 0, a picture stays as it is.
    """
    turn, wide = 0.2 * chance[:, 0], 1 + 0.1 * chance[:, 1]
    across, down = chance[:, 2] / 8, chance[:, 3] / 8  # two are the width of a picture
    cos, sin = wide * turn.cos(), wide * turn.sin()
    way = torch.stack([cos, -sin, across, sin, cos, down], dim=1).view(-1, 2, 3)
    paper = pictures.min()
    ink = (pictures - paper).view(-1, 1, 8, 8)
    places = functional.affine_grid(way, list(ink.shape), align_corners=False)
    return functional.grid_sample(ink, places, align_corners=False).flatten(1) + paper
