"""How is one quantity shown over two settings?"""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from lessonkit.figures.heat import plot_heat
from tests.read_back import check_house, texts

CHANCE = np.random.default_rng(3)
MAPS = {"no norm": CHANCE.uniform(0, 100, (5, 2, 3)), "batch norm": np.full((5, 2, 3), 97.0)}


def drawn(maps=MAPS):
    return plot_heat(
        maps, (0.1, 1), (0.01, 0.1, 1), "right (%)", across="rate", down="size", bar=90
    )


def test_every_drawing_keeps_the_rules_of_the_house():
    check_house(drawn)


def test_a_cell_says_its_median_on_a_tint_that_deepens_with_it():
    for ax, stack in zip(drawn().figure.axes, MAPS.values(), strict=True):
        medians = np.median(stack, axis=0).ravel()
        assert [text.get_text() for text in ax.texts] == [f"{median:.0f}" for median in medians]
        tints = [patch.get_alpha() for patch in ax.patches if isinstance(patch, Rectangle)]
        assert list(np.argsort(tints, kind="stable")) == list(np.argsort(medians, kind="stable"))


def test_a_cell_is_bold_only_where_every_seed_reaches_the_bar():
    stack = np.full((5, 1, 2), 95.0)
    stack[3, 0, 1] = 89
    drawing = plot_heat({"a": stack}, [1], [1, 2], "right", across="x", down="y", bar=90)
    assert [text.get_weight() for text in drawing.ax.texts] == ["bold", "normal"]
    assert "all 5 seeds reach 90 in 1 of 2 cells" in drawing.says


def test_the_file_has_a_line_for_each_cell_and_a_column_for_each_seed():
    columns = drawn().columns
    assert columns["map"] == ["no norm"] * 6 + ["batch norm"] * 6
    assert columns["size"][:6] == [0.1] * 3 + [1] * 3
    assert columns["seed 5"][:6] == MAPS["no norm"][4].ravel().tolist()
    assert texts(drawn().figure)


def test_a_map_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"map 'no norm': expected numbers \(seeds, 2, 3\)"):
        drawn({"no norm": np.ones((5, 3, 2))})
