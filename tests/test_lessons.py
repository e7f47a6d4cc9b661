"""The lessons of this course: their form, and the form of their pages."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import pytest

from lessonkit.evidence.replication import Replication
from lessonkit.press import settings
from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course
from lessonkit.press.lesson import script
from lessonkit.press.run import replications, verify
from lessonkit.press.site import check

ROOT = Path(__file__).resolve().parent.parent
COURSE = settings.load(ROOT)
EVERY = COURSE.lesson_names()
# A page that only cites has nothing to break, to replicate or to exercise.
LESSONS = [n for n in EVERY if "lesson.claim(" in COURSE.script(n).read_text(encoding="utf-8")]


@pytest.mark.parametrize("lesson", EVERY)
def test_cells_are_short(lesson: str) -> None:
    for shown, lines, columns in ((True, 12, 80), (False, 30, 100)):
        for cell in cells(lesson, shown=shown):
            assert len(cell) <= lines
            assert max(map(len, cell)) <= columns


def cells(lesson: str, *, shown: bool) -> list[list[str]]:
    """Return the lines of the code cells that the lesson's page shows, or of the others."""
    body = pages.by_lesson(COURSE)[lesson].body
    code = script.read(COURSE.script(lesson)).code
    return [
        cell.source.strip("\n").split("\n") for cell in code if embedded(cell.name, body) == shown
    ]


def embedded(cell: str, body: str) -> bool:
    """Say whether a page shows a code cell, folded or open."""
    return f"[[{cell}]]" in body or f"[[{cell}.open]]" in body


@pytest.mark.parametrize("lesson", LESSONS)
def test_only_a_cell_that_the_page_shows_has_a_name(lesson: str) -> None:
    named = [cell.name for cell in script.read(COURSE.script(lesson)).code if cell.name]
    body = pages.by_lesson(COURSE)[lesson].body
    assert [name for name in named if not embedded(name, body)] == []


@pytest.mark.parametrize("lesson", EVERY)
def test_a_lesson_fits_on_six_screens(lesson: str) -> None:
    lines = COURSE.script(lesson).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300


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
    course = Course(COURSE)
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
        assert embedded(f"exercise-{number}", page.body)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_claim_and_figure_of_a_script_stands_on_its_page(lesson: str) -> None:
    source = COURSE.script(lesson).read_text(encoding="utf-8")
    body = pages.by_lesson(COURSE)[lesson].body
    published = re.findall(r'lesson\.(?:claim|figure)\(\s*"([a-z0-9-]+)"', source)
    assert published
    missing = [name for name in published if f"[[{name}]]" not in body]
    assert "[[lesson-claims]]" in body or missing == []


# The records that are shipped: other seeds, and more than one kind of machine.


def records(lesson: str) -> list[Replication]:
    return [r for r in replications.records(COURSE, lesson) if r.profile == "quick"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_ten_sets_of_networks_stand_behind_a_lesson_three_of_them_portable(lesson: str) -> None:
    known = records(lesson)
    assert len(known) >= 10
    assert sum(r.instructions == "portable" for r in known) >= 3
    assert len({r.seeds[0] for r in known}) == len(known), "every set is of fresh seeds"


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_set_of_networks_lies_within_the_band_of_the_others(lesson: str) -> None:
    known = records(lesson)
    for number in known[0].numbers:
        for one in known:
            others = [r.numbers[number] for r in known if r is not one]
            low, high = verify.band(others)
            if len(one.numbers[number]) >= 5:  # what one network says may be the outermost
                assert low <= median(one.numbers[number]) <= high, (number, one.where)


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_run_of_a_trap_lies_within_the_band_of_its_claim(lesson: str) -> None:
    known = records(lesson)
    for claim in known[0].claims:
        low, high = verify.band([r.claims[claim][0] for r in known])
        for one in known:
            assert not low <= median(one.claims[claim][1]) <= high, (claim, one.where)
