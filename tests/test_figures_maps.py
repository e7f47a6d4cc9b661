"""How are maps, pictures and readings shown?"""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from lessonkit.figures.conditions import CONDITIONS, PALETTE
from lessonkit.figures.maps import plot_grid, plot_maps, plot_patches, plot_pictures
from lessonkit.figures.readings import plot_readings
from lessonkit.figures.style import WIDTH
from tests.alternative import numbers_said
from tests.read_back import assert_drawn, check_house, texts

WORDS = ["the", "cat", "sat", "it", "was"]
LONG = [*WORDS, "very", "tired"]
CHANCE = np.random.default_rng(7)
PICTURES = CHANCE.normal(size=(3, 5, 11))
CENTRES = [6 + 8 * place for place in (0, 1, 2, 4, 5, 6, 8, 9, 10)]
TRUTH = {"letters": "seebadpea", "words": "pea", "answer": "statement"}


def weights(words):
    return CHANCE.dirichlet(np.ones(len(words)), len(words))


SMALL, LARGE = ({f"layer {n}": weights(words) for n in (1, 2)} for words in (WORDS, LONG))


def small():
    return plot_maps(SMALL, WORDS, frame="it")


def large():
    return plot_maps(LARGE, LONG)


def pictures():
    return plot_pictures(PICTURES, truth=["question", "statement", "question"])


def patches():
    wide = [np.ones((16, 49)) * number for number in range(40)]
    return plot_patches({"layer 1": [np.eye(5)] * 40, "layer 2": wide})


def readings(sure=0.5):
    read = {
        "letters": (["seebadpea", "xxxxxxxxx"], np.full((2, 9), sure)),
        "words": (["pea", "bun"], [0.9, 0.4]),
        "answer": (["question", "statement"], [0.61, 0.93]),
    }
    return plot_readings(CHANCE.normal(size=(16, 96)), CENTRES, read, TRUTH)


GRID = {
    "wire": {"copying": [3.5, 3.1, 4.2], "He": [2.5, 2.5, 2.5]},
    "no wire": {"copying": [7.0, 5, 11], "He": [53.0, 61, 47]},
}


def grid():
    return plot_grid(GRID, "pictures wrong (%)", across="start", down="way around")


EVERY = pytest.mark.parametrize("draw", [small, large, patches, pictures, grid])


@EVERY
def test_every_drawing_keeps_the_rules_of_the_house(draw):
    check_house(draw)


def test_readings_keep_the_rules_of_the_house():
    picture = np.eye(16, 96)
    read = {"letters": (["seebadpea"], np.full((1, 9), 0.5)), "words": (["pea"], [0.9])}
    check_house(lambda: plot_readings(picture, CENTRES, read, TRUTH))
    drawing = readings()
    assert numbers_said(drawing.says, drawing.columns) >= 2


def squares(ax):
    found = {}
    for patch in ax.patches:
        if patch.get_fill():
            found[round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)] = patch.get_alpha()
    return found


def check_maps(drawing, full):
    """Hold every square against the columns; what is missing must be too faint."""
    for ax in drawing.figure.axes:
        values = np.asarray(drawing.columns[ax.get_title()])
        count = round(len(values) ** 0.5)
        told = dict(np.ndenumerate(values.reshape(count, count)))
        found = squares(ax)
        assert found
        assert all(told[place] < 0.05 for place in told.keys() - found.keys())
        assert_drawn(list(found.values()), [full * told[place] for place in found])


def test_a_square_is_as_full_as_its_weight_in_every_map():
    check_maps(large(), 1)
    check_maps(small(), 0.45)  # paler, as numbers stand on them


def test_a_square_of_another_weight_is_found():
    drawing = large()
    drawing.ax.patches[0].set_alpha(0.99)
    with pytest.raises(AssertionError):
        check_maps(drawing, 1)


def test_queries_go_down_and_keys_go_across():
    only = np.zeros((7, 7))
    only[3, 1] = 1  # "it" looks at "cat"
    drawing = plot_maps({"layer 2": only}, LONG)
    assert squares(drawing.ax) == {(3, 1): 1}
    assert [label.get_text() for label in drawing.ax.get_yticklabels()] == LONG
    bottom, top = drawing.ax.get_ylim()
    assert bottom > top, "the first word is on top"
    row = drawing.columns["layer 2"].tolist().index(1)
    assert (drawing.columns["looks"][row], drawing.columns["is looked at"][row]) == ("it", "cat")


