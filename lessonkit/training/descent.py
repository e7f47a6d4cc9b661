"""How does one step change the weights?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.models.copies import Copies

__all__ = ["OPTIMISERS", "Descent", "descent"]

OPTIMISERS = ("sgd", "adam", "adamw")


def descent(
    optimiser: str,
    model: Copies,
    learning_rate: float | Sequence[float],
    momentum: float = 0.9,
    decay: float | None = None,
    clip: float | None = None,
) -> Descent:
    """Return what takes the steps of `fit`, for a loop with a loss of its own.

    Args:
        optimiser: "sgd", "adam" or "adamw", as torch has them.
        model: whose parameters are moved; they are laid side by side in memory.
        learning_rate: one for all, or one for each copy.
        momentum: share of the previous step that stochastic gradient descent keeps.
        decay: of "adamw" alone: the share of the weights, times the learning rate, that each step
            takes away (default 0.01).
        clip: the longest gradient that counts; a longer one of a copy is shortened to it, all its
            parameters together (Pascanu et al. 2013). Default: none is too long.

    Raises:
        ValueError: an unknown optimiser, a decay for one that has none, or a clip of 0 or less.
    """
    if optimiser not in OPTIMISERS:
        raise ValueError(f"optimiser {optimiser!r}: expected one of {', '.join(OPTIMISERS)}.")
    if decay is not None and optimiser != "adamw":
        raise ValueError(f"decay: expected none with {optimiser!r}, got {decay}; 'adamw' has one.")
    if clip is not None and clip <= 0:
        raise ValueError(f"clip: expected a length above 0, got {clip}.")
    rates = torch.as_tensor(learning_rate, dtype=torch.float64).expand(len(model.seeds))
    if optimiser == "sgd":
        return _Momentum(model, rates, clip, momentum)
    kept = 0.0 if optimiser == "adam" else 0.01 if decay is None else decay
    return _Adam(model, rates, clip, kept)


class Descent:
    """All parameters of a model side by side in one row of numbers, and the steps that it takes.

    A step is a few operations on the row, however many parameters there are. While rates differ
    from copy to copy, each number of the row has its copy's rate beside it.
    """

    def __init__(self, model: Copies, rates: Float[Tensor, " seeds"], clip: float | None) -> None:
        self.clip = clip
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
            if self.clip is not None:
                self._shorten(self.clip)
            self._move(share)

    def _shorten(self, clip: float) -> None:
        """Shorten each copy's gradient to `clip` where it is longer; its direction stays."""
        parts = self.gradient.split([p.numel() for p in self.parameters])
        own = [part.view(p.shape[0], -1) for part, p in zip(parts, self.parameters, strict=True)]
        length = torch.stack([part.double().norm(dim=1) for part in own], dim=1).norm(dim=1)
        kept = (clip / length).clamp(max=1).to(self.gradient)
        for part in own:
            part.mul_(kept.unsqueeze(1))

    def _move(self, share: float) -> None:
        raise NotImplementedError

    def _go(self, way: Float[Tensor, " numbers"], share: float) -> None:
        if self.rates is None:
            self.row.add_(way, alpha=-self.rate * share)
        else:
            self.row.addcmul_(way, self.rates, value=-share)


class _Momentum(Descent):
    """Stochastic gradient descent that keeps a share of its previous step."""

    def __init__(
        self,
        model: Copies,
        rates: Float[Tensor, " seeds"],
        clip: float | None,
        momentum: float,
    ) -> None:
        super().__init__(model, rates, clip)
        self.momentum = momentum
        self.way = torch.zeros_like(self.row)

    def _move(self, share: float) -> None:
        self._go(self.way.mul_(self.momentum).add_(self.gradient), share)


class _Adam(Descent):
    """Adam (Kingma and Ba 2015) with torch's settings; with a decay, AdamW."""

    BETAS, EPSILON = (0.9, 0.999), 1e-8

    def __init__(
        self, model: Copies, rates: Float[Tensor, " seeds"], clip: float | None, decay: float
    ) -> None:
        super().__init__(model, rates, clip)
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
