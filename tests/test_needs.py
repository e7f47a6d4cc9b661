"""One line among the plugins is enough, and what mkdocs.yml says itself stays as it says it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Project
from mkdocs.config import load_config
from mkdocs.exceptions import PluginError

from lessonkit.press import settings
from lessonkit.press.site.plugin import LessonkitPlugin

START = "site_name: Mine\ntheme: {name: material, font: false}\n"


def configured(project: Project, more: str) -> Any:
    """Return MkDocs' configuration as it is when pages are about to be built."""
    project.write("mkdocs.yml", START + more)
    config = load_config(str(project.root / "mkdocs.yml"))
    return config.plugins.on_config(config)


def test_one_line_brings_all_that_pages_need(project: Project) -> None:
    config = configured(project, "plugins: [lessonkit]\n")
    assert config.extra_css == [f"generated/{n}.css" for n in ("lessonkit", "finding", "figures")]
    scripts = [(script.path, script.defer) for script in config.extra_javascript]
    assert scripts == [("generated/lessonkit.js", True), ("generated/finding.js", True)]
    assert config.not_in_nav.match_file("generated/walks/stray/notebook.ipynb")
    assert "mkdocs-jupyter" in config.plugins
    assert config.plugins["mkdocs-jupyter"].config["execute"] is False
    wanted = {"admonition", "md_in_html", "pymdownx.superfences", "pymdownx.tabbed"}
    wanted |= {"pymdownx.arithmatex", "lessonkit.press.page.maths", "lessonkit.press.embed"}
    assert wanted <= set(config.markdown_extensions)
    assert len(set(config.markdown_extensions)) == len(config.markdown_extensions)
    assert config.mdx_configs["pymdownx.arithmatex"] == {"generic": True}


def test_what_the_author_says_stays(project: Project) -> None:
    config = configured(
        project,
        "extra_css: [generated/finding.css, mine.css]\n"
        "extra_javascript: [generated/finding.js]\n"
        "not_in_nav: /drafts/\n"
        "plugins: [lessonkit, {mkdocs-jupyter: {include: [mine.ipynb], execute: true}}]\n"
        "markdown_extensions: [markdown.extensions.admonition, {pymdownx.tabbed: {slugify: x}},"
        " pymdownx.extra, codehilite, pymdownx.arithmatex]\n",
    )
    assert config.extra_css[-2:] == ["generated/finding.css", "mine.css"]
    assert sorted(map(str, config.extra_javascript)) == [
        "generated/finding.js",
        "generated/lessonkit.js",
    ]
    assert config.not_in_nav.match_file("drafts/x.md")
    assert config.mdx_configs["pymdownx.tabbed"] == {"slugify": "x"}
    assert config.plugins["mkdocs-jupyter"].config["execute"] is True
    theirs = {"admonition", "pymdownx.superfences", "pymdownx.highlight", "footnotes"}
    theirs |= {"lessonkit.press.page.maths"}  # their formulas are their own business
    assert not theirs & set(config.markdown_extensions)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("docs_dir: content\nplugins: [lessonkit]\n", 'Write `pages = "content"`'),
        ("exclude_docs: /generated/\nplugins: [lessonkit]\n", "leaves out generated/"),
        ("plugins: [lessonkit, lessonkit]\n", "it is named twice under `plugins:`"),
        ("site_dir: lessons\nplugins: [lessonkit]\n", "expected a folder of its own"),
        ("site_dir: .lessonkit/site\nplugins: [lessonkit]\n", "mix the site with what lies in"),
        ("plugins: [{lessonkit: {nav: Nowhere}}]\n", "`nav: Nowhere` names no section"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(project: Project, more: str, says: str) -> None:
    (project.root / "content").mkdir()
    with pytest.raises(PluginError) as refused:
        configured(project, more)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_build_that_leaves_pages_as_they_were_is_refused() -> None:
    plugin = LessonkitPlugin()
    with pytest.raises(PluginError, match=r"the numbers of older runs.*without --dirty"):
        plugin.on_startup(command="build", dirty=True)
    plugin.copies.folder.cleanup()


def test_a_store_that_is_a_link_to_itself_is_an_empty_one(project: Project) -> None:
    (project.root / ".lessonkit").symlink_to(".lessonkit")
    assert configured(project, "plugins: [lessonkit]\n")


@pytest.mark.parametrize("lessons", [".", "course"])
def test_pages_among_lessons_are_refused_in_one_line(project: Project, lessons: str) -> None:
    folder = f'lessons = "{lessons}"\npages = "{lessons}/docs"\n'
    project.write("pyproject.toml", f"[tool.lessonkit]\n{folder}")
    with pytest.raises(PluginError, match="expected folders apart"):
        configured(project, "plugins: [lessonkit]\n")


def test_a_lesson_called_as_its_notebook_is_named(project: Project) -> None:
    project.write("lessons/far/notebook.py", '"""Notebook"""\n')
    assert settings.load(project.root).lesson_names() == ["walks/stray"]
    (said,) = settings.load(project.root).misnamed()
    assert said.startswith("lessons/far/notebook.py: ")


def test_a_folder_that_is_no_project_is_refused_in_one_line(project: Project) -> None:
    (project.root / "pyproject.toml").unlink()
    with pytest.raises(PluginError, match=r"no pyproject\.toml in .* or above it"):
        configured(project, "plugins: [lessonkit]\n")
