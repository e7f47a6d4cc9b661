"""What lies in a run, checked as a whole before anybody believes it.

The same for all: for what a worker has left behind, before it is sealed; for what comes out of an
archive, before it is placed; and for what lies in the store, before it is opened. Whoever reads a
run afterwards meets nothing that a lesson could not have published.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from lessonkit.evidence import record as records_of
from lessonkit.evidence.claim import Claim
from lessonkit.evidence.record import EvidenceError, Record
from lessonkit.press import memo
from lessonkit.press.run import manifest as manifests
from lessonkit.press.run import media
from lessonkit.press.run.manifest import CELLS, EVIDENCE, Count, Seconds

LARGEST_FILE = 256 * 2**20  # bytes
LARGEST_TEXT = 64 * 2**20  # bytes of evidence or cells
LONGEST_OUTPUT = 101_000  # characters: a little more than a worker keeps of what a cell prints


class Evidence(msgspec.Struct, forbid_unknown_fields=True):
    """What a lesson published."""

    seeds: list[Count]
    records: list[dict[str, Any]]


class Cell(msgspec.Struct, forbid_unknown_fields=True):
    """What a code cell put out, in the order in which a reader meets it."""

    statements: Count  # of the script, up to the cell's end
    published: list[str]  # names of records
    stdout: str
    value: str
    figures: list[str]  # paths of pictures in the run
    seconds: Seconds
    stderr: str = ""  # what it warned of
    at: list[Count] = []  # for each that was published, how many characters were printed before
    type: str = ""  # of its value, and what else is known of that:
    text: str = ""  # as `print` writes it
    html: str = ""  # as it brought it: a page reduces it to what is allowed
    words: list[str] = []  # for each figure, what it shows; "" if nobody said so
    moving: list[str] = []  # for each figure, the path of what moves; "" if it stands still


def check(manifest: Mapping[str, Any], content: Mapping[str, bytes]) -> None:
    """Refuse a run that no lesson could have left behind.

    Args:
        manifest: plain data.
        content: the bytes of each file, by its path in the run.

    Raises:
        EvidenceError: in half a sentence, which file, what was expected, and what came.
    """
    manifests.check(manifest)
    evidence = _decoded(content, EVIDENCE, Evidence)
    if evidence.seeds != manifest["seeds"]:
        raise EvidenceError(f"{EVIDENCE}: its seeds are not those of the manifest")
    records = _records(evidence, manifest)
    for name, record in records.items():
        for path in record.paths:
            if path not in content:
                raise EvidenceError(f"{EVIDENCE}: {name}: the run has no file {path!a:.80}")
    for number, cell in enumerate(_decoded(content, CELLS, list[Cell]), 1):
        _check_cell(cell, records, content, f"{CELLS}: cell {number}")
    for path, held in content.items():
        media.check(path, held)


def _decoded(content: Mapping[str, bytes], name: str, kind: Any) -> Any:
    held = content[name]
    if len(held) > LARGEST_TEXT:
        raise EvidenceError(f"{name}: {len(held):,} bytes; {LARGEST_TEXT:,} are the most")
    try:
        return msgspec.json.decode(held, type=kind)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{name}: {error}") from None


def _records(evidence: Evidence, manifest: Mapping[str, Any]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    judged = manifest["circumstances"]["profile"] != "smoke"
    for number, item in enumerate(evidence.records, 1):
        name = item.pop("name", None)
        try:
            record = Record.from_json(item, name)
            if name in found:
                raise EvidenceError(f"name {name!r}: twice")
            if isinstance(record, Claim) and judged:
                _check_judged(record, len(evidence.seeds), name)
        except EvidenceError as error:
            raise EvidenceError(f"{EVIDENCE}: record {number}: {error}") from None
        found[name] = record
    return found


def _check_judged(claim: Claim, seeds: int, name: str) -> None:
    """Refuse a claim that escapes its judgement, or that leaves seeds out."""
    count = len(claim.values)
    if not claim.judged:
        raise EvidenceError(f"claim {name!r}: expected a verdict, got none")
    if not claim.exact and seeds and count != seeds:
        raise EvidenceError(f"claim {name!r}: expected values of all {seeds} seeds, got {count}")


def _check_cell(
    cell: Cell, records: Mapping[str, Record], content: Mapping[str, bytes], what: str
) -> None:
    longest = max(map(len, (cell.stdout, cell.stderr, cell.value, cell.text, cell.type)))
    if longest > LONGEST_OUTPUT:
        raise EvidenceError(f"{what}: {longest:,} characters; {LONGEST_OUTPUT:,} are the most")
    unknown = [name for name in cell.published if name not in records]
    if unknown:
        raise EvidenceError(f"{what} published {unknown!a:.80}, which is no evidence of the run")
    if cell.at and len(cell.at) != len(cell.published):
        raise EvidenceError(f"{what}: {len(cell.published)} published, {len(cell.at)} places")
    for more in (cell.words, cell.moving):
        if more and len(more) != len(cell.figures):
            raise EvidenceError(f"{what}: {len(cell.figures)} figures, {len(more)} said of")
    for path in filter(None, [*cell.figures, *cell.moving]):
        drawn = path.startswith("figures/_cell-") and path.endswith(media.PICTURES)
        if path not in content or not drawn:
            raise EvidenceError(f"{what}: {path!a:.80} is no picture of the run")


def problem(
    manifest: Mapping[str, Any], content: Mapping[str, bytes], seal: str, memo_folder: Path | None
) -> str:
    """Say what is wrong with a run, or "" if nothing is; what was found once is remembered.

    Args:
        manifest: plain data.
        content: the bytes of each file, whose hashes the manifest holds.
        seal: the hash of the manifest, and so of everything.
        memo_folder: where to remember it, if anywhere.
    """

    def found() -> str:
        try:
            check(manifest, content)
        except EvidenceError as error:
            return str(error)
        return ""

    if memo_folder is None:
        return found()
    return memo.recall(memo_folder, __file__, [seal, *_checkers()], found)


@lru_cache(maxsize=1)
def _checkers() -> tuple[str, ...]:
    """Return the digests of the code that checks."""
    modules = [manifests.__file__, media.__file__]
    modules += map(str, sorted(Path(records_of.__file__).parent.glob("*.py")))
    return tuple(map(memo.digest_of, modules))
