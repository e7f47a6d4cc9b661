"""Publishing: the files that pages and downloads need, written only when they change."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import zipfile
from pathlib import Path

import markdown
import pytest
from PIL import Image
from workshop import Workshop, copied, tags, walks

from lessonkit.press.lesson import sphinx
from lessonkit.press.page import blocks, embed, resolving
from lessonkit.press.settings import PressError
from lessonkit.press.site import downloads

OPEN_FIGURE = """
'''Another walk.'''

import matplotlib.pyplot as plt

from lessonkit.evidence import Lesson

# %%
lesson = Lesson("again")
plt.plot([2, 3])
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("publish") / "course")
    made.write("lessons/again.py", OPEN_FIGURE)
    made.build()
    return made


@pytest.fixture
def there(course: Workshop, tmp_path: Path) -> Workshop:
    """A copy to change."""
    made = copied(course, tmp_path / "course")
    assert downloads.publish(made.course()) is False  # it came whole
    return made


def files(project: Workshop) -> dict[str, str]:
    """Everything that was laid out, with the digest of what it holds."""
    folder = project.settings.generated_folder
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def times(project: Workshop) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in project.settings.generated_folder.rglob("*")}


def age(project: Workshop) -> None:
    """Give every file an old time, so that a write in the same tick of the clock shows."""
    for path in project.settings.generated_folder.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))


def test_everything_that_a_page_links_is_laid_out(course: Workshop) -> None:
    assert list(files(course)) == [
        "again/_cell-1-1.png",
        "again/_thumb-dark.png",
        "again/_thumb.png",
        "again/again.ipynb",
        "again/again.py",
        "again/again.zip",
        "again/notebook.ipynb",
        "cards/index.png",
        "cards/stray.png",
        "figures.css",
        "finding.css",
        "finding.js",
        "lessonkit.css",
        "lessonkit.js",
        "lessons.zip",
        "walks/stray/_thumb-dark.png",
        "walks/stray/_thumb.png",
        "walks/stray/distances.csv",
        "walks/stray/distances.png",
        "walks/stray/notebook.ipynb",
        "walks/stray/stray.ipynb",
        "walks/stray/stray.py",
        "walks/stray/stray.zip",
    ]


def test_the_files_are_the_scripts_and_the_runs(course: Workshop) -> None:
    folder, run = course.settings.generated_folder / "walks/stray", course.entry().run
    assert run is not None
    script = course.root / "lessons/walks/stray.py"
    assert (folder / "stray.py").read_bytes() == script.read_bytes()
    figure = run.records["distances"].files
    assert (folder / "distances.png").read_bytes() == (run.folder / figure["png"]).read_bytes()
    rows = list(csv.DictReader((folder / "distances.csv").read_text("utf-8").splitlines()))
    assert [row["seed"] for row in rows] == ["0", "1", "2", "3", "4"]
    page, taken = (
        json.loads((folder / name).read_text("utf-8")) for name in ("notebook.ipynb", "stray.ipynb")
    )
    assert page["nbformat"] == 4
    assert [cell for cell in taken["cells"] if cell in page["cells"]] == page["cells"]
    assert len(taken["cells"]) == len(page["cells"]) + 2  # what it needs elsewhere, how it came out


def test_a_lesson_downloads_as_one_archive(course: Workshop) -> None:
    folder = course.settings.generated_folder / "walks/stray"
    with zipfile.ZipFile(folder / "stray.zip") as archive:
        own = [name for name in archive.namelist() if not name.startswith("lessonkit/")]
        told = archive.read("README.md").decode()
        assert "    python stray.py\n" in told
        assert archive.read("requirements.txt").decode().startswith("matplotlib==")
        own = [name for name in own if name not in ("README.md", "requirements.txt")]
        assert sorted(own) == ["_toolbox.py", "distances.csv", "stray.ipynb", "stray.py"]
        assert "lessonkit/evidence/lesson.py" in archive.namelist()
        assert archive.read("stray.py") == (folder / "stray.py").read_bytes()


