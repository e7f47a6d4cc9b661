"""Every word of ours that a page shows is in the language of the theme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from test_embed import Render, bare, course  # noqa: F401 - fixtures
from workshop import Workshop, copied

from lessonkit.evidence import Claim, Rule
from lessonkit.evidence.promise import Promise
from lessonkit.press.course.entries import Course
from lessonkit.press.page import blocks, language, wording
from lessonkit.press.page.templates import spread

PRESS = Path(language.__file__).parent.parent
TEMPLATES = sorted((PRESS / "page/templates").glob("*.html"))
SHIPPED = ("de", "fr")
NAMES = {"Python", "min", "s"}  # of things and units, the same everywhere


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    language.use("en")


def messages() -> set[str | tuple[str, ...]]:
    """Every message in the code and the templates."""
    kinds = [("**.py", "python"), ("page/templates/**.html", "jinja2.ext.babel_extract")]
    words = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": (1, 2)}
    return {found[2] for found in extract_from_dir(PRESS, kinds, keywords=words)}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_catalogue_that_we_ship_holds_every_message_and_no_other(name: str) -> None:
    with (PRESS / f"locales/{name}.po").open("rb") as file:
        catalogue = read_po(file, locale=name, abort_invalid=True)
    told = {message.id: message for message in catalogue if message.id}
    assert set(told) == messages()
    for message in told.values():
        assert not message.fuzzy
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(strings), message.id
        wanted = [set(re.findall(r"%\(\w+\)[sd]|%d|#", text)) for text in originals]
        for string in strings:
            assert set(re.findall(r"%\(\w+\)[sd]|%d|#", string)) in wanted, message.id


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_no_template_has_a_word_that_cannot_be_translated(file: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}", "", file.read_text("utf-8"), flags=re.S)
    text = re.sub(r"{{.*?}}", "\0", text, flags=re.S)
    seen = re.findall(r'(?:aria-label|title|alt|data-label|placeholder)="([^"]*)"', text)
    text = re.sub(r"<style.*?</style>|<code>.*?</code>", "", text, flags=re.S)
    between = re.sub(r"<[^>]*>", " ", text)
    found = {word for part in (*seen, between) for word in re.findall(r"[A-Za-z]+", part)}
    assert found <= NAMES


@pytest.mark.parametrize("name", ["lessonkit.js", "finding.js"])
def test_no_script_says_a_word_of_its_own(name: str) -> None:
    script = re.sub(r"//.*", "", (PRESS / "assets" / name).read_text("utf-8"))
    assert not re.search(r"[\"`][A-Z][a-z]+[ :.][^\"`]*[\"`]", script)
    assert not re.search(r"`\$\{\w+\} [a-z]+`", script)


CLAIM = Claim("Sentence, at most 0.5", [0.1, 0.2, 0.3], Rule("at_most", (0.5,)), "t", [1.0] * 3)


def test_in_english_a_page_says_what_the_run_says() -> None:
    made = Promise("far", CLAIM, ())
    assert wording.verdict(made) == made.standing
    assert wording.over(CLAIM) == CLAIM.over
    assert wording.replicated(made) == made.replicated
    assert wording.title(CLAIM, "trap") == CLAIM.title("trap")
    assert wording.statement(CLAIM) == CLAIM.statement
    assert wording.measured(CLAIM.measured) == CLAIM.measured
    for kind in Rule.KINDS:
        rule = Rule(kind, (0.2, 0.4) if kind in ("between", "equals") else (0.2,))
        assert wording.rule(rule, ".2f", "m") == rule.text(".2f", "m")
    assert spread("0.2 (0.1 to 0.3)") == "0.2 <small>0.1\u00a0to 0.3</small>"


def test_in_german_and_french_it_says_so() -> None:
    language.use("de")
    made = Promise("far", CLAIM, ())
    assert wording.verdict(made) == "bestätigt, 3 von 3"
    assert wording.statement(CLAIM) == "Sentence, höchstens 0.5"
    assert wording.measured(CLAIM.measured) == "0.2 (0.1 bis 0.3)"
    assert wording.counted(1, "thread") == "1 Thread"
    language.use("fr")
    assert wording.counted(0, "claim") == "0 affirmation"  # plural begins at 2
    assert wording.counted(2, "claim") == "2 affirmations"
    assert spread("0.2 (0.1 to 0.3)") == "0.2 <small>0.1\u00a0à 0.3</small>"


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_counts_one_as_many(name: str) -> None:
    """A message that counts things has a singular, or its word is the same for one."""
    alike = {
        "%(verdict)s, %(inside)d of %(count)d",
        "here: %(inside)d of %(count)d inside; elsewhere %(others)d of %(known)d",
        "median of %d seeds; smallest to largest in brackets",  # never of one
        "%(minutes)d min to read",
        "Lesson %(place)d of %(total)d",
        "%(count)d answered",
    }
    with (PRESS / f"locales/{name}.po").open("rb") as file:
        told = [message.id for message in read_po(file, locale=name) if message.id]
    counting = {one for one in told if isinstance(one, str) and re.search(r"%(\(\w+\))?d", one)}
    assert counting == alike


ENGLISH = "Measured|Promised|Trap|holds|seeds|Code:|Verdict|script|Data|Show|Lesson|All lessons"


SHOWN = "walks-stray distances walks distance measure lesson-frame lesson-downloads lesson-claims"
BLOCKS = "evidence gallery syllabus prerequisites"


@pytest.mark.parametrize("name", f"{SHOWN} {BLOCKS}".split())
def test_nothing_of_ours_stays_english_on_a_german_page(bare: Render, name: str) -> None:  # noqa: F811
    language.use("de")
    text = re.sub(r"<svg.*?</svg>|<pre>.*?</pre>", "", bare(f"[[{name}]]"), flags=re.S)
    seen = re.sub(r"<[^>]*>", " ", text) + " ".join(
        re.findall(r'(?:aria-label|title|data-label)="([^"]*)"', text)
    )
    assert not re.search(rf"\b(?:{ENGLISH})\b", seen), seen


@pytest.mark.parametrize(
    ("edit", "running", "says"),
    [
        ("steps = 1 + ", (), "Diese Seite zeigt einen früheren Lauf."),
        ("steps = 1 + ", ["walks/stray"], "Die Lektion läuft gerade."),
    ],
)
def test_a_banner_says_in_the_language_of_the_page_what_is_the_matter(
    course: Workshop,  # noqa: F811
    tmp_path: Path,
    edit: str,
    running: list[str],
    says: str,
) -> None:
    there = copied(course, tmp_path / "course")
    there.replace("lessons/walks/stray.py", "steps = ", edit)
    language.use("de")
    now = Course(there.settings, running=running)
    head = blocks.frame(now, now.entry("walks/stray"), lambda path: path).partition("</div>")[0]
    assert f"<b>{says}</b>" in head
    assert '<span lang="en">lesson' in head  # the reason, as a terminal says it


def test_an_author_adds_a_language_by_a_file(course: Workshop, tmp_path: Path) -> None:  # noqa: F811
    there = copied(course, tmp_path / "course")
    there.write("locales/nl.po", 'msgid "holds"\nmsgstr "klopt"\n')
    language.use("nl", there.root)
    assert language.gettext("holds") == "klopt"
    assert language.gettext("Trap") == "Trap"  # what it does not hold is English
    there.write("locales/de.po", 'msgid "holds"\nmsgstr "stimmt"\n')  # corrects one of ours
    language.use("de", there.root)
    assert (language.gettext("holds"), language.gettext("Claim")) == ("stimmt", "Behauptung")


def test_a_broken_catalogue_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales/nl.po").write_text("msgid holds\n", encoding="utf-8")
    with pytest.raises(language.LanguageError, match=r"locales/nl\.po: expected a gettext"):
        language.use("nl", tmp_path)
    language.use("xx-unheard-of")  # a language without a catalogue is English
    assert language.gettext("holds") == "holds"


def test_another_language_is_another_ingredient_of_what_is_remembered() -> None:
    english = language.spoken()
    language.use("de")
    assert language.spoken() != english
