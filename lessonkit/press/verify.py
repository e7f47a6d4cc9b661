"""Checking what is published against a run on the reader's own machine."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lessonkit.evidence import display
from lessonkit.press import build, runner, store
from lessonkit.press.settings import PressError, Settings

EXACT = 1e-6  # relative; what one value, with no seeds to vary, may differ between machines


@dataclass(frozen=True)
class Check:
    """One published number or claim beside the reader's own."""

    kind: str  # number | claim
    name: str
    page: str
    band: str
    yours: str
    inside: bool


def verify(
    settings: Settings,
    published: store.Run,
    first_seed: int = 0,
    profile: str | None = None,
    device: str = "auto",
    tell: runner.Tell = lambda job, event: None,
) -> list[Check]:
    """Run a lesson again, in a folder of its own, and compare.

    Args:
        settings: of the project.
        published: the run that the page shows.
        first_seed: where the seeds start; another one than published tries other seeds.
        profile: default: as published.
        device: where to run.
        tell: told about progress.

    Raises:
        PressError: the lesson failed.
    """
    device = build.choose_device(device)
    chosen = build.choose_profile(settings, profile or published.profile, device)
    job = build.job_for(settings, published.lesson, chosen, device, first_seed)
    with tempfile.TemporaryDirectory(prefix="lessonkit-verify-") as folder:
        result = runner.run_all(settings, [job], 1, tell, runs=Path(folder))[0]
        if result.run is None:
            raise PressError(runner.explain(result.failure or {}, settings))
        return compare(published, result.run)


def compare(published: store.Run, yours: store.Run) -> list[Check]:
    """Compare number by number and claim by claim; what only one run has is not inside."""
    checks = []
    for name, number in published.numbers.items():
        low, high = band(number.values)
        other = yours.numbers.get(name)
        inside = other is not None and low <= display.median(other.values) <= high
        if number.format.endswith("d"):  # whole numbers: the outermost ones within the band
            low, high = math.ceil(low), math.floor(high)
        edges = display.span([low, high], number.format, number.unit)
        mine = other.text() if other else "not measured"
        checks.append(Check("number", name, number.text(), edges, mine, inside))
    for name, claim in published.claims.items():
        other_claim = yours.claims.get(name)
        verdict = other_claim.verdict if other_claim else "not measured"
        checks.append(
            Check("claim", name, claim.verdict, claim.verdict, verdict, verdict == claim.verdict)
        )
    return checks


def band(values: Sequence[float]) -> tuple[float, float]:
    """Return where the median of another run must lie.

    It is the published range over seeds, widened on both sides by itself, so that other seeds fit
    and another experiment does not: by its factor where all values are positive, else by its width.
    """
    low, high = min(values), max(values)
    if low > 0:
        factor = high / low * (1 + EXACT)
        return low / factor, high * factor
    width = (high - low) + max(abs(low), abs(high)) * EXACT
    return low - width, high + width
