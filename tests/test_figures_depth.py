"""How is depth shown?"""

import io
import re

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from lessonkit.figures import anatomy, depth, style

DEPTHS = [5, 20, 56]
BY_DEPTH = {
    "plain": np.array([[1.0, 3, 2], [10, 30, 20], [100, 300, 200]]),
    "plain, copying start": np.ones((3, 3)),
    "residual": np.full((3, 3), 5.0),
}
LOSSES = {
    "plain, 56 layers": np.full((7, 3), 2.0),
    "plain, 5 layers": np.full((7, 3), 0.02),
    "residual, 56 layers": np.full((7, 3), 0.01),
}
LESIONS = {"plain": np.array([[0.1, 0.2], [0.3, 0.6], [0.2, 0.3]]), "residual": np.ones((3, 2))}


def blocks():
    figure, ax = anatomy.new_canvas(height=2.7)
    depth.draw_blocks(ax, 5, 0.5, 5.5)
    return figure, ax


def training(points=25):
    figure, ax = style.new_figure()
    depth.plot_training(ax, LOSSES, points)
    return figure, ax


def by_depth(log=False):
    figure, ax = style.new_figure()
    depth.plot_by_depth(ax, BY_DEPTH, DEPTHS, "gradient (RMS)", log=log)
    return figure, ax


def lesions():
    figure, ax = style.new_figure()
    depth.plot_lesions(ax, LESIONS, chance=0.1)
    return figure, ax


ALL = pytest.mark.parametrize("drawn", [blocks, training, by_depth, lesions])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def svg(figure):
    with matplotlib.rc_context({"svg.hashsalt": "0"}), io.StringIO() as file:
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        return file.getvalue()


def test_both_blocks_say_what_goes_in_and_what_comes_out():
    _, ax = blocks()
    assert texts(ax).count("x = 5") == 2
    assert {"f(x) = 0.5", "x + f(x) = 5.5"} <= set(texts(ax))


def test_only_the_residual_block_has_a_wire():
    _, ax = blocks()
    (wire,) = ax.lines
    assert wire.get_color() == style.CONDITIONS["residual"].colour
    assert wire.get_xdata().min() > 3.6  # in the right half of the canvas


def test_single_steps_are_averaged_in_groups():
    losses = np.arange(6.0)[:, None] * np.ones(3)
    _, ax = style.new_figure()
    depth.plot_training(ax, {"plain, 5 layers": losses}, points=3)
    assert ax.lines[0].get_ydata().tolist() == [0.5, 2.5, 4.5]
    assert ax.lines[0].get_xdata().tolist() == [2, 4, 6]


def test_fewer_steps_than_groups_are_drawn_one_by_one():
    _, ax = training(points=25)
    assert len(ax.lines[0].get_xdata()) == 7


def test_names_stand_at_the_ends_of_their_lines_and_never_on_each_other():
    _, ax = training()
    height = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert height["plain, 56 layers"] == 2
    apart = height["plain, 5 layers"] - height["residual, 56 layers"]
    assert apart > 0.07 * ax.get_ylim()[1]
    assert height["plain, 5 layers"] < 2


def test_depths_stand_at_equal_distances_under_their_own_numbers():
    _, ax = by_depth()
    assert ax.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5", "20", "56"]


def test_the_line_is_the_median_over_seeds_and_the_band_their_range():
    _, ax = by_depth()
    assert ax.lines[0].get_ydata().tolist() == [2, 20, 200]
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (1, 300)


def test_a_log_axis_is_drawn_on_demand():
    assert by_depth()[1].get_yscale() == "linear"
    assert by_depth(log=True)[1].get_yscale() == "log"


def test_a_second_curve_of_a_condition_is_dashed_and_hollow():
    _, ax = by_depth()
    usual, copying, residual = ax.lines
    assert usual.get_color() == copying.get_color() != residual.get_color()
    assert (usual.get_linestyle(), copying.get_linestyle()) == ("-", "--")
    assert to_hex(copying.get_markerfacecolor()) == style.PALETTE["paper"]


def test_lesions_are_seeds_by_blocks_and_not_blocks_by_seeds():
    _, ax = lesions()
    assert ax.lines[0].get_xdata().tolist() == [1, 2]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.2, 0.3])


def test_chance_is_drawn_and_named():
    _, ax = lesions()
    assert ax.lines[-1].get_ydata() == [0.1, 0.1]
    assert ax.get_legend().get_texts()[-1].get_text() == "chance"


@pytest.mark.parametrize("drawn", [by_depth, lesions])
def test_the_legend_says_what_line_and_band_are(drawn):
    title = drawn()[1].get_legend().get_title().get_text()
    assert title == "line: median of 3 seeds, band: their range"


def test_losses_say_it_above_the_axis():
    assert training()[1].get_title(loc="left") == "line: median of 3 seeds, band: their range"


@ALL
def test_every_colour_is_in_the_palette_so_that_pages_can_change_it(drawn):
    colours = set(re.findall(r"#[0-9a-f]{6}", svg(drawn()[0])))
    assert colours <= set(style.PALETTE.values())
    assert len(colours) > 2


@ALL
def test_drawing_twice_gives_the_same_bytes(drawn):
    assert svg(drawn()[0]) == svg(drawn()[0])


@ALL
def test_a_readers_own_settings_stay_as_they_were(drawn):
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before