def test_where_there_is_room_the_numbers_stand_in_the_squares():
    drawing = small()
    told = drawing.columns["layer 1"]
    assert_drawn([float(text.get_text()) for text in drawing.ax.texts], told)
    for text in drawing.ax.texts:
        assert text.get_color() in (PALETTE["ink"], PALETTE["muted"])
    assert not large().ax.texts


def contrast(one, other):
    def light(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ink", "paper", "blue"),
    [("1a1a1a", "ffffff", "2166ac"), ("e6e9ee", "1b1f27", "6cb0f0")],  # light, dark
)
def test_numbers_are_legible_on_the_deepest_square_in_the_light_and_in_the_dark(ink, paper, blue):
    drawing = plot_maps({"all": np.ones((2, 2))}, ["a", "b"])
    alpha = max(squares(drawing.ax).values())
    rgb = [np.array([int(c[n : n + 2], 16) / 255 for n in (0, 2, 4)]) for c in (ink, paper, blue)]
    assert contrast(rgb[0], alpha * rgb[2] + (1 - alpha) * rgb[1]) >= 4.5


def test_the_row_in_question_is_framed():
    (frame,) = [patch for patch in small().ax.patches if not patch.get_fill()]
    assert (frame.get_y(), frame.get_width(), frame.get_height()) == (2.5, 5, 1)
    assert "it – " in small().says


def test_a_map_of_another_sentence_is_refused():
    with pytest.raises(
        ValueError, match=r"'one': expected weights .* for 5 words.*got shape \(7, 7"
    ):
        plot_maps({"one": np.ones((7, 7))}, WORDS)


def check_grid(drawing):
    columns, ax = drawing.columns, drawing.ax
    written = [text.get_text() for text in ax.texts]
    seeds = np.array([columns[f"seed {n}"] for n in (1, 2, 3)])
    assert_drawn(np.median(seeds, axis=0), columns["median"])
    assert [float(text) for text in written if "to" not in text] == columns["median"]
    deepest = max(columns["median"])
    tinted = [(patch.get_alpha() - 0.06) / 0.39 * deepest for patch in ax.patches]
    np.testing.assert_allclose(tinted, columns["median"], atol=0.01)
    places = [(round(p.get_x() + 0.48), round(p.get_y() + 0.47)) for p in ax.patches]
    across = [label.get_text() for label in ax.get_xticklabels()]
    down = [label.get_text() for label in ax.get_yticklabels()]
    assert [across[x] for x, _ in places] == columns["start"]
    assert [down[y] for _, y in places] == columns["way around"]


def test_a_grid_writes_median_and_range_of_each_cell_on_its_tint():
    check_grid(grid())
    written = [text.get_text() for text in grid().ax.texts]
    assert {"3.5", "3.1 to 4.2", "2.5", "7", "5 to 11", "53", "47 to 61"} == set(written)


def test_a_cell_of_another_tint_is_found():
    drawing = grid()
    drawing.ax.patches[1].set_alpha(0.4)
    with pytest.raises(AssertionError):
        check_grid(drawing)


def test_a_grid_tells_each_cell_and_says_what_is_written():
    assert grid().says == (
        "pictures wrong (%), medians. wire, copying: 3.5 (3.1 to 4.2); wire, He: 2.5; "
        "no wire, copying: 7 (5 to 11); no wire, He: 53 (47 to 61)."
    )
    written = [text.get_text() for text in texts(grid().figure)]
    assert "pictures wrong (%): median of 3 seeds,\nbelow it their range" in written


def test_shares_may_have_a_tint_of_their_own_scale():
    drawing = plot_grid({"a": {"x": [0.5]}, "b": {"x": [1.0]}}, "share", most=1)
    assert [patch.get_alpha() for patch in drawing.ax.patches] == [0.255, 0.45]


def test_a_cell_that_was_not_tried_holds_a_dash_and_is_told():
    drawing = plot_grid({"a": {"x": [3, 5]}, "b": {"x": []}}, "share")
    assert drawing.says == "share, medians. a, x: 4 (3 to 5); b, x: not tried."
    assert "–" in [text.get_text() for text in texts(drawing.figure)]
    assert drawing.columns["median"] == [4, ""]


