"""What is computed?"""

import math

import pytest
import torch
from torch import nn

from lessonkit.models.mlp import ACTIVATIONS, INITIALISATIONS, MLP
from lessonkit.models.norms import batch_norm, layer_norm

SIZES = [7, 5, 11, 3]
TORCH = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "leaky": nn.LeakyReLU,
}


def constant(weight, bias):
    """An initialisation without chance."""
    return lambda inputs, outputs, _: (
        torch.full((outputs, inputs), weight),
        torch.full((outputs,), bias),
    )


def alone(model, copy, activation):
    """The same copy as an ordinary torch network."""
    layers = []
    for weights, biases in zip(model.weights, model.biases, strict=True):
        linear = nn.Linear(*weights.mT.shape[1:])
        with torch.no_grad():
            linear.weight.copy_(weights[copy])
            linear.bias.copy_(biases[copy, 0])
        layers += [linear, TORCH[activation]()]
    return nn.Sequential(*layers[:-1])


def test_a_network_of_twos_and_ones_can_be_worked_out_in_the_head():
    model = MLP([3, 2, 1], "relu", constant(2.0, 1.0), seeds=[0])
    hidden = 2 * (1 + 2 + 3) + 1  # 13, in both units
    output = model(torch.tensor([[[1.0, 2.0, 3.0]]]))
    assert output.item() == 2 * (hidden + hidden) + 1 == 53


def test_the_last_layer_has_no_activation():
    model = MLP([1, 1], "relu", constant(-1.0, 0.0), seeds=[0])
    assert model(torch.tensor([[[5.0]]])).item() == -5  # a ReLU would have made it 0


@pytest.mark.parametrize("activation", TORCH)
def test_the_copies_equal_separate_torch_networks(activation):
    model = MLP(SIZES, activation, "pytorch", seeds=[2, 3, 5])
    inputs = torch.randn(3, 11, 7)
    for copy in range(3):
        expected = alone(model, copy, activation)(inputs[copy])
        torch.testing.assert_close(model(inputs)[copy], expected)


def test_the_copies_learn_as_separate_torch_networks_do():
    model = MLP(SIZES, "tanh", "xavier", seeds=[2, 3, 5])
    inputs = torch.randn(3, 11, 7)
    model(inputs).square().mean(dim=(1, 2)).sum().backward()
    for copy in range(3):
        net = alone(model, copy, "tanh")
        net(inputs[copy]).square().mean().backward()
        for layer, weights in enumerate(model.weights):
            torch.testing.assert_close(weights.grad[copy], net[2 * layer].weight.grad)


def test_a_copy_depends_on_its_own_seed_alone():
    alone, beside = (MLP(SIZES, "tanh", "he", seeds) for seeds in ([5], [2, 5, 3]))
    for one, several in zip(alone.weights, beside.weights, strict=True):
        assert torch.equal(one[0], several[1])


def test_different_seeds_draw_different_weights():
    weights = MLP(SIZES, "tanh", "he", seeds=[2, 3]).weights[0]
    assert not torch.equal(weights[0], weights[1])


def test_drawing_weights_leaves_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    MLP(SIZES, "tanh", "pytorch", seeds=[2])
    assert torch.equal(before, torch.get_rng_state())


def test_depth_counts_the_layers_with_weights_and_signals_are_one_more():
    model = MLP(SIZES, "tanh", "he", seeds=[2])
    signals = model.signals(torch.randn(1, 5, 7))
    assert model.depth == 3
    assert [signal.shape[-1] for signal in signals] == SIZES
    assert torch.equal(signals[-1], model(signals[0]))


def test_any_function_will_do_as_an_activation():
    stretched = MLP(SIZES, lambda z: 2 * torch.sigmoid(2 * z) - 1, "xavier", seeds=[2])
    tanh = MLP(SIZES, "tanh", "xavier", seeds=[2])
    inputs = torch.randn(1, 5, 7)
    torch.testing.assert_close(stretched(inputs), tanh(inputs))


