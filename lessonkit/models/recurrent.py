"""A recurrent network: one layer that is used again for every piece of what it reads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from lessonkit.models.copies import Copies
from lessonkit.models.mlp import ACTIVATIONS, INITIALISATIONS

__all__ = ["Recurrent"]


class Recurrent(Copies):
    """Elman's recurrent network (1990) in one copy per seed, with one answer after the last piece.

    It reads an example piece by piece, and its state is all that it takes along. The new state is
    f(W state + U piece + b), with the same W, U and b for every piece; the state before the first
    piece is zero. An exit layer makes logits of the last state.

    `weights` are those of the entrance U (seeds, width, piece), of the loop W (seeds, width, width)
    and of the exit (seeds, outputs, width).

    Args:
        piece: features that it reads at a time.
        width: units of the state.
        outputs: classes.
        activation: a name from ACTIVATIONS, the f above.
        start: a name from INITIALISATIONS, for the weights of the loop. The others start as
            Xavier's, and all biases at zero, so that two starts of one seed differ in the loop
            alone.
        seeds: one copy for each; a copy depends on its own seed alone.
        device: where the weights live. They are drawn on the CPU, equal on every device.

    Raises:
        ValueError: an unknown activation or start.
    """

    def __init__(
        self,
        piece: int,
        width: int,
        outputs: int,
        activation: str,
        start: str,
        seeds: Sequence[int],
        device: str = "cpu",
    ) -> None:
        super().__init__(seeds)
        for name, known in ((activation, ACTIVATIONS), (start, INITIALISATIONS)):
            if name not in known:
                raise ValueError(f"Recurrent: expected one of {', '.join(known)}, got {name!r}.")
        self.piece, self.activation = piece, ACTIVATIONS[activation]
        sizes = [(piece, width, "xavier"), (width, outputs, "xavier"), (width, width, start)]
        drawn = [
            [INITIALISATIONS[name](inputs, units, generator)[0] for inputs, units, name in sizes]
            for generator in (Generator().manual_seed(seed) for seed in self.seeds)
        ]  # the loop last: its start changes no other weights
        entrance, way_out, loop = (
            torch.stack(part).to(device) for part in zip(*drawn, strict=True)
        )
        self.weights = nn.ParameterList([entrance, loop, way_out])
        self.biases = nn.ParameterList(
            [torch.zeros(len(self.seeds), 1, units, device=device) for units in (width, outputs)]
        )

    @torch.no_grad()
    def scale_loop(self, by: float | Sequence[float]) -> Recurrent:
        """Multiply the weights of the loop by one factor or by one for each copy."""
        factors = torch.as_tensor(by).expand(len(self.seeds))
        self.weights[1].mul_(factors.to(self.weights[1])[:, None, None])
        return self

    def signals(
        self, inputs: Float[Tensor, "seeds batch features"]
    ) -> list[Float[Tensor, "seeds batch _"]]:
        """Return the inputs, the state after each piece, and the logits.

        Raises:
            ValueError: the features cannot be dealt out in whole pieces.
        """
        if inputs.shape[-1] % self.piece:
            raise ValueError(
                f"inputs: expected features in pieces of {self.piece}, got {inputs.shape[-1]}."
            )
        entrance, loop, way_out = (weights.mT for weights in self.weights)
        signals = [inputs]
        for piece in inputs.unflatten(-1, (-1, self.piece)).unbind(dim=2):
            sums = torch.baddbmm(self.biases[0], piece, entrance)
            if len(signals) > 1:
                sums = torch.baddbmm(sums, signals[-1], loop)
            signals.append(self.activation(sums))
        return [*signals, torch.baddbmm(self.biases[1], signals[-1], way_out)]

    def forward(
        self, inputs: Float[Tensor, "seeds batch features"]
    ) -> Float[Tensor, "seeds batch classes"]:
        """Return the logits."""
        return self.signals(inputs)[-1]
