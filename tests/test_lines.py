"""The best straight line is the best of all, and none parts what no line can part."""

from __future__ import annotations

import itertools

import torch

from lessonkit.data.plane import AND, CORNERS, XOR, clouds
from lessonkit.probes.lines import best_line


def coloured(kinds):
    """Return the share of the four corners that the best line gets right."""
    share, _ = best_line(torch.tensor([CORNERS]), torch.tensor([kinds]))
    return share.item()


def test_a_line_parts_the_corners_of_and_but_three_of_four_of_xor():
    assert coloured(AND) == 1.0
    assert coloured(XOR) == 0.75


def test_fourteen_of_sixteen_colourings_can_be_parted_those_of_one_colour_among_them():
    shares = {kinds: coloured(kinds) for kinds in itertools.product((0, 1), repeat=4)}
    assert {kinds for kinds, share in shares.items() if share < 1} == {(0, 1, 1, 0), (1, 0, 0, 1)}


def test_the_line_that_is_returned_gets_the_share_that_is_returned():
    points, kinds = clouds(44, [3, 5], XOR)
    share, line = best_line(points, kinds)
    sums = (points.double() * line[:, None, :2]).sum(dim=2) + line[:, None, 2]
    assert ((sums > -1e-9) == kinds).double().mean(dim=1).allclose(share)


def test_no_line_through_two_points_is_better_than_a_fine_ruler_finds():
    points, kinds = clouds(20, [7], XOR, spread=0.8)
    share, _ = best_line(points, kinds, directions=7200)
    best = 0.0
    for one, other in itertools.combinations(range(20), 2):
        across, up = (points[0, other] - points[0, one]).tolist()
        beyond = (points[0] - points[0, one]) @ torch.tensor([-up, across])
        for sides in itertools.product((-1.0, 1.0), repeat=3):  # the two may fall on either side
            called = beyond * sides[2]
            called[one], called[other] = sides[0], sides[1]
            best = max(best, ((called > 0) == kinds[0]).double().mean().item())
    assert 0.5 < share.item() <= best < 1.0
    assert best - share.item() <= 1 / 20  # three points near one line may hide from the ruler
    assert best_line(points, kinds, directions=2)[0] < share  # and a coarse ruler misses more
