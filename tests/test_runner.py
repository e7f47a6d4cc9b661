"""However a lesson ends, a person reads why, and only a lesson that reached its end is a run."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Project

from lessonkit.press import settings
from lessonkit.press.lesson import script, source, syntax
from lessonkit.press.lesson.circumstances import Wanted
from lessonkit.press.lesson.job import Job, job
from lessonkit.press.run import failures, limits, outputs, runner, standing, store, streams, warden
from lessonkit.press.run.aside import StoreError

pytestmark = pytest.mark.slow

# The end of every lesson here: without it, what came before would not show.
PUBLISH = """
# %% publish
from lessonkit.evidence import Lesson

lesson = Lesson("bad/end", reads=[])
lesson.number("answer", 42)
"""


@pytest.fixture
def course(empty_project: Project) -> Project:
    return empty_project


def write(project: Project, code: str, name: str = "bad/end", publish: str = PUBLISH) -> None:
    """Write a lesson whose first cell begins in line 3."""
    text = f'"""A lesson that ends badly."""\n# %% first\n{code.strip()}\n\n{publish}'
    path = project.root / f"lessons/{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    for cached in (syntax._cached_tree, source._listed, script._read):
        cached.cache_clear()  # two edits may fall within one tick of the clock


def run_all(project: Project, jobs: int = 1, **options: Any) -> list[runner.Result]:
    here = settings.load(project.root)
    return standing.build(here, standing.standings(here), jobs=jobs, **options)


def run(project: Project, code: str, **options: Any) -> store.Run:
    """Run a lesson that comes to its end."""
    write(project, code, **options)
    (result,) = run_all(project)
    assert result.failure is None, result.failure
    assert result.run is not None
    return result.run


def failed(project: Project, code: str, **options: Any) -> dict[str, Any]:
    """Run a lesson that fails; whatever the reason, nothing of it may stay but a note."""
    write(project, code, **options)
    (result,) = run_all(project)
    assert result.run is None
    assert result.failure is not None
    here = settings.load(project.root)
    state = standing.standing(here, result.job.lesson)
    assert state.state == "failed"
    assert state.problems == (failures.explain(result.failure, here),)
    left = [p.name for p in (here.runs_folder / result.job.lesson).iterdir()]
    assert left == [f"{result.job.key}.failed.json"]
    return result.failure


# Endings.


def test_a_lesson_that_raises_is_shown_in_its_own_lines(course: Project) -> None:
    failure = failed(course, "def halve(x):\n    return x / 0\n\n\nprint('so far')\nhalve(2)")
    assert failure["message"] == "ZeroDivisionError: division by zero"
    assert (failure["line"], failure["cell"]) == (4, 0)
    assert "stray" not in failure["traceback"]
    assert 'end.py", line 8, in <module>\n    halve(2)' in failure["traceback"]
    assert 'end.py", line 4, in halve\n    return x / 0' in failure["traceback"]
    assert "lessonkit" not in failure["traceback"]  # the builder's frames teach nothing
    here = settings.load(course.root)
    assert failures.explain(failure, here).startswith("lessons/bad/end.py:4: ZeroDivisionError")


def test_an_error_within_a_library_points_to_the_line_of_the_lesson(course: Project) -> None:
    failure = failed(course, "import json\n\njson.loads('{')")
    assert failure["message"].startswith("json.decoder.JSONDecodeError")
    assert failure["line"] == 5
    assert "json/decoder.py" in failure["traceback"]


def test_an_error_in_the_last_cell_names_that_cell(course: Project) -> None:
    failure = failed(course, "x = 1", publish=PUBLISH + "\n# %%\nlesson.number('answer', 43)\n")
    assert "'answer': already used in this lesson" in failure["message"]
    assert failure["cell"] == 2


def test_the_last_good_run_stays_when_a_later_one_fails(course: Project) -> None:
    good = run(course, "x = 1")
    write(course, "1 / 0")
    (result,) = run_all(course)
    assert result.failure is not None
    state = standing.standing(settings.load(course.root), "bad/end")
    assert state.state == "failed"
    assert state.run is not None
    assert state.run.key == good.key


def test_a_failure_that_does_not_come_again_is_forgotten(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os\nassert os.path.exists('../mended')"
    failed(course, code)
    course.write("../mended", "yes")
    run(course, code)
    assert standing.standing(settings.load(course.root), "bad/end").state == "fresh"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys\nsys.exit(0)", "the lesson exited (code 0) before its end"),
        ("raise SystemExit", "the lesson exited (code None) before its end"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os\nos._exit(0)", "the process ended before the lesson did"),
        ("import os\nos._exit(7)", "exit code 7 and no reason"),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
            "killed by SIGKILL. Perhaps the machine ran out of memory.",
        ),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV."),
        ("import os\nos.abort()", "killed by SIGABRT."),
        # It reached its end, and then its process did not.
        ("import atexit, os\natexit.register(os._exit, 3)", "exit code 3"),
        ("raise ExceptionGroup('two', [ValueError('a'), KeyError('b')])", "ExceptionGroup: two"),
        (
            "class E(Exception):\n    def __str__(self):\n        1 / 0\nraise E",
            "E: <exception str",
        ),
    ],
)
def test_an_early_end_is_a_failure_with_a_reason(course: Project, code: str, message: str) -> None:
    assert message in failed(course, code)["message"]


def test_a_lesson_that_hangs_is_stopped(course: Project) -> None:
    course.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\nwall_limit = 1")
    failure = failed(course, "x = 1\n\n# %%\nimport time\ntime.sleep(600)")
    assert "took longer than 1 seconds by the clock and was stopped" in failure["message"]
    assert "raise wall_limit under [tool.lessonkit] in pyproject.toml" in failure["message"]
    assert failure["cell"] == 1


SPIN = "import time\nwhile time.process_time() < 600:\n    pass"


@pytest.mark.parametrize(
    "code",
    [
        SPIN,
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {SPIN!r}])",
    ],
    ids=["itself", "its child"],
)
def test_a_lesson_that_computes_for_too_long_is_stopped(course: Project, code: str) -> None:
    course.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\ntime_limit = 2")
    message = failed(course, code)["message"]
    assert "used more than 2 CPU seconds and was stopped" in message
    assert "raise time_limit under [tool.lessonkit] in pyproject.toml" in message


def test_where_nobody_counts_the_system_stops_a_lesson(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_cpu_seconds", lambda pid: 0.0)
    course.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\ntime_limit = 1")
    failure = failed(course, SPIN)
    assert "used more than 1 CPU seconds and was stopped" in failure["message"]


def test_waiting_is_not_computing(course: Project) -> None:
    course.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\ntime_limit = 1")
    run(course, "import time\ntime.sleep(2.5)")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("float('nan')", "number 'bad': expected finite numbers, got nan"),
        ("[1.0, float('inf')]", "number 'bad': expected finite numbers, got inf"),
    ],
)
def test_what_is_not_finite_is_never_published(course: Project, values: str, message: str) -> None:
    failure = failed(course, "x = 1", publish=f"{PUBLISH}lesson.number('bad', {values})\n")
    assert message in failure["message"]
    lines = (course.root / "lessons/bad/end.py").read_text().splitlines()
    assert lines[failure["line"] - 1].startswith("lesson.number('bad'")


def test_a_lesson_that_is_no_script_fails_alone(course: Project) -> None:
    write(course, "x = 1", name="bad/good", publish="")
    course.write("lessons/bad/end.py", "x = 1\n")
    here = settings.load(course.root)
    jobs = [job(here, name) for name in ("bad/end", "bad/good")]
    by_lesson = {result.job.lesson: result for result in runner.run_all(here, jobs, 1)}
    assert by_lesson["bad/good"].run is not None
    assert "expected a docstring" in by_lesson["bad/end"].failure["message"]
    (problem,) = standing.standing(here, "bad/end").problems  # a build would not even try
    assert "expected a docstring" in problem


def test_one_failure_does_not_stop_the_others(course: Project) -> None:
    write(course, "1 / 0", name="bad/first")
    write(course, "x = 1")
    results = run_all(course)
    assert [(r.job.lesson, r.run is not None) for r in results] == [
        ("bad/end", True),
        ("bad/first", False),
    ]


# Processes.


def test_a_forked_child_that_comes_back_does_not_go_on_as_the_lesson(course: Project) -> None:
    done = course.root.parent / "done"
    made = run(
        course,
        "import os\nprint('before')\nchild = os.fork()\nif child:\n"
        "    os.waitpid(child, 0)\nprint('after')\n"
        f"# %%\nwith open({str(done)!r}, 'a') as file:\n    print(os.getpid(), file=file)",
    )
    assert made.cells[0]["stdout"] == "before\nafter\nafter\n"  # as in a shell: both are heard
    assert len(made.cells) == 3
    assert made.numbers["answer"].values == [42.0]
    assert len(done.read_text().splitlines()) == 1


def test_a_forked_child_that_publishes_does_not_harm_the_run(course: Project) -> None:
    publish = PUBLISH + "if not os.fork():\n    lesson.number('lost', 1)\nos.wait()\n"
    made = run(course, "import os", publish=publish)
    assert list(made.numbers) == ["answer"]


def test_a_forked_child_that_raises_does_not_harm_the_run(course: Project) -> None:
    made = run(course, "import os\nif not os.fork():\n    1 / 0\nos.wait()")
    assert list(made.numbers) == ["answer"]
    assert not (made.folder / "failed.json").exists()


def test_a_pool_of_processes_may_work_for_a_lesson(course: Project) -> None:
    made = run(
        course,
        "import multiprocessing\n\n\ndef double(x):\n    return 2 * x\n\n\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    doubled = pool.map(double, [2, 3, 5])\ndoubled",
    )
    assert made.cells[0]["value"] == "[4, 6, 10]"


@pytest.mark.parametrize("ending", ["", "1 / 0\n"])
def test_whatever_a_lesson_starts_ends_with_it(course: Project, ending: str) -> None:
    pid = course.root.parent / "pid"
    code = (
        "import subprocess, sys\nfrom pathlib import Path\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"written = Path({str(pid)!r}).write_text(str(child.pid))\n{ending}"
    )
    write(course, code)
    run_all(course)
    child = int(pid.read_text())
    for _ in range(1000):  # a signal takes a moment to arrive
        if not alive(child):
            break
        time.sleep(0.01)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False


def test_a_lesson_has_nobody_to_ask(course: Project) -> None:
    ours = os.dup(0)
    reading, writing = os.pipe()
    os.write(writing, b"somebody who sits before the builder\n")
    os.dup2(reading, 0)
    try:
        failure = failed(course, "name = input('Your name? ')")
    finally:
        os.dup2(ours, 0)
        for end in (ours, reading, writing):
            os.close(end)
    assert failure["message"] == "EOFError: EOF when reading a line"


# What a run keeps.


def test_a_cell_keeps_what_it_printed_returned_and_drew(course: Project) -> None:
    made = run(
        course,
        "import matplotlib.pyplot as plt\nimport sys\n\nprint('words')\n"
        "print('aside', file=sys.stderr)\nfigure, ax = plt.subplots()\n{'a': 1}",
    )
    first, second = made.cells
    assert first["stdout"] == "words\n"
    assert first["value"] == "{'a': 1}"
    assert first["figures"] == ["figures/_cell-0-1.png"]
    assert (made.folder / "figures/_cell-0-1.png").read_bytes().startswith(b"\x89PNG")
    assert second["published"] == ["answer"]
    assert (second["stdout"], second["value"], second["figures"]) == ("", "", [])
    assert (made.folder / "log.txt").read_text() == first["stderr"] == "aside\n"
    assert "stderr" not in second


@pytest.mark.parametrize(
    "code",
    [
        "sys.stdout.buffer.write(b'said\\n')",
        "written = os.write(1, b'said\\n')",
        "done = subprocess.run(['echo', 'said'], check=True)",
        "done = subprocess.run(['echo', 'said'], stdout=sys.stdout)",
        "print('said', file=sys.__stdout__)",
        "sys.stdout.reconfigure(encoding='latin-1'); print('said')",
        "sys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'ascii'); print('said')",
        "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'ascii'); print('said')",
        "ctypes.CDLL(None).printf(b'said\\n'); None",
        "early('said')",
        "log.warning('said')",
        "faulthandler.enable(sys.stdout); faulthandler.disable(); print('said')",
        "with contextlib.redirect_stdout(io.StringIO()) as said: print('said')\n"
        "print(end=said.getvalue())",
        "sys.stdout.fileno(), sys.stdout.isatty(), sys.stdout.encoding; print('said')",
        "print('said', end=''); print()",
        "os.fork() or (print('said'), os._exit(0)); os.wait(); None",
        "threading.Thread(target=print, args=['said']).start()",
    ],
)
def test_whoever_writes_writes_into_the_cell_that_runs(course: Project, code: str) -> None:
    take = (
        "import contextlib, ctypes, faulthandler, functools, io, logging, os, subprocess, sys\n"
        "import threading\n\nearly = functools.partial(print, file=sys.stdout)\n"
        "log = logging.getLogger('lesson')\nlog.addHandler(logging.StreamHandler(sys.stdout))\n"
    )
    made = run(course, f"{take}print('before')\n# %%\n{code}\n# %%\nprint('after')")
    assert [cell["stdout"] for cell in made.cells[:3]] == ["before\n", "said\n", "after\n"]
    assert (made.folder / "log.txt").read_text() == ""
    assert not (made.folder / streams.PRINTED).exists()


def test_what_nobody_can_read_is_replaced(course: Project) -> None:
    code = "import os\nprint('\\udc80')\nwritten = os.write(1, bytes([255]))"
    latin = "\n# %%\nimport sys\nsys.stdout.reconfigure(encoding='latin-1')\nprint('é')"
    first, second, _ = (cell["stdout"] for cell in run(course, code + latin).cells)
    assert (first, second) == ("?\n\N{REPLACEMENT CHARACTER}", "é\n")


def test_only_a_last_expression_is_a_value(course: Project) -> None:
    made = run(course, "1 + 1\nx = 2\n# %%\nx + 1\n# %%\nNone\n# %%\n'words'")
    assert [cell["value"] for cell in made.cells] == ["", "3", "", "'words'", ""]


def test_the_docstring_is_no_value(course: Project) -> None:
    write(course, "x = 1")
    path = course.root / "lessons/bad/end.py"
    path.write_text('"""Title."""\nx = 1\n' + PUBLISH)
    (result,) = run_all(course)
    assert result.run.cells[0]["value"] == ""


def test_cells_share_one_namespace_as_a_script_does(course: Project) -> None:
    made = run(
        course,
        "import pickle\n\n\nclass A:\n    pass\n\n\n# %%\n"
        "a = pickle.loads(pickle.dumps(A()))\n(type(a) is A, __name__, __file__[-6:])",
    )
    assert made.cells[1]["value"] == "(True, '__main__', 'end.py')"


def test_text_within_a_function_does_not_stop_it(course: Project) -> None:
    made = run(course, "def f():\n    a = 2\n# %%\n# Text.\n    return a\n\n\n# %%\nf()")
    assert [cell["value"] for cell in made.cells] == ["", "", "2", ""]
    assert [cell["statements"] for cell in made.cells] == [1, 1, 2, 5]


def test_a_future_import_holds_in_every_cell(course: Project) -> None:
    made = run(
        course,
        "from __future__ import annotations\n# %%\n"
        "def f(x: NotYetKnown): return x\nf.__annotations__",
    )
    assert made.cells[1]["value"] == "{'x': 'NotYetKnown'}"


def test_the_builder_s_own_future_imports_do_not_hold(course: Project) -> None:
    made = run(course, "def f(x: int): return x\nf.__annotations__")
    assert made.cells[0]["value"] == "{'x': <class 'int'>}"


def test_much_printing_is_cut_and_says_so(course: Project) -> None:
    made = run(course, f"print('a' * {streams.LIMIT})\nprint('b' * 4_999)\n'c' * 999_999")
    printed, value = made.cells[0]["stdout"], made.cells[0]["value"]
    assert printed == "a" * streams.LIMIT + "\n… 5,001 more bytes were printed and left out"
    assert len(value) == outputs.LIMIT + 1


def test_a_flood_of_prints_fills_no_disk(course: Project) -> None:
    made = run(
        course,
        "import os\nfor _ in range(300):\n    print('é' * 9_999)\nos.fstat(1).st_size < 150_000",
    )
    assert made.cells[0]["value"] == "True"
    assert made.cells[0]["stdout"].endswith("5,899,700 more bytes were printed and left out")
    assert "\N{REPLACEMENT CHARACTER}" not in made.cells[0]["stdout"]


def test_a_flood_that_goes_around_print_is_stopped(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_LIMIT", 2**20)
    code = "import os\nwhile True:\n    written = os.write(1, b'flood ' * 10_000)"
    failure = failed(course, code)
    assert "wrote more than 1 MiB to its log and was stopped" in failure["message"]
    assert len(failure["log"]) == 4000


def test_a_script_without_evidence_runs_as_any_gallery_s_would(course: Project) -> None:
    made = run(course, "print('words')", publish="")
    assert made.cells[0]["stdout"] == "words\n"
    assert not any(made.evidence.values())


def test_a_lesson_under_another_name_is_refused(course: Project) -> None:
    failure = failed(course, "x = 1", name="bad/other")
    assert "Lesson('bad/end'): expected Lesson('bad/other')" in failure["message"]


# What the key cannot see.


def test_a_declared_file_may_be_read_and_its_change_runs_the_lesson(course: Project) -> None:
    data = course.write("lessons/bad/data.csv", "1\n2\n")
    publish = PUBLISH.replace("reads=[]", 'reads=["lessons/bad/data.csv"]')
    made = run(course, "x = len(open('lessons/bad/data.csv').read())", publish=publish)
    assert list(made.manifest["reads"]) == ["lessons/bad/data.csv"]
    here = settings.load(course.root)
    assert standing.standing(here, "bad/end").state == "fresh"
    data.write_text("1\n3\n")
    assert standing.standing(here, "bad/end").state == "stale"


def test_code_that_a_lesson_imports_may_be_shown(course: Project) -> None:
    course.write("lessons/bad/_part.py", "y = 2\n")
    made = run(course, "import inspect\nimport _part\n\ninspect.getsource(_part)")
    assert made.cells[0]["value"] == repr("y = 2\n")


@pytest.mark.parametrize("place", ["outputs/x.txt", "../elsewhere.txt", ".cache/x.txt"])
def test_files_that_are_not_the_project_s_may_be_read(course: Project, place: str) -> None:
    course.write(place, "words")
    run(course, f"words = open({place!r}).read()")


def test_an_edit_during_a_run_makes_it_count_for_nothing(course: Project) -> None:
    write(course, "x = 1")

    def edit(job: Job, event: dict[str, Any]) -> None:
        if event.get("state") == "started":
            write(course, "x = 2")

    (result,) = run_all(course, tell=edit)
    assert result.run is None
    assert "its code changed after the build began" in result.failure["message"]
    state = standing.standing(settings.load(course.root), "bad/end")
    assert state.state == "missing"  # neither code has failed
    (again,) = run_all(course)
    assert again.run is not None


# The circumstances.


def test_a_lesson_is_told_how_it_runs(course: Project) -> None:
    show = PUBLISH + "(lesson.profile, lesson.device, lesson.seeds(quick=5, smoke=2))\n"
    write(course, "import os", publish=show)
    here = settings.load(course.root)
    told = job(here, "bad/end", Wanted("smoke", "cpu", first_seed=7))
    (result,) = runner.run_all(here, [told], 1)
    assert result.run.cells[1]["value"] == "('smoke', 'cpu', [7, 8])"
    assert result.run.manifest["seeds"] == [7, 8]
    assert result.run.manifest["circumstances"]["first_seed"] == 7


@pytest.mark.parametrize("threads", [1, 3])
def test_a_lesson_has_as_many_threads_as_the_settings_say(course: Project, threads: int) -> None:
    course.replace("pyproject.toml", "[tool.lessonkit]", f"[tool.lessonkit]\nthreads = {threads}")
    write(course, "import os\nint(os.environ['OMP_NUM_THREADS'])")
    here = settings.load(course.root)
    (result,) = runner.run_all(here, [job(here, "bad/end", Wanted("quick", "cpu"))], 2)
    assert result.run.cells[0]["value"] == str(threads)
    assert result.run.manifest["circumstances"]["threads"] == threads


def test_lessons_run_side_by_side(course: Project) -> None:
    # Each waits for the other: one after the other, they would never end.
    course.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\nwall_limit = 60")
    for me, other in (("one", "two"), ("two", "one")):
        code = (
            "import time\nfrom pathlib import Path\n"
            f"here = Path({str(course.root.parent)!r})\nmade = (here / {me!r}).touch()\n"
            f"while not (here / {other!r}).exists():\n    time.sleep(0.01)"
        )
        write(course, code, name=f"bad/{me}", publish="")
    results = run_all(course, jobs=2)
    assert sorted(r.job.lesson for r in results if r.run) == ["bad/one", "bad/two"]


def test_whoever_waits_hears_how_far_it_is(course: Project) -> None:
    told: list[dict[str, Any]] = []
    seen = course.root.parent / "seen"

    def tell(job: Job, event: dict[str, Any]) -> None:
        assert job.lesson == "bad/end"
        told.append(event)
        if event.get("label") == "steps" or event.get("cell") == 0:
            (seen.parent / f"seen-{len(told)}").touch()

    wait = (
        "def wait(count):\n    import time\n    from pathlib import Path\n"
        f"    while len(list(Path({str(seen.parent)!r}).glob('seen-*'))) < count:\n"
        "        time.sleep(0.01)\n\n\nwait(1)"
    )
    publish = PUBLISH + "for step in lesson.progress(range(2), 'steps'):\n    wait(2 + step)\n"
    write(course, wait, publish=publish)
    run_all(course, tell=tell)
    ending = told.pop()
    assert (ending["state"], ending["result"].run is not None) == ("ended", True)
    assert [event for event in told if event != {"cell": 1, "cells": 2}] == [
        {"state": "started"},
        {"cell": 0, "cells": 2},
        {"label": "steps", "done": 0, "total": 2},
        {"label": "steps", "done": 1, "total": 2},
    ]


def test_an_interrupted_build_leaves_no_process_and_nothing_half_written(course: Project) -> None:
    write(course, "import time\ntime.sleep(600)")

    def interrupt(job: Job, event: dict[str, Any]) -> None:
        if "cell" in event:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(course, tell=interrupt)
    assert list((course.root / ".lessonkit/runs/bad/end").iterdir()) == []
    assert standing.standing(settings.load(course.root), "bad/end").state == "missing"


def test_force_runs_again_what_is_fresh(course: Project) -> None:
    code = "import time\ntime.time_ns()"
    first = run(course, code)
    moment = first.cells[0]["value"]
    assert run_all(course) == []
    (again,) = run_all(course, force=True)
    assert again.run.key == first.key
    assert again.run.cells[0]["value"] != moment


def test_a_lesson_named_twice_runs_once(course: Project) -> None:
    write(course, "x = 1")
    here = settings.load(course.root)
    assert len(standing.standings(here, ["bad/end", "bad/end"])) == 1


# Through the command line.


def test_the_command_line_shows_the_line_and_fails(course: Project) -> None:
    write(course, "1 / 0")
    result = course.lessonkit("build")
    assert result.returncode == 1
    assert result.stderr.endswith("lessons/bad/end.py:3: ZeroDivisionError: division by zero\n")
    assert "Traceback (most recent call last):" in result.stderr
    status = json.loads(course.lessonkit("status", "--json").stdout)
    assert status[0]["state"] == "failed"
    assert "ZeroDivisionError" in status[0]["problems"][0]


def test_a_broken_promise_fails_the_command_but_keeps_the_run(project: Project) -> None:
    project.replace("lessons/walks/stray.py", "above=0.5", "above=500")
    result = project.lessonkit("build", "--jobs", "2")
    assert result.returncode == 1
    assert "lesson walks/stray, claim 'walks-stray': measured" in result.stderr
    assert "promised above 500: contradicted, 0 of 5, expected holds" in result.stderr
    again = project.lessonkit("build")
    assert again.returncode == 1  # fresh, and still broken
    assert "nothing to run" in again.stdout


def test_what_a_failing_cell_printed_is_kept_as_a_hint(course: Project) -> None:
    assert "loss is 17" in failed(course, "print('loss is 17')\n1 / 0")["log"]


ORPHANS = """
import os, signal
here, there = os.pipe()
if not os.fork():
    os.setsid()
    if not os.fork():
        os.write(there, str(os.getpid()).encode())
        signal.pause()
    os._exit(0)
