"""Theming: matplotlib's SVG follows the page's colours and loses nothing that a reader sees."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image
from workshop import assert_sound

from lessonkit.press.page import joining, svg
from lessonkit.press.page.templates import render

SVG = "{http://www.w3.org/2000/svg}"


def lines() -> Figure:
    figure, ax = plt.subplots()
    ax.plot([1, 2, 3], [2, 3, 5], "o-", color="#2166ac", label="a < b & c")
    ax.fill_between([1, 2, 3], [1, 2, 3], [3, 5, 7], color="#d95f02", alpha=0.125)
    ax.set_title("Is $x^2$ > y?")
    ax.legend()
    return figure


def picture() -> Figure:
    figure, ax = plt.subplots()
    image = ax.imshow(np.arange(35.0).reshape(5, 7), interpolation="none", cmap="RdBu")
    figure.colorbar(image)
    return figure


def dots() -> Figure:
    figure, ax = plt.subplots()
    ax.scatter([1, 2, 3], [1, 10, 100], c=[1, 2, 3], s=[2, 3, 5])
    ax.plot([1, 2], [3, 5], "o", fillstyle="left")  # curves that are no circle
    ax.set_yscale("log")
    ax.text(1.5, 11, "rotated", rotation=45)
    return figure


def dense() -> Figure:
    figure, ax = plt.subplots()
    ax.scatter(np.arange(700), np.arange(700) ** 0.5, rasterized=True)
    return figure


def grey() -> Figure:
    figure, ax = plt.subplots()
    noise = np.random.default_rng(7).normal(size=(70, 110))
    noise[:, 50:60] = np.nan  # transparent
    few = plt.colormaps["gray_r"].resampled(16)
    ax.imshow(noise, cmap=few, interpolation="none")
    return figure


def panels() -> Figure:
    figure, axes = plt.subplots(2, 3, sharex=True)
    for index, ax in enumerate(axes.flat):
        ax.bar([1, 2], [index, 7], hatch="//", edgecolor="#1a1a1a")
        ax.grid(linestyle=":")
    return figure


KINDS: list[Callable[[], Figure]] = [lines, picture, dots, dense, panels]


def drawn(kind: Callable[[], Figure]) -> str:
    """Draw as `lessonkit.evidence` does."""
    figure = kind()
    try:
        with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "x"}), io.StringIO() as file:
            figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
            return file.getvalue()
    finally:
        plt.close(figure)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def raw(request: pytest.FixtureRequest) -> str:
    return drawn(request.param)


def themed(raw: str, prefix: str = "far", description: str = "Far away.") -> str:
    view, _, drawn = svg.themed(raw, prefix).partition("\n")
    words = {"title": "Far", "record": SimpleNamespace(alt=description)}
    return render("svg", anchor=prefix, view=view, drawn=Markup(drawn), **words)


def parsed(text: str) -> ElementTree.Element:
    """Parse as XML: whatever is not well-formed fails here."""
    return ElementTree.fromstring(text)


def drawings(text: str) -> Counter[tuple[str, ...]]:
    """All that is drawn, each with the look that it has or inherits; paths line by line."""
    found: Counter[tuple[str, ...]] = Counter()
    root = parsed(text)
    shapes = {node.get("id"): node for node in root.iterfind(f".//{SVG}defs/{SVG}path")}

    def walk(node: ElementTree.Element, look: dict[str, str]) -> None:
        look = look | styles(node)
        tag = node.tag.removeprefix(SVG)
        shape = shapes.get(node.get("{http://www.w3.org/1999/xlink}href", "")[1:])
        if tag == "use" and shape is not None:
            tag, look = "path", look | styles(shape)
            lines = outlines(shape.get("d", ""), float(node.get("x", 0)), float(node.get("y", 0)))
        else:
            lines = outlines(node.get("d", ""))
        seen = tuple(f"{name}:{look[name]}" for name in sorted(look) if name in LOOKS[tag])
        if tag == "path" and ("stroke" in look or look.get("fill") != "none"):
            found.update((tag, line, *seen) for line in lines)
        elif tag == "text":
            each = node.get("x", "").split()
            words = list(node.text or "") if len(each) > 1 else [_words(node)]
            for word, x in zip(words, each or [""], strict=True):
                found[tag, word, places(x), *seen] += 1
        elif tag in ("use", "image"):
            found[tag, places(node.get("x", "")), *seen] += 1
        for part in node:
            if part.tag.removeprefix(SVG) not in LEFT_OUT:
                walk(part, look)

    walk(root, {"fill": "#000000"})
    return found


def outlines(drawn: str, x: float = 0, y: float = 0) -> Iterator[str]:
    """The lines of a path as its corners on the page; a circle as its box."""
    at, corners, rounded = [0.0, 0.0], [], False
    steps = re.findall(r"([MLCQzlcqa])([^MLCQzlcqa]*)", drawn)
    for letter, numbers in [*steps, ("M", "")]:
        values = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", numbers)]
        if letter == "M" and corners:
            box = [f(corner[axis] for corner in corners) for axis in (0, 1) for f in (min, max)]
            flat = [n for corner in corners for n in corner]
            seen = [f"{n:.1f}" for n in (box if rounded else flat)]
            yield " ".join(["round", *seen] if rounded else seen).replace("-0.0", "0.0")
            corners, rounded = [], False
        if letter == "a":  # half a circle: its ends, and how far it swings out
            radius, way = values[0], values[-2]
            corners += [[at[0] + way / 2, at[1] + side] for side in (-radius, radius)]
            at = [at[0] + way, at[1] + values[-1]]
            corners.append(at)
        each = {"C": 6, "c": 6, "Q": 4, "q": 4}.get(letter, 2)
        for first in range(0, len(values) if letter != "a" else 0, each):
            one = [round(number, 1) for number in values[first : first + each]]
            start = at if letter.islower() else [x, y]
            points = [
                [start[0] + a, start[1] + b] for a, b in zip(one[::2], one[1::2], strict=True)
            ]
            corners += points[-1:] if each == 6 else points
            at = points[-1]
        rounded = rounded or letter in "Cca"


LEFT_OUT = {"metadata", "style", "defs", "title", "desc", "tspan"}
PAINTS = {"fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "stroke-opacity"}
LOOKS = {"text": {"fill", "font-size", "text-anchor", "font-weight", "font-style"}, "image": set()}
LOOKS |= dict.fromkeys(("path", "use", "g", "svg"), PAINTS)


def styles(node: ElementTree.Element) -> dict[str, str]:
    """Colours as a browser without the variables would show them."""
    style = re.sub(r"var\(--fig-[0-9a-f]{6},(#[0-9a-f]{6})\)", r"\1", node.get("style") or "")
    pairs = (part.partition(":")[::2] for part in style.split(";") if part.strip())
    told = {name.strip(): value.strip().replace("url(#far--", "url(#") for name, value in pairs}
    if "font" in told:
        words = told.pop("font").partition("px")[0].split()
        told["font-size"] = f"{words[-1]}px"
        told |= dict.fromkeys(["font-weight"] * (len(words) > 1), words[0])
    return {name: re.sub(r", +", ",", value) for name, value in told.items()}


def places(text: str) -> str:
    """Letters and rounded numbers; a line may go on without its letter."""
    words = re.findall(r"[MCQz]|-?\d+(?:\.\d+)?(?:e-?\d+)?", text)
    return " ".join(w if w.isalpha() else joining.rounded(float(w)) for w in words)


def test_nothing_that_is_drawn_gets_lost(raw: str) -> None:
    before, after = drawings(raw), drawings(themed(raw))
    assert before.total() > 20
    assert before - after == Counter()
    assert after - before == Counter()


def test_what_reaches_beyond_its_axes_is_clipped_and_nothing_else() -> None:
    figure, ax = plt.subplots()
    ax.add_patch(plt.Rectangle((0.25, 0.25), 0.5, 0.5, color="#2166ac", linewidth=0))
    ax.add_patch(plt.Rectangle((0.75, 0.75), 0.5, 0.5, color="#d95f02", linewidth=0))
    text = themed(drawn(lambda: figure))
    clipped = {colour: "clip-path" in tag for tag, colour in COLOURED.findall(text)}
    assert clipped == {"2166ac": False, "d95f02": True}


COLOURED = re.compile(r"(<path [^>]*fill:var\(--fig-(2166ac|d95f02),[^>]*>)")


def test_marks_that_overlap_still_show_it() -> None:
    figure, ax = plt.subplots()
    ax.plot([1, 1.001, 1.002, 3], "o", alpha=0.5)
    text = themed(drawn(lambda: figure))
    assert "fill-opacity:0.5" in text  # each mark's own; a group's would be laid over all of them
    assert max(d.count("M") for d in re.findall(r' d="([^"]*a3 3[^"]*)"', text)) == 1
    assert not re.search(r"<g [^>]*[;\"]opacity", text)


def test_it_takes_half_the_room(raw: str) -> None:
    figure = re.sub(r'base64,[^"]+', "", raw)
    words = re.sub(r'base64,[^"]+', "", themed(raw))
    assert len(words) < 0.7 * len(figure)


def _words(node: ElementTree.Element) -> str:
    """The words of a text; its pieces have places of their own, so blanks say nothing."""
    return "".join("".join(node.itertext()).split()) if node.tag == f"{SVG}text" else ""


def test_text_stays_text(raw: str) -> None:
    before, after = (parsed(text).iter(f"{SVG}text") for text in (raw, themed(raw)))
    words = "".join(_words(node) for node in after)
    assert words == "".join(_words(node) for node in before)
    assert len(words) > 5


def test_every_colour_can_be_changed_by_the_page(raw: str) -> None:
    text = themed(raw)
    colours = set(re.findall(r"(?:fill|stroke)(?:: ?|=\")(#[0-9a-f]{6})", raw))
    assert colours
    assert set(re.findall(r"var\(--fig-[0-9a-f]{6},(#[0-9a-f]{6})\)", text)) == (
        colours | {"#000000"}  # the ink of whatever names no colour
    )
    for name, value in re.findall(r"var\(--fig-([0-9a-f]{6}),#([0-9a-f]{6})\)", text):
        assert name == value
    assert not re.search(r"(?<!,)#[0-9a-f]{6}\b", re.sub(r'(xlink:href|src)="[^"]*"', "", text))


def test_no_rule_of_matplotlibs_restyles_the_page(raw: str) -> None:
    text = themed(raw)
    assert "<style" in raw
    assert "<style" not in text
    assert "<metadata" not in text
    assert "<!--" not in text
    assert "<?xml" not in text


def test_numbers_are_short_but_scales_keep_their_digits(raw: str) -> None:
    for tag in re.findall(r"<[^>]+>", themed(raw)):
        if "scale(" not in tag and "matrix(" not in tag and "base64" not in tag:
            assert not re.search(r' (?:d|x|y)="[^"]*\d\.\d{2,}', tag), tag


def test_a_scale_is_not_rounded_to_nothing() -> None:
    raw = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 5">'
        '<text transform="translate(1.23456 2) scale(0.015625 -0.015625)"/>'
    )
    raw += '<text transform="matrix(0.00123 0 0 0.00123 0 0)"/><path d="M 0.123456 -0.0001"/></svg>'
    text = themed(raw)
    assert "scale(0.015625 -0.015625)" in text
    assert "matrix(0.00123 0 0 0.00123 0 0)" in text
    assert 'd="M0.1 0"' in text


def pixels(data: str) -> bytes:
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("kind", [dense, grey])
def test_pictures_inside_come_through_pixel_for_pixel(kind: Callable[[], Figure]) -> None:
    raw = drawn(kind)
    data, shown = (re.findall(r"base64,\s*([^\"]+)", text) for text in (raw, themed(raw)))
    assert data
    assert [pixels(one) for one in shown] == [pixels(one) for one in data]


def test_a_picture_of_few_colours_takes_few_bits() -> None:
    raw = drawn(grey)
    (data,), (shown,) = (re.findall(r"base64,\s*([^\"]+)", text) for text in (raw, themed(raw)))
    assert len(shown) < 0.8 * len(data)


def test_it_has_a_title_and_a_description_and_names_them(raw: str) -> None:
    root = parsed(themed(raw, description='Less "<" & more.'))
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert (title.text, description.text) == ("Far", 'Less "<" & more.')
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_its_size_is_the_drawing_and_its_width_the_pages(raw: str) -> None:
    before, after = parsed(raw), parsed(themed(raw))
    assert after.get("viewBox") == places(before.get("viewBox", ""))
    assert after.get("width") is after.get("height") is None


def test_figures_on_one_page_share_no_id(raw: str) -> None:
    # all drawn with the same salt: their own ids are the same
    prefixes = ("far", "far--2", "far-title", "far-m1")
    reading = assert_sound("".join(themed(raw, prefix) for prefix in prefixes))
    assert all(identity.startswith("far") for identity in reading.ids)


def test_references_lead_to_the_figures_own_parts(raw: str) -> None:
    reading = assert_sound(themed(raw))
    assert reading.references >= {"far--title", "far--desc"}


def test_marks_are_drawn_where_they_stand(raw: str) -> None:
    assert "<use" in raw
    assert "<use" not in themed(raw)  # as a link, it would break instant navigation


def test_marks_that_look_alike_are_one_element() -> None:
    figure, ax = plt.subplots()
    ax.plot(range(7), "o-", color="#2166ac")
    ax.set_xticks(range(7))
    text = themed(drawn(lambda: figure))
    marks = [d for d in re.findall(r' d="([^"]*)"', text) if "a3 3" in d]
    assert [d.count("M") for d in marks] == [7]
    assert ">0123456<" in text  # ticks of one letter are one text, each letter in its place


def test_an_edge_of_another_colour_is_not_drawn_across_a_neighbour() -> None:
    figure, ax = plt.subplots()
    ax.plot([1, 1.001, 3], "o", color="#2166ac", markeredgecolor="#ffffff")
    text = themed(drawn(lambda: figure))
    assert max(d.count("a3 3") for d in re.findall(r' d="([^"]*)"', text)) == 2  # two halves


def test_the_same_figure_gives_the_same_bytes() -> None:
    for kind in KINDS:
        assert themed(drawn(kind)) == themed(drawn(kind))


def test_what_has_no_size_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a drawing with a viewBox"):
        svg.themed('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>', "far")


def test_what_is_more_than_a_drawing_never_reaches_a_page() -> None:
    around = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
    for inside in ("<script>a()</script>", '<g onload="a()"/>', '<a href="javascript:a()"/>'):
        with pytest.raises(ValueError, match="a drawing with"):
            svg.themed(f"{around}{inside}</svg>", "far")
