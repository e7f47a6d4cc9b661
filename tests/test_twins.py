"""A notebook's page is rendered once, and nothing that lies about is believed."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import jinja2
import pytest
from conftest import MKDOCS, Project
from workshop import Workshop

from lessonkit.press import memo
from lessonkit.press.site.bytecode import Bytecode

TWINS = (
    'plugins: [lessonkit, {mkdocs-jupyter: {ignore: ["*.md"], include: [notebook.ipynb], '
    "execute: false, no_prompt: true}}]"
)
WORLD = ("nbconvert", "bs4", "mistune", "jupytext")
RENDERING = str([*WORLD[:3]])  # jupytext reads scripts; notebooks are read without it
# Build the site, and say what was imported for it.
BUILD = (
    "import sys\nfrom mkdocs.__main__ import cli\nsys.argv = ['mkdocs', 'build', '-f', FILE]\n"
    "try:\n    cli()\nfinally:\n"
    f"    print([n for n in {WORLD!r} if getattr(sys.modules.get(n), '__file__', None)])"
)


@pytest.fixture
def site(there: Workshop) -> Workshop:
    text = MKDOCS.replace("plugins: [lessonkit]", TWINS).replace("exclude_docs", "not_in_nav")
    there.write("mkdocs.yml", text)
    return there


def built(project: Project, file: str = "mkdocs.yml") -> tuple[str, str]:
    """Build the site; return the notebook's page and what was imported for it."""
    done = project.run("-c", BUILD.replace("FILE", repr(file)))
    assert done.returncode == 0, done.stderr
    page = project.root / "site/generated/walks/stray/notebook/index.html"
    return page.read_text(encoding="utf-8"), done.stdout.splitlines()[-1]


def test_a_second_build_imports_nothing_of_jupyter(site: Workshop) -> None:
    first, imported = built(site)
    assert imported == RENDERING
    second, imported = built(site)
    assert imported == "[]"
    assert second == first
    assert "jp-Cell" in first
    assert '"toc": ' not in first
    assert 'href="#a-walk-strays"' in first  # its headings, too, are what they were


def test_another_notebook_is_rendered_anew(site: Workshop) -> None:
    built(site)
    site.replace("lessons/walks/stray.py", "# Walk.", "# Walk far.")  # words need no run
    page, imported = built(site)
    assert imported == RENDERING
    assert "Walk far." in page


def test_another_option_is_rendered_anew(site: Workshop) -> None:
    assert "of-our-own" not in built(site)[0]
    site.replace("mkdocs.yml", "no_prompt: true", "highlight_extra_classes: of-our-own")
    assert "of-our-own" in built(site)[0]


def test_what_was_altered_is_rendered_anew(site: Workshop) -> None:
    first, _ = built(site)
    altered = 0
    for file in site.settings.memo_folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        if b"jp-Cell" in content:
            file.write_bytes(content.replace(b"jp-Cell", b"jp-Sell"))
            altered += 1
    assert altered
    assert built(site)[0] == first


def test_the_cache_that_nobody_checks_is_switched_off(site: Workshop) -> None:
    first, _ = built(site)
    assert not (site.root / ".cache").exists()
    shutil.rmtree(site.settings.memo_folder)
    assert built(site)[0] == first


def test_the_order_of_the_plugins_does_not_matter(site: Workshop) -> None:
    first, _ = built(site)
    options = TWINS.removeprefix("plugins: [lessonkit, ").removesuffix("]")
    text = (site.root / "mkdocs.yml").read_text(encoding="utf-8")
    site.write("other.yml", text.replace(TWINS, f"plugins: [{options}, lessonkit]"))
    assert built(site, "other.yml")[0] == first


def test_what_waits_can_be_imported_in_every_way(course: Workshop) -> None:
    code = (
        "from lessonkit.press.site import twins\ntwins.postpone()\nimport jupytext.config\n"
        "from jupytext import reads\nimport mkdocs_jupyter.convert as c\nprint(callable(c.nb2md))"
    )
    assert course.run("-c", code).stdout == "True\n"


# Templates.


def environment(folder: Path, source: str = "{{ 6 * 7 }}") -> jinja2.Environment:
    loader = jinja2.DictLoader({"page": source})
    return jinja2.Environment(loader=loader, bytecode_cache=Bytecode(folder), autoescape=True)


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every template that is compiled."""
    seen: list[str] = []
    ours = jinja2.Environment._compile

    def spy(self: jinja2.Environment, source: str, filename: str) -> object:
        seen.append(filename)
        return ours(self, source, filename)

    monkeypatch.setattr(jinja2.Environment, "_compile", spy)
    return seen


def test_a_template_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = compiled(monkeypatch)
    for _ in range(2):
        assert environment(tmp_path).get_template("page").render() == "42"
    assert len(seen) == 1


def test_a_template_that_changed_is_compiled_again(tmp_path: Path) -> None:
    assert environment(tmp_path).get_template("page").render() == "42"
    assert environment(tmp_path, "{{ 6 * 8 }}").get_template("page").render() == "48"


def test_flipped_bits_are_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(tmp_path).get_template("page")
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    kept, seen = file.read_bytes(), compiled(monkeypatch)
    for place in range(0, len(kept), 97):
        file.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
        assert environment(tmp_path).get_template("page").render() == "42"
        assert file.read_bytes() == kept
    assert len(seen) == len(range(0, len(kept), 97))


def test_where_nothing_can_be_written_pages_are_made_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "templates").write_text("a file where the folder should be")
    assert environment(tmp_path).get_template("page").render() == "42"


def test_what_was_kept_under_another_name_is_not_believed(tmp_path: Path) -> None:
    def recalled() -> list[str]:
        return [memo.recall(tmp_path, __file__, [name], partial(str, name)) for name in "ab"]

    assert recalled() == ["a", "b"]
    first, second = (path for path in tmp_path.rglob("*") if path.is_file())
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)
    assert recalled() == ["a", "b"]
