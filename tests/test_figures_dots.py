"""How are single seeds shown?"""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch, Rectangle

from lessonkit.figures.conditions import CONDITIONS, PALETTE, look
from lessonkit.figures.dots import plot_bars, plot_dots
from tests.read_back import assert_drawn, check_house, texts

ROWS = {
    "near, then all\nanswers 98 %": [0.9, 0.95, 0.99],
    "relu": [0.5] * 5,
    "unheard of": [0.7],
}
NETWORKS = {"the answer": [0.9, 0.7, 0.7], "nothing: untrained": [0.2, 0.3, 0.5]}
WORDS = ["the", "cat", "sat", "on", "the"]
PANELS = {"tired": np.full((3, 5), 0.2), "soft": np.zeros((3, 5))}
PANELS["soft"][:, 1] = [0.2, 0.9, 0.7]


def dots():
    return plot_dots(ROWS, "right looks", chance=0.5)


def deep():
    rows = {"letters": NETWORKS, "words": NETWORKS}
    return plot_dots(rows, "read correctly (share)", upwards=True)


def seconds():
    return plot_dots({("plain", 56): [31.0, 35], ("plain", 5): [3.5, 4]}, "time (s)", share=False)


def bars():
    return plot_bars(PANELS, WORDS, "weight", colours={"cat": "blue"})


EVERY = pytest.mark.parametrize("draw", [dots, deep, seconds, bars])


def marks(drawing):
    return [line for line in drawing.ax.lines if line.get_marker() != "None"]


def check_rows(drawing):
    columns = drawing.columns
    seeds = [name for name in columns if name.startswith("seed")]
    medians = [line for line in drawing.ax.lines if line.get_linewidth() == 2.5]
    for row, (line, bar) in enumerate(zip(marks(drawing), medians, strict=True)):
        assert_drawn(line.get_xdata(), [columns[n][row] for n in seeds if columns[n][row] != ""])
        assert_drawn(bar.get_xdata(), [columns["median"][row]] * 2)


@pytest.mark.parametrize("draw", [dots, deep, seconds])
def test_the_columns_hold_every_seed_that_is_drawn(draw):
    drawing = draw()
    assert len(marks(drawing)) == len(drawing.columns["row"])
    check_rows(drawing)


def test_a_mark_in_another_place_is_found():
    drawing = dots()
    marks(drawing)[0].set_xdata([0.9, 0.95, 0.98])
    with pytest.raises(AssertionError):
        check_rows(drawing)


@EVERY
def test_every_drawing_keeps_the_rules_of_the_house(draw):
    check_house(draw)


def test_the_words_tell_median_and_range_of_each_row():
    assert dots().says == (
        "right looks. near, then all, answers 98 %: 0.95 (0.9 to 0.99); ReLU: 0.5; "
        "unheard of: 0.7; chance: 0.5."
    )


def test_a_row_looks_like_the_condition_in_its_first_line():
    for line, name in zip(marks(dots()), ROWS, strict=True):
        assert (line.get_color(), line.get_marker()) == look(name.split("\n")[0])
    assert marks(dots())[1].get_marker() == CONDITIONS["relu"].marker


def test_equal_numbers_of_several_seeds_stay_visible():
    assert len(set(marks(dots())[1].get_ydata())) == 5


def test_one_seed_sits_on_its_row():
    assert marks(dots())[2].get_ydata().tolist() == [2]


def test_chance_is_a_named_dashed_line():
    drawing = dots()
    (line,) = [line for line in drawing.ax.lines if line.get_linestyle() == "--"]
    assert_drawn(line.get_xdata(), drawing.columns["chance"][:2])
    assert "chance" in [text.get_text() for text in texts(drawing.figure)]


def test_conditions_are_told_apart_within_each_row_and_named_above():
    drawing = deep()
    for line, row in zip(marks(drawing), [0, 0, 1, 1], strict=True):
        assert np.abs(line.get_ydata() - row).max() < 0.5
    (legend,) = drawing.figure.legends
    drawing.figure.draw_without_rendering()
    assert [text.get_text() for text in legend.get_texts()] == list(NETWORKS)
    assert legend.get_window_extent().y0 >= drawing.ax.bbox.y1