def test_all_lessons_download_as_one_archive(course: Workshop) -> None:
    folder = course.settings.generated_folder
    with zipfile.ZipFile(folder / "lessons.zip") as archive:
        own = [name for name in archive.namelist() if not name.startswith("lessonkit/")]
        told = archive.read("README.md").decode()
        assert "- `walks/stray/`: Stray — A walk strays" in told
        assert "    python -m pip install -r requirements.txt\n" in told
        own = [name for name in own if name not in ("README.md", "requirements.txt")]
        assert own == [
            "again/again.ipynb",
            "again/again.py",
            "walks/stray/_toolbox.py",
            "walks/stray/stray.ipynb",
            "walks/stray/stray.py",
        ]
        for name in (name for name in own if "_" not in name):
            assert archive.read(name) == (folder / name).read_bytes()


def test_every_link_of_a_page_leads_to_a_file(course: Workshop) -> None:
    place = resolving.Place("stray.md", "stray/", "walks/stray")
    ours = embed.EmbedExtension(course.settings, lambda: place)
    html = markdown.Markdown(extensions=[ours]).convert(
        "[[distances]]\n\n[[lesson-downloads]]\n\n[[gallery]]\n"
    )
    places = {link["href"] for link in tags(html, "a")} | {i["src"] for i in tags(html, "img")}
    assert len(places) == 9
    for link in places - {"../stray/"}:
        assert (course.settings.pages_folder / link.removeprefix("../")).is_file(), link


def test_a_notebook_is_linked_where_it_has_a_page(course: Workshop) -> None:
    twin, entry = "../generated/walks/stray/notebook/", course.entry()
    known = resolving.Place(url="stray/", address=lambda path: f"{path.removesuffix('.ipynb')}/")
    assert f'href="{twin}"' in blocks.downloads(course.course(), entry, known.link)
    unknown = resolving.Place(url="stray/")
    assert "read the notebook" not in blocks.downloads(course.course(), entry, unknown.link)


def test_the_second_time_nothing_is_written(there: Workshop) -> None:
    age(there)
    before = times(there)
    assert downloads.publish(there.course()) is False
    assert times(there) == before


def test_new_words_are_published_without_a_run(there: Workshop) -> None:
    runs = there.runs()
    there.replace("lessons/walks/stray.py", "# Walk.", "# Walk further.")
    assert downloads.publish(there.course()) is True
    assert not there.entry().stale
    assert there.runs() == runs
    folder = there.settings.generated_folder
    for name in ("stray.py", "stray.ipynb", "notebook.ipynb"):
        assert "Walk further." in (folder / "walks/stray" / name).read_text("utf-8")
    with zipfile.ZipFile(folder / "walks/stray/stray.zip") as archive:
        assert b"Walk further." in archive.read("stray.py")
    with zipfile.ZipFile(folder / "lessons.zip") as archive:
        assert b"Walk further." in archive.read("walks/stray/stray.ipynb")


def test_new_words_change_no_picture_and_no_other_lesson(there: Workshop) -> None:
    age(there)
    before = times(there)
    there.replace("lessons/walks/stray.py", "# Walk.", "# Walk further.")
    downloads.publish(there.course())
    folder = there.settings.generated_folder
    assert {
        path.relative_to(folder).as_posix()
        for path in times(there)
        if path.is_file() and before.get(path) != times(there)[path]
    } == {
        "lessons.zip",
        "walks/stray/notebook.ipynb",
        "walks/stray/stray.ipynb",
        "walks/stray/stray.py",
        "walks/stray/stray.zip",
    }


def test_undoing_an_edit_gives_the_same_files(there: Workshop) -> None:
    before = files(there)
    there.replace("lessons/walks/stray.py", "# Walk.", "# Walk further.")
    downloads.publish(there.course())
    assert files(there) != before
    there.replace("lessons/walks/stray.py", "# Walk further.", "# Walk.")
    downloads.publish(there.course())
    assert files(there) == before


def test_what_no_lesson_owns_is_removed(there: Workshop) -> None:
    there.write("docs/generated/gone/far/old.png", "x")
    there.write("docs/generated/walks/stray/dropped.txt", "x")
    (there.root / "lessons/again.py").unlink()
    assert downloads.publish(there.course()) is True
    assert not (there.settings.generated_folder / "gone").exists()
    assert not (there.settings.generated_folder / "walks/stray/dropped.txt").exists()
    assert not (there.settings.generated_folder / "again").exists()
    assert downloads.publish(there.course()) is False
    with zipfile.ZipFile(there.settings.generated_folder / "lessons.zip") as archive:
        assert not any("again" in name for name in archive.namelist())


