"""How are curves shown?"""

import itertools
import re

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from lessonkit.figures.conditions import CONDITIONS, PALETTE
from lessonkit.figures.curves import plot_activation, plot_curves, plot_functions
from tests.alternative import numbers_said
from tests.read_back import assert_drawn, band, check_house, texts

SIGMOID = np.array([[1e-6, 1e-3, 1.0], [3e-6, 3e-3, 3.0], [2e-6, 2e-3, 2.0]])
CURVES = {"sigmoid": SIGMOID, "relu": np.array([[5.0, 5, 5], [7, 7, 7], [11, 11, 11]])}
CLIMB = np.array([[0.1, 0.6, 0.3], [0.3, 0.8, 0.5]])


def log():
    return plot_curves(CURVES, "layer (1 is next to the input)", "gradient (RMS)", log=True)


def shares():
    both = {"letters": CLIMB, "letters, dealt anew": CLIMB + 0.002, "words": CLIMB / 2}
    return plot_curves(both, "layer", "read correctly (share)", share=True, chance=0.1)


def losses():
    falling = np.linspace(4, 1, 7) * np.array([[1.0], [1.1], [0.9]])
    curves = {("plain", 56): falling, ("plain", 5): falling / 50, ("residual", 56): falling / 70}
    return plot_curves(curves, "step", "training loss (nats)", groups=3)


def by_depth():
    values = torch.tensor([[1.0, 10, 100], [3, 30, 300], [2, 20, 200]])
    curves = {"plain": values, "unheard of": values / 2}
    return plot_curves(curves, "layers", "gradient", at=[5, 20, 56], log=True)


def activation():
    inputs = np.linspace(-7, 7, 101)
    outputs = 1 / (1 + np.exp(-inputs))
    return plot_activation(inputs, outputs, outputs * (1 - outputs), "sigmoid")


ALL = pytest.mark.parametrize("draw", [log, shares, losses, by_depth])
EVERY = pytest.mark.parametrize("draw", [log, shares, losses, by_depth, activation])


def check_columns(drawing):
    """Hold lines and bands against the columns."""
    columns, ax = list(drawing.columns.values())[1:], drawing.ax
    for number, edges in enumerate(map(band, ax.collections)):
        median, smallest, largest = columns[3 * number : 3 * number + 3]
        assert_drawn(ax.lines[number].get_ydata(), median)
        assert_drawn(edges, (smallest, largest))


@ALL
def test_the_columns_hold_exactly_what_is_drawn(draw):
    drawing = draw()
    assert len(drawing.ax.collections) == sum("median" in name for name in drawing.columns)
    check_columns(drawing)


def test_a_figure_that_shows_something_else_than_its_columns_is_found():
    drawing = log()
    drawing.ax.lines[1].set_ydata([7, 7.001, 7])
    with pytest.raises(AssertionError):
        check_columns(drawing)


@EVERY
def test_every_drawing_keeps_the_rules_of_the_house(draw):
    check_house(draw)


@ALL
def test_every_number_said_is_one_that_is_drawn(draw):
    drawing = draw()
    numbers = re.findall(r"(?:: |, )(-?\d[\d.e-]*) at (\d+)", drawing.says)
    assert len(numbers) >= 4
    for value, place in numbers:
        assert numbers_said(f"{value} {place}", drawing.columns) == len({value, place})


def test_the_words_tell_both_ends_and_a_top_between():
    assert shares().says == (
        "read correctly (share) by layer. letters: 0.2 at 1, 0.7 at 2, 0.4 at 3; "
        "letters, dealt anew: 0.2 at 1, 0.7 at 2, 0.4 at 3; words: 0.1 at 1, 0.35 at 2, 0.2 at 3; "
        "chance: 0.1."
    )
    assert "sigmoid: 2e-6 at 1, 2 at 3" in log().says


def test_the_line_is_the_median_over_seeds_and_the_band_their_range():
    drawing = log()
    assert_drawn(drawing.ax.lines[0].get_ydata(), [2e-6, 2e-3, 2])
    assert_drawn(band(drawing.ax.collections[0]), ([1e-6, 1e-3, 1], [3e-6, 3e-3, 3]))


@ALL
def test_the_figure_says_what_line_and_band_are(draw):
    written = [text.get_text() for text in texts(draw().figure)]
    assert any(re.match(r"line: median of \d seeds, band: their range", text) for text in written)


def test_curves_with_points_first_are_refused():
    with pytest.raises(
        ValueError, match=r"'sigmoid'.*at 5 x values, seeds first; got shape \(5, 3"
    ):
        plot_curves({"sigmoid": np.ones((5, 3))}, "layer", "size", at=range(5))
    with pytest.raises(ValueError, match="seeds first"):
        plot_curves({"sigmoid": np.ones((3, 5)), "relu": np.ones((5, 3))}, "layer", "size")
    with pytest.raises(ValueError, match="seeds first"):
        plot_curves({"sigmoid": np.ones(5)}, "layer", "size")


def test_points_are_counted_from_one():
    drawing = log()
    assert drawing.columns["layer (1 is next to the input)"] == [1, 2, 3]
    assert drawing.ax.lines[0].get_xdata().tolist() == [1, 2, 3]


def test_depths_stand_at_equal_distances_under_their_own_numbers():
    drawing = by_depth()
    assert drawing.ax.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert [label.get_text() for label in drawing.ax.get_xticklabels()] == ["5", "20", "56"]
    assert drawing.columns["layers"] == [5, 20, 56]


