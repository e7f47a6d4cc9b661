"""Digits that are turned, resized and shifted a little."""

import torch

from lessonkit.data.digits import digits
from lessonkit.data.warping import warped


def some():
    return digits()[0].inputs[:11]


def test_no_chance_leaves_a_picture_as_it_is():
    assert torch.allclose(warped(some(), torch.zeros(11, 4)), some(), atol=1e-5)


def test_a_shift_of_half_a_pixel_is_the_mean_of_neighbours():
    chance = torch.tensor([[0.0, 0, 1, 0]]).expand(11, 4)
    before, after = (some().view(-1, 8, 8), warped(some(), chance).view(-1, 8, 8))
    expected = (before[:, :, :-1] + before[:, :, 1:]) / 2
    assert torch.allclose(after[:, :, :-1], expected, atol=1e-5)


def test_a_shift_down_is_a_shift_across_of_the_picture_on_its_side():
    side = some().view(-1, 8, 8).mT.flatten(1)
    across, down = (torch.tensor([row]).expand(11, 4) for row in ([0.0, 0, 1, 0], [0.0, 0, 0, 1]))
    on_its_side = warped(side, down).view(-1, 8, 8).mT.flatten(1)
    assert torch.allclose(warped(some(), across), on_its_side, atol=1e-5)


def test_what_comes_in_from_beyond_the_edge_is_paper():
    dark = torch.full((1, 64), 3.0)
    dark[0, 27] = -1  # the paper
    corner = warped(dark, torch.tensor([[0.0, 0, 1, 0]])).view(8, 8)[0, -1]
    assert corner == 1  # half ink, half paper


def test_turning_one_way_is_turning_its_mirror_image_the_other_way():
    way, other = (torch.tensor([[turn, 0, 0, 0]]).expand(11, 4) for turn in (1.0, -1.0))
    mirrored = some().view(-1, 8, 8).flip(2).flatten(1)
    back = warped(mirrored, other).view(-1, 8, 8).flip(2).flatten(1)
    assert torch.allclose(warped(some(), way), back, atol=1e-5)
    assert not torch.allclose(warped(some(), way), warped(some(), other), atol=0.1)


def test_the_chance_of_one_picture_does_not_move_another():
    chance = 2 * torch.rand(11, 4, generator=torch.Generator().manual_seed(3)) - 1
    other = chance.clone()
    other[0] = 0
    assert torch.equal(warped(some(), chance)[1:], warped(some(), other)[1:])
