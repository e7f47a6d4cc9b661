"""Claims as rows, sentences that rest on them, folded code, and the head of a lesson's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import markdown
import pytest
from workshop import Workshop, assert_sound, copied, read, tags, walks

from lessonkit.evidence import Claim
from lessonkit.evidence.rule import Rule
from lessonkit.press.page import embed, resolving, shown, strip
from lessonkit.press.page.templates import spread

# A sentence that is often told, beside one that holds.
TOLD = """
'''Once more.'''

from lessonkit.evidence import Lesson

# %%
lesson = Lesson("walks/told")
trap = {"1 < 2": 1.0}
said = {"exact": True, "expect": "contradicted"}
lesson.claim("three-below-two", "3 < 2", 3.0, below=2.0, trap=trap, **said)
far = {"a": [1.0, 2.0, 3.0], "b": "much"}
lesson.table("few", "what", {"far": far}, caption="Few.", format=".1%")
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("rows") / "course")
    made.write("lessons/walks/told.py", TOLD)
    made.build()
    return made


@pytest.fixture
def there(course: Workshop, tmp_path: Path) -> Workshop:
    """A copy to break."""
    return copied(course, tmp_path / "course")


Render = Callable[..., str]


def rendering(project: Workshop, later: list[str] | None = None) -> Render:
    def render(text: str, lesson: str | None = "walks/stray") -> str:
        place = resolving.Place("a/new.md", "a/new/", lesson, later=later)
        ours = embed.EmbedExtension(project.settings, lambda: place)
        return markdown.Markdown(extensions=["footnotes", ours]).convert(text)

    return render


@pytest.fixture
def render(course: Workshop) -> Render:
    return rendering(course)


def claim(values: list[float], trap: list[float], kind: str, *bound: float, format: str = ".3g"):
    return Claim("It is so.", values, Rule(kind, bound), "otherwise", trap, format=format)


def breaking(project: Workshop) -> Workshop:
    project.replace("lessons/walks/stray.py", "above=0.5", "above=500.0")
    assert project.do("build").code == 1
    return project


# Rows ------------------------------------------------------------------------------------------


def test_a_claim_is_one_closed_row_with_verdict_sentence_and_value(render: Render) -> None:
    html = render("[[walks-stray]]")
    assert_sound(html)
    (row,) = tags(html, "details")
    assert row["class"] == "lk-claim lk-holds"
    assert "open" not in row
    summary = read(re.search(r"<summary>.*?</summary>", html, re.S)[0]).text
    assert re.fullmatch(r"✓ holds, 5 of 5\s+A walk strays\.\s+\d\.\d+ \d\.\d+\sto \d\.\d+", summary)


def test_a_claims_address_lies_within_its_row_so_that_a_browser_opens_it(render: Render) -> None:
    html = render("[[walks-stray]]")
    row = re.search(r"<details.*</details>", html, re.S)[0]
    assert row.index("</summary>") < row.index('id="claim-walks-stray"')


def test_the_rule_the_trap_and_the_replications_are_inside(render: Render) -> None:
    inside = render("[[walks-stray]]").partition("</summary>")[2]
    for words in ("Promised (shaded)", "above 0.5", "Trap (○)", "standing still", "Replicated:"):
        assert words in read(inside).text


def test_a_broken_promise_stays_open_and_says_why(there: Workshop) -> None:
    html = rendering(breaking(there))("[[walks-stray]]")
    (row,) = tags(html, "details")
    assert {"open", "data-open"} <= set(row)
    assert row["class"] == "lk-claim lk-broken"
    assert "! promise broken" in html
    assert "promised above 500" in html


def test_what_is_often_told_is_told_as_such(render: Render) -> None:
    html = render("[[walks/told:three-below-two]]\n\nNo.[[^walks/told:three-below-two]]")
    assert html.count("Often told:") == 2
    assert "✗ contradicted" in html


def test_a_row_of_a_claim_without_seeds_draws_nothing(render: Render) -> None:
    html = render("[[walks/told:three-below-two]]")
    assert "<svg" not in html
    assert "●" not in html


# The strip -------------------------------------------------------------------------------------


def numbers(record: Claim) -> list[str]:
    return [tick.text for tick in strip.strip(record).ticks]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (claim([0.91, 0.95], [0.4, 0.45], "at_least", 0.8), ["0.4", "0.6", "0.8"]),
        (claim([0.91, 0.95], [0.4, 0.45], "at_least", 0.8, format=".0%"), ["40 %", "60 %", "80 %"]),
        (claim([9e-12, 2e-11], [1.2, 0.9], "at_most", 1e-9), ["10⁻¹¹", "10⁻⁷", "0.001"]),
        (claim([0.0, 0.0], [30.0, 40.0], "at_most", 1.0), ["0", "20", "40"]),
        (claim([0.0, 0.0], [0.5, 400.0], "at_most", 1.0), ["0", "1", "100"]),
        (claim([2.0, 2.0], [2.0, 2.0], "at_most", 2.0), ["2"]),
    ],
)
def test_the_axis_of_a_strip_has_a_few_round_numbers(record: Claim, expected: list[str]) -> None:
    assert numbers(record) == expected


