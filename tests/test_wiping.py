"""What happens inside? What the answers lose with some directions of a layer."""

import copy

import pytest
import torch

from lessonkit.data import reading
from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import WIPED, LineReader, without
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.wiping import (
    measure_cost,
    measure_map,
    measure_share,
    measure_wiped,
    mixed_directions,
    random_directions,
    telling_directions,
)

CHANNELS = (2, 3, 5, 7, 11)
SEEDS, EXAMPLES, FEATURES = 2, 211, 7


@pytest.fixture
def labels():
    return torch.randint(3, (EXAMPLES,), generator=torch.Generator().manual_seed(2))


@pytest.fixture
def cloud(labels):
    """Three classes, apart along the first axis; noise of any size along the last."""
    dice = torch.Generator().manual_seed(3)
    layer = torch.randn(SEEDS, EXAMPLES, FEATURES, generator=dice)
    layer[..., 0] += 50 * labels
    layer[..., -1] *= 100
    return layer


def test_the_direction_that_tells_classes_apart_is_found_in_the_head(cloud, labels):
    cloud[..., 1:] -= cloud[..., 1:]  # nothing but the first axis
    (first,) = telling_directions(cloud, labels, 1)[:1]
    assert first.abs().flatten().tolist() == pytest.approx([1, 0, 0, 0, 0, 0, 0])


def test_three_classes_lie_in_a_plane_so_two_directions_are_all(cloud, labels):
    found = telling_directions(cloud, labels, 5)
    assert found.shape == (SEEDS, FEATURES, 5)
    expected = torch.diag(torch.tensor([1.0, 1, 0, 0, 0])).double().expand(SEEDS, 5, 5)
    torch.testing.assert_close(found.mT @ found, expected)


def test_the_trap_directions_that_vary_most_need_not_tell_anything(cloud, labels):
    """A main axis of the cloud itself would be the last one, which is only noise."""
    one = telling_directions(cloud, labels, 1)
    assert one[:, 0].abs().min() > one[:, -1].abs().max()
    assert measure_share(cloud, one).max() < 0.5


def test_random_directions_are_at_right_angles_and_hold_their_share_of_a_ball():
    drawn = random_directions(FEATURES, 3, draws=5, seed=2)
    torch.testing.assert_close(drawn.mT @ drawn, torch.eye(3).double().expand(5, 3, 3))
    ball = torch.randn(5, 2003, FEATURES, generator=torch.Generator().manual_seed(3))
    shares = measure_share(ball, drawn)
    torch.testing.assert_close(shares, torch.full_like(shares, 3 / FEATURES), atol=0.03, rtol=0)


def test_mixtures_of_how_examples_differ_hold_more_of_it_than_any_directions(cloud):
    stretched = cloud * torch.logspace(0, 2, FEATURES)
    mixed = mixed_directions(stretched, 2, draws=20, seed=0)
    assert mixed.shape == (SEEDS, 20, FEATURES, 2)
    torch.testing.assert_close(mixed.mT @ mixed, torch.eye(2).double().expand(SEEDS, 20, 2, 2))
    any_two = random_directions(FEATURES, 2, draws=20, seed=0).expand(SEEDS, -1, -1, -1)
    share, by_chance = (
        torch.stack([measure_share(stretched, d[:, n]) for n in range(20)]).mean(dim=0)
        for d in (mixed, any_two)
    )
    assert (share > 0.8).all()
    assert (by_chance < 0.5).all()


def test_a_map_is_taken_place_by_place(model, page):
    looks = measure_map(model, page.inputs, WIPED)
    maps = model(model.same_for_all(page.inputs), every_layer=True)[WIPED - 1]
    assert looks.shape == (2, 31 * 12, CHANNELS[WIPED - 1])
    torch.testing.assert_close(looks[1, 12 * 3 + 7], maps[1, 3, :, 0, 7])


def test_the_cost_is_what_is_lost_draw_by_draw(model, page):
    drawn = choices(model, 2)
    cost = measure_cost(model, page, {"a": drawn[:, 1:2], "b": drawn[:, 1:]})
    right = measure_wiped(model, page, drawn)
    assert torch.equal(cost["a"], right[:, :1] - right[:, 1:2])
    assert torch.equal(cost["b"], right[:, :1] - right[:, 1:])


def test_all_directions_hold_all_the_variance(cloud):
    everything = torch.eye(FEATURES).double().expand(SEEDS, -1, -1)
    assert measure_share(cloud, everything).tolist() == pytest.approx([1, 1])


def test_a_wiped_direction_says_the_same_everywhere_and_the_others_stay():
    maps = torch.randn(3, 5, 2, 7, generator=torch.Generator().manual_seed(3))
    second = torch.eye(5)[:, 1:2]
    left = without(maps, second)
    assert left[:, 1].std() < 1e-6
    torch.testing.assert_close(left[:, 1].mean(), maps[:, 1].mean())
    torch.testing.assert_close(left[:, [0, 2, 3, 4]], maps[:, [0, 2, 3, 4]])


@pytest.fixture
def model():
    return CopiesOf(lambda: LineReader(CHANNELS), [2, 3], together=False)


@pytest.fixture
def page():
    return reading.lines(31, seed=5).asked("answers")


def choices(model, count):
    nothing = torch.zeros(CHANNELS[WIPED - 1], count).double()
    drawn = random_directions(CHANNELS[WIPED - 1], count, draws=2, seed=3)
    return torch.stack([nothing, *drawn]).expand(len(model.seeds), -1, -1, -1)


def test_who_loses_nothing_answers_as_before(model, page):
    shares = measure_wiped(model, page, choices(model, 3), chunk=7)
    assert shares.shape == (2, 3)
    whole = [measure_accuracy(model, page, chunk=7)]
    assert torch.equal(shares[:, 0], whole[0])


def test_without_any_direction_all_pictures_get_one_answer(model, page):
    # In doubles: a wiped map leaves rounding, and the layers behind it multiply that.
    every = torch.eye(CHANNELS[WIPED - 1]).double().expand(2, 1, -1, -1)
    logits = model.double()(model.same_for_all(page.inputs.double()), every)
    assert logits.shape == (2, 1, 31, 6)
    torch.testing.assert_close(logits, logits[:, :, :1].expand_as(logits))


def test_wiping_leaves_the_model_as_it_was(model, page):
    before, dice = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    measure_wiped(model, page, choices(model, 2))
    assert torch.equal(dice, torch.get_rng_state())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
