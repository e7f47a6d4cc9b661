"""How often a network is right, and what its loss is."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.copies import Copies
from lessonkit.training import mean_loss

__all__ = ["measure_accuracy", "measure_loss"]


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
    right = [
        model(model.same_for_all(inputs), **options).argmax(dim=-1).eq(labels).cpu()
        for inputs, labels in zip(
            examples.inputs.split(chunk), examples.labels.split(chunk), strict=True
        )
    ]
    return torch.cat(right, dim=1).double().mean(dim=1)


@torch.no_grad()
def measure_loss(model: Copies, examples: Examples) -> Float[Tensor, " seeds"]:
    """Measure the mean loss (nats), every copy answering the same examples."""
    logits = model(model.same_for_all(examples.inputs))
    return mean_loss(logits, examples.labels.expand(len(logits), -1)).cpu()
