"""A lesson as story, evidence or code, in a browser: switched, remembered, led to, printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import browser
import pytest
from workshop import walks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(browser.find_chromium() is None, reason=browser.MISSING),
]

BOUND = (
    "A walk strays.[[^walks-stray]]\n\n"
    + "[[measure.open]]\n\n[[draw]]\n\n[[distances]]\n\n"
    + "More words.\n\n" * 40
)
CLAIM, FOLDED, OPENED = (
    "#claim-walks-stray",
    "#cell-draw pre >> nth=0",
    "#cell-measure pre >> nth=0",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[str]:
    """A small site with this site's own script and styles."""
    made = walks(tmp_path_factory.mktemp("layers") / "course")
    made.replace("docs/stray.md", "[[distances]]\n\n[[measure]]", BOUND)
    made.replace(
        "mkdocs.yml",
        "extra_css: [generated/lessonkit.css]",
        "extra_css: [generated/lessonkit.css, assets/site.css]",
    )
    (made.root / "docs/assets").mkdir()
    shutil.copy(repository / "docs/assets/site.css", made.root / "docs/assets")
    made.build()
    built = made.mkdocs("build", "--strict")
    assert built.returncode == 0, built.stderr
    with browser.serve(made.root / "site") as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    with browser.chromium() as opened:
        yield opened


@contextmanager
def visit(chromium: browser.Browser, address: str, **how: Any) -> Iterator[browser.Page]:
    """Open a page in a profile of its own."""
    context = chromium.new_context(viewport={"width": 1360, "height": 900}, **how)
    try:
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        yield page
    finally:
        context.close()


def seen(page: browser.Page) -> tuple[bool, bool, bool]:
    """Whether one sees inside the claim, the folded code, and the code that the author opened."""
    claim, folded, opened = (page.locator(what).is_visible() for what in (CLAIM, FOLDED, OPENED))
    return claim, folded, opened


def choose(page: browser.Page, layer: str) -> None:
    page.locator(".lk-switch label", has_text=layer).click()


def test_a_story_shows_what_the_author_opened_and_nothing_else(chromium, home) -> None:
    with visit(chromium, home + "stray/") as page:
        assert seen(page) == (False, False, True)
        choose(page, "Evidence")
        assert seen(page) == (True, False, True)
        choose(page, "Code")
        assert seen(page) == (True, True, True)
        choose(page, "Story")
        assert seen(page) == (False, False, True)


def test_the_choice_is_told_and_remembered_on_every_page(chromium, home) -> None:
    with visit(chromium, home + "stray/") as page:
        told = page.locator(".lk-switch [role=status]")
        assert told.text_content() == ""
        choose(page, "Code")
        assert told.text_content() == "Code: all claims and all code are open."
        page.goto(home, wait_until="networkidle")  # a page without a switch minds nothing
        page.goto(home + "stray/", wait_until="networkidle")
        assert seen(page) == (True, True, True)
        assert page.locator(".lk-switch input:checked").get_attribute("value") == "code"


def test_the_switch_follows_the_arrow_keys(chromium, home) -> None:
    with visit(chromium, home + "stray/") as page:
        page.locator(".lk-switch input:checked").focus()
        page.keyboard.press("ArrowRight")
        assert seen(page) == (True, False, True)


@pytest.mark.parametrize("script", [True, False])
def test_an_address_opens_its_claim(chromium, home, script) -> None:
    address = f"{home}stray/#claim-walks-stray"
    with visit(chromium, address, java_script_enabled=script) as page:
        page.locator(CLAIM).wait_for()
        row = page.locator(".lk-claim > summary").bounding_box()
        assert row is not None
        assert 49 <= row["y"] < 900, "the row is in sight, below the header"


def test_without_a_script_there_are_folds_and_no_switch(chromium, home) -> None:
    with visit(chromium, home + "stray/", java_script_enabled=False) as page:
        assert not page.locator(".lk-switch").is_visible()
        assert seen(page) == (False, False, True)
        page.locator(".lk-claim > summary").click()
        assert seen(page) == (True, False, True)


def test_a_mark_speaks_to_the_pointer_and_to_the_keyboard_and_is_silenced_by_escape(
    chromium, home
) -> None:
    with visit(chromium, home + "stray/") as page:
        mark, words = page.locator("a.lk-mark"), page.locator(".lk-says")
        assert not words.is_visible()
        mark.hover()
        assert words.is_visible()
        page.keyboard.press("Escape")
        assert not words.is_visible()
        page.mouse.move(0, 0)
        mark.focus()
        assert words.is_visible()
        page.keyboard.press("Enter")
        page.locator(CLAIM).wait_for()
        assert page.url.endswith("#claim-walks-stray")


def test_a_second_visit_by_the_same_mark_opens_the_claim_again(chromium, home) -> None:
    with visit(chromium, home + "stray/") as page:
        for _ in range(2):
            page.locator("a.lk-mark").click()
            page.locator(CLAIM).wait_for()
            page.locator(".lk-claim > summary").click()
            assert not page.locator(CLAIM).is_visible()


def test_on_a_phone_the_first_tap_shows_and_the_second_leads(chromium, home) -> None:
    phone = {"has_touch": True, "is_mobile": True}
    with visit(chromium, home + "stray/", **phone) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        mark, words = page.locator("a.lk-mark"), page.locator(".lk-says")
        mark.tap()
        box = words.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert "#" not in page.url
        words.tap()
        page.locator(CLAIM).wait_for()


def test_where_there_is_no_room_below_the_words_stand_above(chromium, home) -> None:
    with visit(chromium, home + "stray/") as page:
        mark = page.locator("a.lk-mark")
        page.set_viewport_size({"width": 1360, "height": 2000})
        top = mark.bounding_box()
        assert top is not None
        page.set_viewport_size({"width": 1360, "height": int(top["y"]) + 40})
        mark.hover()
        box = page.locator(".lk-says").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= top["y"]


@pytest.mark.parametrize("script", [True, False])
def test_paper_shows_all(chromium, home, script) -> None:
    with visit(chromium, home + "stray/", java_script_enabled=script) as page:
        page.emulate_media(media="print")
        page.locator(CLAIM).wait_for()
        assert seen(page) == (True, True, True)


def test_a_table_that_goes_on_says_so_and_keeps_the_names_of_its_rows(chromium, home) -> None:
    with visit(chromium, home + "stray/") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        table = page.locator(".lk-table")
        table.evaluate("box => box.style.width = '90px'")
        assert table.evaluate("box => box.scrollWidth > box.clientWidth")
        assert "local" in table.evaluate("box => getComputedStyle(box).backgroundAttachment")
        name = table.locator("tbody th").first
        before = name.bounding_box()
        table.evaluate("box => box.scrollLeft = 40")
        assert name.bounding_box() == before
