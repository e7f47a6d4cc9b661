"""A lesson that is forked from a nursery is the lesson that runs in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Project
from kills import builder
from test_runner import alive

from lessonkit.press import settings
from lessonkit.press.run import libraries, nurseries, runner, standing, store

pytestmark = [
    pytest.mark.skipif(not nurseries.SUPPORTED, reason="nurseries are Linux's"),
    pytest.mark.slow,
]

LESSON = '''"""A lesson."""
# %%
{code}
# %%
from lessonkit.evidence import Lesson

lesson = Lesson("{name}")
lesson.number("answer", {answer})
'''


@pytest.fixture
def course(empty_project: Project) -> Project:
    return empty_project


def write(project: Project, code: str, names: str = "one two", answer: str = "42") -> None:
    for name in names.split():
        text = LESSON.format(code=code, name=f"a/{name}", answer=answer)
        project.write(f"lessons/a/{name}.py", text)


def together(project: Project) -> dict[str, runner.Result]:
    """Run all lessons in one build."""
    here = settings.load(project.root)
    results = standing.build(here, standing.standings(here), jobs=2, force=True)
    return {result.job.lesson: result for result in results}


def alone(project: Project, name: str = "a/one") -> runner.Result:
    """Run one lesson: one that has no company gets a fresh process."""
    here = settings.load(project.root)
    (result,) = standing.build(here, standing.standings(here, [name]), force=True)
    return result


def shown(result: runner.Result) -> str:
    assert result.run is not None, result.failure
    return result.run.cells[0]["value"]


# The process from which a lesson's was started: above it stands its warden.
STARTED_BY = "int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])"
PARENT = f"import os\nimport numpy\n\n{STARTED_BY}"


def test_lessons_with_the_same_libraries_come_from_one_process(course: Project) -> None:
    write(course, PARENT, "one two three")
    parents = {shown(result) for result in together(course).values()}
    assert len(parents) == 1
    assert parents != {str(os.getpid())}
    assert shown(alone(course)) == str(os.getpid())


def test_a_lesson_without_libraries_gets_a_process_of_its_own(course: Project) -> None:
    write(course, f"import os\n{STARTED_BY}")
    assert {shown(result) for result in together(course).values()} == {str(os.getpid())}


DIGITS = """
import io

import matplotlib.pyplot as plt
import numpy as np
import torch

