"""Norms: what brings the sums of a layer to a common size, learning nothing by themselves.

Both leave out the gain and the shift that libraries learn behind them, so that a comparison with
and without a norm changes nothing else.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["batch_norm", "layer_norm"]

_EPSILON = 1e-5  # as torch has it: a sum that never changes is not divided by zero


def batch_norm(
    sums: Float[Tensor, "seeds batch units"],
) -> Float[Tensor, "seeds batch units"]:
    """Give each unit mean 0 and deviation 1 over the batch (Ioffe and Szegedy 2015).

    Always over the batch at hand, when a network is examined, too: there are no running averages,
    so the answer to one example depends on those beside it.
    """
    copies, batch, units = sums.shape
    # All units of all copies side by side, as one operation of torch's has them, in half the time;
    # asked for by its own name, for its wrapper refuses a batch of one.
    flat = sums.mT.reshape(1, copies * units, batch)
    normed = torch.batch_norm(flat, None, None, None, None, True, 0.0, _EPSILON, False)
    return normed.view(copies, units, batch).mT


def layer_norm(
    sums: Float[Tensor, "seeds batch units"],
) -> Float[Tensor, "seeds batch units"]:
    """Give each example mean 0 and deviation 1 over the units (Ba et al. 2016)."""
    return nn.functional.layer_norm(sums, sums.shape[-1:], eps=_EPSILON)
