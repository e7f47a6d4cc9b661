"""Embedding: `[[name]]` becomes what ran, wherever it stands, and never where it must not."""

from __future__ import annotations

import logging
import pkgutil
import re
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import markdown
import pytest
import yaml
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from workshop import Workshop, assert_sound, copied, read, tags, walks

from lessonkit.press.course import pages
from lessonkit.press.page import embed, resolving
from lessonkit.press.page.templates import literal
from lessonkit.press.site import needs

# A second lesson, with a figure of the same name and words that HTML would misread.
TRICKY = """
'''Signs < and > and "quotes".'''

import matplotlib.pyplot as plt

from lessonkit.evidence import Lesson
from lessonkit.figures.drawing import Drawing

# %% signs
lesson = Lesson("walks/signs")
print("1 <b> & 'three'")

# %%
figure, ax = plt.subplots()
ax.plot([1, 2], [3, 5], label="a < b & c")
ax.legend()
lesson.figure(
    "distances",
    Drawing(figure, {"a": [1]}, 'Less "<" & more than 1.'),
    caption="If `a < b` & c.",
)
lesson.number("cost", 2.0, format=".0f", unit="<$>", label='the "cost" & more')
lesson.table("few", "a<b", {"c": {"x & y": "<i>"}}, caption='Say "<b>".')
trap = {"4 < 3": 4.0}
lesson.claim(
    "two-below-three", "2 < 3 & `a<b>`.", 2.0, below=3.0, trap=trap, exact=True, unit="<m>"
)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Two lessons that have run."""
    made = walks(tmp_path_factory.mktemp("embed") / "course")
    made.write("lessons/walks/signs.py", TRICKY)
    made.build()
    return made


@pytest.fixture(scope="module")
def site_extensions(repository: Path) -> tuple[list[str], dict[str, Any]]:
    """The extensions of this site and their settings, but for our own."""
    # mkdocs.yml may hold tags (!!python/name:...) that only MkDocs reads
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("", lambda *_: None)
    listed = yaml.load((repository / "mkdocs.yml").read_text("utf-8"), loader)[
        "markdown_extensions"
    ]
    named = [item if isinstance(item, dict) else {item: {}} for item in listed]
    configs = {name: config or {} for item in named for name, config in item.items()}
    names = list(configs)
    needs._extend(names, configs)  # as the plugin does
    names.remove("lessonkit.press.embed")
    return names, configs


Render = Callable[..., str]


@pytest.fixture
def bare(course: Workshop) -> Render:
    """Render with Python-Markdown alone."""

    def render(text: str, lesson: str | None = "walks/stray", line: int = 1) -> str:
        place = resolving.Place("a/stray.md", "a/stray/", lesson, line)
        ours = embed.EmbedExtension(course.settings, lambda: place)
        return markdown.Markdown(extensions=[ours]).convert(text)

    return render


@pytest.fixture
def site(course: Workshop, site_extensions: tuple[list[str], dict[str, Any]]) -> Render:
    """Render with the extensions that the site uses."""

    def render(text: str, lesson: str | None = "walks/stray", line: int = 1) -> str:
        place = resolving.Place("a/stray.md", "a/stray/", lesson, line)
        names, configs = site_extensions
        ours = embed.EmbedExtension(course.settings, lambda: place)
        return markdown.Markdown(extensions=[*names, ours], extension_configs=configs).convert(text)

    return render


NUMBER, FIGURE = "lk-number", "<figure class="

