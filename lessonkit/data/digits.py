"""Handwritten digits, small enough to train on while the page is built."""

from __future__ import annotations

import torch
from jaxtyping import Float
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.nn import functional

from lessonkit.data.examples import Examples

__all__ = ["SPLIT_SEED", "digits", "warped"]

SPLIT_SEED = 0  # one split for every lesson: seeds vary the network and its batches, not the exam


def digits(device: str = "cpu") -> tuple[Examples, Examples]:
    """Return handwritten digits, 8 × 8 pixels, 10 classes: 1,347 to train on and 450 to test.

    Both parts hold every class in equal shares. Pixels are standardised with one mean and one
    standard deviation, those of the whole training part: a mean for each pixel would blow up the
    corners, which are almost always white.
    """
    pixels, labels = load_digits(return_X_y=True)
    parts = train_test_split(
        torch.tensor(pixels, dtype=torch.float32),
        torch.tensor(labels, dtype=torch.long),
        stratify=labels,
        random_state=SPLIT_SEED,
    )
    train, test, train_labels, test_labels = parts
    mean, deviation = train.mean(), train.std()
    return (
        Examples(((train - mean) / deviation).to(device), train_labels.to(device)),
        Examples(((test - mean) / deviation).to(device), test_labels.to(device)),
    )


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
    turn, grown = 0.2 * chance[:, 0], 1 + 0.1 * chance[:, 1]
    across, down = chance[:, 2] / 8, chance[:, 3] / 8  # two are the width of a picture
    cos, sin = grown * turn.cos(), grown * turn.sin()
    way = torch.stack([cos, -sin, across, sin, cos, down], dim=1).view(-1, 2, 3)
    paper = pictures.min()
    ink = (pictures - paper).view(-1, 1, 8, 8)
    places = functional.affine_grid(way, list(ink.shape), align_corners=False)
    return functional.grid_sample(ink, places, align_corners=False).flatten(1) + paper
