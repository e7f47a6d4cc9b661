"""How do the weights change?"""

import math

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn

from lessonkit.data.examples import Examples, batches
from lessonkit.models.mlp import MLP
from lessonkit.training import (
    descent,
    falling,
    fit,
    mean_loss,
    squared_error,
    tune,
    yes_no_loss,
)


@pytest.fixture
def train():
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randn(23, 5, generator=generator)
    return Examples(inputs, (inputs.sum(dim=1) > 0).long())


def test_three_classes_without_a_clue_cost_the_logarithm_of_three():
    loss = mean_loss(torch.zeros(2, 7, 3), torch.zeros(2, 7, dtype=torch.long))
    torch.testing.assert_close(loss, torch.full((2,), math.log(3)))


def test_each_copy_has_the_loss_that_torch_gives_it():
    logits, labels = torch.randn(3, 7, 5), torch.randint(5, (3, 7))
    expected = [nn.functional.cross_entropy(*pair) for pair in zip(logits, labels, strict=True)]
    torch.testing.assert_close(mean_loss(logits, labels), torch.stack(expected))


def test_a_sum_of_zero_costs_the_logarithm_of_two_whatever_the_answer():
    answers = torch.tensor([[0, 1, 1], [1, 0, 0]])
    torch.testing.assert_close(
        yes_no_loss(torch.zeros(2, 3, 1), answers), torch.full((2,), math.log(2))
    )


def test_yes_and_no_cost_what_two_classes_cost_whose_first_sum_is_zero():
    sums, answers = torch.randn(3, 7, 1), torch.randint(2, (3, 7))
    two = torch.cat([torch.zeros_like(sums), sums], dim=2)
    torch.testing.assert_close(yes_no_loss(sums, answers), mean_loss(two, answers))
    assert not torch.allclose(yes_no_loss(-sums, answers), mean_loss(two, answers))


def test_a_gap_of_three_costs_nine_on_average_with_a_gap_of_one_five():
    outputs = torch.tensor([[[3.0], [1.0]], [[0.0], [0.0]]])
    torch.testing.assert_close(
        squared_error(outputs, torch.zeros(2, 2, 1)), torch.tensor([5.0, 0.0])
    )


def test_a_stream_of_the_dealt_batches_trains_like_the_examples(train):
    def dealt():
        for batch in batches(len(train), 7, SEEDS):
            yield train.inputs[batch], train.labels[batch]

    models = [MLP(SIZES, "tanh", "xavier", seeds=SEEDS) for _ in range(2)]
    whole = fit(models[0], train, range(5), learning_rate=0.1, batch_size=7)
    stream = fit(models[1], dealt(), range(5), learning_rate=0.1)
    assert torch.equal(whole, stream)


def test_a_stream_with_another_loss_fits_numbers():
    model = MLP([2, 1], "tanh", "xavier", seeds=SEEDS)
    generator = torch.Generator().manual_seed(11)

    def stream():
        while True:
            inputs = torch.randn(len(SEEDS), 13, 2, generator=generator)
            yield inputs, inputs.sum(dim=2, keepdim=True)

    losses = fit(model, stream(), range(101), learning_rate=0.1, loss=squared_error)
    assert bool((losses[:, -1] < 1e-3 * losses[:, 0]).all())


def test_copies_trained_together_equal_a_copy_trained_by_torch_alone(train):
    model = MLP([5, 7, 2], "tanh", "xavier", seeds=[2, 3, 5])
    first, second = (
        nn.Parameter(weights[1].detach().clone())
        for weights in (model.weights[0], model.weights[1])
    )
    losses = fit(model, train, range(11), learning_rate=0.1, batch_size=7)

    biases = [nn.Parameter(torch.zeros(7)), nn.Parameter(torch.zeros(2))]
    optimiser = torch.optim.SGD([first, second, *biases], lr=0.1, momentum=0.9)
    chosen = batches(23, 7, [3])
    for step in range(11):
        batch = next(chosen)[0]
        logits = torch.tanh(train.inputs[batch] @ first.T + biases[0]) @ second.T + biases[1]
        loss = nn.functional.cross_entropy(logits, train.labels[batch])
        assert loss.item() == pytest.approx(losses[1, step].item(), abs=1e-5)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    torch.testing.assert_close(model.weights[0][1].detach(), first.detach())


