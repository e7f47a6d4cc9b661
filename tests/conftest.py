"""What every test shares: executed shapes, and a small project to build in."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import browser
import pytest
from jaxtyping import install_import_hook

from lessonkit.evidence.environment import PORTABLE

if TYPE_CHECKING:
    from workshop import Workshop  # which imports this module

# Tests say themselves what is around: whoever runs them may be confined to a profile or a seed.
for _name in [name for name in os.environ if name.startswith("LESSONKIT_")]:
    del os.environ[_name]

# The shapes in the signatures of the science rooms are checked whenever a test calls them.
_ROOMS = [f"lessonkit.{room}" for room in ("data", "models", "training", "probes")]
install_import_hook(_ROOMS, "beartype.beartype")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was not tested for want of a browser, and what brings one."""
    reasons = (str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
    count = sum(browser.MISSING in reason for reason in reasons)
    if count:
        terminalreporter.write_line(
            f"{count} tests of the site in a browser were NOT run. To run them too: "
            f"{browser.how_to_install()}",
            yellow=True,
        )


SETTINGS = '[tool.lessonkit]\nlibraries = ["numpy", "matplotlib"]\n'

LESSON = '''
"""A walk strays.

What adding up steps does.
"""

import numpy as np

import _toolbox
from lessonkit.evidence import Lesson
from lessonkit.figures.drawing import Drawing

# %% measure
# Walk.

lesson = Lesson("walks/stray")
seeds = lesson.seeds(quick=5, full=7, smoke=2)
steps = _toolbox.STEPS
walks = [_toolbox.walk(seed, steps) for seed in seeds]
print(f"{len(walks)} walks")

# %%
# Publish.

lesson.number("distance", walks, format=".2f", label="distance")
lesson.table("walks", "what", {"ours": {"distance": walks}}, caption="All walks.")
lesson.claim(
    "walks-stray",
    "A walk strays.",
    walks,
    above=0.5,
    trap={"standing still": [0.0] * len(walks)},
)

# %% draw
import matplotlib.pyplot as plt

figure, ax = plt.subplots()
ax.plot(seeds, walks)
says = f"Distances by seed: {walks[0]:.3f} to {walks[-1]:.3f}."
lesson.figure("distances", Drawing(figure, {"seed": seeds, "far": walks}, says))
len(walks)
'''

TOOLBOX = '''
"""Walks."""

import numpy as np

STEPS = 100


def walk(seed, steps):
    """Return how far walks stray, on average over sixteen."""
    return float(np.abs(np.random.default_rng(seed).normal(size=(16, steps)).cumsum(1)).mean())
'''

PAGE = """
---
title: A walk strays
description: What adding up steps does.
lesson: walks/stray
question: How far does a walk stray?
---

# A walk strays

[[lesson-frame]]

It strays by [[distance]].

[[distances]]

[[measure]]

[[walks]]

[[lesson-claims]]

[[lesson-downloads]]
"""

MKDOCS = """
site_name: Walks
strict: true
theme: {name: material, font: false}
plugins: [lessonkit]
markdown_extensions: [admonition, tables, pymdownx.superfences, lessonkit.press.embed]
extra_css: [generated/lessonkit.css]
exclude_docs: "notebook.ipynb"
"""


class Project:
    """A small project in a folder of its own, driven through the command line."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> Path:
        """Write a file, its common indentation removed."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return target

    def furnish(self) -> None:
        """Write a lesson that runs in half a second (no torch), its toolbox, its page, a site."""
        self.write("pyproject.toml", SETTINGS)
        self.write("lessons/walks/stray.py", LESSON)
        self.write("lessons/walks/_toolbox.py", TOOLBOX)
        self.write("docs/stray.md", PAGE)
        self.write("docs/index.md", "---\ndescription: Home.\n---\n\n# Home\n")
        self.write("mkdocs.yml", MKDOCS)

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file as an author would."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}"
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python ARGUMENTS` in the project and return what it printed."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def lessonkit(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line of lessonkit in the project."""
        return self.run("-m", "lessonkit.press.cli", *arguments, **environment)

    def mkdocs(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run MkDocs in the project."""
        return self.run("-m", "mkdocs", *arguments, **environment)


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    """All instructions of the processor, also where the tests themselves run portably."""
    for name in PORTABLE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def empty_project(tmp_path: Path) -> Project:
    """A project without lessons."""
    project = Project(tmp_path / "course")
    project.write("pyproject.toml", SETTINGS)
    (project.root / "lessons").mkdir()
    (project.root / "docs").mkdir()
    return project


@pytest.fixture
def project(empty_project: Project) -> Project:
    """A project with one lesson that has not run."""
    empty_project.furnish()
    return empty_project


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The project after its lesson has run: not to be changed, there is one for a module."""
    from workshop import walks

    made = walks(tmp_path_factory.mktemp("built") / "course")
    made.build()
    return made


@pytest.fixture
def there(course: Workshop, tmp_path: Path) -> Workshop:
    """A copy of it, to break."""
    from workshop import copied

    return copied(course, tmp_path / "course")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return Path(__file__).resolve().parent.parent