torch.manual_seed(3)
net = torch.nn.Sequential(torch.nn.Linear(7, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
optimiser = torch.optim.Adam(net.parameters())
for _ in range(3):
    optimiser.zero_grad()
    loss = net(torch.randn(30, 7)).square().mean()
    loss.backward()
    optimiser.step()
noise = np.random.default_rng(1).normal(size=(40, 40))
figure, ax = plt.subplots()
ax.plot(noise[0], label="noise")
ax.set(yscale="log", title=f"{loss.item():.3g}")
picture = io.BytesIO()
figure.savefig(picture, format="png")
plt.close(figure)
words = {"b", "a", "c", "d"}
found = [loss.item(), torch.initial_seed(), float(np.linalg.inv(noise).sum()), list(words)]
found += [hash(picture.getvalue()), torch.get_num_threads()]
repr(found)
"""


def test_digits_and_pictures_are_the_same_forked_fresh_and_by_hand(course: Project) -> None:
    write(course, DIGITS.strip() + "\nprint(found)\nfound", answer="loss.item()")
    forked = together(course)
    assert shown(forked["a/one"]) == shown(forked["a/two"]) == shown(alone(course))
    by_hand = course.run("lessons/a/one.py", MPLBACKEND="agg")
    assert shown(forked["a/one"]) in by_hand.stdout, by_hand.stderr


def test_chance_that_nobody_seeded_differs_between_lessons(course: Project) -> None:
    write(course, "import random\nimport numpy as np\n\n(random.random(), np.random.random())")
    first, second = (eval(shown(result)) for result in together(course).values())
    assert first[0] != second[0]
    assert first[1] != second[1]


AROUND = """
import os
import signal
import sys

import matplotlib.pyplot
import numpy

own = {name for name in os.environ if name not in ("PYTEST_CURRENT_TEST",)}
held = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd") if int(n) > 2]
held = [os.readlink(path) for path in held if os.path.lexists(path)]
found = {
    "argv": sys.argv, "path": sys.path, "folder": os.getcwd(), "name": __name__,
    "environment": {name: os.environ[name] for name in sorted(own)},
    "leads its group": os.getpgid(0) == os.getpid(),
    "open": [path for path in held if "pipe" in path or "socket" in path or "anon" in path],
    "threads": len(os.listdir("/proc/self/task")),
    "signals": [str(signal.getsignal(s)) for s in (2, 15, 17)],
    "input": sys.stdin.read(), "terminal": sys.stdout.isatty(), "encoding": sys.__stdout__.encoding,
    "figures": matplotlib.pyplot.get_fignums(), "backend": matplotlib.get_backend(),
    "rc": str(matplotlib.rcParams),
    "libraries": sorted({
        name.partition(".")[0] for name, module in sys.modules.items()
        if "site-packages" in (getattr(module, "__file__", None) or "")
    }),
}
found
"""


def test_a_lesson_finds_around_it_what_a_fresh_process_has(course: Project) -> None:
    write(course, AROUND.strip())
    fresh, forked = eval(shown(alone(course))), eval(shown(together(course)["a/one"]))
    assert forked == fresh
    assert forked["open"] == []


def test_what_one_lesson_changes_no_other_sees(course: Project) -> None:
    change = "import sys\nimport numpy\n\nhad = hasattr(numpy, 'changed')\nnumpy.changed = 1\nhad"
    write(course, change, "one two three four")
    assert {shown(result) for result in together(course).values()} == {"False"}


def test_a_submodule_that_only_another_lesson_imports_is_not_there(course: Project) -> None:
    write(course, "import matplotlib.pyplot", "one")
    write(course, "import matplotlib\n\nhasattr(matplotlib, 'pyplot')", "two three")
    results = together(course)
    assert all(result.run for result in results.values())
    assert shown(results["a/two"]) == "False"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("numpy|numpy|numpy", "numpy|numpy|numpy"),
        ("numpy sklearn sklearn.svm|numpy sklearn", "numpy sklearn|numpy sklearn"),
        ("numpy|numpy|torch", "numpy|numpy|"),
        ("|", "|"),
        ("numpy|numpy|numpy torch|PIL numpy torch", "numpy|numpy|numpy torch|numpy torch"),
        ("numpy|torch", "|"),
        ("torch torch._dynamo|torch|torch", "|torch|torch"),
    ],
)
def test_a_nursery_imports_what_all_of_its_lessons_import(wanted: str, found: str) -> None:
    each = dict(enumerate(frozenset(words.split()) for words in wanted.split("|")))
    shared = libraries.common(each)
    assert "|".join(" ".join(shared.get(name, ())) for name in each) == found
    assert all(set(modules) <= each[name] for name, modules in shared.items())


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import json, numpy.linalg", {"numpy.linalg"}),
        ("from . import near\nfrom ours import x\nimport lessonkit.data", set()),
        ("from torch import nn", {"torch", "torch.nn"}),
        ("try:\n    import yaml\nexcept ImportError:\n    pass", {"yaml"}),
        ("if False:\n    import pandas\n\n\ndef f():\n    import scipy", set()),
        ("import torch\n\n\ndef f(p):\n    torch.optim.SGD(p)", {"torch", "torch._dynamo"}),
        ("torch.optim.SGD", set()),
    ],
)
def test_only_what_surely_runs_is_imported_beforehand(
    tmp_path: Path, code: str, named: set[str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(code)
    (tmp_path / "ours.py").touch()
    assert libraries.named([script], [tmp_path]) == named


def test_a_file_beside_the_lesson_is_found_before_a_library_s(course: Project) -> None:
    # By hand, matplotlib would find it, too, and not be able to use it.
    course.write("lessons/a/packaging/__init__.py", "")
    write(course, "import matplotlib.pyplot")
    messages = {result.failure["message"] for result in together(course).values()}
    assert messages == {alone(course).failure["message"]}
    assert "packaging" in messages.pop()


def test_when_the_nursery_dies_lessons_go_on_in_fresh_processes(
    course: Project, caplog: pytest.LogCaptureFixture
) -> None:
    kill = f"import os, signal\nimport numpy\n\nby = {STARTED_BY}\nif by != {os.getpid()}:\n"
    write(course, f"{kill}    os.kill(by, signal.SIGKILL)\n# %%\nx = 1", "one two three")
    with caplog.at_level(logging.WARNING):
        results = together(course)
    assert all(result.run for result in results.values())
    (line,) = caplog.messages
    assert line.startswith("the process from which lessons are forked ended (exit code -9)")
    assert line.endswith("lessons go on in fresh processes.")


def test_libraries_that_start_threads_are_not_forked(
    course: Project, caplog: pytest.LogCaptureFixture
) -> None:
    # The thread that a library started would be missing in a child.
    package = course.root.parent / "elsewhere"
    package.mkdir()
    (package / "threads.py").write_text("import threading\nthreading.Timer(9, print).start()")
    write(course, f"import os\nimport threads\n\n{STARTED_BY}")
    with caplog.at_level(logging.WARNING), pytest.MonkeyPatch.context() as patch:
        before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(package), *before])))
        assert {shown(r) for r in together(course).values()} == {str(os.getpid())}
    assert "importing threads started 1 threads" in caplog.text


def test_a_forked_lesson_that_fails_says_where(course: Project) -> None:
    write(course, "import numpy\n1 / 0")
    failure = together(course)["a/one"].failure
    assert (failure["message"], failure["line"]) == ("ZeroDivisionError: division by zero", 4)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os._exit(7)", "exit code 7 and no reason"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV."),
        ("import atexit; atexit.register(os._exit, 3)", "exit code 3"),
        ("sys.exit(0)", "the lesson exited (code 0) before its end"),
        ("input()", "EOFError"),
    ],
)
def test_a_forked_lesson_ends_as_any_other(course: Project, code: str, message: str) -> None:
    write(course, f"import os, signal, sys\nimport numpy\n\n{code}")
    for result in together(course).values():
        assert message in result.failure["message"]


def test_a_forked_lesson_has_its_limits(course: Project) -> None:
    course.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\ntime_limit = 2")
    write(course, "import numpy\nwhile True:\n    pass")
    for result in together(course).values():
        assert "used more than 2 CPU seconds" in result.failure["message"]


def test_what_a_forked_lesson_prints_past_python_is_in_its_cell(course: Project) -> None:
    write(course, "import os\nimport numpy\n\nwritten = os.write(1, b'past python')", "one two")
    for result in together(course).values():
        assert result.run.cells[0]["stdout"] == "past python"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("library", ["numpy", "json"], ids=["forked", "fresh"])
def test_no_process_outlives_the_builder(course: Project, how: int, library: str) -> None:
    pids = course.root.parent / "pids"
    pids.mkdir()
    code = (
        f"import os, time\nimport {library}\nfrom pathlib import Path\n\n"
        f"made = Path({str(pids)!r}, f'{{os.getpid()}}-{{os.getppid()}}').touch()\ntime.sleep(600)"
    )
    write(course, code)
    building = builder(course.root)
    until(lambda: len(list(pids.iterdir())) == 2)
    building.send_signal(how)
    building.wait(30)
    started = {int(pid) for path in pids.iterdir() for pid in path.name.split("-")}
    assert len(started - {building.pid}) == 4  # two lessons and their wardens
    until(lambda: not any(alive(pid) for pid in started - {building.pid}))
    if how != signal.SIGKILL:
        assert not list((course.root / ".lessonkit/runs").rglob("job.json"))


def until(true: Any) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "this never came true"
        time.sleep(0.02)


def test_a_build_leaves_no_nursery(course: Project) -> None:
    write(course, PARENT)
    parent = int(shown(together(course)["a/one"]))
    assert not alive(parent)


def test_evidence_says_nothing_of_how_a_lesson_was_started(course: Project) -> None:
    write(course, "import numpy")
    (forked, fresh) = (together(course)["a/one"].run, alone(course).run)
    assert isinstance(forked, store.Run)
    assert forked.key == fresh.key
    assert json.dumps(forked.evidence) == json.dumps(fresh.evidence)
