"""Would a person choose these numbers for an axis?"""

import numpy as np
import pytest

from lessonkit.figures.curves import plot_curves
from lessonkit.figures.style import new_figure
from lessonkit.figures.ticks import put_decades, round_ticks


@pytest.mark.parametrize(
    ("first", "last", "ticks"),
    [
        (1, 56, [1, 10, 20, 30, 40, 50]),
        (1, 19, [1, 5, 10, 15]),
        (1, 12, [2, 4, 6, 8, 10, 12]),
        (0, 180, [0, 50, 100, 150]),
        (0, 1000, [0, 200, 400, 600, 800, 1000]),
        (3, 9, [3, 4, 5, 6, 7, 8, 9]),
        (0, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (7, 7, [7]),
    ],
)
def test_round_numbers_lie_between_the_ends_and_a_count_begins_at_one(first, last, ticks):
    assert round_ticks(first, last) == pytest.approx(ticks)


@pytest.mark.parametrize("last", range(2, 300))
def test_there_are_never_many_of_them_and_whole_numbers_stay_whole(last):
    ticks = round_ticks(1, last)
    assert 2 <= len(ticks) <= 8
    assert all(float(tick).is_integer() and 1 <= tick <= last for tick in ticks)


def test_layers_are_counted_in_tens():
    drawing = plot_curves({"plain": np.ones((3, 54))}, "layer", "size")
    shown = [label.get_text() for label in drawing.ax.get_xticklabels()]
    assert shown == ["1", "10", "20", "30", "40", "50"]


def decades(low, high):
    figure, ax = new_figure()
    ax.set(yscale="log", ylim=(low, high))
    put_decades(ax)
    figure.draw_without_rendering()
    exponents = [text for text in ax.texts if text.get_gid() == "exponent"]
    return ax, [label.get_text() for label in ax.get_yticklabels()], exponents


def test_an_exponent_is_as_legible_as_every_other_word_and_stands_by_its_ten():
    ax, labels, exponents = decades(1e-13, 2)
    assert labels == ["10", "10", "10", "10", "1"]
    assert [text.get_text() for text in exponents] == ["−12", "−9", "−6", "−3"]
    for exponent, label in zip(exponents, ax.get_yticklabels(), strict=False):
        assert exponent.get_size() >= 12
        ten, raised = label.get_window_extent(), exponent.get_window_extent()
        assert -1 <= raised.x0 - ten.x1 <= 4
        assert ten.y0 < raised.y0 < ten.y1 < raised.y1
        assert raised.x1 <= ax.bbox.x0


def test_few_decades_are_written_out():
    assert decades(0.004, 20)[1:] == (["0.01", "0.1", "1", "10"], [])


def test_less_than_two_decades_have_numbers_between_them():
    assert decades(0.09, 0.8)[1] == ["0.1", "0.2", "0.5"]
