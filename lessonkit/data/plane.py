"""Points on a sheet of paper, in two kinds: the smallest worlds that one can look at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

__all__ = ["AND", "CORNERS", "OR", "XOR", "clouds", "rings"]

CORNERS = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
# Which corners are of kind 1: both coordinates above zero, at least one, or exactly one.
AND, OR, XOR = (0, 0, 0, 1), (0, 1, 1, 1), (0, 1, 1, 0)

Points = tuple[Float[Tensor, "seeds points 2"], Int[Tensor, "seeds points"]]


def clouds(
    count: int, seeds: Sequence[int], kinds: Sequence[int] = XOR, spread: float = 0.35
) -> Points:
    """Return points around the CORNERS of a square, and the kind, 0 or 1, of each.

    Args:
        count: points for each seed, as many around each corner.
        seeds: each draws its own points.
        kinds: of the corners, in their order.
        spread: standard deviation of a cloud; the square's sides are 2 long.

    Raises:
        ValueError: the points cannot be dealt out evenly, or a corner has no kind.
    """
    if count % len(CORNERS) or len(kinds) != len(CORNERS):
        raise ValueError(
            f"clouds: expected {len(CORNERS)} kinds, one for each corner, and a multiple of "
            f"{len(CORNERS)} points; got {len(kinds)} kinds and {count} points."
        )
    corner = torch.arange(count) % len(CORNERS)
    noise = torch.stack([torch.randn(count, 2, generator=_chance(seed)) for seed in seeds])
    points = torch.tensor(CORNERS)[corner] + spread * noise
    return points, torch.tensor(kinds)[corner].expand(len(seeds), -1)


def rings(
    count: int, seeds: Sequence[int], radii: tuple[float, float] = (1.0, 2.0), spread: float = 0.12
) -> Points:
    """Return points on two rings around zero, the inner one of kind 0 and the outer of kind 1.

    Args:
        count: points for each seed, half of them on each ring, if it is even.
        seeds: each draws its own points.
        radii: of the two rings.
        spread: standard deviation of the distance from zero.
    """
    kind = torch.arange(count) % 2
    angle, noise = (
        torch.stack([draw(count, generator=_chance(seed + shift)) for seed in seeds])
        for draw, shift in ((torch.rand, 0), (torch.randn, 10**6))
    )
    distance = torch.tensor(radii)[kind] + spread * noise
    turned = 2 * math.pi * angle
    points = torch.stack([distance * turned.cos(), distance * turned.sin()], dim=2)
    return points, kind.expand(len(seeds), -1)


def _chance(seed: int) -> Generator:
    return Generator().manual_seed(seed)
