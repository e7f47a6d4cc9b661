"""How far a straight line gets, whoever draws it: an upper bound for every weighted vote."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["best_line"]


def best_line(
    points: Float[Tensor, "seeds points 2"],
    kinds: Int[Tensor, "seeds points"],
    directions: int = 360,
) -> tuple[Float[Tensor, " seeds"], Float[Tensor, "seeds 3"]]:
    """Try all straight lines, and return the share of points that the best of them gets right.

    A ruler is turned to evenly spaced directions and pushed across the points, past one at a time.
    What lies ahead of it is called kind 1, the rest 0. It sees the answers, so it is a bound for
    whoever must learn them; a finer ruler finds little more.

    Args:
        points: on a plane, those of each seed.
        kinds: 0 or 1 for each point.
        directions: to which the ruler is turned, none of them along an axis or a diagonal.

    Returns:
        The share (0 to 1), and the line as weight across, weight up and bias: a point is called 1
        where the weighted sum is at least 0. If no line beats calling all of them 0, it stands at
        the last point.
    """
    turn = (torch.arange(directions, dtype=torch.float64) + 0.5) * 2 * math.pi / directions
    ways = torch.stack([turn.cos(), turn.sin()])
    along, order = (points.double().cpu() @ ways).sort(dim=1)  # (seeds, points, directions)
    signs = (2 * kinds.cpu() - 1)[:, :, None].expand_as(order).gather(1, order)
    won = signs.flip(1).cumsum(dim=1).flip(1)  # if a point and all ahead of it are called 1
    most, place = won.flatten(1).max(dim=1)
    share = (most.clamp(min=0) + (1 - kinds.cpu()).sum(dim=1)).double() / kinds.shape[1]
    cut = along.flatten(1).gather(1, place[:, None])
    return share, torch.cat([ways.T[place % directions], -cut], dim=1)
