"""A deep stack of equal blocks, in which every block decides what to do with its layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.models.mlp import MLP, Activation, rotation

__all__ = ["STARTS", "Block", "Layer", "Stack", "Start"]

Layer = Callable[[Tensor], Tensor]
Block = Callable[[Tensor, Layer], Tensor]
Start = Callable[[Tensor], Tensor]


def _shuffle(weights: Float[Tensor, "seeds width width"]) -> Float[Tensor, "seeds width width"]:
    """Let each unit hand on another one's signal: the order in which chance laid the first row."""
    return torch.eye(weights.shape[-1])[weights[:, 0].argsort(dim=1)]


STARTS: dict[str, Start] = {
    "he": lambda weights: weights,
    "zero": torch.zeros_like,
    "identity": lambda weights: torch.eye(weights.shape[-1]).expand_as(weights),
    "orthogonal": rotation,
    "shuffle": _shuffle,
}


class Stack(MLP):
    """An entrance layer, `depth - 2` blocks of one width, and an exit layer; a copy per seed.

    Each block has one layer f(x) = W ReLU(x) + b, with the ReLU (or another activation) in front,
    and a function that says what the block makes of its input x and of f: `f(x)` in a plain stack,
    `x + f(x)` in a residual one (He et al. 2016, arXiv 1603.05027, figure 4e without the norm). A
    plain stack from He's weights is exactly the MLP of the same sizes and seeds.

    Args:
        block: takes the signal x and the layer f, returns the next signal.
        inputs: features of an example.
        width: units in every layer but the last.
        outputs: classes.
        depth: layers with weights, the entrance and the exit included.
        start: what becomes of the weights that He's initialisation drew for the blocks, in all
            copies at once: a name from STARTS ("he" keeps them, "zero", "identity"; "orthogonal"
            makes a random rotation of each, Saxe et al. 2014, and "shuffle" a random order of the
            units), or a function from weights (seeds, width, width) to weights. Entrance and exit
            keep theirs, so that two starts of one seed differ in nothing else.
        seeds: one copy for each; a copy depends on its own seed alone.
        device: where the weights live. They are drawn on the CPU, equal on every device.
        activation: as for an MLP.

    Raises:
        ValueError: no room for an entrance and an exit, or an unknown start.
    """

    def __init__(
        self,
        block: Block,
        inputs: int,
        width: int,
        outputs: int,
        depth: int,
        start: str | Start,
        seeds: Sequence[int],
        device: str = "cpu",
        activation: str | Activation = "relu",
    ) -> None:
        if depth < 2:
            raise ValueError(f"depth: expected at least 2, an entrance and an exit, got {depth}.")
        if isinstance(start, str) and start not in STARTS:
            raise ValueError(f"start {start!r}: expected a function or one of {', '.join(STARTS)}.")
        super().__init__([inputs, *[width] * (depth - 1), outputs], activation, "he", seeds)
        self.block = block
        changed = STARTS[start] if isinstance(start, str) else start
        with torch.no_grad():
            for number in self.blocks:
                self.weights[number].copy_(changed(self.weights[number].detach().clone()))
        self.to(device)

    @property
    def blocks(self) -> range:
        """The numbers of the blocks: 1 is next to the entrance."""
        return range(1, self.depth - 1)

    def layer(self, number: int) -> Layer:
        """Return the layer f of a block, counted from 1, or of the exit."""
        return lambda x: self.weighted(number, self.activation(x))

    def signals(
        self, inputs: Float[Tensor, "seeds batch features"], order: Sequence[int] | None = None
    ) -> list[Float[Tensor, "seeds batch _"]]:
        """Return what travels between the layers, from the inputs to the logits.

        Args:
            inputs: each copy's own.
            order: the numbers of the blocks in the order in which to run them; a block may be left
                out or come twice. Default: all, as they were trained.

        Raises:
            ValueError: there is no block of that number.
        """
        order = list(self.blocks if order is None else order)
        if not set(order) <= set(self.blocks):
            raise ValueError(f"order: expected blocks from 1 to {len(self.blocks)}, got {order}.")
        signals = [inputs, self.weighted(0, inputs)]
        for number in order:
            signals.append(self.block(signals[-1], self.layer(number)))
        return [*signals, self.layer(self.depth - 1)(signals[-1])]

    def forward(
        self, inputs: Float[Tensor, "seeds batch features"], order: Sequence[int] | None = None
    ) -> Float[Tensor, "seeds batch classes"]:
        """Return the logits; `order` as in `signals`."""
        return self.signals(inputs, order)[-1]
