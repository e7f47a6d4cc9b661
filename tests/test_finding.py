"""Finding things: topics, neighbours, what a search finds first, cards of shared links."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from test_syllabus import furnish_second
from workshop import Workshop, assert_sound, copied, tags, walks

from lessonkit.press.page import blocks, ledger, neighbours
from lessonkit.press.page.resolving import Place
from lessonkit.press.site import cards, downloads, searching

TOLD = """
[[statement]]
id = "A1"
told_by = "A"
kind = "measured"
says = "Nobody knows."

[[statement]]
id = "A2"
told_by = "A"
kind = "measured"
says = "Walks stray."

[[statement]]
id = "A3"
told_by = "A"
kind = "measured"
says = "Walks come home."
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("finding") / "course")
    furnish_second(made)
    second = "lessons/apart/alone.py"
    made.replace(
        second, "    above=0.5,\n", '    below=-1.0, expect="contradicted",\n    answers=("A3",),\n'
    )
    made.replace(
        second, '{"standing still": [0.0] * len(walks)}', '{"backwards": [-2.0] * len(walks)}'
    )
    made.replace("lessons/walks/stray.py", "    above=0.5,\n", '    above=0.5, answers=("A2",),\n')
    made.replace(
        "docs/stray.md",
        "lesson: walks/stray\n",
        "lesson: walks/stray\ntopic: Random walks\n"
        "finding: distances\nsearch: drunkard, Brownian motion\n",
    )
    made.write("statements.toml", TOLD)
    made.build()
    return made


@pytest.fixture
def there(course: Workshop, tmp_path: Path) -> Workshop:
    """A copy to change."""
    return copied(course, tmp_path / "course")


def test_a_topic_is_what_the_page_says_or_how_the_file_is_called(course: Workshop) -> None:
    assert course.entry("walks/stray").topic == "Random walks"
    assert course.entry("apart/alone").topic == "Alone"


def test_the_finding_stands_for_its_lesson_and_the_first_figure_where_none_is_named(
    there: Workshop,
) -> None:
    assert there.entry().thumbnail == "distances"
    there.replace("docs/stray.md", "finding: distances", "finding: gone")
    assert there.entry().thumbnail == "distances"


def test_a_card_of_the_gallery_shows_topic_finding_and_a_picture_for_either_scheme(
    course: Workshop,
) -> None:
    html = blocks.gallery(course.course(), str)
    assert_sound(html)
    assert [image["class"] for image in tags(html, "img")] == ["lk-on-light", "lk-on-dark"] * 2
    assert "Random walks" in html
    assert "A walk strays" in html


def test_parts_without_lessons_are_to_come_in_one_line(there: Workshop) -> None:
    there.replace(
        "pyproject.toml", 'apart = "Second"}', 'apart = "Second", z = "Z: last", y = "Y"}'
    )
    html = blocks.syllabus(there.course(), str)
    assert_sound(html)
    assert html.count("<b>Second</b>") == 1
    assert "To come:</b> Z (last); Y." in html


def test_a_lesson_says_where_it_stands_and_what_is_beside_it(course: Workshop) -> None:
    now = course.course()
    html = neighbours.neighbours(now, now.entry("walks/stray"), str)
    assert_sound(html)
    assert "Lesson 1 of 2" in html
    assert "Before" not in html
    assert "<span>Next</span>" in html
    assert "Related" not in html, "the one that is like it is the next one already"
    assert neighbours.related(now, now.entry("walks/stray")) == ["apart/alone"]


def test_the_evidence_links_each_claim_and_lists_contradicted_ones_first(course: Workshop) -> None:
    html = blocks.evidence(course.course(), Place(url="x/").link)
    assert_sound(html)
    links = [tag["href"] for tag in tags(html, "a")]
    assert links[0] == "../alone/#claim-alone-too"
    assert "../stray/#claim-walks-stray" in links
    rows = [tag for tag in tags(html, "tr") if "data-verdict" in tag]
    assert {row["data-verdict"] for row in rows} == {"holds", "contradicted"}
    assert {row["data-lesson"] for row in rows} == {"walks/stray", "apart/alone"}


def test_every_statement_is_listed_contradicted_first_and_the_unanswered_last(
    course: Workshop,
) -> None:
    told = ledger.statements(course.course(), str)
    assert [(row.statement.id, row.states) for row in told["A"]] == [
        ("A3", ["contradicted"]),
        ("A2", ["holds"]),
        ("A1", ["not yet"]),
    ]
    html = blocks.statements(course.course(), str)
    assert_sound(html)
    assert "2 of 3 statements" in html
    assert "not yet" in html


