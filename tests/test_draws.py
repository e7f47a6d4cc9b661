"""The mean over several draws of a network's weights."""

import torch

from lessonkit.models.mlp import MLP
from lessonkit.probes.draws import lead, measure_draws


def networks(seeds):
    return MLP([3, 5, 2], "relu", "he", seeds)


def size(model):
    return torch.stack([w.square().sum(dim=(1, 2)) for w in model.weights], dim=1)


def test_each_seed_gets_the_mean_over_its_own_draws():
    found = measure_draws(networks, size, [2, 7], draws=3)
    for row, seed in enumerate((2, 7)):
        alone = [size(networks([seed + 10**6 * draw]))[0] for draw in range(3)]
        torch.testing.assert_close(found[row], torch.stack(alone).mean(dim=0))


def test_one_draw_is_the_network_of_the_seed():
    assert torch.equal(measure_draws(networks, size, [2, 7], draws=1), size(networks([2, 7])))


def test_the_lead_is_that_of_the_last_over_the_first_of_the_others():
    values = {"a": torch.tensor([5.0, 3.0]), "b": torch.tensor([2.0, 7.0])}
    values["c"] = torch.tensor([1.0, 4.0])
    assert lead(values, ["a", "b"], ["c"]).tolist() == [1.0, -1.0]
