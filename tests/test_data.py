"""What does the network see?"""

from itertools import islice

import pytest
import torch

from lessonkit.data.digits import digits
from lessonkit.data.examples import Examples, batches


def deal(examples, batch_size, seeds, count):
    return torch.stack(list(islice(batches(examples, batch_size, seeds), count)))


def test_the_digits_are_1347_to_learn_from_and_450_to_be_examined_on():
    train, test = digits()
    assert (len(train), len(test)) == (1347, 450)
    assert train.inputs.shape == (1347, 64)


def test_every_class_has_the_same_share_in_both_parts():
    train, test = digits()
    shares = [torch.bincount(part.labels) / len(part) for part in (train, test)]
    assert torch.allclose(*shares, atol=0.003)


def test_pixels_are_standardised_as_a_whole_and_not_one_by_one():
    train, _ = digits()
    assert train.inputs.mean().abs() < 1e-5
    assert abs(train.inputs.std().item() - 1) < 1e-5
    corner = train.inputs[:, 0]
    assert corner.max() == corner.min()  # always white: a deviation of its own would be 0
    assert torch.isfinite(train.inputs).all()


def test_the_test_part_is_measured_with_the_training_parts_ruler():
    _, test = digits()
    assert 1e-4 < test.inputs.mean().abs() < 0.05  # near 0, yet not forced to 0


def test_the_first_examples_are_the_first_rows():
    examples = Examples(torch.arange(14.0).reshape(7, 2), torch.arange(7))
    assert examples.first(3).labels.tolist() == [0, 1, 2]
    assert torch.equal(examples.first(3).inputs, examples.inputs[:3])


def test_a_deck_deals_every_example_once_before_it_is_shuffled_again():
    dealt = deal(12, 3, seeds=[5], count=8).squeeze(1)  # two decks of four batches
    for deck in (dealt[:4], dealt[4:]):
        assert sorted(deck.flatten().tolist()) == list(range(12))
    assert not torch.equal(dealt[:4], dealt[4:])


def test_cards_that_do_not_fill_a_batch_are_left_out():
    dealt = deal(7, 3, seeds=[2], count=2)
    assert len(set(dealt.flatten().tolist())) == 6


def test_a_seed_sees_the_same_batches_whoever_runs_beside_it():
    alone = deal(11, 3, seeds=[5], count=7)
    beside = deal(11, 3, seeds=[2, 5, 3], count=7)
    assert torch.equal(alone[:, 0], beside[:, 1])


def test_different_seeds_see_different_batches():
    dealt = deal(101, 11, seeds=[2, 3], count=1)
    assert not torch.equal(dealt[:, 0], dealt[:, 1])


def test_batches_leave_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    deal(11, 3, seeds=[2, 3], count=5)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("batch_size", [0, 8])
def test_an_impossible_batch_is_refused_with_the_possible_sizes(batch_size):
    with pytest.raises(ValueError, match=rf"from 1 to 7 .*got {batch_size}"):
        next(batches(7, batch_size, [2]))
