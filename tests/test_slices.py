"""How does the loss rise around a network?"""

import torch

from lessonkit.data.digits import digits
from lessonkit.models.mlp import MLP
from lessonkit.probes.accuracy import measure_loss
from lessonkit.probes.slices import measure_rise, measure_slice

SOME = digits()[0].first(32)
SEEDS = [3, 4]


def network(seeds=SEEDS, factor=1.0):
    """Return a ReLU network; a factor moves size from the second layer to the first one."""
    net = MLP([64, 8, 8, 10], "relu", "he", seeds)
    with torch.no_grad():
        net.weights[0].mul_(factor)
        net.weights[1].div_(factor)
    return net


def test_the_middle_of_a_slice_is_the_network_itself():
    square = measure_slice(network(), SOME, reach=1.0, points=5)
    assert square.shape == (2, 5, 5)
    torch.testing.assert_close(square[:, 2, 2], measure_loss(network(), SOME))
    assert square[:, 0, 0].ne(square[:, 2, 2]).all()


def test_a_copy_depends_on_its_own_seed_alone():
    both = measure_slice(network(), SOME, reach=1.0, points=3)
    torch.testing.assert_close(both[1:], measure_slice(network([4]), SOME, reach=1.0, points=3))


def test_measuring_leaves_the_weights_alone():
    net, before = network(), network()
    measure_rise(net, SOME, by=1.0, noise=0.5)
    for one, other in zip(net.parameters(), before.parameters(), strict=True):
        assert one.equal(other)


def test_noise_as_long_as_the_weights_does_not_see_how_a_network_is_written():
    def rise(factor, **ruler):
        return measure_rise(network(factor=factor), SOME, **ruler)

    torch.testing.assert_close(rise(8.0, by=0.5), rise(1.0, by=0.5), rtol=1e-4, atol=1e-4)
    assert (rise(32.0, by=1.0, noise=0.1) > 1.5 * rise(1.0, by=1.0, noise=0.1)).all()


def test_no_distance_is_no_rise():
    torch.testing.assert_close(measure_rise(network(), SOME, by=0.0), measure_loss(network(), SOME))
