"""How do the weights change?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lessonkit.data.examples import Examples, batches
from lessonkit.models.copies import Copies

OPTIMISERS = ("sgd", "adam", "adamw")


def mean_loss(
    logits: Float[Tensor, "seeds batch classes"], labels: Int[Tensor, "seeds batch"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's cross-entropy, in nats, averaged over its batch."""
    losses = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.reshape(labels.shape).mean(dim=1)


def falling(steps: int, warm_up: float = 0.0) -> list[float]:
    """Return a schedule: the share of the learning rate that each step takes.

    It falls linearly from 1 towards 0; before that it rises for `warm_up` of the steps.
    """
    rise = round(warm_up * steps)
    up = [(step + 1) / (rise + 1) for step in range(rise)]
    return up + [1 - step / (steps - rise) for step in range(steps - rise)]


def fit(
    model: Copies,
    train: Examples,
    steps: Iterable[int],
    *,
    learning_rate: float | Sequence[float],
    optimiser: str = "sgd",
    momentum: float = 0.9,
    schedule: Sequence[float] | None = None,
    batch_size: int = 128,
) -> Float[Tensor, "steps seeds"]:
    """Train every copy at once, and return their losses.

    The losses of the copies are added up. A copy's weights occur in its own loss only, so each
    receives exactly the gradient that it would receive alone.

    Args:
        model: is changed in place; its seeds also decide its batches.
        train: the examples to learn from.
        steps: one training step for each item; `lesson.progress(range(300), "…")` shows a bar.
        learning_rate: one for all, or one for each copy: a grid of rates is one run.
        optimiser: "sgd", "adam" or "adamw" (Adam with a weight decay of 0.01).
        momentum: share of the previous step that stochastic gradient descent keeps.
        schedule: the share of the learning rate for each step, as from `falling`; default all 1.
        batch_size: examples per copy and step.

    Raises:
        ValueError: an unknown optimiser, or a schedule that ends before the steps do.
    """
    rates = torch.as_tensor(learning_rate, dtype=torch.float64).expand(len(model.seeds))
    highest = float(rates.max())
    stepper = _optimiser(optimiser, model, highest, momentum)
    chosen = batches(len(train), batch_size, model.seeds)
    losses = []
    for number, _ in enumerate(steps):
        batch = next(chosen).to(train.labels.device)
        loss = mean_loss(model(train.inputs[batch]), train.labels[batch])
        stepper.zero_grad()
        loss.sum().backward()
        if schedule is not None:
            _set_rate(stepper, highest, schedule, number)
        _step(stepper, rates / highest if highest else rates)
        losses.append(loss.detach())
    return torch.stack(losses).cpu()


def _optimiser(name: str, model: Copies, rate: float, momentum: float) -> torch.optim.Optimizer:
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate)
    if name == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    raise ValueError(f"optimiser {name!r}: expected one of {', '.join(OPTIMISERS)}.")


def _set_rate(
    optimiser: torch.optim.Optimizer, rate: float, schedule: Sequence[float], step: int
) -> None:
    if step >= len(schedule):
        raise ValueError(f"fit: the schedule has {len(schedule)} steps, and step {step + 1} came.")
    for group in optimiser.param_groups:
        group["lr"] = rate * schedule[step]


@torch.no_grad()
def _step(optimiser: torch.optim.Optimizer, shares: Float[Tensor, " seeds"]) -> None:
    """Take a step; each copy goes its share of the way.

    What these optimisers do in a step is proportional to the learning rate, so a share of the way
    is the step that a copy with a share of the rate would take.
    """
    if bool((shares == 1).all()):
        optimiser.step()
        return
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    before = [parameter.clone() for parameter in parameters]
    optimiser.step()
    for parameter, old in zip(parameters, before, strict=True):
        share = shares.to(parameter).view(-1, *[1] * (parameter.ndim - 1))
        parameter.lerp_(old, 1 - share)
