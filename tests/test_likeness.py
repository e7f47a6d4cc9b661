"""How alike do two layers see the same inputs?"""

import pytest
import torch

from lessonkit.models.mlp import MLP
from lessonkit.probes.likeness import linear_cka, measure_likeness


def cloud(seed, units=5):
    return torch.randn(2, 11, units, generator=torch.Generator().manual_seed(seed))


def test_likeness_can_be_worked_out_in_the_head():
    """Three points on a line, and the same three with the last two exchanged.

    Centred they are (-1, 0, 1) and (-1, 1, 0): their product is 1, each has length² 2, so the
    square of 1 stands over 2 times 2.
    """
    one, other = (torch.tensor(points)[None, :, None] for points in ([0.0, 1, 2], [0.0, 2, 1]))
    assert linear_cka(one, other).tolist() == pytest.approx([0.25])


def test_a_cloud_that_is_turned_moved_and_enlarged_is_the_same():
    points = cloud(3)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(7)))[0]
    assert torch.allclose(linear_cka(points, 3 * points @ turn + 2), torch.ones(2).double())


def test_a_cloud_that_is_stretched_in_one_direction_is_another():
    points = cloud(3)
    stretched = points * torch.tensor([7.0, 1, 1, 1, 1])
    assert (linear_cka(points, stretched) < 0.95).all()


def test_clouds_of_unlike_width_compare_and_either_may_come_first():
    one, other = cloud(3), cloud(5, units=7)
    assert torch.allclose(linear_cka(one, other), linear_cka(other, one))
    assert (linear_cka(one, other) < 1).all()


def test_another_formula_gives_the_same():
    """By the Gram matrices of the examples instead of the units, and through numpy's correlation.

    Not centring the clouds is the plausible wrong formula.
    """
    one, other = cloud(3).double(), cloud(5).double()
    centre = torch.eye(11).double() - 1 / 11
    grams = [(centre @ x @ x.mT @ centre).flatten(1) for x in (one, other)]
    expected = torch.nn.functional.cosine_similarity(*grams)
    assert torch.allclose(linear_cka(one, other), expected)
    bare = torch.nn.functional.cosine_similarity(*[(x @ x.mT).flatten(1) for x in (one, other)])
    assert not torch.allclose(linear_cka(one, other), bare)


def test_points_that_coincide_have_no_shape():
    with pytest.raises(ValueError, match="all lie on one point"):
        linear_cka(cloud(3), torch.ones(2, 11, 5))


def test_a_model_is_like_itself_in_every_hidden_layer_and_less_like_another():
    model, other = (MLP([7, 5, 3, 2], "tanh", "xavier", seeds) for seeds in ([2, 3], [5, 7]))
    inputs = torch.randn(11, 7, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(measure_likeness(model, model, inputs), torch.ones(2, 2).double())
    assert (measure_likeness(model, other, inputs) < 0.99).all()
