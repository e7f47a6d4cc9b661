"""How do the weights change?"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lessonkit.data import Examples, batches
from lessonkit.models import MLP


def mean_loss(
    logits: Float[Tensor, "seeds batch classes"], labels: Int[Tensor, "seeds batch"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's cross-entropy, in nats, averaged over its batch."""
    losses = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.reshape(labels.shape).mean(dim=1)


def fit(
    model: MLP,
    train: Examples,
    steps: Iterable[int],
    *,
    learning_rate: float,
    momentum: float = 0.9,
    batch_size: int = 128,
) -> Float[Tensor, "steps seeds"]:
    """Train every copy at once with stochastic gradient descent, and return their losses.

    The losses of the copies are added up. A copy's weights occur in its own loss only, so each
    receives exactly the gradient that it would receive alone.

    Args:
        model: is changed in place; its seeds also decide its batches.
        train: the examples to learn from.
        steps: one training step for each item; `lesson.progress(range(300), "…")` shows a bar.
        learning_rate: constant.
        momentum: share of the previous step that is kept.
        batch_size: examples per copy and step.
    """
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    chosen = batches(len(train), batch_size, model.seeds)
    losses = []
    for _ in steps:
        batch = next(chosen).to(train.labels.device)
        loss = mean_loss(model(train.inputs[batch]), train.labels[batch])
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        losses.append(loss.detach())
    return torch.stack(losses).cpu()
