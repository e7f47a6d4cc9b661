"""How are ideas drawn?"""

import pytest
from matplotlib.patches import Rectangle

from lessonkit.figures import diagrams
from lessonkit.figures.conditions import CONDITIONS, PALETTE
from lessonkit.figures.style import WIDTH
from tests.read_back import assert_drawn, check_house

SEEN = ["cat", "mat", "sat"]


def lookup():
    scores = ["ln 6", "ln 3", "ln 1"]
    return diagrams.draw_lookup("it", SEEN, scores, [0.6, 0.3, 0.1], [10, 20, 0], note="of 10")


def blocks():
    return diagrams.draw_blocks(5, 0.5, 5.5)


def views():
    return diagrams.draw_views("who big ape", [11, 22, 96])


EVERY = pytest.mark.parametrize("draw", [lookup, blocks, views])


def written(drawing):
    return [text.get_text() for text in drawing.ax.texts]


def bars(drawing, colour="blue"):
    found = [patch for patch in drawing.ax.patches if isinstance(patch, Rectangle)]
    return [bar.get_width() for bar in found if hexed(bar) == PALETTE[colour]]


def hexed(patch):
    return "#" + "".join(f"{round(255 * part):02x}" for part in patch.get_facecolor()[:3])


@EVERY
def test_every_drawing_keeps_the_rules_of_the_house(draw):
    check_house(draw)


def test_the_lookup_adds_up_the_weighted_values():
    drawing = lookup()
    assert drawing.says == (
        "it asks. cat: score ln 6, weight 0.6, value 10; mat: score ln 3, weight 0.3, value 20; "
        "sat: score ln 1, weight 0.1, value 0; together 12."
    )
    assert drawing.columns["together"] == [12, 12, 12]


def check_lookup(drawing):
    assert_drawn([wide / 0.64 for wide in bars(drawing)], drawing.columns["weight"])
    told = {
        f"{number:g}"
        for name in ("weight", "value", "together")
        for number in drawing.columns[name]
    }
    assert told | {*drawing.columns["word"], *drawing.columns["score"]} <= set(written(drawing))


def test_the_columns_of_a_lookup_are_what_is_drawn():
    check_lookup(lookup())


def test_a_bar_of_another_weight_is_found():
    drawing = lookup()
    next(
        p for p in drawing.ax.patches if hexed(p) == PALETTE["blue"] and isinstance(p, Rectangle)
    ).set_width(0.5)
    with pytest.raises(AssertionError):
        check_lookup(drawing)


def test_both_blocks_say_what_goes_in_and_what_comes_out():
    drawing = blocks()
    assert written(drawing).count("x = 5") == 2
    assert {"f(x) = 0.5", "x + f(x) = 5.5"} <= set(written(drawing))
    assert drawing.columns == {"x": [5], "f(x)": [0.5], "x + f(x)": [5.5]}


def test_only_the_residual_block_has_a_wire():
    (wire,) = blocks().ax.lines
    assert wire.get_color() == CONDITIONS["residual"].colour
    assert wire.get_xdata().min() > WIDTH / 2  # in the right half of the canvas


def test_a_bar_is_as_wide_as_the_view_of_its_layer_and_never_wider_than_the_line():
    drawing = views()
    assert_drawn([wide / 2.75 * 88 for wide in bars(drawing)], drawing.columns["pixels"])
    assert drawing.columns["pixels"] == [11, 22, 88]
    assert {"11 pixels", "22 pixels", "the whole line"} <= set(written(drawing))


def test_a_canvas_counts_inches():
    _, ax = diagrams.new_canvas(height=3.3)
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, WIDTH), (0, 3.3))


def test_boxes_arrows_and_notes_stand_on_a_canvas_of_ones_own():
    _, ax = diagrams.new_canvas()
    diagrams.draw_box(ax, (1, 1), "f")
    diagrams.draw_arrow(ax, (2, 1), (3, 1), bend=0.2)
    diagrams.draw_note(ax, (4, 1), "a note")
    assert [text.get_text() for text in ax.texts] == ["f", "a note"]
    assert len(ax.patches) == 3
