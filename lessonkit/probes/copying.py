"""How well a stack of blocks can learn to copy."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.models.stack import Stack
from lessonkit.training import descent

__all__ = ["measure_copying"]


def measure_copying(
    stack: Stack,
    numbers: Float[Tensor, "batch width"],
    steps: Iterable[int],
    learning_rate: float = 0.01,
) -> Float[Tensor, " seeds"]:
    """Train the bare blocks, without entrance and exit, to give back the numbers that they get.

    Returns, for each copy, the share of the numbers' variance that it had left unexplained at the
    last step of Adam: 0 is a perfect copy; whoever answers the mean leaves 1.

    Args:
        stack: is changed in place.
        numbers: as many in a row as the stack is wide.
        steps: one training step for each item.
        learning_rate: of Adam.
    """
    adam = descent("adam", stack, learning_rate)
    x = stack.same_for_all(numbers.to(stack.weights[0].device))
    loss = torch.full((len(stack.seeds),), torch.nan)
    for _ in steps:
        y = x
        for number in stack.blocks:
            y = stack.block(y, stack.layer(number))
        loss = (y - x).square().mean(dim=(1, 2)) / x.var()
        adam.step(loss)
    return loss.detach().cpu()
