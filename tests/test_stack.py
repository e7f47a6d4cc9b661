"""What is computed by a stack of blocks?"""

import pytest
import torch

from lessonkit.data.examples import Examples
from lessonkit.models.mlp import MLP
from lessonkit.models.stack import STARTS, Stack
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.gradients import measure_gradients
from lessonkit.training import fit

SEEDS = [2, 3, 5]


def plain(x, f):
    return f(x)


def residual(x, f):
    return x + f(x)


def stack(block, depth=7, start="he", seeds=SEEDS):
    return Stack(block, 11, 5, 3, depth, start, seeds)


def filled(value):
    """A start without chance."""
    return lambda weights: torch.full_like(weights, value)


def with_simple_ends(model):
    """An entrance that copies its input, and an exit that copies a positive signal."""
    with torch.no_grad():
        for number in (0, -1):
            model.weights[number].fill_(1)
    return model


@pytest.fixture
def examples():
    generator = torch.Generator().manual_seed(7)
    return Examples(
        torch.randn(23, 11, generator=generator), torch.randint(3, (23,), generator=generator)
    )


def test_a_stack_of_one_unit_can_be_worked_out_in_the_head():
    """Three blocks that double a 5: plain 5 · 2 · 2 · 2, residual 5 · 3 · 3 · 3."""
    for block, expected in ((plain, 5 * 2**3), (residual, 5 * 3**3)):
        model = with_simple_ends(Stack(block, 1, 1, 1, 5, filled(2.0), seeds=[0]))
        assert model(torch.tensor([[[5.0]]])).item() == expected


def test_the_relu_stands_in_front_of_the_layer_and_never_on_the_road():
    model = with_simple_ends(Stack(residual, 1, 1, 1, 3, filled(-1.0), seeds=[0]))
    entered, after = model.signals(torch.tensor([[[-5.0]]]))[1:3]
    assert (entered.item(), after.item()) == (-5, -5)  # ReLU(−5) adds nothing; −5 itself goes on
    entered, after = model.signals(torch.tensor([[[5.0]]]))[1:3]
    assert (entered.item(), after.item()) == (5, 0)


@pytest.mark.parametrize("depth", [2, 3, 7])
def test_a_plain_stack_is_the_perceptron_of_the_same_seeds(depth):
    reference = MLP([11, *[5] * (depth - 1), 3], "relu", "he", SEEDS)
    inputs = torch.randn(3, 13, 11)
    assert torch.equal(stack(plain, depth)(inputs), reference(inputs))


def test_a_residual_stack_equals_the_sum_written_out():
    model = stack(residual, depth=4)
    inputs = torch.randn(3, 13, 11)
    x = inputs @ model.weights[0].mT + model.biases[0]
    for number in (1, 2):
        x = x + torch.relu(x) @ model.weights[number].mT + model.biases[number]
    expected = torch.relu(x) @ model.weights[3].mT + model.biases[3]
    torch.testing.assert_close(model(inputs), expected)


@pytest.mark.parametrize(("block", "start"), [(residual, "zero"), (plain, "identity")])
def test_blocks_that_start_by_copying_make_depth_count_for_nothing(block, start):
    model = stack(block, depth=7, start=start)
    inputs = torch.randn(3, 13, 11)
    assert torch.equal(model(inputs), model(inputs, order=[]))


@pytest.mark.parametrize(("block", "start"), [(residual, "identity"), (plain, "zero")])
def test_the_other_networks_start_does_not_copy(block, start):
    """The trap: doubling, or silence."""
    model = stack(block, depth=7, start=start)
    inputs = torch.randn(3, 13, 11)
    assert not torch.allclose(model(inputs), model(inputs, order=[]))


def test_residual_blocks_that_add_nothing_pass_the_gradient_on_to_the_last_bit(examples):
    signals = measure_gradients(stack(residual, start="zero"), examples).signal_gradient_rms
    assert torch.equal(signals, signals[:, :1].expand_as(signals))


@pytest.mark.parametrize("start", STARTS)
def test_two_starts_of_a_seed_differ_in_nothing_but_the_blocks(start):
    usual, other = stack(plain), stack(plain, start=start)
    for number in (0, -1):
        assert torch.equal(usual.weights[number], other.weights[number])
    assert all(torch.equal(*pair) for pair in zip(usual.biases, other.biases, strict=True))


def test_an_orthogonal_start_turns_signals_and_keeps_their_distances():
    signals = torch.randn(3, 13, 5)
    rotated, drawn = (stack(plain, start=start).weights[1] for start in ("orthogonal", "he"))
    apart = torch.cdist(signals, signals)
    turned = signals @ rotated.mT
    torch.testing.assert_close(torch.cdist(turned, turned), apart, atol=1e-4, rtol=1e-4)
    assert (turned - signals).norm(dim=2).mean() > 0.5 * signals.norm(dim=2).mean()  # no copy
    stretched = signals @ drawn.mT  # the trap: He's own weights do not keep them
    assert not torch.allclose(torch.cdist(stretched, stretched), apart, rtol=0.1)


