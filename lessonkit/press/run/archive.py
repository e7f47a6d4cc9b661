"""An archive of runs: one file that is the same for the same runs, read as if a stranger made it.

Nothing that an archive says of itself is believed: names are compared with what may lie in a store,
sizes are counted while its files are unpacked, and the first byte too many ends it.
"""

from __future__ import annotations

import contextlib
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from stat import S_IFMT, S_IFREG
from typing import IO, NamedTuple

from msgspec import ValidationError, convert

from lessonkit.press.run import contents
from lessonkit.press.run import manifest as manifests
from lessonkit.press.run.aside import one_line, unwritable
from lessonkit.press.settings import PressError

MOST_FILES = 20_000
LARGEST = 4 * 2**30  # bytes, unpacked
STRETCH = 200  # times its own size that an archive may unpack to, beyond what is small anyway
_SMALL = 64 * 2**20  # bytes
_DIRECTORY = 200 * MOST_FILES  # bytes of its list of files
_BLOCK = 2**20  # bytes
_OLD = (1980, 1, 1, 0, 0, 0)
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)


class ArchiveError(PressError):
    """An archive from which nothing was taken in."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(one_line(f"{file}: {problem}"))


class Place(NamedTuple):
    """Where a file of an archive belongs."""

    lesson: str
    key: str
    path: str  # in the run


def write(file: Path, files: Mapping[str, bytes]) -> None:
    """Write an archive whose bytes nothing but names and contents decide.

    Raises:
        OSError: it cannot be written.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _OLD)
            entry.create_system = 3  # the same on every machine
            entry.external_attr = (S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])


def unpack(file: Path, folder: Path, lessons: Collection[str]) -> dict[tuple[str, str], set[str]]:
    """Unpack an archive into a folder aside.

    Args:
        file: the archive.
        folder: an empty one, in which each run gets the place that it has in a store.
        lessons: of this project; an archive holds runs of these.

    Returns:
        The paths of the files of each run, by lesson and key.

    Raises:
        ArchiveError: it is none, or holds what no store does, or more than fits.
        StoreError: the folder cannot be written.
    """
    runs: dict[tuple[str, str], set[str]] = {}
    with _opened(file) as archive:
        entries = [(entry, _place(file, entry, lessons)) for entry in archive.infolist()]
        names = {"/".join(place).casefold() for _, place in entries}
        folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
        if len(names) < len(entries) or names & folders:
            raise ArchiveError(file, "two of its files have one name. Refused; export it again.")
        left = min(LARGEST, max(_SMALL, STRETCH * file.stat().st_size))
        for entry, place in entries:
            target = folder.joinpath(place.lesson, place.key, place.path)
            most = min(left, _most(place.path))
            with _reading(file, entry.filename), archive.open(entry) as packed:
                count = _copy(packed, target, most, file, entry.filename)
                if count != entry.file_size:
                    raise ValueError(f"expected {entry.file_size:,} bytes, got {count:,}")
                left -= count
            runs.setdefault(place[:2], set()).add(place.path)
    if not runs:
        raise ArchiveError(file, "holds no runs. Make one with `lessonkit export`.")
    return runs


def _most(path: str) -> int:
    return {manifests.MANIFEST: manifests.LARGEST, manifests.SEAL: 1000}.get(
        path, contents.LARGEST_FILE
    )


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose list of files is short enough to be read."""
    with _reading(file, ""):
        if not file.is_file():  # a pipe would never end
            raise ValueError("expected a file")
        _check_end(file)
        archive = zipfile.ZipFile(file)
    with archive:
        yield archive


@contextlib.contextmanager
def _reading(file: Path, name: str) -> Iterator[None]:
    """Say in one line that an archive, or a file of it, cannot be read."""
    try:
        yield
    except PressError:
        raise
    except _BROKEN as error:
        where = f", file {name!a:.120}" if name else ""
        raise ArchiveError(
            file,
            f"cannot be read as an archive of runs{where}: {str(error).rstrip('.')}. Export it "
            "again.",
        ) from None


def _check_end(file: Path) -> None:
    """Look at the last lines of the list of files: zipfile would read all of it into memory."""
    with file.open("rb") as archive:
        size = archive.seek(0, 2)
        archive.seek(max(0, size - 42))
        end = archive.read()
    if end[-22:-18] != b"PK\5\6" or end[:4] == b"PK\6\7":
        raise ValueError("expected the end of a small zip file without a comment")
    count, length = struct.unpack("<HI", end[-12:-6])
    if count > MOST_FILES or length > _DIRECTORY:
        raise ValueError(
            f"{count:,} files, their list {length:,} bytes: {MOST_FILES:,} are the most"
        )


def _place(file: Path, entry: zipfile.ZipInfo, lessons: Collection[str]) -> Place:
    """Return where a file of the archive belongs; it must be one that a store can hold."""
    name = entry.orig_filename
    what = f"file {name!a:.120}"
    kind = S_IFMT(entry.external_attr >> 16)
    if entry.flag_bits & 1:
        raise ArchiveError(file, f"{what} is encrypted. Refused; export it again.")
    if kind not in (0, S_IFREG) or entry.is_dir() or name != entry.filename:
        raise ArchiveError(file, f"{what} is no regular file. Refused; export it again.")
    lesson, key, path = _parts(name, lessons)
    if lesson not in lessons:
        raise ArchiveError(
            file,
            f"{what} belongs to no lesson of this project; they are: {', '.join(lessons)}. "
            "Refused; export it again, from the same lessons.",
        )
    try:
        convert(key, manifests.Key)
        convert(path, manifests.FilePath)
    except ValidationError:
        raise ArchiveError(
            file,
            f"{what} has no place in a store: expected {lesson}/KEY/FILE, with a key of 16 "
            "hexadecimal digits and plain names. Refused; export it again.",
        ) from None
    return Place(lesson, key, path)


def _parts(name: str, lessons: Collection[str]) -> Place:
    """Cut a name into lesson, key and path; a lesson may lie below the folder of another."""
    owners = [lesson for lesson in lessons if name.startswith(f"{lesson}/")] or [""]
    cut = [Place(owner, *name.removeprefix(f"{owner}/").partition("/")[::2]) for owner in owners]
    return next((place for place in cut if len(place.key) == 16 and place.path), cut[0])


def _copy(packed: IO[bytes], target: Path, most: int, file: Path, name: str) -> int:
    """Copy a file out of the archive, count its bytes, and stop at one too many."""
    count = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unpacked = target.open("xb")
    except OSError as error:
        raise unwritable(target, error) from None
    with unpacked:
        while block := packed.read(_BLOCK):
            count += len(block)
            if count > most:
                raise ArchiveError(
                    file,
                    f"file {name!a:.120} unpacks to more than {most:,} bytes, which is more than "
                    "is left for it. Refused; export it again.",
                )
            try:
                unpacked.write(block)
            except OSError as error:
                raise unwritable(target, error) from None
    return count
