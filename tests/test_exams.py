"""What happens inside? What can be read where."""

import copy

import pytest
import torch

from lessonkit.data import reading
from lessonkit.data.examples import Examples
from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import LineReader
from lessonkit.probes.exams import (
    examine,
    halfway,
    measure_best_numbers,
    measure_control,
    measure_layers,
    read_layers,
)
from lessonkit.probes.linear import (
    best_numbers,
    control_labels,
    measure_features,
    measure_readability,
    read_held_out,
)

CHANNELS = (2, 3, 5, 7, 11)


@pytest.fixture
def model():
    return CopiesOf(lambda: LineReader(CHANNELS), [2, 3], together=False)


@pytest.fixture
def page():
    return reading.lines(131, seed=5)


def clouds(labels, distance, seeds=2, features=7):
    """A layer that holds a label, the clearer the further apart its clouds are."""
    generator = torch.Generator().manual_seed(3)
    centres = distance * torch.randn(seeds, int(labels.max()) + 1, features, generator=generator)
    return centres[:, labels] + torch.randn(seeds, *labels.shape, features, generator=generator)


@pytest.fixture
def labels():
    return torch.randint(3, (211, 5), generator=torch.Generator().manual_seed(2))


def test_every_layer_sits_every_exam(model, page):
    read = examine(model, {"words": page.asked("words"), "topics": page.asked("meaning")})
    assert {name: tuple(shares.shape) for name, shares in read.items()} == {
        "words": (2, 7),
        "topics": (2, 7),
    }


def test_an_exam_is_what_a_probe_reads_off_each_layer(model, page):
    layers = measure_features(model, page.pixels)
    expected = [measure_readability(layer, page.truth["meaning"]) for layer in layers]
    read = examine(model, {"topics": page.asked("meaning")})
    assert torch.equal(read["topics"], torch.stack(expected, dim=1))


def test_pictures_that_exams_share_are_looked_at_once(model, page):
    looks = []

    def look(*shown):
        looks.append(len(shown))

    handle = model.register_forward_hook(look)
    examine(model, {"words": page.asked("words"), "topics": page.asked("meaning")})
    handle.remove()
    assert len(looks) == 1


def test_the_trap_pictures_as_large_and_not_the_same_are_another_exam(model, page):
    """Keyed by size or by label, the second exam would sit in front of the first one's pictures."""
    other = Examples(page.pixels.flip(0), page.truth["meaning"])
    read = examine(model, {"right": page.asked("meaning"), "mixed up": other})
    assert not torch.equal(read["right"], read["mixed up"])
    alone = examine(model, {"mixed up": other})
    assert torch.equal(read["mixed up"], alone["mixed up"])


def test_an_exam_leaves_the_model_as_it_was(model, page):
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    examine(model, {"words": page.asked("words")})
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


def test_a_layer_that_holds_the_labels_is_read_and_one_of_noise_is_guessed(labels):
    layers = [clouds(labels[:, 0], 20.0), clouds(labels[:, 0], 0.0)]
    shares = measure_layers(layers, labels[:, 0])
    assert shares[:, 0].tolist() == [1, 1]
    assert shares[:, 1].max() < 0.55


def test_each_place_has_a_probe_of_its_own(labels):
    layers = [clouds(labels, 1.0), clouds(labels, 2.0)]
    read, sure = read_layers(layers, labels)
    assert tuple(read.shape) == tuple(sure.shape) == (2, 2, 70, 5)
    for layer, features in enumerate(layers):
        for place in range(5):
            got, chance = read_held_out(features[:, :, place], labels[:, place])
            assert torch.equal(read[:, layer, :, place], got)
            assert torch.equal(sure[:, layer, :, place], chance)
    everywhere = torch.stack([measure_layers([layer], labels)[:, 0] for layer in layers], dim=1)
    assert torch.equal(measure_layers(layers, labels), everywhere)


@pytest.mark.parametrize(
    ("shares", "start", "where"),
    [
        ([0.2, 0.4, 0.6, 0.8], 0.0, 2.0),  # the goal is 0.4, which layer 2 reaches
        ([0.2, 0.2, 0.4, 0.8], 0.2, 3.25),  # the goal is 0.5: a quarter of the way to layer 4
        ([1.0, 0.5, 0.5, 0.5], 0.5, 0.5),  # up at once: the best is not the last
        ([0.3, 0.3, 0.3, 0.3], 0.5, 0.0),  # nothing to climb
    ],
)
def test_halfway_can_be_found_in_the_head(shares, start, where):
    climb = torch.tensor([shares], dtype=torch.float64)
    assert halfway(climb, start).tolist() == [pytest.approx(where)]


