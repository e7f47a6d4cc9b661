"""A small convolutional network that looks at a line of text and gives one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["POSITIONS", "VIEWS", "Field", "LineReader", "fields"]

# Kernel, step and padding of each convolution: (height, width), in pixels of its input.
VIEWS = (
    ((5, 5), (2, 2), (2, 2)),
    ((3, 3), (2, 2), (1, 1)),
    ((4, 3), (1, 2), (0, 1)),  # as high as its input: from here on a line is one row
    ((1, 3), (1, 1), (0, 1)),
    ((1, 3), (1, 2), (0, 1)),
)
POSITIONS = 6  # columns that the last convolution leaves


class LineReader(nn.Module):
    """Five convolutions, a hidden layer and the logits: seven layers with weights.

    Convolutions are followed by ReLU, and all but the first are normalised over the batch, with the
    batch's own statistics. Weights start as He et al. 2015 (eq. 10) draw them for ReLU. On a CPU,
    copies run one after another (`CopiesOf(…, together=False)`).

    Args:
        channels: of each of the five convolutions.
        hidden: units of the hidden layer.
        answers: number of logits.

    Raises:
        ValueError: not five numbers of channels.
    """

    def __init__(
        self,
        channels: Sequence[int] = (12, 24, 48, 64, 64),
        hidden: int = 64,
        answers: int = 6,
    ) -> None:
        super().__init__()
        if len(channels) != len(VIEWS):
            raise ValueError(
                f"LineReader: expected {len(VIEWS)} numbers of channels, got {channels}."
            )
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for before, after, view in zip([1, *channels], channels, VIEWS, strict=False):
            first = not self.convolutions
            convolution = nn.Conv2d(before, after, *view, bias=first)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            self.convolutions.append(convolution)
            self.norms.append(
                nn.Identity() if first else nn.BatchNorm2d(after, track_running_stats=False)
            )
        self.hidden = nn.Linear(channels[-1] * POSITIONS, hidden)
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")
        self.logits = nn.Linear(hidden, answers)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)

    def layers(
        self, pictures: Float[Tensor, "batch 1 16 96"]
    ) -> tuple[Float[Tensor, "batch ..."], ...]:
        """Return what each of the seven layers passes on: five maps, the hidden units, the logits.

        A map is (batch, channels, height, width), and its columns follow the line.
        """
        maps: list[Tensor] = []
        signal = pictures
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            signal = convolution(signal)
            if not maps and signal.is_cpu:  # the order in memory that a CPU is fastest with
                signal = signal.contiguous(memory_format=torch.channels_last)
            signal = torch.relu(norm(signal))
            maps.append(signal)
        hidden = torch.relu(self.hidden(signal.flatten(1)))
        return (*maps, hidden, self.logits(hidden))

    def forward(
        self, pictures: Float[Tensor, "batch 1 16 96"], every_layer: bool = False
    ) -> Float[Tensor, "batch answers"] | tuple[Float[Tensor, "batch ..."], ...]:
        """Return the logits, or with `every_layer` what all layers pass on."""
        layers = self.layers(pictures)
        return layers if every_layer else layers[-1]


class Field(NamedTuple):
    """Where the units of a map look, along one axis of the picture, in pixels."""

    size: int
    step: int
    start: int  # of the first unit; below 0 it begins outside the picture

    def span(self, unit: int) -> tuple[int, int]:
        """Return the first pixel that a unit sees, and the one after its last."""
        start = self.start + unit * self.step
        return start, start + self.size


def fields() -> list[tuple[Field, Field]]:
    """Return what a unit of each convolution can see: along the height, along the width.

    A kernel of k adds k − 1 steps of its input to the field; a step of its input is as many pixels
    as the strides of all convolutions before it, multiplied.
    """
    high = wide = Field(1, 1, 0)
    seen = []
    for kernel, stride, padding in VIEWS:
        high, wide = (
            Field(field.size + (k - 1) * field.step, field.step * s, field.start - p * field.step)
            for field, k, s, p in zip((high, wide), kernel, stride, padding, strict=True)
        )
        seen.append((high, wide))
    return seen
