"""The attention that stands in the lesson is the one that everybody means."""

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lessonkit.data.sentences import LENGTH, PRONOUNS, VOCABULARY, to_learn_from
from lessonkit.models.copies import CopiesOf
from lessonkit.press.lesson import script

LESSON = Path(__file__).resolve().parent.parent / "lessons/architectures/attention.py"
D_MODEL, HEADS = 14, 2


@pytest.fixture(scope="module")
def lesson():
    """Return the lesson's own definitions: its cells up to the network, without training."""
    cells = {cell.name: cell.source for cell in script.read(LESSON).code}
    names = dict(globals(), d_model=D_MODEL, lesson=SimpleNamespace(device="cpu"))
    for name in ("attention", "all-at-once", "look", "layer", "parts", "reader"):
        exec(cells[name], names)
    return SimpleNamespace(**names)


def words(*shape):
    return torch.randn(*shape, D_MODEL, generator=torch.Generator().manual_seed(7))


def test_every_row_of_weights_adds_up_to_one(lesson):
    x = words(3, 5)
    assert torch.allclose(lesson.attention(x, x, x)[1].sum(dim=-1), torch.ones(3, 5))


def test_a_forbidden_key_gets_exactly_nothing(lesson):
    x = words(LENGTH)
    weights = lesson.attention(x, x, x, lesson.within(2))[1]
    far = ~lesson.within(2)
    assert (weights[far] == 0).all()
    assert torch.allclose(weights.sum(dim=-1), torch.ones(LENGTH))


def test_several_heads_are_torchs_own_multihead_attention(lesson):
    torch.manual_seed(3)
    ours = lesson.Look(HEADS)
    theirs = nn.MultiheadAttention(D_MODEL, HEADS, bias=False, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.ask.weight)
        theirs.out_proj.weight.copy_(ours.mix.weight)
    x, allowed = words(5, LENGTH), lesson.within(3)
    found, weights = ours(x, allowed)
    expected = theirs(x, x, x, attn_mask=~allowed, average_attn_weights=False)
    assert weights.shape == (5, HEADS, LENGTH, LENGTH)
    torch.testing.assert_close(found, expected[0], atol=1e-6, rtol=0)
    torch.testing.assert_close(weights, expected[1], atol=1e-6, rtol=0)


def test_one_layer_is_torchs_own_encoder_layer(lesson):
    torch.manual_seed(3)
    ours = lesson.Layer(HEADS)
    theirs = nn.TransformerEncoderLayer(
        D_MODEL, HEADS, D_MODEL, dropout=0, batch_first=True, norm_first=True
    )
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(ours.look.ask.weight)
        theirs.self_attn.in_proj_bias.zero_()
        theirs.self_attn.out_proj.weight.copy_(ours.look.mix.weight)
        theirs.self_attn.out_proj.bias.zero_()
        for one, other in ((theirs.linear1, ours.think[1]), (theirs.linear2, ours.think[3])):
            one.load_state_dict(other.state_dict())
    x = words(5, LENGTH)
    torch.testing.assert_close(ours(x, lesson.within(LENGTH))[0], theirs(x), atol=1e-5, rtol=0)


def test_a_cut_takes_one_edge_away_and_no_other(lesson):
    tokens = to_learn_from(3).tokens
    torch.manual_seed(2)
    reader = lesson.Reader((LENGTH, LENGTH), 1)
    cut = torch.zeros(3, 1, LENGTH, LENGTH, dtype=torch.bool)
    cut[1, 0, 7, 5] = True
    whole, maps = (reader(tokens, cut=c, looks=True)[1] for c in (None, cut))
    assert (maps[1, :, :, 7, 5] == 0).all()
    assert ((maps == 0).sum() == 2).all()  # one in each layer
    assert torch.equal(whole[[0, 2]], maps[[0, 2]])


def test_looking_does_not_change_the_answer(lesson):
    tokens = to_learn_from(5).tokens
    nets = CopiesOf(lambda: lesson.Reader((2, LENGTH), HEADS), [2, 3, 5])
    logits, maps = nets(nets.same_for_all(tokens), looks=True)
    assert logits.shape == (3, 5, len(PRONOUNS))
    assert maps.shape == (3, 5, 2, HEADS, LENGTH, LENGTH)
    assert torch.equal(logits, nets(nets.same_for_all(tokens)))


def test_in_one_layer_the_adjective_cannot_move_the_look_from_one_noun_to_the_other(lesson):
    torch.manual_seed(2)
    reader = lesson.Reader((LENGTH,), 1)
    some = to_learn_from(11)
    other = some.tokens.clone()
    other[torch.arange(11), some.adjective] = VOCABULARY.index("rusty")
    each = torch.arange(11)
    ratios = []
    for tokens in (some.tokens, other):
        row = reader(tokens, looks=True)[1][each, 0, 0, some.it]
        ratios.append(row[each, some.right] / row[each, some.wrong])
    torch.testing.assert_close(ratios[0], ratios[1])


def test_without_the_root_attention_is_another_one(lesson):
    x = words(5)
    scaled, plain = (lesson.attention(x * size, x, x)[0] for size in (1, math.sqrt(D_MODEL)))
    expected = nn.functional.scaled_dot_product_attention(x, x, x)
    torch.testing.assert_close(scaled, expected, atol=1e-6, rtol=0)
    assert (plain - expected).abs().max() > 0.1
