"""The command line: what each command says, how it ends, and one line for each mistake."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import test_lessons
from conftest import Project
from workshop import Outcome, Workshop, walks

from lessonkit.evidence import circumstances
from lessonkit.press.commands import keeping
from lessonkit.press.run import standing
from lessonkit.press.site import laid


@pytest.fixture
def bare(tmp_path: Path) -> Workshop:
    """The same project before anything ran."""
    return walks(tmp_path / "bare")


def refused(outcome: Outcome, code: int) -> str:
    """Insist on one line, without a traceback, and return it."""
    assert outcome.code == code
    assert outcome.err.count("\n") == 1, outcome.err
    assert "Traceback" not in outcome.err + outcome.out
    assert "unexpected" not in outcome.err
    return outcome.err.rstrip("\n")


def runs(project: Workshop) -> dict[str, int]:
    """The runs that there are, with the time of each."""
    return {f.name: (f / "manifest.json").stat().st_mtime_ns for f in project.runs()}


# Good days


def test_a_build_runs_what_is_missing_and_then_nothing(bare: Workshop) -> None:
    first = bare.do("build")
    assert first.code == 0
    assert "running walks/stray\n" in first.out
    assert "1 of 1 claim as promised" in first.out
    assert first.out.endswith("\n1 lesson: 1 ran\n")
    before = runs(bare)
    second = bare.do("build")
    assert (second.code, second.out) == (0, "fresh 1 of 1 lessons: nothing to run\n")
    assert runs(bare) == before


def test_a_dry_run_says_what_would_run_and_runs_nothing(there: Workshop, bare: Workshop) -> None:
    assert bare.do("build", "--dry-run").out == "run   walks/stray  (missing)\n"
    assert runs(bare) == {}
    assert there.do("build", "--dry-run").out == "keep  walks/stray  (fresh)\n"
    again = there.do("build", "--dry-run", "--force").out
    assert re.fullmatch(r"run   walks/stray  \(fresh, about \d+ s\)\n", again)
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    assert there.do("build", "--dry-run").out.startswith("run   walks/stray  (stale, about ")


def test_force_runs_again_what_is_fresh(there: Workshop) -> None:
    before = runs(there)
    assert there.do("build", "--force").code == 0
    after = runs(there)
    assert list(after) == list(before)
    assert after != before


def test_only_the_lessons_named_are_built(bare: Workshop) -> None:
    bare.write("lessons/broken.py", "'''Broken.'''\n\nthis is no Python\n")
    assert bare.do("build", "walks/stray").code == 0
    assert len(bare.runs()) == 1


def test_a_smoke_run_is_not_judged(bare: Workshop) -> None:
    outcome = bare.do("build", "--profile", "smoke")
    assert outcome.code == 0
    assert "1 claim, not judged" in outcome.out


def test_a_check_of_a_good_course_says_so(course: Workshop) -> None:
    outcome = course.do("check")
    assert (outcome.code, outcome.out, outcome.err) == (0, "0 error(s), 0 warning(s)\n", "")


def test_the_status_is_a_table_for_people(course: Workshop) -> None:
    outcome = course.do("status")
    (row,) = (line for line in outcome.out.splitlines() if "walks/stray" in line)
    run = course.entry().run
    assert run is not None
    for word in ("fresh", "quick", "cpu", "1 of 1", run.key):
        assert word in row


STATUS = {"lesson", "key", "state", "profile", "device", "seconds", "claims", "problems", "remarks"}


def test_the_status_is_data_for_programs(there: Workshop) -> None:
    there.write("lessons/broken.py", "'''Broken.'''\n\nthis is no Python\n")
    there.write("lessons/later.py", "'''Later.'''\n\nx = 1\n")
    outcome = there.do("status", "--json")
    assert outcome.code == 0
    broken, later, stray = json.loads(outcome.out)
    assert set(broken) == set(later) == set(stray) == STATUS
    assert (broken["state"], broken["key"], broken["claims"]) == ("failed", None, [])
    assert "lessons/broken.py:3: syntax error" in broken["problems"][0]
    assert (later["state"], later["profile"], later["seconds"]) == ("missing", "quick", None)
    assert (stray["lesson"], stray["state"], stray["device"]) == ("walks/stray", "fresh", "cpu")
    assert stray["key"] == there.runs()[0].name
    assert stray["claims"] == [
        {
            "id": "walks-stray",
            "verdict": "holds",
            "kept": True,
            "inside": 5,
            "networks": 5,
            "replicated": None,
        }
    ]
    assert stray["seconds"] > 0
    assert stray["problems"] == []


def test_the_status_names_what_an_edit_made_stale(there: Workshop) -> None:
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    (state,) = json.loads(there.do("status", "--json").out)
    assert state["state"] == "stale"
    assert state["key"] != there.runs()[0].name
    assert state["claims"][0]["kept"] is True  # of the last good run


def test_clean_keeps_what_pages_use(there: Workshop) -> None:
    before = runs(there)
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 50")
    there.build()
    assert len(runs(there)) == 2
    (old,) = before
    dry = there.do("clean", "--dry-run")
    assert dry.out == f"would remove .lessonkit/runs/walks/stray/{old}\n"
    assert len(runs(there)) == 2
    assert there.do("clean").out == f"removed .lessonkit/runs/walks/stray/{old}\n"
    assert set(runs(there)).isdisjoint(before)
    assert there.do("check").code == 0
    assert there.do("clean").out == "nothing to remove\n"


def test_clean_keeps_the_last_good_run_of_a_lesson_that_cannot_run_now(there: Workshop) -> None:
    there.replace("lessons/walks/stray.py", "print(", "print((")
    before = runs(there)
    assert there.do("clean").out == "nothing to remove\n"
    assert runs(there) == before


def test_clean_of_smoke_pages_keeps_what_the_site_uses(there: Workshop) -> None:
    assert there.do("build", "--profile", "smoke").code == 0
    before = runs(there)
    assert len(before) == 2
    assert there.do("clean", LESSONKIT_PROFILE="smoke").out == "nothing to remove\n"
    assert runs(there) == before


def test_clean_removes_the_runs_of_a_lesson_that_is_gone(there: Workshop) -> None:
    (there.root / "lessons/walks/stray.py").unlink()
    assert there.do("clean").code == 0
    assert runs(there) == {}


def test_clean_all_leaves_only_what_the_author_wrote(there: Workshop) -> None:
    dry = there.do("clean", "--all", "--dry-run")
    assert "would remove docs/generated\n" in dry.out
    assert runs(there)
    assert there.do("clean", "--all", "--yes").code == 0
    assert runs(there) == {}
    assert not (there.root / "docs/generated").exists()
    assert not (there.root / ".lessonkit/memo").exists()
    assert (there.root / "lessons/walks/stray.py").exists()
    assert there.do("clean", "--all", "--yes").out == "nothing to remove\n"


def test_a_full_disk_under_the_site_hides_no_failure(there: Workshop) -> None:
    there.write("lessons/walks/bad.py", '"""A walk."""\n\nimport walking\n')
    full = mock.patch.object(laid, "bring", side_effect=OSError(errno.ENOSPC, "No space left"))
    with full:
        outcome = there.do("build")
    assert outcome.code == 1
    assert "lessons/walks/bad.py:3: ModuleNotFoundError: " in outcome.err
    assert "docs/generated: cannot be written: No space left." in outcome.err
    assert outcome.out.endswith("2 lessons: 1 failed, 1 fresh\n")


def test_what_cannot_be_removed_is_said(there: Workshop) -> None:
    with mock.patch("os.unlink", side_effect=PermissionError(1, "no")):
        outcome = there.do("clean", "--all", "--yes")
    assert (outcome.code, outcome.out) == (1, "")
    folders = (".lessonkit/runs", "docs/generated", ".lessonkit/memo")
    assert outcome.err.splitlines() == [
        f"{name}: cannot be removed: check who may write." for name in folders
    ]


def test_clean_all_asks_and_says_what_is_lost(there: Workshop) -> None:
    before = runs(there)
    said = refused(there.do("clean", "--all"), 2)  # nobody is there to answer
    assert re.search(r"would remove 1 run, which took \d CPU seconds: say --yes", said)
    assert runs(there) == before
    answers = mock.patch("click.confirm", side_effect=[False, True])
    there_is = mock.patch.object(keeping, "_somebody_is_there", return_value=True)
    with answers as asked, there_is:
        outcome = there.do("clean", "--all")
        assert (outcome.code, outcome.out) == (1, "nothing was removed\n")
        assert runs(there) == before
        assert there.do("clean", "--all").code == 0
    assert "Remove 1 run, which took" in asked.call_args.args[0]
    assert runs(there) == {}


def test_show_tells_everything_that_a_run_published(there: Workshop) -> None:
    outcome = there.do("show", "walks/stray", "--cells")
    assert outcome.code == 0
    for said in (
        "[[distance]] number",
        "[[distance.median]]",
        "✓ holds, 5 of 5: A walk strays.",
        "trap: standing still",
        "All walks.",
        "figures/distances.svg",
        " bytes",
        "seeds 0, 1, 2, 3, 4",
        "CPU s",
        "5 walks",  # a cell printed it
    ):
        assert said in outcome.out, said
    assert "5 walks" not in there.do("show", "walks/stray").out
    told = json.loads(there.do("show", "walks/stray", "--json").out)
    assert len(told["records"]["distance"]["values"]) == 5
    assert told["manifest"]["seeds"] == [0, 1, 2, 3, 4]


def test_show_finds_a_run_by_its_key_or_says_which_there_are(there: Workshop) -> None:
    key = there.runs()[0].name
    assert key in there.do("show", "walks/stray", "--run", key[:6]).out
    assert f"its runs are: {key}" in refused(there.do("show", "walks/stray", "--run", "zz"), 2)
    assert "the lessons are: walks/stray" in refused(there.do("show", "walks/strey"), 2)


def test_a_good_run_that_warned_says_so(bare: Workshop) -> None:
    warns = "import warnings; warnings.warn('overflow', RuntimeWarning)\nprint(f"
    bare.replace("lessons/walks/stray.py", "print(f", warns)
    outcome = bare.do("build")
    assert "1 of 1 claim as promised, 1 warning\n" in outcome.out
    assert (
        "warnings of the run: 1\n  RuntimeWarning: overflow" in bare.do("show", "walks/stray").out
    )


def test_what_is_piped_is_whole(there: Workshop) -> None:
    there.do("clean", "--all", "--yes")
    name = "walks/" + "a_very_long_name_of_a_lesson_" * 4
    text = (there.root / "lessons/walks/stray.py").read_text(encoding="utf-8")
    there.write(f"lessons/{name}.py", text.replace("walks/stray", name))
    there.do("build", name)
    status = there.do("status", COLUMNS="40")
    (line,) = (line for line in status.out.splitlines() if line.startswith(name))
    assert line.split()[1] == "fresh"
    assert line.split()[-1] == there.runs()[0].name
    verified = there.do("verify", name, COLUMNS="40")
    assert re.search(r"^number +distance +\S.*yes$", verified.out, re.M)
    assert "…" not in status.out + verified.out


def test_help_lists_every_command(bare: Workshop) -> None:
    outcome = bare.do("--help")
    assert outcome.code == 0
    for name in ("build", "check", "clean", "export", "import", "init", "new", "status", "verify"):
        assert f"\n  {name} " in outcome.out
        assert bare.do(name, "-h").code == 0


def test_the_version_is_told(bare: Workshop) -> None:
    from importlib.metadata import version

    assert version("lessonkit") in bare.do("--version").out


# A new lesson


def test_a_new_lesson_is_a_script_and_a_page(bare: Workshop) -> None:
    outcome = bare.do("new", "far/random_walk")
    assert outcome.code == 0
    assert outcome.out.splitlines()[:2] == [
        "wrote lessons/far/random_walk.py",
        "wrote docs/far/random-walk.md",
    ]
    assert 'Lesson("far/random_walk", ' in (bare.root / "lessons/far/random_walk.py").read_text()
    page = (bare.root / "docs/far/random-walk.md").read_text()
    assert "lesson: far/random_walk\n" in page
    assert "[[random-walk-by-steps]]" in page
    assert "$" not in page


def test_a_new_lesson_never_overwrites(bare: Workshop) -> None:
    bare.do("new", "far/walk")
    bare.write("lessons/far/walk.py", "mine")
    said = refused(bare.do("new", "far/walk"), 2)
    assert said.endswith("lessons/far/walk.py exists already; nothing was written.")
    assert (bare.root / "lessons/far/walk.py").read_text() == "mine"


def test_a_new_lesson_does_not_write_half_of_itself(bare: Workshop) -> None:
    bare.write("docs/far/walk.md", "mine")
    refused(bare.do("new", "far/walk"), 2)
    assert not (bare.root / "lessons/far").exists()


@pytest.mark.parametrize(
    "name", ["Far", "../far", "/far", "far/", "far-walk", "1far", "far.py", ""]
)
def test_a_new_lesson_needs_a_name_that_works_everywhere(bare: Workshop, name: str) -> None:
    before = sorted(bare.root.rglob("*"))
    assert "expected small letters, digits, _ and /" in refused(bare.do("new", name), 2)
    assert sorted(bare.root.rglob("*")) == before


def test_a_new_lesson_passes_the_tests_of_this_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Workshop(tmp_path)
    fresh.write("pyproject.toml", "[project]\nname = 'x'\n")
    fresh.do("new", "far/random_walk")
    outcome = fresh.do("build", "--profile", "quick")
    assert outcome.code == 0, outcome.err
    check = fresh.do("check", LESSONKIT_PROFILE="quick")
    assert (check.code, check.out) == (0, "0 error(s), 0 warning(s)\n")
    monkeypatch.setattr(test_lessons, "COURSE", fresh.settings)
    for holds in (
        test_lessons.test_cells_are_short,
        test_lessons.test_only_a_cell_that_the_page_shows_has_a_name,
        test_lessons.test_a_lesson_fits_on_six_screens,
        test_lessons.test_a_page_asks_reveals_breaks_compares_and_exercises,
        test_lessons.test_three_exercises_have_solutions_that_run_with_the_lesson,
        test_lessons.test_every_claim_and_figure_of_a_script_stands_on_its_page,
    ):
        holds("far/random_walk")
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "-", "--stdin-filename", "lessons/walk.py"],
        cwd=test_lessons.ROOT,
        input=(fresh.root / "lessons/far/random_walk.py").read_bytes(),
        capture_output=True,
    )
    assert linted.returncode == 0, linted.stdout.decode()


# Bad days: one line each


def test_no_project(tmp_path: Path) -> None:
    for command in ("build", "check", "status", "clean"):
        said = refused(Workshop(tmp_path).do(command), 2)
        assert said.startswith(f"lessonkit: no pyproject.toml in {tmp_path} or above it: run ")


def test_commands_work_from_a_folder_inside_the_project(there: Workshop) -> None:
    assert Workshop(there.root / "lessons/walks").do("check").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.lessonkit]\nlesons = 'x'\n", "unknown setting 'lesons' in [tool.lessonkit]; the s"),
        ("[tool.lessonkit]\ntime_limit = 'x'\n", "expected something like 900.0, got 'x'"),
        ("[tool.lessonkit]\nlessons = 7\n", "expected something like 'lessons', got 7"),
        ("[tool.lessonkit]\ntime_limit = true\n", "expected something like 900.0, got True"),
        ("[tool.lessonkit\n", "not valid TOML: "),
    ],
)
def test_a_setting_that_does_not_exist(bare: Workshop, text: str, said: str) -> None:
    bare.write("pyproject.toml", text)
    assert said in refused(bare.do("build"), 2)


def test_settings_are_read(bare: Workshop) -> None:
    text = "[tool.lessonkit]\ntime_limit = 7\nlibraries = ['numpy', 'torch']\npages = 'p'\n"
    bare.write("pyproject.toml", text)
    read = bare.settings
    assert (read.time_limit, read.libraries) == (7, ("numpy", "torch"))
    assert read.generated_folder == bare.root / "p/generated"


def test_no_folder_of_lessons(tmp_path: Path) -> None:
    bare = Workshop(tmp_path)
    bare.write("pyproject.toml", "")
    assert "no folder of lessons at" in refused(bare.do("build"), 2)


@pytest.mark.parametrize("command", ["build", "status", "verify"])
def test_an_unknown_profile(there: Workshop, command: str) -> None:
    arguments = ["walks/stray"] if command == "verify" else []
    said = refused(there.do(command, *arguments, "--profile", "huge"), 2)
    assert said == "lessonkit: unknown profile 'huge': choose quick, full, smoke."


def test_an_unknown_profile_in_the_environment(there: Workshop) -> None:
    said = refused(there.do("build", LESSONKIT_PROFILE="huge"), 2)
    assert "unknown profile 'huge'" in said


def test_an_unknown_device(there: Workshop) -> None:
    said = refused(there.do("build", "--device", "tpu"), 2)
    assert said == "lessonkit: unknown device 'tpu': choose auto, cpu, cuda, mps."


def test_a_device_that_is_not_here(there: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circumstances, "_has_cuda", lambda: False)
    monkeypatch.setattr(circumstances.sys, "platform", "linux")
    said = refused(there.do("build", "--device", "cuda"), 2)
    assert said.startswith("lessonkit: device 'cuda' is not on this machine (or torch ")
    assert said.endswith("there is: cpu.")


@pytest.mark.parametrize("command", ["build", "verify"])
def test_a_lesson_that_does_not_exist(there: Workshop, command: str) -> None:
    said = refused(there.do(command, "walks/strey"), 2)
    assert "lesson 'walks/strey'" in said
    assert "the lessons are: walks/stray" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("print(", "print((", "lessons/walks/stray.py:19: syntax error: '(' was never closed"),
        ('"""A walk strays.', 'x = """A walk strays.', "stray.py:1: expected a docstring whose f"),
    ],
)
def test_a_script_that_is_no_lesson(bare: Workshop, old: str, new: str, said: str) -> None:
    bare.replace("lessons/walks/stray.py", old, new)
    assert said in refused(bare.do("build"), 1)
    assert runs(bare) == {}


def test_one_script_that_is_no_lesson_does_not_stop_the_others(bare: Workshop) -> None:
    bare.write("lessons/broken.py", "'''Broken.'''\n\nthis is no Python\n")
    assert "lessons/broken.py:3: syntax error" in refused(bare.do("build"), 1)
    assert len(bare.runs()) == 1
    assert (bare.root / "docs/generated/walks/stray/stray.ipynb").is_file()


def test_a_lesson_that_fails_shows_its_own_traceback_and_one_line(bare: Workshop) -> None:
    bare.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 1 / 0")
    outcome = bare.do("build")
    assert outcome.code == 1
    assert outcome.err.rstrip().splitlines()[-1] == (
        "lessons/walks/stray.py:8: ZeroDivisionError: division by zero"
    )
    assert "lessonkit/press/worker.py" not in outcome.err
    assert "failed walks/stray" in outcome.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("lesson: walks/stray", "lesson: walks/none"), "docs/stray.md: names lesson 'walks/none'"),
        (("description: What", "subtitle: What"), "docs/stray.md: no description: expected `desc"),
        (("[[distance]]", "[[distanec]]"), "docs/stray.md:12: [[distanec]]: lesson walks/stray"),
    ],
)
def test_a_check_of_a_bad_page_fails(there: Workshop, change: tuple[str, str], said: str) -> None:
    there.replace("docs/stray.md", *change)
    outcome = there.do("check")
    assert outcome.code == 1
    assert any(line.startswith(said) for line in outcome.err.splitlines())


def test_a_check_fails_for_a_claim_id_used_twice(there: Workshop) -> None:
    text = (there.root / "lessons/walks/stray.py").read_text(encoding="utf-8")
    there.write("lessons/walks/twin.py", text.replace("walks/stray", "walks/twin"))
    there.build()
    outcome = there.do("check")
    assert outcome.code == 1
    (error,) = (line for line in outcome.err.splitlines() if not line.startswith("warning"))
    assert "claim id 'walks-stray' is also used in lesson walks/stray" in error


def test_a_check_only_warns_of_a_figure_that_no_page_shows(there: Workshop) -> None:
    there.replace("docs/stray.md", "[[distances]]", "")
    outcome = there.do("check")
    assert (outcome.code, outcome.out) == (0, "0 error(s), 1 warning(s)\n")
    assert outcome.err.startswith("warning: lessons/walks/stray.py: figure 'distances' is never")


def test_a_second_page_of_a_lesson_is_told_and_a_lesson_without_one_too(there: Workshop) -> None:
    page = (there.root / "docs/stray.md").read_text(encoding="utf-8")
    there.write("docs/twice.md", page)
    outcome = there.do("check")
    assert outcome.code == 1
    assert "docs/twice.md: is a second page of lesson walks/stray: expected one" in outcome.err
    (there.root / "docs/twice.md").unlink()
    there.replace("docs/stray.md", "lesson: walks/stray\n", "")
    assert "warning: lessons/walks/stray.py: has no page, so no reader" in there.do("check").err


def test_a_run_of_another_version_is_told_and_made_anew(there: Workshop) -> None:
    there.reseal(there.runs()[0], format=0)
    outcome = there.do("check")
    assert outcome.code == 1
    assert "written by another version of lessonkit (run format 0, expected" in outcome.err
    assert "Traceback" not in outcome.err
    (state,) = json.loads(there.do("status", "--json").out)
    assert state["state"] == "failed"
    assert there.do("build").code == 0
    assert there.do("check").code == 0


def test_a_broken_claim_fails_every_time_without_running_again(bare: Workshop) -> None:
    bare.replace("lessons/walks/stray.py", "above=0.5", "above=500.0")
    first = bare.do("build")
    before = runs(bare)
    second, third = bare.do("build"), bare.do("build")
    for outcome in (first, second, third):
        said = refused(outcome, 1)
        assert said.startswith("lesson walks/stray, claim 'walks-stray': measured ")
        assert "promised above 500" in said
    assert "nothing to run" in second.out
    assert runs(bare) == before
    assert bare.do("check").code == 1


def test_a_mended_sentence_is_well_again(bare: Workshop) -> None:
    bare.replace("lessons/walks/stray.py", "above=0.5", "above=500.0")
    assert bare.do("build").code == 1
    bare.replace("lessons/walks/stray.py", "above=500.0", "above=0.5")
    assert bare.do("build").code == 0


def test_an_unknown_command_or_option_is_wrong_usage(bare: Workshop) -> None:
    for arguments in (["bild"], ["build", "--fast"], ["build", "--jobs", "0"], ["new"]):
        outcome = bare.do(*arguments)
        assert outcome.code == 2
        assert outcome.err.startswith("Usage: ")


def test_debug_shows_where_a_mistake_was_found(bare: Workshop) -> None:
    from lessonkit.press.settings import UsageError

    with pytest.raises(UsageError, match="unknown profile 'huge'"):
        bare.do("--debug", "build", "--profile", "huge")


def test_the_installed_command_shows_a_traceback_only_if_asked(project: Project) -> None:
    plain = project.lessonkit("build", "--profile", "huge")
    assert (plain.returncode, plain.stdout) == (2, "")
    assert plain.stderr == "lessonkit: unknown profile 'huge': choose quick, full, smoke.\n"
    debug = project.lessonkit("--debug", "build", "--profile", "huge")
    assert debug.returncode != 0
    assert debug.stderr.startswith("Traceback (most recent call last):")


def test_what_nobody_thought_of_is_still_one_line(
    there: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> None:
        raise RuntimeError("all wrong")

    monkeypatch.setattr(standing, "standings", wrong)
    outcome = there.do("build")
    assert (outcome.code, outcome.err) == (
        1,
        "lessonkit: unexpected RuntimeError: all wrong (--debug shows where)\n",
    )
    with pytest.raises(RuntimeError):
        there.do("--debug", "build")


def test_an_interrupted_build_says_that_nothing_is_lost(
    there: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(standing, "standings", interrupted)
    outcome = there.do("build")
    assert outcome.code == 130
    assert "interrupted; finished runs are kept" in outcome.err