TORCH = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.7),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.1),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1, weight_decay=0.01),
}
SIZES, SEEDS = [5, 7, 2], [2, 3, 5]


def expected_of_torch(train, name, rates, schedule):
    """Each copy as a model of its own, which one of torch's optimisers moves at its own rate."""
    models = [MLP(SIZES, "tanh", "xavier", [seed]) for seed in SEEDS]
    groups = [
        {"params": list(model.parameters()), "lr": rate}
        for model, rate in zip(models, rates, strict=True)
    ]
    optimiser, chosen = TORCH[name](groups), batches(len(train), 7, SEEDS)
    for share in schedule:
        batch = next(chosen)
        optimiser.zero_grad()
        for model, own in zip(models, batch, strict=True):
            logits = model(train.inputs[own][None])[0]
            nn.functional.cross_entropy(logits, train.labels[own]).backward()
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share
        optimiser.step()
    return models


@pytest.mark.parametrize("rates", [[0.1, 0.1, 0.1], [0.1, 0.0, 0.003]], ids=["same", "own"])
@pytest.mark.parametrize("name", TORCH)
def test_every_step_is_the_one_that_torchs_optimiser_takes(train, name, rates):
    schedule = falling(13, warm_up=0.3)
    model = MLP(SIZES, "tanh", "xavier", SEEDS)
    fit(
        model,
        train,
        range(13),
        learning_rate=rates,
        optimiser=name,
        momentum=0.7,
        schedule=schedule,
        batch_size=7,
    )
    for copy, expected in enumerate(expected_of_torch(train, name, rates, schedule)):
        for ours, theirs in zip(model.parameters(), expected.parameters(), strict=True):
            torch.testing.assert_close(ours[copy], theirs[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", TORCH)
def test_a_loop_of_ones_own_takes_the_steps_that_torch_takes(name):
    """Each copy is to answer with zeros: a loss that `fit` does not know."""
    inputs = torch.randn(3, 11, 5, generator=torch.Generator().manual_seed(7))
    ours, theirs = (MLP(SIZES, "tanh", "xavier", SEEDS) for _ in range(2))
    stepper = descent(name, ours, learning_rate=0.1, momentum=0.7)
    optimiser = TORCH[name](theirs.parameters())
    for _ in range(7):
        stepper.step(ours(inputs).square().mean(dim=(1, 2)))
        optimiser.zero_grad()
        theirs(inputs).square().mean(dim=(1, 2)).sum().backward()
        optimiser.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "elsewhere", [lambda model: model.double(), lambda model: descent("sgd", model, 0.1)]
)
def test_steps_that_would_move_nothing_are_refused(elsewhere):
    model = MLP(SIZES, "tanh", "xavier", SEEDS)
    stepper = descent("sgd", model, learning_rate=0.1)
    elsewhere(model)
    with pytest.raises(RuntimeError, match=r"laid elsewhere.*Call descent again"):
        stepper.step(model.weights[0].sum(dim=(1, 2)))


def test_a_copy_that_explodes_leaves_the_others_alone(train):
    """What is not a number in one copy must not reach the next through the row that they share."""
    calm, beside = MLP(SIZES, "relu", "he", [2, 3]), MLP(SIZES, "relu", "he", [2, 3])
    with torch.no_grad():
        beside.weights[0][1] = torch.inf
    for model in (calm, beside):
        fit(model, train, range(5), learning_rate=[0.1, 0.01], optimiser="adam", batch_size=7)
    assert beside.weights[1][1].isnan().all()
    for one, other in zip(calm.parameters(), beside.parameters(), strict=True):
        torch.testing.assert_close(one[0], other[0])


def test_a_parameter_that_the_loss_does_not_know_stays_as_it_was(train):
    model = MLP(SIZES, "tanh", "xavier", SEEDS)
    model.spare = nn.Parameter(torch.full((3, 2), 5.0))
    fit(model, train, range(3), learning_rate=0.1, optimiser="adam", batch_size=7)
    assert torch.equal(model.spare, torch.full((3, 2), 5.0))


def test_a_parameter_that_wants_no_gradient_stays_as_it_was(train):
    model = MLP(SIZES, "tanh", "xavier", SEEDS)
    before = model.weights[1].requires_grad_(False).clone()
    fit(model, train, range(3), learning_rate=0.1, batch_size=7)
    assert torch.equal(model.weights[1], before)


def test_training_goes_on_from_where_it_stopped(train):
    """The second run lays the parameters side by side anew, and loses nothing."""
    model = MLP(SIZES, "tanh", "xavier", SEEDS)
    fit(model, train, range(5), learning_rate=0.1, batch_size=7)
    before = [parameter.clone() for parameter in model.parameters()]
    fit(model, train, range(2), learning_rate=0.0, batch_size=7)
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))
    fit(model, train, range(1), learning_rate=0.1, batch_size=7)
    assert not any(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))


