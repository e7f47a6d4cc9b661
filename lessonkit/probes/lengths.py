"""How long a gradient is: that of all parameters together, and that of each state of a loop."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.copies import Copies
from lessonkit.models.recurrent import Recurrent
from lessonkit.training import mean_loss

__all__ = ["measure_blame", "measure_gradient_length"]


def measure_gradient_length(model: Copies, examples: Examples) -> Float[Tensor, " seeds"]:
    """Measure the length of the loss's gradient, all parameters together: what is clipped."""
    with torch.enable_grad():
        loss = _loss(model(model.same_for_all(examples.inputs)), examples)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
    return _lengths(gradients).norm(dim=1)


def measure_blame(model: Recurrent, examples: Examples) -> Float[Tensor, "seeds pieces"]:
    """Measure the length of the loss's gradient at the state after each piece (nats per unit)."""
    with torch.enable_grad():
        _, *states, logits = model.signals(model.same_for_all(examples.inputs))
        return _lengths(torch.autograd.grad(_loss(logits, examples), states))


def _loss(logits: Float[Tensor, "seeds batch classes"], examples: Examples) -> Float[Tensor, ""]:
    return mean_loss(logits, examples.labels.expand(len(logits), -1)).sum()


def _lengths(gradients: tuple[Tensor, ...]) -> Float[Tensor, "seeds parts"]:
    # In double precision: single has no room for the square of 1e-23, or of 1e20.
    return torch.stack([part.cpu().double().flatten(1).norm(dim=1) for part in gradients], dim=1)
