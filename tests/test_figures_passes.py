"""A small network, up and back: what is drawn is what was worked out."""

import pytest

from lessonkit.figures.passes import draw_backward
from tests.read_back import check_house

SIGNALS = [[3, 1], [10, -2], [50]]
WEIGHTS = [[[2, 4], [-5, -7]], [[4, -5]]]
BLAMES = [[-80, 11], [-20]]
SLOPES = [[[-240, -81], [33, 13]], [[-200, 40]]]


def passes(weights=WEIGHTS, slopes=SLOPES):
    return draw_backward(
        SIGNALS, weights, BLAMES, slopes, inputs=["warmth", "weekend"], notes=("up", "back")
    )


def written(drawing):
    return [text.get_text() for text in drawing.ax.texts]


def test_both_passes_keep_the_rules_of_the_house():
    check_house(passes)


def test_a_line_of_the_file_is_a_weight_with_its_slope():
    columns = passes().columns
    assert columns["layer"] == [1, 1, 1, 1, 2, 2]
    assert columns["from unit"] == [1, 2, 1, 2, 1, 2]
    assert columns["to unit"] == [1, 1, 2, 2, 1, 1]
    assert columns["weight"] == [2, 4, -5, -7, 4, -5]
    assert columns["slope"] == [-240, -81, 33, 13, -200, 40]


def test_every_weight_slope_signal_and_blame_is_written():
    shown = [text.replace("−", "-") for text in written(passes()) if text[-1:].isdigit()]
    for numbers in (*SIGNALS, *BLAMES, *WEIGHTS[0], *WEIGHTS[1], *SLOPES[0], *SLOPES[1]):
        for number in numbers:
            assert str(number) in shown, number


def test_a_weight_stands_on_the_line_of_its_own_two_units():
    (slope,) = (text for text in passes().ax.texts if text.get_text() == "33")
    (other,) = (text for text in passes().ax.texts if text.get_text() == "−81")
    assert slope.get_position()[1] < other.get_position()[1]  # 33 leaves the lower neuron


def test_the_blame_travels_to_the_left_and_the_signal_to_the_right():
    arrows = [patch for patch in passes().ax.patches if hasattr(patch, "_posA_posB")]
    heads = [patch._posA_posB[1][0] - patch._posA_posB[0][0] for patch in arrows]
    assert [head > 0 for head in heads] == [True] * 6 + [False] * 6


def test_a_matrix_on_its_side_is_refused():
    with pytest.raises(ValueError, match=r"slopes: expected shapes \[\(2, 2\), \(1, 2\)\]"):
        passes(slopes=[SLOPES[0], [[-200], [40]]])
