"""A made-up language: every sentence has one tree, and its counts are exact."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from lessonkit.data.grammar import Grammar, deal_all, own_batches

SMALL = {"classes": 3, "symbols": 5, "synonyms": 2, "levels": 2}


def everything(grammar):
    return torch.arange(len(grammar))


def test_eight_classes_and_four_synonyms_make_131072_sentences():
    assert len(Grammar(0)) == 8 * 4 ** (1 + 2 + 4) == 131_072
    assert len(Grammar(0, synonyms=3)) == 8 * 3**7


def test_all_sentences_of_the_language_differ():
    letters = Grammar(2).tree(everything(Grammar(2)))[-1]
    assert letters.shape == (131_072, 8)
    assert len(letters.unique(dim=0)) == 131_072


def test_every_sentence_parses_to_exactly_the_tree_that_made_it():
    grammar = Grammar(5)
    made = grammar.tree(everything(grammar))
    read = grammar.parse(made[-1])
    assert [level.shape[1] for level in read] == [1, 2, 4, 8]
    assert all(torch.equal(a, b) for a, b in zip(made, read, strict=True))


def test_every_class_has_as_many_sentences():
    classes = Grammar(3).tree(everything(Grammar(3)))[0].flatten()
    assert classes.bincount().tolist() == [16_384] * 8


def test_no_pair_spells_two_things_and_every_thing_has_its_synonyms():
    for rules in Grammar(7).rules:
        pairs = rules.flatten(0, 1)
        assert pairs.shape == (32, 2)
        assert len(pairs.unique(dim=0)) == 32


def test_what_no_rule_spells_is_minus_one_and_so_is_all_above():
    grammar = Grammar(0, **SMALL)
    spelled = {tuple(pair) for pair in grammar.rules[-1].flatten(0, 1).tolist()}
    foreign = next((a, b) for a in range(5) for b in range(5) if (a, b) not in spelled)
    letters = grammar.tree(torch.tensor([0]))[-1].clone()
    letters[0, :2] = torch.tensor(foreign)
    top, words, _ = grammar.parse(letters)
    assert top.tolist() == [[-1]]
    assert words[0, 0] == -1
    assert words[0, 1] >= 0


def test_a_seed_draws_its_own_language_and_always_the_same():
    one, again, other = Grammar(2), Grammar(2), Grammar(3)
    assert all(torch.equal(a, b) for a, b in zip(one.rules, again.rules, strict=True))
    assert not torch.equal(one.rules[-1], other.rules[-1])


def test_the_exam_is_the_same_for_every_size_of_training_and_shares_no_sentence_with_it():
    grammar = Grammar(1, **SMALL)
    exam, train = grammar.deal(7, 11)
    again, _ = grammar.deal(7, 5)
    assert (len(exam), len(train)) == (7, 11)
    assert torch.equal(exam.inputs, again.inputs)
    both = torch.cat([exam.inputs, train.inputs])
    assert len(both.unique(dim=0)) == 18


def test_inputs_are_one_hot_and_give_the_letters_back():
    grammar = Grammar(1, **SMALL)
    (some,) = grammar.deal(11)
    assert some.inputs.shape == (11, 4 * 5)
    assert some.inputs.sum(dim=1).tolist() == [4.0] * 11
    letters = some.inputs.unflatten(1, (4, 5)).argmax(dim=2)
    assert torch.equal(grammar.parse(letters)[0].squeeze(1), some.labels)


@pytest.mark.parametrize(("symbol", "changed"), [(0, 8), (1, 4), (2, 4), (3, 2), (6, 2)])
def test_a_respelled_thing_keeps_its_meaning_and_everything_outside_it(symbol, changed):
    grammar = Grammar(4)
    before = grammar.tree(grammar.draw(97))
    after = grammar.tree(grammar.respell(grammar.draw(97), symbol))
    assert torch.equal(before[0], after[0])
    differ = (before[-1] != after[-1]).any(dim=0)
    assert differ.sum() <= changed
    level, place = (symbol + 1).bit_length() - 1, symbol + 1 - 2 ** ((symbol + 1).bit_length() - 1)
    assert torch.equal(before[level], after[level])
    below = slice(2 * place, 2 * place + 2)
    assert (before[level + 1][:, below] != after[level + 1][:, below]).any(dim=1).all()


def test_four_respellings_lead_back():
    grammar, numbers = Grammar(4), Grammar(4).draw(13)
    again = numbers
    for _ in range(grammar.synonyms):
        again = grammar.respell(again, 2)
    assert torch.equal(again, numbers)


def test_what_cannot_be_is_refused_with_what_can():
    with pytest.raises(ValueError, match=r"at most 25 spellings.* got 30"):
        Grammar(0, classes=3, symbols=5, synonyms=6)
    grammar = Grammar(0, **SMALL)
    with pytest.raises(ValueError, match=r"at most 24 sentences, got 25"):
        grammar.deal(20, 5)
    with pytest.raises(ValueError, match=r"numbers from 0 to 23"):
        grammar.tree(torch.tensor([24]))
    with pytest.raises(ValueError, match=r"from 0 \(the class\) to 2, got 3"):
        grammar.respell(torch.tensor([0]), 3)


def test_side_by_side_every_grammar_deals_what_it_deals_alone():
    grammars = [Grammar(seed, **SMALL) for seed in (2, 3, 5)]
    exam, train = deal_all(grammars, 7, 11)
    assert exam[0].shape == (3, 7, 20)
    assert train[1].shape == (3, 11)
    alone = grammars[1].deal(7, 11)[1]
    assert torch.equal(train[0][1], alone.inputs)
    assert torch.equal(train[1][1], alone.labels)


def test_a_copy_sees_its_own_examples_at_every_learning_rate_and_no_others():
    labels = torch.arange(2 * 13).view(2, 13)
    inputs = labels.unsqueeze(2).float()
    for seen, answers in islice(own_batches(inputs, labels, 5, [7, 8, 7, 8]), 5):
        assert seen.shape == (4, 5, 1)
        assert torch.equal(seen.squeeze(2).long(), answers)
        assert (answers // 13).tolist() == [[0] * 5, [1] * 5, [0] * 5, [1] * 5]
        assert torch.equal(answers[:2], answers[2:])
