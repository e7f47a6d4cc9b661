"""How does the loss rise around a trained network?"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.func import functional_call

from lessonkit.data.examples import Examples
from lessonkit.models.mlp import MLP
from lessonkit.training import mean_loss

__all__ = ["measure_rise", "measure_slice"]

_APART = 2 * 10**6  # from the draws of anything else


def measure_slice(
    model: MLP, examples: Examples, *, reach: float, points: int, noise: float | None = None
) -> Float[Tensor, "seeds points points"]:
    """Measure the loss on a square of weights around each copy, along two random directions.

    Args:
        model: its weights lie in the middle of the square; biases stay as they are.
        examples: which every network of the square answers.
        reach: half a side of the square, in lengths of a direction.
        points: along a side.
        noise: the standard deviation of every weight's noise, the same in all layers. Default:
            each unit's noise is as long as its own weights (filter-normalised, Li et al. 2018).
    """
    ways = _directions(model, 2, noise)
    places = torch.linspace(-reach, reach, points)
    rows = [
        _losses(model, examples, ways, torch.stack([places, up.expand(points)], dim=1))
        for up in places
    ]
    return torch.stack(rows, dim=1)


def measure_rise(
    model: MLP, examples: Examples, *, by: float, draws: int = 16, noise: float | None = None
) -> Float[Tensor, " seeds"]:
    """Measure the loss at a distance from each copy: the median over random directions.

    Args:
        model: its weights are moved; biases stay as they are.
        examples: which every network answers.
        by: how far, in lengths of a direction.
        draws: how many directions.
        noise: as for `measure_slice`.
    """
    ways = _directions(model, draws, noise)
    return _losses(model, examples, ways, by * torch.eye(draws)).median(dim=1).values


def _directions(
    model: MLP, count: int, noise: float | None
) -> list[Float[Tensor, "seeds count _ _"]]:
    """Draw directions for every layer's weights, each copy from its own seed."""
    generators = [Generator().manual_seed(seed + _APART) for seed in model.seeds]
    ways = []
    for weights in model.weights:
        shape = (count, *weights.shape[1:])
        drawn = torch.stack([torch.randn(shape, generator=g) for g in generators]).to(weights)
        if noise is None:
            length = weights.detach().norm(dim=2, keepdim=True).unsqueeze(1)
            ways.append(drawn / drawn.norm(dim=3, keepdim=True) * length)
        else:
            ways.append(drawn * noise)
    return ways


@torch.no_grad()
def _losses(
    model: MLP,
    examples: Examples,
    ways: list[Float[Tensor, "seeds count _ _"]],
    places: Float[Tensor, "places count"],
) -> Float[Tensor, "seeds places"]:
    """Return the loss of every copy at every place: places are more members of the seed axis."""
    moved = {
        f"weights.{layer}": (
            weights.unsqueeze(1) + torch.einsum("pc,scoi->spoi", places.to(way), way)
        ).flatten(0, 1)
        for layer, (weights, way) in enumerate(zip(model.weights, ways, strict=True))
    }
    moved |= {
        f"biases.{layer}": bias.repeat_interleave(len(places), dim=0)
        for layer, bias in enumerate(model.biases)
    }
    networks = len(model.seeds) * len(places)
    inputs = examples.inputs.expand(networks, *examples.inputs.shape)
    logits = functional_call(model, moved, (inputs,))
    losses = mean_loss(logits, examples.labels.expand(networks, -1))
    return losses.unflatten(0, (len(model.seeds), len(places))).cpu()
