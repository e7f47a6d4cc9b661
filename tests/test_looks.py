"""Where does a word look, and do two networks look alike?"""

import copy

import pytest
import torch
from torch import nn

from lessonkit.data.sentences import read, twins
from lessonkit.models.copies import CopiesOf
from lessonkit.probes.looks import (
    lead_of_paler,
    measure_looks,
    measure_maps,
    measure_one_way,
    measure_twin_gap,
    overlap,
    right_looks,
    rows_at,
    weight_on,
)

SEEDS, BATCH, LAYERS, HEADS, WORDS = 2, 5, 3, 7, 11
TIRED = "the cat sat on the mat today mainly because it was tired"
SOFT = "the cat sat on the mat today mainly because it was soft"
PLACES = torch.tensor([0, 10, 3, 3, 7])


@pytest.fixture
def maps():
    chance = torch.Generator().manual_seed(7)
    scores = torch.randn(SEEDS, BATCH, LAYERS, HEADS, WORDS, WORDS, generator=chance)
    return scores.softmax(dim=-1)


class Sloped(nn.Module):
    """Two layers with two heads. The score of a word is its place, times −1, 0, 1, 2."""

    def __init__(self):
        super().__init__()
        self.slopes = nn.Parameter(torch.tensor([[-1.0, 0.0], [1.0, 2.0]]))  # (layers, heads)

    def forward(self, tokens, looks=False):
        words = tokens.shape[-1]
        scores = self.slopes[..., None, None] * torch.arange(words)
        weights = scores.softmax(dim=-1).expand(len(tokens), 2, 2, words, words)
        answer = tokens.sum(dim=-1) * self.slopes.sum()
        return (answer, weights) if looks else answer


def test_maps_are_those_that_the_network_shows_and_leave_no_trace():
    model = CopiesOf(Sloped, seeds=[2, 3, 5])
    tokens = torch.arange(10).view(2, 5)
    before, dice = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    maps = measure_maps(model, tokens)
    assert maps.shape == (3, 2, 2, 2, 5, 5)  # seeds, batch, layers, heads, query, key
    assert torch.equal(maps[:, :, 0, 1], torch.full((3, 2, 5, 5), 1 / 5))
    assert not maps.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(dice, torch.get_rng_state())


def test_the_look_of_it_is_its_row_in_the_last_layer():
    model, pair = CopiesOf(Sloped, seeds=[2, 3]), read([TIRED, SOFT])
    looks = measure_looks(model, pair)
    assert looks.shape == (2, 2, 2, 12)  # seeds, sentences, heads, key
    assert torch.equal(looks, measure_maps(model, pair.tokens)[:, :, -1, :, 9])
    assert (looks.diff(dim=-1) > 0).all()  # the trap: in the first layer weights fall, or are equal


def test_who_looks_at_later_words_is_right_about_the_mat_and_wrong_about_the_cat():
    right = right_looks(CopiesOf(Sloped, seeds=[2]), read([TIRED, SOFT]))
    assert right.tolist() == [[[False, False], [True, True]]]  # (seeds, sentences, heads)


def test_who_ignores_the_adjective_looks_right_in_exactly_half_of_the_exam():
    right = right_looks(CopiesOf(Sloped, seeds=[2]), twins())
    assert right.double().mean() == 0.5


def test_a_look_is_of_the_layer_that_is_asked_for():
    model, pair = CopiesOf(Sloped, seeds=[2]), read([TIRED, SOFT])
    looks = measure_looks(model, pair, layer=0)
    assert torch.equal(looks, measure_maps(model, pair.tokens)[:, :, 0, :, 9])


class Staring(nn.Module):
    """One layer, one head: every word gives the cat 3/4 of its weight, and "it" the rest."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.75))

    def forward(self, tokens, looks=False):
        cat, it = torch.zeros(12), torch.zeros(12)
        cat[1], it[9] = 1, 1
        row = self.weight * cat + (1 - self.weight) * it
        maps = row.expand(len(tokens), 1, 1, 12, 12)
        return (tokens.sum(dim=-1), maps) if looks else tokens.sum(dim=-1)


def test_who_looks_back_as_much_as_it_is_looked_at_has_no_direction():
    """It gives the cat 3/4, the cat gives it 1/4: they differ by one half."""
    model = CopiesOf(Staring, seeds=[2, 3])
    assert measure_one_way(model, read([TIRED])).tolist() == [0.5, 0.5]
    with torch.no_grad():
        model.stacks[0].fill_(0.5)  # the trap: both ways alike
    assert measure_one_way(model, read([TIRED])).tolist() == [0, 0]


class Nosy(nn.Module):
    """Answers with the number of the last word, unless "it" may not see it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, tokens, cut=None):
        seen = 1.0 if cut is None else (~cut[9, 11]).float()
        return self.weight * seen * tokens[:, 11:].float()