# name -> (text, what must come out, how often); with the site's own extensions
PLACES = {
    "in a paragraph": ("It strays by [[distance]] steps.", NUMBER, 1),
    "alone on its line": ("Look:\n\n[[distances]]\n\nMore.", FIGURE, 1),
    "right after a line of text": ("Look:\n[[distances]]\nMore.", FIGURE, 1),
    "a number right after a line of text": ("Look:\n[[distance]]\nMore.", NUMBER, 1),
    "at the very end": ("[[distances]]", FIGURE, 1),
    "in a list": ("- by [[distance]]\n- [[distances]]", FIGURE, 1),
    "below the text of a list item": ("- one\n\n    [[distances]]\n\n- two", FIGURE, 1),
    "right below the text of a list item": ("- one\n    [[distances]]\n- two", FIGURE, 1),
    "after a list": ("- one\n- two\n[[distances]]\nmore", FIGURE, 1),
    "in a nested list": ("- one\n    - by [[distance]]\n    - [[distances]]", FIGURE, 1),
    "in a numbered list": ("1. by [[distance]]\n2. [[distances]]", FIGURE, 1),
    "in a definition": ("term\n:   [[distances]]\n\nother\n\n:   [[walks]]", FIGURE, 2),
    "in a quotation": ("> by [[distance]]\n>\n> [[distances]]", FIGURE, 1),
    "within the lines of a quotation": ("> Says\n> [[distances]]\n> more", FIGURE, 1),
    "after a quotation": ("> Says\n[[distances]]\nmore", FIGURE, 1),
    "in an admonition": (
        "!!! note\n\n    By [[distance]]\n\n    [[distances]]\n\n    x",
        FIGURE,
        1,
    ),
    "at the top of an admonition": ("!!! note\n    [[distances]]", FIGURE, 1),
    "within the lines of an admonition": (
        "!!! note\n    Text\n    [[distances]]\n    x",
        FIGURE,
        1,
    ),
    "in a quotation in an admonition": (
        "!!! note\n    > a\n    > [[distances]]\n    > b",
        FIGURE,
        1,
    ),
    "in a fold": ('??? question "Think"\n\n    [[distances]]', FIGURE, 1),
    "in tabs": ('=== "A"\n\n    [[distances]]\n\n=== "B"\n\n    By [[distance]]', FIGURE, 1),
    "a number in a table": ("| a | b |\n|---|---|\n| [[distance]] | x |", NUMBER, 1),
    "a number in a table without edges": ("a | b\n---|---\n[[distance]] | x", NUMBER, 1),
    "a figure in a table": ("| a | b |\n|---|---|\n| [[distances]] | x |", FIGURE, 1),
    "two figures in a row": ("| a | b |\n|---|---|\n| [[distances]] | [[distances]] |", FIGURE, 2),
    "in a heading": ("## By [[distance]]", NUMBER, 1),
    "in emphasis": ("*by [[distance]]*, **by [[distance]]**", NUMBER, 2),
    "as the text of a link": ("[by [[distance]]](https://example.org)", NUMBER, 1),
    "in a footnote": ("Far[^1].\n\n[^1]: By [[distance]].", NUMBER, 1),
    "in HTML with Markdown": ("<div markdown>\n\n[[distances]]\n\n</div>", FIGURE, 1),
    "beside money": ("It costs $5 and [[distance]] or $6, 5$ or [[distance]] or 6$.", NUMBER, 2),
    "after a code span of three backquotes": ("``` a ``` [[distance]]\n\n[[distance]]", NUMBER, 2),
    "after code that names a comment": ("`<!--` [[distance]]\n\n[[distance]] -->", NUMBER, 2),
    "after openings that never close": (
        "```\n[[distance]]\n\n$$\n\n<!--\n\n[[distance]]",
        NUMBER,
        2,
    ),
    "in a file with Windows' line ends": ("Look:\r\n[[distances]]\r\nMore.", FIGURE, 1),
    "twice on a line": ("[[distance]] [[distance]]", NUMBER, 2),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_embed_stands(site: Render, caplog: pytest.LogCaptureFixture, place: str) -> None:
    text, expected, count = PLACES[place]
    html = site(text)
    assert html.count(expected) == count
    assert "[[" not in html
    assert caplog.messages == []
    assert_sound(html)


BARE = [
    "in a paragraph",
    "alone on its line",
    "right after a line of text",
    "below the text of a list item",
    "after a list",
    "in a nested list",
    "within the lines of a quotation",
    "in a heading",
    "in emphasis",
    "as the text of a link",
]


@pytest.mark.parametrize("place", BARE)
def test_an_embed_needs_no_other_extension(bare: Render, place: str) -> None:
    text, expected, count = PLACES[place]
    html = bare(text)
    assert html.count(expected) == count
    assert_sound(html)


# The marks that only some extension knows stay out of the bare list below.
LONGER_CLOSING = "a fence with a longer closing"
UNTOUCHED = {
    "a fence": "```\n[[distance]]\n```",
    "a fence of tildes with a shorter one inside": "~~~~ text\n~~~\n[[distance]]\n~~~\n~~~~",
    LONGER_CLOSING: "```\n[[distance]]\n`````",
    "a longer fence around a shorter one": "````\n```\n[[distance]]\n```\n````",
    "a fence with a title": '``` { .python title="a" }\n[[distance]]\n```',
    "a fence in an admonition": "!!! note\n\n    ```text\n    [[distance]]\n    ```",
    "a fence in a list": "- x\n\n    ```text\n    [[distance]]\n    ```",
    "a fence that begins a list item": "- ```\n  [[distance]]\n  ```",
    "a fence in a quotation": "> ```text\n> [[distance]]\n> ```",
    "a code span": "a `[[distance]]` b",
    "a code span of two backquotes": "a ``x ` [[distance]]`` b",
    "a comment": "a <!-- [[distance]] --> b",
    "a comment of several lines": "a\n\n<!--\n[[distance]]\n\n[[distances]]\n-->\n\nb",
    "an escape": "a \\[[distance]] b",
    "maths": "a $x[[distance]]$ b",
    "maths between double dollars": "a $$ x [[distance]] $$ b",
    "maths on its own lines": "$$\n[[distance]]\n$$",
    "maths in round brackets": r"a \(x [[distance]]\) b",
    "maths in square brackets": "\\[\n[[distance]]\n\\]",
    "maths in square brackets on one line": r"\[ x [[distance]] \]",
}


@pytest.mark.parametrize("place", UNTOUCHED)
def test_brackets_stay_in(site: Render, caplog: pytest.LogCaptureFixture, place: str) -> None:
    if place == LONGER_CLOSING and int(metadata.version("pymdown-extensions").split(".")[0]) < 13:
        pytest.skip("before its version 13, superfences does not know such a fence")
    html = site(UNTOUCHED[place] + "\n\nBehind it: [[distance]].")
    once = re.sub(r"<semantics>.*?(?=<annotation)", "", html)  # a formula is drawn and quoted
    assert (
        re.sub(r"<[^>]*>", "", once).count("[[distance]]")
        + html.count("<!-- [[distance]]")
        + (html.count("<!--\n[[distance]]"))
        == 1
    )
    assert html.count(NUMBER) == 1  # only the one behind
    assert caplog.messages == []
    assert_sound(html)


@pytest.mark.parametrize(
    "place", ["a code span", "a comment of several lines", "an escape", "maths"]
)
def test_brackets_stay_without_extensions_too(bare: Render, place: str) -> None:
    html = bare(UNTOUCHED[place] + "\n\nBehind it: [[distance]].")
    assert html.count(NUMBER) == 1
    assert "[[distance]]" in html


def test_where_only_text_can_stand_a_number_is_text(site: Render) -> None:
    html = site(
        "![far, [[distance]], not [[distance.min]]](x.png)\n\n"
        '<img alt="by [[distance.max]]" src="x">\n\n'
        '[a](https://example.org "by [[distance.median]]")'
    )
    assert_sound(html)
    first, second = tags(html, "img")
    assert re.fullmatch(r"far, \d\.\d\d \(\d\.\d\d to \d\.\d\d\), not \d\.\d\d", first["alt"])
    assert re.fullmatch(r"by \d\.\d\d", second["alt"])
    assert re.fullmatch(r"by \d\.\d\d", next(tags(html, "a"))["title"])


def test_a_number_in_alternative_text_is_never_markup() -> None:
    hostile = """5 ](javascript:a()) "><script>a()</script> [[x]] $y$ **b** `c` {{ d }} <!-- -->"""
    written = literal(hostile)
    for page in (
        f"![{written}](x.png)",
        f"[t](https://e.org '{written}')",
        f'<img alt="{written}">',
    ):
        html = markdown.markdown(page, extensions=["tables", "attr_list", "pymdownx.superfences"])
        (found,) = [*tags(html, "img"), *tags(html, "a")]
        assert hostile in found.values()
        assert "<script" not in html


def test_an_error_where_only_text_can_stand_breaks_no_html(
    site: Render, caplog: pytest.LogCaptureFixture
) -> None:
    html = site("![far: [[nothing]]](x.png)")
    assert_sound(html)
    assert "publishes no such name" in next(tags(html, "img"))["alt"]
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("part", ["median", "range", "min", "max"])
def test_one_part_of_a_number_can_be_shown(site: Render, course: Workshop, part: str) -> None:
    run = course.entry().run
    assert run is not None
    assert run.numbers["distance"].text(part) in site(f"[[distance.{part}]]")
    assert "lk-range" not in site(f"[[distance.{part}]]")


def test_a_number_shows_its_median_and_then_its_range(site: Render, course: Workshop) -> None:
    run = course.entry().run
    assert run is not None
    shown = read(site("[[distance]]")).text
    assert shown.strip() == run.numbers["distance"].text()
    assert "(" in shown


def test_a_number_without_seeds_shows_no_range_and_says_so(site: Render) -> None:
    html = site("[[walks/signs:cost]]")
    assert "lk-range" not in html
    assert "seeds" not in html


def test_another_lesson_is_embedded_by_its_name(site: Render) -> None:
    assert "2 &lt;$&gt;" in site("[[walks/signs:cost]]", lesson=None)


# text -> what the message must hold
ERRORS = {
    "[[distanec]]": "lesson walks/stray publishes no such name; did you mean 'distance'? it has",
    "[[nowhere/near:x]]": "lesson 'nowhere/near' does not exist; the lessons are: walks/signs, wal",
    "[[Foo bar]]": "[[Foo bar]] is no name: expected [[name]], [[lesson:name]], [[name.med",
    "[[ ]]": "[[ ]] is no name",
    "[[]]": "[[]] is no name",
    "[[a.b.c]]": "is no name",
    "see [[distances]] here": "'distances' is a figure: it must stand alone on its line",
    "see [[walks]] here": "'walks' is a table: it must stand alone",
    "see [[walks-stray]] here": "'walks-stray' is a claim: it must stand alone",
    "see [[measure]] here": "'measure' is a cell: it must stand alone",
    "see [[lesson-frame]] here": "lesson-frame must stand alone",
    "see [[evidence]] here": "evidence must stand alone",
    "see [[used-in:lessonkit.evidence]]": "used-in:lessonkit.evidence must stand alone",
    "`code` [[distances]]": "'distances' is a figure: it must stand alone",
    "3) [[distances]]": "'distances' is a figure: it must stand alone",
    "[[distances.median]]": "'distances' is a figure, which has no parts",
    "[[distance.mean]]": "'distance' is a number, which has median, range, min, max",
    "[[measure.shut]]": "'measure' is a cell, which has open",
    "Far.[[^walks-strai]]": "[[^walks-strai]]: lesson walks/stray publishes no such name; did you",
    "Far.[[^distance]]": "'distance' is a number, and a sentence rests on a claim; lesson walks",
    "# Far[[^walks-stray]]": "[[^walks-stray]] in a heading: put it behind a sentence",
    "Far[[^walks-stray]]\n---": "[[^walks-stray]] in a heading",
    "Far.[[^walks/strey:x]]": "lesson 'walks/strey' does not exist",
}


@pytest.mark.parametrize("text", ERRORS)
def test_a_wrong_embed_is_refused(
    site: Render, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    html = site(text)
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "mkdocs.plugins.lessonkit")
    assert record.message.startswith("docs/a/stray.md:1: ")
    assert ERRORS[text] in record.message
    assert "\n" not in record.message
    assert html.count('class="lk-error" role="alert"') == 1
    assert_sound(html)


def test_an_unknown_name_lists_every_name_that_there_is(site: Render) -> None:
    shown = read(site("[[x]]")).text
    assert "cells: draw, measure; numbers: distance; tables: walks; claims: walks-stray" in shown
    assert "figures: distances" in shown


def test_a_page_without_a_lesson_must_say_which(
    site: Render, caplog: pytest.LogCaptureFixture
) -> None:
    site("[[distance]] [[lesson-frame]]", lesson=None)
    assert "this page has no lesson of its own. Write [[lesson:distance]]" in caplog.messages[0]
    assert "the lessons are: walks/signs, walks/stray" in caplog.messages[0]
    assert len(caplog.messages) == 2


def test_a_lesson_without_a_run_says_how_to_get_one(
    course: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    there = copied(course, tmp_path / "course")
    assert there.do("clean", "--all", "--yes").code == 0
    assert there.entry().run is None
    place = resolving.Place("stray.md", "stray/", "walks/stray")
    text = "[[distance]]\n\n[[measure]]\n\n[[lesson-claims]]\n\n[[lesson-frame]]"
    html = markdown.Markdown(
        extensions=[embed.EmbedExtension(there.settings, lambda: place)]
    ).convert(text)
    assert_sound(html)
    assert "[[distance]]: lesson walks/stray has no run yet: run `lessonkit build" in caplog.text
    assert "[[lesson-claims]]: lesson walks/stray has no run yet" in caplog.text
    assert "lk-cell" in html  # code is there before any run
    assert (
        "has no run: run <code>lessonkit build walks/stray</code>" in html
    )  # the frame says it, too


def test_all_errors_of_a_page_are_told_at_once_with_the_lines_of_the_file(
    course: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture, site: Render
) -> None:
    there = copied(course, tmp_path / "course")
    text = (
        "---\ntitle: x\ndescription: y\n---\n\n\n# x\n\n[[one]]\n\n```\n[[fenced]]\n```\n\n"
        "- [[two]]\n\n!!! note\n\n    [[three]] and [[distance]] and [[four]]\n"
    )
    there.write("docs/wrong.md", text)
    page = pages.read(there.settings, there.root / "docs/wrong.md")
    html = site(page.body, line=page.first_line)
    found = [re.match(r"docs/a/stray\.md:(\d+): \[\[(\w+)", text) for text in caplog.messages]
    assert [(m[1], m[2]) for m in found if m] == [
        ("9", "one"),
        ("15", "two"),
        ("19", "three"),
        ("19", "four"),
    ]
    assert html.count("lk-error") == 4
    assert html.count(NUMBER) == 1
    assert_sound(html)


def test_everything_twice_on_a_page_still_has_ids_of_its_own(site: Render) -> None:
    once = "[[distances]]\n\n[[walks]]\n\n[[measure]]\n\n[[walks-stray]]\n\n[[lesson-claims]]\n\n"
    reading = assert_sound(site(once + once + "## Claims\n\n[[walks/signs:distances]]"))
    for anchor in ("figure-distances", "table-walks", "cell-measure", "claim-walks-stray"):
        assert {anchor, f"{anchor}--2"} <= set(reading.ids)
    assert "figure-distances--3" in reading.ids  # another lesson's figure of the same name
    assert len(reading.references) > 8  # clips, titles: else nothing was compared


def test_the_frame_links_the_evidence_where_the_course_has_such_a_page(site: Render) -> None:
    without = site("[[lesson-frame]]")
    assert "1 of 1 claim as promised" in without
    assert "evidence/" not in without


def test_where_a_page_shows_no_claims_nothing_links_to_them(site: Render) -> None:
    html = site("[[walks/signs:lesson-frame]]")  # a lesson without a page
    assert "1 of 1 claim as promised" in html
    assert "href" not in html


def test_the_whole_course_fits_on_a_page(site: Render) -> None:
    reading = assert_sound(site("[[evidence]]\n\n[[gallery]]\n\n[[used-in:lessonkit.evidence]]"))
    assert "2 claims: 2 hold." in reading.text
    assert "Used in these lessons: " in reading.text


def test_words_of_a_lesson_cannot_become_html(site: Render) -> None:
    blocks = ["distances", "cost", "few", "two-below-three", "signs", "lesson-frame"]
    html = site("\n\n".join(f"[[walks/signs:{name}]]" for name in blocks))
    reading = assert_sound(html)
    for words in (
        'Less "<" & more than 1.',
        "If a < b & c.",
        "2 <$>",
        "x & y",
        'Say "<b>".',
        "2 < 3 & a<b>.",
        "2 <m>",
        "4 < 3",
        "1 <b> & 'three'",
        "<i>",
    ):
        assert words in reading.text
    assert 'the "cost" & more' in {span.get("title") for span in tags(html, "span")}
    labels = [div.get("aria-label") or "" for div in tags(html, "div")]
    assert any(label.endswith(': Say "<b>".') for label in labels)


def test_code_in_a_caption_is_set_as_code(site: Render) -> None:
    assert "<code>a &lt; b</code>" in site("[[walks/signs:distances]]")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "generated/walks/stray/distances.csv"),
        ("stray/", "../generated/walks/stray/distances.csv"),
        ("a/b/stray/", "../../../generated/walks/stray/distances.csv"),
        ("a/stray.html", "../generated/walks/stray/distances.csv"),
    ],
)
def test_links_start_from_the_page(course: Workshop, url: str, expected: str) -> None:
    place = resolving.Place("x.md", url, "walks/stray")
    ours = embed.EmbedExtension(course.settings, lambda: place)
    html = markdown.Markdown(extensions=[ours]).convert("[[distances]]")
    assert expected in {link["href"] for link in tags(html, "a")}


