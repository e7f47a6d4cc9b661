"""Words that explain themselves: which are known, where they are marked, and where they are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Project
from workshop import assert_sound

from lessonkit.press import settings
from lessonkit.press.course import pages
from lessonkit.press.page import glossary
from lessonkit.press.page.glossary import Word

ROOT = Path(__file__).resolve().parent.parent
COURSE = settings.load(ROOT)
WORDS = {
    word.slug: word
    for word in (
        Word("rate", "How fast."),
        Word("learning rate", "How far a step goes."),
        Word("He's start", "Weights."),
        Word("ability", "What one can."),
        Word("value (of a map)", "A number."),
    )
}


def marks(html: str) -> list[str]:
    """The words that are marked, as they stand in the text."""
    found = glossary.marked(html, WORDS, lambda path: f"../{path}")
    assert re.sub(r'<span class="lk-meaning".*?</span>', "", found).count("lk-term") == len(
        re.findall(r"lk-meaning", found)
    )
    return re.findall(r'<span class="lk-term"[^>]*>(.*?)<span', found)


def test_the_first_use_of_a_word_is_marked_and_no_other() -> None:
    assert marks("<p>A rate. A rate.</p><p>The rate.</p>") == ["rate"]


def test_the_longest_word_wins_and_nothing_is_marked_inside_it() -> None:
    assert marks("<p>A learning rate and a rate.</p>") == ["learning rate", "rate"]


def test_many_of_a_thing_is_the_same_word() -> None:
    assert marks("<p>Rates, abilities, rate.</p>") == ["Rates", "abilities"]


def test_a_part_of_another_word_is_no_word() -> None:
    assert marks("<p>A separate thing, a rate-limit, a crater.</p>") == []


def test_an_apostrophe_is_found_as_the_page_has_it() -> None:
    assert marks("<p>With He's start.</p>") == ["He's start"]


def test_a_word_with_a_remark_behind_it_is_looked_up_and_never_marked() -> None:
    assert marks("<p>The value of a map.</p>") == []


@pytest.mark.parametrize(
    "html",
    [
        "<h2>A rate</h2>",
        '<p><a href="#">a rate</a></p>',
        "<p><code>rate</code></p>",
        "<pre><span>rate</span></pre>",
        "<details><summary>rate</summary><p>rate</p></details>",
        "<table><tr><td>rate</td></tr></table>",
        "<svg><text>rate</text></svg>",
        "<p><em>rate</em></p>",
        '<div class="doc doc-object"><div><p>rate</p></div></div>',
        '<p><span class="arithmatex">rate</span></p>',
        "<!-- a rate -->",
        '<p><img alt="a rate"></p>',
    ],
)
def test_headings_code_links_and_folds_are_left_alone(html: str) -> None:
    assert marks(html) == []
    assert marks(html + "<p>And a <br> rate</p>") == ["rate"], "the text behind is read on"


def test_marked_html_is_sound_and_says_what_the_word_means() -> None:
    html = glossary.marked("<p>A learning rate.</p>", WORDS, lambda path: "../glossary/")
    assert_sound(html)
    assert "How far a step goes." in html
    assert 'href="../glossary/#learning-rate"' in html
    assert 'tabindex="0"' in html
    assert 'aria-describedby="term-learning-rate"' in html


def test_a_glossary_is_read_word_by_word(project: Project) -> None:
    project.write(
        "docs/glossary.md",
        """
        # Glossary

        walk
        :   Some *steps*, see [all](index.md).
            Two lines.

            Met in [a walk](stray.md).

        He's start
        :   `Weights`.
        """,
    )
    assert glossary.words(settings.load(project.root)) == {
        "walk": Word("walk", "Some steps, see all. Two lines."),
        "he-s-start": Word("He's start", "Weights."),
    }


def test_without_a_glossary_no_word_is_known(project: Project) -> None:
    assert glossary.words(settings.load(project.root)) == {}
    assert glossary.marked("<p>rate</p>", {}, str) == "<p>rate</p>"


def test_each_word_gets_an_id_to_link_to() -> None:
    text = "# Words\n\nlearning rate\n:   How far.\n\nnoun\n"
    assert glossary.with_ids(text) == (
        "# Words\n\nlearning rate { #learning-rate }\n:   How far.\n\nnoun\n"
    )


def test_the_course_explains_at_least_forty_words_in_two_sentences_each() -> None:
    words = glossary.words(COURSE)
    assert len(words) >= 40
    assert [w.word for w in words.values()] == sorted(
        (w.word for w in words.values()), key=str.lower
    )
    for word in words.values():
        assert 1 <= len(re.findall(r"[.?](?: |$)", word.says)) <= 3, word
    page = pages.read(COURSE, COURSE.pages_folder / glossary.FILE)
    assert page.body.count("Met in [") == len(words)


def test_the_beginners_page_explains_each_word_before_it_is_used() -> None:
    body = pages.read(COURSE, COURSE.pages_folder / "before-you-start.md").body
    body = body[body.index("## Number") :]  # behind what it promises
    headings = ["weight", "neuron", "layer", "loss", "gradient", "training", "seed"]
    explained = {word: word for word in [*headings, "claim", "verdict"]} | {"network": "layer"}
    for word, where in explained.items():
        heading = body.index(f"## {where.capitalize()}\n")
        used = re.search(
            rf"(?<![#\w-]){word}s?\b", re.sub(r"<[^>]*>", lambda t: " " * len(t[0]), body)
        )
        assert used is not None
        assert used.start() >= heading, word


def test_the_beginners_page_asks_twelve_questions_and_folds_the_answers() -> None:
    body = pages.read(COURSE, COURSE.pages_folder / "before-you-start.md").body
    assert re.findall(r'^\?\?\? question "(\d+)\.', body, re.M) == [str(n) for n in range(1, 13)]
