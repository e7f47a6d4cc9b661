"""Is it used? What the answers lose when a layer loses the directions that show something."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.copies import Copies
from lessonkit.probes.accuracy import share_right

__all__ = [
    "measure_cost",
    "measure_share",
    "measure_wiped",
    "random_directions",
    "telling_directions",
]


def telling_directions(
    features: Float[Tensor, "seeds examples features"],
    labels: Int[Tensor, " examples"],
    count: int,
) -> Float[Tensor, "seeds features {count}"]:
    """Return the directions along which the classes of some labels lie furthest apart.

    They are the main axes of the classes' means, at right angles to one another, of length 1. With
    fewer than count + 1 classes there are not as many, and the rest are zeros.

    Args:
        features: one layer's numbers, for each copy.
        labels: the same for all copies.
        count: how many.
    """
    features, labels = features.cpu().double(), labels.cpu()
    means = torch.stack([features[:, labels == kind].mean(dim=1) for kind in labels.unique()], 1)
    found = torch.linalg.svd((means - means.mean(dim=1, keepdim=True)).mT, full_matrices=False)[0]
    found = found[..., : min(count, means.shape[1] - 1)]
    return torch.nn.functional.pad(found, (0, count - found.shape[-1]))


def random_directions(
    features: int, count: int, draws: int, seed: int
) -> Float[Tensor, "{draws} {features} {count}"]:
    """Draw sets of directions by chance, those of a set at right angles and of length 1."""
    drawn = torch.randn(draws, features, count, generator=Generator().manual_seed(seed)).double()
    return torch.linalg.qr(drawn)[0]


def measure_share(
    features: Float[Tensor, "seeds examples features"],
    directions: Float[Tensor, "seeds features _"],
) -> Float[Tensor, " seeds"]:
    """Measure how much of a layer's variance lies along some directions, from 0 to 1."""
    features = features.cpu().double()
    moved = features - features.mean(dim=1, keepdim=True)
    along = (moved @ directions).square().sum(dim=(1, 2))
    return along / moved.square().sum(dim=(1, 2))


@torch.no_grad()
def measure_wiped(
    model: Copies,
    examples: Examples,
    wiped: Float[Tensor, "seeds choices channels directions"],
    chunk: int = 500,
) -> Float[Tensor, "seeds choices"]:
    """Measure the share of right answers without some directions, for each choice of them.

    Args:
        model: copies of a network whose forward knows `wiped`, as LineReader's does.
        examples: on the model's device.
        wiped: each copy's own choices; one of zeros takes nothing away.
        chunk: pictures looked at in one go, as in `measure_features`.
    """
    wiped = wiped.to(examples.inputs)
    return share_right(lambda some: model(model.same_for_all(some), wiped), examples, chunk)


def measure_cost(
    model: Copies,
    examples: Examples,
    directions: Mapping[str, Float[Tensor, "seeds channels directions"]],
    chance: Float[Tensor, "draws channels directions"],
) -> tuple[dict[str, Float[Tensor, " seeds"]], Float[Tensor, "seeds draws"]]:
    """Measure the share of answers that is lost without some directions, or without others.

    Args:
        model: as for `measure_wiped`.
        examples: on the model's device.
        directions: name -> directions that show something, each copy's own.
        chance: as many by chance, the same for every copy.

    Returns:
        name -> what is lost, and what is lost with each draw by chance. Below 0 is gained.
    """
    named = torch.stack(
        [torch.zeros_like(next(iter(directions.values()))), *directions.values()], 1
    )
    both = torch.cat([named, chance.expand(len(named), *chance.shape)], dim=1)
    right = measure_wiped(model, examples, both)
    lost = right[:, :1] - right[:, 1:]
    by_name = dict(zip(directions, lost.T, strict=False))
    return by_name, lost[:, len(directions) :]
