"""Sentences with an "it", and who it is."""

import pytest
import torch

from lessonkit.data import sentences
from lessonkit.data.sentences import LENGTH, PRONOUNS, VOCABULARY, held_out, read, twins

TIRED = "the cat sat on the mat today mainly because it was tired"
SOFT = "the cat sat on the mat today mainly because it was soft"


def pairs(some):
    """Return every pair of nouns, the animal first."""
    nouns = torch.stack([some.tokens.gather(1, p[:, None])[:, 0] for p in (some.right, some.wrong)])
    return [(VOCABULARY[a], VOCABULARY[b]) for a, b in nouns.sort(dim=0).values.T.tolist()]


def test_whoever_is_tired_is_the_cat_and_whatever_is_soft_is_the_mat():
    both = read([TIRED, SOFT])
    assert both.right.tolist() == [1, 5]
    assert both.wrong.tolist() == [5, 1]
    assert both.it.tolist() == [9, 9]
    assert both.adjective.tolist() == [11, 11]
    assert [PRONOUNS[p] for p in both.pronouns] == ["ka", "lo"]
    assert both.about_animals.tolist() == [True, False]
    assert both.right_is_nearer.tolist() == [False, True]


def test_a_sentence_can_be_read_back():
    assert " ".join(read([SOFT, TIRED]).words(1)) == TIRED


def test_the_places_follow_the_words_wherever_today_stands():
    moved = read(["today the mat lay near the cat mainly because it was shy"])
    assert (moved.it.item(), moved.right.item(), moved.wrong.item()) == (9, 6, 2)


def test_each_pronoun_stands_for_five_animals_and_five_things():
    for kind in (sentences.ANIMALS, sentences.THINGS):
        assert set(kind) == set(PRONOUNS)
        assert all(len(nouns) == 5 for nouns in kind.values())


def test_no_word_has_two_meanings():
    kinds = [sentences.FEELINGS, sentences.QUALITIES]
    kinds += [nouns for kind in (sentences.ANIMALS, sentences.THINGS) for nouns in kind.values()]
    words = [word for kind in kinds for word in kind]
    verbs = " ".join(sentences.ANIMALS_DO + sentences.THINGS_DO).split()
    assert len(words) == len(set(words) - set(verbs))
    assert len(VOCABULARY) == len(set(VOCABULARY))


def test_every_fifth_pair_is_held_out_and_cat_and_mat_are_one_of_them():
    animals = [noun for nouns in sentences.ANIMALS.values() for noun in nouns]
    things = [noun for nouns in sentences.THINGS.values() for noun in nouns]
    grid = torch.tensor([[held_out(a, t) for t in things] for a in animals])
    assert held_out("cat", "mat")
    assert not held_out("cat", "box")
    assert (grid.sum(dim=0) == 4).all()
    assert (grid.sum(dim=1) == 4).all()


def test_no_held_out_pair_is_learned_from_and_all_others_are():
    learned = set(pairs(sentences.to_learn_from(7001)))
    assert not any(held_out(*pair) for pair in learned)
    assert len(learned) == 320


def test_the_exam_asks_about_held_out_pairs_only():
    asked = pairs(twins())
    assert all(held_out(*pair) for pair in asked)
    assert len(set(asked)) == 60


def test_twins_differ_in_the_adjective_alone_and_in_who_is_meant():
    exam = twins()
    one, other = exam[0::2], exam[1::2]
    assert len(one) == len(other) == 360
    changed = one.tokens != other.tokens
    assert (changed.sum(dim=1) == 1).all()
    assert torch.equal(changed.int().argmax(dim=1), one.adjective)
    assert torch.equal(one.right, other.wrong)
    assert one.about_animals.all()
    assert not other.about_animals.any()
    assert (one.pronouns != other.pronouns).all()


def test_whatever_ignores_the_adjective_is_right_about_exactly_half_of_the_exam():
    assert twins().right_is_nearer.double().mean() == 0.5


def test_no_pronoun_is_a_better_guess_than_another():
    assert torch.bincount(twins().pronouns).tolist() == [180] * 4


def test_the_noun_that_is_named_last_is_the_right_one_as_often_as_the_first():
    learned = sentences.to_learn_from(7001)
    for share in (learned.right_is_nearer, learned.about_animals):
        assert abs(share.double().mean() - 0.5) < 0.02


def test_tired_is_about_the_animal_named_first_and_soft_about_the_thing_named_last():
    cases = read([TIRED, SOFT]).cases
    texts = {c: [" ".join(part.words(n)) for n in range(len(part))] for c, part in cases.items()}
    assert texts == {
        ("the animal", "named first"): [TIRED],
        ("the animal", "named last"): [],
        ("the thing", "named first"): [],
        ("the thing", "named last"): [SOFT],
    }


def test_the_exam_has_as_many_of_each_case_and_none_twice():
    cases = twins().cases.values()
    assert [len(case) for case in cases] == [180] * 4
    texts = {tuple(row) for case in cases for row in case.tokens.tolist()}
    assert texts == {tuple(row) for row in twins().tokens.tolist()}


def test_the_same_sentences_come_at_every_call_and_more_begin_like_fewer():
    few, more = sentences.to_learn_from(11), sentences.to_learn_from(13)
    assert torch.equal(few.tokens, more.tokens[:11])
    assert torch.equal(twins().tokens, twins().tokens)


def test_a_network_is_given_words_and_pronouns_and_no_places():
    some = read([TIRED, SOFT])
    assert some.examples.inputs.shape == (2, LENGTH)
    assert torch.equal(some.examples.labels, some.pronouns)


def test_sentences_are_chosen_by_slices_numbers_and_masks():
    some = sentences.to_learn_from(7)
    mask = torch.tensor([False, True, False, True, False, False, False])
    for chosen in (slice(1, 4, 2), torch.tensor([1, 3]), mask):
        assert torch.equal(some[chosen].tokens, some.tokens[[1, 3]])
        assert torch.equal(some[chosen].right, some.right[[1, 3]])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (TIRED.replace("cat", "unicorn"), r"unknown: unicorn"),
        (TIRED.replace("today ", ""), r"expected 12 words .*got 11"),
        (TIRED.replace("mat", "dog"), r"one animal, one thing.*got \[2, 0, 1, 1\]"),
        (TIRED.replace("today", "soft"), r"one adjective.*got \[1, 1, 2, 1\]"),
    ],
)
def test_a_sentence_that_leaves_it_open_is_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read([SOFT, text])


def test_the_other_answer_is_the_twins_and_never_ones_own():
    exam = twins()
    other = exam.exchanged
    assert torch.equal(other.inputs, exam.tokens)
    assert (other.labels != exam.pronouns).all()
    assert torch.equal(other.labels[::2], exam.pronouns[1::2])


def test_the_verb_stands_behind_the_noun_that_is_named_first():
    exam = twins()
    verbs = {VOCABULARY[token] for token in exam.tokens.gather(1, exam.verb[:, None]).flatten()}
    assert verbs == {verb.split()[0] for verb in (*sentences.ANIMALS_DO, *sentences.THINGS_DO)}
