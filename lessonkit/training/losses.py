"""How wrong is a network?"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor, nn

__all__ = ["mean_loss", "squared_error", "yes_no_loss"]


def mean_loss(
    logits: Float[Tensor, "seeds batch classes"], labels: Int[Tensor, "seeds batch"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's cross-entropy, in nats, averaged over its batch."""
    # With the examples innermost: four times as fast as with the few classes there.
    return nn.functional.cross_entropy(logits.mT, labels, reduction="none").mean(dim=1)


def yes_no_loss(
    sums: Float[Tensor, "seeds batch 1"], answers: Int[Tensor, "seeds batch"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's cross-entropy, in nats, where its one output above 0 means yes (1)."""
    losses = nn.functional.binary_cross_entropy_with_logits(
        sums.squeeze(2), answers.to(sums.dtype), reduction="none"
    )
    return losses.mean(dim=1)


def squared_error(
    outputs: Float[Tensor, "seeds batch numbers"], wanted: Float[Tensor, "seeds batch numbers"]
) -> Float[Tensor, " seeds"]:
    """Return each copy's squared gap to what is wanted, averaged over its batch and numbers."""
    return (outputs - wanted).square().mean(dim=(1, 2))
