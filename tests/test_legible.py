"""Words that stand on something drawn are read in the light and in the dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from test_svg import drawn

from lessonkit.press.page import colours, svg

GRID = np.linspace(0, 1, 49).reshape(7, 7)
# How an author picks the colour of a number: by a threshold, badly, or not at all.
PICKS: dict[str, Callable[[float], str]] = {
    "threshold": lambda value: "white" if value > 0.5 else "black",
    "white": lambda value: "w",
    "black": lambda value: "k",
    "grey": lambda value: ".15",
    "ends": lambda value: matplotlib.colors.to_hex(plt.get_cmap("viridis")(float(value < 0.5))),
}
MAPS = ("Blues", "viridis", "RdBu", "magma", "Greys", "YlOrRd")


def heat(how: str, cmap: str, pick: Callable[[float], str]) -> Figure:
    """A map of cells with the place of each written in it; the colours are matplotlib's."""
    figure, ax = plt.subplots(figsize=(7, 7))
    if how == "mesh":
        ax.pcolormesh(np.arange(-0.5, 7), np.arange(-0.5, 7), GRID, cmap=cmap, edgecolor="w")
    else:
        image = ax.imshow(GRID, cmap=cmap, interpolation="none", alpha=0.8 if how == "pale" else 1)
        figure.colorbar(image)
    for (row, column), value in np.ndenumerate(GRID):
        look = {"ha": "center", "va": "center", "color": pick(value)}
        ax.text(column, row, f"{row},{column}", rotation=30 * (how == "turned"), **look)
    return figure


def cells(how: str, cmap: str) -> Iterator[tuple[str, tuple[colours.Colour, colours.Colour]]]:
    """Each cell's words with what is seen of the cell, worked out without any drawing."""
    for (row, column), value in np.ndenumerate(GRID):
        red, green, blue, _ = plt.get_cmap(cmap)(float(value))
        shown = (float(red), float(green), float(blue))
        if how == "mesh":
            yield f"{row},{column}", (shown, shown)
            continue
        share = 0.8 if how == "pale" else 1.0
        dim = (shown[0] * 0.82, shown[1] * 0.82, shown[2] * 0.82)
        pages = colours.schemes("#ffffff")
        light, dark = (
            colours.mixed(page, on, share) for page, on in zip(pages, (shown, dim), strict=True)
        )
        yield f"{row},{column}", (light, dark)


def fills(raw: str) -> dict[str, str]:
    """The colour of each text of a themed figure, as a page would find it; default ink is black."""
    root = ElementTree.fromstring(
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink">'
        + svg.themed(raw, "x").partition("\n")[2]
        + "</svg>"
    )
    found: dict[str, str] = {}

    def walk(node: ElementTree.Element, fill: str) -> None:
        own = re.search(r"(?:^|;)fill:([^;]+)", node.get("style", ""))
        fill = own[1] if own else fill
        if node.tag == "text":
            found["".join(node.itertext())] = fill
        for part in node:
            walk(part, fill)

    walk(root, "var(--fig-000000,#000000)")
    return found


def both(fill: str) -> tuple[colours.Colour, colours.Colour]:
    """A fill in the light and in the dark."""
    named = re.fullmatch(r"var\(--fig-\w+,(#\w+)\)", fill)
    return colours.schemes(named[1] if named else fill)


@pytest.mark.parametrize("cmap", MAPS)
@pytest.mark.parametrize("how", ["mesh", "image", "pale", "turned"])
def test_every_number_of_a_heat_map_is_read_in_both_schemes(how: str, cmap: str) -> None:
    for name, pick in PICKS.items():
        found = fills(drawn(lambda pick=pick: heat(how, cmap, pick)))
        for words, (light, dark) in cells(how, cmap):
            ink = both(found[words])
            worst = min(colours.contrast(ink[0], light), colours.contrast(ink[1], dark))
            assert worst >= 4.4, (name, words, found[words], worst)  # a hair for rounded colours