with open("daemon", "wb") as told:
    told.write(os.read(here, 20))
os.kill(os.getppid(), signal.SIGKILL)
signal.pause()
"""


@pytest.mark.skipif(not warden.SUPPORTED, reason="only Linux lets a process inherit others")
@pytest.mark.parametrize("lessons", [1, 2])  # a fresh process; children of a nursery
def test_what_a_killed_warden_leaves_behind_ends_with_the_build(
    course: Project, lessons: int
) -> None:
    for number in range(lessons):
        write(course, f"import numpy, os\n{ORPHANS}", f"bad/end{number}")
    (first, *_) = run_all(course)
    assert first.failure is not None
    assert first.failure["message"].startswith("the process was killed by SIGKILL")
    with pytest.raises(ProcessLookupError):
        os.kill(int((course.root / "daemon").read_text()), 0)


# A full disk, as a lesson's process finds it


def test_a_process_that_could_not_write_a_reason_down_found_the_disk_full(
    course: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad/end", "bad/worse"):
        write(course, "import os; os._exit(1)", name)
    begun = set()

    def full(size: int) -> bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "urandom", full)
    with pytest.raises(StoreError, match=r"\A[^\n]*/bad/end: no space left[^\n]*\Z"):
        run_all(course, tell=lambda job, event: begun.add(job.lesson))
    assert begun == {"bad/end"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_what_a_lesson_printed_is_whole_or_there_is_no_run(course: Project) -> None:
    lost = """import os; os.dup2(os.open("/dev/full", os.O_WRONLY), 1); print("a", end="")"""
    assert "No space left" in failed(course, f"{lost}\n# %% next\nprint('b')")["message"]