def test_places_may_have_names():
    drawing = plot_curves({"plain": CLIMB}, "optimiser", "accuracy", at=["SGD", "Adam", "Muon"])
    assert "0.7 at Adam" in drawing.says


def test_single_steps_are_averaged_in_groups():
    values = np.arange(6.0) * np.ones((3, 1))
    drawing = plot_curves({"plain": values}, "step", "loss", groups=3)
    assert drawing.ax.lines[0].get_ydata().tolist() == [0.5, 2.5, 4.5]
    assert drawing.ax.lines[0].get_xdata().tolist() == [2, 4, 6]
    assert drawing.columns["step"] == [2, 4, 6]


def test_fewer_steps_than_groups_are_drawn_one_by_one():
    drawing = plot_curves({"plain": np.ones((3, 7))}, "step", "loss", groups=25)
    assert len(drawing.ax.lines[0].get_xdata()) == 7


def test_a_condition_keeps_its_colour_and_marker():
    for line, name in zip(log().ax.lines, CURVES, strict=True):
        assert (line.get_color(), line.get_marker()) == CONDITIONS[name]


def test_a_second_curve_of_a_condition_is_dashed_and_hollow():
    usual, changed, other, _ = shares().ax.lines
    assert usual.get_color() == changed.get_color() != other.get_color()
    assert (usual.get_linestyle(), changed.get_linestyle()) == ("-", "--")
    assert to_hex(changed.get_markerfacecolor()) == PALETTE["paper"]


def test_shares_go_from_nothing_to_all():
    ax = shares().ax
    assert ax.get_ylim() == (0, 1.03)
    assert ax.get_yticks().tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_chance_is_drawn_and_named_and_told():
    drawing = shares()
    assert_drawn(drawing.ax.lines[-1].get_ydata(), drawing.columns["chance"][:2])
    assert "chance" in [text.get_text() for text in texts(drawing.figure)]


def test_a_log_axis_of_less_than_two_decades_still_has_numbers():
    drawing = plot_curves({"plain": CLIMB * 7}, "layer", "size", log=True)
    low, high = drawing.ax.get_ylim()
    drawing.figure.draw_without_rendering()
    shown = [t for t in drawing.ax.get_yticks() if low <= t <= high]
    assert len(shown) >= 2


@pytest.mark.parametrize("draw", [log, losses, by_depth, activation])
def test_names_stand_in_the_figure_beside_their_ends_and_never_on_each_other(draw):
    figure = draw().figure
    figure.draw_without_rendering()
    ax = figure.axes[0]
    names = [text for text in ax.texts if text.get_gid() != "exponent"]
    boxes = [name.get_window_extent() for name in names]
    assert len(boxes) >= 2
    assert not any(one.overlaps(two) for one, two in itertools.combinations(boxes, 2))
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    for name, line in zip(names, ax.lines, strict=False):
        assert name.get_color() == line.get_color()
        end = ax.transData.transform((0, np.ravel(line.get_ydata())[-1]))[1]
        middle = (name.get_window_extent().y0 + name.get_window_extent().y1) / 2
        assert abs(middle - end) < 30 * figure.dpi / 72


@pytest.mark.parametrize(
    "curves",
    [
        {"letters": CLIMB, "letters, dealt anew": CLIMB + 0.002},  # the dashed or the solid one?
        {"letters": CLIMB, "words, with a name that takes half of the figure": CLIMB / 2},
        {f"one of many {number}": CLIMB + number / 999 for number in range(9)},
    ],
)
def test_where_there_is_no_room_a_legend_stands_above_the_axis(curves):
    drawing = plot_curves(curves, "layer", "share", share=True)
    drawing.figure.draw_without_rendering()
    (legend,) = drawing.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(curves)
    assert legend.get_window_extent().y0 >= drawing.ax.bbox.y1
    assert legend.get_window_extent().x1 <= drawing.figure.bbox.x1
    assert list(drawing.ax.texts) == []


def test_the_activation_is_drawn_with_its_slope_and_the_ceiling():
    drawing = activation()
    for line, name in zip(drawing.ax.lines[:2], ("sigmoid", "slope"), strict=True):
        assert_drawn(line.get_xydata().T, (drawing.columns["input"], drawing.columns[name]))
    assert_drawn(drawing.ax.lines[2].get_ydata()[:1], [drawing.columns["slope"].max()])
    assert "never above 0.25" in [text.get_text() for text in drawing.ax.texts]
    assert drawing.ax.lines[-1].get_xydata() == pytest.approx(np.array([[0, 0.25]]))


def test_functions_are_drawn_as_they_are_without_seeds_or_marks():
    inputs = np.linspace(-2, 2, 41)
    drawing = plot_functions({"relu": np.maximum(inputs, 0), "tanh": np.tanh(inputs)}, inputs,
                             "sum", "output")  # fmt: skip
    (ax,) = drawing.figure.axes
    assert [line.get_marker() for line in ax.lines] == ["", ""]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), np.tanh(inputs))
    assert list(drawing.columns) == ["sum", "ReLU", "tanh"]
    assert not any("seed" in text.get_text() for text in texts(drawing.figure))
    with pytest.raises(ValueError, match="41 x values"):
        plot_functions({"relu": inputs[:3]}, inputs, "sum", "output")
