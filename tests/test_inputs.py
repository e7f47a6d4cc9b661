"""Whatever a lesson reads is noticed when it changes, or the lesson is refused, or we say so."""

from __future__ import annotations

import importlib.util
import marshal
import sqlite3
import zipfile
from pathlib import Path

import inputs_table
import pytest
from conftest import Project
from inputs_table import CASES, Case

from lessonkit.evidence.environment import NEEDED, PINNED, THREADS
from lessonkit.press import settings
from lessonkit.press.lesson import inputs, script, source, syntax
from lessonkit.press.run import runner, standing

pytestmark = pytest.mark.slow

LESSON = '''"""{text}"""
# %% read
import os, pathlib, sys
from lessonkit.evidence import Lesson

HERE = "lessons/{name}"
D = HERE + "/d.txt"
lesson = Lesson("{name}/lesson"{reads})
{code}
lesson.number("v", 1)
'''

NAMES = {case.title: f"c{number}" for number, case in enumerate(CASES)}


def put(project: Project, case: Case, path: str, text: str | None) -> None:
    """Write one of the files of a case, or edit it."""
    name = NAMES[case.title]
    target = project.root / path[1:] if path[0] == "/" else project.root / f"lessons/{name}/{path}"
    target.parent.mkdir(parents=True, exist_ok=True)
    word, _, rest = (text or "").partition(" ")
    if text is None or word == "LINK":
        target.unlink(missing_ok=True)
    if word == "LINK":
        target.symlink_to(rest)
    elif word == "DB":
        with sqlite3.connect(target) as made:
            made.executescript(
                f"drop table if exists t; create table t(v); insert into t values({rest});"
            )
        made.close()
    elif word == "ZIP":
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("zm.py", f"V = {rest}\n")
    elif path == "lesson.py":
        lesson(project, case, rest if word == "TEXT" else "Title.", "# why\n" * (word == "COMMENT"))
    elif text is not None:
        target.write_text(text, encoding="utf-8")


def lesson(project: Project, case: Case, text: str = "Title.", before: str = "") -> None:
    name = NAMES[case.title]
    reads = f", reads={case.reads}".replace("CASE", name) if case.reads else ""
    written = LESSON.format(text=text, name=name, reads=reads, code=before + case.code)
    path = project.root / f"lessons/{name}/lesson.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written, encoding="utf-8")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, runner.Result]]:
    """All the lessons of the table, built once."""
    project = Project(tmp_path_factory.mktemp("table") / "course")
    project.write("pyproject.toml", '[tool.lessonkit]\nlibraries = ["numpy"]\n')
    for case in CASES:
        lesson(project, case)
        for path, text in {"d.txt": "1", **case.files}.items():
            put(project, case, path, text)
    here = settings.load(project.root)
    results = standing.build(here, standing.standings(here), jobs=2)
    return project, {result.job.lesson: result for result in results}


def forget() -> None:
    for cached in (syntax._cached_tree, source._listed, script._read):
        cached.cache_clear()  # two edits may fall within one tick of the clock
    inputs.forget()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_a_lesson_reads_is_seen(
    table: tuple[Project, dict[str, runner.Result]], case: Case
) -> None:
    project, results = table
    name = f"{NAMES[case.title]}/lesson"
    result = results[name]
    if case.outcome == "refused":
        assert result.failure is not None
        assert "Error:" not in result.failure["message"]  # ours, in one sentence
        return
    assert result.failure is None, result.failure
    here = settings.load(project.root)
    assert standing.standing(here, name).state == "fresh"
    for path, text in case.edit.items():
        put(project, case, path, text)
    forget()
    state = standing.standing(here, name)
    assert state.state == ("stale" if case.outcome == "stale" else "fresh")


def test_a_library_that_no_key_covers_is_named(empty_project: Project) -> None:
    empty_project.write("pyproject.toml", '[tool.lessonkit]\nlibraries = ["numpy"]\n')
    code = "import click, numpy, json, PIL\nif not json:\n    import not_there"
    empty_project.write("lessons/a.py", f'"""Title."""\n# %%\n{code}\n')
    here = settings.load(empty_project.root)
    (result,) = standing.build(here, standing.standings(here))
    assert list(result.run.manifest["unlisted"]) == ["click", "pillow"]
    (remark,) = standing.standing(here, "a").remarks
    assert remark.startswith("lesson a: it imports click ")
    assert "which `libraries` does not name: another version would go unnoticed" in remark
    empty_project.write("pyproject.toml", '[tool.lessonkit]\nlibraries = ["Pillow", "click"]\n')
    (result,) = standing.build(here := settings.load(empty_project.root), standing.standings(here))
    assert list(result.run.manifest["unlisted"]) == ["numpy"]


