"""Which recorded replications stand behind a run, and what becomes of them when code changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lessonkit.evidence import promise, replication
from lessonkit.evidence.promise import Promise
from lessonkit.evidence.record import EvidenceError
from lessonkit.evidence.replication import Replication
from lessonkit.press.run import store
from lessonkit.press.settings import PressError, Settings


class RecordError(PressError):
    """Records that cannot be believed."""


def records(settings: Settings, lesson: str) -> list[Replication]:
    """Read every record of a lesson, those of older code included.

    Raises:
        RecordError: altered, foreign or malformed records.
    """
    try:
        return replication.read(settings.replications(lesson), lesson)
    except EvidenceError as error:
        raise RecordError(str(error)) from None


def behind(settings: Settings, run: store.Run) -> list[Replication]:
    """Return the records of the very code and profile of a run.

    Raises:
        RecordError: as `records`, or a record of a claim that this code does not make.
    """
    found = [r for r in records(settings, run.lesson) if is_of(r, run.source, run.profile)]
    for record in found:
        for name in record.claims:
            if name not in run.claims:
                raise RecordError(
                    f"{settings.replications(run.lesson)}: the record of {record.where} measured "
                    f"claim {name!r}, which the same code does not make here. Remove it."
                )
    return found


def is_of(record: Replication, source: str, profile: str) -> bool:
    """Say whether a record counts for this code and profile."""
    return record.source == source and record.profile == profile


def machine_of(run: store.Run) -> tuple[str, str, str]:
    """Return the kind of machine of a run, as a record names it."""
    manifest = run.manifest
    around = manifest["circumstances"]
    return around["device"], manifest["device_name"], manifest["instruction_set"]


def promises(settings: Settings, run: store.Run) -> tuple[dict[str, Promise], str]:
    """Return the promises of a run, and what is wrong with its records, or ""."""
    try:
        found, problem = behind(settings, run), ""
    except RecordError as error:
        found, problem = [], str(error)
    seeds = run.manifest["seeds"]
    return promise.promises(run.claims, found, seeds, machine_of(run)), problem


def broken(lesson: str, promises: dict[str, Promise]) -> list[str]:
    """Return a line for each promise that is not kept."""
    return [
        f"lesson {lesson}, claim {name!r}: {made.problem}"
        for name, made in promises.items()
        if made.problem
    ]


def remarks(lesson: str, promises: dict[str, Promise]) -> list[str]:
    """Return a line for each promise that is thin, or about which machines do not agree."""
    found = []
    for name, made in promises.items():
        for remark in (made.disagreement, made.thin):
            if remark:
                found.append(f"lesson {lesson}, claim {name!r}: {remark}")
    return found


def record_of(run: store.Run) -> Replication:
    """Make the record of a run."""
    manifest = run.manifest
    around = manifest["circumstances"]
    device, processor, instructions = machine_of(run)
    return Replication(
        lesson=run.lesson,
        source=run.source,
        profile=run.profile,
        device=device,
        processor=processor,
        instructions=instructions,
        torch=around["libraries"].get("torch"),
        python=around["python"],
        threads=around["threads"],
        seeds=manifest["seeds"],
        claims=replication.values_of(run.claims),
        numbers=replication.numbers_of(run.numbers),
        cpu_seconds=manifest["cpu_seconds"],
        pace=manifest["pace"],
    )


def add(settings: Settings, record: Replication) -> None:
    """Write one more record, and prune those of older code.

    Raises:
        RecordError: the records that are there cannot be believed, or the file not be written.
    """
    kept = [r for r in records(settings, record.lesson) if r.source == record.source]
    same = (record.profile, record.machine, record.seeds)
    kept = [r for r in kept if (r.profile, r.machine, r.seeds) != same]
    _write(settings, record.lesson, [*kept, record])


def _write(settings: Settings, lesson: str, kept: Sequence[Replication]) -> None:
    file = settings.replications(lesson)
    try:
        replication.write(file, lesson, kept)
    except OSError as error:
        raise RecordError(f"{file}: cannot be written: {error.strerror or error}.") from None


def carry(settings: Settings, run: store.Run) -> int:
    """Carry records over to new code that moves no number; return how many.

    They are carried if an earlier run of their code, in the circumstances of this one, published
    the very values that this run published. Otherwise tidying a room would cost an hour of
    training.

    Raises:
        RecordError: the records cannot be believed, or not be written.
    """
    known = records(settings, run.lesson)
    if run.profile == "smoke" or any(is_of(r, run.source, run.profile) for r in known):
        return 0
    sources = {r.source for r in known if r.profile == run.profile}
    earlier = next((r for r in _earlier(settings, run, sources) if _same_values(r, run)), None)
    if earlier is None:
        return 0
    carried = [
        replace(
            record,
            source=run.source,
            carried_from=[*record.carried_from, record.source],
            claims={name: sides for name, sides in record.claims.items() if name in run.claims},
        )
        for record in known
        if is_of(record, earlier.source, run.profile)
    ]
    others = [r for r in known if r.profile != run.profile]
    _write(settings, run.lesson, [*others, *carried])
    return len(carried)


def _earlier(settings: Settings, run: store.Run, sources: set[str]) -> Iterator[store.Run]:
    """Yield the runs of these sources in the circumstances of `run`, the newest first."""
    for other in store.whole_runs(settings.runs_folder, run.lesson, settings.memo_folder):
        same = other.manifest["circumstances"] == run.manifest["circumstances"]
        if other.source in sources and same and machine_of(other) == machine_of(run):
            yield other


def _same_values(one: store.Run, other: store.Run) -> bool:
    """Say whether all claims and numbers that both runs published have the same values."""
    claims = one.claims.keys() & other.claims.keys()
    numbers = one.numbers.keys() & other.numbers.keys()
    return (
        bool(claims)
        and all(one.claims[n].values == other.claims[n].values for n in claims)
        and all(one.claims[n].trap_values == other.claims[n].trap_values for n in claims)
        and all(one.numbers[n].values == other.numbers[n].values for n in numbers)
    )
