"""The manifest of a run: what it must say, whoever wrote it.

A manifest is believed when everything in it has its type and its form, and when it fits itself: its
source is the digest of the modules that it names, and its key is that of source and circumstances.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from lessonkit.evidence.circumstances import DEVICES, PROFILES
from lessonkit.evidence.record import NAMES_OF_DEVICES, EvidenceError, checked_legible
from lessonkit.press.lesson import job
from lessonkit.press.lesson.circumstances import Circumstances
from lessonkit.press.lesson.source import digest_of_code

MANIFEST, SEAL, EVIDENCE, CELLS = "manifest.json", "seal", "evidence.json", "cells.json"
LARGEST = 8 * 2**20  # bytes
_REQUIRED = {EVIDENCE, CELLS}

Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Key = Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
# Plain names, at most four levels deep: the same file on every system, and never outside the run.
_NAME = (
    rf"(?!(?i:{NAMES_OF_DEVICES})(?:[./]|\Z))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{{0,118}}[A-Za-z0-9_-])?"
)
FilePath = Annotated[str, Meta(pattern=rf"\A(?:{_NAME}/){{0,3}}{_NAME}\Z")]
_VERSION = re.compile(r"[23]\.\d{1,3}")
Count = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=0, le=1e12)]
Found = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64}|absent|a folder|no file|\d{1,19} bytes)\Z")]
Moment = Annotated[str, Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\Z")]


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a manifest holds: these fields, all of them, and no others."""

    format: int
    lesson: str
    key: Key
    source: Digest
    modules: dict[str, Digest]
    reads: dict[str, Digest]
    circumstances: Circumstances
    finished: Moment
    pace: Annotated[float, Meta(gt=0, le=1e6)]
    seeds: list[Count]
    cpu_seconds: Seconds
    wall_seconds: Seconds
    peak_mib: Count
    device_name: str
    instruction_set: str
    files: dict[FilePath, Digest]
    inputs: dict[str, Found] = {}  # what it found beside its code, by how it looked
    unlisted: dict[str, str] = {}  # libraries that it used and no key covers: their versions


def check(data: Mapping[str, Any]) -> None:
    """Refuse a manifest that no build could have written.

    Raises:
        EvidenceError: in half a sentence, what is wrong with it.
    """
    try:
        made = msgspec.convert(data, Manifest)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"{MANIFEST}: {error}") from None
    around = made.circumstances
    if around.to_json() != data["circumstances"]:
        unknown = sorted(set(data["circumstances"]) - set(asdict(around)))
        raise EvidenceError(f"{MANIFEST}: unknown circumstances: {unknown!a:.200}")
    if around.profile not in PROFILES or around.device not in DEVICES:
        odd = f"{around.profile!a:.40} on {around.device!a:.40}"
        raise EvidenceError(f"{MANIFEST}: expected a profile and a device that exist, got {odd}")
    if around.threads < 1 or around.first_seed < 0 or not _VERSION.fullmatch(around.python):
        odd = f"{around.threads} threads, first seed {around.first_seed}, {around.python!a:.40}"
        raise EvidenceError(f"{MANIFEST}: expected threads, seeds and a Python, got {odd}")
    checked_legible(data, MANIFEST, lines=False)
    try:
        datetime.fromisoformat(made.finished)
    except ValueError:
        raise EvidenceError(f"{MANIFEST}: finished {made.finished}: expected a date") from None
    if len(set(made.seeds)) != len(made.seeds):
        raise EvidenceError(f"{MANIFEST}: expected seeds that differ, got one twice")
    _check_files(made.files)
    _check_key(made)


def wrong(data: Mapping[str, Any]) -> str:
    """Say what is wrong with a manifest, or "" if nothing is."""
    try:
        check(data)
    except EvidenceError as error:
        return str(error)
    return ""


def _check_files(files: Mapping[str, str]) -> None:
    """Refuse names that are one file on some systems, and files that are folders of others."""
    missing = sorted(_REQUIRED - set(files))
    if missing:
        raise EvidenceError(f"{MANIFEST}: its files lack {', '.join(missing)}")
    names = {name.casefold() for name in files}
    folders = {parent.as_posix() for name in names for parent in Path(name).parents}
    taken = {MANIFEST, SEAL} & (names | folders)
    if len(names) < len(files) or names & folders or taken:
        raise EvidenceError(f"{MANIFEST}: expected files of different names")


def _check_key(made: Manifest) -> None:
    """Refuse a run that ran other code, or in other circumstances, than its key stands for."""
    if digest_of_code(made.lesson, made.modules, made.reads, made.inputs) != made.source:
        raise EvidenceError(f"{MANIFEST}: its source is not the digest of its modules")
    if job.key(made.source, made.circumstances) != made.key:
        raise EvidenceError(f"{MANIFEST}: its key is not that of its source and circumstances")