def test_all_copies_can_be_shown_the_same_inputs():
    model = MLP(SIZES, "tanh", "he", seeds=[2, 2])
    logits = model(model.same_for_all(torch.randn(5, 7)))
    assert torch.equal(logits[0], logits[1])


@pytest.mark.parametrize(
    ("name", "variance"),
    [("xavier", 2 / (211 + 307)), ("he", 2 / 211), ("pytorch", 1 / (3 * 211)), ("normal", 1)],
)
def test_weights_have_the_variance_that_the_paper_asks_for(name, variance):
    weights, _ = INITIALISATIONS[name](211, 307, torch.Generator().manual_seed(7))
    assert weights.shape == (307, 211)
    assert weights.var().item() == pytest.approx(variance, rel=0.03)
    assert weights.mean().abs() < 5 * math.sqrt(variance / weights.numel())


def test_nn_linear_is_not_he_whatever_people_say():
    he, pytorch = (
        INITIALISATIONS[name](211, 307, torch.Generator().manual_seed(7))[0].var()
        for name in ("he", "pytorch")
    )
    assert he / pytorch == pytest.approx(6, rel=0.05)  # 2 / n against 1 / 3n


def test_pytorch_draws_as_nn_linear_does():
    weights, biases = INITIALISATIONS["pytorch"](211, 307, torch.Generator().manual_seed(7))
    linear = nn.Linear(211, 307)
    for ours, theirs in ((weights, linear.weight), (biases, linear.bias)):
        assert ours.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=0.02)
        assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.1)


@pytest.mark.parametrize("name", ["xavier", "he", "normal"])
def test_the_papers_biases_start_at_zero(name):
    _, biases = INITIALISATIONS[name](5, 7, torch.Generator())
    assert torch.equal(biases, torch.zeros(7))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'swish'.*" + ", ".join(ACTIVATIONS)):
        MLP(SIZES, "swish", "he", seeds=[2])
    with pytest.raises(ValueError, match="'kaiming'.*" + ", ".join(INITIALISATIONS)):
        MLP(SIZES, "relu", "kaiming", seeds=[2])


def test_an_orthogonal_start_keeps_lengths_where_it_does_not_narrow():
    weights, _ = INITIALISATIONS["orthogonal"](5, 9, torch.Generator().manual_seed(3))
    torch.testing.assert_close(weights.mT @ weights, torch.eye(5))
    weights, _ = INITIALISATIONS["orthogonal"](9, 5, torch.Generator().manual_seed(3))
    torch.testing.assert_close(weights @ weights.mT, torch.eye(5))


def test_weights_are_scaled_copy_by_copy_and_biases_are_not():
    model, plain = (MLP(SIZES, "relu", "pytorch", seeds=[4, 5]) for _ in range(2))
    model.scale_weights([2.0, 0.5])
    for layer, (weights, before) in enumerate(zip(model.weights, plain.weights, strict=True)):
        torch.testing.assert_close(weights[0], before[0] * 2)
        torch.testing.assert_close(weights[1], before[1] * 0.5)
        assert torch.equal(model.biases[layer], plain.biases[layer])


@pytest.mark.parametrize(
    ("norm", "theirs"),
    [
        (batch_norm, nn.BatchNorm1d(6, affine=False, track_running_stats=False)),
        (layer_norm, nn.LayerNorm(6, elementwise_affine=False)),
    ],
)
def test_a_norm_does_to_each_copy_what_torch_does(norm, theirs):
    sums = torch.randn(3, 8, 6) * 5 + 2
    expected = torch.stack([theirs(copy) for copy in sums])
    torch.testing.assert_close(norm(sums), expected)


def test_a_norm_stands_before_every_activation_and_not_before_the_logits():
    model = MLP([7, 5, 3], "relu", "he", seeds=[0], norm=batch_norm)
    inputs = torch.randn(1, 8, 7)
    hidden = torch.relu(batch_norm(model.weighted(0, inputs)))
    torch.testing.assert_close(model(inputs), model.weighted(1, hidden))
