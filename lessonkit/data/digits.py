"""Handwritten digits, small enough to train on while the page is built."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from lessonkit.data.examples import Examples

__all__ = ["SPLIT_SEED", "digits"]

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
