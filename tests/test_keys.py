"""A lesson runs again exactly when something that can change its results changed."""

from __future__ import annotations

import ast
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import Project

from lessonkit.press import settings
from lessonkit.press.lesson import circumstances, job, source, syntax
from lessonkit.press.lesson.circumstances import Wanted
from lessonkit.press.run.standing import standing
from lessonkit.press.settings import PressError

LESSON = '''
"""A walk strays.

What adding up steps does.
"""

from lessonkit.evidence import Lesson

import _package.inner
import _toolbox

# %% measure
# Walk.

lesson = Lesson("walks/stray", reads=["lessons/walks/steps.csv"])


def walk(seed, steps):
    """Return how far a walk strays."""
    total = 0
    for step in range(steps):
        total += seed * step
    return total


# %%
# Publish.

lesson.number("distance", walk(2, _toolbox.STEPS))
'''

TOOLBOX = '''
"""Walks."""

import _behind

STEPS = 2


def away():
    """Go."""
    return _behind.FAR
'''

FILES = {
    "lessons/walks/stray.py": LESSON,
    "lessons/walks/other.py": '"""Another lesson."""\nx = 1\n',
    "lessons/walks/steps.csv": "step\n1\n",
    "lessons/walks/_toolbox.py": TOOLBOX,
    "lessons/walks/_behind.py": "FAR = 5\n",
    "lessons/walks/_unused.py": "NEVER = 1\n",
    "lessons/walks/_package/__init__.py": "WIDE = 1\n",
    "lessons/walks/_package/inner.py": "from . import deep\nfrom .wide import level\n",
    "lessons/walks/_package/deep.py": "DEPTH = 3\n",
    "lessons/walks/_package/wide/__init__.py": "from ..beside import level\n",
    "lessons/walks/_package/beside.py": "level = 7\n",
    "lessons/walks/_package/alone.py": "NEVER = 1\n",
}


@pytest.fixture
def course(empty_project: Project) -> Project:
    """A lesson that reaches modules directly, through others and through packages."""
    for path, text in FILES.items():
        empty_project.write(path, text)
    return empty_project


def source_of(project: Project, lesson: str = "walks/stray") -> source.Source:
    for cached in (syntax._cached_tree, source._listed):
        cached.cache_clear()  # two edits may fall within one tick of the clock
    return source.source(settings.load(project.root), lesson)


def key_of(project: Project, profile: str = "quick", device: str = "cpu", seed: int = 0) -> str:
    around = circumstances.circumstances(
        settings.load(project.root), Wanted(profile, "cpu", first_seed=seed)
    )
    return job.key(source_of(project).digest, replace(around, device=device))


Edit = Callable[[Project], object]


def change(old: str, new: str, path: str = "stray.py") -> Edit:
    return lambda project: project.replace(f"lessons/walks/{path}", old, new)


def add(path: str, text: str) -> Edit:
    return lambda project: project.write(f"lessons/walks/{path}", text)


def touch(project: Project) -> None:
    os.utime(project.root / "lessons/walks/stray.py", ns=(1, 1))


def windows(project: Project) -> None:
    path = project.root / "lessons/walks/stray.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


NOTHING_RUNS: dict[str, Edit] = {
    "a comment": change("total = 0", "total = 0  # in steps"),
    "the title": change("A walk strays.", "Walks stray."),
    "the text of the docstring": change("What adding", "See what adding"),
    "the docstring of a function": change("Return how far", "Say how far"),
    "no docstring in a function": change('    """Return how far a walk strays."""\n', ""),
    "the text of a cell": change("# Publish.", "# Publish **it**."),
    "the name of a cell": change("# %% measure", "# %% walk"),
    "a new text cell": change("# %%\n# Publish.", "# %%\n# So far.\n\n# %%\n# Publish."),
    "a text cell within a function": change(
        "    for step", "# %%\n# Step by step.\n\n    for step"
    ),
    "white space": change("(2, _toolbox.STEPS)", "( 2,_toolbox.STEPS )"),
    "a line broken in two": change("(2, _toolbox", "(\n    2, _toolbox"),
    "brackets that change nothing": change("seed * step", "(seed * step)"),
    "other quotes": change('"distance"', "'distance'"),
    "another way to write a number": change("total = 0", "total = 0x0"),
    "the end of lines": windows,
    "the time of the file": touch,
    "the docstring of a module in use": change("Walks.", "Wanderings.", "_toolbox.py"),
    "the docstring of a function in a module in use": change("Go.", "Leave.", "_toolbox.py"),
    "another lesson": change("x = 1", "x = 2", "other.py"),
    "a module that is not in use": change("NEVER = 1", "NEVER = 2", "_unused.py"),
    "its neighbour in a package": change("NEVER = 1", "NEVER = 2", "_package/alone.py"),
    "a new module": add("_new.py", "x = 1\n"),
    "a page": lambda project: project.write("docs/stray.md", "# Another page\n"),
    "a setting that measures nothing": lambda project: project.replace(
        "pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\ntime_limit = 5"
    ),
}