# Search


def test_words_that_people_type_are_a_list_or_stand_between_commas(there: Workshop) -> None:
    page = there.entry().page
    assert page is not None
    assert searching.typed(page) == ["drunkard", "Brownian motion"]
    there.replace("docs/stray.md", "search: drunkard, Brownian motion", "search: [drunkard, walk]")
    page = there.entry().page
    assert page is not None
    assert searching.typed(page) == ["drunkard", "walk"]


def test_settings_of_the_search_are_left_to_the_search() -> None:
    ours, theirs = {"search": ["walk"]}, {"search": {"boost": 2}}
    searching.without_words(ours)
    searching.without_words(theirs)
    assert (ours, theirs) == ({}, {"search": {"boost": 2}})


def test_an_index_gets_topics_typed_words_and_the_glossary(there: Workshop) -> None:
    there.write("docs/glossary.md", "# Glossary\n\nwalk\n:   Some steps.\n")
    entries = [
        {"location": "stray/", "title": "A walk strays", "text": "", "boost": 1},
        {"location": "stray/#more", "title": "More", "text": ""},
    ]
    lesson, section, word = searching.tuned(entries, there.course())
    assert lesson["title"] == "Random walks — A walk strays"
    assert lesson["tags"] == ["Random walks", "drunkard", "Brownian motion"]
    assert lesson["boost"] > 1
    assert section == {"location": "stray/#more", "title": "More", "text": ""}
    assert (word["location"], word["title"], word["text"]) == (
        "glossary/#walk",
        "Walk",
        "Some steps.",
    )


def test_a_site_without_a_search_is_left_as_it_is(there: Workshop, tmp_path: Path) -> None:
    searching.tune(tmp_path, there.course())
    assert not (tmp_path / searching.INDEX).exists()
    (tmp_path / "search").mkdir()
    (tmp_path / searching.INDEX).write_text(json.dumps({"config": {}, "docs": []}))
    searching.tune(tmp_path, there.course())
    assert json.loads((tmp_path / searching.INDEX).read_text()) == {"config": {}, "docs": []}


# Cards


def test_every_page_has_a_card_of_the_size_that_is_asked_for(course: Workshop) -> None:
    found = dict(cards.drawn(course.course()))
    assert set(found) == {"cards/index.png", "cards/stray.png", "cards/alone.png", "cards/all.png"}
    for picture in found.values():
        with Image.open(io.BytesIO(picture)) as image:
            assert image.size == (1200, 630)


def test_a_card_is_the_same_bytes_each_time_and_others_with_other_words() -> None:
    drawn = cards.card("Topic", "A title", "A sentence.", b"")
    assert cards.card("Topic", "A title", "A sentence.", b"") == drawn
    assert cards.card("Topic", "Another", "A sentence.", b"") != drawn


def test_a_long_title_ends_in_dots_within_the_card() -> None:
    font = cards._font(46, True)
    lines = cards._broken("word " * 60, font, 2)
    assert len(lines) == 2
    assert lines[1].endswith(" …")
    assert all(font.getlength(line) <= 1200 - cards.MARGIN for line in lines)


def test_a_dark_twin_turns_white_into_the_dark_page_and_keeps_hue_and_transparency() -> None:
    light = Image.new("RGBA", (3, 1), "white")
    light.putpixel((1, 0), (200, 40, 40, 255))
    light.putpixel((2, 0), (0, 0, 0, 0))
    written = io.BytesIO()
    light.save(written, "png")
    with Image.open(io.BytesIO(cards.dark(written.getvalue()))) as dark:
        assert dark.getpixel((0, 0)) == (*cards.DARK_PAPER, 255)
        red, green, blue, _ = dark.getpixel((1, 0))
        assert red > 2 * green - 60
        assert abs(green - blue) < 15
        assert dark.getpixel((2, 0))[3] == 0


def test_another_finding_is_another_thumbnail(there: Workshop) -> None:
    more = (
        "figure, ax = plt.subplots()\nax.plot(walks, seeds)\n"
        'lesson.figure("turned", Drawing(figure, {"seed": seeds, "far": walks}, says))\n'
    )
    there.replace("lessons/walks/stray.py", "len(walks)\n", more)
    there.build()
    thumb = there.settings.generated_folder / "walks/stray/_thumb.png"
    before = thumb.read_bytes()
    there.replace("docs/stray.md", "finding: distances", "finding: turned")
    assert downloads.publish(there.course()) is True
    assert thumb.read_bytes() != before
