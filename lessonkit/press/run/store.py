"""The runs on disk: content-addressed, whole or absent, checked by hash when read.

A run is read once, when it is opened: the bytes that were checked are the bytes that are used,
whatever becomes of its folder meanwhile.

.lessonkit/runs/<lesson>/<key>/manifest.json   what ran, in which circumstances, with all hashes
                              /seal            sha256 of manifest.json
                              /evidence.json, cells.json, figures/, data/, log.txt
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from stat import S_ISREG
from typing import Any, TypeVar

from lessonkit.evidence import Claim, Number, Record
from lessonkit.press.lesson import job
from lessonkit.press.lesson.circumstances import Circumstances
from lessonkit.press.lesson.job import RUN_FORMAT
from lessonkit.press.lesson.source import digest_of_code
from lessonkit.press.run import contents, failures
from lessonkit.press.run import manifest as manifests
from lessonkit.press.run.aside import StoreError, discard, unwritable

AGAIN = "Run `lessonkit build` to make it anew."
_WARNING = re.compile(r"^(?:[^\n]*?:\d+: )?(\w*Warning: [^\n]+)", re.M)
Kind = TypeVar("Kind", bound=Record)


@dataclass(frozen=True)
class Run:
    """A finished run, checked when it was opened."""

    folder: Path
    manifest: dict[str, Any]
    content: Mapping[str, bytes] = field(repr=False)  # of each file, by its path in the folder

    def read(self, path: str) -> bytes:
        """Return what a file of the run holds, by its path in the folder.

        Raises:
            StoreError: the run has no such file.
        """
        if path not in self.content:
            raise StoreError(f"{self.folder / path}: missing from its run. {AGAIN}")
        return self.content[path]

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
    def inputs(self) -> dict[str, str]:
        """What it found beside its code: each input -> what it was."""
        return dict(self.manifest.get("inputs", {}))

    @cached_property
    def code(self) -> str:
        """The digest of its code alone: without what it found beside it."""
        made = self.manifest
        alone = self.inputs and digest_of_code(made["lesson"], made["modules"], made["reads"])
        return alone or self.source

    @cached_property
    def asked(self) -> str:
        """The key of the job that it did: its own key knows what it found beside its code."""
        around = Circumstances(**self.manifest["circumstances"])
        return job.key(self.code, around) if self.inputs else self.key

    @property
    def profile(self) -> str:
        return str(self.manifest["circumstances"]["profile"])

    @property
    def evidence(self) -> dict[str, Any]:
        """The raw evidence, as the lesson published it."""
        return json.loads(self.read("evidence.json"))

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """What each code cell printed, returned and drew."""
        return json.loads(self.read("cells.json"))

    @cached_property
    def records(self) -> dict[str, Record]:
        """Everything that it published, by name, in order."""
        named = ((item.pop("name"), item) for item in self.evidence["records"])
        return {name: Record.from_json(item, name) for name, item in named}

    @cached_property
    def warnings(self) -> list[str]:
        """What it warned of though it went well, each line once."""
        said = "\n".join(cell.get("stderr", "") for cell in self.cells)
        return list(dict.fromkeys(found.strip() for found in _WARNING.findall(said)))

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


def open_run(folder: Path, lesson: str, memo_folder: Path | None = None) -> Run:
    """Open a run, and check every byte of it.

    Args:
        folder: in which it lies, called as its key.
        lesson: whose it must be.
        memo_folder: where to remember that all of it was found right, if anywhere.

    Raises:
        StoreError: absent, altered, incomplete, written by another version, of another lesson, or
            not as a lesson leaves it behind.
    """
    manifest, seal = _sealed(folder)
    if manifest.get("format") != RUN_FORMAT:
        raise StoreError(
            f"{folder}: written by another version of lessonkit (run format "
            f"{manifest.get('format')!a:.20}, expected {RUN_FORMAT}). {AGAIN}"
        )
    said = manifest.get("lesson"), manifest.get("key")
    if said != (lesson, folder.name):
        raise StoreError(
            f"{folder}: the run of another lesson or key: expected {lesson}/{folder.name}, it says "
            f"{said[0]!a:.80} and {said[1]!a:.40}. {AGAIN}"
        )
    if wrong := manifests.wrong(manifest):
        raise StoreError(f"{folder}: {wrong.rstrip('.')}. {AGAIN}")
    files = {name: _checked(folder / name, digest) for name, digest in manifest["files"].items()}
    if wrong := contents.problem(manifest, files, seal, memo_folder):
        raise StoreError(f"{folder}: {wrong.rstrip('.')}. {AGAIN}")
    return Run(folder, manifest, files)


def _sealed(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the manifest of a run, as plain data, and its seal."""
    file = folder / manifests.MANIFEST
    try:
        written = _read(file, manifests.LARGEST)
        sealed = _read(folder / manifests.SEAL, 1000).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{folder}: not a complete run: {error}. {AGAIN}") from None
    if hashlib.sha256(written).hexdigest() != sealed:
        raise StoreError(f"{file}: altered since it was written (its hash differs). {AGAIN}")
    try:
        manifest = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{file}: not a manifest: {error}. {AGAIN}") from None
    if not isinstance(manifest, dict):
        found = type(manifest).__name__
        raise StoreError(f"{file}: not a manifest: expected an object, got {found}. {AGAIN}")
    return manifest, sealed