IT_RUNS: dict[str, Edit] = {
    "a constant": change("total = 0", "total = 1"),
    "True for 1": change("walk(2, ", "walk(True, "),
    "2.0 for 2": change("walk(2, ", "walk(2.0, "),
    "a string": change('"distance"', '"far"'),
    "an operator": change("seed * step", "seed + step"),
    "the name of a variable": change("total", "sum"),
    "the order of statements": change(
        "import _package.inner\nimport _toolbox", "import _toolbox\nimport _package.inner"
    ),
    "the order of operands": change("seed * step", "step * seed"),
    "brackets that count": change("seed * step", "seed * (step + 1)"),
    "a return that returns nothing": change("return total", "return"),
    "a new statement": change("# Publish.", "# Publish.\nprint()"),
    "a string that is no docstring": change("total = 0", 'total = 0\n    "words"'),
    "a function in a module in use": change("_behind.FAR", "_behind.FAR + 1", "_toolbox.py"),
    "a constant in a module in use": change("STEPS = 2", "STEPS = 3", "_toolbox.py"),
    "a module behind a module": change("FAR = 5", "FAR = 6", "_behind.py"),
    "the package around a module": change("WIDE = 1", "WIDE = 2", "_package/__init__.py"),
    "a relative import": change("DEPTH = 3", "DEPTH = 4", "_package/deep.py"),
    "a relative import of a package": change(
        "level", "level as level", "_package/wide/__init__.py"
    ),
    "a relative import from above": change("level = 7", "level = 8", "_package/beside.py"),
    "a module that now shadows another": add("lessonkit.py", "x = 1\n"),
    "a declared data file": change("1", "2", "steps.csv"),
    "even its white space": change("1\n", "1\n\n", "steps.csv"),
}


@pytest.mark.parametrize("edit", NOTHING_RUNS.values(), ids=NOTHING_RUNS)
def test_what_cannot_change_a_result_is_outside_the_key(course: Project, edit: Edit) -> None:
    before = key_of(course)
    edit(course)
    assert key_of(course) == before


@pytest.mark.parametrize("edit", IT_RUNS.values(), ids=IT_RUNS)
def test_what_can_change_a_result_is_inside_the_key(course: Project, edit: Edit) -> None:
    before = key_of(course)
    edit(course)
    assert key_of(course) != before


@pytest.mark.parametrize("edit", IT_RUNS.values(), ids=IT_RUNS)
def test_undoing_an_edit_brings_the_old_key_back(course: Project, edit: Edit) -> None:
    before = key_of(course)
    lessons = course.root / "lessons"
    shutil.copytree(lessons, course.root / "backup")
    edit(course)
    shutil.rmtree(lessons)
    (course.root / "backup").rename(lessons)
    assert key_of(course) == before


def test_an_edit_is_seen_in_the_same_process(course: Project) -> None:
    project = settings.load(course.root)
    before = source.source(project, "walks/stray").digest
    old = (course.root / "lessons/walks/_behind.py").stat()
    path = course.write("lessons/walks/_behind.py", "FAR = 6\n")
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert path.stat().st_size == old.st_size
    assert source.source(project, "walks/stray").digest != before


# The circumstances.


def test_profile_device_and_seeds_each_give_another_key(course: Project) -> None:
    found = {
        key_of(course),
        key_of(course, profile="full"),
        key_of(course, device="cuda"),
        key_of(course, seed=1),
    }
    assert len(found) == 4
    assert all(len(key) == 16 for key in found)


