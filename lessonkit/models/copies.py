"""Several copies of one network, one for each seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

__all__ = ["Copies", "CopiesOf"]


class Copies(nn.Module):
    """Several copies of one network: every parameter has a first axis called `seeds`.

    A subclass maps inputs `(seeds, batch, ...)` to outputs `(seeds, batch, ...)`, and no copy sees
    another one's numbers.

    Args:
        seeds: one copy for each; a copy depends on its own seed alone. A seed may come twice, as
            in a grid of learning rates.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self.seeds = list(seeds)

    def same_for_all(
        self, inputs: Shaped[Tensor, "batch ..."]
    ) -> Shaped[Tensor, "seeds batch ..."]:
        """Show every copy the same inputs."""
        return inputs.expand(len(self.seeds), *inputs.shape)


class CopiesOf(Copies):
    """Copies of any torch module that is written as if there were only one.

    Args:
        build: makes one network, drawing its weights from torch's global random numbers, which are
            set to the seed before each call and put back afterwards.
        seeds: one copy for each.
        device: where the weights live. They are drawn on the CPU, equal on every device.
        together: compute all copies at once (`torch.func.vmap`), which pays where a network is so
            small that starting an operation costs more than doing it; else one after another, which
            gives every copy the very bits that it would get alone, in batches that are a multiple
            of 8. `make bench` compares the two.

    Raises:
        ValueError: a buffer, such as the running averages of a BatchNorm, would change in training;
            copies have parameters only.
    """

    pattern: nn.Module

    def __init__(
        self,
        build: Callable[[], nn.Module],
        seeds: Sequence[int],
        device: str = "cpu",
        *,
        together: bool = True,
    ) -> None:
        super().__init__(seeds)
        networks = [_drawn(build, seed) for seed in self.seeds]
        parameters, buffers = stack_module_state(networks)
        if buffers:
            raise ValueError(
                f"CopiesOf: expected a network without buffers, got {', '.join(buffers)}. "
                "Use BatchNorm with track_running_stats=False; make a constant in forward."
            )
        self.together = together
        self.names = list(parameters)
        self.stacks = nn.ParameterList(
            [nn.Parameter(stack.detach().to(device)) for stack in parameters.values()]
        )
        # Kept out of `parameters()`: it lends its forward, and its own weights are never used.
        self.__dict__["pattern"] = networks[0].to("meta")

    def forward(self, *inputs: Shaped[Tensor, "seeds ..."], **options: Any) -> Any:
        """Return what each copy makes of its own inputs, stacked.

        Args:
            inputs: one or more, each with one part for every copy.
            options: handed to the network's forward as they are, the same for all copies.
        """

        def one(parameters: dict[str, Tensor], *own: Tensor) -> Any:
            return functional_call(self.pattern, parameters, own, options)

        if self.together:
            return vmap(one)(dict(zip(self.names, self.stacks, strict=True)), *inputs)
        parts = zip(*(stack.unbind() for stack in self.stacks), strict=True)
        outputs = [
            one(dict(zip(self.names, part, strict=True)), *own)
            for part, own in zip(parts, zip(*inputs, strict=True), strict=True)
        ]
        if isinstance(outputs[0], tuple):
            return tuple(torch.stack(part) for part in zip(*outputs, strict=True))
        return torch.stack(outputs)


def _drawn(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()
