"""A right site, however a project is laid out and whatever MkDocs is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import linking
import pytest
from conftest import LESSON, PAGE, TOOLBOX
from workshop import Workshop, copied

pytestmark = pytest.mark.slow

SETTINGS = '[tool.lessonkit]\nlibraries = ["numpy", "matplotlib"]\n'
SITE = "site_name: Walks\ntheme: {name: material, font: false}\nplugins: [search, lessonkit]\n"

SMALL = '''
"""Counting to NAME."""

from lessonkit.evidence import Lesson

lesson = Lesson("NAME")

# %% count
count = [len("NAME") + seed for seed in lesson.seeds(quick=5, full=5, smoke=2)]
lesson.number("STEM-count", count)
lesson.claim("STEM-is-some", "It counts.", count, above=0, trap={"nothing": [0] * len(count)})
'''

SMALL_PAGE = """
---
description: Counting.
lesson: NAME
prerequisites: [walks/stray]
---

# Counting to `NAME`

[[lesson-frame]]

It counts to [[STEM-count]], as learning does.[[^STEM-is-some]] With $a^2$:

??? question "How far?"

    === "One"

        To [[STEM-count]], or $a^2$.[^1]

[^1]: A footnote.

[[lesson-claims]]

[[count]]

[[lesson-downloads]]
"""

HOME = """
---
description: Home.
---

# Home

[[gallery]]

[[prerequisites]]

[[syllabus]]

[[used-in:numpy]]

[[evidence]]

"""


def small(project: Workshop, lesson: str, page: str) -> None:
    stem = lesson.rpartition("/")[2].replace("_", "-")
    for path, text in ((f"lessons/{lesson}.py", SMALL), (f"docs/{page}", SMALL_PAGE)):
        project.write(path, text.replace("NAME", lesson).replace("STEM", stem))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A course whose lessons lie in the root, three deep, and apart from their pages."""
    made = Workshop(tmp_path_factory.mktemp("layouts") / "course")
    made.write("pyproject.toml", SETTINGS)
    made.write("mkdocs.yml", SITE)
    made.write("lessons/walks/stray.py", LESSON)
    made.write("lessons/walks/_toolbox.py", TOOLBOX)
    made.write("docs/apart/a_page of-mine.md", PAGE)
    small(made, "plain", "plain.md")
    small(made, "two-words", "index.md")
    small(made, "a/b/c/deep_one", "x/y/z/deep-one/index.md")
    made.write("docs/home.md", HOME)
    made.write(
        "docs/glossary.md", "---\ndescription: Words.\n---\n\n# Words\n\nlearning\n:   It.\n"
    )
    made.build()
    return made


def folders(it: Workshop) -> None:
    (it.root / "lessons").rename(it.root / "examples")
    (it.root / "docs").rename(it.root / "content")
    it.write("pyproject.toml", SETTINGS + 'lessons = "examples"\npages = "content"\n')
    it.write("mkdocs.yml", SITE + "docs_dir: content\n")


def source(it: Workshop) -> None:
    it.write("src/far/__init__.py", TOOLBOX)
    it.replace("lessons/walks/stray.py", "import _toolbox", "import far as _toolbox")
    (it.root / "lessons/walks/_toolbox.py").unlink()


def apart(it: Workshop) -> None:
    it.write("web/mkdocs.yml", SITE + "docs_dir: ../docs\nsite_dir: ../site\n")
    (it.root / "mkdocs.yml").unlink()


def inherited(it: Workshop) -> None:
    it.write("base.yml", SITE.replace("[search, lessonkit]", "[mkdocs-jupyter, lessonkit, search]"))
    it.write(
        "mkdocs.yml", "INHERIT: base.yml\nhooks: [hook.py]\nsite_url: https://x.org/sub/course\n"
    )
    it.write(
        "hook.py", "def on_page_markdown(markdown, **_):\n    return 'More.\\n\\n' + markdown\n"
    )


def configured(more: str) -> Callable[[Workshop], None]:
    return lambda it: (it.root / "mkdocs.yml").write_text(SITE + more, "utf-8") and None


def themed(name: str) -> Callable[[Workshop], None]:
    return lambda it: it.replace("mkdocs.yml", "{name: material, font: false}", name)


NAV = "nav: [Home: home.md, All: [glossary.md]]\n"
GREEDY = "{mkdocs-jupyter: {execute: true, ignore: ['generated/*']}}"
LAYOUTS: dict[str, Callable[[Workshop], None]] = {
    "as it comes": lambda it: None,
    "pages as files": configured("use_directory_urls: false\n"),
    "in a sub-path": configured("site_url: https://example.org/sub/course/\n"),
    "pages as files in a sub-path": configured(
        "site_url: https://example.org/sub/course/\nuse_directory_urls: false\n"
    ),
    "other folders": folders,
    "a package in src": source,
    "the site's file in a folder": apart,
    "a navigation": configured(NAV + "validation: {absolute_links: warn, anchors: warn}\n"),
    "a navigation that takes up lessons": lambda it: (
        it.write("mkdocs.yml", SITE.replace("lessonkit]", "{lessonkit: {nav: All}}]") + NAV)
        and None
    ),
    "notebooks of one's own": lambda it: it.replace(
        "mkdocs.yml", "lessonkit]", f"lessonkit, {GREEDY}]"
    ),
    "a sub-path, inherited, with a hook, notebooks first": inherited,
    "another language": themed("{name: material, font: false, language: de}"),
    "MkDocs' own theme": themed("mkdocs"),
    "another theme": themed("readthedocs"),
    "instant navigation": themed(
        "{name: material, font: false, features: [navigation.instant, navigation.tabs]}"
    ),
}


