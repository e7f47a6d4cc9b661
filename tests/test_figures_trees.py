"""A tree shows what a whole is made of."""

import pytest

from lessonkit.figures.trees import draw_tree
from tests.read_back import check_house

LEVELS = [["M1"], ["W2", "W3"], ["a", "b", "c", "d"]]
NAMES = ["meaning", "words", "letters"]


def drawn():
    return draw_tree(LEVELS, NAMES)


def test_the_tree_keeps_the_rules_of_the_house():
    check_house(drawn)


def test_every_part_is_written_once_and_told():
    drawing = drawn()
    written = [text.get_text() for text in drawing.ax.texts]
    assert sorted(written) == sorted([*NAMES, *(part for level in LEVELS for part in level)])
    assert drawing.says == "A tree of parts. 1 meaning: M1; 2 words: W2 W3; 4 letters: a b c d."
    assert drawing.columns["part"] == ["M1", "W2", "W3", "a", "b", "c", "d"]


def test_every_part_hangs_from_the_one_that_it_belongs_to():
    drawing = drawn()
    place = {text.get_text(): text.get_position()[0] for text in drawing.ax.texts}
    lines = {tuple(line.get_xdata()) for line in drawing.ax.lines}
    pairs = ["M1 W2", "M1 W3", "W2 a", "W2 b", "W3 c", "W3 d"]
    assert lines == {tuple(place[part] for part in pair.split()) for pair in pairs}


def test_parts_that_cannot_be_dealt_out_are_refused():
    with pytest.raises(ValueError, match="under each of 2, got 3 in all"):
        draw_tree([["a", "b"], ["c", "d", "e"]], ["one", "two"])
    with pytest.raises(ValueError, match="a name for each of 3 levels"):
        draw_tree(LEVELS, NAMES[:2])
