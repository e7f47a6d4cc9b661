"""The site itself, built strict from smoke runs and read in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import browser
import nbformat
import pytest
from kernels import BARE, kernel, run_all

from lessonkit.evidence.rule import HOLDS
from lessonkit.press import settings
from lessonkit.press.course import pages
from lessonkit.press.run import replications, store

LESSON = "training/vanishing-gradients/"
TWIN = "generated/training/vanishing_gradients/notebook/"
COURSE = settings.load(Path(__file__).resolve().parent.parent)
LESSONS = sorted(str(pages.as_folders(page.path)) for page in pages.by_lesson(COURSE).values())
DOCS = Path(__file__).resolve().parent.parent / "docs"
ROOMS = ["reference/", "reference/evidence/", "reference/models/"]
PAGES = ["", "before-you-start/", "lessons/", *LESSONS, "evidence/", "glossary/", TWIN, *ROOMS]
PAGE_LIMIT = 250_000  # bytes of a lesson's page with all that it loads, besides the theme
TREE = ["docs", "lessons", "lessonkit", "overrides", "mkdocs.yml", "pyproject.toml"]

# Material's search stumbles over words that are typed before it has read its index.
SEARCH_IS_READY = (
    "!document.querySelector('.md-search-result__meta').textContent.includes('Initializing')"
)

pytestmark = pytest.mark.slow
needs_browser = pytest.mark.skipif(browser.find_chromium() is None, reason=browser.MISSING)


def call(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in a copy of the tree, confined to smoke runs."""
    environment = {**os.environ, "LESSONKIT_PROFILE": "smoke", "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is in the repository, with its lessons run as smoke."""
    root = tmp_path_factory.mktemp("site") / "course"
    root.mkdir()
    ignored = shutil.ignore_patterns("generated", "__pycache__")
    for name in TREE:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy(source, root / name)
    built = call(root, "lessonkit.press.cli", "build")
    assert built.returncode == 0, built.stderr
    return root


@pytest.fixture(scope="module")
def site(tree: Path) -> Path:
    """The site, built strict."""
    built = call(tree, "mkdocs", "build", "--strict")
    assert built.returncode == 0, built.stderr
    return tree / "site"


@pytest.fixture(scope="module")
def home(site: Path) -> Iterator[str]:
    with browser.serve(site) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    with browser.chromium() as opened:
        yield opened


@pytest.mark.parametrize("lesson", COURSE.lesson_names())
def test_a_lesson_run_by_hand_gives_the_builders_digits_and_pictures(
    tree: Path, lesson: str
) -> None:
    (run,) = store.runs_of(tree / ".lessonkit/runs", lesson)
    ours = ["--profile", "smoke", "--device", "cpu", "--outputs", "by-hand"]
    done = subprocess.run(
        [sys.executable, f"lessons/{lesson}.py", *ours],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "2", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    by_hand = tree / "by-hand" / lesson
    published = json.loads((run / "evidence.json").read_text(encoding="utf-8"))
    assert json.loads((by_hand / "evidence.json").read_text(encoding="utf-8")) == published
    pictures = [record["svg"] for record in published["records"] if record["kind"] == "figure"]
    assert pictures
    for name in pictures:
        assert (by_hand / name).read_bytes() == (run / name).read_bytes()


@pytest.mark.parametrize("lesson", COURSE.lesson_names())
def test_every_recorded_set_keeps_every_promise_with_nine_networks_of_ten(
    tree: Path, lesson: str
) -> None:
    (folder,) = store.runs_of(tree / ".lessonkit/runs", lesson)
    known = [r for r in replications.records(COURSE, lesson) if r.profile == "quick"]
    for name, claim in store.open_run(
        folder, lesson
    ).claims.items():  # the sentence, bound and format
        sides = [
            replace(claim, judged=True, values=v, trap_values=t)
            for v, t in (r.claims[name] for r in known if name in r.claims)
        ]
        assert [side.problem for side in sides if side.problem] == [], name
        count = sum(len(side.values) for side in sides)
        inside = sum(side.inside for side in sides)
        agreeing = inside if claim.expect == HOLDS else count - inside
        assert agreeing >= 0.9 * count or "in most" in claim.statement, name


class Links(HTMLParser):
    """The local files that a page loads or links to, and its ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag in ("img", "script") and given.get("src"):
            self.loads.append(str(given["src"]))
        if tag == "link" and given.get("rel") in ("stylesheet", "icon"):
            self.loads.append(str(given["href"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))


def read(site: Path, page: str) -> Links:
    return Links((site / page / "index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_file_of_a_page_is_there(site: Path, page: str) -> None:
    links = read(site, page)
    assert links.loads
    for address in [*links.loads, *links.links]:
        if re.match(r"[a-z]+:", address) or address.startswith("#"):
            continue
        path, _, anchor = address.partition("#")
        target = (site / page / path.partition("?")[0]).resolve()
        target = target / "index.html" if target.is_dir() else target
        assert target.is_file(), f"{page} points to {address}, which is not there"
        if anchor and target.suffix == ".html":
            assert anchor in Links(target.read_text(encoding="utf-8")).ids, address


@pytest.mark.parametrize("page", PAGES)
def test_no_page_uses_an_id_twice(site: Path, page: str) -> None:
    ids = read(site, page).ids
    assert sorted(set(ids)) == sorted(ids)


def test_a_smoke_run_says_on_the_page_that_it_measured_nothing(site: Path) -> None:
    page = (site / LESSON / "index.html").read_text(encoding="utf-8")
    assert "lk-banner lk-smoke" in page
    assert "not judged" in page
    assert "lk-claim lk-holds" not in page


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_page_is_light(site: Path, lesson: str) -> None:
    page = site / lesson
    html = (page / "index.html").read_text(encoding="utf-8")
    files = {site / "assets/fonts/maths.woff2"}
    for address in read(site, lesson).loads:
        # The theme's own files, and the scripts that it writes into pages, do not count.
        if not re.search(r"assets/(?:stylesheets|javascripts|scripts)/", address):
            files.add((page / address.partition("?")[0]).resolve())
    own = html[html.index("<article") : html.rindex("</article>")]
    weight = len(own.encode()) + sum(path.stat().st_size for path in files)
    assert weight <= PAGE_LIMIT


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_page_needs_no_script_for_its_formulas(site: Path, lesson: str) -> None:
    html = (site / lesson / "index.html").read_text(encoding="utf-8")
    assert "arithmatex" not in html
    assert not re.search(r"katex|mathjax", html, re.I)
    assert html.count("<math") == html.count("</annotation>")
    written = DOCS / f"{lesson.rstrip('/')}.md"
    assert ("<math" in html) == ("$" in written.read_text(encoding="utf-8"))


def test_the_notebook_twin_shares_one_stylesheet(site: Path) -> None:
    page = (site / TWIN / "index.html").read_text(encoding="utf-8")
    inside = page.partition('<div class="jupyter-wrapper">')[2]
    assert "jp-CodeCell" in inside
    assert "<style>" not in inside
    assert "jp-CodeCell" in (site / "generated/lessonkit.css").read_text(encoding="utf-8")
    words = re.sub(r'src="data:[^"]+"', "", inside)
    assert len(words) < 150_000, "JupyterLab's styles alone are four times that"


def test_downloads_are_what_they_say(site: Path, tree: Path) -> None:
    folder = site / "generated/training/vanishing_gradients"
    script = (tree / "lessons/training/vanishing_gradients.py").read_bytes()
    assert (folder / "vanishing_gradients.py").read_bytes() == script
    nbformat.validate(nbformat.read(folder / "vanishing_gradients.ipynb", as_version=4))
    with zipfile.ZipFile(folder / "vanishing_gradients.zip") as archive:
        assert archive.read("vanishing_gradients.py") == script
        assert any(name.endswith(".csv") for name in archive.namelist())
    with zipfile.ZipFile(site / "generated/lessons.zip") as archive:
        assert "training/vanishing_gradients/vanishing_gradients.py" in archive.namelist()


def test_the_search_finds_the_lesson_and_not_its_notebook(site: Path) -> None:
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    places = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert LESSON in places
    assert TWIN not in places


def test_the_reference_says_which_lessons_use_a_room(site: Path) -> None:
    page = (site / "reference/models/index.html").read_text(encoding="utf-8")
    assert "lk-used" in page
    assert LESSON in page


@needs_browser
@pytest.mark.browser
def test_a_card_without_a_picture_is_as_tall_as_its_words(
    chromium: browser.Browser, repository: Path
) -> None:
    css = (repository / "lessonkit/press/assets/lessonkit.css").read_text("utf-8")
    cards = "".join(f'<p class="lk-card">{img}<a>x</a></p>' for img in ("<img>", ""))
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.set_content(
        f'<style>{css}</style><div class="md-typeset"><div class="lk-gallery">{cards}</div></div>'
    )
    drawn, plain = (card.bounding_box() for card in page.query_selector_all(".lk-card"))
    page.close()
    assert drawn
    assert plain
    assert drawn["y"] == plain["y"]
    assert plain["height"] < drawn["height"] / 2


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize("scheme", browser.SCHEMES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_complaint_fits_its_window_and_is_for_everybody(
    chromium: browser.Browser, home: str, page: str, scheme: str
) -> None:
    # One visit for all three: opening a page is what takes long, and there will be many pages.
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with browser.open_page(chromium, home + page, scheme) as (opened, complaints):
        assert complaints.all() == []
        browser.wait_until(opened, "!document.querySelector('.md-code__nav:not([role])')")
        found = axe.Axe().run(opened).response["violations"]
        assert [(v["id"], v["nodes"][0]["target"], v["help"]) for v in found] == []
        for width in browser.WIDTHS.values():
            opened.set_viewport_size({"width": width, "height": 900})
            assert opened.evaluate("document.documentElement.scrollWidth") <= width


@needs_browser
@pytest.mark.browser
def test_figures_are_drawn_in_the_colours_of_the_scheme(
    chromium: browser.Browser, home: str
) -> None:
    colours = {}
    for scheme in browser.SCHEMES:
        with browser.open_page(chromium, home + LESSON, scheme) as (page, _):
            figures = page.locator("figure.lk-figure .lk-canvas > *")
            assert figures.count() >= 3
            for index in range(figures.count()):
                box = figures.nth(index).bounding_box()
                assert box is not None
                assert box["width"] > 300
                assert box["height"] > 100
            colours[scheme] = page.evaluate(
                """[...document.querySelectorAll('.lk-canvas svg text')].map(
                     text => getComputedStyle(text).fill)"""
            )
    assert colours["light"]
    assert set(colours["light"]).isdisjoint(colours["dark"])


WORDS = """[...document.querySelectorAll('.lk-canvas svg')].flatMap(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
  return [...svg.querySelectorAll('text')].map(
    text => [text.textContent, scale * parseFloat(getComputedStyle(text).fontSize)])
})"""
SHIFTS = """window.shifts = []
new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry => entry.value)))
  .observe({type: "layout-shift", buffered: true})"""


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize("lesson", LESSONS)
def test_every_word_of_a_figure_is_legible_on_a_phone(
    chromium: browser.Browser, home: str, lesson: str
) -> None:
    with browser.open_page(chromium, home + lesson, width=390) as (page, _):
        words = page.evaluate(WORDS)
    assert len(words) > 10
    assert [word for word, pixels in words if pixels < 11] == []


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_closed_page_has_few_elements_and_its_claims_take_a_tenth(
    chromium: browser.Browser, home: str, lesson: str
) -> None:
    with browser.open_page(chromium, home + lesson, width=1360) as (page, _):
        assert page.evaluate(SEEN) <= 2_000
        assert page.evaluate(CLAIMS) <= 0.1


SEEN = """[...document.querySelectorAll('*')].filter(element => {
  const closed = node => node && node.closest('details:not([open])')
  for (let inside = closed(element.parentElement); inside; inside = closed(inside.parentElement))
    if (!inside.querySelector(':scope > summary')?.contains(element)) return false
  return true
}).length"""
CLAIMS = """[...document.querySelectorAll('details.lk-claim')].reduce(
  (height, claim) => height + claim.getBoundingClientRect().height, 0
) / document.body.scrollHeight"""


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize("path", ["", *LESSONS])
@pytest.mark.parametrize("width", browser.WIDTHS.values())
def test_nothing_moves_while_a_page_loads(
    chromium: browser.Browser, home: str, path: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.add_init_script(SHIFTS)
    page.goto(home + path, wait_until="networkidle")
    browser.wait_until(page, browser.SETTLED)
    assert sum(page.evaluate("shifts")) < 0.01  # a tenth of what counts as good
    page.close()


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("sigmoid", LESSON),
        ("vanishing gradients", LESSON),
        ("residual", "training/residual-connections/"),
        ("attention", "architectures/attention/"),
        ("what is a neuron", "foundations/one-neuron/"),
        ("how does a network learn?", "foundations/learning-by-correction/"),
        ("why depth", "depth/width-or-depth/"),
        ("overfitting", "foundations/repetition/"),
        ("universal approximation", "depth/width-or-depth/"),
        ("plot_curves", "reference/figures/"),
    ],
)
def test_a_search_finds_first_what_was_meant(
    chromium: browser.Browser, home: str, words: str, first: str
) -> None:
    with browser.open_page(chromium, home) as (page, complaints):
        page.locator("input[name=query]").click()
        browser.wait_until(page, SEARCH_IS_READY)
        page.keyboard.type(words)
        result = page.locator(".md-search-result__link").first
        result.wait_for()
        page.wait_for_timeout(300)  # the answers to half a word give way to those to the whole
        assert str(result.get_attribute("href")).partition("?")[0].removeprefix(home) == first
        assert complaints.all() == []


@needs_browser
@pytest.mark.browser
def test_the_evidence_is_filtered_by_verdict_lesson_and_word(
    chromium: browser.Browser, home: str
) -> None:
    shown = "document.querySelectorAll('.lk-fold:not([hidden])[open] .lk-row:not([hidden])').length"
    with browser.open_page(chromium, home + "evidence/") as (page, _):
        assert page.evaluate(shown) == 0, "everything is folded until somebody asks"
        page.locator("select[name=lesson]").select_option("architectures/attention")
        of_lesson = page.evaluate(shown)
        page.locator("input[name=word]").fill("right noun")
        of_word = page.evaluate(shown)
        page.locator("select[name=verdict]").select_option("not yet")
        assert 0 < of_word < of_lesson
        assert page.evaluate(shown) == 0
        assert page.locator(".lk-filter output").text_content() == "0 rows"


@needs_browser
@pytest.mark.browser
def test_the_evidence_is_short_on_a_phone(chromium: browser.Browser, home: str) -> None:
    with browser.open_page(chromium, home + "evidence/", width=390) as (page, _):
        assert page.evaluate("document.documentElement.scrollHeight") <= 6000


@needs_browser
@pytest.mark.browser
def test_a_word_of_the_glossary_explains_itself_to_pointer_key_and_finger(
    chromium: browser.Browser, home: str
) -> None:
    for width in browser.WIDTHS.values():
        with browser.open_page(chromium, home + LESSON, width=width) as (page, _):
            word = page.locator(".lk-term").first
            meaning = word.locator(".lk-meaning")
            assert not meaning.is_visible()
            word.hover()
            assert meaning.is_visible()
            page.mouse.move(0, 0)
            assert not meaning.is_visible()
            word.focus()
            assert meaning.is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.keyboard.press("Escape")
            assert not meaning.is_visible()


@needs_browser
@pytest.mark.browser
def test_a_page_that_is_not_there_leads_to_those_that_are(
    chromium: browser.Browser, home: str, site: Path
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    links = Links((site / "404.html").read_text(encoding="utf-8")).links
    assert {"/" + page for page in [*LESSONS, "lessons/", "glossary/"]} <= set(links)
    with browser.open_page(chromium, home + "404.html") as (page, complaints):
        assert complaints.all() == []
        assert axe.Axe().run(page).response["violations"] == []
        page.locator(".md-content label[for=__search]").click()
        assert page.locator("input[name=query]").is_visible()


@pytest.mark.parametrize("page", [page for page in PAGES if page != TWIN])
def test_a_shared_link_shows_a_title_a_sentence_and_a_picture(site: Path, page: str) -> None:
    from PIL import Image

    html = (site / page / "index.html").read_text(encoding="utf-8")
    given = dict(re.findall(r'<meta property="og:([\w:]+)" content="([^"]+)"', html))
    assert given["title"]
    assert given["description"]
    with Image.open((site / page / given["image"]).resolve()) as picture:
        assert picture.size == (1200, 630)


@needs_browser
@pytest.mark.browser
def test_a_reader_downloads_the_script(chromium: browser.Browser, home: str, tree: Path) -> None:
    with browser.open_page(chromium, home + LESSON) as (page, _):
        with page.expect_download() as waiting:
            page.locator(".lk-downloads a", has_text="script").first.click()
        content = Path(waiting.value.path()).read_bytes()
    assert content == (tree / "lessons/training/vanishing_gradients.py").read_bytes()


def test_the_exported_runs_publish_the_same_page_elsewhere(
    tree: Path, site: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "runs.zip"
    assert call(tree, "lessonkit.press.cli", "export", str(archive)).returncode == 0
    elsewhere = tmp_path / "course"
    shutil.copytree(tree, elsewhere, ignore=shutil.ignore_patterns(".lessonkit", "generated"))
    shutil.rmtree(elsewhere / "site")  # there are other folders of this name
    taken = call(elsewhere, "lessonkit.press.cli", "import", str(archive))
    assert taken.returncode == 0, taken.stderr
    built = call(elsewhere, "mkdocs", "build", "--strict")
    assert built.returncode == 0, built.stderr
    here = (site / LESSON / "index.html").read_bytes()
    assert (elsewhere / "site" / LESSON / "index.html").read_bytes() == here


def test_properdocs_builds_this_tree_strict(tree: Path, site: Path) -> None:
    pytest.importorskip("properdocs")
    built = call(tree, "properdocs", "build", "--strict", "--site-dir", "proper")
    assert built.returncode == 0, built.stderr
    page = (tree / "proper" / LESSON / "index.html").read_text(encoding="utf-8")
    assert page.count("lk-figure") == (
        (site / LESSON / "index.html").read_text(encoding="utf-8").count("lk-figure")
    )


def test_pictures_of_notebook_cells_are_real_pictures(site: Path) -> None:
    from PIL import Image

    for picture in (site / "generated").rglob("*.png"):
        with Image.open(BytesIO(picture.read_bytes())) as image:
            image.verify()


def test_a_downloaded_notebook_shows_in_an_empty_folder_what_its_twin_shows(
    tree: Path, tmp_path: Path
) -> None:
    folder = tree / "docs/generated/training/vanishing_gradients"
    shutil.copy(folder / "vanishing_gradients.zip", tmp_path)  # the site is not there yet
    with kernel(tmp_path, LESSONKIT_PROFILE="smoke", LESSONKIT_DEVICE="cpu") as run:
        run(BARE)
        run_all(run, folder / "vanishing_gradients.ipynb", folder / "notebook.ipynb")
