"""How is a condition shown, a number said, and what does a drawing hold?"""

import subprocess
import sys

import numpy as np
import pytest

from lessonkit.figures.conditions import CONDITIONS, PALETTE, condition_of, look, spelled
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.drawing import in_words
from tests.alternative import numbers_said


def test_no_two_conditions_look_alike():
    assert len(set(CONDITIONS.values())) == len(CONDITIONS)
    assert {condition.colour for condition in CONDITIONS.values()} <= set(PALETTE.values())


def test_what_follows_a_comma_is_a_second_curve_of_the_condition():
    assert look("sigmoid, larger weights") == look("sigmoid") == CONDITIONS["sigmoid"]
    assert look(("plain", 56)) == CONDITIONS["plain"]


def test_a_registered_name_may_hold_a_comma():
    assert look("all, once") == CONDITIONS["all, once"] != look("all, then all")
    assert look("all, once, wider") == CONDITIONS["all, once"]


def test_a_condition_with_two_names_has_one_look():
    assert look("shuffled answers") == look("shuffled")
    assert condition_of("nothing: untrained") == "untrained"


def test_an_unknown_name_is_never_an_error_and_never_like_another():
    names = [f"unheard of {number}" for number in range(60)]
    looks = [look(name) for name in names]
    assert len(set(looks)) == len(looks)
    assert not set(looks) & set(CONDITIONS.values())
    assert [look(f"{name}, again") for name in names] == looks


def test_when_all_looks_are_taken_they_come_again():
    looks = [look(f"one of very many {number}") for number in range(150)]
    assert 60 < len(set(looks)) < 150


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("sigmoid", "sigmoid"),
        ("relu, half the weights", "ReLU, half the weights"),
        (("plain", 56), "plain, 56"),
        (("gelu", "wide"), "GELU, wide"),
        (7, "7"),
    ],
)
def test_names_are_spelled_as_people_write_them(key, written):
    assert spelled(key) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0312, "0.031"),
        (1.24e-11, "1.2e-11"),
        (0.9634, "0.96"),
        (0.996, "0.996"),
        (0.9996, "1"),
        (2.303, "2.3"),
        (97.44, "97.4"),
        (12345, "12345"),
        (-0.5, "-0.5"),
        (0, "0"),
    ],
)
def test_a_number_in_words_is_the_number_rounded(number, written):
    assert in_words(number) == written
    assert numbers_said(written, {"it": [number]}) == 1


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1, 7, 100])
def test_every_number_in_words_is_found_again_and_its_neighbour_is_not(scale):
    for number in scale * np.random.default_rng(5).uniform(0.1, 1, 100):
        assert numbers_said(in_words(number), {"it": [number]}) == 1
        assert numbers_said(in_words(number), {"it": [1.6 * number]}) == 0


def test_only_numbers_of_the_columns_count_as_said():
    columns = {"row": ["a", "b"], "share": [0.9634, 0.5], "padded": [3, ""]}
    assert numbers_said("a 96 %, b 0.5, of 3", columns) == 3
    assert numbers_said("0.97 and 0.4", columns) == 0
    assert numbers_said("0.5, 0.5 and 0.50", columns) == 2


def test_a_drawing_offers_its_first_axis():
    drawing = plot_curves({"relu": [[1, 2], [3, 5]]}, "layer", "size")
    assert drawing.ax is drawing.figure.axes[0]


@pytest.mark.parametrize("module", ["conditions", "drawing"])
def test_looks_and_drawings_need_no_matplotlib(module):
    code = f"import sys, lessonkit.figures.{module}; assert 'matplotlib' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
