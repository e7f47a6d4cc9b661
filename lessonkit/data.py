"""What does the network see?

Data sets as plain tensors, and batches whose order depends on nothing but their own seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

SPLIT_SEED = 0  # one split for every lesson: seeds vary the network and its batches, not the exam


@dataclass(frozen=True)
class Examples:
    """Inputs with their labels."""

    inputs: Float[Tensor, "examples features"]
    labels: Int[Tensor, " examples"]

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Examples:
        """Return the first `count` examples, for measurements on one fixed batch."""
        return Examples(self.inputs[:count], self.labels[:count])


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


def batches(
    examples: int, batch_size: int, seeds: Sequence[int]
) -> Iterator[Int[Tensor, "seeds batch"]]:
    """Yield the numbers of the examples in each batch, one row per seed, without end.

    Every seed deals from its own shuffled deck and shuffles again when too few cards are left. The
    decks are shuffled on the CPU, so a seed sees the same batches on every device and whichever
    seeds run beside it.

    Raises:
        ValueError: a batch would need more examples than there are.
    """
    if not 1 <= batch_size <= examples:
        raise ValueError(
            f"batches: expected a batch_size from 1 to {examples} (all examples), got {batch_size}."
        )
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    while True:
        decks = torch.stack([torch.randperm(examples, generator=g) for g in generators])
        for start in range(0, examples - batch_size + 1, batch_size):
            yield decks[:, start : start + batch_size]
