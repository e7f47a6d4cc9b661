"""How are points of two kinds shown, and the line between them?"""

import numpy as np
import pytest

from lessonkit.figures.planes import Plane, plot_planes
from tests.read_back import check_house

CHANCE = np.random.default_rng(3)
POINTS = CHANCE.normal(size=(31, 2)).clip(-2, 2)
KINDS = np.arange(31) % 2
LINES = {"at first": (1.0, 0.0, -0.5), "at last": (1.0, -1.0, 0.0)}
REGION = np.linspace(0, 1, 35).reshape(5, 7)


def drawn():
    return plot_planes(
        {"one": Plane(POINTS, KINDS, LINES), "two": Plane(POINTS, KINDS, region=REGION)}
    )


def rows(drawing, **wanted):
    told = zip(*(drawing.columns[head] for head in ("panel", "what", "x", "y")), strict=True)
    return [row[2:] for row in told if row[:2] == (wanted["panel"], wanted["what"])]


def test_it_keeps_the_rules_of_the_house():
    check_house(drawn)


def test_points_stand_where_the_file_says_by_kind():
    drawing = drawn()
    for ax, panel in zip(drawing.figure.axes, ("one", "two"), strict=True):
        for line, what in zip(ax.get_lines()[:2], ("kind 0", "kind 1"), strict=True):
            np.testing.assert_allclose(line.get_xydata(), rows(drawing, panel=panel, what=what))
    assert len(rows(drawing, panel="one", what="kind 0")) == 16


def test_a_line_ends_where_its_vote_is_undecided_at_the_edge():
    drawing = drawn()
    upright = drawing.ax.get_lines()[2].get_xydata()
    np.testing.assert_allclose(upright, [(0.5, -2.6), (0.5, 2.6)])
    slanted = rows(drawing, panel="one", what="line at last")
    np.testing.assert_allclose(slanted, [(-2.6, -2.6), (2.6, 2.6)])


def test_a_line_that_passes_by_is_not_drawn():
    drawing = plot_planes({"one": Plane(POINTS, KINDS, {"far": (1.0, 0.0, -9.0)})})
    assert len(drawing.ax.get_lines()) == 2


def test_the_tint_turns_at_one_half():
    image = drawn().figure.axes[1].images[0].get_array()
    assert (image[REGION <= 0.5] == image[0, 0]).all()
    assert (image[REGION > 0.5] == image[-1, -1]).all()
    assert not (image[0, 0] == image[-1, -1]).all()


def test_a_point_outside_is_left_out():
    far = np.vstack([POINTS, [9, 9]])
    drawing = plot_planes({"one": Plane(far, np.append(KINDS, 0))})
    assert len(rows(drawing, panel="one", what="kind 0")) == 16


def test_points_of_all_seeds_at_once_are_refused():
    with pytest.raises(ValueError, match=r"got points \(3, 31, 2\).*Give those of one seed"):
        plot_planes({"one": Plane(np.zeros((3, 31, 2)), KINDS)})
