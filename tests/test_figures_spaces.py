"""How are points shown in the coordinates of three units, and the plane that cuts them?"""

import numpy as np
import pytest

from lessonkit.figures.spaces import Space, plot_spaces
from tests.read_back import check_house

CHANCE = np.random.default_rng(11)
POINTS = CHANCE.uniform(-1, 1, size=(31, 3))
KINDS = np.arange(31) % 2
CUT = (1.0, 1.0, 1.0, -1.1)  # cuts the highest corner off


def drawn():
    return plot_spaces({"before": Space(POINTS, KINDS), "after": Space(POINTS, KINDS, CUT)})


def told(drawing, panel, what):
    names = ("panel", "what", "unit 1", "unit 2", "unit 3")
    rows = zip(*(drawing.columns[name] for name in names), strict=True)
    return np.array([row[2:] for row in rows if row[:2] == (panel, what)])


def on_paper(ax, colour_of):
    """Return where the points of one kind were drawn, whatever lies before or behind the cut."""
    colour = colour_of.get_color()
    parts = [line.get_xydata() for line in ax.get_lines() if line.get_color() == colour]
    return np.vstack(parts)


def test_it_keeps_the_rules_of_the_house():
    check_house(drawn)


def test_the_file_holds_every_point_in_three_numbers():
    drawing = drawn()
    for panel in ("before", "after"):
        np.testing.assert_allclose(told(drawing, panel, "kind 1"), POINTS[KINDS == 1].round(3))


def test_as_many_points_are_drawn_as_the_file_tells():
    drawing = drawn()
    for ax, panel in zip(drawing.figure.axes, ("before", "after"), strict=True):
        handles = drawing.figure.legends[0].legend_handles
        for handle, kind in zip(handles, ("kind 0", "kind 1"), strict=True):
            assert len(on_paper(ax, handle)) == len(told(drawing, panel, kind))


def places(corners):
    drawing = plot_spaces({"one": Space(corners, np.zeros(len(corners)))})
    return on_paper(drawing.ax, drawing.figure.legends[0].legend_handles[0])


def test_up_is_where_all_three_are_high():
    low, high, mixed = places([[-1, -1, -1], [1, 1, 1], [1, -1, 1]])
    assert low[0] == pytest.approx(high[0])
    assert low[1] < mixed[1] < high[1]


def test_the_height_is_the_sum_of_the_three():
    seen = places(POINTS)
    np.testing.assert_allclose(seen[:, 1], POINTS.round(3).sum(axis=1) / 3**0.5)


def test_an_even_vote_is_seen_from_its_edge():
    patch = drawn().figure.axes[1].patches[0].get_xy()
    assert np.ptp(patch[:, 1]) < 1e-9 < 0.5 < np.ptp(patch[:, 0])


def test_an_arrow_says_what_is_up():
    drawing = plot_spaces({"one": Space(POINTS, KINDS)}, up="warmer")
    assert "up: warmer" in [text.get_text() for text in drawing.ax.texts]


def test_near_and_far_look_equally_large():
    start, step, far, farther = places([[-1, 0, 0], [-0.5, 0, 0], [0, 1, 1], [0.5, 1, 1]])
    np.testing.assert_allclose(step - start, farther - far)


def test_the_cut_is_where_the_vote_is_undecided():
    corners = told(drawn(), "after", "cut")
    assert len(corners) == 3
    np.testing.assert_allclose(corners @ CUT[:3] + CUT[3], 0, atol=2e-3)
    assert (abs(corners).max(axis=1) == 1).all()


def test_a_cut_through_the_middle_has_six_corners():
    drawing = plot_spaces({"one": Space(POINTS, KINDS, (1.0, 1.0, 1.0, 0.0))})
    assert len(told(drawing, "one", "cut")) == 6


def test_a_cut_that_passes_by_is_not_drawn():
    drawing = plot_spaces({"one": Space(POINTS, KINDS, (1.0, 0.0, 0.0, -9.0))})
    assert len(told(drawing, "one", "cut")) == 0
    assert not drawing.ax.patches


def test_the_words_say_on_which_side_of_the_cut_the_points_lie():
    above = int((POINTS.round(3)[KINDS == 0].sum(axis=1) > 1.1).sum())
    part = f"16 points of kind 0, {above} of them on the positive side of the cut"
    assert part in drawn().says


def test_a_point_outside_is_left_out():
    far = np.vstack([POINTS, [0, 0, 9]])
    drawing = plot_spaces({"one": Space(far, np.append(KINDS, 0))})
    assert len(told(drawing, "one", "kind 0")) == 16


def test_points_of_two_numbers_are_refused():
    with pytest.raises(ValueError, match=r"got points \(31, 2\).*in three numbers"):
        plot_spaces({"one": Space(POINTS[:, :2], KINDS)})
