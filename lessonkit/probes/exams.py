"""What can be read where: exams that every layer of a network sits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lessonkit.data.examples import Examples
from lessonkit.models.copies import Copies
from lessonkit.probes.linear import best_numbers, control_labels, measure_features, read_held_out

__all__ = [
    "examine",
    "halfway",
    "largest_step",
    "measure_best_numbers",
    "measure_control",
    "measure_layers",
    "read_layers",
]


def examine(
    model: Copies,
    exams: Mapping[str, Examples],
    known: Mapping[str, Sequence[Float[Tensor, "seeds examples _"]]] | None = None,
) -> dict[str, Float[Tensor, "seeds layers"]]:
    """Measure how well a linear probe reads each layer in each exam: the share right.

    Layers are averaged over positions, as `measure_features` does. Inputs that several exams share
    (the same tensor, as from `Pictures.asked`) are looked at once.

    Args:
        model: copies of a network whose forward knows `every_layer`, as LineReader's does.
        exams: name -> inputs with the right answers. The probe is fitted to the first of them, and
            examined on the last third.
        known: name -> what `measure_features` made of that exam's inputs already.

    Raises:
        ValueError: as in `linear.read_held_out`.
    """
    layers = {id(exams[name].inputs): layers for name, layers in (known or {}).items()}
    for exam in exams.values():
        if id(exam.inputs) not in layers:
            layers[id(exam.inputs)] = measure_features(model, exam.inputs)
    return {
        name: measure_layers(layers[id(exam.inputs)], exam.labels) for name, exam in exams.items()
    }


def measure_layers(
    layers: Sequence[Float[Tensor, "seeds examples *places _"]],
    labels: Int[Tensor, "examples ..."],
) -> Float[Tensor, "seeds layers"]:
    """Measure how well a linear probe reads each layer: the share right of what it never saw.

    With places, each has a probe of its own, and all places count alike.

    Raises:
        ValueError: as in `linear.read_held_out`.
    """
    read, _ = read_layers(layers, labels)
    return read.eq(labels[-read.shape[2] :].cpu()).double().flatten(2).mean(dim=2)


def read_layers(
    layers: Sequence[Float[Tensor, "seeds examples *places _"]],
    labels: Int[Tensor, "examples ..."],
) -> tuple[Int[Tensor, "seeds layers exam *places"], Float[Tensor, "seeds layers exam *places"]]:
    """Let a linear probe of each layer read the last third of the examples, fitted to the others.

    Args:
        layers: as from `measure_features`; with places if it was asked for spans.
        labels: one for each example, or one for each of its places.

    Returns:
        What is read, and the probability that its probe gives to that.

    Raises:
        ValueError: as in `linear.read_held_out`.
    """
    if labels.ndim == 2:
        places = [
            read_layers([layer[:, :, place] for layer in layers], labels[:, place])
            for place in range(labels.shape[1])
        ]
        read, chances = zip(*places, strict=True)
        return torch.stack(read, dim=3), torch.stack(chances, dim=3)
    read, chances = zip(*(read_held_out(layer, labels) for layer in layers), strict=True)
    return torch.stack(read, dim=1), torch.stack(chances, dim=1)


def measure_control(
    layers: Sequence[Float[Tensor, "seeds examples _"]],
    types: Int[Tensor, " examples"],
    labels: Int[Tensor, " examples"],
    deals: int,
) -> Float[Tensor, "seeds layers"]:
    """Measure how well each layer is read when the labels are dealt out to the types anew.

    The mean over `deals`, which are numbered and so the same everywhere; see `control_labels`.
    """
    dealt = [control_labels(types, labels, seed) for seed in range(deals)]
    return torch.stack([measure_layers(layers, deal) for deal in dealt]).mean(dim=0)


def measure_best_numbers(
    layers: Sequence[Float[Tensor, "seeds examples _"]],
    labels: Int[Tensor, " examples"],
    numbers: int,
) -> Float[Tensor, "seeds layers"]:
    """Measure how well each layer is read from its few best numbers: the share right.

    So no layer is read better for having more units. See `linear.best_numbers`.
    """
    return measure_layers([best_numbers(layer, labels, numbers) for layer in layers], labels)


def halfway(shares: Float[Tensor, "seeds layers"], start: float) -> Float[Tensor, " seeds"]:
    """Return where half of the climb from `start` to the best layer is done, in layers.

    Layer 0 stands for `start`, and between two layers the climb is a straight line: 3.5 is midway
    between layers 3 and 4. It is 0 where no layer is above the start.

    Args:
        shares: what each layer lets one read, as from `examine`.
        start: what is right without looking, as from `linear.majority_share`.
    """
    ground = torch.full_like(shares[:, :1], start)
    climb = torch.cat([ground, shares], dim=1)  # (seeds, 1 + layers)
    goal = (ground + climb.amax(dim=1, keepdim=True)) / 2
    above = (climb >= goal).int().argmax(dim=1, keepdim=True).clamp(min=1)
    low, high = climb.gather(1, above - 1), climb.gather(1, above)
    part = ((goal - low) / (high - low).clamp(min=1e-9)).clamp(0, 1)
    return (above - 1 + part)[:, 0]


def largest_step(shares: Float[Tensor, "seeds layers"], start: float) -> Float[Tensor, " seeds"]:
    """Return the largest rise from one layer to the next, as a share of the climb to the best.

    Layer 0 stands for `start`, as in `halfway`: 1 if a single layer makes the whole climb.
    """
    ground = torch.full_like(shares[:, :1], start)
    rises = shares.diff(dim=1, prepend=ground)
    return rises.amax(dim=1) / (shares.amax(dim=1) - start)
