"""Keys follow the project's modules wherever it keeps them, and leave out what is installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from conftest import Project

from lessonkit.press import settings
from lessonkit.press.lesson import roots, source
from lessonkit.press.run import places

LESSON = """
\"\"\"A lesson\"\"\"
import colours
import numpy
from lessonkit.evidence import Lesson
lesson = Lesson("one")
"""


@pytest.fixture
def lesson(empty_project: Project) -> Project:
    empty_project.write("lessons/one.py", LESSON)
    return empty_project


def modules(project: Project) -> set[str]:
    return set(source.source(settings.load(project.root), "one").modules)


@pytest.mark.parametrize("place", ["lessons", ".", "src", "lib"])
@pytest.mark.parametrize("kind", ["colours.py", "colours/__init__.py"])
def test_a_module_is_in_the_key_wherever_the_project_keeps_it(
    lesson: Project, place: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson.write(f"{place}/{kind}", "RED = 1\n")
    if place == "lib":  # no usual place: Python was told of it
        monkeypatch.setattr(sys, "path", [*sys.path, str(lesson.root / place)])
    before = source.source(settings.load(lesson.root), "one")
    assert "colours" in before.modules
    lesson.write(f"{place}/{kind}", "RED = 22\n")
    after = source.source(settings.load(lesson.root), "one")
    assert after.digest != before.digest


def test_what_python_imports_first_is_what_the_key_covers(
    lesson: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson.write("colours.py", "RED = 1\n")
    used = lesson.write("src/colours.py", "RED = 2\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(lesson.root / "src")])
    assert source.source(settings.load(lesson.root), "one").places["colours"] == used


@pytest.mark.parametrize(
    "around", ["env/lib/site-packages", "course/.venv/lib/site-packages", "course/env/lib", "."]
)
def test_an_installed_lessonkit_is_in_the_key_and_its_neighbours_are_not(
    lesson: Project, around: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "lessonkit.evidence.lesson" in modules(lesson)
    digest = source.source(settings.load(lesson.root), "one").digest
    package = tmp_path / around / "lessonkit"
    shutil.copytree(roots.PACKAGE, package, ignore=shutil.ignore_patterns("press", "__pycache__"))
    (package.parent / "numpy").mkdir()
    (package.parent / "numpy/__init__.py").write_text("", encoding="utf-8")
    for module in (roots, source):
        monkeypatch.setattr(module, "PACKAGE", package)
    assert source.source(settings.load(lesson.root), "one").digest == digest
    assert "numpy" not in modules(lesson)


def test_an_environment_in_the_project_is_no_place_of_its_modules(
    lesson: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("env/lib/python3.11/site-packages", "env/lib/python3.11"):
        lesson.write(f"{place}/colours.py", "")
        monkeypatch.setattr(sys, "path", [*sys.path, str(lesson.root / place)])
    monkeypatch.setattr(sys, "prefix", str(lesson.root / "env"))
    assert "colours" not in modules(lesson)
    assert lesson.root / "env" in roots.environments(lesson.root)


@pytest.mark.parametrize("prefix", ["course", ".", "course/env"])
def test_only_an_environment_in_the_project_is_a_reason_to_look_away(
    lesson: Project, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = (lesson.root.parent / prefix).resolve()  # `python -m venv .` makes it the project
    monkeypatch.setattr(sys, "prefix", str(place))
    monkeypatch.setattr(sys, "exec_prefix", str(place))
    aside = str(lesson.root / ".lessonkit/runs")
    looked = places.Places(
        {"root": str(lesson.root), "private": [aside], "folder": aside, "files": []}
    )
    data = lesson.write("lessons/data.csv", "1")
    assert looked.absolute(data) == str(data)
    assert looked.absolute("__editable__.lessonkit-0.1.0.finder.__path_hook__") is None
    assert (looked.absolute(lesson.root / "env/share/x") is None) == (prefix == "course/env")
    assert (place in roots.environments(lesson.root)) == (prefix == "course/env")


def test_a_module_that_python_does_not_find_is_told_where_it_lies(lesson: Project) -> None:
    lesson.write("src/colours.py", "RED = 1\n")
    lesson.replace("lessons/one.py", "import numpy\n", "")
    refused = lesson.lessonkit("build")
    assert refused.returncode == 1
    assert "pip install -e ." in refused.stderr
    built = lesson.lessonkit("build", PYTHONPATH="src")
    assert built.returncode == 0, built.stderr
