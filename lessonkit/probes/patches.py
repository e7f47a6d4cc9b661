"""What single units look for: the patches that move them most."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lessonkit.models.copies import Copies
from lessonkit.models.reader import Field

__all__ = ["strongest_patches"]


@torch.no_grad()
def strongest_patches(
    model: Copies,
    pictures: Float[Tensor, "pictures 1 height width"],
    fields: Sequence[tuple[Field, Field]],
    copy: int = 0,
    wanted: int = 12,
) -> list[list[Float[Tensor, "high wide"]]]:
    """Return, for one unit of each map, the patches that it answers to most (Zeiler, Fergus 2013).

    The unit is the most choosy one, by a fixed rule: its strongest answer to any picture, divided
    by what it answers to a picture on average.

    Args:
        model: copies of a LineReader.
        pictures: each gives one patch at most.
        fields: what a unit of each map sees, as from `models.reader.fields`.
        copy: whose units.
        wanted: patches for each map, the strongest first. What lies outside the picture is cut.
    """
    layers = model(model.same_for_all(pictures), every_layer=True)
    found = []
    for layer, (high, wide) in zip(layers, fields, strict=False):
        peaks = layer[copy].amax(dim=(2, 3))  # (pictures, units)
        unit = int((peaks.amax(dim=0) / peaks.mean(dim=0).clamp(min=0.1)).argmax())
        best = peaks[:, unit].topk(min(wanted, len(pictures))).indices.tolist()
        patches = []
        for picture in best:
            spot = int(layer[copy, picture, unit].argmax())
            row, column = divmod(spot, layer.shape[-1])
            (top, bottom), (left, right) = high.span(row), wide.span(column)
            patches.append(pictures[picture, 0, max(0, top) : bottom, max(0, left) : right].cpu())
        found.append(patches)
    return found
