"""What happens inside?"""

import copy

import pytest
import torch

from lessonkit.data.examples import Examples
from lessonkit.models.copies import CopiesOf
from lessonkit.models.mlp import MLP
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy, measure_loss
from lessonkit.probes.copying import measure_copying
from lessonkit.probes.gradients import measure_gradients, measure_movement
from lessonkit.probes.lesions import (
    measure_exchanged,
    measure_in_order,
    measure_without_each,
    measure_worst_swap,
)
from lessonkit.probes.signals import (
    count_directions,
    measure_alikeness,
    measure_beyond,
    measure_change,
    measure_directions,
    measure_distances,
    measure_main_axis,
    measure_recall,
    measure_size,
    share_of_main_axis,
)
from lessonkit.training import mean_loss


@pytest.fixture
def examples():
    generator = torch.Generator().manual_seed(7)
    return Examples(
        torch.randn(11, 7, generator=generator), torch.randint(3, (11,), generator=generator)
    )


@pytest.fixture
def model():
    return MLP([7, 5, 5, 3], "tanh", "xavier", seeds=[2, 3])


def ones(inputs, outputs, generator):
    return torch.ones(outputs, inputs), torch.zeros(outputs)


def tiny(inputs, outputs, generator):
    return 1e-12 * torch.randn(outputs, inputs, generator=generator), torch.zeros(outputs)


def identity(inputs, outputs, generator):
    return torch.eye(inputs), torch.zeros(outputs)


def test_a_gradient_can_be_worked_out_in_the_head():
    """The signal 3 reaches both classes alike: each gets 1/2, so the gradients are −3/2 and 3/2.

    Pushing the signal moves both logits alike, which changes nothing: its gradient is 0.
    """
    model = MLP([1, 1, 2], "relu", ones, seeds=[0])
    measured = measure_gradients(model, Examples(torch.tensor([[3.0]]), torch.tensor([0])))
    assert measured.weight_gradient_rms[0].tolist() == pytest.approx([0, 1.5])
    assert measured.signal_gradient_rms.tolist() == [[0]]


def test_weight_gradients_are_those_that_backward_leaves_behind(model, examples):
    measured = measure_gradients(model, examples).weight_gradient_rms
    logits = model(model.same_for_all(examples.inputs))
    mean_loss(logits, examples.labels.expand(2, -1)).sum().backward()
    for layer, weights in enumerate(model.weights):
        expected = weights.grad.square().mean(dim=(1, 2)).sqrt().double()
        torch.testing.assert_close(measured[:, layer], expected, rtol=1e-5, atol=0)


def test_signal_gradients_are_those_of_a_nudge(model, examples):
    """Push all signals of the first hidden layer along their gradient, and see the loss answer."""
    model = model.double()
    examples = Examples(examples.inputs.double(), examples.labels)
    measured = measure_gradients(model, examples).signal_gradient_rms
    assert measured.shape == (2, 2)  # seeds, hidden layers

    _, first, *_ = model.signals(model.same_for_all(examples.inputs))
    first = first.detach().requires_grad_()

    def loss(signal):
        for layer in (1, 2):
            signal = torch.baddbmm(model.biases[layer], signal, model.weights[layer].mT)
            signal = torch.tanh(signal) if layer == 1 else signal
        return mean_loss(signal, examples.labels.expand(2, -1))

    (gradient,) = torch.autograd.grad(loss(first).sum(), first)
    small = 1e-6
    with torch.no_grad():
        answer = (loss(first + small * gradient) - loss(first - small * gradient)) / (2 * small)
    rms = (answer / gradient[0].numel()).sqrt()  # a step along the gradient answers with |g|²
    torch.testing.assert_close(measured[:, 0], rms.detach(), rtol=1e-5, atol=0)


def test_the_norm_is_not_the_root_mean_square(model, examples):
    """The trap: a norm grows with the number of weights, and layers of other sizes would differ."""
    rms = measure_gradients(model, examples).weight_gradient_rms[:, 0]
    logits = model(model.same_for_all(examples.inputs))
    mean_loss(logits, examples.labels.expand(2, -1)).sum().backward()
    norm = model.weights[0].grad.flatten(1).norm(dim=1).double()
    torch.testing.assert_close(norm / rms, torch.full((2,), 35.0).double().sqrt())


