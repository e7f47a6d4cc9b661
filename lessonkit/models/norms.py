"""Norms: what brings the sums of a layer to a common size, learning nothing by themselves.

Both leave out the gain and the shift that libraries learn behind them, so that a comparison with
and without a norm changes nothing else.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

__all__ = ["batch_norm", "layer_norm"]

_EPSILON = 1e-5  # as torch has it: a sum that never changes is not divided by zero


def batch_norm(
    sums: Float[Tensor, "seeds batch units"],
) -> Float[Tensor, "seeds batch units"]:
    """Give each unit mean 0 and deviation 1 over the batch (Ioffe and Szegedy 2015).

    Always over the batch at hand, when a network is examined, too: there are no running averages,
    so the answer to one example depends on those beside it.
    """
    return _standardised(sums, 1)


def layer_norm(
    sums: Float[Tensor, "seeds batch units"],
) -> Float[Tensor, "seeds batch units"]:
    """Give each example mean 0 and deviation 1 over the units (Ba et al. 2016)."""
    return _standardised(sums, 2)


def _standardised(sums: Tensor, axis: int) -> Tensor:
    centred = sums - sums.mean(dim=axis, keepdim=True)
    return centred * (centred.square().mean(dim=axis, keepdim=True) + _EPSILON).rsqrt()
