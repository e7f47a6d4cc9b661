"""The notebook of a run: valid, already executed, each output beneath the cell that made it."""

from __future__ import annotations

import base64
import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import nbformat
import pytest
from workshop import Workshop, copied, tags, walks

from lessonkit.press.page import notebook

# Every kind of output: printed, returned, drawn, published; a comment parts the cells.
SHOWING = """
'''Signs.

What follows is `Markdown`.
'''

# %% first
# One.

print("one")
1 + 1

# %% second
# Two.

import matplotlib.pyplot as plt

from lessonkit.evidence import Lesson
from lessonkit.figures.drawing import Drawing

lesson = Lesson("walks/signs")
plt.plot([2, 3, 5])
print("two")

# %%
# Three.

figure, ax = plt.subplots()
lesson.figure("few", Drawing(figure, {"a": [2, 3]}, 'Less "<" & more: 2, 3.'))
lesson.number("cost", 7.0, unit="$", label="the cost")
lesson.table("both", "a", {"b": {"x": 3.0}}, caption="Both.")
lesson.claim("two-below-three", "2 < 3.", 2.0, below=3.0, trap={"4 < 3": 4.0}, exact=True)

# %%
quiet = 5
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("notebook") / "course")
    made.write("lessons/walks/signs.py", SHOWING)
    made.build()
    return made


def test_a_title_is_a_sentence_and_no_html() -> None:
    assert notebook._plain("2 < 3, `<b>` <img src=x>") == "2 < 3, `<b>` &lt;img src=x>"


def cells(project: Workshop, name: str = "walks/signs") -> list[dict[str, Any]]:
    entry = project.entry(name)
    assert entry.script is not None
    assert entry.run is not None
    assert not entry.stale
    return notebook.notebook(entry.script, entry.run)["cells"]


def code(project: Workshop, name: str = "walks/signs") -> list[tuple[str, str]]:
    """For each code cell the beginning of its source, and all the text beneath it."""
    found = []
    for cell in cells(project, name):
        if cell["cell_type"] == "code":
            parts = [
                part.get("text", part.get("data", {}).get("text/plain")) for part in cell["outputs"]
            ]
            found.append(
                ("".join(cell["source"]).split("\n")[0], "".join(chain.from_iterable(parts)))
            )
    return found


def written(project: Workshop, name: str = "walks/signs") -> str:
    entry = project.entry(name)
    assert entry.script is not None
    assert entry.run is not None
    return notebook.written(notebook.notebook(entry.script, entry.run))


@pytest.mark.parametrize("name", ["walks/stray", "walks/signs"])
def test_it_is_a_notebook_by_the_book(course: Workshop, name: str) -> None:
    read = nbformat.reads(written(course, name), as_version=nbformat.NO_CONVERT)
    assert (read.nbformat, read.nbformat_minor) == (4, 5)
    nbformat.validate(read)
    names = [cell.id for cell in read.cells]
    assert len(set(names)) == len(names)


def test_it_says_of_which_run_it_is(course: Workshop) -> None:
    around = json.loads(written(course))["metadata"]["lessonkit"]
    run = course.entry("walks/signs").run
    assert run is not None
    assert (around["lesson"], around["key"], around["profile"]) == ("walks/signs", run.key, "quick")


def test_every_cell_shows_what_it_put_out(course: Workshop) -> None:
    first, second, third, quiet = code(course)
    assert first == ('print("one")', "one\n2")
    assert second[1] == "two\nSigns: figure 1"
    assert third[1] == (
        'few\nLess "<" & more: 2, 3.the cost: 7 $\na  b\nx  3\nBoth.✓ holds: 2 < 3.\n'
        "    measured 2 (exact), promised below 3\n    trap: 4 < 3: 4: contradicted\n"
    )
    assert quiet == ("quiet = 5", "")


def test_cells_are_counted_as_they_ran(course: Workshop) -> None:
    ran = [cell for cell in cells(course) if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in ran] == [1, 2, 3, 4]
    results = [
        part["execution_count"]
        for cell in ran
        for part in cell["outputs"]
        if part["output_type"] == "execute_result"
    ]
    assert results == [1]


def test_the_words_of_the_script_are_its_text(course: Workshop) -> None:
    text = ["".join(cell["source"]) for cell in cells(course) if cell["cell_type"] == "markdown"]
    assert text == ["# Signs.", "What follows is `Markdown`.", "One.", "Two.", "Three."]


def test_the_same_run_gives_the_same_bytes(course: Workshop) -> None:
    assert written(course) == written(course)
    assert re.search(r"\d\d:\d\d:\d\d", written(course)) is None


@pytest.fixture
def edited(course: Workshop, tmp_path: Path) -> Workshop:
    return copied(course, tmp_path / "course")


def test_new_words_show_without_a_run(edited: Workshop) -> None:
    before = code(edited)
    edited.replace("lessons/walks/signs.py", "# One.", "# The very first.\n#\n# With two lines.")
    edited.replace("lessons/walks/signs.py", "What follows is", "Behind this there is")
    assert code(edited) == before  # `cells` has checked that the run is not stale
    text = ["".join(cell["source"]) for cell in cells(edited) if cell["cell_type"] == "markdown"]
    assert text[1:3] == ["Behind this there is `Markdown`.", "The very first.\n\nWith two lines."]


def test_an_output_stays_with_its_code_when_words_part_a_cell(edited: Workshop) -> None:
    edited.replace("lessons/walks/signs.py", "lesson.table(", "# %%\n# A table.\n\nlesson.table(")
    before, after = code(edited)[2:4]
    assert before == ("figure, ax = plt.subplots()", "")
    assert after[0].startswith("lesson.table(")
    assert "the cost" in after[1]  # the cell's output came out at its end


def test_an_output_stays_with_its_code_when_cells_are_joined(edited: Workshop) -> None:
    edited.replace("lessons/walks/signs.py", "# %% second\n# Two.\n", "# Two.\n")
    first, second = code(edited)[:2]
    assert first == ('print("one")', "one\n2two\nSigns: figure 1")
    assert second[0] == "figure, ax = plt.subplots()"


def test_an_output_stays_with_its_code_when_a_cell_of_words_comes_first(edited: Workshop) -> None:
    before = code(edited)
    edited.replace("lessons/walks/signs.py", "# %% first", "# %%\n# Words.\n\n# %% first")
    assert code(edited) == before


def test_pictures_say_in_html_what_they_show(course: Workshop) -> None:
    from nbconvert.exporters.html import HTMLExporter

    read = nbformat.reads(written(course), as_version=4)
    for template in ("lab", "classic"):  # mkdocs-jupyter builds on the first
        html, _ = HTMLExporter(template_name=template).from_notebook_node(read)
        pictures = [image["alt"] for image in tags(html, "img")]
        assert pictures == ["Signs: figure 1", 'Less "<" & more: 2, 3.']


def test_mkdocs_jupyter_shows_the_words_of_the_pictures(course: Workshop, tmp_path: Path) -> None:
    from mkdocs_jupyter.nbconvert2 import nb2html

    file = tmp_path / "notebook.ipynb"
    file.write_text(written(course), encoding="utf-8")
    html = nb2html(str(file), execute=False)
    assert 'Less "<" & more: 2, 3.' in {image.get("alt") for image in tags(html, "img")}


def test_pictures_are_the_runs_own(course: Workshop) -> None:
    run = course.entry("walks/signs").run
    assert run is not None
    (source,) = (
        image["src"] for image in tags(_html(course), "img") if image["alt"].startswith("Less")
    )
    data = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    assert data == (run.folder / run.records["few"].files["png"]).read_bytes()


def _html(project: Workshop) -> str:
    shown = [
        part["data"].get("text/html", [])
        for cell in cells(project)
        for part in cell.get("outputs", [])
        if "data" in part
    ]
    return "".join(chain.from_iterable(shown))
