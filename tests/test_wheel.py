"""A stranger's course: a wheel, an empty folder, and the commands of the README."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import linking
import pytest

pytestmark = pytest.mark.slow
BUILD = "import setuptools.build_meta as backend; backend.build_wheel('dist')"


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "lessonkit", tree / "lessonkit", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(repository / name, tree)
    (tree / "dist").mkdir()
    made = subprocess.run([sys.executable, "-c", BUILD], cwd=tree, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    (built,) = (tree / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def binaries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel installed; everything else is lent by this one."""
    place = tmp_path_factory.mktemp("stranger") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    (packages,) = place.glob("lib/*/site-packages")
    lent = [entry for entry in sys.path if "site-packages" in entry]
    (packages / "lent.pth").write_text("\n".join(lent), encoding="utf-8")
    install = ["-m", "pip", "--python", str(place), "install", "--no-deps", "--no-index", "-q"]
    subprocess.run([sys.executable, *install, str(wheel)], check=True)
    return place / "bin"


def test_a_wheel_holds_all_that_the_package_holds(wheel: Path, repository: Path) -> None:
    files = (path for path in (repository / "lessonkit").rglob("*") if path.is_file())
    wanted = {
        path.relative_to(repository).as_posix() for path in files if "__pycache__" not in path.parts
    }
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())


def test_an_empty_folder_becomes_a_site_by_the_commands_of_the_readme(
    binaries: Path, repository: Path, tmp_path: Path
) -> None:
    section = (repository / "README.md").read_text("utf-8").partition("## Your own course")[2]
    commands = re.search(r"```\n(.+?)```", section, re.S)
    assert commands is not None
    made, installed, *told = commands[1].splitlines()
    assert made == "python3 -m venv .venv"
    assert installed == ".venv/bin/pip install './lessonkit-0.1.0-py3-none-any.whl[site]'"
    assert told == [
        ".venv/bin/lessonkit init",
        ".venv/bin/lessonkit build",
        ".venv/bin/mkdocs build --strict",
    ]
    around = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": ""}
    for command in told:
        name, *arguments = command.removeprefix(".venv/bin/").split()
        module = {"lessonkit": "lessonkit.press.cli"}.get(name, name)
        done = subprocess.run(
            [binaries / "python", "-m", module, *arguments],
            cwd=tmp_path,
            env=around,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert linking.dead(tmp_path / "site") == []
    page = (tmp_path / "site/random-walk/index.html").read_text(encoding="utf-8")
    for part in ("lk-number", "lk-figure", "lk-claim lk-holds", "lk-downloads"):
        assert part in page
    twin = tmp_path / "site/generated/random_walk/notebook/index.html"
    assert "jp-CodeCell" in twin.read_text(encoding="utf-8")

    (manifest,) = (tmp_path / ".lessonkit/runs").rglob("manifest.json")
    modules = json.loads(manifest.read_text(encoding="utf-8"))["modules"]
    assert {name.partition(".")[0] for name in modules} == {"__main__", "lessonkit"}
    where = "import lessonkit; print(lessonkit.__file__)"
    used = subprocess.run([binaries / "python", "-c", where], capture_output=True, cwd=tmp_path)
    assert str(binaries.parent) in used.stdout.decode(), "the wheel was tested, not this tree"
