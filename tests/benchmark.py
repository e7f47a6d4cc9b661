"""How fast the press and the training are, as ratios measured in one run: `make bench`.

Absolute times say more about the machine than about the press, so each line compares with something
that the same machine does in the same minute, and names the bar to stay under. Nothing here fails a
build: timings belong to benchmarks.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import side_by_side
from side_by_side import write

LESSONS, FIGURES, KEYED, REPEATS = 25, 3, 30, 5
SEEDS, STEPS = 8, 30  # of the training that is timed

LESSON = '''
"""Lesson {number}: noise adds up

Generated for the benchmark.
"""

import matplotlib.pyplot as plt
import numpy as np

from lessonkit.evidence import Lesson
from lessonkit.figures.drawing import Drawing

lesson = Lesson("part/lesson_{number}")
seeds = lesson.seeds(quick=5)
walks = [np.random.default_rng(seed + {number}).normal(size=60).cumsum() for seed in seeds]

# %% show
for index in range({figures}):
    figure, ax = plt.subplots(figsize=(7.2, 3.8))
    for walk in walks:
        ax.plot(walk)
    ends = f"Five walks. One goes from {{walks[index][0]:.2f}} to {{walks[index][-1]:.2f}}."
    lesson.figure(f"walks-{{index}}", Drawing(figure, {{"walk": walks[index]}}, ends))

# %% claim
ends = [abs(walk).max() for walk in walks]
lesson.number("reach", ends, format=".2f")
lesson.claim("walks-{number}-stray", "Walks stray.", ends, above=0.1, trap={{"still": [0.0] * 5}})
'''

PROSE = "\n\n".join(
    f"Paragraph {n}. " + "Adding up steps that know nothing of one another leads far away. " * 6
    for n in range(8)
)

PAGE = """
---
title: Lesson {number}
description: Noise adds up.
lesson: part/lesson_{number}
---

# Lesson {number}

{prose}

{embeds}

{prose}
"""

MKDOCS = """
site_name: Benchmark
theme: {{name: material, font: false}}
plugins: [search{plugins}]
markdown_extensions: [admonition, tables, pymdownx.superfences{extensions}]
not_in_nav: "*"
{more}
"""

TWINS = (
    ", lessonkit, {mkdocs-jupyter: "
    "{ignore: ['*.md'], include: [notebook.ipynb], execute: false, no_prompt: true}}"
)

BURN = '''
"""Burn

Generated for the benchmark.
"""

import numpy as np

from lessonkit.evidence import Lesson

lesson = Lesson("lesson_{number}")
total = 0.0
for _ in range(120):
    total += float(np.sort(np.random.default_rng(0).normal(size=400_000))[0])
lesson.number("lowest", total)
'''


def call(root: Path, *arguments: str) -> float:
    """Run a module in `root`; return the CPU seconds that it took, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime


def ratio(one: Callable[[], float], other: Callable[[], float], repeats: int = REPEATS) -> str:
    """Measure two things in turn and return the ratio, pair by pair, as median and range."""
    pairs = [one() / other() for _ in range(repeats)]
    return f"{statistics.median(pairs):5.2f} ({min(pairs):.2f} to {max(pairs):.2f})"


def course(root: Path) -> None:
    """A course of generated lessons with a page each, run once."""
    write(root / "pyproject.toml", '[tool.lessonkit]\nlibraries = ["numpy"]\n')
    for number in range(LESSONS):
        script = LESSON.format(number=number, figures=FIGURES)
        write(root / f"lessons/part/lesson_{number}.py", script)
        figures = "\n\n".join(f"[[walks-{index}]]" for index in range(FIGURES))
        embeds = f"{figures}\n\nThey reach [[reach]].\n\n[[walks-{number}-stray]]"
        page = PAGE.format(number=number, prose=PROSE, embeds=embeds)
        write(root / f"docs/part/lesson-{number}.md", page)
    write(root / "docs/index.md", "---\ndescription: Home.\n---\n\n# Home\n")
    call(root, "-m", "lessonkit.press.cli", "build")


def sites(root: Path) -> dict[str, list[str]]:
    """The same pages three ways; the plain ones show their figures as pictures."""
    plain = root / "plain"
    for number in range(LESSONS):
        pictures = root / f"docs/generated/part/lesson_{number}"
        shown = "\n\n".join(f"![Walks.](walks-{n}-{number}.png)" for n in range(FIGURES))
        for n in range(FIGURES):
            target = plain / f"part/walks-{n}-{number}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pictures / f"walks-{n}.png", target)
        page = PAGE.format(number=number, prose=PROSE, embeds=f"{shown}\n\nThey reach far.")
        write(plain / f"part/lesson-{number}.md", page)
    write(plain / "index.md", "# Home\n")
    skip = "exclude_docs: notebook.ipynb"
    ours, ext = ", lessonkit", ", lessonkit.press.embed"
    kinds = {
        "plain": MKDOCS.format(plugins="", extensions="", more="docs_dir: plain\nsite_dir: s1"),
        "ours": MKDOCS.format(plugins=ours, extensions=ext, more=f"site_dir: s2\n{skip}"),
        "twins": MKDOCS.format(plugins=TWINS, extensions=ext, more="site_dir: s3"),
    }
    for name, text in kinds.items():
        write(root / f"{name}.yml", text)
    # Never with -q: MkDocs then counts no warnings, and --strict refuses nothing.
    return {n: ["-m", "mkdocs", "build", "--strict", "-f", f"{n}.yml"] for n in kinds}


