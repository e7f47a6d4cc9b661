"""The lessons of this course: their form, and the form of their pages."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import pytest

from lessonkit.press import check, pages, script, settings
from lessonkit.press import course as courses

ROOT = Path(__file__).resolve().parent.parent
COURSE = settings.load(ROOT)
LESSONS = COURSE.lesson_names()


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
