"""What happens inside? One line of text on its way up."""

import pytest
import torch

from lessonkit.data import reading
from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import LineReader
from lessonkit.probes.exams import measure_layers
from lessonkit.probes.following import follow, read_lines, share_right, share_right_topic
from lessonkit.probes.linear import measure_features


@pytest.fixture(scope="module")
def page():
    return reading.lines(211, seed=5)


@pytest.fixture(scope="module")
def model():
    return CopiesOf(lambda: LineReader((2, 3, 5, 7, 11)), [2, 3], together=False)


@pytest.fixture(scope="module")
def features(model, page):
    return measure_features(model, page.pixels)


@pytest.fixture(scope="module")
def found(model, page, features):
    return read_lines(model, page, features)


def test_letters_are_read_in_their_places_and_the_rest_from_the_whole_line(found):
    shapes = {name: tuple(read.shape) for name, (read, _) in found.items()}
    line = (2, 7, 70)  # seeds, layers, held out
    assert shapes == {"letters": (*line, 9), "words": line, "meaning": line, "sentence": line}


def test_the_share_right_is_that_of_the_exam(found, features, page):
    words = share_right(found["words"][0], page.truth["words"])
    torch.testing.assert_close(words, measure_layers(features, page.truth["words"]))


def test_the_line_that_is_followed_is_the_first_one_with_such_a_noun(found, page):
    pixels, middles, read, truth = follow(page, found, reading.ANAGRAMS)
    held_out = page.truth["words"][-70:].tolist()
    one = next(n for n, noun in enumerate(held_out) if reading.NOUNS[noun] in reading.ANAGRAMS)
    assert torch.equal(pixels, page.pixels[len(page) - 70 + one, 0])
    assert truth["words"] == reading.NOUNS[held_out[one]]
    assert "".join(truth["letters"][-3:]) == truth["words"]
    assert middles.diff().tolist() == [8, 8, 16, 8, 8, 16, 8, 8]
    assert [len(read[name][0]) for name in read] == [7, 7, 7, 7]
    assert read["sentence"][0][0] in ("statement", "question")


def test_a_pea_read_as_an_egg_is_food_and_an_ape_is_not():
    pea, egg, ape = (reading.NOUNS.index(noun) for noun in ("pea", "egg", "ape"))
    read = torch.tensor([[[pea, egg, ape, egg]]])
    right = torch.tensor([pea, pea, pea, ape])
    assert share_right_topic(read, right).tolist() == [[pytest.approx(1 / 3)]]


def test_the_trap_what_is_read_right_is_not_counted_as_misread():
    all_right = torch.zeros(1, 1, 3, dtype=torch.int64)
    assert share_right_topic(all_right, all_right[0, 0]).item() == 0