def test_a_file_outside_the_project_that_is_not_here_is_named(empty_project: Project) -> None:
    outside = empty_project.write("../outside.txt", "1")
    empty_project.write("lessons/a.py", '"""Title."""\n# %%\nopen("../../outside.txt").read()\n')
    here = settings.load(empty_project.root)
    standing.build(here, standing.standings(here))
    assert standing.standing(here, "a").remarks == ()
    outside.unlink()
    state = standing.standing(here, "a")
    assert state.state == "fresh"  # as on a machine that never had it
    assert "outside the project, which is not here: nobody can tell" in state.remarks[0]


def test_a_run_of_data_as_it_was_is_found_again(empty_project: Project) -> None:
    data = empty_project.write("lessons/d.txt", "1")
    empty_project.write("lessons/a.py", '"""Title."""\n# %%\nopen("d.txt").read()\n')
    here = settings.load(empty_project.root)
    keys = []
    for text in ("1", "22", "1"):
        data.write_text(text)
        ran = standing.build(here, standing.standings(here))
        keys.append((standing.standing(here, "a").run.key, len(ran)))
    assert keys[0][0] == keys[2][0] != keys[1][0]
    assert [ran for _, ran in keys] == [1, 1, 0]
    data.write_text("333")
    (problem,) = standing.standing(here, "a").remarks or standing.standing(here, "a").problems
    assert "d.txt changed since the run that the page shows" in problem


def test_what_a_lesson_made_for_its_next_run_is_named(empty_project: Project) -> None:
    code = (
        "import os\nfrom lessonkit.evidence import Lesson\n\nlesson = Lesson('a')\n"
        "found = os.path.exists('kept')\nopen('kept', 'w').close()\nlesson.number('v', int(found))"
    )
    empty_project.write("lessons/a.py", f'"""Title."""\n# %%\n{code}\n')
    here = settings.load(empty_project.root)
    standing.build(here, standing.standings(here))
    (remark,) = standing.standing(here, "a").remarks
    assert "it looked for kept, which was not there, and made it" in remark
    assert "`lessonkit verify a`" in remark
    (empty_project.root / "kept").unlink()
    assert standing.standing(here, "a").remarks == ()
    assert standing.standing(here, "a").state == "fresh"


@pytest.mark.parametrize("kind", ["dated as its source", "never compared"])
def test_byte_code_that_lies_is_not_run(empty_project: Project, kind: str) -> None:
    helper = empty_project.write("lessons/_q.py", "V = 1\n")
    about, lie = helper.stat(), compile("V = 2", str(helper), "exec")
    head = [0, int(about.st_mtime), about.st_size] if kind == "dated as its source" else [1, 0, 0]
    forged = Path(importlib.util.cache_from_source(str(helper)))
    forged.parent.mkdir()
    forged.write_bytes(
        importlib.util.MAGIC_NUMBER
        + b"".join(number.to_bytes(4, "little") for number in head)
        + marshal.dumps(lie)
    )
    empty_project.write("lessons/a.py", '"""Title."""\n# %%\nimport _q\n\nassert _q.V == 1\n')
    here = settings.load(empty_project.root)
    (result,) = standing.build(here, standing.standings(here))
    assert result.failure is None, result.failure


# The page that says all this.


def counted() -> str:
    """The table of the documentation: what was tried, and how it came out."""
    rows = [
        "| | tried | noticed | refused | rightly nothing runs | unseen |",
        "|---|" + "---:|" * 5,
    ]
    outcomes = ("stale", "refused", "same", "unseen")
    for title, cases in (
        ("modules", inputs_table.MODULES),
        ("docstrings, lines, source", inputs_table.TEXT),
        ("files, folders, databases", inputs_table.READS),
        ("programs, network, own files", inputs_table.PROGRAMS),
    ):
        found = [sum(case.outcome == outcome for case in cases) for outcome in outcomes]
        rows.append(f"| {title} | {len(cases)} | " + " | ".join(map(str, found)) + " |")
    unseen = ", ".join(case.title for case in CASES if case.outcome == "unseen")
    return "\n".join([*rows, "", f"Unseen: {unseen}."])


PARTS = {
    "table": counted(),
    "pinned": "\n".join(
        f"- `{n}={v}`" for n, v in {**dict.fromkeys(THREADS, "1"), **PINNED}.items()
    ),
    "needed": ", ".join(f"`{name}`" for name in NEEDED) + ".",
}


@pytest.mark.parametrize("part", PARTS)
def test_the_documentation_says_what_the_code_does(repository: Path, part: str) -> None:
    page = (repository / "docs/reference/what-a-run-sees.md").read_text(encoding="utf-8")
    written = page.partition(f"<!-- {part} -->\n")[2].partition(f"\n<!-- /{part} -->")[0]
    assert written == PARTS[part]
