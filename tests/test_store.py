"""A run on disk is whole or absent, and nothing in it can be altered unseen."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import forging
import pytest
from conftest import Project
from forging import make
from workshop import Workshop

from lessonkit.evidence import Figure, Table
from lessonkit.press import settings
from lessonkit.press.lesson.job import RUN_FORMAT
from lessonkit.press.run import aside as asides
from lessonkit.press.run import failures, runner, standing, store
from lessonkit.press.run.aside import StoreError
from lessonkit.press.run.choice import choose

FILES = (
    "manifest.json",
    "seal",
    "evidence.json",
    "cells.json",
    "log.txt",
    "figures/distances.svg",
    "figures/distances.png",
    "data/distances.csv",
)


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the real builder."""
    project = Project(tmp_path_factory.mktemp("store") / "course")
    project.furnish()
    (result,) = build_now(project)
    assert result.run is not None, result.failure
    return result.run.folder


@pytest.fixture
def run(run_once: Path, tmp_path: Path) -> Path:
    """A copy of it, to break."""
    return Path(shutil.copytree(run_once, tmp_path / "runs/walks/stray" / run_once.name))


def build_now(project: Project, **options: Any) -> list[runner.Result]:
    here = settings.load(project.root)
    return standing.build(here, standing.standings(here), jobs=1, **options)


def seal_again(folder: Path, **changes: Any) -> None:
    """Alter a manifest and seal it as somebody who knows how."""
    forging.reseal(folder, {**json.loads((folder / "manifest.json").read_text()), **changes})


# Whole.


def test_a_run_holds_these_files_and_no_scaffolding(run: Path) -> None:
    found = {p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file()}
    assert found == set(FILES)


def test_a_run_says_what_ran_and_how(run: Path) -> None:
    opened = store.open_run(run, "walks/stray")
    assert (opened.lesson, opened.key, opened.profile) == ("walks/stray", run.name, "quick")
    assert opened.manifest["seeds"] == [0, 1, 2, 3, 4]
    assert set(opened.manifest["modules"]) >= {"__main__", "_toolbox"}
    assert opened.manifest["cpu_seconds"] > 0
    assert opened.manifest["format"] == RUN_FORMAT
    assert len(opened.numbers["distance"].values) == 5
    assert opened.of(Table)["walks"].columns == ["what", "ours"]
    assert opened.claims["walks-stray"].verdict == "holds"
    assert "Distances by seed: " in opened.of(Figure)["distances"].alt


