"""A lesson stands as it stands: `status`, `build`, `check` and its page say the same of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import forging
import pytest
from workshop import Workshop

from lessonkit.press.course.entries import Course
from lessonkit.press.lesson.circumstances import Wanted
from lessonkit.press.lesson.job import job
from lessonkit.press.page import blocks
from lessonkit.press.run import failures
from lessonkit.press.run.standing import standing
from lessonkit.press.site import check

LESSON = "walks/stray"


# Runs without running: copies of one run, as other circumstances would have left it.


def key_of(there: Workshop, profile: str) -> str:
    """The key of a run that this machine would make now."""
    return job(there.settings, LESSON, Wanted(profile)).key


def put(there: Workshop, profile: str, device: str = "cpu", source: str = "", **more: int) -> Path:
    """Put a run into the store."""
    folder = there.settings.runs_folder / LESSON / "new"
    shutil.copytree(there.root / "kept", folder)
    return forging.rekey(folder, source, profile=profile, device=device, **more)


def alter(folder: Path) -> None:
    (folder / "evidence.json").write_text("{}", encoding="utf-8")


def break_promise(there: Workshop, folder: Path) -> None:
    """Let the run have measured the contrary of its claim."""
    file = folder / "evidence.json"
    evidence = json.loads(file.read_text(encoding="utf-8"))
    (claim,) = (record for record in evidence["records"] if record["kind"] == "claim")
    claim["values"] = [0.1] * 5
    file.write_text(json.dumps(evidence), encoding="utf-8")
    forging.reseal(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def note(there: Workshop, profile: str) -> None:
    """Note that the lesson failed in this machine's circumstances."""
    failure = {"message": "ZeroDivisionError: division by zero", "line": 16}
    failures.note(there.settings.runs_folder, LESSON, key_of(there, profile), failure)


@pytest.fixture
def empty(there: Workshop) -> Workshop:
    """The project without runs; one that it had lies aside, to be copied."""
    (run,) = there.runs()
    run.rename(there.root / "kept")
    return there


MADE: dict[str, Callable[[Workshop, str], object]] = {
    "fresh": lambda there, profile: put(there, profile),
    "stale": lambda there, profile: put(there, profile, source="of older code"),
    "failed": note,
    "altered": lambda there, profile: alter(put(there, profile)),
    "brought": lambda there, profile: put(there, profile, device="cuda"),
    "missing": lambda there, profile: None,
}


# What everybody says.


@dataclass(frozen=True)
class Told:
    """What `status` tells of the lesson, once all others have told the same."""

    state: str
    problems: list[str]
    remarks: list[str]
    runs: bool  # a build would run it


def told(there: Workshop, **around: str) -> Told:
    """Ask everybody, and insist that they agree."""
    (said,) = json.loads(there.do("status", "--json", **around).out)
    table, checked = there.do("status", **around).out, there.do("check", **around)
    dry = there.do("build", "--dry-run", **around).out
    with mock.patch.dict(os.environ, around):
        entry = there.entry()
        warned = [str(finding) for finding in check.lessons(there.course())]
    script, where = f"lessons/{LESSON}.py:", f"lessons/{LESSON}.py: "
    lines = checked.err.splitlines()
    assert [line.removeprefix(where) for line in lines if line.startswith(script)] == said[
        "problems"
    ]
    warned = [line.removeprefix(where) for line in warned]
    assert {f"warning: {where}{line}" for line in said["remarks"]} <= set(lines)
    assert all(line in table for line in (*said["problems"], *said["remarks"]))
    assert warned == said["problems"], "what `mkdocs build` warns of"
    assert [text for kind, text in blocks.banners(entry) if kind != "smoke"] == said["problems"]
    assert checked.code == 1 if said["problems"] else checked.code == 0 or not entry.run
    assert dry.startswith("run ") == (said["state"] != "fresh")
    assert f"({said['state']}" in dry
    return Told(said["state"], said["problems"], said["remarks"], dry.startswith("run "))


def built(there: Workshop, **around: str) -> Told:
    """Build, and insist that its end is what everybody says afterwards."""
    outcome = there.do("build", **around)
    after = told(there, **around)
    assert outcome.code == (1 if after.problems else 0), outcome.err
    assert all(line in outcome.err.splitlines() for line in after.problems)
    return after


EXPECTED = {  # state, and words of each problem
    "fresh": ("fresh", []),
    "stale": ("stale", ["its code changed since the run that the page shows"]),
    "failed": ("failed", ["lessons/walks/stray.py:16: ZeroDivisionError: division by zero"]),
    "altered": ("failed", ["evidence.json: altered since the run (its hash differs). Run `less"]),
    "brought": ("stale", []),  # as much measured elsewhere: any machine may publish it
    "missing": ("missing", ["has no run: run `lessonkit build walks/stray`."]),
}


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["quick", "full", "smoke"])
@pytest.mark.parametrize("made", MADE)
def test_everybody_says_the_same_before_and_after_a_build(
    empty: Workshop, made: str, profile: str
) -> None:
    MADE[made](empty, profile)
    before = told(empty, LESSONKIT_PROFILE=profile)
    state, words = EXPECTED[made]
    assert before.state == state
    assert len(before.problems) == len(words)
    assert all(word in line for word, line in zip(words, before.problems, strict=True))
    assert any("other circumstances" in line for line in before.remarks) == (made == "brought")
    after = built(empty, LESSONKIT_PROFILE=profile)
    assert (after.state, after.problems, after.runs) == ("fresh", [], False)


