"""Step after step, at one learning rate or at the best of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lessonkit.data.examples import Examples, batches
from lessonkit.models.copies import Copies
from lessonkit.training.descent import descent
from lessonkit.training.losses import mean_loss

__all__ = ["Tuned", "falling", "fit", "tune"]

Batch = tuple[Tensor, Tensor]  # inputs and answers, along the seeds first
Loss = Callable[[Tensor, Tensor], Float[Tensor, " seeds"]]


def falling(steps: int, warm_up: float = 0.0) -> list[float]:
    """Return a schedule: the share of the learning rate that each step takes.

    It falls linearly from 1 towards 0; before that it rises for `warm_up` of the steps.
    """
    rise = round(warm_up * steps)
    up = [(step + 1) / (rise + 1) for step in range(rise)]
    return up + [1 - step / (steps - rise) for step in range(steps - rise)]


def fit(
    model: Copies,
    train: Examples | Iterator[Batch],
    steps: Iterable[int],
    *,
    learning_rate: float | Sequence[float],
    optimiser: str = "sgd",
    momentum: float = 0.9,
    decay: float | None = None,
    clip: float | None = None,
    schedule: Sequence[float] | None = None,
    batch_size: int = 128,
    loss: Loss = mean_loss,
) -> Float[Tensor, "seeds steps"]:
    """Train every copy at once, and return their losses, step by step.

    The losses of the copies are added up. A copy's weights occur in its own loss only, so each
    receives exactly the gradient that it would receive alone.

    Args:
        model: is changed in place; its seeds also decide its batches.
        train: the examples to learn from; or an endless stream of batches, each the inputs
            (seeds, batch, …) and the answers, such as fresh ones for every step.
        steps: one training step for each item; `lesson.progress(range(300), "…")` shows a bar.
        learning_rate: one for all, or one for each copy: a grid of rates is one run.
        optimiser: "sgd", "adam" or "adamw" (Adam with a weight decay of 0.01).
        momentum: share of the previous step that stochastic gradient descent keeps.
        decay: of the weights, with "adamw".
        clip: the longest gradient of a copy that counts; see `descent`.
        schedule: the share of the learning rate for each step, as from `falling`; default all 1.
        batch_size: examples per copy and step; a stream decides for itself.
        loss: each copy's, from its outputs and the answers.

    Raises:
        ValueError: an unknown optimiser, or a schedule that ends before the steps do.
    """
    stepper = descent(optimiser, model, learning_rate, momentum, decay, clip)
    dealt = _dealt(train, batch_size, model.seeds) if isinstance(train, Examples) else train
    losses = []
    for number, _ in enumerate(steps):
        inputs, answers = next(dealt)
        wrong = loss(model(inputs), answers)
        stepper.step(wrong, _share(schedule, number))
        losses.append(wrong.detach())
    return torch.stack(losses, dim=1).cpu()


class Tuned(NamedTuple):
    """Copies that were trained at several learning rates, and those of the best one."""

    model: Copies  # all of them
    losses: Float[Tensor, "seeds steps"]  # of the best rate, like all that follows
    measured: Float[Tensor, " seeds"]
    rate: float
    chosen: slice  # which copies


def tune(
    model: Copies,
    train: Examples | Iterator[Batch],
    steps: Iterable[int],
    measure: Callable[[Copies], Float[Tensor, " copies"]],
    *,
    rates: Sequence[float],
    **options: Any,
) -> Tuned:
    """Train at several learning rates side by side, and judge all seeds at the best of them.

    Whoever loses a comparison must not lose it for want of a good rate. All seeds share the rate,
    the one with the best median: choosing one for each seed would be choosing twice.

    Args:
        model: a copy of each seed for each rate, those of the first rate first, as
            `network(seeds * len(rates))` makes them.
        train: as for `fit`.
        steps: as for `fit`.
        measure: what is judged after training, for every copy; less is better.
        rates: the learning rates to try.
        options: the others of `fit`.

    Raises:
        ValueError: the copies cannot be dealt out evenly to the rates.
    """
    each, left = divmod(len(model.seeds), len(rates))
    if left or not each:
        raise ValueError(
            f"tune: expected as many copies for each of {len(rates)} rates, got "
            f"{len(model.seeds)} in all. Build them with seeds * {len(rates)}."
        )
    dealt = [rate for rate in rates for _ in range(each)]
    losses = fit(model, train, steps, learning_rate=dealt, **options)
    measured = measure(model)
    medians = measured.view(len(rates), each).nan_to_num(torch.inf).median(dim=1).values
    best = int(medians.argmin())
    chosen = slice(best * each, (best + 1) * each)
    return Tuned(model, losses[chosen], measured[chosen], rates[best], chosen)


def _dealt(train: Examples, batch_size: int, seeds: Sequence[int]) -> Iterator[Batch]:
    for batch in batches(len(train), batch_size, seeds):
        chosen = batch.to(train.labels.device)
        yield _rows(train.inputs, chosen), _rows(train.labels, chosen)


def _rows(table: Tensor, numbers: Int[Tensor, "seeds batch"]) -> Tensor:
    # The same as table[numbers], which takes twice as long.
    return table.index_select(0, numbers.flatten()).unflatten(0, numbers.shape)


def _share(schedule: Sequence[float] | None, step: int) -> float:
    if schedule is None:
        return 1.0
    if step >= len(schedule):
        raise ValueError(f"fit: the schedule has {len(schedule)} steps, and step {step + 1} came.")
    return schedule[step]