def test_a_row_with_other_columns_is_refused():
    with pytest.raises(ValueError, match=r"row 'b': expected numbers \(seeds,\) for each of x"):
        plot_grid({"a": {"x": [1, 2]}, "b": {"y": [1, 2]}}, "share")
    with pytest.raises(ValueError, match=r"row 'a'.*got\s+\{'x': \(1, 2\)\}"):
        plot_grid({"a": {"x": [[1, 2]]}}, "share")


def told_pixels(columns, **names):
    """Return the picture that the file holds under these names."""
    cells = [name for name in columns if name[0] == "x" and name[1:].isdigit()]
    lines = [
        row
        for row in range(len(columns["row"]))
        if all(columns[name][row] == value for name, value in names.items())
    ]
    return np.array([[columns[c][row] for c in cells if columns[c][row] != ""] for row in lines])


def check_sheet(drawing):
    sheet = drawing.ax.images[0].get_array().filled(np.nan)
    corners = {1: (0, 0), 2: (7, 0), 3: (0, 15)}
    for number, (top, left) in corners.items():
        drawn = sheet[top : top + 5, left : left + 11]
        assert_drawn(drawn, told_pixels(drawing.columns, picture=number))


def test_the_file_holds_the_very_pixels_and_the_sheet_is_filled_column_by_column():
    drawing = pictures()
    check_sheet(drawing)
    assert_drawn(told_pixels(drawing.columns, picture=2), PICTURES[1].round(3))
    assert drawing.columns["truth"][5] == "statement"


def test_another_pixel_is_found():
    drawing = pictures()
    drawing.ax.images[0].get_array()[0, 0] += 0.001
    with pytest.raises(AssertionError):
        check_sheet(drawing)


def test_the_file_holds_the_patches_that_fit_and_no_others():
    drawing = patches()
    assert len(drawing.ax.images) == 8 + 2
    names = [("layer 1", n) for n in range(1, 9)] + [("layer 2", n) for n in range(1, 3)]
    for image, (name, place) in zip(drawing.ax.images, names, strict=True):
        assert_drawn(image.get_array(), told_pixels(drawing.columns, patches=name, patch=place))
        assert image.get_extent()[1] <= WIDTH
    assert len(drawing.columns["row"]) == 8 * 5 + 2 * 16
    assert drawing.columns["x48"][0] == ""


def test_all_patches_share_one_scale_of_grey():
    assert {image.get_clim() for image in patches().ax.images} == {(0, 1)}


def tints(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_only_what_is_read_correctly_stands_on_a_tint():
    """Nine letters of the first layer, one noun, one answer."""
    assert len(tints(readings().ax)) == 9 + 1 + 1


def test_the_columns_hold_what_is_read_and_how_sure_it_is():
    drawing = readings(0.25)
    columns = drawing.columns
    drawn = [(tint.get_alpha() - 0.08) / 0.27 for tint in tints(drawing.ax)]
    told = [columns[f"letters {n}, probability"][0] for n in range(1, 10)]
    told += [columns["words, probability"][0], columns["answer, probability"][1]]
    np.testing.assert_allclose(drawn, told, atol=1e-3)
    shown = [text.get_text() for text in drawing.ax.texts]
    for name in ("letters 3", "words", "answer"):
        assert set(columns[name]) <= set(shown)


def test_the_surer_a_probe_the_deeper_the_tint():
    pale, deep = (tints(readings(sure).ax)[0].get_alpha() for sure in (0.1, 0.9))
    assert pale < deep


def test_a_letter_stands_above_its_place_in_the_picture():
    ax = readings().ax
    left, right = ax.images[0].get_extent()[:2]
    read = [text for text in ax.texts if text.get_text() in set("seebadpea")]
    places = [(text.get_position()[0] - left) / (right - left) * 96 for text in read]
    assert_drawn(places, CENTRES)


def test_layers_are_named_from_the_pixels_up_and_a_heading_is_a_condition():
    ax = readings().ax
    rows = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert rows["pixels"] < rows["layer 1"] < rows["layer 2"] < rows["letters"]
    colours = [tint.get_facecolor()[:3] for tint in tints(ax)]
    wanted = tuple(int(CONDITIONS["letters"].colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    assert colours[0] == pytest.approx(wanted)


def test_a_reading_without_a_probability_for_each_place_is_refused():
    read = {"letters": (["seebadpea"], np.ones((1, 8)))}
    with pytest.raises(ValueError, match=r"'letters': expected words and probabilities"):
        plot_readings(np.eye(16, 96), CENTRES, read, TRUTH)
