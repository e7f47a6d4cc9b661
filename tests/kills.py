"""Kill builders and lessons at random instants, again and again, and look what is left.

A round builds a small course, kills something, and insists: soon no process of the build lives, no
folder lies aside, the next build succeeds, and its evidence is that of an undisturbed one.

    python tests/kills.py 200 50 21 20    # kill -9, SIGTERM, SIGINT, two builders; about 10 minutes
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SOON = 10.0  # seconds in which the dying must be done; a busy machine takes some of them
LESSON = '''
"""A lesson with a family."""

# %%
import multiprocessing, os, subprocess, sys, time
{library}
from lessonkit.evidence import Lesson

lesson = Lesson("{name}", reads=[])  # the subprocess reads nothing

# %%
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pool = multiprocessing.get_context("fork").Pool(2)
if not os.fork():
    os.setsid()  # a daemon: neither of the group nor of the session, nor a child of the lesson
    if not os.fork():
        time.sleep(600)
    os._exit(0)

# %%
values = pool.map(abs, range(-5, 0))
time.sleep(0.3)

# %%
lesson.number("values", [float(value) for value in values])
'''
LESSONS = {"a/forked": "import numpy", "a/beside": "import numpy", "a/fresh": "import json"}


def builder(root: Path) -> subprocess.Popen[bytes]:
    """Start a builder of a project, two lessons at once, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "lessonkit.press.cli", "build", "--jobs", "2"],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # What runs in the background of a script would not hear Ctrl-C, and nor would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@dataclass
class Course:
    """A course whose processes can be told from all others: they work in its folder."""

    root: Path
    evidence: dict[str, str] = field(default_factory=dict)
    lasts: float = 0.0  # seconds that an undisturbed build takes

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "pyproject.toml").write_text(
            '[tool.lessonkit]\nlibraries = ["numpy"]\n'
            "wall_limit = 30\n"  # a pool of which one is killed waits for it for ever
        )
        (self.root / "docs").mkdir()
        for name, library in LESSONS.items():
            script = self.root / f"lessons/{name}.py"
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(LESSON.lstrip().format(name=name, library=library))
        started, builder, most = time.monotonic(), self.build(), 0
        while builder.poll() is None:
            most = max(most, len(self.living()))
            time.sleep(0.02)
        self.lasts = time.monotonic() - started
        assert builder.returncode == 0
        assert most > 2 * len(LESSONS), "the families of lessons were not seen"
        self.evidence = self.found()
        assert len(self.evidence) == len(LESSONS)

    @property
    def runs(self) -> Path:
        """The folder of the runs."""
        return self.root / ".lessonkit/runs"

    def build(self) -> subprocess.Popen[bytes]:
        """Start a builder."""
        return builder(self.root)

    def living(self) -> dict[int, str]:
        """Return the processes of builds that live, with what each is."""
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                if Path(os.readlink(folder / "cwd")).is_relative_to(self.root):
                    state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                    if state != "Z":
                        words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                        found[int(folder.name)] = words.decode()[-90:]
            except OSError:
                continue  # it ended just now
        return found

    def aside(self) -> list[str]:
        """Return what lies aside or half written."""
        folder = self.runs / ".aside"
        left = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        notes = self.runs.rglob("*.failed.json*")
        return left + [note.name for note in notes if not _whole(note)]

    def found(self) -> dict[str, str]:
        """Return the evidence of each lesson that has a run."""
        files = self.runs.rglob("evidence.json")
        return {file.parent.parent.name: file.read_text() for file in files}

    def forget(self) -> None:
        """Remove all runs."""
        shutil.rmtree(self.root / ".lessonkit", ignore_errors=True)


def _whole(note: Path) -> bool:
    try:
        return note.suffix == ".json" and "message" in json.loads(note.read_text())
    except ValueError:
        return False


def disturb(course: Course, what: str, chance: random.Random) -> list[str]:
    """Kill something in a build and return what was wrong afterwards."""
    course.forget()
    builder = course.build()
    time.sleep(chance.uniform(0, 1.1 * course.lasts))
    victims = sorted(course.living().keys() - {builder.pid})
    victim = chance.choice(victims) if victims and what in ("worker", "group") else builder.pid
    how = getattr(signal, what, signal.SIGKILL)
    try:
        (os.killpg if what == "group" else os.kill)(victim, how)
    except ProcessLookupError:
        pass  # it leads no group, or has ended
    builder.wait(120)
    return [f"{what}: {wrong}" for wrong in [*_left(course), *_again(course)]]


def _left(course: Course) -> list[str]:
    end = time.monotonic() + SOON
    while time.monotonic() < end and (course.living() or course.aside()):
        time.sleep(0.02)
    wrong = [f"an orphan: {words}" for words in course.living().values()]
    for number in course.living():
        os.kill(number, signal.SIGKILL)
    return wrong + [f"left aside: {name}" for name in course.aside()]


def _again(course: Course) -> list[str]:
    """Build once more."""
    code = course.build().wait(120)
    wrong = [] if code == 0 else [f"the next build ended with {code}"]
    if course.found() != course.evidence:
        wrong.append("the evidence differs")
    return wrong


def two_builders(course: Course) -> list[str]:
    """Let two builders build at once and return what was wrong."""
    course.forget()
    codes = [builder.wait(120) for builder in (course.build(), course.build())]
    wrong = [] if codes == [0, 0] else [f"two builders ended with {codes}"]
    if course.found() != course.evidence:
        wrong.append("two builders: the evidence differs")
    return [*wrong, *_left(course)]


def main(kills: int, terms: int, ints: int, pairs: int, seed: int = 0) -> int:
    """Run so many rounds of each and print what was wrong; return how many rounds were."""
    chance = random.Random(seed)
    kinds = ("worker", "parent", "group")
    rounds = [kinds[number % 3] for number in range(kills)]
    rounds += ["SIGTERM"] * terms + ["SIGINT"] * ints + ["two builders"] * pairs
    bad = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder) / "course")
        for number, what in enumerate(rounds):
            pair = what == "two builders"
            wrong = two_builders(course) if pair else disturb(course, what, chance)
            bad[what] += bool(wrong)
            for line in wrong:
                print(f"round {number}: {line}", flush=True)
    for what, tried in Counter(rounds).items():
        print(f"{what}: tried {tried}, wrong {bad[what]}")
    return sum(bad.values())


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