ALSO = ("as it comes", "pages as files", "notebooks of one's own")  # enough for another generator
CASES = [(layout, "mkdocs") for layout in LAYOUTS] + [(layout, "properdocs") for layout in ALSO]


@pytest.mark.parametrize(("layout", "generator"), CASES)
def test_every_layout_gives_a_right_site(
    ran: Workshop, tmp_path: Path, layout: str, generator: str
) -> None:
    pytest.importorskip(generator)
    it = copied(ran, tmp_path / "course")
    LAYOUTS[layout](it)
    if layout == "a package in src":
        assert it.lessonkit("build", PYTHONPATH="src").returncode == 0
    folder = it.root / "web" if layout == "the site's file in a folder" else it.root
    done = it.run("-m", generator, "build", "--strict", "-f", str(folder / "mkdocs.yml"))
    assert done.returncode == 0, done.stderr
    site = it.root / "site"
    assert linking.dead(site, "/sub/course/" if "sub-path" in layout else "/") == []
    pages = [
        page
        for page in sorted(site.rglob("*.html"))
        if "lk-downloads" in page.read_text("utf-8") and "lk-gallery" not in page.read_text("utf-8")
    ]
    assert len(pages) == 4
    for page in pages:
        html = page.read_text(encoding="utf-8")
        for part in ("lk-frame", "lk-claim lk-holds", "lk-cell", "lk-neighbours", "notebook"):
            assert part in html, part
        for raw in ("[[", "???", '=== "', "$a", "[^1]"):
            assert raw not in html.partition("<pre")[0], raw
        assert sum("generated/" in sheet for sheet in linking.styles(page)) == 3
    assert len([p for p in site.rglob("*.html") if "jp-Cell" in p.read_text("utf-8")]) == 4
    assert len(list(site.rglob("*.ipynb"))) == 4


def test_a_page_that_is_left_out_is_linked_by_nobody(ran: Workshop, tmp_path: Path) -> None:
    it = copied(ran, tmp_path / "course")
    configured("exclude_docs: plain.md\n")(it)
    done = it.mkdocs("build", "--strict")
    assert done.returncode == 0, done.stderr
    assert linking.dead(it.root / "site") == []


def test_an_edit_in_src_makes_the_lesson_stale(ran: Workshop, tmp_path: Path) -> None:
    it = copied(ran, tmp_path / "course")
    source(it)
    assert it.lessonkit("build", PYTHONPATH="src").returncode == 0
    assert it.entry().standing.state == "fresh"
    it.replace("src/far/__init__.py", "STEPS = 100", "STEPS = 101")
    assert it.entry().standing.state == "stale"


TEXT = '''
"""Links of a text"""
from lessonkit.evidence import Lesson
lesson = Lesson("plain")

# %% [markdown]
# ## What `code` says
# [home](../home.md), [elsewhere](https://example.org), [above](#what-code-says),
# ![a picture](./mine%20own.png "a title").
#
# ## What `code` says
# [nowhere](home.md#x)

# %%
1
'''


def test_links_of_a_text_lead_where_they_would_on_the_lessons_page(
    ran: Workshop, tmp_path: Path
) -> None:
    it = copied(ran, tmp_path / "course")
    it.write("lessons/plain.py", TEXT)
    (it.root / "docs/plain.md").unlink()
    it.write("docs/far/plain.md", "---\ndescription: x\nlesson: plain\n---\n\n# Plain\n")
    (it.root / "docs/far/mine own.png").write_bytes(b"")
    it.build()
    configured("use_directory_urls: false\n")(it)
    refused = it.mkdocs("build", "--strict")
    assert refused.returncode == 1
    assert "lessons/plain.py:11: the text leads to 'home.md#x'" in refused.stderr
    assert refused.stderr.count("the text leads to") == 1
    it.replace("lessons/plain.py", "(home.md#x)", "(../glossary.md)")
    built = it.mkdocs("build", "--strict")
    assert built.returncode == 0, built.stderr
    assert linking.dead(it.root / "site") == []
    page = it.root / "site/generated/plain/notebook.html"
    wanted = ["../../home.html", "../../far/mine%20own.png", "../../glossary.html"]
    assert set(wanted) <= set(linking.links(page))
    html = page.read_text(encoding="utf-8")
    assert html.count("What <code>code</code> says") == 2
    assert "#what-code-says_1" in linking.links(page), "in the contents, too"
