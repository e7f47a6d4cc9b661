"""How is it shown?"""

import io

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from lessonkit.figures import layers, style

CURVES = {
    "sigmoid": np.array([[1e-6, 1e-3, 1.0], [3e-6, 3e-3, 3.0], [2e-6, 2e-3, 2.0]]),
    "relu": np.array([[5.0, 5, 5], [7, 7, 7], [11, 11, 11]]),
}


def drawn(curves=CURVES):
    figure, ax = style.new_figure()
    layers.plot_by_layer(ax, curves, "gradient (RMS)")
    return figure, ax


def test_the_line_is_the_median_and_the_band_the_range():
    _, ax = drawn()
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2e-6, 2e-3, 2])
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (1e-6, 3)


def test_the_legend_says_what_line_and_band_are():
    _, ax = drawn()
    assert ax.get_legend().get_title().get_text() == "line: median of 3 seeds\nband: their range"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sigmoid", "ReLU"]


def test_layers_are_counted_from_one_and_the_axis_is_logarithmic():
    _, ax = drawn()
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "gradient (RMS)"


def test_a_condition_keeps_its_colour_and_marker():
    _, ax = drawn()
    for line, name in zip(ax.lines, CURVES, strict=True):
        assert (line.get_color(), line.get_marker()) == style.CONDITIONS[name]


def test_a_second_curve_of_a_condition_is_dashed_and_hollow():
    _, ax = drawn({"sigmoid": CURVES["sigmoid"], "sigmoid, larger weights": CURVES["relu"]})
    usual, changed = ax.lines
    assert usual.get_color() == changed.get_color()
    assert (usual.get_linestyle(), changed.get_linestyle()) == ("-", "--")
    assert to_hex(changed.get_markerfacecolor()) == style.PALETTE["paper"]


def test_no_two_conditions_look_alike():
    assert len(set(style.CONDITIONS.values())) == len(style.CONDITIONS)


def test_every_colour_of_a_figure_is_in_the_palette_so_that_pages_can_change_it():
    figure, _ = drawn()
    with io.StringIO() as file:
        figure.savefig(file, format="svg", transparent=True)
        words = file.getvalue().replace(";", " ").replace('"', " ").split()
    used = {word for word in words if word.startswith("#") and len(word) == 7}
    assert used
    assert used <= set(style.PALETTE.values()) | {"#000000"}  # matplotlib's own unused default


def test_the_table_holds_what_the_figure_shows():
    columns = layers.as_columns(CURVES)
    assert columns["layer"] == [1, 2, 3]
    np.testing.assert_allclose(columns["sigmoid median"], [2e-6, 2e-3, 2])
    np.testing.assert_allclose(columns["relu smallest"], [5, 5, 5])
    np.testing.assert_allclose(columns["relu largest"], [11, 11, 11])


def test_the_activation_figure_marks_the_highest_slope():
    inputs = np.linspace(-7, 7, 101)
    outputs = 1 / (1 + np.exp(-inputs))
    _, ax = style.new_figure()
    layers.plot_activation(ax, inputs, outputs, outputs * (1 - outputs))
    assert "never above 0.25" in [text.get_text() for text in ax.texts]
    dot = ax.lines[-1]
    assert dot.get_xydata() == pytest.approx(np.array([[0, 0.25]]))


def test_the_readers_own_settings_stay_as_they_are():
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before


def test_labels_are_large_enough_for_a_phone_whatever_the_readers_settings():
    with matplotlib.rc_context({"font.size": 5}):
        figure, ax = drawn()
        figure.draw_without_rendering()
        texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
        texts += ax.get_legend().get_texts()
    assert min(text.get_size() for text in texts) >= 12


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sigmoid", "sigmoid"),
        ("relu", "ReLU"),
        ("relu, half the weights", "ReLU, half the weights"),
    ],
)
def test_names_are_spelled_as_people_write_them(name, written):
    assert style.spelled(name) == written