def test_averaging_over_the_copies_would_be_another_learning_rate(train):
    """The trap: the mean over seeds gives every copy a third of its gradient."""
    model = MLP([5, 2], "tanh", "xavier", seeds=[2, 3, 5])
    logits, labels = model(model.same_for_all(train.inputs)), train.labels.expand(3, -1)
    loss = mean_loss(logits, labels)
    (summed,) = torch.autograd.grad(loss.sum(), [model.weights[0]], retain_graph=True)
    (averaged,) = torch.autograd.grad(loss.mean(), [model.weights[0]])
    alone = MLP([5, 2], "tanh", "xavier", seeds=[3])
    mean_loss(alone(train.inputs[None]), train.labels[None]).sum().backward()
    torch.testing.assert_close(summed[1], alone.weights[0].grad[0])
    torch.testing.assert_close(3 * averaged[1], alone.weights[0].grad[0])


def test_a_seeds_result_does_not_depend_on_the_seeds_beside_it(train):
    alone, beside = (MLP([5, 7, 2], "tanh", "xavier", seeds) for seeds in ([3], [2, 3, 5]))
    lonely, crowded = (
        fit(model, train, range(7), learning_rate=0.1, batch_size=11) for model in (alone, beside)
    )
    torch.testing.assert_close(lonely[0], crowded[1])


def test_training_twice_gives_the_same_bits(train):
    models = [MLP([5, 7, 2], "tanh", "xavier", seeds=[2, 3]) for _ in range(2)]
    runs = [fit(model, train, range(5), learning_rate=0.1, batch_size=7) for model in models]
    assert torch.equal(*runs)
    assert torch.equal(models[0].weights[1], models[1].weights[1])


def test_the_loss_falls(train):
    model = MLP([5, 7, 2], "tanh", "xavier", seeds=[2, 3])
    losses = fit(model, train, range(101), learning_rate=0.1, batch_size=23)
    assert losses.shape == (2, 101)
    assert (losses[:, -1] < losses[:, 0] / 3).all()


def test_a_learning_rate_of_zero_changes_nothing(train):
    model = MLP([5, 2], "tanh", "xavier", seeds=[2])
    before = model.weights[0].detach().clone()
    fit(model, train, range(3), learning_rate=0.0, batch_size=7)
    assert torch.equal(model.weights[0], before)


def test_one_step_is_taken_for_each_item_and_the_items_can_be_a_progress_bar(train):
    shown = []

    def bar(steps):
        for step in steps:
            shown.append(step)
            yield step

    model = MLP([5, 2], "tanh", "xavier", seeds=[2])
    losses = fit(model, train, bar(range(5)), learning_rate=0.1, batch_size=7)
    assert shown == [0, 1, 2, 3, 4]
    assert losses.shape[1] == 5


def test_the_shapes_in_the_signatures_are_executed() -> None:
    with pytest.raises(TypeCheckError):  # one axis too few: no copy for each seed
        mean_loss(torch.zeros(3, 5), torch.zeros(2, 3, dtype=torch.long))


