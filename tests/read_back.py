"""What a figure shows, read back from matplotlib's artists, to hold against a drawing's columns."""

import io
import re

import matplotlib
import numpy as np

from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.style import WIDTH
from tests.alternative import numbers_said


def assert_drawn(drawn, told):
    """Demand that the numbers read back from a figure are those that its columns tell."""
    np.testing.assert_allclose(np.asarray(drawn, float), np.asarray(told, float), rtol=1e-9)


def band(collection):
    """Return the lower and the upper edge of a band."""
    heights = collection.get_paths()[0].vertices[:, 1]
    points = (len(heights) - 3) // 2
    return heights[1 : points + 1], heights[points + 2 : -1][::-1]


def texts(figure):
    """Return every text that is not empty, with labels, ticks and legends."""
    figure.draw_without_rendering()
    found = [text for text in figure.findobj(matplotlib.text.Text) if text.get_visible()]
    return [text for text in found if text.get_text().strip()]


def svg(figure):
    """Return the figure as a lesson writes it."""
    settings = {"svg.hashsalt": "0", "svg.fonttype": "none"}
    with matplotlib.rc_context(settings), io.StringIO() as file:
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        return file.getvalue()


def strange_colours(figure):
    """Return the colours that no page could replace in the dark."""
    return set(re.findall(r"#[0-9a-f]{6}\b", svg(figure))) - set(PALETTE.values())


def check_house(draw):
    """Hold what every drawing must: palette, size of text, words with its numbers, same bytes."""
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 5, "lines.linewidth": 9}):
        drawing, again = draw(), draw()
        sizes = [text.get_size() for text in texts(drawing.figure) if text.get_size()]
        assert min(sizes, default=12) >= 12
    assert dict(matplotlib.rcParams) == before
    assert numbers_said(drawing.says, drawing.columns) >= 2
    assert strange_colours(drawing.figure) == set()
    assert svg(draw().figure) == svg(again.figure)
    assert drawing.figure.get_figwidth() == WIDTH
    assert len({len(column) for column in drawing.columns.values()}) == 1
