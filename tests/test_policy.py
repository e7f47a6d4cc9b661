"""The site works where a server lets a page run nothing but the site's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser
import pytest
from workshop import walks

from lessonkit.press.site import policy

SCRIPT = '<script>here("</style>")</script>'
NAME = policy.FOLDER + "/2b0e2f1f0d5a4e5c.js"


@pytest.mark.parametrize(
    "stays",
    [
        '<script src="a.js"></script>',
        '<script type="application/json">{"a": "<b>"}</script>',
        "<script type='text/x-template'>x</script>",
        f"<!-- {SCRIPT} -->",
        f"<textarea>{SCRIPT}</textarea>",
        "<code>&lt;script&gt;x&lt;/script&gt;</code>",
        "<script> </script>",
    ],
)
def test_what_is_no_script_of_the_page_stays(stays: str) -> None:
    moved: dict[str, str] = {}
    assert policy.tightened(f"<p>{stays}</p>", "", moved) == f"<p>{stays}</p>"
    assert moved == {}


@pytest.mark.parametrize(
    "opened", ["<script>", "<script id='a>b'>", '<script type="module" async>', "<script defer>"]
)
def test_a_script_moves_into_a_file_that_stands_in_its_place(opened: str) -> None:
    moved: dict[str, str] = {}
    html = policy.tightened(f"a{opened}go()</script>b{opened}go()</script>c", "../", moved)
    ((name, code),) = moved.items()
    assert code == "go()"
    tag = f'{opened[:-1].removesuffix(" defer")} src="../{policy.FOLDER}/{name}"></script>'
    assert html == f"a{tag}b{tag}c"


def test_an_address_that_is_a_script_leads_nowhere() -> None:
    html = '<a href="javascript:void(0)" class="x">share</a>'
    assert policy.tightened(html, "", {}) == '<a href="#" class="x">share</a>'


def test_the_page_that_is_shown_anywhere_knows_where_the_site_stands(tmp_path: Path) -> None:
    for name in ("404.html", "index.html", "a/b/index.html", "mine.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<script>go()</script>")
    policy.tighten(tmp_path, "https://example.org/course/", {"mine.html"})
    (file,) = (tmp_path / policy.FOLDER).iterdir()
    assert file.read_text() == "go()"
    place = f"{policy.FOLDER}/{file.name}"
    tops = {"404.html": "/course/", "index.html": "", "a/b/index.html": "../../"}
    for name, top in tops.items():
        assert (tmp_path / name).read_text() == f'<script src="{top}{place}"></script>'
    assert (tmp_path / "mine.html").read_text() == "<script>go()</script>"


ADDRESS = "https://example.org/"
MKDOCS = f"""
site_name: Walks
site_url: {ADDRESS}
theme:
  name: material
  font: false
  features: [content.code.copy, content.tabs.link, announce.dismiss, search.share, NAVIGATION]
  palette:
    - {{scheme: default, toggle: {{icon: material/brightness-7, name: To dark}}}}
    - {{scheme: slate, toggle: {{icon: material/brightness-4, name: To light}}}}
plugins: [lessonkit, search]
"""

TABS = """
# Home

=== "One"

    ```python
    print("one")
    ```

=== "Two"

    Two, and $x^2$.

<script>document.documentElement.dataset.own = "ran"</script>
"""

SOUND = """
'''Another walk.'''

import matplotlib.pyplot as plt

from lessonkit.evidence import Lesson

# %%
lesson = Lesson("hum")
plt.plot([2, 3])
lesson.sound("hum", [0.0, 0.5] * 200, rate=8000, words="A hum.")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("policy") / "course")
    made.write("docs/index.md", "---\ndescription: Home.\n---\n" + TABS)
    made.write("docs/hum.md", "---\ndescription: A hum.\nlesson: hum\n---\n# Hum\n\n[[hum]]\n")
    made.write("lessons/hum.py", SOUND)
    made.build()
    return made


def built(project: Workshop, feature: str) -> Path:
    """Build the site with one more feature of the theme."""
    project.write("mkdocs.yml", MKDOCS.replace("NAVIGATION", feature))
    built = project.mkdocs("build", "--strict", "--site-dir", feature)
    assert built.returncode == 0, built.stderr
    return project.root / feature


@pytest.fixture(scope="module")
def home(project: Workshop) -> Iterator[str]:
    with browser.serve(built(project, "navigation.top")) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    with browser.chromium() as opened:
        yield opened


needs_browser = pytest.mark.skipif(browser.find_chromium() is None, reason=browser.MISSING)
PAGES = ["", "stray/", "hum/", "generated/walks/stray/notebook/", "generated/hum/notebook/"]


@needs_browser
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
def test_no_page_does_what_the_policy_forbids(
    home: str, chromium: browser.Browser, path: str
) -> None:
    with browser.open_page(chromium, home + path) as (page, heard):
        assert heard.all() == []
        assert page.evaluate("document.scripts.length") > 3
        if not path:
            assert page.get_attribute("html", "data-own") == "ran"


def search(page: browser.Page) -> None:
    """Look for the lesson, and go there."""
    page.locator("input[name=query]").click()
    ready = "!document.querySelector('.md-search-result__meta').textContent.includes('Init')"
    browser.wait_until(page, ready)
    page.keyboard.type("strays")
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url("**/stray/**")
    page.wait_for_load_state("networkidle")


@needs_browser
@pytest.mark.slow
@pytest.mark.browser
def test_search_and_colours_work_under_the_policy_even_on_a_page_that_is_not_there(
    home: str, chromium: browser.Browser
) -> None:
    with browser.open_page(chromium, home + "nowhere/at/all/") as (page, heard):
        before = page.get_attribute("body", "data-md-color-scheme")
        page.click("label.md-header__button[for^=__palette]:visible")
        page.reload(wait_until="networkidle")  # a script in the body remembers what was chosen
        assert page.get_attribute("body", "data-md-color-scheme") != before
        search(page)
        assert [error for error in heard.errors if "404" not in error] == []


@needs_browser
@pytest.mark.slow
@pytest.mark.browser
def test_instant_navigation_works_under_the_policy(
    project: Workshop, chromium: browser.Browser
) -> None:
    site = built(project, "navigation.instant")
    with (
        browser.serve(site) as home,
        browser.open_page(chromium, home + PAGES[-1]) as (page, heard),
    ):
        map_of_site = (site / "sitemap.xml").read_text("utf-8").replace(ADDRESS, home)
        (site / "sitemap.xml").write_text(map_of_site, "utf-8")  # only pages in it are instant
        page.reload(wait_until="networkidle")
        page.evaluate("window.still = true")
        search(page)
        page.get_by_role("link", name="Hum").first.click()
        page.wait_for_url("**/hum/")
        assert page.evaluate("window.still"), "the page was not loaded anew"
        page.locator("button.lk-sound").click()
        page.locator("button.lk-sound[aria-pressed=true]").wait_for()
        page.locator("button.lk-sound[aria-pressed=false]").wait_for()
        assert heard.all() == []


def test_the_readme_says_what_is_tested(repository: Path) -> None:
    said = f"Content-Security-Policy: {policy.HEADER}\n"
    assert said in (repository / "README.md").read_text(encoding="utf-8")