@pytest.mark.parametrize("name", FILES)
def test_a_single_altered_byte_is_refused(run: Path, name: str) -> None:
    store.open_run(run, "walks/stray")
    data = bytearray((run / name).read_bytes()) or bytearray(1)
    data[len(data) // 2] ^= 1
    (run / name).write_bytes(data)
    with pytest.raises(StoreError, match=r"altered|not a complete run"):
        store.open_run(run, "walks/stray")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(run: Path, name: str) -> None:
    (run / name).unlink()
    with pytest.raises(StoreError, match=r"missing from its run|not a complete run"):
        store.open_run(run, "walks/stray")


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a complete run"):
        store.open_run(tmp_path / "nowhere", "walks/stray")


def test_a_run_of_another_version_says_which(run: Path) -> None:
    seal_again(run, format=RUN_FORMAT + 1)
    with pytest.raises(
        StoreError, match=r"another version of lessonkit \(run format 4, expected 3"
    ):
        store.open_run(run, "walks/stray")


def test_an_altered_run_is_made_anew_by_the_next_build(project: Project) -> None:
    (first,) = build_now(project)
    (first.run.folder / "evidence.json").write_text("{}")
    here = settings.load(project.root)
    state = standing.standing(here, "walks/stray")
    assert state.state == "failed"
    assert "evidence.json: altered since the run" in state.problems[0]
    (again,) = build_now(project)
    assert again.run.folder == first.run.folder
    assert again.run.numbers == first.run.numbers
    assert standing.standing(here, "walks/stray").state == "fresh"


# Absent.


def leftovers(project: Project) -> list[str]:
    runs = project.root / ".lessonkit/runs"
    found = [*runs.glob("walks/stray/*.*"), *runs.glob(".aside/*"), *runs.glob(".aside/.*")]
    return [str(p.relative_to(runs)) for p in found]


def wait_for(condition: Callable[[], Any]) -> Any:
    """Return what `condition` gives as soon as it is true."""
    for _ in range(3000):
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it never came")


def ended(pid: int) -> bool:
    """Say whether a process is gone, or dead and not yet buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def written(path: Path) -> str:
    """Return the text of a file once its last line is whole."""
    text = path.read_text() if path.exists() else ""
    return text if text.endswith("\n") else ""


def test_a_killed_builder_leaves_nothing_that_opens(project: Project) -> None:
    pid_file = project.root.parent / "pid"
    project.replace(
        "lessons/walks/stray.py",
        "# %% draw",
        f"# %% draw\nimport os, time\ntry:\n    with open({str(pid_file)!r}, 'x') as file:\n"
        "        file.write(f'{os.getpid()}\\n')\n"
        "    time.sleep(600)\nexcept FileExistsError:\n    pass",
    )
    builder = subprocess.Popen(
        [sys.executable, "-m", "lessonkit.press.cli", "build"],
        cwd=project.root,
        stdout=subprocess.DEVNULL,
    )
    lesson = int(wait_for(lambda: written(pid_file)))
    builder.kill()
    builder.wait()
    if sys.platform == "linux":
        wait_for(lambda: ended(lesson) and not leftovers(project))  # with its builder
    else:
        os.kill(lesson, signal.SIGKILL)
    assert choose(project.root / ".lessonkit/runs", "walks/stray", "", "").run is None
    assert standing.standing(settings.load(project.root), "walks/stray").state == "missing"

    (result,) = build_now(project)
    assert result.run is not None
    assert leftovers(project) == []


def left_by_somebody_dead(runs: Path) -> Path:
    """Begin a folder aside in a process that is then killed."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom lessonkit.press.run import aside\n"
        "print(aside.begin(Path(sys.argv[1]), 'walks/stray', 'key'), flush=True)\ntime.sleep(99)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(runs)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    with other.stdout:
        made = Path(other.stdout.readline().strip())
    asides.sweep(runs)
    assert made.is_dir()  # it lives, whatever its number means here
    other.kill()
    other.wait()
    return made


def test_the_sweep_spares_whoever_is_still_building(tmp_path: Path) -> None:
    mine = asides.begin(tmp_path, "walks/stray", "key")
    dead = left_by_somebody_dead(tmp_path)
    (dead / "figures").mkdir()
    made = make(tmp_path, "0123")
    failures.note(tmp_path, "walks/stray", "key", {"message": "no"})
    asides.sweep(tmp_path)
    assert mine.is_dir()
    assert failures.noted(tmp_path, "walks/stray", "key") == {"message": "no"}
    assert store.open_run(made.folder, "walks/stray")
    assert [folder.name for folder in (tmp_path / asides.FOLDER).iterdir()] == [mine.parent.name]


def test_what_is_about_to_be_locked_or_cannot_be_is_dead_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = left_by_somebody_dead(tmp_path).parent
    monkeypatch.setattr(asides, "_free", lambda folder: None)  # a file system without locks
    hidden = dead.with_name(".key.abc")
    hidden.mkdir()
    asides.sweep(tmp_path)
    assert dead.is_dir()
    assert hidden.is_dir()
    for folder in (dead, hidden):
        os.utime(folder, (0, 0))
    asides.sweep(tmp_path)
    assert list((tmp_path / asides.FOLDER).iterdir()) == []


def test_a_lesson_may_be_called_like_what_lies_aside(tmp_path: Path) -> None:
    folder = tmp_path / "v1.0.2/key.99999.abc/0123"
    folder.mkdir(parents=True)
    os.utime(folder.parent, (0, 0))
    asides.sweep(tmp_path)
    assert folder.is_dir()


def test_cleaning_spares_what_runs(there: Workshop) -> None:
    runs = there.settings.runs_folder
    mine = asides.begin(runs, "walks/stray", "key")
    (mine / "manifest.json").write_text("{}")  # about to be sealed
    assert there.do("clean").code == 0
    assert mine in there.runs()
    asides.clear(runs)
    assert there.runs() == [mine]
    asides.discard(mine)
    asides.clear(runs)
    assert not runs.exists()


def test_what_lies_aside_is_never_listed(tmp_path: Path) -> None:
    aside = asides.begin(tmp_path, "walks/stray", "key")
    made = make(tmp_path, "made").folder
    shutil.copytree(made, aside, dirs_exist_ok=True)
    assert list(store.runs_of(tmp_path, "walks/stray")) == [made]


# Two at once.


def test_two_builders_at_once_end_with_one_whole_run(project: Project) -> None:
    command = [sys.executable, "-m", "lessonkit.press.cli", "build"]
    builders = [
        subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [builder.communicate()[0] for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0], outputs
    (folder,) = (project.root / ".lessonkit/runs/walks/stray").iterdir()
    assert store.open_run(folder, "walks/stray").claims


def test_the_faster_of_two_builders_stays(tmp_path: Path) -> None:
    make(tmp_path, "one", value=1)
    second = make(tmp_path, "one", value=2)
    assert second.numbers["far"].values == [1, 1]
    assert [p.name for p in (tmp_path / "walks/stray").iterdir()] == [second.key]


def test_force_puts_the_new_run_in_the_place_of_the_old(tmp_path: Path) -> None:
    make(tmp_path, "one", value=1)
    second = make(tmp_path, "one", value=2, replace=True)
    assert second.numbers["far"].values == [2, 2]
    assert [p.name for p in (tmp_path / "walks/stray").iterdir()] == [second.key]


def test_a_builder_is_not_upset_when_another_moves_the_old_run_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(tmp_path, "one")
    (old.folder / "evidence.json").write_text("altered")
    monkeypatch.setattr(store, "_whole", lambda folder, lesson: shutil.rmtree(folder) or False)
    assert make(tmp_path, "one", value=2).numbers["far"].values == [2, 2]


# A full disk.


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("where", "name"), [(asides.tempfile, "mkdtemp"), (Path, "mkdir")])
def test_a_full_disk_at_the_beginning_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    monkeypatch.setattr(where, name, full)
    with pytest.raises(StoreError, match=r"\A[^\n]*no space left on the disk[^\n]*\Z"):
        asides.begin(tmp_path, "walks/stray", "key")


@pytest.mark.parametrize("name", ["write_text", "rename"])
def test_a_full_disk_at_the_end_keeps_nothing_but_earlier_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    earlier = make(tmp_path, "earlier")
    aside = asides.begin(tmp_path, "walks/stray", "key")
    forging.fill(aside)
    monkeypatch.setattr(Path, name, full)
    with pytest.raises(StoreError, match=r"\A[^\n]*no space left on the disk[^\n]*\Z"):
        store.commit(aside, tmp_path, forging.manifest_of("now"))
    assert [p.name for p in (tmp_path / "walks/stray").iterdir()] == [earlier.key]
    assert store.open_run(earlier.folder, "walks/stray")


def test_a_full_disk_at_the_end_of_a_lesson_keeps_the_last_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = build_now(project)
    project.replace("lessons/walks/stray.py", "quick=5", "quick=6")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(StoreError, match="no space left"):
            build_now(project)
    assert leftovers(project) == []
    state = standing.standing(settings.load(project.root), "walks/stray")
    assert (state.state, state.run.key) == ("stale", first.run.key)


@pytest.mark.parametrize("name", ["write_text", "replace", "mkdir"])
def test_a_failure_that_cannot_be_noted_leaves_no_half_of_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "walks/stray").mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(Path, name, full)
        failures.note(tmp_path, "walks/stray", "key", {"message": "no"})
    assert list((tmp_path / "walks/stray").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "walks").write_text("a file is in the way")
    with pytest.raises(StoreError, match=r"walks/stray: cannot be written: .* Check the folder"):
        asides.begin(tmp_path, "walks/stray", "key")