def test_another_version_of_a_library_gives_another_key(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key_with(version: str | None) -> str:
        monkeypatch.setattr(circumstances, "_version", lambda name: version)
        return key_of(course)

    assert len({key_with("2.4.0"), key_with("2.4.1"), key_with(None)}) == 3


def test_only_the_libraries_that_are_named_enter_the_key(course: Project) -> None:
    course.write("pyproject.toml", '[tool.lessonkit]\nlibraries = ["numpy", "nowhere-at-all"]\n')
    around = circumstances.circumstances(settings.load(course.root))
    assert around.libraries["nowhere-at-all"] is None
    assert list(around.libraries) == ["numpy", "nowhere-at-all"]


def test_another_minor_of_python_gives_another_key_but_the_same_source(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, before = source_of(course).digest, key_of(course)
    monkeypatch.setattr(sys, "version_info", SimpleNamespace(major=3, minor=99, micro=0))
    assert key_of(course) != before
    assert source_of(course).digest == digest


def test_a_patch_release_of_python_changes_nothing(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_of(course)
    major, minor = sys.version_info[:2]
    monkeypatch.setattr(sys, "version_info", SimpleNamespace(major=major, minor=minor, micro=99))
    assert key_of(course) == before


def test_a_key_does_not_know_where_the_project_lies(course: Project, tmp_path: Path) -> None:
    before = key_of(course)
    shutil.copytree(course.root, tmp_path / "elsewhere/again")
    assert key_of(Project(tmp_path / "elsewhere/again")) == before


def test_a_key_does_not_depend_on_the_hash_seed(course: Project) -> None:
    code = (
        "from lessonkit.press import settings\n"
        "from lessonkit.press.lesson.circumstances import Wanted\n"
        "from lessonkit.press.lesson.job import job\n"
        "print(job(settings.load(), 'walks/stray', Wanted('quick', 'cpu')).key)"
    )
    found = {course.run("-c", code, PYTHONHASHSEED=seed).stdout.strip() for seed in "12"}
    assert found == {key_of(course)}


# What is reached.


def test_every_module_on_the_way_is_reached_and_no_other(course: Project) -> None:
    ours = {name for name in source_of(course).modules if not name.startswith("lessonkit")}
    package = {f"_package{part}" for part in ("", ".inner", ".deep", ".wide", ".beside")}
    assert ours == {"__main__", "_toolbox", "_behind"} | package


def test_a_lesson_reaches_the_records_of_evidence_but_not_how_they_are_shown(
    course: Project,
) -> None:
    ours = {name for name in source_of(course).modules if name.startswith("lessonkit")}
    assert {"lessonkit.evidence.record", "lessonkit.evidence.picture"} <= ours
    assert not {name for name in ours if name.startswith("lessonkit.press")}
    assert "lessonkit.evidence.terminal" not in ours


@pytest.mark.parametrize(
    "statement",
    [
        "import _behind",
        "import _behind as b",
        "from _behind import FAR",
        "from _behind import *",
        "def late():\n    import _behind",
        "try:\n    import _behind\nexcept ImportError:\n    pass",
        "if False:\n    import _behind",
    ],
)
def test_an_import_is_found_wherever_it_stands(course: Project, statement: str) -> None:
    course.write("lessons/walks/other.py", f'"""Another lesson."""\n{statement}\n')
    assert set(source_of(course, "walks/other").modules) == {"__main__", "_behind"}


@pytest.mark.parametrize(
    "statement",
    [
        "import _package.alone",
        "from _package import alone",
        "from _package.alone import NEVER",
    ],
)
def test_importing_a_module_runs_the_package_around_it(course: Project, statement: str) -> None:
    course.write("lessons/walks/other.py", f'"""Another lesson."""\n{statement}\n')
    modules = set(source_of(course, "walks/other").modules)
    assert modules == {"__main__", "_package", "_package.alone"}


def test_modules_that_import_each_other_are_reached_once(course: Project) -> None:
    course.write("lessons/walks/_behind.py", "import _toolbox\nFAR = 5\n")
    assert {"_behind", "_toolbox"} <= set(source_of(course).modules)


@pytest.mark.parametrize(
    "call",
    [
        "Lesson('a', reads=['lessons/walks/steps.csv'])",
        "Lesson('a', ('lessons/walks/steps.csv',))",
        "evidence.Lesson('a', reads=('lessons/walks/steps.csv',))",
    ],
)
def test_declared_files_are_found_however_they_are_written(course: Project, call: str) -> None:
    course.write("lessons/walks/other.py", f'"""Another lesson."""\nlesson = {call}\n')
    assert list(source_of(course, "walks/other").files) == ["lessons/walks/steps.csv"]


def test_a_declared_file_that_is_missing_is_named(course: Project) -> None:
    (course.root / "lessons/walks/steps.csv").unlink()
    with pytest.raises(PressError, match=r"steps\.csv' cannot be read: No such file"):
        source_of(course)
    state = standing(settings.load(course.root), "walks/stray")
    assert state.state == "failed"
    assert "steps.csv" in state.problems[0]


def test_a_syntax_error_in_a_module_is_named(course: Project) -> None:
    course.write("lessons/walks/_behind.py", "FAR = = 5\n")
    with pytest.raises(PressError, match=r"_behind\.py:1: syntax error"):
        source_of(course)


# The canonical form.


def canonical(code: str) -> str:
    return "".join(syntax._canonical(ast.parse(textwrap.dedent(code))))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "True"),
        ("1", "1.0"),
        ("0.0", "-0.0"),
        ("x = 'a'", "x = b'a'"),
        ("x = 'None'", "x = None"),
        ("...", "None"),
        ("x[1]", "x[1,]"),
        ("return_ = None", "return_ = ()"),
        ("f(a, b)", "f((a, b))"),
        ("f('a', 'b')", "f('a),Constant(value=str:b')"),  # a string that looks like code
        ("f(*a)", "f(**a)"),
        ("def f(a, /): 1", "def f(a): 1"),
        ("def f(*, a): 1", "def f(a): 1"),
        ("def f(*, a=1, b): 1", "def f(*, a, b=1): 1"),
        ("{**a}", "{None: a}"),
        ("x: int", "x: int = None"),
        ("a.b", "a['b']"),
        ("f'{a}'", "f'{a!r}'"),
        ("f'{a}'", "'{a}'"),
        ("async def f(): 1", "def f(): 1"),
        ("if a: b\nelse: c", "if a:\n  b\n  c"),
        ("if a:\n  if b: c\nelse: d", "if a:\n  if b: c\n  else: d"),
        ("try: a\nfinally: b", "try: a\nexcept: b"),
        ("for a in b: c\nelse: d", "for a in b: c\nd"),
        ("from . import a", "from .. import a"),
        ("match a:\n  case None: b", "match a:\n  case True: b"),
        ("match a:\n  case None: b", "match a:\n  case _: b"),
        ("def f():\n  x = 1\n  'words'", "def f():\n  x = 1"),
    ],
)
def test_different_code_is_written_differently(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(): 'doc'; return 1", "def f(): return 1"),
        ("class A:\n  'doc'\n  x = 1", "class A: x = 1"),
        ("async def f(): 'doc'; await a", "async def f(): await a"),
        ("'doc'\nx = 1", "'other'\nx = 1"),
        ("x = (1)", "x = 1"),
        ("x = 1_000", "x = 1000"),
        ("x = 'a' 'b'", "x = 'ab'"),
    ],
)
def test_the_same_code_is_written_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_an_f_string_is_written_as_every_python_parses_it() -> None:
    tree = ast.parse("f'{a:{b}}'")
    before = "".join(syntax._canonical(tree))
    spec = tree.body[0].value.values[0].format_spec
    empty = [part for part in spec.values if isinstance(part, ast.Constant)]
    if empty:  # as Python 3.12 has it
        spec.values = [part for part in spec.values if part not in empty]
    else:
        spec.values = [*spec.values, ast.Constant("")]
    assert "".join(syntax._canonical(tree)) == before


