"""Several copies of any network, trained as if each were alone."""

import copy

import pytest
import torch
from torch import nn

from lessonkit.data.examples import Examples, batches
from lessonkit.models.copies import CopiesOf
from lessonkit.models.mlp import MLP
from lessonkit.training import falling, fit, mean_loss

SEEDS = [2, 3, 5]


def perceptron():
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


class Attentive(nn.Module):
    """Words, a softmax, and a second thing to return: what lessons hand over."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 5)
        self.norm = nn.LayerNorm(5)
        self.read = nn.Linear(5, 3)

    def forward(self, tokens, sharpness=1.0, looks=False):
        x = self.norm(self.words(tokens))  # (batch, words, d_model)
        weights = (sharpness * x @ x.transpose(-1, -2)).softmax(dim=-1)
        logits = self.read((weights @ x).mean(dim=1))
        return (logits, weights) if looks else logits


def reader():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(18, 3))


def examples_for(build):
    generator = torch.Generator().manual_seed(7)
    labels = torch.randint(3, (23,), generator=generator)
    if build is Attentive:
        return Examples(torch.randint(11, (23, 4), generator=generator), labels)
    shape = (23, 1, 5, 5) if build is reader else (23, 5)
    return Examples(torch.randn(*shape, generator=generator), labels)


def alone(build, seed):
    torch.manual_seed(seed)
    return build()


def trained_alone(build, seed, steps, optimiser):
    """The run that everybody would write: one network, torch's own optimiser."""
    train = examples_for(build)
    network = alone(build, seed)
    stepper = optimiser(network.parameters())
    chosen = batches(23, 8, [seed])
    for _ in range(steps):
        batch = next(chosen)[0]
        loss = mean_loss(network(train.inputs[batch])[None], train.labels[batch][None])
        stepper.zero_grad()
        loss.backward()
        stepper.step()
    return network


OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01),
}


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("build", [perceptron, Attentive, reader])
def test_one_after_another_each_copy_gets_the_very_bits_of_a_run_alone(build, optimiser):
    model = CopiesOf(build, SEEDS, together=False)
    fit(model, examples_for(build), range(11), learning_rate=0.1, optimiser=optimiser, batch_size=8)
    for index, seed in enumerate(SEEDS):
        expected = trained_alone(build, seed, 11, OPTIMISERS[optimiser])
        for stack, parameter in zip(model.stacks, expected.parameters(), strict=True):
            assert torch.equal(stack[index], parameter)


@pytest.mark.parametrize("build", [perceptron, Attentive, reader])
def test_together_the_copies_learn_what_each_learns_alone(build):
    model = CopiesOf(build, SEEDS)
    fit(model, examples_for(build), range(11), learning_rate=0.1, batch_size=8)
    for index, seed in enumerate(SEEDS):
        expected = trained_alone(build, seed, 11, OPTIMISERS["sgd"])
        for stack, parameter in zip(model.stacks, expected.parameters(), strict=True):
            torch.testing.assert_close(stack[index], parameter, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("together", [True, False])
def test_options_reach_every_copy_and_several_outputs_come_back_stacked(together):
    model = CopiesOf(Attentive, SEEDS, together=together)
    tokens = examples_for(Attentive).inputs
    logits, weights = model(model.same_for_all(tokens), sharpness=0.0, looks=True)
    assert logits.shape == (3, 23, 3)
    torch.testing.assert_close(weights, torch.full((3, 23, 4, 4), 1 / 4))  # no score, no choice
    sharp = model(model.same_for_all(tokens), sharpness=5.0)
    assert not torch.allclose(sharp, logits)


def test_each_copy_sees_its_own_inputs():
    model = CopiesOf(perceptron, [2, 2])
    inputs = torch.randn(2, 7, 5)
    expected = torch.stack([alone(perceptron, 2)(part) for part in inputs])
    torch.testing.assert_close(model(inputs), expected)


def test_a_copy_depends_on_its_own_seed_alone():
    lonely, crowded = CopiesOf(perceptron, [3]), CopiesOf(perceptron, SEEDS)
    for one, several in zip(lonely.stacks, crowded.stacks, strict=True):
        assert torch.equal(one[0], several[1])


def test_the_number_of_parameters_is_that_of_the_copies_and_the_pattern_is_not_trained():
    model = CopiesOf(perceptron, SEEDS)
    assert sum(p.numel() for p in model.parameters()) == 3 * (5 * 7 + 7 + 7 * 3 + 3)
    assert all(p.is_meta for p in model.pattern.parameters())


def test_drawing_the_copies_leaves_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    CopiesOf(perceptron, SEEDS)
    assert torch.equal(before, torch.get_rng_state())


def test_a_network_with_running_averages_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"without buffers.*running_mean.*track_running_stats"):
        CopiesOf(lambda: nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7)), SEEDS)


