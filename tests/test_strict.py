"""The strict build: it publishes what is true and refuses everything else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import Project

from lessonkit.press.run import store
from lessonkit.press.site import downloads, needs

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose lesson has run."""
    project = Project(tmp_path_factory.mktemp("strict") / "course")
    project.furnish()
    assert project.lessonkit("build").returncode == 0
    return project.root


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Project:
    """A copy of it, to break."""
    root = tmp_path / "course"
    shutil.copytree(built_once, root)
    return Project(root)


def runs_in(project: Project) -> list[Path]:
    return sorted((project.root / ".lessonkit/runs").rglob("manifest.json"))


def test_what_ran_is_published(built: Project) -> None:
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 0, result.stderr
    page = (built.root / "site/stray/index.html").read_text(encoding="utf-8")
    for part in ("lk-number", "lk-figure", "lk-claim lk-holds", "lk-cell", "lk-downloads"):
        assert part in page
    run = store.open_run(runs_in(built)[0].parent, "walks/stray")
    assert run.numbers["distance"].text("median") in page
    assert run.key in page


def test_a_misspelt_name_stops_the_build_and_lists_the_right_ones(built: Project) -> None:
    built.replace("docs/stray.md", "[[distance]]", "[[distanec]]")
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert "docs/stray.md:12: [[distanec]]" in result.stderr
    assert "did you mean 'distance'?" in result.stderr


def test_a_broken_claim_stops_the_build_with_promised_and_measured(built: Project) -> None:
    built.replace("lessons/walks/stray.py", "above=0.5", "above=500.0")
    run = built.lessonkit("build")
    assert run.returncode == 1
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert "walks-stray" in result.stderr
    assert "promised above 500" in result.stderr
    page_is_honest = built.mkdocs("build", "--no-strict")
    assert page_is_honest.returncode == 0
    page = (built.root / "site/stray/index.html").read_text(encoding="utf-8")
    assert "promise broken" in page


def test_a_trap_that_does_not_flip_stops_the_build(built: Project) -> None:
    built.replace("lessons/walks/stray.py", "[0.0] * len(walks)", "[9.0] * len(walks)")
    assert built.lessonkit("build").returncode == 1
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert "does not flip the verdict" in result.stderr


def test_a_lesson_that_raises_stops_the_build_and_keeps_its_last_good_run(built: Project) -> None:
    (before,) = runs_in(built)
    built.replace("lessons/walks/stray.py", "steps = ", "steps = 1 / 0\nsteps = ")
    run = built.lessonkit("build")
    assert run.returncode == 1
    assert "lessons/walks/stray.py:17: ZeroDivisionError" in run.stderr
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr
    assert runs_in(built) == [before]
    assert built.mkdocs("build", "--no-strict").returncode == 0
    page = (built.root / "site/stray/index.html").read_text(encoding="utf-8")
    assert "lk-banner lk-stale" in page
    assert "lk-number" in page


def test_code_that_was_edited_but_not_run_stops_the_build(built: Project) -> None:
    built.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert "its code changed since the run" in result.stderr


@pytest.mark.parametrize(
    "name", ["evidence.json", "cells.json", "manifest.json", "seal", "figures/distances.svg"]
)
def test_a_run_altered_by_one_byte_stops_the_build(built: Project, name: str) -> None:
    file = runs_in(built)[0].parent / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert "altered since" in result.stderr
    assert built.lessonkit("build").returncode == 0
    mended = built.mkdocs("build", "--strict")
    assert mended.returncode == 0, mended.stderr


def test_a_page_that_names_no_lesson_of_the_course_stops_the_build(built: Project) -> None:
    built.replace("docs/stray.md", "lesson: walks/stray", "lesson: walks/astray")
    result = built.mkdocs("build", "--strict")
    assert result.returncode == 1
    assert (
        "names lesson 'walks/astray', which does not exist; did you mean 'walks/stray'? "
        "there are: walks/stray" in result.stderr
    )


def test_building_the_site_runs_nothing_and_needs_no_torch(built: Project) -> None:
    before = runs_in(built)
    code = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['mkdocs', 'build', '--strict']\n"
        "from mkdocs.__main__ import cli; cli()"
    )
    result = built.run("-c", code)
    assert result.returncode == 0, result.stderr
    assert runs_in(built) == before


def test_a_comment_shows_in_the_published_script_without_a_run(built: Project) -> None:
    built.replace("lessons/walks/stray.py", "# Walk.", "# Walk on, and on.")
    assert built.mkdocs("build", "--strict").returncode == 0
    script = built.root / "site/generated/walks/stray/stray.py"
    assert "Walk on, and on." in script.read_text(encoding="utf-8")
    assert "Walk on, and on." in script.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert len(runs_in(built)) == 1


def test_pages_embed_under_zensical_without_any_plugin(built: Project) -> None:
    pytest.importorskip("zensical")
    result = built.run("-m", "zensical", "build", "--clean")
    assert result.returncode == 0, result.stderr
    page = (built.root / "site/stray/index.html").read_text(encoding="utf-8")
    run = store.open_run(runs_in(built)[0].parent, "walks/stray")
    assert run.numbers["distance"].text("median") in page
    for part in ("lk-figure", "lk-claim lk-holds", "lk-cell"):
        assert part in page
    assert "lessonkit:" not in page, "no drawing waits for a plugin that is not there"


def test_properdocs_builds_the_same_tree(built: Project) -> None:
    pytest.importorskip("properdocs")
    result = built.run("-m", "properdocs", "build", "--strict", "--site-dir", "proper")
    assert result.returncode == 0, result.stderr
    page = (built.root / "proper/stray/index.html").read_text(encoding="utf-8")
    assert "lk-number" in page
    built.replace("docs/stray.md", "[[distance]]", "[[distanec]]")
    refused = built.run("-m", "properdocs", "build", "--strict", "--site-dir", "proper")
    assert refused.returncode == 1
    assert "[[distanec]]" in refused.stderr


@pytest.mark.parametrize("generator", ["mkdocs", "properdocs"])
def test_a_quiet_strict_build_refuses_what_a_loud_one_refuses(
    project: Project, generator: str
) -> None:
    pytest.importorskip(generator)
    result = project.run("-m", generator, "build", "--strict", "--quiet")
    assert result.returncode == 1
    assert "lesson walks/stray has no run: run `lessonkit build walks/stray`." in result.stderr


def test_the_course_names_for_zensical_all_that_the_plugin_brings_under_mkdocs() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"^  - ([\w.]+):?", text.partition("\nmarkdown_extensions:")[2], re.M)
    assert {*needs._EXTENSIONS, *needs._MATHS, needs.EMBED[0]} <= set(named)
    assert all(f"generated/{style}" in text for style in downloads.STYLES)
