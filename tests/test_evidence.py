"""A number is written as it was measured, and a claim cannot be kept without its trap."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from conftest import Project
from matplotlib.figure import Figure as Canvas

from lessonkit.evidence import (
    Claim,
    EvidenceError,
    Lesson,
    Number,
    Rule,
    Table,
    display,
    session,
)
from lessonkit.evidence.claim import THIN
from lessonkit.evidence.measuring import FEWEST_SEEDS
from lessonkit.evidence.record import Record
from lessonkit.evidence.rule import CONTRADICTED, HOLDS
from lessonkit.figures.drawing import Drawing

matplotlib.use("agg")
SEEDS = FEWEST_SEEDS


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Lesson]]:
    """Begin a lesson as the builder does."""

    def start(profile: str = "quick", **circumstances: Any) -> Lesson:
        session.begin(session.Session(profile, "cpu", tmp_path, by_hand=False, **circumstances))
        return Lesson("walks/stray")

    yield start
    session.begin(None)


@pytest.fixture
def lesson(begin: Callable[..., Lesson]) -> Lesson:
    return begin()


def claims_of(lesson: Lesson) -> dict[str, Claim]:
    return {n: r for n, r in lesson._session.records.items() if isinstance(r, Claim)}


def claim(values: Any, *, trap: Any = 0.0, **rule: Any) -> Claim:
    """Make a claim by itself; what is left out says "above 0.5"."""
    expect = rule.pop("expect", HOLDS)
    kind, bound = next(iter((rule or {"above": 0.5}).items()))
    values, trap = np.atleast_1d(values).tolist(), np.atleast_1d(trap).tolist()
    return Claim(
        "It is so.", values, Rule.from_arguments({kind: bound}, "x"), "a trap", trap, expect
    )


# How a number is written.


@pytest.mark.parametrize(
    ("value", "format", "unit", "text"),
    [
        (8.1e-12, ".1e", "", "8.1 × 10⁻¹²"),
        (1.3e11, ".1e", "", "1.3 × 10¹¹"),
        (-2e-5, ".0e", "", "−2 × 10⁻⁵"),
        (1.5e-05, ".3g", "", "1.5 × 10⁻⁵"),
        (1.7, ".1e", "", "1.7"),  # nobody writes 1.7 × 10⁰
        (0.017, ".1e", "", "0.017"),
        (99.6, ".0e", "", "100"),
        (0, ".1e", "", "0"),
        (0.0, ".2f", "", "0.00"),
        (-0.001, ".2f", "", "0.00"),  # nobody writes −0.00
        (-0.01, ".2f", "", "−0.01"),
        (-3.5, ".1f", "", "−3.5"),
        (0.153, ".1%", "", "15.3 %"),
        (15.3, ".1f", "%", "15.3 %"),
        (2.0, ".0f", "s", "2 s"),
        (4.0, ".0f", "×", "4×"),
        (60000.0, ",d", "", "60,000"),
        (7, "d", "digits", "7 digits"),
    ],
)
def test_a_number_is_written_for_people(value, format, unit, text) -> None:
    assert display.number(value, format, unit) == text


def test_a_whole_number_format_refuses_to_lose_a_half() -> None:
    with pytest.raises(ValueError, match=r"whole numbers, and the value is 2\.5"):
        display.number(2.5, "d")


def test_the_median_of_whole_numbers_may_end_in_a_half() -> None:
    assert Number([2, 3, 5, 7], "d").text() == "4 (2 to 7)"
    assert Number([2, 3], "d").text() == "2.5 (2 to 3)"
    assert Number([2000, 3001], ",d").text("median") == "2,500.5"


def test_a_number_over_seeds_shows_its_median_and_range() -> None:
    number = Number([7.0, 2.0, 3.0], ".1f", "s")
    assert number.text() == "3.0 s (2.0 s to 7.0 s)"
    parts = {part: number.text(part) for part in ("median", "range", "min", "max")}
    assert parts == {"median": "3.0 s", "range": "2.0 s to 7.0 s", "min": "2.0 s", "max": "7.0 s"}


def test_a_range_that_says_nothing_is_left_out() -> None:
    assert Number([0.5001, 0.5002, 0.5003], ".2f").text() == "0.50"
    assert Number([3.0]).text() == "3"


# The rule and the verdict.


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ({"at_most": 2}, [2, -5], [math.nextafter(2, 3)]),
        ({"at_least": 2}, [2, 5], [math.nextafter(2, 1)]),
        ({"below": 2}, [math.nextafter(2, 1)], [2]),
        ({"above": 2}, [math.nextafter(2, 3)], [2]),
        ({"between": (2, 3)}, [2, 3], [math.nextafter(2, 1), math.nextafter(3, 4)]),
        ({"equals": (2, 0.5)}, [1.5, 2, 2.5], [1.49, 2.51]),
        ({"equals": (2, 0)}, [2], [math.nextafter(2, 3)]),
    ],
)
def test_a_rule_is_sharp_at_its_bound(rule, inside, outside) -> None:
    judge = Rule.from_arguments(rule, "x")
    assert all(judge.allows(value) for value in inside)
    assert not any(judge.allows(value) for value in outside)


@pytest.mark.parametrize(
    ("rule", "format", "text"),
    [
        ({"at_most": 0.15}, ".1f", "at most 0.15"),  # "0.1" would be another promise
        ({"at_most": 0.15}, ".3f", "at most 0.15"),  # and nobody writes 0.150
        ({"at_most": 0.15}, ".1%", "at most 15 %"),
        ({"at_most": 1e-8}, ".1e", "at most 1 × 10⁻⁸"),
        ({"at_least": 1.25e-8}, ".1e", "at least 1.25 × 10⁻⁸"),
        ({"above": 0.5}, "d", "above 0.5"),
        ({"below": 1000}, ",d", "below 1,000"),
        ({"below": 0.155}, ".0%", "below 15.5 %"),
        ({"at_least": 0.25}, "points", "at least 25 points"),
        ({"between": (0.15, 2)}, ".1f", "between 0.15 and 2"),
        ({"equals": (2, 0.25)}, ".1f", "2 to within 0.25"),
        ({"equals": (2, 0)}, ".1f", "2"),
    ],
)
def test_a_bound_is_printed_in_full(rule, format, text) -> None:
    assert Rule.from_arguments(rule, "x").text(format) == text


def test_a_bound_carries_its_unit() -> None:
    assert Rule("at_most", (0.15,)).text(".1f", "s") == "at most 0.15 s"


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ([1, 1, 1, 1, 1], "holds, 5 of 5"),
        ([0, 1, 1, 1, 1], "holds, 4 of 5"),
        ([0, 0, 1, 1, 1], "holds, 3 of 5"),
        ([0, 0, 0, 1, 1], "contradicted, 2 of 5"),
        ([0, 0, 0, 0, 0], "contradicted, 0 of 5"),
    ],
)
def test_the_median_decides_and_every_seed_inside_is_counted(values, standing) -> None:
    assert claim(values).standing == standing
    assert claim(values).verdict == standing.partition(",")[0]


def test_what_is_exact_or_not_judged_has_nothing_to_count() -> None:
    assert replace(claim(1.0), exact=True).standing == HOLDS
    assert replace(claim([1.0] * 5), judged=False).standing == "not judged"


@pytest.mark.parametrize(
    ("values", "rule", "margin"),
    [
        ([1, 2, 3], {"above": 0}, 2.0),  # the median is two standard deviations above
        ([1, 2, 3], {"below": 4}, 2.0),
        ([1, 2, 3], {"at_least": 4}, 2.0),  # on the wrong side it counts as well
        ([1, 2, 3], {"between": (1.5, 9)}, 0.5),  # the nearer of both bounds
        ([1, 2, 3], {"equals": (2, 3)}, 3.0),
        ([2, 2, 2], {"above": 1}, math.inf),  # nothing spreads
        ([2.5, 2.5, 2.5], {"at_least": 2.5}, math.inf),
        ([2, 2, 2], {"at_least": 2}, 0.0),  # whole numbers that sit on the bound
        ([2, 2, 2], {"at_most": 2}, 0.0),
        ([2, 2, 2], {"equals": (2, 0)}, math.inf),
        ([7.0], {"above": 1}, math.inf),
    ],
)
def test_the_margin_is_the_distance_to_the_bound_in_spreads(values, rule, margin) -> None:
    made = claim(values, **rule)
    assert made.margin == pytest.approx(margin)
    assert bool(made.thin) == (margin < THIN)


def test_a_thin_margin_says_what_lies_how_near() -> None:
    assert (
        "the median, 2, is 1.0 spreads from its bound (above 1)" in claim([1, 2, 3], above=1).thin
    )


def test_neither_arithmetic_nor_a_smoke_run_is_thin() -> None:
    assert replace(claim([1, 2, 3], above=1), exact=True).thin == ""
    assert replace(claim([1, 2, 3], above=1), judged=False).thin == ""


@pytest.mark.parametrize(
    ("values", "trap", "expect", "kept"),
    [
        ([1, 1, 1], [0, 0, 0], HOLDS, True),
        ([0, 1, 1], [0, 0, 0], HOLDS, True),  # one seed strays: the median does not
        ([0, 0, 1], [0, 0, 0], HOLDS, False),
        ([0, 0, 0], [0, 0, 0], HOLDS, False),
        ([1, 1, 1], [1, 1, 1], HOLDS, False),  # nothing can break it: it says nothing
        ([1, 1, 1], [0, 1, 1], HOLDS, False),  # the trap breaks it only for some seeds
        ([1, 1, 1], [0, 0, 1], HOLDS, True),
        ([0, 0, 0], [1, 1, 1], CONTRADICTED, True),
        ([1, 1, 1], [1, 1, 1], CONTRADICTED, False),  # surprise: the popular statement is true
        ([0, 1, 1], [1, 1, 1], CONTRADICTED, False),
        ([0, 0, 1], [1, 1, 1], CONTRADICTED, True),
        ([0, 0, 0], [0, 0, 0], CONTRADICTED, False),  # its trap shows nothing either
    ],
)
def test_a_claim_is_kept_only_if_its_verdict_and_its_trap_differ(
    values, trap, expect, kept
) -> None:
    assert (claim(values, trap=trap, expect=expect).problem is None) == kept


def test_a_broken_promise_says_measured_promised_and_expected() -> None:
    problem = claim([0.125] * 5, at_most=0.1).problem
    assert "measured 0.125, promised at most 0.1: contradicted, 0 of 5, expected holds" in problem


def test_a_popular_statement_that_turns_out_true_is_said_to_be_a_surprise() -> None:
    problem = claim([1] * 5, trap=[1] * 5, expect=CONTRADICTED).problem
    assert "measured 1, promised above 0.5: holds, 5 of 5, expected contradicted" in problem


def test_a_trap_that_does_not_flip_is_named() -> None:
    problem = claim([1] * 5, trap=[0.75] * 5).problem
    assert "its trap (a trap) measured 0.75 against above 0.5: holds" in problem
    assert "does not flip" in problem


def test_a_claim_survives_a_journey_through_json() -> None:
    there = claim([0, 1, 1, 1, 2], between=(1, 3), trap=[5, 5, 5, 5, 5])
    back = Record.from_json(json.loads(json.dumps(there.to_json())), "it")
    assert back == there
    assert back.to_json() == there.to_json()


def test_a_forged_verdict_is_computed_again_and_not_believed() -> None:
    data = claim([0] * 5, trap=[1] * 5).to_json()
    assert data["verdict"] == CONTRADICTED
    forged = Record.from_json({**data, "verdict": HOLDS}, "it")
    assert forged.verdict == CONTRADICTED
    assert "contradicted" in forged.problem


# What a lesson may publish.


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        (3, [3.0]),
        (0.5, [0.5]),
        ([2, 3.5], [2.0, 3.5]),
        ((2, 3), [2.0, 3.0]),
        (range(3), [0.0, 1.0, 2.0]),
        (np.float32(0.5), [0.5]),
        (np.arange(3), [0.0, 1.0, 2.0]),
        (torch.tensor(0.5), [0.5]),
        (torch.tensor([2.0, 3.0]), [2.0, 3.0]),
        ([torch.tensor(2.0), np.int64(3), 5], [2.0, 3.0, 5.0]),
    ],
)
def test_a_value_may_come_from_any_library(lesson, values, plain) -> None:
    lesson.number("distance", values)
    assert lesson._session.records["distance"].values == plain


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (math.nan, "finite numbers, got nan"),
        ([1.0, math.inf], "finite numbers, got inf among 2"),
        (np.array([1.0, -np.inf]), "finite numbers, got -inf"),
        (torch.tensor([1.0, math.nan]), "finite numbers, got nan"),
        ([], "at least one value, got none"),
        (np.zeros(0), "at least one value"),
        (True, "got True"),
        ([1.0, False], "got False"),
        (np.array([True]), "got True"),
        ([[1.0, 2.0], [3.0, 4.0]], "Reduce it to one axis"),
        (np.zeros((2, 3)), "Reduce it to one axis"),
        ("3", "got '3' among 1 value(s). Make it a number first."),
        (None, "got None"),
        (2j, "got 2j"),
        ({"a": 1}, "got {'a': 1}"),
    ],
)
@pytest.mark.parametrize("where", ["number", "table", "claim", "trap", "bound"])
def test_what_is_no_finite_number_is_refused_everywhere(lesson, where, values, reason) -> None:
    ones = [1.0] * SEEDS
    publish = {
        "number": lambda: lesson.number("name", values),
        "table": lambda: lesson.table("name", "x", {"y": {"row": values}}, caption="All."),
        "claim": lambda: lesson.claim("name", "So.", values, above=0, trap={"t": ones}),
        "trap": lambda: lesson.claim("name", "So.", ones, above=0, trap={"t": values}),
        "bound": lambda: lesson.claim("name", "So.", ones, equals=values, trap={"t": ones}),
    }[where]
    if where == "table" and isinstance(values, str):
        publish()  # text is a cell
        return
    if where == "claim" and isinstance(values, dict):
        reason = "expected a condition behind its quantity"
    if where == "bound" and values is None:
        reason = "exactly one of"
    with pytest.raises(EvidenceError, match="name") as caught:
        publish()
    assert reason in str(caught.value)
    assert lesson._session.records == {}  # nothing half-published


@pytest.mark.parametrize(
    "name", ["", "Distance", "far_away", "far--away", "-far", "far-", "a b", 3, "aux"]
)
def test_a_name_that_no_page_can_embed_is_refused(lesson, name) -> None:
    with pytest.raises(
        EvidenceError, match=r"small letters, digits|expected a text|a device is called so"
    ):
        lesson.number(name, 1)


def publish_as(lesson: Lesson, kind: str) -> None:
    """Publish something named "far"."""
    if kind == "number":
        lesson.number("far", 1)
    elif kind == "table":
        lesson.table("far", "x", {"y": {"row": 1}}, caption="All.")
    elif kind == "figure":
        lesson.figure("far", Drawing(Canvas(), {"x": [1]}, "A line, 1."))
    elif kind == "sound":
        lesson.sound("far", [0.5, -0.5], rate=8000, words="A click.")
    elif kind == "citation":
        lesson.cite("far", says="So.", source="Somebody", date="2017")
    else:
        lesson.claim("far", "So.", 1, above=0, exact=True, trap={"t": 0})


@pytest.mark.parametrize("first", ["number", "table", "figure", "claim"])
@pytest.mark.parametrize("second", ["number", "table", "figure", "claim"])
def test_one_name_means_one_thing(lesson, first, second) -> None:
    publish_as(lesson, first)
    with pytest.raises(EvidenceError, match="'far': already used"):
        publish_as(lesson, second)


class Frame:
    """Knows what a DataFrame knows."""

    def to_dict(self) -> dict[str, dict[int, int]]:
        return {"y": {0: 1}}


@pytest.mark.parametrize(
    ("kind", "arguments", "reason"),
    [
        ("number", {"values": 1, "format": "x"}, "format 'x' cannot write them"),
        ("number", {"values": 2.5, "format": "d"}, "whole numbers"),
        ("table", {"rows": "x", "columns": {}, "caption": "All."}, "expected columns as in"),
        ("table", {"rows": "x", "columns": Frame(), "caption": "All."}, r"Write frame.to_dict\(\)"),
        ("table", {"rows": "x", "columns": {"y": {}}, "caption": "All."}, "a cell for each row"),
        ("table", {"rows": "x", "columns": {"y": [1]}, "caption": "All."}, "a cell for each row"),
        ("table", {"rows": "x", "columns": {"y": {"a": 1}}, "caption": " "}, "expected a sentence"),
        (
            "table",
            {"rows": "x", "columns": {"y": {"a": 1, "b": 2}, "z": {"a": 1}}, "caption": "All."},
            "columns 'y' and 'z' have other rows; only one has 'b'",
        ),
        (
            "table",
            {"rows": "x", "columns": {"y": {"a": 1}}, "caption": "All.", "format": {"q": ".1f"}},
            "a format for 'q', which is no column; there are 'y'",
        ),
        (
            "table",
            {"rows": "x", "columns": {"y": {"a": 2.5}}, "caption": "All.", "format": "d"},
            "table 'far', column 'y', row 'a': format 'd' cannot write them",
        ),
        (
            "compare",
            {"rows": {"it": 2}, "caption": "All."},
            "row 'it': expected .paper, ours., got",
        ),
    ],
)
def test_a_wrong_number_or_table_is_refused_in_words(lesson, kind, arguments, reason) -> None:
    with pytest.raises(EvidenceError, match=reason):
        getattr(lesson, kind)("far", **arguments)


def rows_of(lesson: Lesson) -> list[list[str]]:
    made = lesson._session.records["far"]
    assert isinstance(made, Table)
    return [made.columns, *made.rows]


def test_a_table_has_the_rows_of_its_first_column_and_a_format_for_each(lesson) -> None:
    walks = {"relu": [1.0, 3.0, 2.0], ("plain", 56): 4}
    lesson.table(
        "far",
        "what",
        {"paper": {("plain", 56): "many", "relu": 2}, "ours": walks},
        caption="All  walks.",
        format={"ours": ".1f"},
    )
    assert rows_of(lesson) == [
        ["what", "paper", "ours"],
        ["plain, 56", "many", "4.0"],
        ["ReLU", "2", "2.0 (1.0 to 3.0)"],
    ]


def test_what_a_paper_says_stands_beside_what_was_measured(lesson) -> None:
    lesson.compare("far", {"distance": ("little", [1.0, 3.0, 2.0])}, caption="It grows.")
    assert rows_of(lesson) == [["what", "paper", "ours"], ["distance", "little", "2 (1 to 3)"]]


def test_a_lesson_writes_its_numbers_alike_unless_it_says_otherwise(begin) -> None:
    begin()
    lesson = Lesson("walks/stray", format=".1%")
    lesson.number("near", 0.25)
    lesson.number("near-2", 0.25, format=".2f")
    lesson.claim("so", "So, {rule}.", 0.25, at_most=0.5, exact=True, trap={"t": 0.75})
    lesson.table("all", "x", {"y": {"a": 0.25}}, caption="All.")
    texts = [lesson._session.records[name].text() for name in ("near", "near-2")]
    assert texts == ["25.0 %", "0.25"]
    assert claims_of(lesson)["so"].statement == "So, at most 50 %."
    assert lesson._session.records["all"].rows == [["a", "25.0 %"]]


# The sentence of a claim says its rule.


def said(lesson: Lesson, statement: str, **given: Any) -> str:
    ones = [1.0] * SEEDS
    lesson.claim("far", statement, ones, trap={"t": [0.0] * SEEDS}, **given)
    return claims_of(lesson)["far"].statement


@pytest.mark.parametrize(
    ("statement", "given", "text"),
    [
        ("It is {rule}.", {"at_least": 0.8, "format": ".1%"}, "It is at least 80 %."),
        ("It is {rule:.0%}.", {"at_least": 0.8, "format": ".3f"}, "It is at least 80 %."),
        ("{bound:.0%} or more.", {"at_least": 0.8}, "80 % or more."),
        ("{rule:points} more.", {"at_least": 0.25}, "at least 25 points more."),
        ("A billionth.", {"at_least": 1e-9}, "A billionth."),
        ("It is {rule}.", {"above": 0.4, "format": ".3f", "unit": "s"}, "It is above 0.4 s."),
        ("It gives {bound}.", {"equals": (1, 0.5)}, "It gives 1."),
        ("It lies {rule}.", {"between": (0.5, 2)}, "It lies between 0.5 and 2."),
        ("A set {{a}}: {bound}.", {"above": 0.5}, "A set {a}: 0.5."),
    ],
)
def test_a_sentence_takes_its_bound_from_the_rule(lesson, statement, given, text) -> None:
    assert said(lesson, statement, **given) == text


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("It is {limit}.", r"cannot be filled in.*\{rule\} becomes 'at least 0.8'"),
        ("It is {}.", "cannot be filled in"),
        ("It is {rule.", "cannot be filled in"),
        ("It is {rule:.2q}.", "cannot be filled in"),
        ("It is at least 0.8 big.", "types 'at least 0.8', .* Write {rule}"),
        ("It is at least 80 % of all.", "types 'at least 80 %', .* Write {rule}"),
    ],
)
def test_a_sentence_that_types_its_rule_or_asks_for_more_is_refused(
    lesson, statement, reason
) -> None:
    with pytest.raises(EvidenceError, match=reason):
        said(lesson, statement, at_least=0.8)


# A claim judges one condition of a quantity, and its trap is another one.

ACCURACY = {"sigmoid": [0.0] * SEEDS, "tanh": [1.0] * SEEDS, ("relu", 2): [2.0] * SEEDS}


def judged(lesson: Lesson, *given: Any, **more: Any) -> tuple[float, str, float]:
    lesson.claim("far", "So.", *given, **more)
    made = claims_of(lesson)["far"]
    return made.values[0], made.trap, made.trap_values[0]


@pytest.mark.parametrize(
    ("given", "trap", "sides"),
    [
        ((ACCURACY, "sigmoid"), "tanh", (0, "tanh", 1)),
        ((ACCURACY, "sigmoid"), {"tanh instead": "tanh"}, (0, "tanh instead", 1)),
        ((ACCURACY, "sigmoid"), ("relu", 2), (0, "ReLU, 2", 2)),
        ((ACCURACY, "relu", 2), {"less": ("relu", 2)}, None),
        ((lambda n: [n] * SEEDS, 0), 5, (0, "5", 5)),
        ((lambda a, b: [a * b] * SEEDS, 0, 7), (2, 3), (0, "2, 3", 6)),
        (([0.5] * SEEDS,), {"much more": [7.0] * SEEDS}, (0.5, "much more", 7)),
    ],
)
def test_both_sides_are_the_same_quantity(lesson, given, trap, sides) -> None:
    if sides is None:
        with pytest.raises(EvidenceError, match="its trap is its own condition, 'ReLU, 2'"):
            judged(lesson, *given, trap=trap, at_most=0.5)
    else:
        assert judged(lesson, *given, trap=trap, at_most=0.5) == sides


@pytest.mark.parametrize(
    ("given", "trap", "reason"),
    [
        ((ACCURACY,), "tanh", "expected a condition behind its quantity. A condition says"),
        ((len,), "tanh", "expected a condition behind its quantity"),
        (([1.0] * SEEDS, "sigmoid"), "tanh", "got the condition 'sigmoid' behind plain values"),
        ((ACCURACY, "sigmoyd"), "tanh", "no condition 'sigmoyd'; it has: 'sigmoid', 'tanh'"),
        ((ACCURACY, "sigmoid"), "tan", "no condition 'tan'; it has"),
        ((ACCURACY, "sigmoid"), {"a": "tanh", "b": 2}, "expected {what was changed"),
        ((ACCURACY, "sigmoid"), {}, "expected {what was changed"),
        ((ACCURACY, "relu", 2), "tanh", "expected 2 conditions, as many as the claim's own"),
        (([1.0] * SEEDS,), 11**0.5, "expected {what was changed.*A trap is the one change"),
        (([1.0] * SEEDS,), ("t", [0.0] * SEEDS), "expected {what was changed"),
        # √11 is a value, and no condition: nothing is guessed.
        ((ACCURACY, "sigmoid"), 11**0.5, "no condition 3.3166"),
        ((ACCURACY, "sigmoid"), [1.0] * SEEDS, "no condition"),
    ],
)
def test_nobody_guesses_what_is_a_condition_and_what_a_value(lesson, given, trap, reason) -> None:
    with pytest.raises(EvidenceError, match=reason):
        judged(lesson, *given, trap=trap, at_most=0.5)
    assert claims_of(lesson) == {}


def test_a_claim_has_parts_for_a_sentence_of_a_page(lesson) -> None:
    lesson.claim("far", "So.", ACCURACY, "sigmoid", trap="tanh", at_most=0.5, format=".1f")
    made = claims_of(lesson)["far"]
    assert [made.text(part) for part in made.parts] == ["0.0", "at most 0.5", "1.0"]


# What no run decides.


def test_a_citation_has_a_source_with_its_date_or_a_reason(lesson) -> None:
    lesson.cite("C14", says="It was published.", source="Vaswani and others", date="2017-06-12")
    lesson.cite("N2", "N3", says="It is so.", not_testable="no such machine here")
    told = {name: record.verdict for name, record in lesson._session.records.items()}
    assert told == {"cited-c14": "cited", "cited-n2": "not testable here"}
    assert lesson._session.records["cited-n2"].answers == ["N2", "N3"]


@pytest.mark.parametrize(
    ("ids", "given", "reason"),
    [
        ((), {"source": "A", "date": "2017"}, "expected the id of a statement"),
        (("A8",), {}, "expected a source with its date"),
        (("A8",), {"source": "A", "date": "2017", "not_testable": "B"}, "got both"),
        (("A8",), {"source": "A"}, "expected the year"),
        (("A8",), {"source": "A", "date": "May"}, "expected the year"),
        (("A8",), {"source": "A", "date": "2017", "says": " "}, "expected a sentence"),
    ],
)
def test_a_citation_that_nobody_can_look_up_is_refused(lesson, ids, given, reason) -> None:
    with pytest.raises(EvidenceError, match=reason):
        lesson.cite(*ids, **{"says": "It is so.", **given})


def test_answers_are_ids(lesson) -> None:
    with pytest.raises(EvidenceError, match=r"expected a list of texts, as in \('A8',\), got 'A8'"):
        judged(lesson, ACCURACY, "sigmoid", trap="tanh", at_most=0.5, answers="A8")


@pytest.mark.parametrize("kind", Record.kinds)
def test_every_kind_says_itself_in_lines_and_survives_json(lesson, kind) -> None:
    publish_as(lesson, kind)
    ((name, record),) = lesson._session.records.items()
    assert record.kind == kind
    assert all(line.text for line in record.lines(name))
    assert Record.from_json(json.loads(json.dumps(record.to_json())), name) == record


def test_a_kind_that_nobody_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(EvidenceError, match=r"kind 'smell': expected one of .*claim"):
        Record.from_json({"kind": "smell"}, "it")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "exactly one of at_most.* got none. Write one, as in at_most"),
        ({"above": 0, "below": 2}, "exactly one of .* got below, above"),
        ({"between": (2, 1)}, "between takes 2"),
        ({"between": 1}, "between takes 2"),
        ({"equals": (1,)}, "equals takes 2"),
        ({"equals": (1, -0.5)}, "tolerance >= 0"),
        ({"above": (1, 2)}, "above takes 1"),
        ({"above": 0, "expect": "perhaps"}, "choose holds, contradicted"),
        ({"above": 0, "trap": [0] * SEEDS}, "expected .what was changed: what it gave."),
        ({"above": 0, "trap": {"": 0}}, "trap of claim 'far': expected a sentence"),
        ({"above": 0}, "5 value.s. of its trap, as many as of the claim, got 1"),
        ({"above": 0, "statement": " "}, "statement of claim 'far': expected a sentence"),
        ({"above": 0, "format": ".2q"}, "format '.2q' cannot write them"),
        ({"above": 0, "values": [1.0] * 4, "trap": {"t": [0.0] * 4}}, "5 seeds, got 4"),
        ({"above": 0, "values": 1.0}, "at least 5 seeds, got 1"),
    ],
)
def test_a_claim_that_is_no_test_is_refused(lesson, arguments, reason) -> None:
    given = {"statement": "So.", "values": [1.0] * SEEDS, "trap": {"t": 0.0}, **arguments}
    with pytest.raises(EvidenceError, match=reason):
        lesson.claim("far", given.pop("statement"), given.pop("values"), **given)
    assert claims_of(lesson) == {}


def test_a_claim_without_a_trap_cannot_even_be_written(lesson) -> None:
    with pytest.raises(EvidenceError, match=r"no trap \(the one change"):
        lesson.claim("far", "So.", [1.0] * SEEDS, above=0)


@pytest.mark.parametrize("count", [5, 6, 8])
def test_leaving_seeds_out_of_a_claim_is_refused(lesson, count) -> None:
    assert len(lesson.seeds(quick=7)) == 7
    with pytest.raises(EvidenceError, match=f"each of the 7 seeds, got {count}"):
        lesson.claim("far", "So.", [1.0] * count, above=0, trap={"t": [0.0] * count})


def test_arithmetic_needs_no_seeds(lesson) -> None:
    lesson.seeds(quick=7)
    lesson.claim("far", "So.", 0.25, equals=(0.25, 0), exact=True, trap={"t": 1})
    assert claims_of(lesson)["far"].problem is None


def test_a_smoke_run_computes_its_claims_and_judges_none(begin) -> None:
    lesson = begin("smoke")
    lesson.seeds(quick=7, smoke=2)
    lesson.claim("far", "So.", [0.0, 0.0], above=1, trap={"t": [5, 5]})
    smoke = claims_of(lesson)["far"]
    assert smoke.verdict == CONTRADICTED
    assert smoke.problem is None
    assert not smoke.judged


# Figures.


def drawing() -> Canvas:
    figure = Canvas()
    ax = figure.subplots()
    ax.plot([2, 3, 5], [7, 11, 13], marker="o", label="a line")
    ax.fill_between([2, 3, 5], 1, 2, alpha=0.3)
    ax.legend()
    return figure


def test_a_figure_is_the_same_bytes_whenever_it_is_drawn(lesson, begin, tmp_path: Path) -> None:
    def drawn() -> dict[str, bytes]:
        begin().figure("far", Drawing(drawing(), {"x": [2, 3, 5]}, "A line from 2 to 5."))
        return {p.name: p.read_bytes() for p in tmp_path.rglob("far.*")}

    first, again = drawn(), drawn()
    assert sorted(first) == ["far.csv", "far.png", "far.svg"]
    assert first == again
    assert b"<dc:date>" not in first["far.svg"]
    assert b"<text" in first["far.svg"]  # text as text, not as outlines


def test_a_figure_brings_the_plotted_numbers(lesson, tmp_path: Path) -> None:
    data = {"layer": np.arange(3), "gradient, median": torch.tensor([0.5, 1 / 3, 2.0])}
    lesson.figure("far", Drawing(drawing(), data, "A  line\nrises from 0.33."), alt="Up to 2:")
    record = lesson._session.records["far"]
    with (tmp_path / record.files["csv"]).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["layer", "gradient, median"], ["0", "0.5"], ["1", "0.333333"], ["2", "2"]]
    assert record.alt == "Up to 2: A line rises from 0.33."


@pytest.mark.parametrize(
    ("columns", "says", "reason"),
    [
        ({"x": [2, 3]}, "", "alternative text of figure 'far'.*expected a sentence"),
        ({"x": [2, 3]}, None, "alternative text"),
        ({}, "A line.", "columns of one length, got none"),
        ({"x": []}, "A line.", "columns of one length"),
        ({"x": [1, 2], "y": [1]}, "1, 2.", r"one length, got \{'x': 2, 'y': 1\}"),
        ({"x": [2, 3]}, "A line.", "fewer than 2 of the 2 numbers drawn"),
        ({"x": [2, 3]}, "A line from 2 to 5.", "fewer than 2"),
        ({"x": [0.251, 0.5]}, "From 0.251 to 0.6.", "fewer than 2"),
        ({"x": [2, 2]}, "A line.", "fewer than 1"),
    ],
)
def test_a_figure_without_words_or_numbers_is_refused(lesson, columns, says, reason) -> None:
    with pytest.raises(EvidenceError, match=reason):
        lesson.figure("far", Drawing(drawing(), columns, says))
    assert lesson._session.records == {}


@pytest.mark.parametrize(
    "says", ["From 0.25 to 0.5.", "25.1 % and 50 %", "2.5e-1, 0.5", "0.3; 0.5"]
)
def test_words_may_round_the_numbers_that_were_drawn(lesson, says) -> None:
    lesson.figure("far", Drawing(drawing(), {"x": [0.251, 0.5]}, says))


def test_a_bare_figure_is_told_to_bring_its_numbers(lesson) -> None:
    with pytest.raises(EvidenceError, match=r"expected a Drawing .*A figure of your own becomes"):
        lesson.figure("far", drawing())


# The run's circumstances.


@pytest.mark.parametrize(("profile", "picked"), [("quick", 5), ("full", 7), ("smoke", 2)])
def test_a_lesson_picks_by_profile(begin, profile, picked) -> None:
    assert begin(profile).pick(quick=5, full=7, smoke=2) == picked
    assert begin(profile).pick(quick=5) == 5


def test_zero_can_be_picked(begin) -> None:
    assert begin("smoke").pick(quick=5, smoke=0) == 0


def test_seeds_start_where_the_run_says(begin) -> None:
    assert begin().seeds(quick=3) == [0, 1, 2]
    assert begin(first_seed=11).seeds(quick=3) == [11, 12, 13]


def test_nobody_can_change_the_seeds_of_the_run(lesson) -> None:
    lesson.seeds(quick=3).append(99)
    assert lesson._session.seeds == [0, 1, 2]


def test_no_seeds_are_refused(lesson) -> None:
    with pytest.raises(EvidenceError, match="at least 1, got 0"):
        lesson.seeds(quick=0)


def test_progress_passes_every_step_and_tells_at_most_a_hundred_times(begin) -> None:
    told: list[dict[str, Any]] = []
    lesson = begin(tell=told.append)
    assert list(lesson.progress(range(1000), "sigmoid")) == list(range(1000))
    assert told[0] == {"label": "sigmoid", "done": 0, "total": 1000}
    assert len(told) == 100
    assert list(lesson.progress(iter("ab"), "letters")) == ["a", "b"]  # of unknown length


def test_a_lesson_gives_the_name_of_its_script(begin) -> None:
    with pytest.raises(EvidenceError, match=r"Lesson\('walks/stray'\): expected Lesson\('a/b'\)"):
        begin(lesson="a/b")


def test_evidence_from_a_forked_process_is_refused(lesson) -> None:
    lesson._session.pid = os.getppid()  # as a forked child sees it
    with pytest.raises(EvidenceError, match="'far' was published from a forked process"):
        lesson.number("far", 1)


@pytest.mark.parametrize("kind", Record.kinds)
def test_the_evidence_of_a_run_is_plain_json(lesson, kind, tmp_path: Path) -> None:
    lesson.seeds(quick=3)
    publish_as(lesson, kind)
    lesson._session.write()
    written = json.loads((tmp_path / "evidence.json").read_text(encoding="utf-8"))
    assert written["seeds"] == [0, 1, 2]
    (record,) = written["records"]
    assert record["kind"] == kind


# By hand: `python lessons/….py`.


def by_hand(project: Project, *arguments: str) -> Any:
    return project.run("lessons/walks/stray.py", "--device", "cpu", *arguments)


def test_a_lesson_run_by_hand_prints_its_findings(project: Project) -> None:
    result = by_hand(project)
    assert result.returncode == 0, result.stderr
    assert "walks/stray  profile quick, cpu" in result.stdout
    assert "✓ holds, 5 of 5: A walk strays." in result.stdout
    assert "promised above 0.5" in result.stdout
    assert "trap: standing still: 0: contradicted" in result.stdout
    assert "1 of 1 claim came out as promised." in result.stdout
    assert (project.root / "outputs/walks/stray/figures/distances.png").is_file()


def test_other_seeds_and_a_smoke_run_can_be_tried_by_hand(project: Project) -> None:
    result = by_hand(project, "--profile", "smoke", "--first-seed", "3", "--outputs", "elsewhere")
    assert result.returncode == 0, result.stderr
    assert "not judged (smoke)" in result.stdout
    assert "nothing was judged" in result.stdout
    evidence = json.loads((project.root / "elsewhere/walks/stray/evidence.json").read_text())
    assert evidence["seeds"] == [3, 4]


def test_a_device_that_does_not_exist_is_said_to_be_wrong(project: Project) -> None:
    result = by_hand(project, "--device", "nonsense")
    assert result.returncode == 2
    assert "invalid choice: 'nonsense'" in result.stderr


def test_a_lesson_that_raises_by_hand_does_not_boast(project: Project) -> None:
    project.replace("lessons/walks/stray.py", "# %% draw", "# %% draw\n1 / 0")
    result = by_hand(project)
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr
    assert "The lesson stopped before its end, after 1 claim(s)." in result.stdout
    assert "came out as promised" not in result.stdout
    assert not (project.root / "outputs/walks/stray/evidence.json").exists()


def test_a_lesson_measures_everything_with_one_set_of_seeds(lesson) -> None:
    assert lesson.seeds(quick=5) == lesson.seeds(quick=5)
    with pytest.raises(EvidenceError, match="asked for 7 after 5"):
        lesson.seeds(quick=7)
