"""Formulas: what a page shows of LaTeX, without any script."""

from __future__ import annotations

import logging
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from markdown import markdown

from lessonkit.press.page import formulas
from lessonkit.press.site import slim

EXTENSIONS = ["pymdownx.arithmatex", "toc", "lessonkit.press.page.maths"]
GENERIC = {"pymdownx.arithmatex": {"generic": True}}


def written(text: str, **options: object) -> str:
    configs = {**GENERIC, "lessonkit.press.page.maths": options}
    return markdown(text, extensions=EXTENSIONS, extension_configs=configs)


def shape(latex: str) -> str:
    """The elements and words of a formula, without its LaTeX."""
    drawn = formulas.formula(latex)[0][0]
    return re.sub(r"</(\w+)>", ")", re.sub(r"<(\w+)[^>]*>", r"\1(", text(drawn)))


def text(node: ElementTree.Element) -> str:
    return ElementTree.tostring(node, encoding="unicode", method="html")


def test_a_formula_in_a_line_and_one_on_its_own_become_mathml() -> None:
    html = written("Half is $\\tfrac12$.\n\n$$1 + 2 = 3$$")
    assert html.count("<math") == 2
    assert '<div class="lk-formula"><math display="block">' in html
    assert '<span class="lk-maths"><math><semantics>' in html
    assert "arithmatex" not in html
    assert "$" not in html


def test_it_carries_its_latex_for_whoever_copies_it() -> None:
    made = formulas.formula(r"\sqrt{7} < 3")
    (source,) = made.iter("annotation")
    assert (source.get("encoding"), source.text) == ("application/x-tex", r"\sqrt{7} < 3")


@pytest.mark.parametrize(
    ("latex", "drawn"),
    [
        ("2", "mn(2)"),
        (r"\sqrt d", "msqrt(mi(d))"),
        ("2^{54}", "msup(mn(2)mn(54))"),
        (r"\operatorname{ReLU}(x)", "mrow(mi(ReLU)mo(()mi(x)mo()))"),  # no gap before the bracket
        (r"\ln 6", "mrow(mi(ln)mspace()mn(6))"),
        (r"2\ln x", "mrow(mn(2)mspace()mi(ln)mspace()mi(x))"),
        (r"\ln(x)", "mrow(mi(ln)mo(()mi(x)mo()))"),
        ("f'(x)", "mrow(mrow(mi(f)mo(′))mo(()mi(x)mo()))"),  # a prime is raised as it is
    ],
)
def test_it_is_drawn_as_tex_would_draw_it(latex: str, drawn: str) -> None:
    assert shape(latex) == drawn


def test_a_slash_and_a_full_stop_stand_close() -> None:
    for node in formulas.formula("1/3.").iter("mo"):
        assert (node.get("lspace"), node.get("rspace")) == ("0", "0")


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\foo{x}", r"\\foo is not known"),
        (r"\frac{1", "braces do not match"),
        (r"a}{", "braces do not match"),
        ("x^", "Missing Super Script"),
        (r"\left( x", "Missing Right"),
    ],
)
def test_what_cannot_be_read_is_said_once_with_file_and_line(
    latex: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    course = SimpleNamespace(settings=SimpleNamespace(pages="docs"))
    place = SimpleNamespace(course=course, path="far/away.md", first_line=7)
    with caplog.at_level(logging.WARNING):
        html = written(f"One $x$.\n\nTwo ${latex}$ and $y$.", place=lambda: place)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"docs/far/away.md:9: formula ${latex}$ cannot be typ")
    assert re.search(reason, record.getMessage())
    assert html.count("<math") == 2
    assert html.count('class="lk-error"') == 1


def test_without_a_site_the_line_is_said(caplog: pytest.LogCaptureFixture) -> None:
    written("One.\n\n$$\n\\nothing\n$$")
    assert caplog.records[0].getMessage().startswith("line 4: formula $\\nothing$")


def test_escaped_braces_need_no_partner() -> None:
    assert "{" in text(formulas.formula(r"\left\{ x \right."))


def test_a_heading_keeps_its_formula_and_its_anchor() -> None:
    html = written("## The size of $W$")
    assert re.search(r'<h2 id="the-size-of-w">The size of <span class="lk-maths"><math>', html)


def test_notebooks_show_the_same_formulas_and_code_keeps_its_dollars() -> None:
    cell = '<div class="jp-RenderedHTMLCommon jp-RenderedMarkdown">{}</div>'
    prose = "<p>Half is $\\tfrac12$ &amp; $a &lt; b$, <code>$HOME$</code>.</p>"
    page = slim.slim(f'<div class="jupyter-wrapper">{cell.format(prose)}<!-- jupyter-wrapper -->')
    assert formulas.html(r"\(\tfrac12\)") in page
    assert formulas.html(r"\(a < b\)") in page
    assert "<code>$HOME$</code>" in page
    assert slim.complaints(page) == []


def test_a_notebooks_bad_formula_is_found_in_its_page() -> None:
    cell = '<div class="jp-RenderedHTMLCommon jp-RenderedMarkdown"><p>$\\foo$</p></div>'
    page = slim.slim(f'<div class="jupyter-wrapper">{cell}<!-- jupyter-wrapper -->')
    (complaint,) = slim.complaints(page)
    assert complaint.startswith("formula $\\foo$ cannot be typeset: \\foo is not known")
