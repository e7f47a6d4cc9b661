"""What a trained stack can still do when its blocks are taken out, or change places."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.copies import CopiesOf
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy

__all__ = ["measure_exchanged", "measure_in_order", "measure_without_each", "measure_worst_swap"]


def measure_in_order(
    stack: Stack, examples: Examples, order: Sequence[int] | None = None
) -> Float[Tensor, " seeds"]:
    """Measure the share of right answers when only these blocks run, in this order.

    Args:
        stack: every copy answers the same examples.
        examples: on the stack's device.
        order: numbers of blocks, counted from 1 (default: all, as they stand).
    """
    return measure_accuracy(stack, examples, order=order)


def measure_without_each(stack: Stack, examples: Examples) -> Float[Tensor, "seeds blocks"]:
    """Measure the share of right answers with one block taken out, for each block.

    Veit, Wilber, Belongie 2016, arXiv 1605.06431, section 4.1.
    """
    orders = [[block for block in stack.blocks if block != gone] for gone in stack.blocks]
    return torch.stack([measure_in_order(stack, examples, order) for order in orders], dim=1)


def measure_worst_swap(stack: Stack, examples: Examples) -> Float[Tensor, " seeds"]:
    """Measure the share of right answers with two neighbours swapped: the worst pair of each copy.

    Raises:
        ValueError: fewer than two blocks.
    """
    blocks = list(stack.blocks)
    if len(blocks) < 2:
        raise ValueError(f"expected at least two blocks to swap, got {len(blocks)}.")
    swapped = [
        [*blocks[:place], blocks[place + 1], blocks[place], *blocks[place + 2 :]]
        for place in range(len(blocks) - 1)
    ]
    right = [measure_in_order(stack, examples, order) for order in swapped]
    return torch.stack(right).amin(dim=0)


def measure_exchanged(
    model: CopiesOf, examples: Examples, one: str, other: str
) -> Float[Tensor, " seeds"]:
    """Measure the share of right answers when two parts of a network have changed places.

    Args:
        model: every copy answers the same examples.
        examples: on the model's device.
        one, other: how the names of their parameters begin, as in "layers.0." and "layers.1.".

    Raises:
        ValueError: the two have not the same parameters.
    """
    parts = [{n.removeprefix(p): n for n in model.names if n.startswith(p)} for p in (one, other)]
    if not parts[0] or set(parts[0]) != set(parts[1]):
        raise ValueError(
            f"measure_exchanged: expected two parts with the same parameters, got {len(parts[0])} "
            f"that begin with {one!r} and {len(parts[1])} with {other!r} among {model.names}."
        )
    swapped = copy.deepcopy(model)
    stacks = dict(zip(model.names, model.stacks, strict=True))
    into = dict(zip(swapped.names, swapped.stacks, strict=True))
    with torch.no_grad():
        for name, here in parts[0].items():
            there = parts[1][name]
            into[here].copy_(stacks[there])
            into[there].copy_(stacks[here])
    return measure_accuracy(swapped, examples)