def test_twins_get_one_answer_where_it_may_not_see_what_comes_later():
    model, pair = CopiesOf(Nosy, seeds=[2, 3]), read([TIRED, SOFT])
    later = torch.ones(12, 12, dtype=torch.bool).triu(1)
    apart = (pair.tokens[0, 11] - pair.tokens[1, 11]).abs().item()
    assert measure_twin_gap(model, pair).tolist() == [apart, apart]
    assert measure_twin_gap(model, pair, later).tolist() == [0, 0]
    assert measure_twin_gap(model, pair, later.T).tolist() == [apart, apart]  # the trap


def test_a_row_is_read_where_its_word_stands():
    """Two words: the second looks at the first with 3/4 of its weight."""
    one = torch.tensor([[0.5, 0.5], [0.75, 0.25]])[None, None, None]  # (seeds, batch, heads, …)
    row = rows_at(one, torch.tensor([1]))
    assert row.tolist() == [[[[0.75, 0.25]]]]
    assert weight_on(row, torch.tensor([0])).tolist() == [[[0.75]]]


def test_rows_and_weights_are_those_of_plain_indexing(maps):
    looked_at = torch.tensor([10, 0, 2, 3, 5])
    rows = rows_at(maps, PLACES)
    weights = weight_on(rows, looked_at)
    assert rows.shape == (SEEDS, BATCH, LAYERS, HEADS, WORDS)
    assert weights.shape == (SEEDS, BATCH, LAYERS, HEADS)
    for n, (query, key) in enumerate(zip(PLACES, looked_at, strict=True)):
        assert torch.equal(rows[:, n], maps[:, n, :, :, query])
        assert torch.equal(weights[:, n], maps[:, n, :, :, query, key])


def test_layers_may_be_left_out(maps):
    assert torch.equal(rows_at(maps, PLACES)[:, :, -1], rows_at(maps[:, :, -1], PLACES))


def test_a_row_still_adds_up_to_one(maps):
    total = rows_at(maps, PLACES).sum(dim=-1)
    torch.testing.assert_close(total, torch.ones_like(total))


def test_a_column_is_not_a_row(maps):
    """The trap: who looks *at* the word, instead of where the word looks."""
    column = rows_at(maps.mT, PLACES)
    assert (column.sum(dim=-1) - 1).abs().max() > 0.1


def test_half_the_weight_in_common_is_an_overlap_of_one_half():
    rows = torch.tensor([[[0.5, 0.5, 0.0]], [[0.0, 0.5, 0.5]]])  # two seeds, one sentence
    assert overlap(rows).tolist() == [0.5, 0.5]


def test_equal_looks_overlap_wholly_and_looks_at_other_words_not_at_all():
    same, other = [1.0, 0.0], [0.0, 1.0]
    assert overlap(torch.tensor([[same], [same]])).tolist() == [1, 1]
    assert overlap(torch.tensor([[same], [other]])).tolist() == [0, 0]


def test_a_seed_is_not_compared_with_itself():
    """The trap: with itself among the others, each of three loners would overlap a little."""
    assert overlap(torch.eye(3)[:, None]).tolist() == [0, 0, 0]


def test_overlap_is_one_minus_the_total_variation_distance(maps):
    rows = maps[:, :, 0, 0, 3]
    distance = (rows[0] - rows[1]).abs().sum(dim=-1).mean() / 2
    torch.testing.assert_close(overlap(rows), (1 - distance).expand(2))


def test_the_overlap_is_the_median_over_the_others():
    """One twin, one near, one stranger: 1, 1/2 and 0 for the first."""
    looks = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])[:, None]
    assert overlap(looks)[0] == 0.5


def test_a_single_seed_has_no_other():
    with pytest.raises(ValueError, match="at least 2 seeds"):
        overlap(torch.ones(1, 3, 1))


def test_nothing_is_changed(maps):
    before = maps.clone()
    rows = rows_at(maps, PLACES)
    weight_on(rows, PLACES)
    overlap(rows[:, :, 0, 0])
    assert torch.equal(maps, before)


def test_the_paler_kind_is_each_networks_own():
    weight = {"animal": torch.tensor([0.125, 0.75]), "thing": torch.tensor([0.5, 0.25])}
    right = {"thing": torch.tensor([0.25, 1.0]), "animal": torch.tensor([1.0, 0.5])}
    assert lead_of_paler(weight, right).tolist() == [0.75, 0.5]
