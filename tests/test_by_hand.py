"""A lesson is at home wherever somebody runs it: notebook, prompt, terminal, pipe, debugger."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Project
from kernels import Run, html, kernel, texts
from workshop import tags

# A notebook.

PUBLISH = """
figure, ax = plt.subplots()
ax.plot(seeds, values)
lesson.figure("line", Drawing(figure, {"y": values}, 'Values "0" & 4.'), caption="It rises.")
lesson.number("middle", values, label="the middle")
lesson.table("all", "what", {"value": {"<ours>": values}}, caption="It rises.")
lesson.claim("below-nine", "It is below nine", values, below=9, trap={"ten times": [90.0] * 5})
lesson.cite("A1", says="It was so.", source="A book", date="2017")
lesson.sound("hum", [0.0, 0.5], rate=8000, words="A hum.")
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with kernel(tmp_path_factory.mktemp("notebook")) as run:
        run(
            "import matplotlib.pyplot as plt\nfrom lessonkit.evidence import Lesson\n"
            "from lessonkit.figures.drawing import Drawing\nlesson = Lesson('walks/stray')\n"
            "seeds = lesson.seeds(quick=5)\nvalues = [float(seed) for seed in seeds]"
        )
        yield run


def test_a_notebook_shows_what_a_cell_publishes_once_and_again(shown: Run) -> None:
    for _ in range(2):  # run again, a cell replaces what it published
        outputs = shown(PUBLISH)
        (picture,) = tags(html(outputs), "img")
        assert picture["alt"] == 'Values "0" & 4.'
        assert picture["src"].startswith("data:image/png;base64,")
        assert not any("image/png" in output.get("data", {}) for output in outputs)  # drawn twice
        assert "<caption>It rises.</caption>" in html(outputs)
        assert '<th scope="row">&lt;ours&gt;</th><td>2 (0 to 4)</td>' in html(outputs)
        assert "the middle: 2 (0 to 4)\n" in texts(outputs)
        assert "<ours>  2 (0 to 4)" in texts(outputs)
        assert "✓ holds, 5 of 5: It is below nine\n    measured 2 (0 to 4)" in texts(outputs)
        assert "trap: ten times: 90: contradicted" in texts(outputs)
        assert "cited: It was so." in texts(outputs)
        (sound,) = tags(html(outputs), "audio")
        assert sound["src"].startswith("data:audio/wav;base64,")
        assert {output.get("name", "") for output in outputs} == {"", "stdout"}  # no warnings
    assert "1 of 1 claim came out as promised." in texts(shown("lesson"))
    assert "['line', 'middle', 'all', 'below-nine', 'cited-a1', 'hum']" in texts(
        shown(
            "import json\n[r['name'] for r in json.load(open('outputs/walks/stray/evidence.json'))"
            "['records']]"
        )
    )


def test_in_a_notebook_a_lesson_and_its_seeds_may_begin_anew(shown: Run) -> None:
    said = texts(
        shown(
            "%env LESSONKIT_PROFILE=smoke\n%env LESSONKIT_FIRST_SEED=7\n"
            "lesson = Lesson('walks/stray')\nlesson.seeds(quick=5, smoke=2)"
        )
    )
    assert "walks/stray  profile smoke, " in said
    assert "[7, 8]" in said
    assert "[7, 8, 9]" in texts(shown("lesson.seeds(quick=5, smoke=3)"))
    assert "nothing was judged" in texts(shown("lesson"))
    wrong = "%env LESSONKIT_PROFILE=huge\ntry:\n    Lesson('a')\nexcept ValueError as e: print(e)"
    assert "LESSONKIT_PROFILE: expected one of quick, full, smoke, got 'huge'." in texts(
        shown(wrong)
    )
    shown("%env LESSONKIT_PROFILE=\n%env LESSONKIT_FIRST_SEED=")


def test_a_notebook_says_how_far_a_long_measurement_is_and_then_no_more(shown: Run) -> None:
    shown(
        "from lessonkit.evidence import notebook\nnotebook._PATIENCE = notebook._OFTEN = 0\n"
        "lesson = Lesson('walks/stray')"
    )
    updates = (
        "lines = []\nfrom IPython.display import DisplayHandle\n"
        "DisplayHandle.update = lambda self, data, **_: lines.append(data)\n"
    )
    outputs = shown(updates + "found = list(lesson.progress(range(3), 'walking'))\nfound, lines")
    assert "walking: 0 of 3" in texts(outputs)
    assert "[0, 1, 2]" in texts(outputs)
    assert "'walking: 2 of 3'},\n  {'text/plain': ''}]" in texts(outputs)
    assert {output.get("name", "") for output in outputs} == {""}


def test_a_notebook_that_was_interrupted_goes_on(shown: Run) -> None:
    stop = (
        "try:\n    for step in lesson.progress([1, 2], 'on'):\n        raise KeyboardInterrupt\n"
        "except KeyboardInterrupt:\n    pass\nlist(lesson.progress([1, 2], 'on'))"
    )
    assert "[1, 2]" in texts(shown(stop))


def test_a_notebook_shows_figures_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "outputs").touch()
    with kernel(tmp_path) as run:
        outputs = run(
            "import matplotlib.pyplot as plt\nfrom lessonkit.evidence import Lesson\n"
            "from lessonkit.figures.drawing import Drawing\nlesson = Lesson('walks/stray')\n"
            "figure, ax = plt.subplots()\n"
            "lesson.figure('line', Drawing(figure, {'y': [0, 4]}, 'Values 0 to 4.'))"
        )
    assert len(list(tags(html(outputs), "img"))) == 1


# A script.

STRAY = "lessons/walks/stray.py"