def test_the_best_rate_is_the_one_of_the_best_median(train):
    rates, seeds = (0.003, 0.1, 1e-9), [2, 3, 5]
    tuned = tune(
        MLP([5, 7, 2], "tanh", "xavier", seeds * 3),
        train,
        range(7),
        losses_of(train),
        rates=rates,
        batch_size=7,
    )
    alone = []
    for rate in rates:
        model = MLP([5, 7, 2], "tanh", "xavier", seeds)
        losses = fit(model, train, range(7), learning_rate=rate, batch_size=7)
        alone.append((losses_of(train)(model), losses))
    best = min(range(3), key=lambda n: alone[n][0].median())
    assert tuned.rate == rates[best] == 0.1
    assert tuned.chosen == slice(3, 6)
    torch.testing.assert_close(tuned.measured, alone[best][0])
    torch.testing.assert_close(tuned.losses, alone[best][1])


def losses_of(train):
    def measure(model):
        logits = model(model.same_for_all(train.inputs))
        return mean_loss(logits, train.labels.expand(len(logits), -1)).detach()

    return measure


def test_a_rate_at_which_networks_overflow_is_never_the_best(train):
    def measure(model):  # the first rate's copies overflow
        return torch.tensor([math.nan, math.nan, 3.0, 2.0])

    model = MLP([5, 7, 2], "tanh", "xavier", [2, 3] * 2)
    assert tune(model, train, range(1), measure, rates=(0.1, 0.2), batch_size=7).rate == 0.2


def test_rates_need_as_many_copies_each(train):
    model = MLP([5, 7, 2], "tanh", "xavier", [2, 3, 5])
    with pytest.raises(ValueError, match="as many copies for each of 2 rates, got 3"):
        tune(model, train, range(1), losses_of(train), rates=(0.1, 0.2))


def lengths(model, before):
    """How far each copy has gone, over all its parameters."""
    gone = [
        (p.detach() - b).flatten(1).square().sum(dim=1)
        for p, b in zip(model.parameters(), before, strict=True)
    ]
    return torch.stack(gone).sum(dim=0).sqrt()


def test_a_gradient_that_is_too_long_is_shortened_and_keeps_its_direction(train):
    def moved(clip):
        model = MLP([5, 4, 2], "tanh", "xavier", seeds=[0, 1]).scale_weights([1.0, 30.0])
        before = [p.detach().clone() for p in model.parameters()]
        fit(model, train, range(1), learning_rate=1.0, momentum=0.0, batch_size=23, clip=clip)
        way = torch.cat(
            [(p.detach() - b).flatten(1) for p, b in zip(model.parameters(), before, strict=True)],
            dim=1,
        )
        return lengths(model, before), nn.functional.normalize(way, dim=1)

    free, ways = moved(None)
    limit = float(free.mean())  # between the two
    assert float(free.min()) < limit < float(free.max())
    short, same = moved(limit)
    torch.testing.assert_close(short, free.clamp(max=limit))
    torch.testing.assert_close(same, ways)


@pytest.mark.parametrize(("options", "said"), [
    ({"optimiser": "sgd", "decay": 0.1}, "adamw"),
    ({"optimiser": "adamw", "clip": 0.0}, "above 0"),
])  # fmt: skip
def test_what_an_optimiser_does_not_have_is_refused(train, options, said):
    model = MLP([5, 2], "tanh", "xavier", seeds=[0])
    with pytest.raises(ValueError, match=said):
        fit(model, train, range(1), learning_rate=0.1, batch_size=23, **options)


def test_weights_that_decay_shrink_by_the_decay_times_the_rate():
    same = Examples(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long))
    model = MLP([3, 2], "tanh", "xavier", seeds=[0])
    before = model.weights[0].detach().clone()  # zeros in: only the biases have a gradient
    fit(model, same, range(1), learning_rate=0.5, batch_size=4, optimiser="adamw", decay=0.4)
    torch.testing.assert_close(model.weights[0].detach(), before * (1 - 0.5 * 0.4))