def keys(root: Path) -> tuple[str, bool]:
    """Time the keys of generated lessons inside a process of their own."""
    for number in range(LESSONS, KEYED):
        script = LESSON.format(number=number, figures=FIGURES)
        write(root / f"lessons/part/lesson_{number}.py", script)
    code = (
        "import json, sys, time\n"
        "from lessonkit.press import settings\n"
        "from lessonkit.press.lesson.circumstances import Wanted\n"
        "from lessonkit.press.lesson.job import job\n"
        "course = settings.load(); start = time.process_time()\n"
        "names = course.lesson_names()\n"
        "for name in names: job(course, name, Wanted('quick', 'cpu'))\n"
        "print(json.dumps([time.process_time() - start, len(names), 'torch' in sys.modules]))"
    )
    seconds, torch = [], False
    for _ in range(REPEATS):
        told = subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
        )
        taken, count, torch = json.loads(told.stdout)
        assert count == KEYED
        seconds.append(taken)
    bars = [taken / 0.1 for taken in seconds]
    return f"{statistics.median(bars):5.2f} ({min(bars):.2f} to {max(bars):.2f})", torch


def cold(root: Path) -> str:
    """Wall time of a cold parallel build against its lessons' CPU time spread over the cores."""
    write(root / "pyproject.toml", '[tool.lessonkit]\nlibraries = ["numpy"]\n')
    cores = os.cpu_count() or 1
    for number in range(4 * cores):
        write(root / f"lessons/lesson_{number}.py", BURN.format(number=number))
    (root / "docs").mkdir()
    found = []
    for _ in range(3):
        start = time.monotonic()
        call(root, "-m", "lessonkit.press.cli", "build", "--force")
        wall = time.monotonic() - start
        told = subprocess.run(
            [sys.executable, "-m", "lessonkit.press.cli", "status", "--json"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        total = sum(lesson["seconds"] for lesson in json.loads(told.stdout))
        found.append(wall / (total / cores))
    return f"{statistics.median(found):5.2f} ({min(found):.2f} to {max(found):.2f})"


def seeds_at_once() -> Iterator[tuple[str, str]]:
    """Time the training of all seeds in one program against one run after another."""
    import torch
    from torch import Tensor, nn

    from lessonkit.data.examples import Examples
    from lessonkit.models.copies import CopiesOf
    from lessonkit.models.mlp import MLP
    from lessonkit.training import fit

    class Attentive(nn.Module):
        """Thirteen words that look at each other, and an answer."""

        def __init__(self) -> None:
            super().__init__()
            self.words, self.mix = nn.Embedding(60, 32), nn.Linear(32, 96)
            self.hidden, self.answer = nn.Linear(32, 64), nn.Linear(64, 10)

        def forward(self, tokens: Tensor) -> Tensor:
            x = self.words(tokens)
            query, key, value = self.mix(x).chunk(3, dim=-1)
            looks = (query @ key.transpose(-1, -2) / 32**0.5).softmax(dim=-1)
            return self.answer(torch.relu(self.hidden(x + looks @ value)).mean(dim=1))

    torch.set_num_threads(1)
    torch.manual_seed(0)
    labels = torch.randint(10, (1024,))
    points = Examples(torch.randn(1024, 64), labels)
    words = Examples(torch.randint(60, (1024, 13)), labels)
    every = list(range(SEEDS))

    def spent(build: Callable[[list[int]], Any], train: Examples, groups: list[list[int]]) -> float:
        start = time.process_time()
        for seeds in groups:
            fit(build(seeds), train, range(STEPS), learning_rate=0.01, batch_size=64)
        return time.process_time() - start

    def perceptron(width: int) -> Callable[[list[int]], Any]:
        return lambda seeds: MLP([64, *[width] * 9, 10], "relu", "he", seeds)

    for name, build, train in (
        ("10 x 32 perceptron, batched products", perceptron(32), points),
        ("10 x 128 perceptron, batched products", perceptron(128), points),
        ("small attention net, torch.func.vmap", lambda s: CopiesOf(Attentive, s), words),
    ):
        apart = partial(spent, build, train, [[seed] for seed in every])
        together = partial(spent, build, train, [every])
        together()  # warm
        yield name, ratio(apart, together)


def against_a_plain_loop() -> Iterator[tuple[str, str, str]]:
    """Time `fit` against the loop that everybody writes, seed by seed."""
    import torch
    from torch import nn

    from lessonkit.data.examples import Examples
    from lessonkit.models.mlp import MLP
    from lessonkit.training import fit

    torch.set_num_threads(1)
    torch.manual_seed(0)
    train, steps = Examples(torch.randn(1437, 64), torch.randint(10, (1437,))), 300
    optimisers = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    }

    def plain(name: str) -> None:
        sizes = [nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)]
        network = nn.Sequential(*sizes)
        optimiser, losses = optimisers[name](network.parameters()), []
        while True:
            for batch in torch.randperm(len(train)).split(128):
                if len(losses) == steps:
                    return
                if len(batch) < 128:
                    break
                loss = nn.functional.cross_entropy(
                    network(train.inputs[batch]), train.labels[batch]
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.detach())

    def ours(name: str, seeds: int) -> None:
        model = MLP([64, 128, 128, 10], "relu", "he", range(seeds))
        fit(model, train, range(steps), learning_rate=0.01, optimiser=name)

    def spent(work: Callable[[], None]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    for name in optimisers:
        for seeds, bar in ((1, "1"), (SEEDS, "0.5")):
            run, loop = partial(ours, name, seeds), partial(plain, name)
            run()  # warm
            value = ratio(partial(spent, run), lambda: seeds * spent(loop))  # noqa: B023
            yield f"fit / a plain loop for each seed: {name}, {seeds} seeds", value, bar


def renderer() -> str:
    """Lines of text drawn in a CPU second, against the 5,000 that a lesson wants."""
    from lessonkit.data import reading

    count, found = 10_000, []
    reading.lines(1, seed=0)  # the tiles are drawn once
    for seed in range(REPEATS):
        start = time.process_time()
        reading.lines(count, seed)
        found.append(count / (time.process_time() - start) / 5_000)
    return f"{statistics.median(found):5.2f} ({min(found):.2f} to {max(found):.2f})"


def main() -> None:
    os.environ.update(NO_MKDOCS_2_WARNING="1", OMP_NUM_THREADS="1")
    if sys.argv[1:] != ["press"]:
        print("median (range) of ratios of CPU seconds\n")
        for name, value in seeds_at_once():
            print(f"{value:24} {SEEDS} seeds apart / at once: {name}  [bar above 1]", flush=True)
        for name, value, bar in against_a_plain_loop():
            print(f"{value:24} {name}  [bar {bar}]", flush=True)
        print(f"{renderer():24} lines of text in a CPU second / 5,000  [bar above 1]", flush=True)
    if sys.argv[1:] != ["training"]:
        press()


def press() -> None:
    print("\nmedian (range) of ratios of user CPU seconds, unless said otherwise\n")
    with tempfile.TemporaryDirectory(prefix="lessonkit-bench-") as folder:
        root = Path(folder, "course")
        course(root)
        commands = sites(root)
        for command in commands.values():
            call(root, *command)  # warm
        size = f"{LESSONS} lessons, {LESSONS * FIGURES} figures"

        def built(name: str) -> Callable[[], float]:
            return lambda: call(root, *commands[name])

        def show(text: str, value: str, bar: str) -> None:
            print(f"{value:24} {text}  [bar {bar}]", flush=True)

        show(f"warm build / plain Material, {size}", ratio(built("ours"), built("plain")), "1.3")
        show("the same, with notebook twins", ratio(built("twins"), built("plain")), "2.5")
        show("with twins / without", ratio(built("twins"), built("ours")), "1.15")
        nothing = ["-c", "pass"]
        cli = ["-m", "lessonkit.press.cli"]
        for words, bar in (("--help", "-"), ("build", "-"), ("check", "-")):
            value = ratio(
                lambda words=words: call(root, *cli, words),  # type: ignore[misc]
                lambda: max(call(root, *nothing), 0.005),
            )
            show(f"lessonkit {words} / python -c pass, {size}", value, bar)
        value = ratio(
            lambda: call(root, *cli, "build"), lambda: call(root, "-c", "import torch"), repeats=3
        )
        show("lessonkit build, nothing to run / import torch", value, "1")
        value, torch = keys(root)
        show(f"keys of {KEYED} lessons / 100 ms (CPU time)", value, "1")
        print(f"{'yes' if torch else 'no':>5} {'':18} torch imported for that  [bar no]")
        value = cold(Path(folder, "cold"))
        show("cold build: wall / (lessons' CPU seconds / cores)", value, "1.15")
        pairs = list(side_by_side.cold(Path(folder, "side-by-side")))
        found = [mine / theirs for mine, theirs in pairs]
        value = f"{statistics.median(found):5.2f} ({min(found):.2f} to {max(found):.2f})"
        spent = " and ".join(f"{statistics.median(each):.1f}" for each in zip(*pairs, strict=True))
        work = f"{side_by_side.LESSONS} lessons from nothing: {spent} CPU seconds"
        show(f"lessonkit / sphinx-gallery, {work}", value, "1.3")


if __name__ == "__main__":
    main()