def test_a_broken_full_run_beside_a_good_quick_one_is_what_pages_show(empty: Workshop) -> None:
    put(empty, "quick")
    break_promise(empty, put(empty, "full"))
    for found in (told(empty), built(empty)):
        assert found.state == "fresh"
        (problem,) = found.problems
        assert problem.startswith("lesson walks/stray, claim 'walks-stray': measured 0.1")
    assert told(empty, LESSONKIT_PROFILE="quick").problems == []
    assert standing(empty.settings, LESSON, Wanted("quick")).problems == ()


def test_an_altered_run_beside_a_whole_fresh_one_spoils_nothing(empty: Workshop) -> None:
    put(empty, "quick")
    elsewhere = put(empty, "full", device="cuda")
    alter(elsewhere)
    found = built(empty)
    assert (found.state, found.problems) == ("fresh", [])
    (remark,) = found.remarks
    assert "altered since the run" in remark
    assert remark.endswith("No page uses it: `lessonkit clean` removes it.")
    assert elsewhere.name in empty.do("clean").out
    assert told(empty).remarks == []


def test_an_altered_run_is_a_problem_where_no_fresh_one_is(empty: Workshop) -> None:
    alter(put(empty, "full", device="cuda"))
    before = told(empty)
    assert before.state == "missing"
    (problem,) = before.problems
    assert "altered since the run" in problem
    assert built(empty).problems == []


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_a_fuller_run_spares_this_machine_its_own(empty: Workshop, device: str) -> None:
    put(empty, "full", device)
    assert built(empty) == Told("fresh", [], [], False)
    alter(put(empty, "quick"))
    note(empty, "quick")
    found = built(empty)
    assert (found.state, found.problems, len(found.remarks)) == ("fresh", [], 1)


def test_a_fuller_run_of_other_seeds_spares_nothing_until_one_is_made_here(empty: Workshop) -> None:
    folder = put(empty, "full", first_seed=7)
    before = told(empty)
    assert (before.state, before.problems) == ("stale", [])
    after = built(empty)
    assert (after.state, after.problems, after.runs) == ("fresh", [], False)
    assert empty.entry().run.key == folder.name, "pages show who measured more"


def test_a_failure_over_a_last_good_run_says_what_the_page_shows(empty: Workshop) -> None:
    older = put(empty, "quick", source="of older code").name
    note(empty, "quick")
    found = told(empty)
    assert found.state == "failed"
    assert "ZeroDivisionError" in found.problems[0]
    assert f"the page shows its last good run ({older}) until this is mended" in found.problems[1]


def test_a_script_that_cannot_be_read_has_failed(empty: Workshop) -> None:
    put(empty, "quick")
    empty.replace("lessons/walks/stray.py", '"""A walk strays.', 'x = """A walk strays.')
    found = standing(empty.settings, LESSON)
    assert (found.state, found.job, found.present) == ("failed", None, False)
    assert "stray.py:1: expected a docstring" in found.problems[0]
    assert found.run is not None


def test_a_smoke_run_serves_only_who_asks_for_it(empty: Workshop) -> None:
    put(empty, "smoke")
    assert told(empty).state == "missing"
    assert told(empty, LESSONKIT_PROFILE="smoke").state == "fresh"
    empty.replace("pyproject.toml", "[tool.lessonkit]", '[tool.lessonkit]\nprofile = "smoke"')
    assert told(empty).state == "fresh"


def test_who_asks_for_something_hears_of_exactly_that(empty: Workshop) -> None:
    put(empty, "quick")
    asked = standing(empty.settings, LESSON, Wanted("full"))
    assert (asked.state, asked.run) == ("stale", None)
    assert asked.problems == (
        "lesson walks/stray has not run as asked for: run `lessonkit build walks/stray` with the "
        "same options.",
    )
    folder = put(empty, "full")
    assert standing(empty.settings, LESSON, Wanted("full")).run.folder == folder
    quick = standing(empty.settings, LESSON, Wanted("quick")).run
    assert quick.profile == "quick", "though pages use the other"
    assert empty.entry().run.folder == folder


def test_nothing_wanted_is_what_the_environment_and_the_settings_say(
    empty: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not Wanted().something
    assert job(empty.settings, LESSON).key == key_of(empty, "quick")
    monkeypatch.setenv("LESSONKIT_FIRST_SEED", "7")
    monkeypatch.setenv("LESSONKIT_PORTABLE", "1")
    around = job(empty.settings, LESSON).around
    assert (around.first_seed, around.instructions) == (7, "portable")
    monkeypatch.setenv("LESSONKIT_PROFILE", "smoke")
    assert job(empty.settings, LESSON, Wanted(first_seed=3)).around.first_seed == 3
    assert job(empty.settings, LESSON).around.profile == "smoke"


def test_a_profile_that_does_not_exist_is_wrong_usage_for_everybody(empty: Workshop) -> None:
    for command in ("status", "build", "check", "clean"):
        refused = empty.do(command, LESSONKIT_PROFILE="huge")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "unknown profile 'huge'" in refused.err


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("stale", "is running; the page shows its last run until it is done."),
        ("missing", "is running for the first time."),
    ],
)
def test_while_a_lesson_runs_beside_the_server_its_page_says_so(
    empty: Workshop, made: str, said: str
) -> None:
    MADE[made](empty, "quick")
    entry = Course(empty.settings, running={LESSON}).entry(LESSON)
    assert entry.problems == (f"lesson {LESSON} {said}",)
    assert entry.standing.state == made
    assert blocks.banners(entry) == [("stale" if entry.run else "failed", entry.problems[0])]
