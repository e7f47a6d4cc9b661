"""What becomes of the signals on their way up: how different they stay, how much they change."""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lessonkit.models.mlp import MLP
from lessonkit.models.stack import Block, Stack

__all__ = [
    "count_directions",
    "hidden_signals",
    "measure_alikeness",
    "measure_beyond",
    "measure_change",
    "measure_directions",
    "measure_distances",
    "measure_main_axis",
    "measure_recall",
    "measure_size",
    "share_of_main_axis",
]


def count_directions(cloud: Float[Tensor, "seeds examples units"]) -> Float[Tensor, " seeds"]:
    """Count the directions in which a cloud of points extends.

    With v the variances along its main axes this is (Σ v)² / Σ v²: 1 for points on a line, 2 for a
    round disc, `units` if they are spread evenly over all axes. It is known as the participation
    ratio of the covariance's spectrum.
    """
    spread = _spread(cloud)  # its eigenvalues are the v
    total = spread.diagonal(dim1=1, dim2=2).sum(dim=1)
    return total**2 / spread.square().sum(dim=(1, 2))


def share_of_main_axis(cloud: Float[Tensor, "seeds examples units"]) -> Float[Tensor, " seeds"]:
    """Return the share of a cloud's variance that lies along the longest of its main axes."""
    along = torch.linalg.eigvalsh(_spread(cloud))  # in ascending order
    return along[:, -1] / along.sum(dim=1)


@torch.no_grad()
def measure_directions(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, "seeds hidden"]:
    """Count the directions behind each hidden layer, every copy seeing the same inputs."""
    return torch.stack([count_directions(cloud) for cloud in hidden_signals(model, inputs)], dim=1)


@torch.no_grad()
def measure_alikeness(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, "seeds hidden"]:
    """Measure how much alike the signals of different inputs are behind each hidden layer.

    The mean cosine between all pairs of inputs: 1 if all signals point the same way.
    """
    alike = []
    for cloud in hidden_signals(model, inputs):
        ways = nn.functional.normalize(cloud.double(), dim=2)
        count = ways.shape[1]
        pairs = ways.sum(dim=1).square().sum(dim=1) - ways.square().sum(dim=(1, 2))
        alike.append(pairs / (count * (count - 1)))
    return torch.stack(alike, dim=1)


@torch.no_grad()
def measure_distances(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, " seeds"]:
    """Correlate the distances between all pairs of inputs behind the first and last hidden layer.

    1 if all have grown or shrunk by one factor; 0 if who was near to whom has been forgotten.
    """
    hidden = hidden_signals(model, inputs)
    first, last = (_distances(cloud) for cloud in (hidden[0], hidden[-1]))
    return (first * last).mean(dim=1)


@torch.no_grad()
def measure_main_axis(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, "seeds hidden"]:
    """Measure the share of the variance on one axis behind each hidden layer."""
    return torch.stack(
        [share_of_main_axis(cloud) for cloud in hidden_signals(model, inputs)], dim=1
    )


@torch.no_grad()
def measure_change(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, "seeds steps"]:
    """Measure by how much each layer between two hidden ones changes its signal: |x' − x| / |x|.

    The mean over the inputs. Both signals must have the same width.
    """
    share = [
        (after - before).norm(dim=2) / before.norm(dim=2)
        for before, after in pairwise(hidden_signals(model, inputs))
    ]
    return torch.stack(share, dim=1).mean(dim=2)


@torch.no_grad()
def measure_beyond(
    stack: Stack, inputs: Float[Tensor, "examples features"], line: Block
) -> Float[Tensor, "seeds blocks"]:
    """Measure what each block puts out beyond one line of code: the largest |x' − line(x, f)|.

    Args:
        stack: whose blocks are compared with the line, each at the signal that reaches it.
        inputs: every copy sees the same.
        line: takes a signal and the block's layer, as the stack's own `block` does.
    """
    beyond = [
        (after - line(before, stack.layer(number))).abs().amax(dim=(1, 2))
        for number, (before, after) in enumerate(pairwise(hidden_signals(stack, inputs)), 1)
    ]
    return torch.stack(beyond, dim=1)


@torch.no_grad()
def measure_size(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> Float[Tensor, "seeds hidden"]:
    """Measure the size of the signal behind each hidden layer: its norm over all inputs."""
    return torch.stack([cloud.norm(dim=(1, 2)) for cloud in hidden_signals(model, inputs)], dim=1)


@torch.no_grad()
def measure_recall(
    model: MLP,
    fitted: Float[Tensor, "examples features"],
    asked: Float[Tensor, "others features"],
    layer: int,
) -> Float[Tensor, " seeds"]:
    """Measure how much of the inputs a weighted sum of one layer's units gives back.

    The share of the inputs' variance, over all features: 1 if nothing is lost, 0 if the layer tells
    no more than the mean input does. It may come out below 0.

    Args:
        model: every copy sees the same inputs.
        fitted: what the sums are fitted to, by least squares.
        asked: inputs that they were not fitted to, on which they are judged.
        layer: 1 is the first hidden layer.
    """
    known, told = (
        hidden_signals(model, some)[layer - 1].cpu().double() for some in (fitted, asked)
    )
    mean = known.mean(dim=1, keepdim=True)
    known, told = known - mean, told - mean
    centre = fitted.double().mean(dim=0)
    wanted, truth = ((some.double() - centre).cpu() for some in (fitted, asked))
    square = known.mT @ known
    size = square.diagonal(dim1=1, dim2=2).mean(dim=1)[:, None, None].clamp(min=1e-12)
    ball = 1e-6 * size * torch.eye(square.shape[1], dtype=square.dtype)  # units may say the same
    sums = torch.linalg.solve(square + ball, known.mT @ wanted)
    return 1 - (told @ sums - truth).square().sum(dim=(1, 2)) / truth.square().sum()


def hidden_signals(
    model: MLP, inputs: Float[Tensor, "examples features"]
) -> list[Float[Tensor, "seeds examples _"]]:
    """Return what each hidden layer passes on, every copy seeing the same inputs."""
    return model.signals(model.same_for_all(inputs))[1:-1]


def _spread(cloud: Tensor) -> Float[Tensor, "seeds units units"]:
    centred = (cloud - cloud.mean(dim=1, keepdim=True)).cpu().double()
    return centred.mT @ centred


def _distances(cloud: Tensor) -> Float[Tensor, "seeds pairs"]:
    """Return the distances of all pairs, standardised."""
    points = cloud.cpu().double()
    one, other = torch.triu_indices(points.shape[1], points.shape[1], 1)
    # Not by x² + y² − 2xy, which is blind to what is small beside the cloud's distance from 0.
    apart = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")[:, one, other]
    centred = apart - apart.mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=1, keepdim=True).sqrt()
