"""What `lessonkit check` says of sentences: on what they rest, and whether that stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from workshop import Workshop, copied, walks

from lessonkit.press.site import check


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("bindings") / "course")
    made.build()
    return made


@pytest.fixture
def there(course: Workshop, tmp_path: Path) -> Workshop:
    """A copy to break."""
    return copied(course, tmp_path / "course")


def told(project: Workshop, warnings: bool) -> list[str]:
    found = check.check(project.course())
    return [str(finding) for finding in found if finding.warning == warnings]


def page(project: Workshop, body: str, *front: str) -> None:
    lines = ["---", "description: New.", *front, "---", "", body]
    project.write("docs/new.md", "\n".join(lines))


def test_a_sentence_may_rest_on_a_claim_of_another_page(there: Workshop) -> None:
    page(there, "It strays.[[^walks/stray:walks-stray]]\n")
    assert told(there, warnings=True) == told(there, warnings=False) == []


def test_a_sentence_that_rests_on_nothing_known_is_an_error(there: Workshop) -> None:
    there.replace("docs/stray.md", "It strays by", "It strays.[[^walks-strai]] By")
    (error,) = told(there, warnings=False)
    assert error.startswith("docs/stray.md:12: [[^walks-strai]]: lesson walks/stray publishes no")
    assert "did you mean 'walks-stray'?" in error


def test_a_sentence_whose_claim_broke_is_named_with_its_line(there: Workshop) -> None:
    there.replace(
        "docs/stray.md",
        "It strays by [[distance]].",
        "It walks. So it\nstrays by [[distance]] *and more*.[[^walks-stray]] That is all.",
    )
    there.replace("lessons/walks/stray.py", "above=0.5", "above=500.0")
    there.do("build")
    bound = [error for error in told(there, warnings=False) if "rests on" in error]
    assert len(bound) == 1
    assert bound[0].startswith(
        "docs/stray.md:13: 'So it strays by *and more*.' rests on claim 'walks-stray', whose "
        "promise is broken: "
    )
    assert "promised above 500" in bound[0]


def test_a_line_of_the_recap_that_rests_on_nothing_is_a_warning(there: Workshop) -> None:
    there.replace(
        "docs/stray.md",
        "[[lesson-downloads]]",
        "## Recap\n\n- A walk strays.[[^walks-stray]]\n- By [[distance]].\n- It never comes\n"
        "  back.\n\nMore.\n\n## Sources\n\n- A book.\n\n[[lesson-downloads]]",
    )
    line = 1 + (there.root / "docs/stray.md").read_text().split("\n").index("- It never comes")
    assert told(there, warnings=True) == [
        f"docs/stray.md:{line}: 'It never comes back.' stands in the recap and rests on nothing: "
        "bind it to a claim with [[^claim-id]] behind the sentence, or narrow it."
    ]


def test_a_mark_is_no_source_of_a_typed_number(there: Workshop) -> None:
    page(there, "It strays by 7.5 steps.[[^walks/stray:walks-stray]]\n")
    (warning,) = told(there, warnings=True)
    assert "'7.5' is typed" in warning


def test_a_claim_that_no_page_shows_is_a_warning(there: Workshop) -> None:
    there.replace("docs/stray.md", "[[lesson-claims]]", "It strays.[[^walks-stray]]")
    (warning,) = told(there, warnings=True)
    assert "claim 'walks-stray' is never embedded: write [[walks-stray]] on a page" in warning
    there.replace("docs/stray.md", "It strays.[[^walks-stray]]", "[[walks-stray]]")
    assert told(there, warnings=True) == []


@pytest.mark.parametrize("level", ["0", "4", "hard", "true", "2.5"])
def test_a_level_that_cannot_be_drawn_is_an_error(there: Workshop, level: str) -> None:
    page(there, "# x\n", f"level: {level}")
    (error,) = told(there, warnings=False)
    assert error.startswith("docs/new.md: level ")
    assert "expected one of 1 (no maths), 2 (some maths), 3 (more maths)" in error


def test_a_topic_is_a_few_words(there: Workshop) -> None:
    page(there, "# x\n", "topic: How far a walk strays")
    (error,) = told(there, warnings=False)
    assert error == "docs/new.md: topic 'How far a walk strays': expected one to three words."


def test_the_finding_is_a_figure_of_the_lesson(there: Workshop) -> None:
    there.replace("docs/stray.md", "lesson: walks/stray", "lesson: walks/stray\nfinding: walks")
    (error,) = told(there, warnings=False)
    assert error == "docs/stray.md: finding 'walks' is no figure of the lesson; it has distances"


def test_the_finding_stands_in_the_first_screen(there: Workshop) -> None:
    there.replace("docs/stray.md", "lesson: walks/stray", "lesson: walks/stray\nfinding: distances")
    assert told(there, warnings=True) == []
    there.replace("docs/stray.md", "It strays by", "word " * 150 + "It strays by")
    (warning,) = told(there, warnings=True)
    assert (
        "the finding, figure 'distances', is not in the first screen: put [[distances]]" in warning
    )
