"""What can be read off a layer with nothing but a weighted sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from lessonkit.models.copies import Copies

__all__ = [
    "HELD_OUT",
    "LinearProbe",
    "best_numbers",
    "control_labels",
    "fit_probe",
    "majority_share",
    "measure_features",
    "measure_readability",
    "read_held_out",
]

HELD_OUT = 1 / 3  # share of the examples that a probe is examined on, and never fitted to


@dataclass(frozen=True)
class LinearProbe:
    """Weighted sums of a layer's numbers, one for each class: the largest is the probe's reading.

    Made by `fit_probe`, one for each copy of a network.
    """

    classes: Int[Tensor, " classes"]
    weights: Float[Tensor, "seeds features classes"]
    offsets: Float[Tensor, "seeds 1 classes"]

    def scores(
        self, features: Float[Tensor, "seeds examples features"]
    ) -> Float[Tensor, "seeds examples classes"]:
        """Return the log-probability of each class, up to a number that all classes share."""
        return features.cpu().double() @ self.weights + self.offsets


@torch.no_grad()
def fit_probe(
    features: Float[Tensor, "seeds examples features"],
    labels: Int[Tensor, " examples"],
    shrinkage: float = 0.01,
) -> LinearProbe:
    """Fit linear probes in closed form, by linear discriminant analysis (Fisher 1936).

    Each class is taken for a cloud of its own mean; the clouds have one covariance, averaged over
    classes and pulled towards a ball by `shrinkage`. A least-squares fit of one-hot labels would be
    as short, but with many classes it overlooks those that lie between others (Hastie, Tibshirani
    and Friedman, The Elements of Statistical Learning, section 4.2).

    Args:
        features: one layer's numbers, for each copy; they are standardised here.
        labels: the same for all copies. Only classes that occur can be read.
        shrinkage: from 0 to 1; the share of a ball in the covariance.

    Raises:
        ValueError: one class only, fewer than two examples for each class, or features that are
            not finite.
    """
    classes, label = labels.cpu().unique(return_inverse=True)
    clouds = _clouds(features, label, shrinkage)
    weights = torch.linalg.solve(clouds.covariance, clouds.centres.mT)  # (seeds, features, classes)
    offsets = clouds.share.log() - (clouds.centres.mT * weights).sum(dim=1, keepdim=True) / 2
    weights = weights / clouds.deviation.mT
    return LinearProbe(classes, weights, offsets - clouds.mean @ weights)


@torch.no_grad()
def best_numbers(
    features: Float[Tensor, "seeds examples features"],
    labels: Int[Tensor, " examples"],
    count: int,
    held_out: float = HELD_OUT,
    shrinkage: float = 0.01,
) -> Float[Tensor, "seeds examples numbers"]:
    """Return the few weighted sums of a layer's numbers that tell the classes apart best.

    They are the discriminant axes, along which the classes' means lie furthest apart, measured by
    the spread within a class. The best sums for all classes together need not suit each one.

    Args:
        features: one layer's numbers, for each copy.
        labels: the same for all copies; those of the last examples, a share of `held_out`, are not
            looked at.
        count: how many sums; fewer where the layer has fewer numbers.
        held_out: as for `read_held_out`.
        shrinkage: as for `fit_probe`.

    Raises:
        ValueError: as in `read_held_out`.
    """
    fitted = len(labels) - _exam_size(len(labels), held_out)
    _, label = labels[:fitted].cpu().unique(return_inverse=True)
    clouds = _clouds(features[:, :fitted], label, shrinkage)
    root = torch.linalg.cholesky(clouds.covariance)
    means = (clouds.centres * clouds.share[:, None].sqrt()).mT  # (seeds, features, classes)
    within = torch.linalg.solve_triangular(root, means, upper=False)
    axes = torch.linalg.svd(within, full_matrices=False)[0][..., :count]
    sums = torch.linalg.solve_triangular(root.mT, axes, upper=True)
    return (features.cpu().double() - clouds.mean) / clouds.deviation @ sums


class _Clouds(NamedTuple):
    """The classes as clouds of points, in standardised numbers."""

    mean: Float[Tensor, "seeds 1 features"]  # to standardise with
    deviation: Float[Tensor, "seeds 1 features"]
    share: Float[Tensor, " classes"]  # of the examples
    centres: Float[Tensor, "seeds classes features"]
    covariance: Float[Tensor, "seeds features features"]  # within a class


def _clouds(features: Tensor, label: Tensor, shrinkage: float) -> _Clouds:
    features, classes = features.cpu().double(), int(label.max()) + 1
    examples, width = features.shape[1:]
    if classes < 2 or examples < 2 * classes:
        raise ValueError(
            f"fit_probe: expected at least 2 classes and 2 examples for each, got {examples} "
            f"examples of {classes} class(es). Draw more pictures."
        )
    if not features.isfinite().all():
        raise ValueError("fit_probe: expected finite features, got NaN or infinity in a layer.")
    deviation, mean = torch.std_mean(features, dim=1, keepdim=True, correction=0)
    deviation[deviation == 0] = 1  # a number that never changes tells nothing, and harms nothing
    inputs = (features - mean) / deviation
    member = torch.nn.functional.one_hot(label, classes).to(inputs)  # (examples, classes)
    count = member.sum(dim=0)
    centres = (member.T @ inputs) / count[:, None]
    # Within the clouds: what varies in all, less what varies from centre to centre, all around 0.
    between = (centres * count[:, None]).mT @ centres
    covariance = (inputs.mT @ inputs - between) / examples
    size = covariance.diagonal(dim1=1, dim2=2).mean(dim=1).clamp(min=1e-12)[:, None, None]
    ball = size * torch.eye(width, dtype=inputs.dtype)
    mixed = (1 - shrinkage) * covariance + shrinkage * ball
    return _Clouds(mean, deviation, count / examples, centres, mixed)


def read_held_out(
    features: Float[Tensor, "seeds examples features"],
    labels: Int[Tensor, " examples"],
    held_out: float = HELD_OUT,
    shrinkage: float = 0.01,
) -> tuple[Int[Tensor, "seeds exam"], Float[Tensor, "seeds exam"]]:
    """Fit a probe to the first examples and let it read the last, a share of `held_out`.

    Returns:
        What it reads, and the probability that it gives to that.

    Raises:
        ValueError: as in `fit_probe`, or no example is left on one of the two sides.
    """
    exam = _exam_size(len(labels), held_out)
    probe = fit_probe(features[:, :-exam], labels[:-exam], shrinkage)
    chances, read = probe.scores(features[:, -exam:]).softmax(dim=2).max(dim=2)
    return probe.classes[read], chances


def _exam_size(examples: int, held_out: float) -> int:
    exam = round(held_out * examples)
    if not 0 < exam < examples:
        raise ValueError(
            f"read_held_out: expected a share held out of {examples} examples that leaves some "
            f"on both sides, got {held_out:g}."
        )
    return exam


def measure_readability(
    features: Float[Tensor, "seeds examples features"],
    labels: Int[Tensor, " examples"],
    held_out: float = HELD_OUT,
    shrinkage: float = 0.01,
) -> Float[Tensor, " seeds"]:
    """Measure how well a linear probe reads the labels: the share right of examples it never saw.

    That says what can be decoded from a layer, not what the network makes of it (Alain and Bengio
    2016). Compare with `majority_share` and with `control_labels`.

    Raises:
        ValueError: as in `read_held_out`.
    """
    read, _ = read_held_out(features, labels, held_out, shrinkage)
    return read.eq(labels[-read.shape[1] :].cpu()).double().mean(dim=1)


def majority_share(labels: Int[Tensor, "examples ..."]) -> float:
    """Return the share of the commonest label: what is right without looking.

    With places, the commonest of each place, and the mean over all places.
    """
    if labels.ndim == 2:
        return sum(map(majority_share, labels.T)) / labels.shape[1]
    return int(labels.bincount().max()) / len(labels)


def control_labels(
    types: Int[Tensor, " examples"], labels: Int[Tensor, " examples"], seed: int
) -> Int[Tensor, " examples"]:
    """Deal the labels out to the types anew, by chance: a control task (Hewitt and Liang 2019).

    Each type (a word, say) keeps one label wherever it occurs, and as many types as before have
    each label, but what a label means is gone. A probe that does as well on these labels shows its
    own skill, or the types, rather than the labels' meaning. Accuracy minus accuracy on this task
    is called selectivity.

    Args:
        types: the type of each example.
        labels: the label of each example, which its type decides.
        seed: of the deal. No type is promised to change its label.

    Raises:
        ValueError: a type with two labels.
    """
    types, labels = types.cpu(), labels.cpu()
    kinds, position = types.unique(return_inverse=True)
    first = torch.stack([labels[types == kind][0] for kind in kinds])
    if not torch.equal(first[position], labels):
        raise ValueError("control_labels: expected one label for each type, got a type with two.")
    deal = torch.randperm(len(kinds), generator=Generator().manual_seed(seed))
    return first[deal][position]


@torch.no_grad()
def measure_features(
    model: Copies,
    pictures: Float[Tensor, "pictures 1 height width"],
    spans: Int[Tensor, "pictures places 2"] | None = None,
    chunk: int = 500,
) -> list[Float[Tensor, "seeds pictures *places features"]]:
    """Return what each layer makes of the pictures, averaged over the positions of its map.

    Averaging gives every layer the same terms: it may say what is in the picture, not where.

    Args:
        model: copies of a network whose forward knows `every_layer`, as LineReader's does.
        pictures: shown to every copy.
        spans: the first pixel column of each place, and the one after its last; then the average
            is taken over the columns of the map above each place. A layer without positions says
            the same in all places.
        chunk: pictures looked at in one go. A layer that is normalised over the batch depends on
            it, so it should be as even as the training batches were mixed.
    """
    parts: list[list[Tensor]] = []
    for start in range(0, len(pictures), chunk):
        some = pictures[start : start + chunk]
        layers = model(model.same_for_all(some), every_layer=True)
        where = None if spans is None else spans[start : start + chunk]
        parts.append([_averaged(layer, where, some.shape[-1]) for layer in layers])
    return [torch.cat(layer, dim=1).cpu() for layer in zip(*parts, strict=True)]


def _averaged(layer: Tensor, spans: Tensor | None, pixels: int) -> Tensor:
    if layer.ndim == 3:  # (seeds, pictures, units): no positions
        return layer if spans is None else layer.unsqueeze(2).expand(-1, -1, spans.shape[1], -1)
    if spans is None:
        return layer.mean(dim=(3, 4))
    rows = layer.mean(dim=3)  # (seeds, pictures, channels, columns)
    edges = torch.linspace(0, pixels, rows.shape[-1] + 1, device=layer.device)
    first, last = spans[..., :1], spans[..., 1:]
    shared = (torch.minimum(edges[1:], last) - torch.maximum(edges[:-1], first)).clamp(min=0)
    share = shared / shared.sum(dim=-1, keepdim=True)  # (pictures, places, columns)
    return torch.einsum("npw,snfw->snpf", share, rows)