def test_copies_of_a_network_can_be_kept_as_they_were_before_training():
    model = CopiesOf(perceptron, SEEDS)
    start = copy.deepcopy(model)
    fit(model, examples_for(perceptron), range(3), learning_rate=0.1, batch_size=7)
    inputs = model.same_for_all(torch.randn(7, 5))
    assert not torch.allclose(model(inputs), start(inputs))
    torch.testing.assert_close(start(inputs)[1], alone(perceptron, 3)(inputs[1]))


# A grid of learning rates is one run.


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_grid_of_learning_rates_equals_a_run_for_each(optimiser):
    train, rates = examples_for(perceptron), [0.1, 0.03, 0.001]
    grid = MLP([5, 7, 3], "tanh", "xavier", seeds=[2, 2, 2])
    losses = fit(
        grid,
        train,
        range(7),
        learning_rate=rates,
        optimiser=optimiser,
        schedule=falling(7),
        batch_size=7,
    )
    for index, rate in enumerate(rates):
        one = MLP([5, 7, 3], "tanh", "xavier", seeds=[2])
        expected = fit(
            one,
            train,
            range(7),
            learning_rate=rate,
            optimiser=optimiser,
            schedule=falling(7),
            batch_size=7,
        )
        torch.testing.assert_close(losses[index], expected[0], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(grid.weights[0][index], one.weights[0][0], rtol=1e-3, atol=1e-6)


def test_the_copies_of_a_grid_part_ways():
    """The trap: had the rates been ignored, equal seeds would have stayed equal."""
    grid = MLP([5, 7, 3], "tanh", "xavier", seeds=[2, 2])
    rates = [0.1, 0.01]
    fit(grid, examples_for(perceptron), range(3), learning_rate=rates, batch_size=7)
    assert not torch.allclose(grid.weights[0][0], grid.weights[0][1])


def test_a_schedule_rises_and_falls():
    assert falling(4) == [1, 0.75, 0.5, 0.25]
    assert falling(5, warm_up=0.4) == pytest.approx([1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])
    assert len(falling(101, 0.1)) == 101


def test_a_step_takes_the_scheduled_share_of_the_learning_rate():
    train = examples_for(perceptron)
    whole, half = (MLP([5, 3], "tanh", "xavier", seeds=[2]) for _ in range(2))
    start = whole.weights[0].detach().clone()
    fit(whole, train, range(1), learning_rate=0.1, batch_size=7)
    fit(half, train, range(1), learning_rate=0.1, schedule=[0.5], batch_size=7)
    torch.testing.assert_close(half.weights[0] - start, (whole.weights[0] - start) / 2)


def test_a_schedule_that_ends_too_early_is_refused():
    model = MLP([5, 3], "tanh", "xavier", seeds=[2])
    with pytest.raises(ValueError, match=r"schedule has 2 steps, and step 3 came"):
        fit(
            model,
            examples_for(perceptron),
            range(5),
            learning_rate=0.1,
            schedule=[1.0, 0.5],
            batch_size=7,
        )


def test_an_unknown_optimiser_is_refused_with_the_known_ones():
    model = MLP([5, 3], "tanh", "xavier", seeds=[2])
    with pytest.raises(ValueError, match=r"'lion'.*sgd, adam, adamw"):
        fit(model, examples_for(perceptron), range(1), learning_rate=0.1, optimiser="lion")
