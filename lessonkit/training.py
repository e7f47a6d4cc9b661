"""How do the weights change?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lessonkit.data.examples import Examples, batches
from lessonkit.models.copies import Copies

__all__ = [
    "OPTIMISERS",
    "Descent",
    "Tuned",
    "descent",
    "falling",
    "fit",
    "mean_loss",
    "squared_error",
    "tune",
    "yes_no_loss",
]

OPTIMISERS = ("sgd", "adam", "adamw")

Batch = tuple[Tensor, Tensor]  # inputs and answers, along the seeds first
Loss = Callable[[Tensor, Tensor], Float[Tensor, " seeds"]]


def mean_loss(
    logits: Float[Tensor, "seeds batch classes"], labels: Int[Tensor, "seeds batch"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's cross-entropy, in nats, averaged over its batch."""
    # With the examples innermost: four times as fast as with the few classes there.
    return nn.functional.cross_entropy(logits.mT, labels, reduction="none").mean(dim=1)


def yes_no_loss(
    sums: Float[Tensor, "seeds batch 1"], answers: Int[Tensor, "seeds batch"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's cross-entropy, in nats, where its one output above 0 means yes (1)."""
    losses = nn.functional.binary_cross_entropy_with_logits(
        sums.squeeze(2), answers.to(sums.dtype), reduction="none"
    )
    return losses.mean(dim=1)


def squared_error(
    outputs: Float[Tensor, "seeds batch numbers"], wanted: Float[Tensor, "seeds batch numbers"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's squared gap to what is wanted, averaged over its batch and numbers."""
    return (outputs - wanted).square().mean(dim=(1, 2))


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
        schedule: the share of the learning rate for each step, as from `falling`; default all 1.
        batch_size: examples per copy and step; a stream decides for itself.
        loss: each copy's, from its outputs and the answers.

    Raises:
        ValueError: an unknown optimiser, or a schedule that ends before the steps do.
    """
    stepper = descent(optimiser, model, learning_rate, momentum)
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


def descent(
    optimiser: str, model: Copies, learning_rate: float | Sequence[float], momentum: float = 0.9
) -> Descent:
    """Return what takes the steps of `fit`, for a loop with a loss of its own.

    Args:
        optimiser: "sgd", "adam" or "adamw", as torch has them.
        model: whose parameters are moved; they are laid side by side in memory.
        learning_rate: one for all, or one for each copy.
        momentum: share of the previous step that stochastic gradient descent keeps.

    Raises:
        ValueError: an unknown optimiser.
    """
    rates = torch.as_tensor(learning_rate, dtype=torch.float64).expand(len(model.seeds))
    if optimiser == "sgd":
        return _Momentum(model, rates, momentum)
    if optimiser == "adam":
        return _Adam(model, rates)
    if optimiser == "adamw":
        return _Adam(model, rates, decay=0.01)
    raise ValueError(f"optimiser {optimiser!r}: expected one of {', '.join(OPTIMISERS)}.")


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


class Descent:
    """All parameters of a model side by side in one row of numbers, and the steps that it takes.

    A step is a few operations on the row, however many parameters there are. While rates differ
    from copy to copy, each number of the row has its copy's rate beside it.
    """

    def __init__(self, model: Copies, rates: Float[Tensor, " seeds"]) -> None:
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.row = torch.cat([p.detach().flatten() for p in self.parameters])
        parts = self.row.split([p.numel() for p in self.parameters])
        for parameter, part in zip(self.parameters, parts, strict=True):
            parameter.data = part.view_as(parameter)
        self.gradient = torch.empty_like(self.row)  # once: new memory costs more than the sums
        self.rate = float(rates[0])
        self.rates: Tensor | None = None
        if bool((rates != rates[0]).any()):
            beside = [rates.repeat_interleave(p[0].numel()) for p in self.parameters]
            self.rates = torch.cat(beside).to(self.row)

    def step(self, loss: Float[Tensor, " seeds"], share: float = 1.0) -> None:
        """Move every copy against the gradient of its loss, at a share of its learning rate.

        Raises:
            RuntimeError: the parameters have been laid elsewhere, and would not move.
        """
        if self.parameters[0].data_ptr() != self.row.data_ptr():
            raise RuntimeError(
                "Descent.step: the model's parameters have been laid elsewhere since, by another "
                "fit or descent, or by model.to(…). Call descent again to go on from here."
            )
        gradients = torch.autograd.grad(
            loss, self.parameters, torch.ones_like(loss), materialize_grads=True
        )
        with torch.no_grad():
            torch.cat([gradient.flatten() for gradient in gradients], out=self.gradient)
            self._move(share)

    def _move(self, share: float) -> None:
        raise NotImplementedError

    def _go(self, way: Float[Tensor, " numbers"], share: float) -> None:
        if self.rates is None:
            self.row.add_(way, alpha=-self.rate * share)
        else:
            self.row.addcmul_(way, self.rates, value=-share)


class _Momentum(Descent):
    """Stochastic gradient descent that keeps a share of its previous step."""

    def __init__(self, model: Copies, rates: Float[Tensor, " seeds"], momentum: float) -> None:
        super().__init__(model, rates)
        self.momentum = momentum
        self.way = torch.zeros_like(self.row)

    def _move(self, share: float) -> None:
        self._go(self.way.mul_(self.momentum).add_(self.gradient), share)


class _Adam(Descent):
    """Adam (Kingma and Ba 2015) with torch's settings; with a decay, AdamW."""

    BETAS, EPSILON = (0.9, 0.999), 1e-8

    def __init__(self, model: Copies, rates: Float[Tensor, " seeds"], decay: float = 0.0) -> None:
        super().__init__(model, rates)
        self.decay, self.steps = decay, 0
        self.mean, self.square = torch.zeros_like(self.row), torch.zeros_like(self.row)
        self.size = torch.empty_like(self.row)

    def _move(self, share: float) -> None:
        if self.decay:
            self._shrink(self.decay * share)
        self.steps += 1
        one, two = self.BETAS
        self.mean.lerp_(self.gradient, 1 - one)
        self.square.mul_(two).addcmul_(self.gradient, self.gradient, value=1 - two)
        size = torch.sqrt(self.square, out=self.size)
        size.div_(math.sqrt(1 - two**self.steps)).add_(self.EPSILON)
        share /= 1 - one**self.steps
        if self.rates is None:  # what _go does, in one operation
            self.row.addcdiv_(self.mean, size, value=-self.rate * share)
        else:
            self._go(torch.div(self.mean, size, out=size), share)

    def _shrink(self, decay: float) -> None:
        if self.rates is None:
            self.row.mul_(1 - self.rate * decay)
        else:
            self.row.addcmul_(self.row, self.rates, value=-decay)