def test_numbers_on_the_axis_never_touch_and_never_leave_the_picture() -> None:
    for record in (
        claim([1.0, 3.0, 7.0], [-50.0, 11.0, 13.0], "between", 1.0, 3.0),
        claim([1e-30, 1e5], [1e-3, 1.0], "above", 1e-2),
        claim([0.123456, 0.123457], [0.2, 0.3], "below", 0.15),
    ):
        ticks = strip.strip(record).ticks
        assert 1 <= len(ticks) <= 4
        assert all(b.x - a.x >= strip.APART for a, b in pairwise(ticks))
        assert all(0 <= tick.x <= strip.WIDTH for tick in ticks)


def test_every_seed_is_a_dot_and_all_of_them_one_element() -> None:
    record = claim([2.0, 3.0, 5.0, 7.0, 11.0], [13.0] * 5, "at_most", 12.0)
    drawn = strip.strip(record)
    assert drawn.dots.count("M") == drawn.traps.count("M") == 5


# Marks -----------------------------------------------------------------------------------------


def test_a_sentence_says_on_what_it_rests(render: Render) -> None:
    html = render("It strays.[[^walks-stray]]\n\n[[walks-stray]]")
    assert_sound(html)  # what describes the mark is there, and the row to which it leads
    (mark,) = tags(html, "a")
    assert mark["class"] == "lk-mark lk-holds"
    assert mark["href"] == "#claim-walks-stray"
    assert mark["aria-label"] == "Claim: holds, 5 of 5"
    assert html.startswith('<p>It strays.<a class="lk-mark')
    words = read(re.search(r'<span class="lk-says".*?</span>', html, re.S)[0]).text
    assert re.match(r"✓ holds, 5 of 5\nA walk strays\.\nMeasured: \d.*, 5 seeds\nRepl", words)


def test_several_marks_follow_each_other(render: Render) -> None:
    html = render("So. [[^walks-stray]][[^walks-stray]] [[^walks/told:three-below-two]] Yes.")
    assert_sound(html)
    assert len(list(tags(html, "a"))) == 3
    assert re.search(r"So\.<a .*</a><a .*</a><a .*</a> Yes\.", html, re.S), "no sign begins a line"
    assert html.count("<p>") == 1


@pytest.mark.parametrize(
    "text",
    [
        "- It strays.[[^walks-stray]]",
        "> It strays.[[^walks-stray]]",
        "It strays\n[[^walks-stray]]\nfar.",
        "**It strays.[[^walks-stray]]**",
        "It strays.[[^walks-stray]][^1]\n\n[^1]: A note.",
    ],
)
def test_a_mark_stands_in_the_line_wherever_it_is(render: Render, text: str) -> None:
    html = render(text)
    reading = read(html)
    assert reading.faults == []
    assert html.count('class="lk-mark') == 1
    assert "<p>\n" not in html


def test_where_only_text_can_stand_a_mark_vanishes(render: Render) -> None:
    html = render('![far[[^walks-stray]]](x.png) [a](https://a.example "b[[^walks-stray]]")')
    assert next(tags(html, "img"))["alt"] == "far"
    assert next(tags(html, "a"))["title"] == "b"
    assert "[[" not in html


def test_a_mark_leads_to_the_page_that_shows_the_claim(render: Render) -> None:
    assert 'href="../../stray/#claim-walks-stray"' in render("It strays.[[^walks-stray]]")


def test_a_claim_that_no_page_shows_is_found_among_all_evidence(there: Workshop) -> None:
    there.write("docs/all.md", "---\ndescription: All.\n---\n\n# All\n\n[[evidence]]\n")
    html = rendering(there)("So.[[^walks/told:three-below-two]]")
    assert 'href="../../all/#walks/told/three-below-two"' in html


def test_what_a_mark_says_is_not_for_the_search(course: Workshop) -> None:
    later: list[str] = []
    html = rendering(course, later)("It strays.[[^walks-stray]]")
    assert "Measured" not in html
    assert_sound(resolving.completed(html, later))
    assert "Measured" in resolving.completed(html, later)