def test_gradients_too_small_to_be_squared_in_single_precision_are_still_measured(examples):
    model = MLP([7, 5, 5, 3], "tanh", tiny, seeds=[2])
    smallest = measure_gradients(model, examples).signal_gradient_rms.min()
    assert 0 < smallest < 1e-23
    assert smallest.float().square() == 0  # the trap


def test_a_seeds_gradients_do_not_depend_on_the_seeds_beside_it(model, examples):
    alone = MLP([7, 5, 5, 3], "tanh", "xavier", seeds=[3])
    torch.testing.assert_close(
        measure_gradients(alone, examples).weight_gradient_rms[0],
        measure_gradients(model, examples).weight_gradient_rms[1],
    )


def test_half_the_weights_of_relu_divide_each_layers_gradient_by_two_to_the_other_layers(examples):
    """Exactly, if the blame at the output is held equal: here by labels that no logit can sway."""
    sizes, seeds = [7, 11, 11, 11, 2], [2]
    whole, half = (MLP(sizes, "relu", "he", seeds) for _ in range(2))
    with torch.no_grad():
        for weights in half.weights:
            weights *= 0.5
    signals = [net.signals(net.same_for_all(examples.inputs)) for net in (whole, half)]
    blame = torch.ones_like(signals[0][-1])
    gradients = [
        torch.autograd.grad(layers[-1], list(net.weights), blame)
        for layers, net in zip(signals, (whole, half), strict=True)
    ]
    for strong, weak in zip(*gradients, strict=True):
        torch.testing.assert_close(strong, weak * 2**3)  # three other layers


