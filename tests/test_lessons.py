"""The lessons of this course: their form, and that no finding hangs on a choice of seeds."""

from __future__ import annotations

import os
import re
import statistics
from pathlib import Path

import pytest

from lessonkit.evidence.records import CONTRADICTED, HOLDS
from lessonkit.press import build, check, pages, runner, script, settings, store, verify
from lessonkit.press import course as courses

ROOT = Path(__file__).resolve().parent.parent
COURSE = settings.load(ROOT)
LESSONS = COURSE.lesson_names()
SEED_SETS = (0, 100)


@pytest.fixture(scope="module")
def quick_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], store.Run]:
    """Every lesson as a reader without a GPU runs it, with two sets of seeds that share none."""
    jobs = [
        build.job_for(COURSE, lesson, "quick", "cpu", first)
        for lesson in LESSONS
        for first in SEED_SETS
    ]
    folder = tmp_path_factory.mktemp("runs")
    results = runner.run_all(COURSE, jobs, os.cpu_count() or 1, runs=folder)
    for result in results:
        assert result.run, runner.explain(result.failure or {}, COURSE)
    return {(r.job.lesson, r.job.around.first_seed): r.run for r in results if r.run is not None}


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", SEED_SETS)
@pytest.mark.parametrize("lesson", LESSONS)
def test_every_promise_is_kept(
    quick_runs: dict[tuple[str, int], store.Run], lesson: str, first_seed: int
) -> None:
    run = quick_runs[lesson, first_seed]
    assert run.claims
    assert run.broken == []


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_two_sets_of_seeds_give_the_same_verdicts_and_numbers(
    quick_runs: dict[tuple[str, int], store.Run], lesson: str
) -> None:
    one, other = (quick_runs[lesson, first] for first in SEED_SETS)
    assert set(one.manifest["seeds"]).isdisjoint(other.manifest["seeds"])
    outside = [check for check in verify.compare(one, other) if not check.inside]
    assert outside == []


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_every_trap_flips_its_verdict(
    quick_runs: dict[tuple[str, int], store.Run], lesson: str
) -> None:
    for first in SEED_SETS:
        for name, claim in quick_runs[lesson, first].claims.items():
            flipped = HOLDS if claim.expect == CONTRADICTED else CONTRADICTED
            assert claim.trap_verdict == flipped, name
            assert claim.verdict != claim.trap_verdict, name


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_measured_claims_rest_on_five_seeds_or_more(
    quick_runs: dict[tuple[str, int], store.Run], lesson: str
) -> None:
    for claim in quick_runs[lesson, 0].claims.values():
        assert claim.exact or len(claim.values) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_the_same_seeds_give_the_same_numbers_again(
    quick_runs: dict[tuple[str, int], store.Run], lesson: str, tmp_path: Path
) -> None:
    job = build.job_for(COURSE, lesson, "smoke", "cpu")
    one, other = (
        runner.run_all(COURSE, [job], 1, runs=tmp_path / name)[0].run for name in ("a", "b")
    )
    assert one is not None
    assert other is not None
    assert one.evidence == other.evidence
    for name, figure in one.figures.items():
        assert (one.folder / figure["svg"]).read_bytes() == (
            other.folder / other.figures[name]["svg"]
        ).read_bytes()


@pytest.mark.parametrize("lesson", LESSONS)
def test_cells_are_short(lesson: str) -> None:
    cells = script.read(COURSE.script(lesson)).code
    lengths = [cell.source.strip("\n").count("\n") + 1 for cell in cells]
    assert max(lengths) <= 12
    assert statistics.median(lengths) <= 8


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_page_asks_reveals_breaks_compares_and_exercises(lesson: str) -> None:
    page = pages.by_lesson(COURSE)[lesson]
    assert page.meta["question"].endswith("?")
    headings = " ".join(re.findall(r"^## .*", page.body, re.M)).lower()
    for part in ("break it", "paper and ours", "exercises", "recap", "sources"):
        assert part in headings
    assert "[[lesson-frame]]" in page.body
    assert "[[lesson-downloads]]" in page.body
    assert "??? question" in page.body, "predict, then reveal"


def test_no_measured_number_stands_typed_on_a_page() -> None:
    course = courses.Course(COURSE)
    typed = [
        str(finding)
        for page in pages.readable(COURSE)
        for finding in check.typed_numbers(course, page)
    ]
    assert typed == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_three_exercises_have_solutions_that_run_with_the_lesson(lesson: str) -> None:
    named = {cell.name for cell in script.read(COURSE.script(lesson)).code}
    page = pages.by_lesson(COURSE)[lesson]
    for number in (1, 2, 3):
        assert f"exercise-{number}" in named
        assert f"[[exercise-{number}]]" in page.body


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_claim_and_figure_of_a_script_stands_on_its_page(lesson: str) -> None:
    source = COURSE.script(lesson).read_text(encoding="utf-8")
    body = pages.by_lesson(COURSE)[lesson].body
    published = re.findall(r'lesson\.(?:claim|figure)\(\s*"([a-z0-9-]+)"', source)
    assert published
    missing = [name for name in published if f"[[{name}]]" not in body]
    assert "[[lesson-claims]]" in body or missing == []
