"""Nothing that lies in docs/generated is believed: it is compared, told and laid out again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from workshop import Workshop

from lessonkit.press import memo
from lessonkit.press.settings import PressError
from lessonkit.press.site import downloads, laid

FIGURE = "walks/stray/distances.png"


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut_short(file: Path) -> None:
    os.truncate(file, 10)


def lose(file: Path) -> None:
    file.unlink()


def link(file: Path) -> None:
    outside = file.parents[5] / "outside.txt"
    file.unlink()
    file.symlink_to(outside)


def link_twice(file: Path) -> None:
    """Another name of a file outside: to write into one is to write into both."""
    outside = file.parents[5] / "outside.txt"
    file.unlink()
    file.hardlink_to(outside)


def make_a_folder(file: Path) -> None:
    file.unlink()
    (file / "inner").mkdir(parents=True)
    (file / "inner/file.txt").write_text("x")


def link_the_folder(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.symlink_to(file.parents[5] / "outside")


def make_the_folder_a_file(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.write_text("x")


def link_everything(file: Path) -> None:
    shutil.rmtree(file.parents[2])
    file.parents[2].symlink_to(file.parents[5] / "outside")


def add(file: Path) -> None:
    file.with_name("more.html").write_text("x")


def add_a_link_to_everything(file: Path) -> None:
    file.with_name("more").symlink_to("/")


def add_a_pipe(file: Path) -> None:
    os.mkfifo(file.with_name("more"))


def write_protect_and_flip(file: Path) -> None:
    flip(file)
    file.chmod(0o400)
    file.parent.chmod(0o500)


ALTERATIONS: list[Callable[[Path], None]] = [
    flip,
    cut_short,
    lose,
    link,
    link_twice,
    make_a_folder,
    link_the_folder,
    make_the_folder_a_file,
    link_everything,
    add,
    add_a_link_to_everything,
    add_a_pipe,
    write_protect_and_flip,
]


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: what files hold, None for what is no file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


@pytest.mark.parametrize("alter", ALTERATIONS, ids=lambda alter: alter.__name__)
def test_what_was_altered_is_told_and_laid_out_again(
    there: Workshop, alter: Callable[[Path], None]
) -> None:
    folder, outside = there.settings.generated_folder, there.root.parent / "outside"
    (outside / "walks/stray").mkdir(parents=True)
    (there.root.parent / "outside.txt").write_text("theirs")
    before = snapshot(folder)
    alter(folder / FIGURE)
    told = there.do("check")
    assert told.code == 1
    assert "docs/generated" in told.err
    assert "`lessonkit build` and `mkdocs build` lay it out again" in told.err
    mended = there.do("build")
    assert mended.code == 0
    assert "laid out again what somebody had changed" in mended.out
    assert snapshot(folder) == before
    assert not folder.is_symlink()
    assert there.do("check").code == 0
    assert (there.root.parent / "outside.txt").read_text() == "theirs"
    assert snapshot(outside) == {}


@pytest.mark.parametrize("note", ["laid", "laid.by", "laid.lock"])
def test_the_notes_about_it_are_not_believed_either(there: Workshop, note: str) -> None:
    before = snapshot(there.settings.generated_folder)
    (there.root / ".lessonkit" / note).write_text("{}")
    flip(there.settings.generated_folder / FIGURE)
    assert there.do("check").code == 1
    assert there.do("build").code == 0
    assert snapshot(there.settings.generated_folder) == before


def test_a_pipe_in_the_place_of_a_note_stops_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "laid")
    assert memo.take(tmp_path, "laid") is None
    memo.keep(tmp_path, "laid", b"{}")
    assert memo.take(tmp_path, "laid") == b"{}"


def test_what_is_only_older_than_its_run_is_no_fault(there: Workshop) -> None:
    there.replace("lessons/walks/stray.py", "# Walk.", "# Walk further.")
    there.replace("docs/stray.md", "# A walk strays", "# Walks stray")
    assert there.do("check").code == 0
    assert "somebody" not in there.do("build").out


def test_what_was_never_laid_out_is_no_fault(there: Workshop) -> None:
    shutil.rmtree(there.settings.generated_folder)
    assert there.do("check").code == 0


# Builders side by side.


def test_whoever_waits_says_for_whom(there: Workshop) -> None:
    files = downloads.made(there.course())
    said: list[str] = []
    first = FileLock(there.settings.store_folder / "laid.lock", thread_local=False)
    first.acquire()
    threading.Timer(0.7, first.release).start()
    laid.lay_out(there.settings, files, said.append)
    assert said == [
        f"waiting for process {os.getpid()} (lessonkit build) to lay out docs/generated"
    ]


def test_nobody_waits_for_ever(there: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laid, "WAIT", 0.0)
    files = downloads.made(there.course())
    with (
        FileLock(there.settings.store_folder / "laid.lock"),
        pytest.raises(
            PressError, match=r"docs/generated: process \d+ \(lessonkit build\) has been"
        ),
    ):
        laid.lay_out(there.settings, files, str)


def test_a_builder_that_was_killed_blocks_nobody(there: Workshop) -> None:
    code = "import sys, time, filelock; filelock.FileLock(sys.argv[1]).acquire(); print(flush=True)"
    lock = str(there.settings.store_folder / "laid.lock")
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep(60)", lock], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    holder.wait()
    holder.stdout.close()
    started = time.monotonic()
    assert there.do("build").code == 0
    assert time.monotonic() - started < laid.WAIT


def test_without_a_lock_files_are_laid_out_all_the_same(
    there: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError("Read-only file system")

    monkeypatch.setattr(FileLock, "acquire", read_only)
    before = snapshot(there.settings.generated_folder)
    flip(there.settings.generated_folder / FIGURE)
    assert there.do("build").code == 0
    assert snapshot(there.settings.generated_folder) == before


# The site.


def assert_published(project: Workshop, right: dict[str, bytes | None]) -> None:
    """Insist that the site holds what was laid out, and nothing else."""
    published = snapshot(project.root / "site/generated")
    assert published == {path: right[path] for path in right if not path.endswith("notebook.ipynb")}


@pytest.mark.slow
@pytest.mark.parametrize("alter", [flip, link, make_the_folder_a_file, add, link_everything])
def test_no_altered_file_reaches_the_site(there: Workshop, alter: Callable[[Path], None]) -> None:
    (there.root.parent / "outside/walks/stray").mkdir(parents=True)
    (there.root.parent / "outside.txt").write_text("theirs")
    right = snapshot(there.settings.generated_folder)
    alter(there.settings.generated_folder / FIGURE)
    built = there.mkdocs("build", "--strict")
    assert built.returncode == 0, built.stderr
    assert "laid out again what somebody had changed" in built.stderr
    assert_published(there, right)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_spoils_no_site(there: Workshop) -> None:
    """Here the folder cannot be made since its place is taken, and its place cannot be had."""
    right = snapshot(there.settings.generated_folder)
    block = (
        "from lessonkit.press.site import laid\nfrom pathlib import Path\nours = laid.bring\n"
        "def bring(folder, files):\n"
        "    if folder.name == 'generated' and folder.parent.name == 'docs':\n"
        "        raise OSError(30, 'Read-only file system')\n"
        "    return ours(folder, files)\n"
        "laid.bring = bring\nimport sys\nfrom mkdocs.__main__ import cli\n"
        "sys.argv = ['mkdocs', 'build', '--strict']\ncli()"
    )
    shutil.rmtree(there.settings.generated_folder)
    built = there.run("-c", block)
    assert built.returncode == 0, built.stderr
    assert "docs/generated: cannot be written: Read-only file system" in built.stderr
    assert_published(there, right)
    there.write("docs/generated/more.csv", "x")
    refused = there.run("-c", block)
    assert refused.returncode == 1
    assert "docs/generated: cannot be written: Read-only file system" in refused.stderr
