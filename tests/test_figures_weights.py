"""How are signed weights shown?"""

import numpy as np
import pytest

from lessonkit.figures.weights import plot_weights
from tests.read_back import check_house

CHANCE = np.random.default_rng(5)
ROWS = {name: CHANCE.normal(size=(3, 5, 7)) for name in ("a 3", "an 8")}


def drawn():
    return plot_weights(ROWS, ["0", "100", "300"], across="steps")


def test_it_keeps_the_rules_of_the_house():
    check_house(drawn)
    check_house(lambda: plot_weights({"one": ROWS["a 3"].clip(0.1)}))


def test_zero_is_white_and_opposite_weights_are_equally_far_from_it():
    image = drawn().ax.images[0]
    white, below, above = image.cmap(image.norm([0.0, -0.7, 0.7]))[:, :3]
    assert white.tolist() == [1, 1, 1]
    assert above[0] > above[2], "orange above"
    assert below[0] < below[2], "blue below"
    assert image.norm.vmin == -image.norm.vmax


def test_every_picture_stands_where_the_file_says():
    drawing = drawn()
    sheet = np.asarray(drawing.ax.images[0].get_array().filled(np.nan))
    rows = [row for row in sheet if not np.isnan(row).all()]
    told = np.array([drawing.columns[f"x{x}"] for x in range(7)]).T.reshape(2, 3, 5, 7)
    for number, row in enumerate(rows):
        seen = row[~np.isnan(row)].reshape(3, 7)
        np.testing.assert_allclose(seen, told[number // 5, :, number % 5])


def test_rows_of_unlike_lengths_and_words_for_nobody_are_refused():
    with pytest.raises(ValueError, match=r"as many pictures .* b: \(2, 5, 7\)"):
        plot_weights({"a": ROWS["a 3"], "b": ROWS["a 3"][:2]})
    with pytest.raises(ValueError, match="expected 3 words above, got 1"):
        plot_weights(ROWS, ["one"])


def test_what_is_no_part_of_a_picture_is_left_blank_and_told_by_no_number() -> None:
    hole = ROWS["a 3"].copy()
    hole[:, 0, 0] = np.nan
    drawing = plot_weights({"one": hole})
    assert drawing.columns["x0"][0] == ""
    assert drawing.columns["x1"][0] != ""
    assert "nan" not in drawing.says
