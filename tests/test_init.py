"""A course of one's own: `lessonkit init`, in an empty folder and in one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from workshop import Workshop

WRITTEN = [
    "pyproject.toml",
    "mkdocs.yml",
    "docs/index.md",
    "lessons/random_walk.py",
    "docs/random-walk.md",
    ".gitignore",
]


@pytest.fixture
def folder(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def files(project: Workshop) -> dict[str, str]:
    found = (path for path in project.root.rglob("*") if path.is_file())
    return {path.relative_to(project.root).as_posix(): path.read_text("utf-8") for path in found}


def test_an_empty_folder_becomes_a_course_that_holds(folder: Workshop) -> None:
    told = folder.do("init", "--dry-run")
    assert files(folder) == {}
    assert told.out.splitlines()[:-1] == [f"would write {name}" for name in WRITTEN][:-1]
    begun = folder.do("init")
    assert begun.code == 0
    assert [line for line in begun.out.splitlines() if line.startswith("wrote")] == [
        f"wrote {name}" for name in WRITTEN
    ]
    assert sorted(files(folder)) == sorted(WRITTEN)
    assert folder.do("build", "--profile", "quick").code == 0
    check = folder.do("check", LESSONKIT_PROFILE="quick")
    assert (check.code, check.out) == (0, "0 error(s), 0 warning(s)\n")


def test_a_second_time_there_is_nothing_to_write(folder: Workshop) -> None:
    folder.do("init")
    before = files(folder)
    assert "nothing to write" in folder.do("init").out
    assert files(folder) == before


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_there_is_never_overwritten(folder: Workshop, name: str) -> None:
    mine = "# mine\n"
    folder.write(name, mine)
    told = folder.do("init")
    assert told.code == 0, told.err
    assert files(folder)[name] == mine
    lesson = {"lessons/random_walk.py", "docs/random-walk.md"}
    left_out = lesson if name == "lessons/random_walk.py" else set()  # there is a lesson already
    assert set(files(folder)) == set(WRITTEN) - left_out | {name}


@pytest.mark.parametrize(
    ("name", "mine", "asked"),
    [
        ("pyproject.toml", "[project]\nname = 'x'\n", '[tool.lessonkit]\nlessons = "lessons"'),
        ("mkdocs.yml", "site_name: x\n", "add `plugins: [search, lessonkit]`"),
        ("mkdocs.yml", "plugins:\n- search\n", "add `  - lessonkit` under `plugins:`"),
        ("mkdocs.yml", "a: [\n", "mkdocs.yml cannot be read as YAML"),
        (".gitignore", "site\n", "add /.lessonkit/ /docs/generated/ /outputs/ .venv/ __pycache__/"),
    ],
)
def test_a_file_that_lacks_something_is_told_what(
    folder: Workshop, name: str, mine: str, asked: str
) -> None:
    folder.write(name, mine)
    assert asked in folder.do("init").out
    assert files(folder)[name] == mine


def test_folders_that_are_set_are_used(folder: Workshop) -> None:
    folder.write("pyproject.toml", '[tool.lessonkit]\nlessons = "examples"\npages = "content"\n')
    folder.do("init")
    assert {"examples/random_walk.py", "content/random-walk.md"} <= set(files(folder))
    assert "docs_dir: content\n" in files(folder)["mkdocs.yml"]
    assert "`examples/random_walk.py`" in files(folder)["content/random-walk.md"]
    assert "/content/generated/\n" in files(folder)[".gitignore"]


def test_the_folder_of_pages_is_that_of_a_site_that_is_there(folder: Workshop) -> None:
    folder.write("mkdocs.yml", "docs_dir: content\nplugins: [lessonkit]\nx: !ENV [A, b]\n")
    told = folder.do("init")
    assert "content/random-walk.md" in files(folder)
    assert 'pages = "content"\n' in files(folder)["pyproject.toml"]
    assert "yours" not in told.out
    folder.write("mkdocs.yml", "docs_dir: elsewhere\nplugins: [lessonkit]\n")
    assert "write `docs_dir: content` there" in folder.do("init").out


def test_a_course_with_lessons_gets_no_other(folder: Workshop) -> None:
    folder.write("lessons/mine.py", '"""Mine"""\n')
    folder.do("init")
    assert "lessons/random_walk.py" not in files(folder)


def test_pages_that_embed_want_the_plugin(folder: Workshop) -> None:
    folder.do("init")
    folder.do("build", "--profile", "quick")
    folder.write("mkdocs.yml", "site_name: x\n")
    check = folder.do("check", LESSONKIT_PROFILE="quick")
    assert check.code == 1
    assert "mkdocs.yml: pages embed what lessons publish" in check.err
