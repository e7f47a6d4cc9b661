"""What does the network see? Lines of text."""

from collections import Counter

import pytest
import torch

from lessonkit.data import reading
from lessonkit.data import tiles as tiles_of
from lessonkit.data.reading import letters, lines, strokes


def spelled(row):
    return "".join(reading.ALPHABET[letter] for letter in row)


def test_the_truth_spells_the_words_that_were_chosen():
    page = lines(23, seed=7)
    for row, opener, filler, noun in zip(
        page.truth["letters"],
        page.truth["openers"],
        page.truth["fillers"],
        page.truth["words"],
        strict=True,
    ):
        words = (reading.OPENERS[opener], reading.FILLERS[filler], reading.NOUNS[noun])
        assert spelled(row) == "".join(words)


@pytest.mark.parametrize(
    ("opener", "noun", "answer"),
    [
        ("who", "ape", "question, animal"),
        ("the", "ape", "statement, animal"),
        ("why", "pea", "question, food"),
        ("see", "tar", "statement, thing"),
    ],
)
def test_an_answer_can_be_found_in_the_head(opener, noun, answer):
    page = lines(3, seed=2, openers=[opener], nouns=[noun])
    assert [reading.ANSWERS[n] for n in page.truth["answers"]] == [answer] * 3


def test_pictures_are_centred_and_ink_is_positive():
    page = lines(11, seed=3)
    assert page.pixels.shape == (11, 1, reading.HEIGHT, reading.WIDTH)
    assert page.pixels.mean(dim=(1, 2, 3)).abs().max() < 1e-5
    assert (page.pixels.amax(dim=(1, 2, 3)) > -page.pixels.amin(dim=(1, 2, 3))).all()


def test_there_is_ink_where_letters_are_and_none_in_the_blanks():
    page = lines(101, seed=5)
    ink = torch.zeros(reading.CELLS)
    for picture, indent in zip(page.pixels[:, 0], page.truth["indent"], strict=True):
        text = picture[:, indent : indent + reading.CELLS * reading.PITCH]
        ink += text.unflatten(1, (reading.CELLS, reading.PITCH)).mean(dim=(0, 2))
    blanks = [place for place in range(reading.CELLS) if place not in reading.PLACES]
    assert len(blanks) == 2
    assert ink[blanks].max() < 0 < ink[list(reading.PLACES)].min()


def test_a_span_holds_its_letter_and_nothing_of_its_neighbours():
    """The second place lies 8 pixels behind the first, the fourth 32: a blank comes between."""
    page = lines(23, seed=5)
    spans = page.truth["spans"]
    assert torch.equal(spans[:, 0, 0], page.truth["indent"])
    assert (spans[0, [1, 3], 0] - spans[0, 0, 0]).tolist() == [8, 32]
    tile, alone = slice(*spans[3, 4]), page.pixels[3, 0].clone()
    alone[:, tile] = 0
    beside = page.pixels[3, 0] - alone
    assert beside[:, tile].max() > 1.5  # the ink is inside
    assert spans[:, :, 1].max() <= reading.WIDTH


def test_the_same_seed_draws_the_same_pictures_and_another_seed_does_not():
    one, again, other = lines(7, seed=2), lines(7, seed=2), lines(7, seed=3)
    assert torch.equal(one.pixels, again.pixels)
    assert all(torch.equal(one.truth[name], again.truth[name]) for name in one.truth)
    assert not torch.equal(one.pixels, other.pixels)


def test_drawing_leaves_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    lines(5, seed=2)
    assert torch.equal(before, torch.get_rng_state())


def test_no_two_pictures_of_one_text_are_alike():
    page = lines(5, seed=2, openers=["who"], fillers=["big"], nouns=["ape"], fonts=["cmr10"])
    assert len({tuple(picture.flatten().tolist()) for picture in page.pixels}) == 5


def test_anagrams_have_the_same_letters_and_another_topic():
    """Without them a bag of letters would do."""
    topics = {noun: topic for topic, nouns in reading.TOPICS.items() for noun in nouns}
    pairs = zip(reading.ANAGRAMS[::2], reading.ANAGRAMS[1::2], strict=True)
    for one, other in pairs:
        assert Counter(one) == Counter(other)
        assert topics[one] != topics[other]


def test_topics_styles_and_kinds_of_sentence_are_as_common():
    assert {len(nouns) for nouns in reading.TOPICS.values()} == {6}
    assert {len(fonts) for fonts in reading.STYLES.values()} == {2}
    assert len(reading.QUESTIONS) == len(reading.STATEMENTS)
    answers = lines(3001, seed=2).truth["answers"].bincount() / 3001
    assert torch.allclose(answers, torch.full((6,), 1 / 6), atol=0.03)


def test_a_style_is_the_one_that_its_font_belongs_to():
    truth = lines(101, seed=3).truth
    styles = list(reading.STYLES)
    for font, style in zip(truth["fonts"], truth["styles"], strict=True):
        assert reading.FONTS[font] in reading.STYLES[styles[style]]


def test_the_words_leave_six_letters_out():
    assert len(reading.LETTERS) == 20
    assert set(reading.ALPHABET) - set(reading.LETTERS) == set("jkqvxz")


@pytest.mark.parametrize(("draw", "kinds"), [(letters, 20), (strokes, 6)])
def test_an_exam_asks_for_every_kind_and_each_picture_holds_copies(draw, kinds):
    one, many = draw(211, 5, copies=1), draw(211, 5, copies=7)
    (label,) = one.truth.values()
    assert set(label.tolist()) == set(range(kinds))
    # More copies, more ink: pixels well above the paper, counted.
    assert (many.pixels > 1.5).sum() > 3 * (one.pixels > 1.5).sum()


def test_every_stroke_looks_different_and_none_is_empty():
    tiles = tiles_of.stroke_tiles()[:, :-1, 3, 0].flatten(2)  # without the blank
    assert tiles.sum(dim=2).min() > 1
    for pen in tiles:
        assert torch.pdist(pen).min() > 0.5


def test_every_letter_of_every_font_is_drawn_and_fits_its_tile():
    tiles = tiles_of.letter_tiles(reading.FONTS + reading.OTHER_FONTS)
    ink = tiles.sum(dim=(4, 5))
    assert ink[:, :-1].min() > 1
    assert ink[:, -1].max() == 0  # the blank
    for font in tiles[:, :-1, 3, 0].flatten(2):
        assert torch.pdist(font).min() > 0.3  # no letter stands for another, no missing glyph


def test_asking_what_nobody_knows_is_refused_with_what_is_known():
    with pytest.raises(ValueError, match="expected one of letters, got 'answers'"):
        letters(3, seed=2).asked("answers")


def test_a_noun_without_a_topic_is_refused():
    with pytest.raises(ValueError, match="nouns of animal, food, thing"):
        lines(3, seed=2, nouns=["ape", "sky"])


@pytest.mark.parametrize("openers", [["who", "what"], ["Who"]])
def test_words_that_do_not_fit_their_cells_are_refused(openers):
    with pytest.raises(ValueError, match="small letters, all as long"):
        lines(3, seed=2, openers=openers)
