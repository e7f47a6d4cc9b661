"""Running lessons on fresh seeds, and keeping what they measured as records."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lessonkit.evidence.circumstances import instruction_set, processor
from lessonkit.press.lesson.circumstances import AS_SET, Circumstances, Wanted, circumstances
from lessonkit.press.lesson.job import Job, job
from lessonkit.press.lesson.source import source
from lessonkit.press.run import replications, runner, standing
from lessonkit.press.run.process import Tell
from lessonkit.press.settings import Settings

FIRST, STRIDE = 20_000, 1_000  # first seeds of the sets; a set has far fewer seeds than the stride


@dataclass(frozen=True)
class Plan:
    """The sets that a lesson still needs on this kind of machine."""

    lesson: str
    known: int
    jobs: tuple[Job, ...]


def plan(
    settings: Settings, lessons: Sequence[str], sets: int, wanted: Wanted = AS_SET
) -> list[Plan]:
    """Say which sets of seeds must run, so that each lesson has `sets` on this kind of machine.

    Every set begins beyond the seeds of all records that there are, of any machine, of this code or
    of the last: a change that was made with an eye on the records is judged by networks that nobody
    has seen.

    Raises:
        PressError: an unknown lesson, profile or device, an unreadable script or record.
    """
    names = list(dict.fromkeys(lessons)) or settings.lesson_names()
    around = circumstances(settings, wanted)
    return [_plan(settings, name, sets, wanted, around) for name in names]


def _plan(
    settings: Settings, lesson: str, sets: int, wanted: Wanted, around: Circumstances
) -> Plan:
    digest = _digest(settings, lesson, around)
    recorded = replications.records(settings, lesson)
    known = [r for r in recorded if replications.is_of(r, digest, around.profile)]
    here = sum(_is_here(r.machine, around) for r in known)
    used = (r.seeds[0] for r in recorded if r.seeds)  # of older code, too
    first = max(used, default=FIRST - STRIDE) + STRIDE
    fresh = [first + STRIDE * number for number in range(sets - here)]
    jobs = [job(settings, lesson, replace(wanted, first_seed=seed)) for seed in fresh]
    return Plan(lesson, here, tuple(jobs))


def _digest(settings: Settings, lesson: str, around: Circumstances) -> str:
    """Return the digest of a lesson's code, with what its run has found beside it."""
    last = standing.standing(settings, lesson, Wanted(around.profile, around.device)).run
    code = source(settings, lesson).digest
    return last.source if last and last.code == code else code


def _is_here(machine: tuple[str, str, str], around: Circumstances) -> bool:
    """Say whether a record was made on this kind of machine.

    The name of a GPU is known only to torch, which the press does not import; there the device and
    the instructions decide.
    """
    kind, name, used = machine
    same = kind == around.device and used == instruction_set(around.instructions)
    return same and (around.device != "cpu" or name == processor())


def run(
    settings: Settings,
    plans: Sequence[Plan],
    jobs: int | None = None,
    tell: Tell = lambda job, event: None,
) -> list[runner.Result]:
    """Run the sets of the plans; each is recorded as soon as it ends.

    Raises:
        PressError: a record cannot be written.
    """
    waiting = _in_turn([plan.jobs for plan in plans])
    if not waiting:
        return []

    def record(job: Job, event: dict[str, Any]) -> None:
        result = event.get("result")
        if isinstance(result, runner.Result) and result.run:
            replications.add(settings, replications.record_of(result.run))
        tell(job, event)

    together = runner.together(jobs, waiting[0].around.device)
    with tempfile.TemporaryDirectory(prefix="lessonkit-replicate-") as folder:
        return runner.run_all(settings, waiting, together, record, runs=Path(folder))


def _in_turn(jobs: Sequence[Sequence[Job]]) -> list[Job]:
    """Deal the jobs out lesson by lesson: an interrupted evening leaves some of each."""
    longest = max(map(len, jobs), default=0)
    return [of_one[n] for n in range(longest) for of_one in jobs if n < len(of_one)]