def test_tables_are_shown_by_hand(project: Project) -> None:
    result = project.run(STRAY)
    assert "what      ours\ndistance  " in result.stdout
    assert "All walks.\n" in result.stdout


@pytest.mark.parametrize(
    ("encoding", "sign"), [("cp1252", b"? holds"), ("ascii", b"? holds"), ("utf-8", "✓".encode())]
)
def test_no_encoding_ends_a_lesson(project: Project, encoding: str, sign: bytes) -> None:
    around = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, STRAY], cwd=project.root, env=around, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sign in done.stdout
    assert b"1 of 1 claim came out as promised." in done.stdout


@pytest.mark.parametrize("lines", [1, 5])
def test_a_lesson_ends_quietly_where_nobody_reads_any_more(project: Project, lines: int) -> None:
    project.replace(STRAY, "# %% draw", "# %% draw\nfor n in range(9_999):\n    print(n)")
    piped = f"'{sys.executable}' {STRAY} | head -{lines}"
    done = subprocess.run(
        ["bash", "-c", piped], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert (len(done.stdout.splitlines()), done.stderr) == (lines, "")


def test_output_is_plain_whole_lines_where_there_is_no_terminal(project: Project) -> None:
    sentence = "A walk strays. " * 12
    project.replace(STRAY, '"A walk strays.",', f'"{sentence}",')
    loop = "for _ in lesson.progress(range(9), 'far'):\n    pass\n"
    project.replace(STRAY, "# %%\n# Publish.", f"{loop}\n# %%\n# Publish.")
    result = project.run(STRAY, COLUMNS="40", TERM="xterm-256color")
    assert sentence.strip() in result.stdout
    assert "\x1b" not in result.stdout
    assert "\r" not in result.stdout
    assert "far" not in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(("around", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_has_colours_unless_it_wants_none(
    project: Project, around: dict[str, str], coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    terminal = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "40", **around}
    terminal.pop("NO_COLOR", None) if coloured else None
    with subprocess.Popen(
        [sys.executable, STRAY], cwd=project.root, env=terminal, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        said = b""
        try:
            while data := os.read(ours, 65536):
                said += data
        except OSError:  # Linux says so that the other end is closed
            pass
    os.close(ours)
    assert child.returncode == 0, said
    assert (b"\x1b[1m" in said) == coloured


def test_a_folder_that_cannot_be_written_is_said_in_one_line(project: Project) -> None:
    (project.root / "outputs").touch()
    result = project.run(STRAY)
    assert result.returncode == 1
    assert result.stderr == (
        "cannot write outputs/walks/stray: Not a directory: use --outputs FOLDER\n"
    )
    assert project.run(STRAY, "--outputs", "elsewhere").returncode == 0


def test_a_figure_that_cannot_be_written_is_said_in_words(project: Project) -> None:
    project.write("outputs/walks/stray/figures", "in the way")
    result = project.run(STRAY)
    assert "cannot write outputs/walks/stray: File exists: use --outputs FOLDER" in result.stderr


def test_a_lesson_without_torch_never_imports_it(project: Project) -> None:
    script = project.root / STRAY
    script.write_text(script.read_text() + "\nimport sys\nprint('torch' in sys.modules)\n")
    assert "\nFalse\n" in project.run(STRAY).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["-i", STRAY, "--profile", "smoke"],
        ["-m", "lessons.walks.stray", "--profile", "smoke"],
        ["-m", "pdb", "-c", "continue", "-c", "quit", STRAY, "--profile", "smoke"],
        ["-m", "cProfile", "-o", "profile", STRAY, "--profile", "smoke"],
        ["../link.py", "--profile", "smoke"],
        ["-m", "IPython", "--no-banner", "--colors=NoColor", STRAY, "--", "--profile", "smoke"],
        [
            "-c",
            f"import runpy, sys; sys.argv = [{STRAY!r}, '--profile', 'smoke'];"
            f"runpy.run_path({STRAY!r}, run_name='__main__')",
        ],
    ],
    ids=["interactive", "module", "debugger", "profiler", "link", "ipython", "runpy"],
)
def test_a_lesson_runs_however_it_is_started(project: Project, arguments: list[str]) -> None:
    (project.root.parent / "link.py").unlink(missing_ok=True)
    (project.root.parent / "link.py").symlink_to(project.root / STRAY)
    around = {**os.environ, "PYTHONPATH": str(project.root / "lessons/walks")}
    around["IPYTHONDIR"] = str(project.root / "ipython")
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=project.root,
        env=around,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.count("profile smoke, ") == 1, result.stdout + result.stderr
    assert "– not judged (smoke): A walk strays." in result.stdout
    assert "Traceback" not in result.stderr
    assert (project.root / "outputs/walks/stray/data/distances.csv").is_file()


# The command line.


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A course whose numbers no old encoding can write."""
    made = Project(tmp_path_factory.mktemp("tiny"))
    made.furnish()
    made.replace(STRAY, 'lesson.number("distance", walks', 'lesson.number("distance", [1e-12]')
    made.replace(STRAY, 'format=".2f"', 'format=".1e"')
    return made


@pytest.mark.parametrize("command", ["build --force", "status", "verify walks/stray", "check"])
def test_no_encoding_ends_a_command(tiny: Project, command: str) -> None:
    done = tiny.lessonkit(*command.split(), PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["build --force", "status", "status --json", "--help"])
def test_a_command_ends_quietly_where_nobody_reads_any_more(tiny: Project, command: str) -> None:
    piped = f"'{sys.executable}' -m lessonkit.press.cli {command} | true"
    done = subprocess.run(["bash", "-c", piped], cwd=tiny.root, capture_output=True, check=True)
    assert done.stderr == b""
