"""How is it shown? The ladder."""

import io

import matplotlib
import numpy as np
import pytest
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from lessonkit.figures import ladder, style
from lessonkit.figures.anatomy import new_canvas

CURVES = {
    "letters": np.array([[0.2, 0.7, 0.3], [0.4, 0.5, 0.1], [0.3, 0.6, 0.2]]),
    "words": np.array([[0.1, 0.2, 0.9], [0.1, 0.4, 0.7], [0.1, 0.3, 0.8]]),
}
PICTURE = np.random.default_rng(2).normal(size=(16, 96))
CENTRES = [6 + 8 * place for place in (0, 1, 2, 4, 5, 6, 8, 9, 10)]
TRUTH = [*"seebadpea", "pea", "food", "statement"]


def followed(letters=("seebadpea", "xxxxxxxxx"), sure=0.5):
    figure, ax = new_canvas(height=3.9)
    readings = {
        "word": [("pea", 0.9), ("bun", 0.4)],
        "meaning": [("food", 0.9), ("food", 0.8)],
        "sentence": [("question", 0.6), ("statement", 0.9)],
    }
    chances = np.full((len(letters), 9), sure)
    ladder.plot_followed(ax, PICTURE, CENTRES, letters, chances, readings, TRUTH)
    return figure, ax


def tints(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def used_colours(figure):
    with io.StringIO() as file:
        figure.savefig(file, format="svg", transparent=True)
        words = file.getvalue().replace(";", " ").replace('"', " ").split()
    return {word for word in words if word.startswith("#") and len(word) == 7}


def test_the_line_is_the_median_and_the_band_the_range():
    _, ax = style.new_figure()
    ladder.plot_ladder(ax, CURVES)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.3, 0.6, 0.2])
    corners = ax.collections[1].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (0.1, 0.9)
    assert ax.get_legend().get_title().get_text() == "line: median of 3 seeds, band: their range"


def test_a_rung_keeps_its_colour_and_a_second_curve_of_it_is_dashed_and_hollow():
    _, ax = style.new_figure()
    ladder.plot_ladder(ax, {"words": CURVES["words"], "words, dealt anew": CURVES["letters"]})
    usual, changed = ax.lines
    assert usual.get_color() == changed.get_color() == style.CONDITIONS["words"].colour
    assert (usual.get_linestyle(), changed.get_linestyle()) == ("-", "--")


def test_layers_are_counted_from_one_and_shares_go_from_nothing_to_all():
    _, ax = style.new_figure()
    ladder.plot_ladder(ax, CURVES)
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.get_ylim()[0] == 0
    assert 1 <= ax.get_ylim()[1] < 1.1


def test_every_seed_of_every_network_is_a_mark_on_its_rung():
    _, ax = style.new_figure()
    shares = {
        name: {"letters": [0.2, 0.3, 0.5], "words": [0.7, 0.7, 0.9]}
        for name in ("the answer", "nothing: untrained")
    }
    ladder.plot_best(ax, shares)
    marks = [line for line in ax.lines if line.get_marker() not in ("None", None, "")]
    assert [len(line.get_xdata()) for line in marks] == [3] * 4
    for line, rung in zip(marks, [0, 1, 0, 1], strict=True):
        assert np.abs(line.get_ydata() - rung).max() < 0.5
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(shares)


def test_no_two_networks_look_alike():
    assert len(set(ladder.NETWORKS.values())) == len(ladder.NETWORKS)


def test_only_what_is_read_correctly_stands_on_a_tint():
    """Nine letters of the first layer; the words: one noun, two topics, one kind of sentence."""
    _, ax = followed()
    assert len(tints(ax)) == 9 + 1 + 2 + 1


def test_the_surer_a_probe_the_deeper_the_tint():
    pale, deep = (tints(followed(sure=sure)[1])[0].get_alpha() for sure in (0.1, 0.9))
    assert pale < deep


def test_a_letter_stands_above_its_place_in_the_picture():
    _, ax = followed()
    read = [text for text in ax.texts if text.get_text() in set("seebadpea")]
    assert [text.get_position()[0] for text in read] == CENTRES
    (picture,) = (artist for artist in ax.get_children() if isinstance(artist, AxesImage))
    assert picture.get_extent()[:2] == [0, 96]


def test_layers_are_named_from_the_pixels_up():
    _, ax = followed()
    rows = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert rows["pixels"] < rows["layer 1"] < rows["layer 2"]


def test_a_sheet_is_filled_column_by_column():
    pictures = np.arange(3)[:, None, None] * np.ones((3, 2, 5))
    _, ax = style.new_figure()
    ladder.plot_lines(ax, pictures)
    sheet = ax.images[0].get_array()
    assert (sheet[0, 0], sheet[-1, 0], sheet[0, -1]) == (0, 1, 2)


def test_a_row_of_patches_holds_as_many_as_fit():
    _, ax = new_canvas(height=3)
    ladder.plot_patches(ax, {"layer 1": [np.eye(5)] * 40, "layer 2": [np.ones((16, 49))] * 40})
    widths = [image.get_extent()[1] for image in ax.images]
    assert max(widths) <= 190
    assert len(widths) == 10 + 3


def test_a_bar_is_as_wide_as_the_view_of_its_layer():
    _, ax = new_canvas(height=4.8)
    ladder.draw_reader(ax, "who big ape", [11, 22, 96])
    first, second, whole = (bar.get_width() for bar in tints(ax))
    assert second == pytest.approx(2 * first)
    assert whole == pytest.approx(3.6)


def test_every_colour_of_the_drawn_figures_is_in_the_palette():
    figure, ax = style.new_figure()
    ladder.plot_ladder(ax, CURVES)
    canvas, below = new_canvas(height=4.8)
    ladder.draw_reader(below, "who big ape", [5, 9, 96])
    for drawn in (figure, canvas, followed()[0]):
        assert used_colours(drawn) <= set(style.PALETTE.values()) | {"#000000"}


def test_labels_are_large_enough_for_a_phone_and_settings_stay():
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 5}):
        _, ax = followed()
        assert min(text.get_size() for text in ax.texts) >= 12
        figure, other = style.new_figure()
        ladder.plot_ladder(other, CURVES)
        figure.draw_without_rendering()
        texts = [*other.get_xticklabels(), *other.get_yticklabels(), other.xaxis.label]
        assert min(text.get_size() for text in texts) >= 12
    assert dict(matplotlib.rcParams) == before