# The choice of a page.


def chosen(runs: Path, source: str = "now", key: str = "", profile: str | None = None) -> Any:
    code = forging.manifest_of("", source)["source"]
    choice = choose(runs, "walks/stray", code, forging.key_of(key), profile)
    return choice.run and forging.label_of(choice.run), choice.stale


def test_without_runs_there_is_no_choice(tmp_path: Path) -> None:
    assert chosen(tmp_path) == (None, False)


def test_a_full_run_comes_before_a_newer_quick_one(tmp_path: Path) -> None:
    make(tmp_path, "full", profile="full")
    make(tmp_path, "quick")
    assert chosen(tmp_path, key="quick") == ("full", False)


def test_a_run_of_this_machine_comes_before_a_newer_one(tmp_path: Path) -> None:
    make(tmp_path, "here")
    make(tmp_path, "elsewhere")
    assert chosen(tmp_path, key="here") == ("here", False)


def test_the_newest_of_equal_runs_is_chosen(tmp_path: Path) -> None:
    for key in ("b", "c", "a"):
        make(tmp_path, key)
    assert chosen(tmp_path) == ("a", False)


def test_present_code_comes_before_old_code_however_full(tmp_path: Path) -> None:
    make(tmp_path, "present")
    make(tmp_path, "old", source="before", profile="full")
    assert chosen(tmp_path) == ("present", False)


