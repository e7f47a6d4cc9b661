"""Runs travel: packed on one machine, checked on another, and measured again by readers."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import forging
import pytest
from conftest import LESSON
from workshop import Workshop, walks

from lessonkit.evidence import Claim, Number, Rule
from lessonkit.press.run import store, travel, verify
from lessonkit.press.settings import PressError


@pytest.fixture
def elsewhere(tmp_path: Path) -> Workshop:
    """The same project on a machine where nothing ran yet."""
    return walks(tmp_path / "elsewhere")


@pytest.fixture
def packed(course: Workshop, tmp_path: Path) -> Path:
    """An archive with one run."""
    assert course.do("export", str(tmp_path / "runs.zip")).code == 0
    return tmp_path / "runs.zip"


def test_runs_arrive_byte_for_byte(course: Workshop, elsewhere: Workshop, packed: Path) -> None:
    outcome = elsewhere.do("import", str(packed))
    run = course.entry().run
    assert run is not None
    assert (outcome.code, outcome.out) == (0, f"took in walks/stray  {run.key}\n")
    assert contents(elsewhere) == contents(course)


def contents(project: Workshop) -> dict[str, bytes]:
    folder = project.settings.runs_folder
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_arrived_is_fresh_and_published(elsewhere: Workshop, packed: Path) -> None:
    elsewhere.do("import", str(packed))
    assert elsewhere.do("build", "--dry-run").out == "keep  walks/stray  (fresh)\n"
    assert (elsewhere.root / "docs/generated/walks/stray/stray.ipynb").is_file()
    assert elsewhere.do("check").code == 0


def test_an_archive_says_nothing_of_the_machine_that_made_it(
    there: Workshop, tmp_path: Path
) -> None:
    there.replace(
        "lessons/walks/stray.py",
        'print(f"{len(walks)} walks")',
        "import os, sys, warnings\n"
        "print(os.getcwd(), __file__, np.__file__, os.path.expanduser('~/x'))\n"
        "warnings.warn('look')\n"
        "print(os.__file__, file=sys.stderr)",
    )
    there.build()
    assert there.do("export", str(tmp_path / "mine.zip")).code == 0
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        said = "".join(archive.read(name).decode("latin-1") for name in archive.namelist())
        (cells,) = (archive.read(name) for name in archive.namelist() if "cells" in name)
    printed = next(cell["stdout"] for cell in json.loads(cells) if cell["stdout"])
    assert printed == ". lessons/walks/stray.py numpy/__init__.py ~/x\n"
    for place in (
        str(there.root),
        sys.prefix,
        os.path.expanduser("~/"),
        sysconfig.get_path("stdlib"),
    ):
        assert place not in said


def test_a_run_that_is_here_already_stays(there: Workshop, packed: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in there.settings.runs_folder.rglob("*")}
    assert there.do("import", str(packed)).code == 0
    for path, time in before.items():
        if path.is_file():
            assert path.stat().st_mtime_ns == time


def test_an_altered_run_that_is_here_is_replaced(there: Workshop, packed: Path) -> None:
    (there.runs()[0] / "evidence.json").write_text("{}", encoding="utf-8")
    assert there.do("import", str(packed)).code == 0
    assert store.open_run(there.runs()[0], "walks/stray").numbers


def test_only_runs_of_the_present_code_are_packed(there: Workshop, tmp_path: Path) -> None:
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 50")
    outcome = there.do("export", str(tmp_path / "old.zip"))
    assert outcome.code == 1
    assert outcome.err == (
        "lessonkit: nothing to export: no lesson has a run of its present code.\n"
    )
    assert list(tmp_path.glob("old*")) == []


def test_an_archive_that_cannot_be_written_leaves_nothing(there: Workshop, tmp_path: Path) -> None:
    outcome = there.do("export", str(tmp_path / "nowhere/runs.zip"))
    assert outcome.code == 1
    assert "runs.zip: cannot be written: No such file or directory." in outcome.err
    assert not (tmp_path / "nowhere").exists()


def repacked(packed: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """Pack the archive again with other names or bytes."""
    target = packed.with_name("changed.zip")
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            if changed:
                new.writestr(*changed)
    return target


def refused(project: Workshop, archive: Path) -> str:
    """Import in vain, and insist that nothing came of it."""
    outcome = project.do("import", str(archive))
    assert outcome.code == 1
    assert outcome.err.startswith(f"lessonkit: {archive}: ")
    assert outcome.err.count("\n") == 1
    assert contents(project) == {}
    assert not (project.settings.runs_folder / ".import").exists()
    return outcome.err


@pytest.mark.parametrize("file", ["evidence.json", "cells.json", "figures/distances.svg"])
def test_an_altered_file_is_refused(elsewhere: Workshop, packed: Path, file: str) -> None:
    archive = repacked(packed, lambda n, b: (n, b + b" " if n.endswith(file) else b))
    said = refused(elsewhere, archive)
    assert f"{file}: altered since the run (its hash differs). Refused; export it again." in said
    assert ".import" not in said


def test_an_altered_manifest_is_refused(elsewhere: Workshop, packed: Path) -> None:
    archive = repacked(packed, lambda n, b: (n, b.replace(b'"quick"', b'"full"')))
    assert "manifest.json: altered since it was written" in refused(elsewhere, archive)


@pytest.mark.parametrize("file", ["seal", "evidence.json"])
def test_a_missing_file_is_refused(elsewhere: Workshop, packed: Path, file: str) -> None:
    archive = repacked(packed, lambda n, b: None if n.endswith(file) else (n, b))
    assert "Refused; export it again." in refused(elsewhere, archive)


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:evil.txt"]
)
def test_a_path_that_leaves_the_store_is_refused(
    elsewhere: Workshop, packed: Path, name: str
) -> None:
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "evil")
    # zipfile itself writes / for \ on Windows only
    assert "Refused; export it again" in refused(elsewhere, packed)
    assert list(elsewhere.root.parent.rglob("evil.txt")) == []


def test_a_run_under_another_name_is_refused(elsewhere: Workshop, packed: Path) -> None:
    archive = repacked(packed, lambda n, b: (n.replace("walks/stray", "walks/other"), b))
    elsewhere.write("lessons/walks/other.py", LESSON.replace("walks/stray", "walks/other"))
    said = refused(elsewhere, archive)
    assert "the run of another lesson or key: expected walks/other/" in said
    assert "it says 'walks/stray' and" in said


def test_one_bad_run_keeps_all_others_out(elsewhere: Workshop, packed: Path) -> None:
    archive = repacked(packed, lambda n, b: (n, b))
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(archive, "a") as new:
        for name in old.namelist():
            new.writestr(f"zoo/{name.partition('/')[2]}", old.read(name))
    assert "file 'zoo/stray/" in refused(elsewhere, archive)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_what_is_no_archive_is_refused(elsewhere: Workshop, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.zip").write_bytes(content)
    assert "cannot be read as an archive of runs" in refused(elsewhere, tmp_path / "no.zip")


def test_a_damaged_archive_is_refused(elsewhere: Workshop, packed: Path) -> None:
    data = bytearray(packed.read_bytes())
    for place in range(200, 1200):
        data[place] ^= 0x5A
    packed.write_bytes(data)
    refused(elsewhere, packed)


@pytest.mark.parametrize("where", ["open", "rename", "mkdir"])
def test_a_full_disk_leaves_the_store_as_it_was(
    elsewhere: Workshop, packed: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    real = getattr(Path, where)

    def full(path: Path, *given: Any, **named: Any) -> Any:
        new = where == "open" and "xb" in given
        if new or (where != "open" and "walks" in path.parts):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, where, full)
        outcome = elsewhere.do("import", str(packed))
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "no space left on the disk" in outcome.err
    assert contents(elsewhere) == {}
    assert elsewhere.do("import", str(packed)).code == 0


def test_an_archive_without_runs_is_refused(elsewhere: Workshop, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w"):
        pass
    assert "holds no runs" in refused(elsewhere, tmp_path / "other.zip")


def test_a_run_of_another_version_is_refused(elsewhere: Workshop, packed: Path) -> None:
    def other(name: str, content: bytes) -> tuple[str, bytes]:
        seal = hashlib.sha256(manifest).hexdigest().encode()
        return name, {"manifest.json": manifest, "seal": seal}.get(name.rsplit("/", 1)[-1], content)

    manifest = b'{"format": 0}'
    said = refused(elsewhere, repacked(packed, other))
    assert "written by another version of lessonkit (run format 0" in said


def test_a_run_that_was_altered_since_is_not_packed(there: Workshop, tmp_path: Path) -> None:
    run = there.entry().run
    assert run is not None
    there.reseal(run.folder, format=0)
    with pytest.raises(PressError, match="written by another version"):
        travel.export(there.settings, [run], tmp_path / "old.zip")


def test_the_same_runs_give_the_same_archive(there: Workshop, packed: Path) -> None:
    assert there.do("export", str(packed.with_name("again.zip"))).code == 0
    assert packed.with_name("again.zip").read_bytes() == packed.read_bytes()


def test_an_archive_that_is_not_there_is_wrong_usage(elsewhere: Workshop) -> None:
    assert elsewhere.do("import", "nowhere.zip").code == 2


# Measuring again: what a reader's own run must agree with


@pytest.mark.parametrize(
    ("values", "inside", "outside"),
    [
        ([2.0, 3.0], [1.34, 2.5, 4.5], [1.33, 4.51]),  # positive: widened by its own factor
        ([-3.0, 5.0], [-11.0, 13.0], [-11.1, 13.1]),  # else by its own width
        ([1e-7, 1e-5], [1e-9, 1e-3], [0.9e-9, 1.1e-3, 0.0]),
        ([7.0], [7.0, 7.0 * (1 + 9e-7)], [7.0 * (1 + 2e-6)]),  # nothing but rounding
        ([7.0, 7.0 * (1 + 1e-12)], [7.0 * (1 + 5e-7)], [7.0 * (1 + 3e-6)]),
        ([0.0], [0.0], [1e-12]),
    ],
)
def test_the_band_admits_other_seeds_and_no_other_experiment(
    values: list[float], inside: list[float], outside: list[float]
) -> None:
    low, high = verify.band([values])
    assert all(low <= value <= high for value in inside)
    assert not any(low <= value <= high for value in outside)


def test_with_replications_the_band_is_where_networks_have_been_seen() -> None:
    low, high = verify.band([[2.0, 3.0], [1.5, 2.5], [2.0, 3.5]])
    assert (low, high) == pytest.approx((1.5, 3.5), rel=1e-5)
    assert verify.band([[-1.0, 2.0], [-3.0, 1.0]]) == pytest.approx((-3.0, 2.0), rel=1e-5)


def claim(value: float) -> Claim:
    return Claim("2 < 3", [value], Rule("below", (3.0,)), "4 < 3", [4.0], exact=True)


def run_with(numbers: dict[str, Number], claims: dict[str, Claim]) -> store.Run:
    run = store.Run(Path(), {}, {})
    run.__dict__.update(numbers=numbers, claims=claims)  # in the place of what it reads from disk
    return run


def test_a_band_of_whole_numbers_is_written_in_whole_numbers() -> None:
    published = run_with({"width": Number([64.0], "d"), "steps": Number([2.0, 3.0], "d")}, {})
    yours = run_with({"width": Number([64.0], "d"), "steps": Number([5.0], "d")}, {})
    width, steps = verify.compare(published, yours)
    assert (width.band, width.inside) == ("64", True)
    assert (steps.band, steps.inside) == ("2 to 4", False)


def test_numbers_and_claims_are_compared_one_by_one() -> None:
    published = run_with({"far": Number([2.0, 3.0]), "gone": Number([1.0])}, {"a": claim(2.0)})
    yours = run_with({"far": Number([2.0, 9.0]), "new": Number([1.0])}, {"a": claim(5.0)})
    far, gone, a = verify.compare(published, yours)
    assert (far.kind, far.name, far.inside, far.band) == ("number", "far", False, "1.33 to 4.5")
    assert (far.page, far.yours) == ("2.5 (2 to 3)", "5.5 (2 to 9)")
    assert (gone.inside, gone.yours) == (False, "not measured")
    assert (a.kind, a.page, a.yours, a.inside) == ("claim", "holds", "contradicted", False)


def test_a_run_agrees_with_itself() -> None:
    run = run_with({"far": Number([2.0, 3.0])}, {"a": claim(2.0)})
    assert all(check.inside for check in verify.compare(run, run))


def test_the_same_seeds_give_what_the_page_shows(there: Workshop) -> None:
    before = contents(there)
    outcome = there.do("verify", "walks/stray")
    assert outcome.code == 0, outcome.err
    assert "2 of 2 inside" in outcome.out
    assert contents(there) == before  # a reader's run is nobody's evidence


def test_other_seeds_stay_inside(there: Workshop) -> None:
    outcome = there.do("verify", "walks/stray", "--first-seed", "1000")
    assert (outcome.code, "2 of 2 inside" in outcome.out) == (0, True)
    run = there.entry().run
    assert run is not None
    page = run.numbers["distance"].text()
    assert outcome.out.count(page) == 1  # shown for the page only: yours are others


def test_another_experiment_falls_outside(there: Workshop) -> None:
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 20_000")
    outcome = there.do("verify", "walks/stray")
    assert outcome.code == 1
    assert "1 of 2 inside" in outcome.out  # the claim holds all the more
    assert "  no\n" in outcome.out


def test_a_lesson_that_fails_is_told_in_one_line(there: Workshop) -> None:
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 1 / 0")
    outcome = there.do("verify", "walks/stray")
    assert outcome.code == 1
    assert "ZeroDivisionError: division by zero" in outcome.err
    assert outcome.err.count("\n") == 1


def test_without_a_run_there_is_nothing_to_compare(elsewhere: Workshop) -> None:
    outcome = elsewhere.do("verify", "walks/stray")
    assert outcome.code == 1
    assert outcome.err == (
        "lessonkit: lesson walks/stray has no run to compare with: "
        "run `lessonkit build walks/stray`.\n"
    )


def test_nothing_is_packed_of_no_runs(there: Workshop, tmp_path: Path) -> None:
    with pytest.raises(PressError, match="nothing to export"):
        travel.export(there.settings, [], tmp_path / "runs.zip")


def test_a_larger_run_from_a_machine_with_a_gpu_is_not_run_again_here(there: Workshop) -> None:
    (folder,) = there.runs()
    forging.rekey(folder, profile="full", device="cuda")
    (state,) = json.loads(there.do("status", "--json").out)
    assert (state["state"], state["profile"], state["device"]) == ("fresh", "full", "cuda")
    assert "nothing to run" in there.do("build").out
    assert "run " in there.do("build", "--dry-run", "--profile", "quick").out  # asked for by name
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    assert json.loads(there.do("status", "--json").out)[0]["state"] == "stale"