def test_fields_that_another_python_adds_empty_leave_no_trace() -> None:
    tree = ast.parse("def f(a):\n    return a\n")
    before = "".join(syntax._canonical(tree))
    ast.FunctionDef._fields, kept = (
        (*ast.FunctionDef._fields, "of_python_4"),
        ast.FunctionDef._fields,
    )
    try:
        for empty in ([], None):
            tree.body[0].of_python_4 = empty
            assert "".join(syntax._canonical(tree)) == before
    finally:
        ast.FunctionDef._fields = kept


def test_positions_leave_no_trace() -> None:
    assert "line" not in canonical("\n\nx = 1\n")
    assert canonical("\n\nx = 1\n") == canonical("x   =   1")


# Once for real, through the command line.


def test_an_undone_edit_is_a_hit_and_not_a_run(project: Project) -> None:
    script = "lessons/walks/stray.py"
    assert "ran   walks/stray" in project.lessonkit("build").stdout
    project.replace(script, "quick=5", "quick=6")
    assert "ran   walks/stray" in project.lessonkit("build").stdout
    project.replace(script, "quick=6, full=7, smoke=2)", "quick=5, full=7, smoke=2)  # as before")
    again = project.lessonkit("build")
    assert again.returncode == 0
    assert "fresh 1 of 1 lessons: nothing to run" in again.stdout
    assert len(list((project.root / ".lessonkit").rglob("manifest.json"))) == 2
