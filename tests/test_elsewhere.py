"""A notebook that somebody downloaded runs in an empty folder, and shows what its twin shows."""

from __future__ import annotations

import zipfile
from pathlib import Path

import markdown
import pytest
from kernels import BARE, cells, kernel, run_all, texts
from workshop import Workshop, copied, walks

from lessonkit.press.page import embed
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
print("between")
lesson.number("most", points.max(), label="most")
points.max()
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


def test_data_travels_if_it_is_declared_and_small_and_else_is_named(
    course: Workshop, tmp_path: Path
) -> None:
    made = copied(course, tmp_path / "course")
    made.write("data/.secret", "x")
    made.write("data/large.csv", "5\n" * 2**20)
    made.replace("lessons/points.py", "reads=[", "reads=['data', ")
    script = made.settings.script("points")
    seen = ["read beside.csv", "read /etc/hosts", "read ~/own.csv", "list data"]
    taken = elsewhere.luggage(made.settings, script, seen)
    assert list(taken.reads) == ["data/points.csv"]
    assert taken.missing == ("beside.csv", "data/large.csv")
    cell = elsewhere.first_cell("", "points", taken)
    told = "This lesson reads beside.csv, data/large.csv: not in its archive, so put it here."
    assert cell.endswith(f"\nprint({told!r})")


def test_where_the_site_is_unknown_it_says_what_to_put_beside(course: Workshop) -> None:
    taken = elsewhere.luggage(course.settings, course.settings.script("points"))
    cell = elsewhere.first_cell("", "points", taken)
    assert "raise SystemExit('Put points.zip, from the page of this lesson, beside" in cell


def test_a_page_links_to_colab_only_where_somebody_says_where_notebooks_lie(
    course: Workshop, tmp_path: Path
) -> None:
    made = copied(course, tmp_path / "course")

    def links() -> str:
        place = embed.Place("points.md", "points/", "points")
        ours = embed.EmbedExtension(made.settings, lambda: place)
        return markdown.Markdown(extensions=[ours]).convert("[[lesson-downloads]]")

    assert "colab" not in links()
    made.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\ncolab = 'me/it/blob/www'")
    start = "https://colab.research.google.com/github/me/it/blob/www/"
    assert f'href="{start}generated/points/points.ipynb"' in links()
