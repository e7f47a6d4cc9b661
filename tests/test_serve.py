"""The author's loop: `mkdocs serve` beside an editor."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import MKDOCS, Project

pytestmark = pytest.mark.slow
PATIENCE = 60.0  # seconds to wait for something that must come
QUIET = 3.0  # seconds in which nothing more may come


class Server:
    """A running `mkdocs serve`, and what it has said."""

    def __init__(self, project: Project) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.project = project
        self.log = project.root / "serve.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mkdocs", "serve", "--no-strict", "-a", self.address],
                cwd=project.root,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": "src"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self, pattern: str) -> int:
        """How often the server has said something."""
        return len(re.findall(pattern, self.log.read_text(encoding="utf-8")))

    @property
    def builds(self) -> int:
        return self.said("Building documentation...")

    @property
    def runs(self) -> int:
        return self.said("running walks/stray")

    def page(self, name: str = "stray") -> str:
        """What stands on a page; "" if there is none."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/{name}/", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that must come."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            if condition():
                return
            time.sleep(0.1)
        raise AssertionError(f"{what} did not come:\n{self.log.read_text(encoding='utf-8')}")

    def settle(self) -> None:
        """Wait until the server has said nothing for a while."""
        size, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET:
            now = self.log.stat().st_size
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.1)


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    project.replace("mkdocs.yml", "strict: true\n", "")
    assert project.lessonkit("build").returncode == 0
    with serving(project) as server:
        server.settle()
        yield server


@contextmanager
def serving(project: Project) -> Iterator[Server]:
    server = Server(project)
    try:
        server.wait(lambda: server.builds >= 1, "the first build")
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_authors_loop(server: Server) -> None:
    root = server.project.root
    page, script = root / "docs/stray.md", root / "lessons/walks/stray.py"
    assert server.runs == 0, "a fresh lesson ran"

    builds = server.builds
    edit(page, "It strays by", "On average it strays by")
    server.wait(lambda: "On average it strays" in server.page(), "the new prose")
    server.settle()
    assert (server.builds - builds, server.runs) == (1, 0), "prose: one build, no run"

    builds = server.builds
    edit(script, "# Walk.", "# Walk on.")
    server.wait(lambda: server.builds > builds, "a build")
    server.settle()
    assert (server.builds - builds, server.runs) == (1, 0), "a comment: one build, no run"

    builds = server.builds
    edit(script, "steps = _toolbox.STEPS", "steps = _toolbox.STEPS * 2")
    server.wait(lambda: server.said("done: walks/stray") == 1, "the run")
    server.settle()
    assert (server.builds - builds, server.runs) == (2, 1), "code: one run, one extra build"
    assert "lk-banner" not in server.page()

    builds = server.builds
    edit(script, "steps = _toolbox", "steps = 1 / 0\nsteps = _toolbox")
    server.wait(lambda: server.said("done: walks/stray") == 2, "the failing run")
    server.settle()
    shown = server.page()
    assert "ZeroDivisionError" in shown, "the error is on the page"
    assert "lk-number" in shown, "the last good numbers are on the page"
    assert (server.builds - builds, server.runs) == (2, 2), "a failure: no loop either"

    edit(script, "steps = 1 / 0\n", "")
    server.wait(lambda: "ZeroDivisionError" not in server.page(), "the page without the error")
    server.settle()
    assert server.runs == 2, "undoing an edit is a hit, not a run"

    edit(script, "seeds = lesson", "seeds = = lesson")
    server.wait(lambda: "syntax error" in server.page(), "the syntax error on the page")
    edit(script, "seeds = = lesson", "seeds = lesson")
    server.wait(lambda: "syntax error" not in server.page(), "the page without it")
    server.settle()
    assert server.runs == 2


QUICK = """
\"\"\"A lesson that is done before the site is.\"\"\"
import far
from lessonkit.evidence import Lesson
lesson = Lesson("{name}")
lesson.number("count", far.COUNT)
"""
COUNTS = "---\ndescription: Counts.\nlesson: {name}\n---\n\n# Count\n\nIt is [[count]].\n"


def test_what_comes_and_goes_is_noticed(empty_project: Project) -> None:
    empty_project.write("mkdocs.yml", MKDOCS.replace("strict: true\n", ""))
    empty_project.write("docs/index.md", "---\ndescription: Home.\n---\n\n# Home\n")
    empty_project.write("src/far.py", "COUNT = 41\n")
    empty_project.write("lessons/quick.py", QUICK.format(name="quick"))
    empty_project.write("docs/quick.md", COUNTS.format(name="quick"))
    root = empty_project.root
    with serving(empty_project) as server:
        server.wait(lambda: "lk-number" in server.page("quick"), "the first run")
        assert "41" in server.page("quick")
        assert server.said("run `lessonkit build") == 0, "it is running"

        edit(root / "src/far.py", "41", "42")
        server.wait(lambda: ">42<" in server.page("quick"), "what the module says now")
        server.settle()
        assert server.said("running quick") == 2, "a module: one run"

        empty_project.write("docs/new/folder/other.md", COUNTS.format(name="part/other"))
        empty_project.write("lessons/part/other.py", QUICK.format(name="part/other"))
        server.wait(lambda: "lk-number" in server.page("new/folder/other"), "the new lesson")

        (root / "docs/new/folder/other.md").unlink()
        (root / "lessons/part/other.py").unlink()
        server.wait(lambda: server.page("new/folder/other") == "", "that it is gone")
        server.settle()
        assert server.said("running part/other") == 1