@pytest.mark.parametrize(("upwards", "higher"), [(True, 1), (False, 0)])
def test_the_first_row_is_on_top_unless_rows_go_upwards(upwards, higher):
    drawing = plot_dots({"letters": NETWORKS, "words": NETWORKS}, "share", upwards=upwards)
    heights = [drawing.ax.transData.transform((0, row))[1] for row in (0, 1)]
    assert np.argmax(heights) == higher
    first, second = (
        drawing.ax.transData.transform(line.get_xydata())[:, 1] for line in marks(drawing)[:2]
    )
    assert first.min() > second.max(), "conditions stand in the order of the legend"


def test_a_row_that_holds_more_than_seeds_is_refused():
    with pytest.raises(
        ValueError, match=r"row 'relu': expected numbers \(seeds,\), got shape \(2, 3"
    ):
        plot_dots({"relu": np.ones((2, 3))}, "share")


def rectangles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def strokes(ax):
    return [patch for patch in ax.patches if isinstance(patch, PathPatch)]


def check_bars(drawing):
    for ax, title in zip(drawing.figure.axes, PANELS, strict=True):
        bars = sorted(rectangles(ax), key=lambda bar: bar.get_y())
        assert_drawn([bar.get_width() for bar in bars], drawing.columns[f"{title} median"])
        seeds = [drawing.columns[f"{title}, seed {n}"] for n in (1, 2, 3)]
        dots = np.concatenate([path.get_path().vertices[::2] for path in strokes(ax)])
        told = [(seed[place], place) for seed in seeds for place in range(5)]
        assert_drawn(sorted(map(tuple, dots)), sorted(told))


def test_a_bar_is_the_median_and_every_seed_is_a_dot():
    check_bars(bars())


def test_a_bar_of_another_length_is_found():
    drawing = bars()
    drawing.figure.axes[1].patches[0].set_width(0.71)
    with pytest.raises(AssertionError):
        check_bars(drawing)


def test_a_key_says_what_bars_and_dots_are():
    written = [text.get_text() for text in texts(bars().figure)]
    assert "bar: median of 3 seeds, dots: the seeds" in written


def test_the_picture_shows_every_dot_too():
    """More dots than matplotlib draws one by one when it may leave points out."""
    places = np.linspace(0, 1, 97)
    drawing = plot_bars({"far": places[:, None] * [1, 1]}, ["a", "b"], "weight", height=3)
    (path,) = strokes(drawing.ax)
    drawing.figure.set_size_inches(40, 3)  # so that no dot touches another
    canvas = FigureCanvasAgg(drawing.figure)
    canvas.draw()
    spots = drawing.ax.transData.transform(path.get_path().vertices[::2]).round().astype(int)
    pixels = np.asarray(canvas.buffer_rgba())[::-1]
    assert len(spots) == 2 * 97
    assert all(pixels[y, x, :3].sum() < 600 for x, y in spots)


def test_panels_share_their_labels_and_words_that_matter_have_their_colour():
    left, right = bars().figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_shared_y_axes().joined(left, right)
    (cat,) = [bar for bar in rectangles(right) if to_hex(bar.get_facecolor()) == PALETTE["blue"]]
    assert (cat.get_width(), cat.get_y() + 0.4) == pytest.approx((0.7, 1))


def test_panels_with_labels_first_are_refused():
    with pytest.raises(ValueError, match=r"'tired': expected numbers \(seeds, 5\), seeds first"):
        plot_bars({"tired": np.ones((5, 3))}, WORDS, "weight")


def test_counts_that_differ_by_powers_of_ten_stand_on_a_log_axis_without_a_median():
    rows = {"1971": {"plain": [8]}, "2015": {"residual": [1202]}}
    drawing = plot_dots(rows, "layers", share=False, log=True)
    (ax,) = drawing.figure.axes
    assert ax.get_xscale() == "log"
    assert [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_ydata()[0] !=
            line.get_ydata()[1] and line.get_xdata()[0] in (8, 1202)] == []  # fmt: skip
    assert "seed" not in " ".join(t.get_text() for t in texts(drawing.figure))