def test_nothing_has_moved_from_itself(model):
    assert measure_movement(model, copy.deepcopy(model)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_doubled_weights_have_moved_by_their_own_size(model):
    start = copy.deepcopy(model)
    with torch.no_grad():
        model.weights[1][0] *= 2
    assert measure_movement(model, start).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_movement_is_a_share_of_the_start_and_not_of_the_end(model):
    start = copy.deepcopy(model)
    with torch.no_grad():
        model.weights[0] *= 5
    torch.testing.assert_close(
        measure_movement(model, start)[:, 0], torch.tensor([4.0, 4]).double()
    )
    back = measure_movement(start, model)[:, 0]  # the trap: divided by the end it would be 0.8
    torch.testing.assert_close(back, torch.tensor([0.8, 0.8]).double())


def test_accuracy_is_the_share_of_right_answers():
    model = MLP([3, 3], "tanh", identity, seeds=[0])  # says which input is largest
    examples = Examples(torch.eye(3)[[0, 1, 2, 0, 1]], torch.tensor([0, 1, 2, 2, 2]))
    assert measure_accuracy(model, examples).tolist() == [0.6]


def test_options_reach_the_network_in_every_chunk():
    """The trap: an option that is swallowed would leave the answers as they were."""

    class Turned(torch.nn.Linear):
        def forward(self, x, turned=False):
            logits = super().forward(x)
            return -logits if turned else logits

    model = CopiesOf(lambda: Turned(2, 2, bias=False), seeds=[5, 7])
    examples = Examples(torch.randn(3, 2), torch.tensor([0, 1, 1]))
    straight, turned = (measure_accuracy(model, examples, 2, turned=t) for t in (False, True))
    torch.testing.assert_close(straight, 1 - turned)  # of two answers, the other one


@pytest.mark.parametrize(
    "probe",
    [
        measure_gradients,
        measure_accuracy,
        lambda model, _: measure_movement(model, MLP([7, 5, 5, 3], "tanh", "he", [2, 3])),
    ],
    ids=["gradients", "accuracy", "movement"],
)
def test_a_probe_leaves_no_trace(model, examples, probe):
    model.register_buffer("count", torch.tensor([3.0]))
    model.eval()
    model.weights[0].grad = torch.full_like(model.weights[0], 7)
    before = copy.deepcopy(model.state_dict())
    rng = torch.get_rng_state()

    probe(model, examples)

    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(model.weights[0].grad, torch.full_like(model.weights[0], 7))
    assert all(p.grad is None for p in [*model.weights[1:], *model.biases])
    assert all(p.requires_grad for p in model.parameters())
    assert not model.training
    assert not {**model._forward_hooks, **model._forward_pre_hooks, **model._backward_hooks}
    assert torch.equal(rng, torch.get_rng_state())


def test_a_probe_measures_gradients_even_where_the_caller_has_switched_them_off(model, examples):
    with torch.no_grad():
        assert (measure_gradients(model, examples).weight_gradient_rms > 0).all()


# Signals on their way up.


def cloud(*variances: float) -> torch.Tensor:
    """Points (2 seeds, 2 for each axis, axes) with these variances along the axes."""
    axes = torch.diag(torch.tensor(variances, dtype=torch.float64).sqrt())
    return torch.cat([axes, -axes]).expand(2, -1, -1)


@pytest.mark.parametrize(
    ("variances", "count"),
    [((1, 1, 1, 1), 4), ((7, 0, 0), 1), ((3, 3, 0), 2), ((2, 1), 9 / 5), ((100, 0.001, 0.001), 1)],
)
def test_directions_are_counted_by_their_share_of_the_variance(variances, count) -> None:
    counted = count_directions(cloud(*variances))
    torch.testing.assert_close(counted, torch.full((2,), count).double(), atol=1e-4, rtol=0)


def test_turning_moving_and_scaling_a_cloud_leaves_its_directions() -> None:
    chance = torch.Generator().manual_seed(3)
    points = torch.randn(2, 11, 5, generator=chance).double()
    turn = torch.linalg.qr(torch.randn(5, 5, generator=chance).double())[0]
    torch.testing.assert_close(count_directions(points), count_directions(7 * points @ turn + 3))
    unequal = points * torch.tensor([1, 1, 1, 1, 13.0])  # a trap: stretching one axis does not
    assert (count_directions(unequal) < count_directions(points) / 2).all()


def test_a_stack_that_copies_keeps_its_directions_and_changes_nothing() -> None:
    def residual(x, f):
        return x + f(x)

    stack = Stack(residual, 3, 5, 2, 7, "zero", [0, 1])
    inputs = torch.randn(11, 3, generator=torch.Generator().manual_seed(1))
    kept, size = measure_directions(stack, inputs), measure_size(stack, inputs)
    assert kept.shape == size.shape == (2, 6)
    torch.testing.assert_close(kept, kept[:, :1].expand(-1, 6))
    torch.testing.assert_close(size, size[:, :1].expand(-1, 6))
    assert measure_change(stack, inputs).eq(0).all()
    usual = Stack(residual, 3, 5, 2, 7, "he", [0, 1])  # a trap
    assert measure_change(usual, inputs).shape == (2, 5)
    assert measure_change(usual, inputs).gt(0.1).all()


@pytest.mark.parametrize(
    ("variances", "share"), [((1, 1, 1, 1), 1 / 4), ((7, 0, 0), 1), ((3, 1), 3 / 4)]
)
def test_the_main_axis_has_its_share_of_the_variance(variances, share) -> None:
    measured = share_of_main_axis(cloud(*variances))
    torch.testing.assert_close(measured, torch.full((2,), share).double())


def test_one_axis_holds_more_than_one_over_the_directions_but_all_of_a_line() -> None:
    """A share p on one axis makes at most 1 / p² directions, and at least 1 / p."""
    stack = Stack(lambda x, f: f(x), 3, 5, 2, 7, "he", [0, 1])
    inputs = torch.randn(11, 3, generator=torch.Generator().manual_seed(1))
    share, count = measure_main_axis(stack, inputs), measure_directions(stack, inputs)
    assert share.shape == count.shape == (2, 6)
    assert (count <= 1 / share**2 + 1e-9).all()
    assert (count >= 1 / share - 1e-9).all()


def test_distances_are_kept_by_growing_and_turning_and_lost_by_flattening() -> None:
    def plain(x, f):
        return f(x)

    def correlation(start):
        return measure_distances(Stack(plain, 3, 5, 2, 7, start, [0, 1], activation=kept), inputs)

    def kept(x):
        return x

    inputs = torch.randn(13, 3, generator=torch.Generator().manual_seed(1))
    for start in ("orthogonal", "shuffle", lambda he: 7 * torch.eye(5).expand_as(he)):
        torch.testing.assert_close(correlation(start), torch.ones(2).double())
    line = torch.diag(torch.tensor([1.0, 0, 0, 0, 0]))  # a trap: one axis of five
    assert (correlation(lambda he: line.expand_as(he)) < 0.95).all()


def test_what_is_copied_can_be_recalled_and_what_is_dropped_cannot() -> None:
    def kept(x):
        return x

    draw = torch.Generator().manual_seed(1)
    fitted, asked = (torch.randn(n, 4, generator=draw) for n in (200, 5000))
    copying = Stack(lambda x, f: f(x), 4, 4, 2, 7, "orthogonal", [0, 1], activation=kept)
    recall = measure_recall(copying, fitted, asked, 3)
    torch.testing.assert_close(recall, torch.ones(2).double(), rtol=0, atol=1e-4)
    half = torch.diag(torch.tensor([1.0, 1, 0, 0])).expand(1, 4, 4)  # two axes of four
    copying.weights[2].data = half.repeat(2, 1, 1)
    kept_half = measure_recall(copying, fitted, asked, 3)
    torch.testing.assert_close(kept_half, torch.full((2,), 0.5).double(), rtol=0, atol=0.05)
    torch.testing.assert_close(measure_recall(copying, fitted, asked, 2), recall, rtol=0, atol=1e-3)


def test_a_block_puts_out_its_line_and_nothing_beyond_it() -> None:
    def residual(x, f):
        return x + f(x)

    stack = Stack(residual, 3, 5, 2, 7, "he", [0, 1])
    inputs = torch.randn(11, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(measure_beyond(stack, inputs, residual), torch.zeros(2, 5))
    beyond = measure_beyond(stack, inputs, lambda x, f: f(x))  # a trap: without the wire
    carried = [x.abs().amax(dim=(1, 2)) for x in stack.signals(stack.same_for_all(inputs))[1:-2]]
    torch.testing.assert_close(beyond, torch.stack(carried, dim=1))


def test_who_copies_from_the_start_has_nothing_to_learn() -> None:
    numbers = torch.rand(23, 5, generator=torch.Generator().manual_seed(7))
    copier = Stack(lambda x, f: x + f(x), 5, 5, 5, 7, "zero", [2, 3])
    assert torch.equal(measure_copying(copier, numbers, range(3)), torch.zeros(2))
    silent = Stack(lambda x, f: f(x), 5, 5, 5, 7, "zero", [2, 3])  # a trap: it answers 0
    expected = (numbers.square().mean() / numbers.var()).expand(2)
    left = measure_copying(silent, numbers, range(1))
    torch.testing.assert_close(left, expected, rtol=0.01, atol=0)


def test_learning_to_copy_leaves_less_unexplained() -> None:
    numbers = torch.rand(23, 5, generator=torch.Generator().manual_seed(7))

    def left(steps: int) -> torch.Tensor:
        start = Stack(lambda x, f: x + f(x), 5, 5, 5, 7, lambda he: he / 5, [2, 3])
        return measure_copying(start, numbers, range(steps))

    assert (left(53) < left(1) / 2).all()


# Lesions.


def answering(start: str) -> tuple[Stack, Examples]:
    def residual(x, f):
        return x + f(x)

    chance = torch.Generator().manual_seed(2)
    examples = Examples(
        torch.randn(23, 3, generator=chance), torch.randint(0, 2, (23,), generator=chance)
    )
    return Stack(residual, 3, 5, 2, 7, start, [0, 1, 2]), examples


def test_who_copies_does_not_miss_a_block() -> None:
    stack, examples = answering("zero")
    whole = measure_in_order(stack, examples)
    torch.testing.assert_close(whole, measure_accuracy(stack, examples))
    without = measure_without_each(stack, examples)
    assert without.shape == (3, 5)
    torch.testing.assert_close(without, whole[:, None].expand(-1, 5))
    torch.testing.assert_close(measure_worst_swap(stack, examples), whole)


def test_a_block_that_works_is_missed_and_has_its_place() -> None:
    stack, examples = answering("he")
    whole = measure_in_order(stack, examples)
    without = measure_without_each(stack, examples)
    for place, gone in enumerate(stack.blocks):
        order = [block for block in stack.blocks if block != gone]
        torch.testing.assert_close(without[:, place], measure_in_order(stack, examples, order))
    assert (without != whole[:, None]).any()
    by_hand = [
        measure_in_order(stack, examples, order)
        for order in ([2, 1, 3, 4, 5], [1, 3, 2, 4, 5], [1, 2, 4, 3, 5], [1, 2, 3, 5, 4])
    ]
    worst = torch.stack(by_hand).amin(dim=0)
    torch.testing.assert_close(measure_worst_swap(stack, examples), worst)


def test_a_single_block_has_no_neighbour_to_swap() -> None:
    stack = Stack(lambda x, f: f(x), 3, 5, 2, 3, "he", [0])
    with pytest.raises(ValueError, match="at least two blocks to swap, got 1"):
        measure_worst_swap(stack, answering("he")[1])


def test_the_loss_is_torchs_own() -> None:
    stack, examples = answering("he")
    logits = stack(stack.same_for_all(examples.inputs))
    theirs = [torch.nn.functional.cross_entropy(part, examples.labels) for part in logits]
    torch.testing.assert_close(measure_loss(stack, examples), torch.stack(theirs).detach())


class TwoSteps(torch.nn.Module):
    """Double a number, then add one; the answer is 0 above 3.5, else 1."""

    def __init__(self):
        super().__init__()
        self.steps = torch.nn.ModuleList([torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)])
        with torch.no_grad():
            for step, weight, bias in zip(self.steps, (2.0, 1.0), (0.0, 1.0), strict=True):
                step.weight.fill_(weight)
                step.bias.fill_(bias)

    def forward(self, x):
        end = self.steps[1](self.steps[0](x))
        return torch.cat([end - 3.5, torch.zeros_like(end)], dim=-1)


def test_parts_that_change_places_do_their_work_in_the_other_order():
    """2 · 1 + 1 is 3, below 3.5; exchanged, 2 · (1 + 1) is 4."""
    model = CopiesOf(TwoSteps, [2, 3])
    before = [stack.clone() for stack in model.stacks]
    one = Examples(torch.tensor([[1.0]]), torch.tensor([1]))
    assert measure_accuracy(model, one).tolist() == [1, 1]
    assert measure_exchanged(model, one, "steps.0.", "steps.1.").tolist() == [0, 0]
    assert all(torch.equal(old, new) for old, new in zip(before, model.stacks, strict=True))


def test_parts_that_are_not_alike_are_refused():
    one = Examples(torch.tensor([[1.0]]), torch.tensor([1]))
    with pytest.raises(ValueError, match=r"same parameters, got 2 that begin with 'steps\.0\.'"):
        measure_exchanged(CopiesOf(TwoSteps, [2]), one, "steps.0.", "steps.7.")


def test_signals_of_inputs_that_point_one_way_are_alike_and_opposite_ones_are_not():
    model = MLP([2, 2, 2], "tanh", lambda i, o, _: (torch.eye(2), torch.zeros(2)), seeds=[0])
    one = torch.tensor([[1.0, 0.0], [2.0, 0.0]])
    assert measure_alikeness(model, one).item() == pytest.approx(1)
    assert measure_alikeness(model, torch.tensor([[1.0, 0.0], [-3.0, 0.0]])).item() == (
        pytest.approx(-1)
    )
    assert measure_alikeness(model, torch.eye(2)).item() == pytest.approx(0)