def test_a_figure_that_was_renamed_leaves_nothing_behind(there: Workshop) -> None:
    there.replace("lessons/walks/stray.py", '"distances"', '"far"')
    assert there.do("build").code == 0
    names = {name for name in files(there) if name.startswith("walks/stray/")}
    assert {"walks/stray/far.png", "walks/stray/far.csv"} <= names
    assert not any("distances" in name for name in names)


def test_a_file_that_was_lost_comes_back(there: Workshop) -> None:
    before = files(there)
    (there.settings.generated_folder / "walks/stray/distances.png").unlink()
    (there.settings.generated_folder / "lessonkit.css").unlink()
    assert downloads.publish(there.course()) is True
    assert files(there) == before


def test_publishing_that_was_interrupted_is_done_again(
    there: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(there)
    there.replace("lessons/walks/stray.py", "# Walk.", "# Walk further.")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(PressError, match="docs/generated: cannot be written: No space left"):
            downloads.publish(there.course())
    there.replace("lessons/walks/stray.py", "# Walk further.", "# Walk.")
    downloads.publish(there.course())
    assert files(there) == before


def test_a_course_without_runs_publishes_only_what_all_pages_share_and_their_cards(
    there: Workshop,
) -> None:
    there.do("clean", "--all", "--yes")
    assert downloads.publish(there.course()) is True
    assert list(files(there)) == [
        "cards/index.png",
        "cards/stray.png",
        "figures.css",
        "finding.css",
        "finding.js",
        "lessonkit.css",
        "lessonkit.js",
    ]


# sphinx-gallery's toolbox, one test for each call


def test_a_thumbnail_fits_its_card_and_keeps_its_shape(tmp_path: Path) -> None:
    wide = Image.new("RGB", (700, 110), "red")
    wide.save(tmp_path / "wide.png")
    sphinx.thumbnail(tmp_path / "wide.png", tmp_path / "thumb.png")
    with Image.open(tmp_path / "thumb.png") as small:
        assert small.size == sphinx.THUMBNAIL
        card = small.convert("RGBA")
        assert card.getpixel((200, 130)) == (255, 0, 0, 255)
        assert card.getpixel((200, 5))[3] == 0  # transparent above the picture


def test_names_that_a_script_uses_are_found_without_running_it(tmp_path: Path) -> None:
    script = tmp_path / "far.py"
    script.write_text(
        '"""Far."""\n\nimport numpy as np\nimport lessonkit.figures\n'
        "from lessonkit.evidence import Lesson\nfrom lessonkit import press as p\n\n"
        'Lesson("x").number("a", np.ones(3))\nlessonkit.figures.new_figure()\n'
        "raise SystemExit('it ran')\n",
        encoding="utf-8",
    )
    names = sphinx.names_used(script)
    assert "lessonkit.evidence.Lesson" in names
    assert "lessonkit.figures.new_figure" in names
    assert not any(name.startswith("numpy") for name in names)
    assert sphinx.names_used(script, "numpy") == ["numpy.ones"]


def test_the_names_that_lessons_use_are_those_that_sphinx_gallery_finds(repository: Path) -> None:
    from sphinx_gallery.backreferences import identify_names
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks

    for script in sorted((repository / "lessons").rglob("*.py")):
        _, blocks, tree = split_code_and_text_blocks(script, return_node=True)
        theirs = identify_names(blocks, "(?!)", {}, tree)  # code alone: our text is Markdown
        names = {f"{use['module']}.{use['name']}" for uses in theirs.values() for use in uses}
        ours = sphinx.names_used(script)
        assert ours == sorted(name for name in names if name.startswith("lessonkit."))
        assert "lessonkit.evidence.Lesson" in ours


def test_a_name_counts_at_its_longest_and_only_if_it_is_imported(tmp_path: Path) -> None:
    script = tmp_path / "far.py"
    script.write_text(
        "import lessonkit.figures as f\nfrom lessonkit.data import digits as d, reading\n"
        "f.style.new()\nd(reading.LETTERS.index('a')).shape\nlessonkit.other()\n"
    )
    assert sphinx.names_used(script) == [
        "lessonkit.data.digits",
        "lessonkit.data.reading.LETTERS.index",
        "lessonkit.figures.style.new",
    ]
