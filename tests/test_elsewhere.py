"""A notebook that somebody downloaded runs in an empty folder, and shows what its twin shows."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from kernels import Run, html, kernel, texts
from workshop import Workshop, walks

from lessonkit.press.site import elsewhere

POINTS = """
'''Points.'''

# %% read
import numpy as np

from lessonkit.evidence import Lesson

lesson = Lesson("points", reads=["data/points.csv"])
points = np.loadtxt("data/points.csv")
print("read", len(points))

# %%
lesson.number("mean", points.mean(), label="mean")
lesson.table("points", "which", {"value": {"first": points[0]}}, caption="They are few.")
points.max()
"""

# Where the tests run, lessonkit is installed: whoever downloads a notebook has nothing of it.
BARE = """
import sys
from pathlib import Path
sys.path[:] = [folder for folder in sys.path if not Path(folder or "/", "lessonkit").is_dir()]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in finder.__module__]
del Path
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("elsewhere") / "course")
    made.write("data/points.csv", "2\n3\n5\n")
    made.write("lessons/points.py", POINTS)
    made.write("docs/points.md", "---\ndescription: Points.\nlesson: points\n---\n\n# Points\n")
    made.replace("mkdocs.yml", "site_name", f"site_url: file://{made.root}/docs/\nsite_name")
    made.build()
    return made


def cells(file: Path) -> dict[str, dict[str, Any]]:
    """Return the code cells of a notebook by their ids."""
    found = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell for cell in found if cell["cell_type"] == "code"}


def published(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs of a cell as a kernel gives them, their lines joined."""
    return [
        {
            **output,
            "text": "".join(output.get("text", [])),
            "data": {kind: "".join(lines) for kind, lines in output.get("data", {}).items()},
        }
        for output in cell["outputs"]
    ]


def run_all(run: Run, notebook: Path, twin: Path) -> None:
    """Run every cell, and insist that it shows what stands beneath its twin."""
    shown = {name: published(cell) for name, cell in cells(twin).items()}
    for name, cell in cells(notebook).items():
        outputs = run("".join(cell["source"]))
        if name in shown:
            opening = [line for line in texts(outputs).split("\n") if "  profile " in line]
            text = texts(outputs).removeprefix("\n".join([*opening, "", ""])) if opening else ""
            assert (text or texts(outputs)) == texts(shown[name]), name
            assert html(outputs) == html(shown[name]), name
        elif name == "close":
            assert "claims came out as promised." in texts(outputs)
        else:
            assert outputs == []


@pytest.mark.parametrize("lesson", ["walks/stray", "points"])
def test_in_an_empty_folder_it_shows_what_its_twin_shows_and_again(
    course: Workshop, tmp_path: Path, lesson: str
) -> None:
    folder, stem = course.settings.generated_folder / lesson, Path(lesson).name
    with kernel(tmp_path) as run:
        run(BARE)
        for _ in range(2):
            run_all(run, folder / f"{stem}.ipynb", folder / "notebook.ipynb")
        where = "import lessonkit.evidence as e\ne.__file__"
        assert str(tmp_path / f"{stem}.zip") in texts(run(where))


def test_unpacked_with_all_lessons_it_asks_nobody(course: Workshop, tmp_path: Path) -> None:
    with zipfile.ZipFile(course.settings.generated_folder / "lessons.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "walks/stray"
    with kernel(folder) as run:
        run(BARE)
        twin = course.settings.generated_folder / "walks/stray/notebook.ipynb"
        run_all(run, folder / "stray.ipynb", twin)
    assert not (folder / "stray.zip").exists()


def test_unpacked_alone_it_runs_as_a_script(course: Workshop, tmp_path: Path) -> None:
    with zipfile.ZipFile(course.settings.generated_folder / "points/points.zip") as archive:
        archive.extractall(tmp_path)
    with kernel(tmp_path) as run:
        run(BARE)
        said = texts(run("%run points.py\nlessonkit = sys.modules['lessonkit.evidence'].__file__"))
        assert "mean: 3.33" in said
        assert str(tmp_path / "lessonkit") in texts(run("lessonkit"))


def test_it_brings_the_libraries_that_the_lesson_imports_and_no_torch(course: Workshop) -> None:
    notebook = cells(course.settings.generated_folder / "walks/stray/stray.ipynb")
    assert "    %pip install --quiet matplotlib numpy\n" in notebook["bring"]["source"]


def test_where_the_site_is_unknown_it_says_what_to_put_beside(course: Workshop) -> None:
    taken = elsewhere.luggage(course.settings, course.settings.script("points"))
    cell = elsewhere.first_cell("", "points", taken)
    assert "raise SystemExit('Put points.zip, from the page of this lesson, beside" in cell
