"""The runs on disk: content-addressed, whole or absent, checked by hash when read.

.lessonkit/runs/<lesson>/<key>/manifest.json   what ran, in which circumstances, with all hashes
                              /seal            sha256 of manifest.json
                              /evidence.json, cells.json, figures/, data/, log.txt
.lessonkit/runs/<lesson>/<key>.failed.json     the last failure for this key, if it failed
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from lessonkit.evidence import Claim, Number, Record
from lessonkit.press.lesson.keys import RUN_FORMAT
from lessonkit.press.settings import PressError

Kind = TypeVar("Kind", bound=Record)
_PROFILE_RANK = {"full": 2, "quick": 1, "smoke": 0}


class StoreError(PressError):
    """A run that cannot be trusted or written."""


@dataclass(frozen=True)
class Run:
    """A finished run, checked when it was opened."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def key(self) -> str:
        return str(self.manifest["key"])

    @property
    def lesson(self) -> str:
        return str(self.manifest["lesson"])

    @property
    def source(self) -> str:
        """The digest of the code that it ran."""
        return str(self.manifest["source"])

    @property
    def profile(self) -> str:
        return str(self.manifest["circumstances"]["profile"])

    @property
    def evidence(self) -> dict[str, Any]:
        """The raw evidence, as the lesson published it."""
        return json.loads((self.folder / "evidence.json").read_text(encoding="utf-8"))

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """What each code cell printed, returned and drew."""
        return json.loads((self.folder / "cells.json").read_text(encoding="utf-8"))

    @cached_property
    def records(self) -> dict[str, Record]:
        """Everything that it published, by name, in order."""
        return {item.pop("name"): Record.from_json(item) for item in self.evidence["records"]}

    def of(self, kind: type[Kind]) -> dict[str, Kind]:
        """Return what it published of one kind of evidence."""
        return {name: r for name, r in self.records.items() if isinstance(r, kind)}

    @cached_property
    def numbers(self) -> dict[str, Number]:
        return self.of(Number)

    @cached_property
    def claims(self) -> dict[str, Claim]:
        return self.of(Claim)


def run_folder(runs: Path, lesson: str, key: str) -> Path:
    """Return where a run belongs."""
    return runs / lesson / key


def open_run(folder: Path) -> Run:
    """Open a run and check every byte of it.

    Raises:
        StoreError: absent, altered, incomplete, or written by another version.
    """
    seal, file = folder / "seal", folder / "manifest.json"
    try:
        written = file.read_bytes()
        sealed = seal.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{folder}: not a complete run: {error}. {_AGAIN}") from None
    if hashlib.sha256(written).hexdigest() != sealed:
        raise StoreError(f"{file}: altered since it was written (its hash differs). {_AGAIN}")
    manifest = json.loads(written)
    if manifest.get("format") != RUN_FORMAT:
        raise StoreError(
            f"{folder}: written by another version of lessonkit (run format "
            f"{manifest.get('format')}, expected {RUN_FORMAT}). {_AGAIN}"
        )
    for name, digest in manifest["files"].items():
        _check_file(folder / name, digest)
    return Run(folder, manifest)


_AGAIN = "Run `lessonkit build` to make it anew."


def _check_file(path: Path, digest: str) -> None:
    try:
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise StoreError(f"{path}: missing from its run: {error.strerror}. {_AGAIN}") from None
    if actual != digest:
        raise StoreError(f"{path}: altered since the run (its hash differs). {_AGAIN}")


def runs_of(runs: Path, lesson: str) -> Iterator[Path]:
    """Yield the folders of a lesson's runs, whole or altered, the newest first."""
    folder = runs / lesson
    if not folder.is_dir():
        return
    found = [p for p in folder.iterdir() if (p / "manifest.json").is_file() and "." not in p.name]
    yield from sorted(found, key=lambda p: (p / "manifest.json").stat().st_mtime, reverse=True)


def whole_runs(runs: Path, lesson: str) -> Iterator[Run]:
    """Yield a lesson's runs, the newest first; altered ones are passed over."""
    for folder in runs_of(runs, lesson):
        try:
            yield open_run(folder)
        except StoreError:
            continue


@dataclass(frozen=True)
class Choice:
    """The run that a page uses, and what is wrong with using it."""

    run: Run | None
    stale: bool  # its code is not the present code
    problems: tuple[str, ...]  # altered runs that were passed over


