"""A small convolutional network that looks at a line of text and gives one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = [
    "PLACES",
    "POSITIONS",
    "VIEWS",
    "WIPED",
    "Field",
    "LineReader",
    "ShortReader",
    "fields",
    "without",
]

# Kernel, step and padding of each convolution: (height, width), in pixels of its input.
VIEWS = (
    ((5, 5), (2, 2), (2, 2)),
    ((3, 3), (2, 2), (1, 1)),
    ((4, 3), (1, 2), (0, 1)),  # as high as its input: from here on a line is one row
    ((1, 3), (1, 1), (0, 1)),
    ((1, 3), (1, 2), (0, 1)),
)
PLACES = 4, 12  # rows and columns of what a ShortReader keeps of its windows
POSITIONS = 6  # columns that the last convolution leaves
WIPED = 3  # the layer that `LineReader.answers_without` works on: its units see two letters


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
        maps = self._maps(pictures, 0, len(VIEWS))
        return (*maps, *self._top(maps[-1]))

    def answers_without(
        self,
        pictures: Float[Tensor, "batch 1 16 96"],
        wiped: Float[Tensor, "choices channels directions"],
    ) -> Float[Tensor, "choices batch answers"]:
        """Return the logits when layer WIPED has lost some directions: once for each choice.

        What lies along them is set to its average over the batch, and the layers above it run as
        ever.
        """
        whole = self._maps(pictures, 0, WIPED)[-1]
        answers = []
        for directions in wiped:
            top = self._maps(without(whole, directions), WIPED, len(VIEWS))[-1]
            answers.append(self._top(top)[-1])
        return torch.stack(answers)

    def forward(
        self,
        pictures: Float[Tensor, "batch 1 16 96"],
        wiped: Float[Tensor, "choices channels directions"] | None = None,
        every_layer: bool = False,
    ) -> Float[Tensor, "*choices batch answers"] | tuple[Float[Tensor, "batch ..."], ...]:
        """Return the logits, those of `answers_without`, or what all layers pass on."""
        if wiped is not None:
            return self.answers_without(pictures, wiped)
        layers = self.layers(pictures)
        return layers if every_layer else layers[-1]

    def _maps(self, signal: Tensor, first: int, last: int) -> list[Tensor]:
        maps: list[Tensor] = []
        for number in range(first, last):
            signal = self.convolutions[number](signal)
            if number == 0 and signal.is_cpu:  # the order in memory that a CPU is fastest with
                signal = signal.contiguous(memory_format=torch.channels_last)
            signal = torch.relu(self.norms[number](signal))
            maps.append(signal)
        return maps

    def _top(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.relu(self.hidden(maps.flatten(1)))
        return hidden, self.logits(hidden)


class ShortReader(nn.Module):
    """A LineReader without its ladder: the first convolution, a hidden layer and the logits.

    What the windows find is averaged to the PLACES of a grid, as fine as what the third convolution
    looks at and leaves, and normalised over the batch. Weights start as in LineReader.

    Args:
        channels: of the convolution.
        hidden: units of the hidden layer; it is where a short reader keeps most of its weights.
        answers: number of logits.
    """

    def __init__(self, channels: int = 12, hidden: int = 107, answers: int = 6) -> None:
        super().__init__()
        found = channels * PLACES[0] * PLACES[1]
        self.convolution = nn.Conv2d(1, channels, *VIEWS[0])
        self.norm = nn.BatchNorm1d(found, track_running_stats=False)
        self.hidden = nn.Linear(found, hidden)
        self.logits = nn.Linear(hidden, answers)
        for layer in (self.convolution, self.hidden):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        for layer in (self.convolution, self.hidden, self.logits):
            nn.init.zeros_(layer.get_parameter("bias"))

    def forward(self, pictures: Float[Tensor, "batch 1 16 96"]) -> Float[Tensor, "batch answers"]:
        """Return the logits."""
        found = torch.relu(self.convolution(pictures))
        places = nn.functional.adaptive_avg_pool2d(found, PLACES).flatten(1)
        return self.logits(torch.relu(self.hidden(self.norm(places))))


def without(
    maps: Float[Tensor, "batch channels height width"],
    directions: Float[Tensor, "channels directions"],
) -> Float[Tensor, "batch channels height width"]:
    """Return maps that no longer differ along some directions, from place to place or at all.

    Args:
        maps: what a convolution passes on.
        directions: of length 1 and at right angles to one another; one of zeros takes nothing.
    """
    moved = maps - maps.mean(dim=(0, 2, 3), keepdim=True)
    return maps - torch.einsum("nchw,ck,dk->ndhw", moved, directions, directions)


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
