"""HTML that a run brought is reduced by an allowed list; nothing of it reaches beyond its box."""

from __future__ import annotations

import pytest

from lessonkit.press.page.allowed import allowed

PANDAS = (
    "<style scoped>.dataframe tbody tr th { vertical-align: top; }</style>"
    '<table border="1" class="dataframe"><tr style="text-align: right;"><th>a</th></tr></table>'
)


def test_a_table_of_pandas_stays_as_it_is_styled() -> None:
    made = allowed(PANDAS, "box")
    assert '<div class="lk-html lk-plain" style="contain:content;overflow:auto" id="box">' in made
    assert "<style>#box{.box-dataframe tbody tr th{vertical-align:top;}}</style>" in made
    assert '<table class="box-dataframe">' in made
    assert '<tr style="text-align:right;"><th>a</th></tr>' in made


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("<b>1</b>", True),
        ('<b style="color: red">1</b>', False),
        ("<style>b { background: red }</style><b>1</b>", False),
        ('<b>1</b><svg><path d="M0 0"/></svg>', False),
    ],
)
def test_what_has_no_colours_of_its_own_wears_the_theme_s(html: str, plain: bool) -> None:
    assert ("lk-plain" in allowed(html, "box")) is plain


def test_what_opens_by_a_checkbox_keeps_its_label_under_ids_of_the_box() -> None:
    html = '<input id="x" type="checkbox"><label for="x">more</label><svg><use href="#x"></svg>'
    made = allowed(f"<style>#x:checked ~ label {{ color: red }}</style>{html}", "box")
    assert '<input id="box-x" type="checkbox"><label for="box-x">more</label>' in made
    assert "#box-x:checked ~ label{color:red;}" in made
    assert '<use href="#box-x">' in made


@pytest.mark.parametrize(
    "evil",
    [
        "<script>evil()</script>",
        '<img src="x" onerror="evil()">',
        '<img src="https://evil/x.png">',
        '<img src="data:image/svg+xml;base64,ZXZpbA==">',
        '<a href="javascript:evil()">x</a>',
        '<svg><use href="https://evil#x"></use></svg>',
        '<svg><path fill="url(https://evil)"></path></svg>',
        "<svg><style><img src=x onerror=evil()></style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=evil()>",
        '<iframe srcdoc="evil"></iframe>',
        "<form action=https://evil><input type=password name=evil></form>",
        "<base href=https://evil><meta http-equiv=refresh content='0;url=https://evil'>",
        "<style>a { background: url(https://evil) }</style>",
        r"<style>a { background: u\72l(https://evil) }</style>",
        '<style>a { background: image-set("https://evil" 1x) }</style>',
        '<style>@import "https://evil";</style>',
        "<style>} .evil { display: none }</style>",
        "<style>:not(&).evil { display: none }</style>",
        "<style>+ .evil, a ~ b { display: none }</style>",
        "<style>:root + .evil, :root ~ .evil { display: none }</style>",
        "<style>:not(:root), .evil { display: none }</style>",
        "<style>:is(:root ~ .evil) { display: none }</style>",
        "<style>:root { contain: none !important; all: unset; content: 'evil' }</style>",
        "<style>@media all { position: absolute; content: 'evil' }</style>",
        "<style>:root { @media all { inset: 0; content: 'evil' } }</style>",
        '<style>a { content: "</style><b onclick=evil()>" }</style>',
        '<p style="position: FIXED; background: url(https://evil)">',
        "<p style='color: red; } .evil {'>",
    ],
)
def test_nothing_of_it_runs_loads_or_leaves(evil: str) -> None:
    made = allowed(f"{evil}<p>words</p>", "box")
    assert "evil" not in made.lower()
    assert "fixed" not in made.lower()


def test_the_box_itself_takes_variables_and_nothing_else() -> None:
    made = allowed(
        "<style>:root { --a: 1; inset: 0 } :root p { top: 0 }</style><p>words</p>", "box"
    )
    assert "<style>#box{&{--a:1;}& p{top:0;}}</style>" in made


def test_html_that_shows_nothing_is_nothing() -> None:
    assert allowed("<div><script>plot()</script></div>", "box") == ""


@pytest.mark.parametrize("deep", ["<div>" * 100_000, "<b>" * 3_000, "<style>" + "a{" * 50_000])
def test_html_that_is_too_deep_to_be_read_is_nothing(deep: str) -> None:
    assert allowed(deep + "x", "box") == ""


def test_nothing_in_a_box_wears_the_looks_of_the_page() -> None:
    verdict = '<style>p.lk-claim.lk-holds{color:red}</style><p class="lk-claim lk-holds">holds</p>'
    made = allowed(verdict, "box")
    assert "p.box-lk-claim.box-lk-holds{color:red;}" in made
    assert '<p class="box-lk-claim box-lk-holds">holds</p>' in made