def _checked(path: Path, digest: str) -> bytes:
    try:
        content = _read(path, contents.LARGEST_FILE)
    except OSError as error:
        raise StoreError(f"{path}: missing from its run: {error.strerror}. {AGAIN}") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreError(f"{path}: altered since the run (its hash differs). {AGAIN}")
    return content


def _read(path: Path, most: int) -> bytes:
    """Read a file; what is no file might never end."""
    stat = path.stat()
    if not S_ISREG(stat.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if stat.st_size > most:
        raise OSError(errno.EFBIG, f"{stat.st_size:,} bytes; {most:,} are the most", str(path))
    return path.read_bytes()


def runs_of(runs: Path, lesson: str) -> Iterator[Path]:
    """Yield the folders of a lesson's runs, whole or altered, the newest first."""
    try:
        inside = list((runs / lesson).iterdir())
    except OSError:  # none, or not to be read
        return
    found = [p for p in inside if (p / "manifest.json").is_file() and "." not in p.name]
    yield from sorted(found, key=lambda p: (p / "manifest.json").stat().st_mtime, reverse=True)


def whole_runs(runs: Path, lesson: str, memo_folder: Path | None = None) -> Iterator[Run]:
    """Yield a lesson's runs, the newest first; altered ones are passed over."""
    for folder in runs_of(runs, lesson):
        try:
            yield open_run(folder, lesson, memo_folder)
        except StoreError:
            continue


def commit(aside: Path, runs: Path, manifest: dict[str, Any], replace: bool = False) -> Run:
    """Check a run, seal it and rename it into place: from here on it is whole.

    If another builder was faster, its run stays and this one is dropped (both ran the same code),
    unless `replace` says that a new run was asked for.

    Raises:
        EvidenceError: it is not as a lesson leaves a run behind.
        StoreError: the disk is full, or the folder cannot be written.
    """
    lesson, key = manifest["lesson"], manifest["key"]
    target = run_folder(runs, lesson, key)
    try:
        files = {
            p.relative_to(aside).as_posix(): p.read_bytes()
            for p in sorted(aside.rglob("*"))
            if p.is_file()
        }
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        whole = {**manifest, "format": RUN_FORMAT, "files": hashes}
        contents.check(whole, files)
        text = json.dumps(whole, indent=1)
        (aside / "manifest.json").write_text(text, encoding="utf-8")
        (aside / "seal").write_text(hashlib.sha256(text.encode()).hexdigest(), encoding="ascii")
        place(aside, target, lesson, replace)
    except OSError as error:
        raise unwritable(target, error) from None
    finally:
        discard(aside)
    failures.forget(runs, lesson, key)
    return open_run(target, lesson)


def place(aside: Path, target: Path, lesson: str, replace: bool = False) -> None:
    """Rename a whole run into place; a whole run that is there already stays, unless `replace`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = aside.with_name("old")
    while True:  # until no other builder comes between
        try:
            aside.rename(target)
            return
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        if not replace and _whole(target, lesson):
            return
        shutil.rmtree(old, ignore_errors=True)
        try:
            target.rename(old)
        except FileNotFoundError:
            pass  # another builder moved it just now


def _whole(folder: Path, lesson: str) -> bool:
    try:
        open_run(folder, lesson)
    except StoreError:
        return False
    return True
