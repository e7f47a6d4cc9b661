"""Checking what is published against a run on the reader's own machine."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lessonkit.evidence import display
from lessonkit.evidence.replication import Replication
from lessonkit.press.lesson.circumstances import AS_SET, Wanted
from lessonkit.press.lesson.job import Job
from lessonkit.press.run import failures, replications, runner, store
from lessonkit.press.run.process import Tell
from lessonkit.press.settings import PressError, Settings

EXACT = 1e-6  # relative; what one value, with no seeds to vary, may differ between machines


@dataclass(frozen=True)
class Comparison:
    """One published number or claim beside the reader's own."""

    kind: str  # number | claim
    name: str
    page: str
    band: str
    yours: str
    inside: bool


def as_published(published: store.Run, wanted: Wanted = AS_SET) -> Wanted:
    """Return what is wanted, with profile and seeds as a run has them unless they are asked for."""
    around = published.manifest["circumstances"]
    seed = around["first_seed"] if wanted.first_seed is None else wanted.first_seed
    return replace(wanted, profile=wanted.profile or published.profile, first_seed=seed)


def verify(
    settings: Settings,
    published: store.Run,
    job: Job,
    tell: Tell = lambda job, event: None,
) -> list[Comparison]:
    """Run a job, in a folder of its own, and compare.

    Raises:
        PressError: the lesson failed, or its records cannot be believed.
    """
    known = replications.behind(settings, published)
    with tempfile.TemporaryDirectory(prefix="lessonkit-verify-") as folder:
        result = runner.run_all(settings, [job], 1, tell, runs=Path(folder))[0]
        if result.run is None:
            raise PressError(failures.explain(result.failure or {}, settings))
        return compare(published, result.run, known)


def compare(
    published: store.Run, yours: store.Run, known: Sequence[Replication] = ()
) -> list[Comparison]:
    """Compare number by number and claim by claim; what only one run has is not inside."""
    found = []
    for name, number in published.numbers.items():
        low, high = band([number.values, *(r.numbers[name] for r in known if name in r.numbers)])
        other = yours.numbers.get(name)
        inside = other is not None and low <= display.median(other.values) <= high
        if number.format.endswith("d"):  # whole numbers: the outermost ones within the band
            low, high = math.ceil(low), math.floor(high)
        edges = display.span([low, high], number.format, number.unit)
        mine = other.text() if other else "not measured"
        found.append(Comparison("number", name, number.text(), edges, mine, inside))
    for name, claim in published.claims.items():
        other_claim = yours.claims.get(name)
        inside = other_claim is not None and other_claim.verdict == claim.expect
        mine = other_claim.standing if other_claim else "not measured"
        found.append(Comparison("claim", name, claim.standing, claim.expect, mine, inside))
    return found


def band(samples: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return where the median of another run must lie.

    With the published run alone it is the range over its seeds, widened on both sides by itself, so
    that other seeds fit and another experiment does not: by its factor where all values are
    positive, else by its width. Replications show how far networks really range: where there are
    any, the band is the range over all of them, and nothing is guessed.

    Args:
        samples: the values of the published run, then those of each replication.
    """
    values = [value for sample in samples for value in sample]
    low, high = min(values), max(values)
    spread = len(samples) == 1
    if low > 0:
        factor = (high / low if spread else 1) * (1 + EXACT)
        return low / factor, high * factor
    width = (high - low) * spread + max(abs(low), abs(high)) * EXACT
    return low - width, high + width