def test_failing_that_the_last_good_run_is_chosen_and_called_stale(tmp_path: Path) -> None:
    make(tmp_path, "older", source="long before", profile="full")
    make(tmp_path, "old", source="before")
    assert chosen(tmp_path) == ("old", True)


def test_a_smoke_run_is_used_only_if_asked_for(tmp_path: Path) -> None:
    make(tmp_path, "smoke", profile="smoke")
    assert chosen(tmp_path, key="smoke") == (None, False)
    make(tmp_path, "old", source="before")
    assert chosen(tmp_path, key="smoke") == ("old", True)
    assert chosen(tmp_path, profile="smoke") == ("smoke", False)


def test_a_page_that_is_confined_to_a_profile_takes_no_other(tmp_path: Path) -> None:
    make(tmp_path, "full", profile="full")
    assert chosen(tmp_path, profile="quick") == (None, False)


def test_an_altered_run_is_passed_over_and_reported(tmp_path: Path) -> None:
    good, bad = make(tmp_path, "good"), make(tmp_path, "bad", profile="full")
    (bad.folder / "evidence.json").write_text("[]")
    choice = choose(tmp_path, "walks/stray", good.source, "")
    assert choice.run.key == good.key
    assert list(choice.altered) == [bad.key]
    assert f"{bad.key}/evidence.json: altered since the run" in choice.altered[bad.key]


# Failures are noted.


def test_a_failure_is_forgotten_once_the_same_key_succeeds(tmp_path: Path) -> None:
    key = forging.key_of("now")
    for failed in (key, "other"):
        failures.note(tmp_path, "walks/stray", failed, {"message": "no"})
    make(tmp_path, "now")
    assert failures.noted(tmp_path, "walks/stray", key) is None
    assert failures.noted(tmp_path, "walks/stray", "other") == {"message": "no"}


def test_a_note_that_cannot_be_read_still_counts_as_a_failure(tmp_path: Path) -> None:
    failures.note(tmp_path, "walks/stray", "key", {})
    failures.file(tmp_path, "walks/stray", "key").write_text("{")
    assert "cannot be read" in failures.noted(tmp_path, "walks/stray", "key")["message"]


def test_what_was_checked_is_what_is_used_whatever_becomes_of_the_folder(tmp_path: Path) -> None:
    run = make(tmp_path, "0123")
    evidence = run.evidence
    (run.folder / "evidence.json").write_text("{}")
    assert run.evidence == evidence
    shutil.rmtree(run.folder)
    assert run.evidence == evidence
    with pytest.raises(StoreError, match=r"unlisted: missing from its run"):
        run.read("unlisted")
