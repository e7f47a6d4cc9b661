"""What is read of a line of text on its way up: letters in their places, the rest as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from lessonkit.data.reading import NAMES, NOUNS, TOPICS, Pictures
from lessonkit.models.copies import Copies
from lessonkit.probes.exams import read_layers
from lessonkit.probes.linear import measure_features

__all__ = ["Found", "follow", "read_lines", "share_right", "share_right_topic"]

Found = dict[str, tuple[Tensor, Tensor]]  # what each layer is read as, and how sure the probe is


def read_lines(
    model: Copies, page: Pictures, features: Sequence[Float[Tensor, "seeds lines _"]]
) -> Found:
    """Let probes of each layer read the last third of the lines, fitted to the others.

    Args:
        model: copies of a network whose forward knows `every_layer`, as LineReader's does.
        page: lines, as from `reading.lines`.
        features: of the same lines, averaged over positions, as from `measure_features`.

    Returns:
        For each of `reading.NAMES` what is read and how sure, as from `read_layers`: letters each
        in its place, all else from the line as a whole.
    """
    in_place = measure_features(model, page.pixels, page.truth["spans"])
    layers = {name: in_place if name == "letters" else features for name in NAMES}
    return {name: read_layers(layers[name], page.truth[name]) for name in NAMES}


def follow(
    page: Pictures, found: Found, nouns: Sequence[str], copy: int = 0
) -> tuple[Tensor, Tensor, dict[str, Any], dict[str, Any]]:
    """Follow the first held-out line with one of some nouns, as `plot_readings` takes it.

    Returns:
        Its pixels, where its letters stand, what each layer is read as with how sure, and the
        truth, in words.
    """
    held_out = found["words"][0].shape[2]
    wanted = [NOUNS[noun] in nouns for noun in page.truth["words"][-held_out:]]
    one = wanted.index(True)
    row = len(page) - held_out + one
    words = {name: np.array(said) for name, said in NAMES.items()}
    middles = page.truth["spans"][row].double().mean(dim=1).cpu()
    read = {
        name: (words[name][got[copy, :, one]], sure[copy, :, one])
        for name, (got, sure) in found.items()
    }
    truth = {name: words[name][page.truth[name][row].cpu()] for name in words}
    return page.pixels[row, 0].cpu(), middles, read, truth


def share_right(
    read: Int[Tensor, "seeds layers exam *places"], labels: Int[Tensor, "lines ..."]
) -> Float[Tensor, "seeds layers"]:
    """Return the share of held-out lines that each layer is read right in, over all places."""
    right = read.eq(labels[-read.shape[2] :].cpu()).double()
    return right.flatten(2).mean(dim=2)


def share_right_topic(
    read: Int[Tensor, "seeds layers exam"], nouns: Int[Tensor, " lines"]
) -> Float[Tensor, "seeds layers"]:
    """Return, of the nouns that are misread at a layer, the share with the right topic."""
    nouns, each = nouns[-read.shape[2] :].cpu(), len(NOUNS) // len(TOPICS)
    wrong = read != nouns
    kin = wrong & (read // each == nouns // each)
    return kin.sum(dim=2) / wrong.sum(dim=2).clamp(min=1)
