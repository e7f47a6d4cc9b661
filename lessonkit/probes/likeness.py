"""How alike two layers see the same inputs."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.models.mlp import MLP
from lessonkit.probes.signals import hidden_signals

__all__ = ["linear_cka", "measure_likeness"]


def linear_cka(
    one: Float[Tensor, "seeds examples units"], other: Float[Tensor, "seeds examples others"]
) -> Float[Tensor, " seeds"]:
    """Compare two clouds of the same examples, from 0 (nothing in common) to 1 (one shape).

    With X and Y centred this is |YᵀX|² / (|XᵀX| |YᵀY|) in Frobenius norms: linear centred kernel
    alignment (Kornblith et al. 2019). It stays as it is when a cloud is turned, moved or made
    larger as a whole, for then the same examples are near each other; it does change when single
    directions are stretched. Meant for more examples than units: with few of them, any two clouds
    look alike.

    Raises:
        ValueError: a cloud whose examples all lie on one point, which has no shape.
    """
    x, y = (_centred(cloud) for cloud in (one, other))
    across, within, beyond = (
        torch.linalg.matrix_norm(a.mT @ b) for a, b in ((y, x), (x, x), (y, y))
    )
    if not bool((within > 0).all() and (beyond > 0).all()):
        raise ValueError(
            "linear_cka: expected clouds that extend somewhere, got one whose examples all lie on "
            "one point. Compare other layers, or other examples."
        )
    return across**2 / (within * beyond)


@torch.no_grad()
def measure_likeness(
    model: MLP, other: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, "seeds hidden"]:
    """Compare each hidden layer with the same layer of another model, by `linear_cka`.

    Args:
        model: one copy per seed.
        other: of as many layers and seeds, such as the same model at another time.
        inputs: all copies see the same.
    """
    pairs = zip(hidden_signals(model, inputs), hidden_signals(other, inputs), strict=True)
    return torch.stack([linear_cka(one, another) for one, another in pairs], dim=1)


def _centred(cloud: Tensor) -> Tensor:
    points = cloud.cpu().double()
    return points - points.mean(dim=1, keepdim=True)
