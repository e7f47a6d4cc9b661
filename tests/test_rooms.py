"""Every word lives in its room, and imports run one way."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import Project

ORDER = ("data", "models", "training", "probes", "figures", "evidence", "press")
SCIENCE = {"data", "models", "training", "probes"}
ROOT = Path(__file__).resolve().parent.parent


Spoken = Callable[[ast.Module], bool]


@lru_cache(maxsize=1)
def sources() -> list[tuple[str, Path, ast.Module]]:
    """Return every module of the package with the room that it belongs to."""
    package = ROOT / "lessonkit"
    paths = [
        path
        for path in sorted(package.rglob("*.py"))
        if path.parent != package or path.stem != "__init__"
    ]
    rooms = [path.relative_to(package).with_suffix("").parts[0] for path in paths]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return list(zip(rooms, paths, trees, strict=True))


def imported(tree: ast.Module) -> set[str]:
    """Return every module that is imported anywhere in a tree, with its dotted name."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def who(spoken: Spoken) -> set[str]:
    """Return the rooms with a module that speaks the word."""
    return {room for room, _, tree in sources() if spoken(tree)}


def imports(library: str) -> Spoken:
    return lambda tree: any(name.split(".")[0] == library for name in imported(tree))


def says(*dotted: str) -> Spoken:
    """Return whether a tree holds an expression such as `nn.Module`."""

    def spoken(tree: ast.Module) -> bool:
        nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        return any(
            f".{ast.unparse(node)}".endswith(tuple(f".{d}" for d in dotted)) for node in nodes
        )

    return spoken


def test_every_module_belongs_to_a_room_of_the_house() -> None:
    assert {room for room, _, _ in sources()} == set(ORDER)


def test_a_room_imports_only_the_rooms_on_its_left() -> None:
    wrong = []
    for room, path, tree in sources():
        for name in imported(tree):
            other = ([*name.split("."), ""])[1] if name.startswith("lessonkit.") else room
            if other in ORDER and ORDER.index(other) > ORDER.index(room):
                wrong.append(f"{path.name} imports {name}")
    assert wrong == []


# The press has rooms of its own: a run's ingredients, runs, the course, pages, the site, commands.
PRESS = ("lesson", "run", "course", "page", "site", "commands")
FLOORS = ("settings", "memo", *PRESS[:-1], "embed", "scaffold", "terminal", "commands", "cli")


def test_the_press_has_six_rooms() -> None:
    press = ROOT / "lessonkit/press"
    assert {path.parent.name for path in press.glob("*/__init__.py")} == set(PRESS)
    modules = {path.stem for path in press.glob("*.py")} - {"__init__"}
    assert modules == set(FLOORS) - set(PRESS)


def test_each_room_of_the_press_says_which_question_it_answers() -> None:
    for room in PRESS:
        tree = ast.parse((ROOT / f"lessonkit/press/{room}/__init__.py").read_text("utf-8"))
        assert len(tree.body) == 1, "a docstring, and nothing to import"
        assert str(ast.get_docstring(tree)).count("?") == 1


def test_a_room_of_the_press_imports_only_those_below_it() -> None:
    wrong = []
    for room, path, tree in sources():
        if room == "press" and path.parent.name + path.stem != "press__init__":
            floor = path.relative_to(ROOT / "lessonkit/press").with_suffix("").parts[0]
            for name in imported(tree):
                parts = name.split(".")
                other = parts[2] if parts[:2] == ["lessonkit", "press"] and parts[2:] else ""
                if other in FLOORS and FLOORS.index(other) > FLOORS.index(floor):
                    wrong.append(f"{path.name} imports {name}")
    assert wrong == []


def arrows() -> dict[str, set[str]]:
    """Return which modules of the package each module imports, anywhere in it."""
    paths = {path: path.relative_to(ROOT).with_suffix("").parts for _, path, _ in sources()}
    names = {path: ".".join(parts).removesuffix(".__init__") for path, parts in paths.items()}
    known = set(names.values())
    found = {}
    for _, path, tree in sources():
        wanted = imported(tree) & known
        # `from package import module` names the package, too, and takes nothing from it.
        through = {name for name in wanted if any(w.startswith(name + ".") for w in wanted)}
        found[names[path]] = wanted - through - {names[path]}
    return found


def test_imports_never_go_round_in_a_circle() -> None:
    assert arrows()["lessonkit.press.run.runner"] >= {"lessonkit.press.run.store"}
    TopologicalSorter(arrows()).prepare()  # raises CycleError, which shows the circle


# Longer than a reader keeps in mind. These are so still: they may shrink, and never grow.


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    package = ROOT / "lessonkit"
    for _, path, _ in sources():
        name = path.relative_to(package).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 300, name


def test_a_module_that_lists_what_it_offers_lists_all_of_it() -> None:
    listed = 0
    for _, path, tree in sources():
        named = {name: node for node in tree.body for name in bound(node)}
        if "__all__" in named:
            listed += 1
            offered = set(ast.literal_eval(named.pop("__all__").value))
            own = {
                n for n, node in named.items() if isinstance(node, ast.FunctionDef | ast.ClassDef)
            }
            assert {n for n in own if not n.startswith("_")} <= offered <= set(named), path
    assert listed


def bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module binds."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Assign):
        parts = [part for target in node.targets for part in ast.walk(target)]
        return [part.id for part in parts if isinstance(part, ast.Name)]
    return []


def test_sphinx_gallery_is_called_in_one_module() -> None:
    calling = {path.name for _, path, tree in sources() if imports("sphinx_gallery")(tree)}
    assert calling == {"sphinx.py"}
    private = re.compile(r"sphinx_gallery.* import .*\b_")
    assert not private.search((ROOT / "lessonkit/press/lesson/sphinx.py").read_text("utf-8"))


def test_a_figure_takes_numbers_and_never_asks_a_probe() -> None:
    trees = [tree for room, _, tree in sources() if room == "figures"]
    assert all("probes" not in name for tree in trees for name in imported(tree))


def test_importing_the_package_imports_nothing() -> None:
    assert (ROOT / "lessonkit/__init__.py").read_bytes() == b""


def test_torch_is_spoken_only_where_networks_are() -> None:
    # One function asks torch for a device, in a lesson's own process.
    torch = imports("torch")
    outside = [
        (path, tree) for room, path, tree in sources() if room not in SCIENCE and torch(tree)
    ]
    assert {path.name for path, _ in outside} == {"circumstances.py"}
    for path, tree in outside:
        statements = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        assert not torch(ast.Module(statements, [])), f"{path.name} imports torch for everybody"


@pytest.mark.parametrize(
    ("word", "spoken", "rooms"),
    [
        ("a network", says("nn.Module"), {"models"}),
        ("a gradient taken", says("autograd.grad"), {"probes", "training"}),
        ("an optimiser", says("optimiser", "momentum"), {"training"}),
        ("a data set", imports("sklearn"), {"data"}),
        # The press imports it only in the worker, where a matplotlibrc would be in the way.
        ("matplotlib", imports("matplotlib"), {"figures", "evidence", "press"}),
        ("hashing", imports("hashlib"), {"press", "evidence"}),  # a record carries its hash
        ("a process", imports("subprocess"), {"press", "evidence"}),  # by hand, pinned anew
        ("Markdown", imports("markdown"), {"press"}),
        ("a page", imports("mkdocs"), {"press"}),
    ],
)
def test_a_word_stays_in_its_room(word: str, spoken: Spoken, rooms: set[str]) -> None:
    assert who(spoken) == rooms, word


def test_only_a_probe_hangs_hooks() -> None:
    hooks = says("register_forward_hook", "register_hook", "register_full_backward_hook")
    assert who(hooks) <= {"probes"}


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_module_is_a_drawer(name: str) -> None:
    assert not list((ROOT / "lessonkit").rglob(f"*{name}*"))


def test_no_lesson_imports_another_lesson() -> None:
    folder = ROOT / "lessons"
    scripts = [path for path in folder.rglob("*.py") if not path.name.startswith("_")]
    names = {path.stem for path in scripts}
    assert names, "there are lessons"
    for path in scripts:
        for module in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if not module.startswith("lessonkit."):
                assert not names & set(module.split(".")), f"{path.name} imports {module}"


# Speed: whoever only reads, checks or lists never waits for torch.

AND_TORCH = """
import sys
sys.argv = ["lessonkit", *{arguments}]
from lessonkit.press.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
assert "torch" not in sys.modules, "torch was imported"
assert {also} not in sys.modules
"""


def test_no_module_of_the_press_imports_torch_or_matplotlib() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for room, path, _ in sources()
        if room in ("press", "evidence") and path.name != "__init__.py"
    ]
    assert "lessonkit.press.page.embed" in modules
    code = f"import sys, {', '.join(modules)}\nprint(*{{'torch', 'matplotlib'}} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"NO_MKDOCS_2_WARNING": "1", "PATH": ""},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []


def test_the_command_line_never_waits_for_torch(project: Project) -> None:
    project.write("pyproject.toml", "[tool.lessonkit]\n")  # torch's version is part of the key
    assert project.lessonkit("build").returncode == 0
    for arguments, also in (
        (["--help"], "mkdocs"),
        (["status"], "mkdocs"),
        (["check"], "mkdocs"),
        (["build"], "matplotlib"),
    ):
        code = AND_TORCH.format(arguments=arguments, also=repr(also))
        result = project.run("-c", code)
        assert result.returncode == 0, (arguments, result.stderr)


def test_the_reference_shows_every_module_of_the_science_rooms() -> None:
    for room, path, _ in sources():
        if room in SCIENCE | {"figures"} and path.stem != "__init__":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            page = (ROOT / f"docs/reference/{room}.md").read_text(encoding="utf-8")
            assert re.search(rf"^::: {re.escape(name)}$", page, re.M), name


def test_html_comes_out_of_templates() -> None:
    by_hand = [
        f"{path.name}:{node.lineno}"
        for room, path, tree in sources()
        if room in ("evidence", "press")
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and re.search(r"(?<!P)</?[a-z]+[ >]", str(part.value))
    ]
    assert by_hand == []
