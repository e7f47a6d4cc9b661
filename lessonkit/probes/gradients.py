"""How strongly the loss pulls at each layer, and how far training has moved it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.mlp import MLP
from lessonkit.training import mean_loss

__all__ = ["Gradients", "measure_gradients", "measure_movement"]


@dataclass(frozen=True)
class Gradients:
    """How strongly the loss answers to a change, as a root mean square (nats per unit).

    `weight_gradient_rms` has one column for each layer: what gradient descent sees.
    `signal_gradient_rms` has one for the output of each hidden layer: what is passed backwards.
    """

    weight_gradient_rms: Float[Tensor, "seeds depth"]
    signal_gradient_rms: Float[Tensor, "seeds hidden"]


def measure_gradients(model: MLP, examples: Examples) -> Gradients:
    """Measure the gradient of the loss at each layer, every copy seeing the same examples."""
    with torch.enable_grad():
        signals = model.signals(model.same_for_all(examples.inputs))
        labels = examples.labels.expand(len(model.seeds), -1)
        loss = mean_loss(signals[-1], labels).sum()
        weights, hidden = list(model.weights), signals[1:-1]
        gradients = torch.autograd.grad(loss, weights + hidden)
    return Gradients(_rms(gradients[: len(weights)]), _rms(gradients[len(weights) :]))


def measure_movement(model: MLP, start: MLP) -> Float[Tensor, "seeds depth"]:
    """Measure how far each layer's weights have moved since `start`: |W − W₀| / |W₀|."""
    return torch.stack(
        [
            _norm(weights.detach() - before.detach()) / _norm(before.detach())
            for weights, before in zip(model.weights, start.weights, strict=True)
        ],
        dim=1,
    )


def _rms(gradients: tuple[Tensor, ...]) -> Float[Tensor, "seeds layers"]:
    # Squared in double precision: the square of 1e-23 is too small for single.
    columns = [_norm(part) / part[0].numel() ** 0.5 for part in gradients]
    return torch.stack(columns, dim=1)


def _norm(stack: Tensor) -> Float[Tensor, " seeds"]:
    return torch.linalg.vector_norm(stack.cpu().double(), dim=(1, 2))