def test_a_mark_of_a_broken_promise_says_so(there: Workshop) -> None:
    html = rendering(breaking(there))("It strays.[[^walks-stray]]")
    assert 'class="lk-mark lk-broken"' in html
    assert 'aria-label="Claim: promise broken"' in html


# Code and tables -------------------------------------------------------------------------------


def test_code_is_folded_and_what_it_printed_is_not(render: Render) -> None:
    html = render("[[measure]]")
    assert_sound(html)
    (fold,) = tags(html, "details")
    assert "open" not in fold
    assert "<summary>Code: measure <small>5 lines</small></summary>" in html
    assert "5 walks" in html.partition("</details>")[2]


def test_code_that_is_the_lesson_stands_open(render: Render) -> None:
    (fold,) = tags(render("[[measure.open]]"), "details")
    assert {"open", "data-open"} <= set(fold)


def test_names_and_signs_in_code_are_no_elements(render: Render) -> None:
    code = re.search(r"<code>.*?</code>", render("[[measure]]"), re.S)[0]
    assert {span["class"] for span in tags(code, "span")} <= {
        "k",
        "mi",
        "nb",
        "ow",
        "s2",
        "si",
        "sa",
    }
    assert "lesson = Lesson(" in code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "80.9 % (72.7 % to 85.0 %)",
            "80.9\u00a0% <small>72.7\u00a0%\u00a0to 85.0\u00a0%</small>",
        ),
        (
            "−2.5 × 10⁻⁹ m (−3 m to 0 m)",
            "−2.5\u00a0×\u00a010⁻⁹\u00a0m <small>−3\u00a0m\u00a0to 0\u00a0m</small>",
        ),
        ("18", "18"),
        ("tanh (from 1 to 2)", "tanh (from 1 to 2)"),
        ("a < b", "a &lt; b"),
    ],
)
def test_a_median_has_its_range_small_beneath(text: str, expected: str) -> None:
    assert str(spread(text)) == expected


def test_a_table_writes_ranges_small(render: Render) -> None:
    html = render("[[walks/told:few]]")
    assert "<td>200.0\u00a0% <small>100.0\u00a0%\u00a0to 300.0\u00a0%</small></td>" in html
    assert "<td>much</td>" in html


# The head --------------------------------------------------------------------------------------


def framed(project: Workshop, front: str = "", body: str = "") -> str:
    project.replace("docs/stray.md", "lesson: walks/stray", f"lesson: walks/stray{front}")
    project.replace("docs/stray.md", "[[lesson-downloads]]", f"[[lesson-downloads]]\n\n{body}")
    return rendering(project)("[[lesson-frame]]")


def test_the_head_says_topic_and_level_in_words_and_a_picture(there: Workshop) -> None:
    html = framed(there, "\ntopic: Random walks\nlevel: 2")
    assert_sound(html)
    assert "<b>Random walks</b>" in html
    assert 'data-level="2"></span> some maths' in html


def test_a_page_that_does_not_say_its_level_shows_none(there: Workshop) -> None:
    assert "lk-level" not in framed(there)


def test_the_switch_is_not_there_before_a_script_shows_it(render: Render) -> None:
    html = render("[[lesson-frame]]")
    (switch,) = tags(html, "fieldset")
    assert "hidden" in switch
    assert [button["value"] for button in tags(html, "input")] == ["story", "evidence", "code"]
    assert [button["value"] for button in tags(html, "input") if "checked" in button] == ["story"]
    assert 'role="status"' in html


def test_signs_are_explained_once_on_a_page(render: Render) -> None:
    html = render("[[lesson-frame]]\n\n[[walks-stray]]\n\n[[walks-stray]]")
    assert html.count("How to read the evidence") == 1


def minutes(project: Workshop) -> int:
    return shown.minutes(project.entry())


def test_reading_takes_as_long_as_what_is_open(there: Workshop) -> None:
    before = minutes(there)
    assert before == 1
    long = "\n".join(f"x{n} = {n}" for n in range(600))
    there.replace("lessons/walks/stray.py", "# %% draw", f"# %% long\n{long}\n\n# %% draw")
    there.write("docs/stray.md", "---\nlesson: walks/stray\n---\n\n# x\n\n[[long]]\n")
    assert minutes(there) == 1
    there.replace("docs/stray.md", "[[long]]", "[[long.open]]")
    assert minutes(there) == 6
    there.replace(
        "docs/stray.md", "[[long.open]]", "word " * 700 + "\n\n```\n" + "no " * 5000 + "\n```"
    )
    assert minutes(there) == 4


def test_a_lesson_without_a_page_takes_no_time(course: Workshop) -> None:
    assert shown.minutes(course.entry("walks/told")) == 0
