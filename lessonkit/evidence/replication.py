"""A replication: what a lesson measured with other seeds, perhaps on another machine.

The records of a lesson stand in `replications/<lesson>.json`, one for each set of seeds, on a line
of their own. They hold values, never verdicts: whoever reads them judges anew. A record is data,
and like everything that comes from elsewhere it is checked on reading.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.evidence.claim import Claim
from lessonkit.evidence.number import Number
from lessonkit.evidence.record import EvidenceError, checked_name, checked_values

FORMAT = 1
_DIGITS = 9  # of a value; single precision has seven


@dataclass(frozen=True)
class Replication:
    """One set of seeds of one lesson, in the circumstances in which it ran."""

    lesson: str
    source: str  # digest of the code that ran
    profile: str
    device: str
    processor: str
    instructions: str  # "avx512", "avx2", "portable", …
    torch: str | None
    python: str
    threads: int
    seeds: list[int]
    claims: dict[str, list[list[float]]]  # id -> values, values of the trap
    numbers: dict[str, list[float]]
    cpu_seconds: float
    pace: float  # CPU seconds of a fixed little task there and then, to scale the others by
    carried_from: list[str] = field(default_factory=list)  # digests of code that gave the same

    @property
    def machine(self) -> tuple[str, str, str]:
        """The kind of machine."""
        return self.device, self.processor, self.instructions

    @property
    def where(self) -> str:
        """What it is, for an error."""
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if self.seeds else "no seeds"
        return f"{seeds}, {self.device} {self.processor}, {self.instructions}"

    def seal(self) -> str:
        """Return the hash of everything that the record says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the record as it is written, with its seal."""
        return {**asdict(self), "seal": self.seal()}

    @classmethod
    def from_json(cls, data: Any, lesson: str) -> Replication:
        """Read a record back.

        Raises:
            EvidenceError: altered, incomplete, of another lesson, or with values that no lesson
                could have published.
        """
        named = [f.name for f in fields(cls)]
        if not isinstance(data, dict) or set(data) != {*named, "seal"}:
            raise EvidenceError(f"expected a record with {', '.join(named)} and its seal.")
        record = cls(**{name: data[name] for name in named})
        if not _well_typed(record):
            raise EvidenceError("expected texts, whole seeds and lists of numbers.")
        if record.seal() != data["seal"]:
            raise EvidenceError("altered since it was written (its hash differs).")
        if record.lesson != lesson:
            raise EvidenceError(f"belongs to lesson {record.lesson!r}.")
        record._check_values()
        return record

    def _check_values(self) -> None:
        for name, sides in self.claims.items():
            what = f"claim {checked_name(name)!r}"
            lengths = [len(checked_values(side, what)) for side in sides]
            if len(lengths) != 2 or lengths[0] != lengths[1] or lengths[0] not in (1, self.count):
                raise EvidenceError(
                    f"{what}: expected {self.count} values, and as many of its trap, got {lengths}."
                )
        for name, values in self.numbers.items():
            checked_values(values, f"number {checked_name(name)!r}")

    @property
    def count(self) -> int:
        """How many networks of a kind it measured."""
        return max(1, len(self.seeds))


def _well_typed(record: Replication) -> bool:
    texts: list[object] = [record.lesson, record.source, record.profile, record.device]
    texts += [record.processor, record.instructions, record.python]
    whole = [record.threads, *record.seeds] if isinstance(record.seeds, list) else [None]
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(record.torch, str | None)
        and all(isinstance(number, (int, float)) for number in (record.cpu_seconds, record.pace))
        and all(type(number) is int for number in whole)
        and len(set(whole[1:])) == len(whole[1:])
        and isinstance(record.claims, dict)
        and isinstance(record.numbers, dict)
        and all(isinstance(sides, list) for sides in record.claims.values())
        and isinstance(record.carried_from, list)
    )


def values_of(claims: Mapping[str, Claim]) -> dict[str, list[list[float]]]:
    """Return what a record keeps of claims."""
    return {
        name: [_rounded(claim.values), _rounded(claim.trap_values)]
        for name, claim in sorted(claims.items())
    }


def numbers_of(numbers: Mapping[str, Number]) -> dict[str, list[float]]:
    """Return what a record keeps of numbers."""
    return {name: _rounded(number.values) for name, number in sorted(numbers.items())}


def _rounded(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def read(file: Path, lesson: str) -> list[Replication]:
    """Read the records of a lesson; a lesson without a file has none.

    Raises:
        EvidenceError: the file, or one of its records, cannot be believed.
    """
    try:
        return list(_parsed(file.read_bytes(), file, lesson))
    except FileNotFoundError:
        return []
    except EvidenceError:  # it says already what is wrong, and where
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{file}: cannot be read as records: {error}. {_AGAIN}") from None


@lru_cache(maxsize=64)  # on every byte: one build asks several times, and a change is never missed
def _parsed(content: bytes, file: Path, lesson: str) -> tuple[Replication, ...]:
    data = json.loads(content.decode("utf-8"))
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise EvidenceError(f"{file}: expected records of format {FORMAT}. {_AGAIN}")
    listed = data.get("records")
    if data.get("lesson") != lesson or not isinstance(listed, list):
        raise EvidenceError(f"{file}: expected the records of lesson {lesson!r}. {_AGAIN}")
    records = []
    for number, item in enumerate(listed, 1):
        try:
            records.append(Replication.from_json(item, lesson))
        except (EvidenceError, TypeError) as error:
            raise EvidenceError(f"{file}: record {number}: {error} {_AGAIN}") from None
    _check_once(file, records)
    return tuple(records)


def _check_once(file: Path, records: Sequence[Replication]) -> None:
    """Refuse a network that would count twice."""
    seen: dict[tuple[object, ...], set[int]] = {}
    for number, record in enumerate(records, 1):
        known = seen.setdefault((record.source, record.profile, record.machine), set())
        if not known.isdisjoint(record.seeds):
            raise EvidenceError(
                f"{file}: record {number}: {record.where}: these seeds are in another record of "
                f"the same code and machine. {_AGAIN}"
            )
        known.update(record.seeds)


_AGAIN = "Restore the file, or remove it and run `lessonkit replicate`."


def write(file: Path, lesson: str, records: Sequence[Replication]) -> None:
    """Write the records of a lesson, sorted, one a line; the file is whole or as it was.

    Raises:
        OSError: it cannot be written.
    """
    ordered = sorted(records, key=lambda r: (r.source, r.profile, r.machine, r.seeds))
    lines = ",\n".join(json.dumps(record.to_json(), sort_keys=True) for record in ordered)
    head = f'{{"format": {FORMAT}, "lesson": {json.dumps(lesson)}, "records": ['
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        aside.write_text(f"{head}\n{lines}\n]}}\n", encoding="utf-8")
        aside.replace(file)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
