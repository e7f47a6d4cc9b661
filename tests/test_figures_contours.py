"""How are paths across a loss shown, and slices of one?"""

import numpy as np
import pytest

from lessonkit.figures.contours import plot_paths, plot_slices
from tests.read_back import check_house

BOWL = np.array([[1.0, 0.0], [0.0, 100.0]])
PATH = np.array([(-1.0, 0.3), (-0.5, -0.2), (0.1, 0.05)])
HIGH = 10.0 ** np.add.outer(np.abs(np.linspace(-2, 2, 5)), np.abs(np.linspace(-2, 2, 5)))


def paths(path=PATH):
    return plot_paths({row: dict.fromkeys(("momentum", "Adam"), (BOWL, path)) for row in "ab"})


def slices(values=HIGH):
    return plot_slices({"plain": values, "residual": HIGH / 100}, 1, "loss (nats)")


@pytest.mark.parametrize("draw", [paths, slices])
def test_it_keeps_the_rules_of_the_house(draw):
    check_house(draw)


def test_a_path_goes_where_the_file_says():
    drawing = paths()
    assert len(drawing.figure.axes) == 4
    told = np.stack([drawing.columns["first weight"], drawing.columns["second weight"]], axis=1)
    for number, ax in enumerate(drawing.figure.axes):
        drawn = ax.get_lines()[0].get_xydata()
        np.testing.assert_allclose(drawn, told[3 * number : 3 * number + 3])


def test_words_tell_how_much_loss_is_left():
    left = (0.1**2 + 100 * 0.05**2) / (1 + 100 * 0.3**2)
    assert f"after 2 steps {left:.2g} of the first loss is left" in paths().says


def test_several_starts_are_no_path():
    with pytest.raises(ValueError, match=r"steps \+ 1, 2.*Give one start"):
        paths(np.zeros((3, 4, 2)))


def test_slices_share_one_scale_and_their_file_has_every_number():
    drawing = slices()
    one, other = (ax.collections[0] for ax in drawing.figure.axes)
    assert (one.levels == other.levels).all()
    assert (one.get_facecolor() == other.get_facecolor()).all()
    assert drawing.columns["value"][:25] == HIGH.ravel().tolist()
    assert drawing.columns["value"][25:] == (HIGH / 100).ravel().tolist()


def test_a_loss_beyond_numbers_is_drawn_as_the_highest():
    beyond = HIGH.copy()
    beyond[0, 0] = np.inf
    slices(beyond).figure.draw_without_rendering()


def test_several_seeds_are_no_slice():
    with pytest.raises(ValueError, match="Give one seed"):
        slices(np.zeros((2, 5, 5)))
