"""The same twenty lessons written for lessonkit and for sphinx-gallery: part of `make bench`.

Each lesson has eight cells, three figures and five numbers, and computes for about half a second.
Both tools start from nothing; what counts is CPU seconds, user and system, of all processes. Ours
writes an SVG, a PNG and a CSV for each figure, a page, a notebook and its page; sphinx-gallery a
PNG for each figure, a page and a notebook.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

LESSONS = 20
FIGURES = ("paths", "spread", "ends")
NUMBERS = ("reach", "middle", "width", "turns", "slowest")
CELLS = ("walk", "paths", "spread", "ends", "reach", "width", "turns", "slowest")

# What a lesson does, the same in both tools. {show_…} is how the tool takes a figure or a number.
CODE = '''
"""{title}

Adding up steps that know nothing of one another leads far away. Lesson {number}.
"""

import matplotlib.pyplot as plt
import numpy as np
{head}
# %% {walk}
# Walk.

seeds = {seeds}
walks = []
for seed in seeds:
    steps = np.random.default_rng(seed + {number}).normal(size=(60, 40_000))
    walks.append(steps.cumsum(axis=0))

# %% {paths}
# Some paths, one colour for each seed.

figure, ax = plt.subplots(figsize=(7.2, 3.8))
for seed, walk in zip(seeds, walks):
    ax.plot(walk[:, 0], label=f"seed {{seed}}")
ax.set(xlabel="step", ylabel="place", title="Paths")
ax.legend()
{show_paths}

# %% {spread}
# How far apart they are.

figure, ax = plt.subplots(figsize=(7.2, 3.8))
spread = [walk.std(axis=1) for walk in walks]
for values in spread:
    ax.plot(values)
ax.set(xlabel="step", ylabel="spread", xscale="log", yscale="log")
{show_spread}

# %% {ends}
# Where they end.

figure, ax = plt.subplots(figsize=(7.2, 3.8))
counts, edges = np.histogram(walks[0][-1], bins=30)
ax.bar(edges[:-1], counts, width=edges[1] - edges[0], align="edge")
ax.set(xlabel="end", ylabel="walks")
{show_ends}

# %% {reach}
# The first number, and the second.

reach = [float(abs(walk).max()) for walk in walks]
middle = [float(np.median(walk[-1])) for walk in walks]
{show_reach}
{show_middle}

# %% {width}
width = [float(walk[-1].std()) for walk in walks]
{show_width}

# %% {turns}
turns = [float((np.diff(np.sign(walk[:, :2_000]), axis=0) != 0).mean()) for walk in walks]
{show_turns}

# %% {slowest}
slowest = [float(abs(walk[-1]).min()) for walk in walks]
{show_slowest}
'''

PROSE = "Adding up steps that know nothing of one another leads far away. " * 24

PAGE = """
---
title: {title}
description: Noise adds up.
lesson: part/lesson_{number:02}
---

# {title}

{prose}

{embeds}
"""

MKDOCS = """
site_name: Benchmark
theme: {name: material, font: false}
plugins:
  - lessonkit
  - search
  - mkdocs-jupyter:
      {ignore: ["*.md"], include: [notebook.ipynb], execute: false, no_prompt: true}
markdown_extensions: [admonition, tables, pymdownx.superfences, lessonkit.press.embed]
extra_css: [generated/lessonkit.css]
not_in_nav: "*"
"""

CONF = """
project = "Benchmark"
extensions = ["sphinx_gallery.gen_gallery"]
sphinx_gallery_conf = {
    "examples_dirs": "lessons",
    "gallery_dirs": "gallery",
    "filename_pattern": "",
    "within_subsection_order": "FileNameSortKey",
}
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


def spent(root: Path, *arguments: str) -> float:
    """Run a module in `root`; return CPU seconds, user and system, of it and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(root: Path) -> Path:
    """Write the lessons for lessonkit, with a page for each."""
    root = root / "ours"
    write(root / "pyproject.toml", '[tool.lessonkit]\nlibraries = ["numpy", "matplotlib"]\n')
    shows = {
        f"show_{name}": f'lesson.figure("{name}", Drawing(figure, {{"x": range(60)}}, SAYS))'
        for name in FIGURES
    }
    shows |= {f"show_{name}": f'lesson.number("{name}", {name}, format=".2f")' for name in NUMBERS}
    for number in range(LESSONS):
        title = f"Noise adds up, part {number}"
        head = (
            "from lessonkit.evidence import Lesson\n"
            'from lessonkit.figures.drawing import Drawing\n\nSAYS = "Walks of 1 to 59 steps."\n'
            f'lesson = Lesson("part/lesson_{number:02}")'
        )
        cells = {name: f"show-{name}" for name in CELLS}
        code = CODE.format(
            number=number,
            title=title,
            head=head,
            seeds="lesson.seeds(quick=5)",
            **cells,
            **shows,
        )
        write(root / f"lessons/part/lesson_{number:02}.py", code)
        embeds = [*FIGURES, *cells.values(), *(f"It is [[{name}]]." for name in NUMBERS)]
        shown = [e if e.startswith("It") else f"[[{e}]]" for e in embeds]
        page = PAGE.format(number=number, title=title, prose=PROSE, embeds="\n\n".join(shown))
        write(root / f"docs/part/lesson-{number:02}.md", page)
    write(root / "docs/index.md", "---\ndescription: Home.\n---\n\n# Home\n")
    write(root / "mkdocs.yml", MKDOCS)
    return root


def theirs(root: Path) -> Path:
    """Write the lessons for sphinx-gallery, which takes figures by itself; prose in the script."""
    root = root / "theirs"
    write(root / "conf.py", CONF)
    write(root / "index.rst", "Home\n====\n\n.. toctree::\n\n   gallery/index\n")
    write(root / "lessons/README.rst", "Lessons\n=======\n")
    shows = {f"show_{name}": "plt.show()" for name in FIGURES}
    shows |= {f"show_{name}": f'print("{name}", np.median({name}))' for name in NUMBERS}
    for number in range(LESSONS):
        title = f"Noise adds up, part {number}"
        code = CODE.format(
            number=number,
            title=f"{title}\n{'=' * len(title)}\n\n{PROSE}",
            head="",
            seeds="range(5)",
            **dict.fromkeys(CELLS, ""),
            **shows,
        )
        write(root / f"lessons/plot_{number:02}.py", code)
    return root


def cold(root: Path, repeats: int = 3) -> Iterator[tuple[float, float]]:
    """Build both from nothing, in turn, and yield their CPU seconds: ours, sphinx-gallery's."""
    mine, other = ours(root), theirs(root)
    for _ in range(repeats):
        for made in (".lessonkit", "docs/generated", "site"):
            shutil.rmtree(mine / made, ignore_errors=True)
        for made in ("gallery", "out", "sg_execution_times.rst"):
            target = other / made
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        runs = spent(mine, "lessonkit.press.cli", "build")
        site = spent(mine, "mkdocs", "build", "--strict")
        yield runs + site, spent(other, "sphinx", "-b", "html", ".", "out")
