"""Where words look: maps of attention, what "it" looks at, and how alike two networks look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from lessonkit.data.sentences import Sentences
from lessonkit.models.copies import Copies

__all__ = [
    "lead_of_paler",
    "measure_looks",
    "measure_maps",
    "measure_one_way",
    "measure_twin_gap",
    "overlap",
    "right_looks",
    "rows_at",
    "weight_on",
]


@torch.no_grad()
def measure_maps(
    model: Copies, tokens: Int[Tensor, "batch words"]
) -> Float[Tensor, "seeds batch layers heads query key"]:
    """Return where each copy looks: its maps of attention, whose rows add up to 1.

    Args:
        model: called with `looks=True`, it returns its answer and these maps.
        tokens: sentences as numbers of words, the same for every copy.
    """
    maps: Tensor = model(model.same_for_all(tokens), looks=True)[1]
    return maps


def measure_looks(
    model: Copies, sentences: Sentences, layer: int = -1
) -> Float[Tensor, "seeds sentences heads key"]:
    """Measure how "it" shares out its look: its row of the maps of a layer.

    Args:
        model: as for `measure_maps`.
        sentences: on the model's device.
        layer: counted from 0; default the last.
    """
    return rows_at(measure_maps(model, sentences.tokens)[:, :, layer], sentences.it)


def measure_one_way(model: Copies, sentences: Sentences) -> Float[Tensor, " seeds"]:
    """Measure how far the look of "it" at its noun differs from the noun's look back.

    The mean difference of the two weights in the last layer, over sentences and heads: 0 if looks
    go both ways alike.
    """
    maps = measure_maps(model, sentences.tokens)[:, :, -1]
    there = weight_on(rows_at(maps, sentences.it), sentences.right)
    back = weight_on(rows_at(maps, sentences.right), sentences.it)
    return (there - back).abs().mean(dim=(1, 2)).cpu()


@torch.no_grad()
def measure_twin_gap(
    model: Copies, sentences: Sentences, cut: Bool[Tensor, "query key"] | None = None
) -> Float[Tensor, " seeds"]:
    """Measure how far the answers to two twins are apart: the largest difference of a logit.

    Args:
        model: called with `cut=…`.
        sentences: in pairs, as from `twins`.
        cut: looks that are forbidden in every sentence.
    """
    logits = model(model.same_for_all(sentences.tokens), cut=cut)
    return (logits[:, ::2] - logits[:, 1::2]).abs().amax(dim=(1, 2)).cpu()


def right_looks(model: Copies, sentences: Sentences) -> Bool[Tensor, "seeds sentences heads"]:
    """Return where "it" puts more weight on the right one of its two nouns, in the last layer."""
    rows = measure_looks(model, sentences)
    return weight_on(rows, sentences.right) > weight_on(rows, sentences.wrong)


def rows_at(
    maps: Float[Tensor, "seeds batch *layers heads query key"], places: Int[Tensor, " batch"]
) -> Float[Tensor, "seeds batch *layers heads key"]:
    """Return one row of each map: how the word at a place shares out its look.

    Args:
        maps: weights of attention, with an axis of layers or without.
        places: of the word that looks, one for each sentence, from 0.
    """
    return _taken(maps, places, axis=-2)


def weight_on(
    rows: Float[Tensor, "seeds batch *layers heads key"], places: Int[Tensor, " batch"]
) -> Float[Tensor, "seeds batch *layers heads"]:
    """Return the weight that each row puts on the word at a place.

    Args:
        rows: as from `rows_at`.
        places: of the word that is looked at, one for each sentence, from 0.
    """
    return _taken(rows, places, axis=-1)


def overlap(rows: Float[Tensor, "seeds batch key"]) -> Float[Tensor, " seeds"]:
    """Return how much of the weight a network puts where the others put it, too.

    Two rows share the sum of their smaller weights: 1 if they are equal, 0 if they look at
    different words (1 minus their total variation distance). Averaged over sentences; then the
    median over all other seeds, halfway between the middle two of an even count.

    Args:
        rows: one for each sentence, each adding up to 1. At least two seeds.

    Raises:
        ValueError: a single seed, which has no other to be compared with.
    """
    if len(rows) < 2:
        raise ValueError("overlap: expected rows of at least 2 seeds, got 1. Train more.")
    shared = torch.minimum(rows[:, None], rows).sum(dim=-1).mean(dim=-1)  # (seeds, seeds)
    others = ~torch.eye(len(rows), dtype=torch.bool, device=rows.device)  # itself is no other
    return shared[others].unflatten(0, (len(rows), -1)).quantile(0.5, dim=1)


def lead_of_paler(
    weight: Mapping[Any, Float[Tensor, " seeds"]], right: Mapping[Any, Float[Tensor, " seeds"]]
) -> Float[Tensor, " seeds"]:
    """Return how much more is right of the one of two kinds that gets less weight, copy by copy.

    Args:
        weight: kind -> the weight that each copy gives to what tells of this kind.
        right: the same kinds -> the share of right answers; both have two kinds.
    """
    (pale, dark), (one, other) = weight.values(), (right[kind] for kind in weight)
    return torch.where(pale < dark, one - other, other - one)


def _taken(weights: Tensor, places: Int[Tensor, " batch"], axis: int) -> Tensor:
    shape = [1] * weights.ndim
    shape[1] = len(places)
    return weights.take_along_dim(places.view(shape), dim=axis).squeeze(axis)
