"""Statements: the shipped file is whole, and a broken one is refused with what to mend."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from workshop import Workshop

from lessonkit.press.course import statements
from lessonkit.press.course.statements import Statement
from lessonkit.press.page import blocks
from lessonkit.press.page.resolving import Place
from lessonkit.press.settings import PressError

SHIPPED = Path(__file__).resolve().parent.parent / "statements.toml"
WELL = """
[[statement]]
id = "A8"
told_by = "A"
kind = "measured"
says = "Letters come first."
"""


@pytest.fixture(scope="module")
def shipped() -> dict[str, Statement]:
    return statements.read(SHIPPED)


def read(folder: Path, text: str) -> dict[str, Statement]:
    file = folder / "statements.toml"
    file.write_text(text, encoding="utf-8")
    return statements.read(file)


def test_check_says_how_many_are_answered_and_refuses_an_unknown_id(there: Workshop) -> None:
    trap = "    trap={"
    there.replace("lessons/walks/stray.py", trap, f'    answers=("A8", "A80"),\n{trap}')
    there.build()
    (there.root / "statements.toml").write_text(WELL, encoding="utf-8")
    outcome = there.do("check")
    assert outcome.code == 1
    assert outcome.out == "1 error(s), 0 warning(s); 1 of 1 statement answered\n"
    assert outcome.err == (
        "lessons/walks/stray.py: 'walks-stray' answers a statement that is not in "
        "statements.toml: no statement 'A80': did you mean 'A8'?; correct the id, or tell the "
        "statement there.\n"
    )
    shown = blocks.statements(there.course(), Place().link)
    assert "1 of 1 statement<" in shown
    assert 'href="stray/#claim-walks-stray"' in shown


def test_check_says_that_the_file_is_broken(there: Workshop) -> None:
    (there.root / "statements.toml").write_text("[[statement]]", encoding="utf-8")
    outcome = there.do("check")
    assert outcome.code == 1
    assert "statement number 1: expected the keys" in outcome.err


@pytest.mark.parametrize("kind", ["claim", "citation"])
def test_every_answer_of_this_course_is_to_a_statement_that_is_told(kind, shipped) -> None:
    known = set(re.findall(r'"([A-D][0-9]+)"', " ".join(answers_in(kind))))
    assert known <= set(shipped)
    assert kind == "citation" or len(known) == 131


def answers_in(kind: str) -> list[str]:
    scripts = (SHIPPED.parent / "lessons").rglob("*.py")
    pattern = {"claim": r"answers=\(([^)]*)\)", "citation": r"lesson\.cite\(([^)]*)\)"}[kind]
    return [f for s in scripts for f in re.findall(pattern, s.read_text(encoding="utf-8"))]


def refused(folder: Path, text: str) -> str:
    """What is said of a broken file, after its name."""
    with pytest.raises(PressError) as caught:
        read(folder, text)
    start = f"{folder / 'statements.toml'}: "
    said = str(caught.value)
    assert said.startswith(start)
    return said.removeprefix(start)


def test_no_statement_is_lost(shipped: dict[str, Statement]) -> None:
    assert Counter(s.kind for s in shipped.values()) == {"measured": 185, "exact": 45, "cited": 63}
    assert Counter(s.told_by for s in shipped.values()) == {"A": 85, "B": 83, "C": 37, "D": 88}


def test_an_id_is_the_introduction_and_a_number(shipped: dict[str, Statement]) -> None:
    wrong = [s.id for s in shipped.values() if not re.fullmatch(rf"{s.told_by}[1-9]\d*", s.id)]
    assert wrong == []


def test_statements_stand_in_the_order_of_the_introductions(shipped: dict[str, Statement]) -> None:
    assert list(shipped) == sorted(shipped, key=lambda name: (name[0], int(name[1:])))


def test_a_statement_is_one_short_sentence(shipped: dict[str, Statement]) -> None:
    long = [s.id for s in shipped.values() if len(s.says.split()) > 25]
    ragged = [s.id for s in shipped.values() if not re.fullmatch(r"[“A-Z].*[^.]\.", s.says)]
    assert (long, ragged) == ([], [])


def test_no_two_statements_say_the_same(shipped: dict[str, Statement]) -> None:
    often = Counter(s.says for s in shipped.values())
    assert [says for says, count in often.items() if count > 1] == []


def test_a_statement_is_found_by_its_id(tmp_path: Path) -> None:
    assert read(tmp_path, WELL) == {"A8": Statement("A8", "A", "measured", "Letters come first.")}


def test_without_a_file_nothing_is_told(tmp_path: Path) -> None:
    assert statements.read(tmp_path / "statements.toml") == {}


def test_an_empty_file_tells_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == {}


def test_a_file_that_is_not_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    said = refused(tmp_path, WELL + "id =\n")
    assert said.startswith("expected valid TOML: ")
    assert "line 7" in said


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "statements.toml"
    file.write_bytes(WELL.replace("Letters", "Lettres lues à").encode("latin-1"))
    with pytest.raises(PressError, match=r"statements\.toml: expected UTF-8 text: .*0xe0"):
        statements.read(file)


def test_only_statements_may_stand_in_the_file(tmp_path: Path) -> None:
    text = WELL.replace("[[statement]]", "[[statements]]")
    assert refused(tmp_path, text) == "expected only tables [[statement]], got 'statements'."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WELL.replace("[[statement]]", "[statement]"), "expected tables [[statement]], got {'id'"),
        ('statement = "A8"\n', "expected tables [[statement]], got 'A8'."),
        ("statement = [8]\n", "statement number 1: expected a table, got 8."),
    ],
)
def test_a_statement_is_a_table_of_a_list(tmp_path: Path, text: str, said: str) -> None:
    assert refused(tmp_path, text).startswith(said)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, WELL + 'page = "reading"\n') == (
        "statement 'A8': expected the keys id, told_by, kind, says, got 'page' as well."
    )


@pytest.mark.parametrize("key", ["told_by", "kind", "says"])
def test_a_missing_key_is_refused(tmp_path: Path, key: str) -> None:
    text = re.sub(rf"(?m)^{key} = .*\n", "", WELL)
    assert refused(tmp_path, text) == (
        f"statement 'A8': expected the keys id, told_by, kind, says, got no {key!r}."
    )


def test_a_statement_without_an_id_is_named_by_its_number(tmp_path: Path) -> None:
    text = WELL + WELL.replace('id = "A8"\n', "")
    assert refused(tmp_path, text) == (
        "statement number 2: expected the keys id, told_by, kind, says, got no 'id'."
    )


def test_an_id_that_occurs_twice_is_refused_with_both_texts(tmp_path: Path) -> None:
    text = WELL + WELL.replace("first", "last")
    assert refused(tmp_path, text) == (
        "statement 'A8': expected each id once, got it twice: "
        "'Letters come first.' and 'Letters come last.'."
    )


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, WELL.replace("measured", "guessed")) == (
        "statement 'A8': expected one of the kinds measured, exact, cited, got 'guessed'."
    )


@pytest.mark.parametrize("value", ['""', '"  "', "8", "[]"])
def test_what_is_not_text_is_refused(tmp_path: Path, value: str) -> None:
    said = refused(tmp_path, WELL.replace('"Letters come first."', value))
    assert (
        said == f"statement 'A8': expected text for 'says', got {value.replace(chr(34), chr(39))}."
    )


def test_known_ids_need_no_message() -> None:
    assert statements.unknown(["A8", "C11"], {"A8": 1, "C11": 2}) == ""


def test_an_unknown_id_is_named_with_those_that_are_close() -> None:
    assert statements.unknown(["A88", "C11"], ["A8", "C11"]) == (
        "no statement 'A88': did you mean 'A8'?"
    )


def test_every_unknown_id_is_named_once() -> None:
    assert statements.unknown(["A88", "Z5", "A88"], ["A8", "C11"]) == (
        "no statement 'A88': did you mean 'A8'?; no statement 'Z5': none is close"
    )


def test_where_nothing_is_told_no_id_is_close() -> None:
    assert statements.unknown(["A8"], {}) == "no statement 'A8': there are no statements"
