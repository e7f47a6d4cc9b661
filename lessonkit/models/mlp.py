"""A multi-layer perceptron, and the weights that it may start from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from lessonkit.models.copies import Copies

__all__ = [
    "ACTIVATIONS",
    "INITIALISATIONS",
    "MLP",
    "Activation",
    "Function",
    "Initialisation",
    "he",
    "normal",
    "orthogonal",
    "pytorch",
    "rotation",
    "xavier",
]

Activation = Callable[[Tensor], Tensor]
Initialisation = Callable[
    [int, int, Generator], tuple[Float[Tensor, "outputs inputs"], Float[Tensor, " outputs"]]
]
Function = TypeVar("Function")

ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
    "leaky": nn.functional.leaky_relu,  # slope 0.01 below zero
}


class MLP(Copies):
    """A multi-layer perceptron in one copy per seed.

    Args:
        sizes: units from input to output, as in `[64, 32, 32, 10]`: a network of depth 3, because
            depth counts the layers that have weights.
        activation: a name from ACTIVATIONS, or any function of a tensor, applied after every layer
            but the last.
        initialisation: a name from INITIALISATIONS, or a function like those.
        seeds: one copy for each; a copy depends on its own seed alone.
        device: where the weights live. They are drawn on the CPU, equal on every device.
        norm: what is done to the weighted sums of every layer but the last before the activation,
            such as `batch_norm` or `layer_norm`. Default: nothing.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Activation,
        initialisation: str | Initialisation,
        seeds: Sequence[int],
        device: str = "cpu",
        norm: Activation | None = None,
    ) -> None:
        super().__init__(seeds)
        self.norm = norm
        self.activation = _named(activation, ACTIVATIONS, "activation")
        draw = _named(initialisation, INITIALISATIONS, "initialisation")
        generators = [Generator().manual_seed(seed) for seed in self.seeds]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in pairwise(sizes):
            drawn = [draw(inputs, outputs, generator) for generator in generators]
            weights, biases = (torch.stack(part).to(device) for part in zip(*drawn, strict=True))
            self.weights.append(weights)  # (seeds, outputs, inputs), as nn.Linear has them
            self.biases.append(biases.unsqueeze(1))  # (seeds, 1, outputs), to fit every example

    @property
    def depth(self) -> int:
        """The number of layers with weights."""
        return len(self.weights)

    @torch.no_grad()
    def scale_weights(self, by: float | Sequence[float]) -> MLP:
        """Multiply all weights, biases left out, by one factor or by one for each copy."""
        factors = torch.as_tensor(by).expand(len(self.seeds))
        for weights in self.weights:
            weights.mul_(factors.to(weights)[:, None, None])
        return self

    def weighted(
        self, layer: int, signal: Float[Tensor, "seeds batch inputs"]
    ) -> Float[Tensor, "seeds batch outputs"]:
        """Return a layer's weighted sums of a signal, plus its biases."""
        # As W xᵀ, and never turned back in memory: so is every gradient in the order in which it
        # is wanted, and a narrow last layer takes half the time of x Wᵀ.
        return torch.baddbmm(self.biases[layer].mT, self.weights[layer], signal.mT).mT

    def signals(
        self, inputs: Float[Tensor, "seeds batch features"]
    ) -> list[Float[Tensor, "seeds batch _"]]:
        """Return what each layer passes on, from the inputs to the logits: depth + 1 signals."""
        signals = [inputs]
        for layer in range(self.depth):
            weighted = self.weighted(layer, signals[-1])
            if layer < self.depth - 1:
                weighted = self.activation(self.norm(weighted) if self.norm else weighted)
            signals.append(weighted)
        return signals

    def forward(
        self, inputs: Float[Tensor, "seeds batch features"]
    ) -> Float[Tensor, "seeds batch classes"]:
        """Return the logits."""
        return self.signals(inputs)[-1]


def xavier(inputs: int, outputs: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw weights uniformly, variance 2 / (inputs + outputs) (Glorot and Bengio 2010, eq. 16)."""
    bound = math.sqrt(6 / (inputs + outputs))
    return _uniform((outputs, inputs), bound, generator), torch.zeros(outputs)


def he(inputs: int, outputs: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw normal weights of variance 2 / inputs, made for ReLU (He et al. 2015, eq. 10)."""
    weights = torch.randn(outputs, inputs, generator=generator)
    return weights * math.sqrt(2 / inputs), torch.zeros(outputs)


def pytorch(inputs: int, outputs: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw as `nn.Linear` does: weights and biases uniform, variance 1 / (3 inputs)."""
    bound = 1 / math.sqrt(inputs)
    weights = _uniform((outputs, inputs), bound, generator)
    return weights, _uniform((outputs,), bound, generator)


def orthogonal(inputs: int, outputs: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw a random rotation, in which nothing grows or shrinks (Saxe et al. 2014, section 3).

    Where one side has fewer units, only as many directions get through.
    """
    drawn = torch.randn(outputs, inputs, generator=generator)
    weights = rotation(drawn) if outputs >= inputs else rotation(drawn.mT).mT
    return weights, torch.zeros(outputs)


def normal(inputs: int, outputs: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw weights from N(0, 1), whatever the width."""
    return torch.randn(outputs, inputs, generator=generator), torch.zeros(outputs)


INITIALISATIONS: dict[str, Initialisation] = {
    "xavier": xavier,
    "he": he,
    "pytorch": pytorch,
    "normal": normal,
    "orthogonal": orthogonal,
}


def rotation(weights: Float[Tensor, "*seeds rows columns"]) -> Float[Tensor, "*seeds rows columns"]:
    """Turn drawn weights into a rotation, maybe with a mirror, and no direction preferred."""
    q, r = torch.linalg.qr(weights.double())
    signs = r.diagonal(dim1=-2, dim2=-1).sign()  # else q would depend on how it was computed
    return (q * signs.unsqueeze(-2)).to(weights)


def _uniform(shape: tuple[int, ...], bound: float, generator: Generator) -> Tensor:
    return (2 * torch.rand(shape, generator=generator) - 1) * bound


def _named(choice: str | Function, known: dict[str, Function], what: str) -> Function:
    if not isinstance(choice, str):
        return choice
    if choice not in known:
        raise ValueError(f"{what} {choice!r}: expected a function or one of {', '.join(known)}.")
    return known[choice]