def choose(runs: Path, lesson: str, source: str, key: str, profile: str | None = None) -> Choice:
    """Choose the best run whose source fits the present code; failing that, the last good one.

    Best: full before quick, this machine's own circumstances (`key`) before others, newer before
    older. A smoke run measures nothing, so it is used only where `profile` asks for it.
    """
    fitting: list[Run] = []
    others: list[Run] = []
    problems = []
    for folder in runs_of(runs, lesson):
        try:
            run = open_run(folder)
        except StoreError as error:
            problems.append(str(error))
            continue
        if run.profile == (profile or run.profile) and (profile or run.profile != "smoke"):
            (fitting if run.source == source else others).append(run)
    if fitting:
        best = max(fitting, key=lambda run: (_PROFILE_RANK[run.profile], run.key == key))
        return Choice(best, False, tuple(problems))
    return Choice(others[0] if others else None, bool(others), tuple(problems))


def begin(runs: Path, lesson: str, key: str) -> Path:
    """Make a folder aside, in which a run is written before it is renamed into place."""
    parent = runs / lesson
    try:
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{key}.{os.getpid()}.", dir=parent))
    except OSError as error:
        raise _unwritable(parent, error) from None


def commit(aside: Path, runs: Path, manifest: dict[str, Any], replace: bool = False) -> Run:
    """Seal a run and rename it into place: from here on it is whole.

    If another builder was faster, its run stays and this one is dropped (both ran the same code),
    unless `replace` says that a new run was asked for.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    lesson, key = manifest["lesson"], manifest["key"]
    target = run_folder(runs, lesson, key)
    files = sorted(p for p in aside.rglob("*") if p.is_file())
    try:
        hashes = {
            p.relative_to(aside).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in files
        }
        text = json.dumps({**manifest, "format": RUN_FORMAT, "files": hashes}, indent=1)
        (aside / "manifest.json").write_text(text, encoding="utf-8")
        (aside / "seal").write_text(hashlib.sha256(text.encode()).hexdigest(), encoding="ascii")
        aside.chmod(0o755)
        place(aside, target, replace)
    except OSError as error:
        discard(aside)
        raise _unwritable(target, error) from None
    failure_file(runs, lesson, key).unlink(missing_ok=True)
    return open_run(target)


def place(aside: Path, target: Path, replace: bool = False) -> None:
    """Rename a whole run into place; a whole run that is there already stays, unless `replace`."""
    old = target.with_name(aside.name + ".old")
    while True:  # until no other builder comes between
        try:
            aside.rename(target)
            break
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        if not replace and _whole(target):
            discard(aside)
            break
        discard(old)
        try:
            target.rename(old)
        except FileNotFoundError:
            pass  # another builder moved it just now
    discard(old)


def _whole(folder: Path) -> bool:
    try:
        open_run(folder)
    except StoreError:
        return False
    return True


def discard(aside: Path) -> None:
    """Drop a run that did not come to its end."""
    shutil.rmtree(aside, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"{path}: no space left on the disk; nothing was kept of this run, earlier runs are as "
            "they were. Free some space (`lessonkit clean` removes runs of old code)."
        )
    return StoreError(f"{path}: cannot be written: {error.strerror or error}. Check the folder.")


def sweep(runs: Path) -> None:
    """Remove what killed builders left aside (a day old, or of a process that is gone)."""
    if not runs.is_dir():
        return
    for folder in runs.rglob("*.*.*"):
        parts = folder.name.split(".")
        if folder.is_dir() and parts[1].isdigit():
            old = time.time() - folder.stat().st_mtime > 86400
            if old or not _alive(int(parts[1])):
                discard(folder)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def failure_file(runs: Path, lesson: str, key: str) -> Path:
    """Return where the last failure for a key is noted."""
    return runs / lesson / f"{key}.failed.json"


def note_failure(runs: Path, lesson: str, key: str, failure: dict[str, Any]) -> None:
    """Remember why a lesson failed; it stays until a run with this key succeeds."""
    file = failure_file(runs, lesson, key)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(failure, indent=1), encoding="utf-8")
    except OSError as error:
        raise _unwritable(file, error) from None


def failure(runs: Path, lesson: str, key: str) -> dict[str, Any] | None:
    """Return the noted failure for a key, if there is one."""
    try:
        return json.loads(failure_file(runs, lesson, key).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {"message": "its last run failed (the note about it cannot be read)"}
