"""What does a network compute that reads piece by piece?"""

import pytest
import torch
from torch import nn

from lessonkit.data.examples import Examples
from lessonkit.models.recurrent import Recurrent
from lessonkit.probes.lengths import measure_blame, measure_gradient_length
from lessonkit.training import mean_loss


@pytest.fixture
def examples():
    generator = torch.Generator().manual_seed(7)
    return Examples(
        torch.randn(11, 6, generator=generator), torch.randint(3, (11,), generator=generator)
    )


def test_each_copy_equals_a_recurrent_network_of_torch(examples):
    model = Recurrent(2, 5, 3, "tanh", "orthogonal", seeds=[2, 3])
    inputs = model.same_for_all(examples.inputs)
    for copy in range(2):
        theirs = nn.RNN(2, 5, batch_first=True)
        entrance, loop, way_out = (weights[copy] for weights in model.weights)
        with torch.no_grad():
            theirs.weight_ih_l0.copy_(entrance)
            theirs.weight_hh_l0.copy_(loop)
            theirs.bias_ih_l0.zero_()
            theirs.bias_hh_l0.zero_()
        states, _ = theirs(examples.inputs.view(11, 3, 2))
        ours = model.signals(inputs)
        torch.testing.assert_close(torch.stack(ours[1:-1], dim=2)[copy], states)
        torch.testing.assert_close(ours[-1][copy], states[:, -1] @ way_out.mT)


def test_a_loop_of_one_weight_multiplies_at_every_piece():
    model = Recurrent(1, 1, 1, "relu", "orthogonal", seeds=[0])
    with torch.no_grad():
        for weights, value in zip(model.weights, (1.0, 1.0, 1.0), strict=True):
            weights.fill_(value)
    model.scale_loop(3.0)
    assert model(torch.tensor([[[1.0, 0.0, 0.0]]])).item() == 9


def test_a_copy_depends_on_its_own_seed_and_another_start_changes_the_loop_alone():
    one, two = (Recurrent(2, 5, 3, "relu", start, seeds=[4, 9]) for start in ("he", "orthogonal"))
    alone = Recurrent(2, 5, 3, "relu", "he", seeds=[9])
    for both, single in zip(one.parameters(), alone.parameters(), strict=True):
        assert both[1].equal(single[0])
    same = [a.equal(b) for a, b in zip(one.weights, two.weights, strict=True)]
    assert same == [True, False, True]


def test_the_blame_of_a_state_shrinks_by_the_loop(examples):
    model = Recurrent(2, 5, 3, "relu", "he", seeds=[0, 1])
    with torch.no_grad():
        model.weights[0].abs_()  # with positive inputs no unit is ever off
        model.weights[1].copy_(0.5 * torch.eye(5))
    positive = Examples(examples.inputs.abs(), examples.labels)
    blame = measure_blame(model, positive)
    torch.testing.assert_close(blame[:, :-1] / blame[:, 1:], torch.full((2, 2), 0.5).double())


def test_the_length_of_a_gradient_is_that_of_all_parameters_together(examples):
    model = Recurrent(2, 5, 3, "tanh", "xavier", seeds=[0, 1])
    measured = measure_gradient_length(model, examples)
    logits = model(model.same_for_all(examples.inputs))
    mean_loss(logits, examples.labels.expand(2, -1)).sum().backward()
    every = torch.cat([p.grad.flatten(1) for p in model.parameters()], dim=1).double()
    torch.testing.assert_close(measured, every.norm(dim=1))


@pytest.mark.parametrize(("activation", "start"), [("step", "he"), ("relu", "best")])
def test_what_it_does_not_know_is_refused(activation, start):
    with pytest.raises(ValueError, match="expected one of"):
        Recurrent(2, 5, 3, activation, start, seeds=[0])


def test_features_come_in_whole_pieces():
    with pytest.raises(ValueError, match="pieces of 4, got 6"):
        Recurrent(4, 5, 3, "relu", "he", seeds=[0])(torch.zeros(1, 2, 6))
