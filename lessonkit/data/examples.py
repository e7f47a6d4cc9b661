"""Inputs with their labels, and the batches that are dealt from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

__all__ = ["Examples", "batches"]


@dataclass(frozen=True)
class Examples:
    """Inputs (pixels, words, anything with one row per example) with their labels."""

    inputs: Shaped[Tensor, "examples ..."]
    labels: Int[Tensor, " examples"]

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Examples:
        """Return the first `count` examples, for measurements on one fixed batch."""
        return Examples(self.inputs[:count], self.labels[:count])

    def to(self, device: str) -> Examples:
        """Return the examples on a device."""
        return Examples(self.inputs.to(device), self.labels.to(device))


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
