"""How often a network is right, and what its loss is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.copies import Copies
from lessonkit.training import mean_loss

__all__ = ["measure_accuracy", "measure_loss", "share_right"]


@torch.no_grad()
def measure_accuracy(
    model: Copies, examples: Examples, chunk: int = 1024, **options: Any
) -> Float[Tensor, " seeds"]:
    """Measure the share of examples whose largest logit is the right one.

    Args:
        model: every copy answers the same examples.
        examples: on the model's device.
        chunk: examples that are looked at in one go, which bounds the memory.
        options: handed to the network as they are, with every chunk.
    """
    return share_right(lambda some: model(model.same_for_all(some), **options), examples, chunk)


def share_right(
    answer: Callable[[Tensor], Float[Tensor, "*networks some classes"]],
    examples: Examples,
    chunk: int,
) -> Float[Tensor, "*networks"]:
    """Return the share of examples whose largest logit is the right one, chunk by chunk.

    Args:
        answer: the logits that each network gives to some inputs.
        examples: the inputs, with the right answers.
        chunk: inputs that are looked at in one go.
    """
    right = [
        answer(inputs).argmax(dim=-1).eq(labels).cpu()
        for inputs, labels in zip(
            examples.inputs.split(chunk), examples.labels.split(chunk), strict=True
        )
    ]
    return torch.cat(right, dim=-1).double().mean(dim=-1)


@torch.no_grad()
def measure_loss(model: Copies, examples: Examples) -> Float[Tensor, " seeds"]:
    """Measure the mean loss (nats), every copy answering the same examples."""
    logits = model(model.same_for_all(examples.inputs))
    return mean_loss(logits, examples.labels.expand(len(logits), -1)).cpu()
