"""Is what lies in docs/generated what it must be? Compared byte by byte, laid out under one lock.

Other site generators and people read this folder, and anybody can change it. So it is brought into
line before each use; what was altered, cut short, lost or added is found by comparing, never by a
note that lies beside it. Links are not followed: they are removed. Files are replaced whole, so
that nothing is ever written through a link, and nobody reads half of one.

    .lessonkit/laid.lock   held by whoever lays out
              /laid.by     who that is, for those who wait
              /laid        hashes of what was laid out last: tells a file that somebody altered from
                           one that is merely older than its run
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from lessonkit.press import memo
from lessonkit.press.settings import PressError, Settings

_NOTE, _HOLDER = "laid", "laid.by"
WAIT = 60.0  # seconds for another builder; laying out takes one
Files = Mapping[str, bytes]  # what must be there, by its path below the folder
Tell = Callable[[str], None]


def lay_out(settings: Settings, files: Files, tell: Tell) -> bool:
    """Bring docs/generated/ into line; return whether anything had to be done.

    Args:
        settings: of the project.
        files: what must be there, and nothing else.
        tell: is given a line if one has to wait, or if something was altered.

    Raises:
        PressError: the folder cannot be written, or somebody else is busy there for too long.
    """
    folder = settings.generated_folder
    with _one_at_a_time(settings, tell):
        blamed = altered(settings, files)
        try:
            changed = bring(folder, files)
        except OSError as error:
            raise PressError(f"{folder}: cannot be written: {error.strerror or error}.") from None
        if changed or not _noted(settings):
            _note(settings, files)
    if blamed:
        names = list(blamed) if len(blamed) < 4 else [*list(blamed)[:3], f"{len(blamed) - 3} more"]
        tell(f"{where(settings)}: laid out again what somebody had changed: {', '.join(names)}")
    return changed


def where(settings: Settings) -> str:
    """Name the folder as its author knows it."""
    return settings.generated_folder.relative_to(settings.root).as_posix()


def altered(settings: Settings, files: Files) -> dict[str, str]:
    """Say of each path in docs/generated/ that is not as it was laid out what is wrong with it.

    What is merely older than its run is left out: the next build lays it out again.

    Args:
        settings: of the project.
        files: what must be there.
    """
    try:
        return _blamed(settings, files)
    except OSError as error:
        return {".": f"cannot be read: {error.strerror or error}"}


def _blamed(settings: Settings, files: Files) -> dict[str, str]:
    folder, noted = settings.generated_folder, _noted(settings)
    if folder.is_symlink():
        return {".": "is a link"}
    if not folder.is_dir():
        return {}
    wrong, missing = _compared(folder, files)
    blamed = {
        path: "is not what its run makes" if path in files else "belongs to no lesson"
        for path in wrong
        if path not in noted
    }
    for path in {*wrong, *missing} & noted.keys():
        if path not in wrong:
            blamed[path] = "lost since it was laid out"
        elif _digest(folder / path) != noted[path]:
            blamed[path] = "altered since it was laid out"
    return dict(sorted(blamed.items()))


def bring(folder: Path, files: Files) -> bool:
    """Let a folder hold these files and nothing else; return whether anything had to be done.

    Raises:
        OSError: it cannot be written.
    """
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        folder.mkdir(parents=True)
    try:
        wrong, missing = _compared(folder, files)
    except PermissionError:  # somebody closed a folder that is ours
        _open(str(folder))
        wrong, missing = _compared(folder, files)
    for path in wrong:
        _remove(folder / path)
    for path in missing:
        _write(folder / path, files[path])
    return bool(wrong or missing)


def _compared(folder: Path, files: Files) -> tuple[list[str], list[str]]:
    """Return what lies there and must not, the inner first, and what must be written."""
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    wrong, right = [], set()
    for path, entry in _lying(str(folder)):
        if entry.is_dir(follow_symlinks=False):
            wrong += [path] * (path not in folders)
        elif _holds(entry, files.get(path)):
            right.add(path)
        else:
            wrong.append(path)
    return wrong, [path for path in files if path not in right]


def _lying(folder: str, above: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield everything below a folder with its path there, the inner first; follow no link."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = above + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _lying(entry.path, f"{path}/")
            yield path, entry


def _holds(entry: os.DirEntry[str], content: bytes | None) -> bool:
    """Say whether this is a file of its own that holds exactly this."""
    if content is None or not entry.is_file(follow_symlinks=False):
        return False
    if entry.stat(follow_symlinks=False).st_size != len(content):
        return False
    try:
        with open(entry.path, "rb") as file:
            return file.read() == content
    except OSError:
        return False


def _open(folder: str) -> None:
    os.chmod(folder, 0o755)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _open(entry.path)


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder that is empty by now."""
    if stat.S_ISDIR(path.lstat().st_mode):
        path.rmdir()
    else:
        path.unlink()


def _write(file: Path, content: bytes) -> None:
    """Write aside and rename: what was there is replaced, whatever it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{os.getpid()}.new")
    try:
        with open(aside, "xb") as new:
            new.write(content)
        aside.replace(file)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise


def _noted(settings: Settings) -> dict[str, str]:
    """Return the hashes of what was laid out last; none if there is no note, or it was altered."""
    note = memo.take(settings.store_folder, _NOTE)
    return json.loads(note) if note else {}


def _note(settings: Settings, files: Files) -> None:
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    memo.keep(settings.store_folder, _NOTE, json.dumps(hashes).encode())


def _digest(path: Path) -> str:
    """Return the hash of what a file holds; "" if it is none, or cannot be read."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


@contextmanager
def _one_at_a_time(settings: Settings, tell: Tell) -> Iterator[None]:
    """Hold the lock; a killed holder gives it back. Where none can be made, go without.

    That is a store on a read-only disk, for instance; files are replaced whole all the same.
    """
    from filelock import FileLock, Timeout  # at hand only where something is laid out

    lock = FileLock(settings.store_folder / "laid.lock")
    try:
        settings.store_folder.mkdir(parents=True, exist_ok=True)
        _acquire(lock, settings, tell)
        memo.keep(settings.store_folder, _HOLDER, _myself().encode())
    except Timeout:
        raise PressError(
            f"{where(settings)}: {_holder(settings)} has been laying out there for more "
            f"than {WAIT:.0f} seconds. End it, or wait for it, and say the same again."
        ) from None
    except (OSError, NotImplementedError):
        pass
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: Any, settings: Settings, tell: Tell) -> None:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        tell(f"waiting for {_holder(settings)} to lay out {where(settings)}")
        lock.acquire(timeout=WAIT)


def _holder(settings: Settings) -> str:
    return (memo.take(settings.store_folder, _HOLDER) or b"another process").decode()


def _myself() -> str:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    return f"process {os.getpid()} ({command})"