def test_halfway_agrees_with_a_climb_in_small_steps():
    generator = torch.Generator().manual_seed(7)
    climbs = torch.rand(5, 7, generator=generator, dtype=torch.float64).cumsum(dim=1) / 7
    for climb, found in zip(climbs, halfway(climbs, 0.0), strict=True):
        steps = torch.linspace(0, 7, 70_001, dtype=torch.float64)
        left = steps.long().clamp(max=6)
        path = torch.cat([torch.zeros(1, dtype=torch.float64), climb])
        height = path[left] + (steps - left) * (path[left + 1] - path[left])
        first = steps[(height >= climb.max() / 2).int().argmax()]
        assert found.item() == pytest.approx(first.item(), abs=2e-4)


def test_half_of_the_best_is_not_half_of_the_climb():
    """The trap: measured from zero instead of from guessing, a rung seems to come earlier."""
    climb = torch.tensor([[0.5, 0.6, 0.8, 1.0]])
    assert halfway(climb, 0.5).item() == pytest.approx(2.75)
    assert halfway(climb, 0.0).item() == pytest.approx(1.0)


def test_halfway_does_not_depend_on_the_seeds_beside_it_nor_on_the_scale():
    climbs = torch.rand(3, 7, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    together = halfway(climbs, 0.1)
    assert together[1].item() == halfway(climbs[1:2], 0.1).item()
    torch.testing.assert_close(halfway(3 * climbs, 0.3), together)


def test_the_best_numbers_of_a_layer_are_read_as_well_as_all_of_them(labels):
    """Two classes differ along one line: one number is enough, and the worst of seven is not."""
    layer = clouds(labels[:, 0] % 2, 1.5, features=7)
    whole, few = (f([layer], labels[:, 0] % 2) for f in (measure_layers, one_number))
    torch.testing.assert_close(few, whole, rtol=0, atol=0.02)
    single = measure_layers([layer[..., :1]], labels[:, 0] % 2)
    assert (few > single + 0.05).all()


def one_number(layers, labels):
    return measure_best_numbers(layers, labels, 1)


def test_a_layer_of_as_many_units_keeps_all_that_it_holds(labels):
    """Another basis: a linear probe, which sees no ball in it, reads the same."""
    layer = clouds(labels[:, 0], 1.5, features=3).double()
    few = best_numbers(layer, labels[:, 0], 3, shrinkage=0.0)
    for features in (layer, few):
        features.sub_(features.mean(dim=1, keepdim=True))
    read, again = (read_held_out(x, labels[:, 0], shrinkage=0.0)[0] for x in (layer, few))
    assert read.eq(again).double().mean() > 0.99


def test_the_best_numbers_do_not_look_at_the_answers_of_the_exam(labels):
    layer, own = clouds(labels[:, 0], 1.5), labels[:, 0].clone()
    before = best_numbers(layer, own, 2)
    own[-round(len(own) / 3) :] = 0
    assert torch.equal(before, best_numbers(layer, own, 2))


def test_the_control_is_the_mean_over_numbered_deals(labels):
    layer = clouds(labels[:, 0], 3.0)
    kinds = labels[:, 0] * 2 + labels[:, 1] % 2
    deals = [control_labels(kinds, labels[:, 0], seed) for seed in (0, 1)]
    expected = torch.stack([measure_layers([layer], deal) for deal in deals]).mean(dim=0)
    assert torch.equal(measure_control([layer], kinds, labels[:, 0], 2), expected)


def test_what_is_known_of_an_exam_is_not_looked_at_again(model, page):
    exams = {"words": page.asked("words"), "topics": page.asked("meaning")}
    known = measure_features(model, page.pixels)
    looks = []
    handle = model.register_forward_hook(lambda *_: looks.append(1))
    read = examine(model, exams, {"topics": known})
    handle.remove()
    assert looks == []
    again = examine(model, exams)
    assert all(torch.equal(read[name], again[name]) for name in exams)