def test_an_orthogonal_start_prefers_no_direction():
    """Without the signs, q's diagonal would lean to one side: on average a rotation has trace 0."""
    model = stack(plain, 31, "orthogonal", range(31))
    traces = torch.cat([model.weights[n].diagonal(dim1=1, dim2=2).sum(dim=1) for n in model.blocks])
    assert traces.mean().abs() < 0.2  # of 5; their spread is 1, and there are 899


def test_a_shuffled_start_hands_every_signal_on_to_another_place():
    model = stack(plain, start="shuffle")
    for number in model.blocks:
        assert model.weights[number].sum(dim=1).eq(1).all()
        assert model.weights[number].sum(dim=2).eq(1).all()
    signals = torch.rand(3, 13, 5)  # positive, so that the ReLU leaves them
    after = model.layer(1)(signals)
    assert torch.equal(after.sort(dim=2).values, signals.sort(dim=2).values)
    assert not torch.equal(after, signals)
    assert not torch.equal(model.weights[1], model.weights[2])  # each block has its own order


def test_another_activation_makes_the_perceptron_of_that_activation():
    inputs = torch.randn(3, 13, 11)
    model = Stack(plain, 11, 5, 3, 7, "he", SEEDS, activation="tanh")
    reference = MLP([11, *[5] * 6, 3], "tanh", "he", SEEDS)
    assert torch.equal(model(inputs), reference(inputs))
    assert not torch.equal(model(inputs), stack(plain)(inputs))


def test_a_function_makes_its_start_from_hes_weights():
    usual, half = stack(plain), stack(plain, start=lambda weights: weights / 2)
    for number in usual.blocks:
        torch.testing.assert_close(half.weights[number], usual.weights[number] / 2)


def test_a_start_that_works_in_place_changes_no_more_than_its_own_weights():
    usual, halved = stack(plain), stack(plain, start=lambda weights: weights.mul_(0.5))
    torch.testing.assert_close(halved.weights[1], usual.weights[1] / 2)  # halved once, not twice


def test_a_copy_depends_on_its_own_seed_alone():
    alone, beside = stack(residual, seeds=[5]), stack(residual, seeds=[2, 5, 3])
    for one, several in zip(alone.weights, beside.weights, strict=True):
        assert torch.equal(one[0], several[1])


def test_a_block_can_be_left_out_swapped_or_run_twice():
    """On one unit: the blocks multiply by 2, 3 and 5, the order of which does not matter."""
    model = with_simple_ends(Stack(plain, 1, 1, 1, 5, "zero", seeds=[0]))
    with torch.no_grad():
        for number, factor in zip(model.blocks, (2, 3, 5), strict=True):
            model.weights[number].fill_(factor)
    one = torch.ones(1, 1, 1)
    runs = {(): 1, (1, 3): 10, (3, 1, 2): 30, (1, 1, 1): 8}
    assert {order: model(one, order=list(order)).item() for order in runs} == runs


def test_all_blocks_in_their_order_are_the_default():
    model = stack(residual)
    inputs = torch.randn(3, 13, 11)
    assert torch.equal(model(inputs), model(inputs, order=list(model.blocks)))
    assert not torch.equal(model(inputs), model(inputs, order=list(model.blocks)[::-1]))


@pytest.mark.parametrize("order", [[0], [1, 6], [-1]])
def test_a_block_that_does_not_exist_is_refused(order):
    with pytest.raises(ValueError, match="from 1 to 5"):
        stack(plain, depth=7)(torch.randn(3, 13, 11), order=order)


def test_depth_counts_the_entrance_and_the_exit():
    model = stack(plain, depth=7)
    signals = model.signals(torch.randn(3, 13, 11))
    assert (model.depth, len(model.blocks), len(signals)) == (7, 5, 8)
    assert [signal.shape[-1] for signal in signals] == [11, *[5] * 6, 3]


def test_a_stack_without_room_or_with_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        stack(plain, depth=1)
    with pytest.raises(ValueError, match="'ones'.*" + ", ".join(STARTS)):
        stack(plain, start="ones")


@pytest.mark.parametrize("block", [plain, residual])
def test_it_trains_and_is_measured_like_any_network(block, examples):
    model = stack(block, depth=5, start=lambda weights: weights / 2)
    before = measure_gradients(model, examples).weight_gradient_rms
    losses = fit(model, examples, range(53), learning_rate=0.1, batch_size=11)
    assert before.shape == (3, 5)
    assert (losses[:, -5:].mean(dim=1) < losses[:, :5].mean(dim=1)).all()
    assert (measure_accuracy(model, examples) > 1 / 3).all()
