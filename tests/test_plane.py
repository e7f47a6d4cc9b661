"""Clouds and rings: what do the smallest worlds hold?"""

import pytest
import torch

from lessonkit.data.plane import AND, CORNERS, OR, XOR, clouds, rings

SEEDS = [2, 3, 5]


def test_without_spread_every_point_is_a_corner_of_its_kind():
    for kinds, rule in (
        (AND, lambda x, y: (x > 0) & (y > 0)),
        (OR, lambda x, y: (x > 0) | (y > 0)),
        (XOR, lambda x, y: (x > 0) ^ (y > 0)),
    ):
        points, kind = clouds(28, SEEDS, kinds, spread=0.0)
        assert kind.bool().equal(rule(points[..., 0], points[..., 1]))
        found, counts = points[0].unique(dim=0, return_counts=True)
        assert sorted(map(tuple, found.tolist())) == sorted(CORNERS)
        assert counts.tolist() == [7, 7, 7, 7]


def test_a_cloud_is_as_wide_as_its_spread():
    points, _ = clouds(4000, [7], spread=0.35)
    assert (points[0, ::4] - torch.tensor(CORNERS[0])).std().item() == pytest.approx(0.35, rel=0.05)


def test_the_outer_ring_is_of_kind_one_and_both_go_all_the_way_round():
    points, kind = rings(2000, SEEDS, spread=0.1)
    distance = points.norm(dim=2)
    for number, radius in enumerate((1.0, 2.0)):
        mine = distance[kind == number]
        assert mine.mean().item() == pytest.approx(radius, rel=0.02)
        assert mine.std().item() == pytest.approx(0.1, rel=0.1)
    assert points.mean(dim=1).abs().max() < 0.15
    assert (kind.float().mean(dim=1) == 0.5).all()


@pytest.mark.parametrize("draw", [clouds, rings])
def test_a_seed_draws_its_points_whatever_stands_beside_it(draw):
    together, _ = draw(12, SEEDS)
    alone, _ = draw(12, [3])
    assert together[1].equal(alone[0])
    assert not together[0].equal(together[1])


def test_points_that_cannot_be_dealt_out_are_refused():
    with pytest.raises(ValueError, match="a multiple of 4 points; got 4 kinds and 10 points"):
        clouds(10, SEEDS)
    with pytest.raises(ValueError, match="got 2 kinds"):
        clouds(8, SEEDS, (0, 1))
