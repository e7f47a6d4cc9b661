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
    "measure_map",
    "measure_share",
    "measure_wiped",
    "mixed_directions",
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


def mixed_directions(
    features: Float[Tensor, "seeds examples features"], count: int, draws: int, seed: int
) -> Float[Tensor, "seeds {draws} features {count}"]:
    """Draw sets of directions by chance, each a mixture of how the examples differ.

    So they hold much more of what varies than `random_directions` do. Those of a set are at right
    angles and of length 1.
    """
    moved = (features - features.mean(dim=1, keepdim=True)).cpu().double()
    size, axes = torch.linalg.eigh(moved.mT @ moved)
    spread = axes * size.clamp(min=0).sqrt().unsqueeze(1)  # (seeds, features, axes)
    chance = Generator().manual_seed(seed)
    drawn = torch.randn(draws, features.shape[2], count, generator=chance).double()
    return torch.linalg.qr(spread[:, None] @ drawn)[0]


@torch.no_grad()
def measure_map(
    model: Copies, pictures: Float[Tensor, "pictures 1 height width"], layer: int
) -> Float[Tensor, "seeds looks channels"]:
    """Return what a layer's map holds, each place of each picture being a look of its own.

    Args:
        model: copies of a network whose forward knows `every_layer`, as LineReader's does.
        pictures: shown to every copy, in one go.
        layer: 1 is next to the pixels.
    """
    found: Tensor = model(model.same_for_all(pictures), every_layer=True)[layer - 1]
    return found.movedim(2, -1).flatten(1, 3).cpu()


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
    directions: Mapping[str, Float[Tensor, "seeds draws channels _"]],
) -> dict[str, Float[Tensor, "seeds draws"]]:
    """Measure the share of answers that is lost without some directions: name -> draw by draw.

    Args:
        model: as for `measure_wiped`.
        examples: on the model's device.
        directions: name -> each copy's own sets of directions, all with equally many.

    Returns:
        What is lost; below 0 is gained.
    """
    nothing = torch.zeros_like(next(iter(directions.values()))[:, :1])
    right = measure_wiped(model, examples, torch.cat([nothing, *directions.values()], dim=1))
    lost = (right[:, :1] - right[:, 1:]).split([d.shape[1] for d in directions.values()], dim=1)
    return dict(zip(directions, lost, strict=True))
