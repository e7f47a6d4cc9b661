"""What networks do before any training, over several draws of their weights, and who leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.models.copies import Copies

__all__ = ["lead", "measure_draws"]


def measure_draws(
    build: Callable[[list[int]], Copies],
    measure: Callable[[Copies], Float[Tensor, "copies ..."]],
    seeds: Sequence[int],
    draws: int = 4,
) -> Float[Tensor, "seeds ..."]:
    """Measure untrained networks, and return for each seed the mean over its draws.

    Where one draw of many random matrices may be far from the next, a single one says little.

    Args:
        build: makes a copy for each of some seeds.
        measure: what is wanted of each copy.
        seeds: each draws its weights `draws` times; its first draw is that of the seed itself.
        draws: the others are a million apart.
    """
    model = build([seed + 10**6 * draw for draw in range(draws) for seed in seeds])
    return measure(model).unflatten(0, (draws, -1)).mean(dim=0)


def lead(
    values: Mapping[Any, Float[Tensor, " seeds"]], ahead: Sequence[Any], behind: Sequence[Any]
) -> Float[Tensor, " seeds"]:
    """Return by how much the last of some is before the first of others, seed by seed.

    Args:
        values: name -> a number for each seed.
        ahead: names that should have the larger numbers; below 0 says that one has not.
        behind: names that should have the smaller ones.
    """
    last = torch.stack([values[name] for name in ahead]).amin(dim=0)
    return last - torch.stack([values[name] for name in behind]).amax(dim=0)
