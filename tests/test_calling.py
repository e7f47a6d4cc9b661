"""A call of a lesson that does not fit is refused in one line that says how to write it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from conftest import Project
from matplotlib.figure import Figure

from lessonkit.evidence import EvidenceError, Lesson, session
from lessonkit.figures.drawing import Drawing

matplotlib.use("agg")
VALUES = [1.0, 2.0, 3.0, 4.0, 5.0]


def drawing() -> Drawing:
    figure = Figure()
    figure.subplots().plot(VALUES)
    return Drawing(figure, {"value": VALUES}, "From 1 to 5.")


# A good call of each method, its arguments by name.
GOOD: dict[str, dict[str, Any]] = {
    "number": {"name": "a", "values": VALUES},
    "table": {"name": "a", "rows": "what", "columns": {"v": {"r": VALUES}}, "caption": "Notice."},
    "compare": {"name": "a", "rows": {"r": ("1", VALUES)}, "caption": "Notice."},
    "figure": {"name": "a", "drawing": drawing()},
    "sound": {"name": "a", "samples": [0.0, 0.5], "rate": 8000, "words": "A hum."},
    "claim": {
        "name": "a",
        "statement": "It is {rule}",
        "quantity": VALUES,
        "trap": {"none": [0.0] * 5},
        "above": 0.5,
    },
    "cite": {"says": "Known.", "source": "A book", "date": "2019"},
    "pick": {"quick": 3},
    "seeds": {"quick": 5},
    "progress": {"steps": [1, 2], "label": "training"},
}
# What is wrong for every argument: of no type that it takes.
WRONG = (object(), 3.5j, {1: object()})
# Arguments that take whatever a lesson gives them.
ANYTHING = {("pick", "quick"), ("pick", "full"), ("pick", "smoke"), ("progress", "steps")}


@pytest.fixture
def lesson(tmp_path: Path) -> Iterator[Lesson]:
    session.begin(session.Session("quick", "cpu", tmp_path, by_hand=False))
    yield Lesson("walks/stray")
    session.begin(None)


def call(lesson: Lesson, method: str, *given: Any, **named: Any) -> Any:
    if method == "cite":
        given = ("A8", *given)
    return getattr(lesson, method)(*given, **named)


def refusal(lesson: Lesson, method: str, *given: Any, **named: Any) -> str:
    with pytest.raises(EvidenceError) as caught:
        call(lesson, method, *given, **named)
    said = str(caught.value)
    assert "\n" not in said
    return said


def required(method: str) -> list[str]:
    parameters = [*inspect.signature(getattr(Lesson, method)).parameters.values()][1:]
    many = inspect.Parameter.VAR_POSITIONAL
    return [one.name for one in parameters if one.default is one.empty and one.kind is not many]


def test_these_are_all_methods_that_an_author_calls() -> None:
    found = {
        name
        for name, _ in inspect.getmembers(Lesson, inspect.isfunction)
        if not name.startswith("_")
    }
    assert found == set(GOOD)
    assert all(set(required(method)) <= set(GOOD[method]) for method in GOOD)


@pytest.mark.parametrize("method", GOOD)
def test_a_good_call_passes(lesson: Lesson, method: str) -> None:
    call(lesson, method, **GOOD[method])


NEEDED = [(method, name) for method in GOOD for name in required(method)]
GIVEN = [(method, name) for method in GOOD for name in GOOD[method]]


@pytest.mark.parametrize(("method", "name"), NEEDED)
def test_a_missing_argument_is_named_with_what_it_is_for(
    lesson: Lesson, method: str, name: str
) -> None:
    there = {key: value for key, value in GOOD[method].items() if key != name}
    said = refusal(lesson, method, **there)
    assert said.startswith(f"lesson.{method}: no {name} (")
    assert f"Write lesson.{method}(" in said
    assert len(said) < 700


@pytest.mark.parametrize(("method", "name"), NEEDED)
def test_an_argument_that_is_given_twice_is_named(lesson: Lesson, method: str, name: str) -> None:
    parameters = inspect.signature(getattr(Lesson, method)).parameters
    if parameters[name].kind is inspect.Parameter.KEYWORD_ONLY:
        pytest.skip("Python itself refuses a name that is written twice")
    before = [*parameters][1 : [*parameters].index(name) + 1]
    said = refusal(lesson, method, *(GOOD[method][key] for key in before), **GOOD[method])
    assert f"{name} is given twice" in said


@pytest.mark.parametrize(("method", "name"), [pair for pair in GIVEN if pair not in ANYTHING])
def test_an_argument_of_a_wrong_type_is_named(lesson: Lesson, method: str, name: str) -> None:
    for wrong in WRONG:
        said = refusal(lesson, method, **{**GOOD[method], name: wrong})
        assert "expected" in said or "choose" in said, said


def test_a_name_that_no_argument_has_is_told_with_those_there_are(lesson: Lesson) -> None:
    said = refusal(lesson, "figure", "f", drawing=Figure(), data={"v": VALUES})
    assert "no argument is called 'data'; there are name, drawing, caption, alt" in said


def test_too_many_arguments_without_a_name_are_told(lesson: Lesson) -> None:
    said = refusal(lesson, "number", "speed", VALUES, ".2f")
    assert "it takes 2 (name, values); write the others as name=value" in said


@pytest.mark.parametrize(
    ("made", "lacks"),
    [
        (lambda: Figure(), "expected a Drawing (a figure, its numbers, the words for who does not"),
        (lambda: Drawing(Figure()), "alternative text of figure 'f'"),
        (lambda: Drawing(Figure(), says="From 1 to 5."), "Give the plotted numbers, one column"),
        (lambda: Drawing(Figure(), {"v": VALUES}), "expected a sentence, got ''"),
    ],
)
def test_a_figure_without_data_or_words_is_told_what_they_are_for(
    lesson: Lesson, made: Any, lacks: str
) -> None:
    assert lacks in refusal(lesson, "figure", "f", made())


def test_a_lesson_itself_says_what_it_needs() -> None:
    with pytest.raises(EvidenceError, match=r"Lesson: no name \(the path of the script"):
        Lesson()  # type: ignore[call-arg]
    with pytest.raises(EvidenceError, match="Lesson: reads: expected a list of texts"):
        Lesson("a", reads="data.csv")


def test_the_author_sees_the_line_of_the_lesson(project: Project) -> None:
    trap = '    trap={"standing still": [0.0] * len(walks)},\n'
    project.replace("lessons/walks/stray.py", trap, "")
    built = project.lessonkit("build")
    last = built.stderr.rstrip().splitlines()[-1]
    assert last.startswith("lessons/walks/stray.py:26: lesson.claim: no trap (the one change")
