"""`lessonkit replicate` measures fresh networks, and leaves a record of each set behind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from workshop import Workshop

from lessonkit.press.lesson.circumstances import Wanted
from lessonkit.press.lesson.job import job
from lessonkit.press.run import progress, replications
from lessonkit.press.run.replicate import FIRST, STRIDE

pytestmark = pytest.mark.slow
RECORDS = "replications/walks/stray.json"


def seeds_of(there: Workshop) -> list[int]:
    return sorted(r.seeds[0] for r in replications.records(there.settings, "walks/stray"))


def test_each_set_has_fresh_seeds_and_leaves_a_record(there) -> None:
    done = there.do("replicate", "--sets", "2")
    assert done.code == 0, done.err
    first, second = replications.records(there.settings, "walks/stray")
    assert first.seeds == [FIRST + n for n in range(5)]
    assert second.seeds == [FIRST + STRIDE + n for n in range(5)]
    assert first.claims["walks-stray"][0] != second.claims["walks-stray"][0]
    assert first.numbers["distance"] == first.claims["walks-stray"][0]
    assert (first.source, first.threads) == (there.entry().run.source, 1)
    page = there.entry().promises["walks-stray"]
    assert page.replicated == "inside in 10 of 10 fresh networks, 1 kind of machine"


def test_no_run_of_the_pages_is_touched(there) -> None:
    before = there.runs()
    there.do("replicate", "--sets", "1")
    assert there.runs() == before


def test_it_goes_on_where_it_stopped(there) -> None:
    there.do("replicate", "--sets", "1")
    kept = (there.root / RECORDS).read_text(encoding="utf-8").splitlines()[1].rstrip(",")
    told = there.do("replicate", "--sets", "2")
    assert f"1 of 2 sets on this kind of machine; seeds from {FIRST + STRIDE}" in told.out
    assert kept in (there.root / RECORDS).read_text(encoding="utf-8")
    assert (
        "2 of 2 sets on this kind of machine; nothing to run"
        in there.do("replicate", "walks/stray", "--sets", "2").out
    )
    assert seeds_of(there) == [FIRST, FIRST + STRIDE]


def test_a_set_that_fails_spoils_no_other(there) -> None:
    there.replace(
        "lessons/walks/stray.py",
        "steps = _toolbox.STEPS",
        f"steps = _toolbox.STEPS\nif seeds[0] == {FIRST}:\n    raise ValueError('an unlucky seed')",
    )
    done = there.do("replicate", "--sets", "2")
    assert done.code == 1
    assert "an unlucky seed" in done.err
    assert seeds_of(there) == [FIRST + STRIDE]


def test_a_dry_run_says_what_would_run_and_runs_nothing(there) -> None:
    told = there.do("replicate", "--sets", "3", "--dry-run")
    assert "0 of 3 sets on this kind of machine; seeds from 20000, 21000, 22000" in told.out
    assert "3 runs to do" in told.out
    assert not (there.root / RECORDS).exists()


def test_portable_instructions_are_a_kind_of_machine_with_seeds_of_its_own(there, native) -> None:
    there.do("replicate", "--sets", "1")
    there.do("replicate", "--sets", "1", "--portable")
    native, portable = sorted(
        replications.records(there.settings, "walks/stray"), key=lambda r: r.seeds
    )
    assert (portable.instructions, portable.processor) == ("portable", native.processor)
    assert native.instructions != "portable"
    assert (native.seeds[0], portable.seeds[0]) == (FIRST, FIRST + STRIDE)
    assert there.entry().promises["walks-stray"].machines == 2


def test_records_of_older_code_are_pruned(there) -> None:
    there.do("replicate", "--sets", "2")
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    there.do("replicate", "--sets", "1")
    (only,) = replications.records(there.settings, "walks/stray")
    assert only.seeds[0] == FIRST + 2 * STRIDE, "seeds that nobody has looked at"
    assert only.source != there.entry().run.source  # the run is still of the older code
    there.build()
    assert only.source == there.entry().run.source


def test_an_unknown_lesson_is_told_which_there_are(there) -> None:
    refused = there.do("replicate", "walks/strey")
    assert refused.code == 2
    assert "the lessons are: walks/stray" in refused.err


def test_a_folder_that_cannot_be_written_is_said_in_a_line(there) -> None:
    (there.root / "replications").write_text("in the way", encoding="utf-8")
    refused = there.do("replicate", "--sets", "1")
    assert refused.code == 1
    assert "stray.json" in refused.err
    assert "Traceback" not in refused.err


def test_verify_takes_its_bands_from_the_records(there) -> None:
    there.do("replicate", "--sets", "2")
    known = replications.records(there.settings, "walks/stray")
    values = [v for r in known for v in r.numbers["distance"]]
    values += there.entry().run.numbers["distance"].values
    told = there.do("verify", "walks/stray", "--first-seed", "77")
    assert f"{min(values):.2f} to {max(values):.2f}" in told.out
    assert "2 of 2 inside" in told.out


# First seeds and instructions come from the environment, too.


@pytest.mark.parametrize(
    ("arguments", "around"),
    [(["--first-seed", "2000"], {}), ([], {"LESSONKIT_FIRST_SEED": "2000"})],
)
def test_the_builder_can_start_at_another_seed(
    there: Workshop, arguments: list[str], around: dict[str, str]
) -> None:
    assert there.do("build", *arguments, **around).code == 0
    states = json.loads(there.do("status", "--json", *arguments, **around).out)
    assert states[0]["state"] == "fresh"
    runs = {json.loads((r / "manifest.json").read_text())["seeds"][0] for r in there.runs()}
    assert runs == {0, 2000}


def test_pages_show_the_seeds_that_the_environment_asks_for(there, monkeypatch) -> None:
    there.do("build", "--first-seed", "2000")
    assert there.entry().run.manifest["seeds"][0] == 0
    monkeypatch.setenv("LESSONKIT_FIRST_SEED", "2000")
    assert there.entry().run.manifest["seeds"][0] == 2000


@pytest.mark.parametrize("wrong", ["one", "-1", "1.5"])
def test_a_first_seed_that_is_none_is_refused(there, wrong) -> None:
    refused = there.do("build", LESSONKIT_FIRST_SEED=wrong)
    assert refused.code == 2
    assert f"first seed {wrong!r}: expected a whole number" in refused.err


# How long it takes.


@pytest.mark.parametrize(
    ("seconds", "together", "wall"),
    [([3.0, 2.0, 1.0], 1, 6.0), ([3.0, 2.0, 1.0], 2, 3.0), ([4.0], 8, 4.0), ([], 2, 0.0)],
)
def test_jobs_fill_the_cores_in_turn(seconds, together, wall) -> None:
    assert progress.wall_seconds(seconds, together) == wall


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (42, "42 s"), (100, "2 min"), (3600, "60 min"), (7000, "1 h 57 min")],
)
def test_a_time_is_spoken_as_people_say_it(seconds: float, text: str) -> None:
    assert progress.spoken(seconds) == text


def test_a_build_says_from_its_start_how_long_it_will_take(there) -> None:
    told: Any = there.do("build", "--force").out
    assert "1 run to do, 1 at once: about 1 s" in told
    there.do("clean", "--all", "--yes")
    assert "1 run to do, 1 at once: nobody knows yet how long" in there.do("build").out


def test_another_machines_records_tell_how_long_it_will_take(there) -> None:
    there.do("replicate", "--sets", "1")
    there.do("clean", "--all", "--yes")
    assert "1 run to do, 1 at once: about 1 s" in there.do("build").out


def test_portable_instructions_take_their_own_time(there, native) -> None:
    there.do("clean", "--all", "--yes")  # whatever ran before, and with whatever instructions
    there.do("replicate", "--sets", "1")
    (record,) = replications.records(there.settings, "walks/stray")
    slow = replace(record, instructions="portable", cpu_seconds=200 * record.cpu_seconds)
    replications.add(there.settings, slow)
    seconds = [
        progress.expected_seconds(
            there.settings, job(there.settings, "walks/stray", Wanted("quick", "cpu", 7, name))
        )
        for name in ("portable", "native")
    ]
    assert seconds[0] > 20 * seconds[1]