def test_a_figure_offers_its_numbers_and_says_where_they_come_from(
    site: Render, course: Workshop
) -> None:
    run = course.entry().run
    assert run is not None
    reading = read(site("[[distances]]"))
    for words in ("0 to 4 (5)", "quick", "cpu", run.key, "lessonkit verify walks/stray --profile"):
        assert words in reading.text


def test_a_large_figure_becomes_a_picture_with_its_words(
    site: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lessonkit.press.page.svg.INLINE_LIMIT", 100)
    html = site("[[walks/signs:distances]]")
    (picture,) = tags(html, "img")
    assert picture["alt"] == 'Less "<" & more than 1.'
    assert picture["src"] == "../../generated/walks/signs/distances.png"
    assert int(picture["width"] or 0) > int(picture["height"] or 0) > 100, "it keeps its place"
    assert "<svg" not in html
    assert_sound(html)


def test_a_page_without_embeds_needs_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    html = markdown.Markdown(extensions=["lessonkit.press.embed"]).convert("a `[[b]]`")
    assert html == "<p>a <code>[[b]]</code></p>"


class _Context(Extension):
    """What Zensical puts into Markdown: a preprocessor that knows the page."""

    def __init__(self, page: SimpleNamespace) -> None:
        super().__init__()
        self.page = page

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        processor = Preprocessor(md)
        processor.page = self.page
        processor.run = lambda lines: lines
        md.preprocessors.register(processor, "rendering_context", 0)


def test_zensical_tells_which_page_it_renders(
    course: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(course.root)
    page = SimpleNamespace(path="stray.md", url="stray/", meta={"lesson": "walks/stray"})
    md = markdown.Markdown(extensions=[_Context(page), "lessonkit.press.embed"])
    html = md.convert("# x\n\n[[distance]] [[nothing]]\n\n[[distances]]")
    assert NUMBER in html
    assert "../generated/walks/stray/distances.csv" in html
    # the front matter and the blank line behind it are 7 lines of docs/stray.md
    assert caplog.messages[0].startswith("docs/stray.md:10: [[nothing]]")


def test_zensical_itself_can_be_asked_for_its_page(
    course: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = pytest.importorskip("zensical.extensions.context")
    monkeypatch.chdir(course.root)
    page = context.Page(url="stray/", path="stray.md", meta={"lesson": "walks/stray"})
    extension = context.ContextExtension(page=page, config={})
    md = markdown.Markdown(extensions=[extension, "lessonkit.press.embed"])
    assert NUMBER in md.convert("[[distance]]")


def test_the_extension_has_a_short_address(repository: Path) -> None:
    table = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    address = table["project"]["entry-points"]["markdown.extensions"]["lessonkit"]
    assert pkgutil.resolve_name(address) is embed.EmbedExtension