def test_what_the_author_chose_stays_where_it_is_read() -> None:
    def figure() -> Figure:
        made, ax = plt.subplots()
        ax.pcolormesh([[0.0, 1.0]], cmap="Greys")
        ax.text(1.5, 0.5, "gold", color="#ffd700")
        ax.text(0.5, 0.5, "ink", color="#1a1a1a")
        ax.set_title("on the page", color="#5f6b76")
        return made

    found = fills(drawn(figure))
    assert found["gold"] == "var(--fig-ffd700,#ffd700)"
    assert found["ink"] == "rgb(26 26 26)"  # on white cells that stay white
    assert found["on the page"] == "var(--fig-5f6b76,#5f6b76)"  # follows the scheme


def share() -> Figure:
    figure, ax = plt.subplots()
    ax.pie([1, 2, 3], labels=["a", "b", "c"], autopct="%d %%", colors=["#08306b", "#fdae6b", "w"])
    return figure


def bars() -> Figure:
    figure, ax = plt.subplots()
    ax.bar_label(ax.bar([1, 2], [3, 5], color="#ffffcc"), label_type="center")
    ax.text(1, 1, "$x^2$", ha="center")
    ax.annotate("note", (2, 1), bbox={"facecolor": "#ffffcc"})
    return figure


def nodes() -> Figure:
    figure, ax = plt.subplots()
    ax.scatter([1, 2], [1, 2], s=900, c=["#ffffcc", "#08306b"])
    ax.text(1, 1, "n1", ha="center", va="center")
    ax.text(2, 2, "n2", ha="center", va="center", color="w")
    return figure


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        (share, {"16 %": "#08306b", "33 %": "#fdae6b"}),
        (bars, {"3": "#ffffcc", "5": "#ffffcc", "note": "#ffffcc"}),
        (nodes, {"n1": "#ffffcc", "n2": "#08306b"}),
    ],
)
def test_words_on_wedges_bars_boxes_and_marks_are_read(
    kind: Callable[[], Figure], ground: dict[str, str]
) -> None:
    found = fills(drawn(kind))
    for words, colour in ground.items():
        beneath = colours.schemes(colour)
        worst = min(map(colours.contrast, both(found[words]), beneath))
        assert worst >= 4.4, (words, found[words], worst)


def test_a_line_on_a_picture_keeps_its_colour_and_one_on_the_page_follows_the_scheme() -> None:
    def figure() -> Figure:
        made, ax = plt.subplots()
        ax.imshow(np.zeros((5, 5)), cmap="Greys_r", interpolation="none")  # black
        ax.plot([1, 3], [1, 3], color="white")
        ax.plot([1], [3], "o", color="white")
        return made

    themed = svg.themed(drawn(figure), "x")
    assert themed.count("rgb(255 255 255)") >= 2
    assert "--fig-ffffff" not in themed
    assert "stroke:var(--fig-000000,#000000)" in themed  # the frame


def test_the_colours_of_a_map_are_values_and_never_follow_the_scheme() -> None:
    def figure() -> Figure:
        made, (left, right) = plt.subplots(1, 2)
        left.hexbin([0, 1, 1, 2], [0, 1, 1, 2], gridsize=3, cmap="Greys")
        right.pcolormesh([[0.0, 0.5, 1.0]], cmap="Greys")
        return made

    areas = re.findall(r"fill:(rgb[^;\"]+|var[^;\"]+)", svg.themed(drawn(figure), "x"))
    assert {"rgb(0 0 0)", "rgb(255 255 255)"} <= set(areas)
    assert not {"var(--fig-000000,#000000)", "var(--fig-ffffff,#ffffff)"} & set(areas)


def test_the_colours_of_the_dark_are_the_stylesheets() -> None:
    dark = colours.in_the_dark()
    assert dark["#000000"] == "#e6e9ee"
    assert dark["#ffffff"] == "#1b1f27"  # the fallback where the theme says nothing
    css = colours.STYLESHEET.with_name("figures.css").read_text("utf-8")
    assert f"brightness({colours.DIMMED})" in css
