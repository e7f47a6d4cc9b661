"""Where a network looks, drawn."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from lessonkit.figures import attention
from lessonkit.figures.anatomy import new_canvas
from lessonkit.figures.style import CONDITIONS, PALETTE, new_figure

WORDS = ["the", "cat", "sat", "it", "was"]


def weights():
    rows = np.random.default_rng(7).random((5, 5))
    return rows / rows.sum(axis=1, keepdims=True)


def test_queries_go_down_and_keys_go_across():
    _, (ax,) = attention.new_panels(1)
    only = np.zeros((5, 5))
    only[3, 1] = 1  # "it" looks at "cat"
    attention.plot_map(ax, only, WORDS, "layer 2")
    (square,) = ax.patches
    assert (square.get_x() + 0.5, square.get_y() + 0.5) == (1, 3)
    assert [label.get_text() for label in ax.get_yticklabels()] == WORDS
    bottom, top = ax.get_ylim()
    assert bottom > top, "the first word is on top"


def test_a_square_is_as_full_as_its_weight_in_every_map():
    _, axes = attention.new_panels(2)
    for ax, scale in zip(axes, (1, 0.5), strict=True):
        attention.plot_map(ax, weights() * scale, WORDS, "layer 1")
        drawn = {(p.get_y() + 0.5, p.get_x() + 0.5): p.get_alpha() for p in ax.patches}
        for (query, key), alpha in drawn.items():
            assert alpha == pytest.approx(weights()[int(query), int(key)] * scale, abs=0.005)


def test_the_row_in_question_is_framed():
    _, (ax,) = attention.new_panels(1)
    attention.plot_map(ax, np.zeros((5, 5)), WORDS, "layer 1", row="it")
    (frame,) = ax.patches
    assert (frame.get_y(), frame.get_width(), frame.get_height()) == (2.5, 5, 1)


def test_panels_share_their_words():
    _, (left, right) = attention.new_panels(2)
    rows = np.full((3, 5), 0.2)
    attention.plot_row(left, rows, WORDS, "tired", {"cat": "blue"})
    attention.plot_row(right, rows, WORDS, "soft", {"cat": "blue"})
    assert left.get_ylim() == right.get_ylim()
    assert left.get_shared_y_axes().joined(left, right)


def test_a_bar_is_the_median_and_every_seed_is_a_dot():
    _, (ax,) = attention.new_panels(1)
    rows = np.zeros((3, 5))
    rows[:, 1] = [0.2, 0.9, 0.7]
    attention.plot_row(ax, rows, WORDS, "it was tired", {"cat": "blue"})
    (bar,) = [bar for bar in ax.patches if to_hex(bar.get_facecolor()) == PALETTE["blue"]]
    assert (bar.get_width(), bar.get_y() + 0.4) == pytest.approx((0.7, 1))
    (dots,) = [line for line in ax.lines if line.get_color() == PALETTE["blue"]]
    assert dots.get_xydata()[::3].tolist() == [[0.2, 1], [0.9, 1], [0.7, 1]]


def test_equal_shares_of_several_seeds_stay_visible():
    _, ax = new_figure()
    look = attention.READERS["all, once"]
    attention.plot_shares(ax, {"once": [0.5] * 5}, {"once": look}, 0.5, "right looks")
    blind, marks = ax.lines
    assert len(set(marks.get_ydata())) == 5
    assert set(blind.get_xdata()) == {0.5}
    assert ax.get_xlabel() == "right looks"


def test_one_seed_sits_on_its_row():
    _, ax = new_figure()
    look = attention.READERS["all, once"]
    attention.plot_shares(ax, {"once": [0.7]}, {"once": look}, 0.5, "right looks")
    assert ax.lines[1].get_ydata().tolist() == [0]


def test_no_reader_looks_like_another_condition_of_the_course():
    assert len(set(CONDITIONS.values())) == len(CONDITIONS)
    assert attention.READERS.items() <= CONDITIONS.items()


def test_the_lookup_adds_up_the_weighted_values():
    _, ax = new_canvas(7.2, 3.3)
    words, scores = ["cat", "mat", "sat"], ["ln 6", "ln 3", "ln 1"]
    attention.draw_lookup(ax, "it", words, scores, [0.6, 0.3, 0.1], [10, 20, 0], note="of 10")
    texts = [text.get_text() for text in ax.texts]
    assert "12" in texts
    assert {"it", *words, *scores, "0.6", "of 10"} <= set(texts)


def test_every_word_is_large_enough_for_a_phone():
    figure, axes = attention.new_panels(2)
    for ax in axes:
        attention.plot_map(ax, weights(), WORDS, "layer 1")
    figure.draw_without_rendering()
    labels = [label for ax in axes for label in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    assert min(label.get_size() for label in labels) >= 12
