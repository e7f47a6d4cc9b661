"""What is around a lesson is pinned, by hand as by the builder."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Project
from workshop import Workshop

from lessonkit.evidence import circumstances
from lessonkit.evidence.circumstances import DEVICES
from lessonkit.evidence.environment import BY_HAND, PORTABLE, SHOWN, environment, instructions_of
from lessonkit.press.lesson.job import job
from lessonkit.press.run import runner
from lessonkit.press.settings import load

TELL = '''
"""What is around."""

import os

import matplotlib

from lessonkit.evidence import Lesson

lesson = Lesson("walks/around")
print(hash("a word"), os.environ["OMP_NUM_THREADS"], matplotlib.rcParams["lines.linewidth"])
print(os.environ.get("ATEN_CPU_CAPABILITY"), os.environ["PYTHONUTF8"])
'''


pytestmark = pytest.mark.slow


@pytest.fixture
def around(project: Project, native: None) -> Project:
    """A lesson that tells what is around it, and a matplotlibrc that would like to be."""
    project.write("lessons/walks/around.py", TELL)
    project.write("matplotlibrc", "lines.linewidth: 9\n")
    return project


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], {"PYTHONHASHSEED": "random", "OMP_NUM_THREADS": "2"}),
        (["--portable"], {}),
        ([], PORTABLE),  # whoever sets them by hand means it
    ],
)
def test_by_hand_and_by_the_builder_the_same_is_around(
    around: Project, arguments: list[str], given: dict[str, str]
) -> None:
    by_hand = around.run("lessons/walks/around.py", *arguments, **given)
    assert by_hand.returncode == 0, by_hand.stderr
    built = around.lessonkit("build", "walks/around", *arguments, **given)
    assert built.returncode == 0, built.stderr
    (run,) = Workshop(around.root).runs()
    said = (run / "cells.json").read_text(encoding="utf-8")
    told = [line for line in by_hand.stdout.splitlines() if line.endswith((" 1 1.5", " 1"))]
    assert len(told) == 2, by_hand.stdout
    assert all(line in said for line in told)
    assert ("default" in told[1]) == bool(arguments or "ATEN_CPU_CAPABILITY" in given)


WHO = f'''
"""Who is there?"""

import locale, os, shutil, sys, time, warnings

import matplotlib.pyplot as plt
import numpy as np

from lessonkit.evidence import Lesson

SHOWN = {(*SHOWN, BY_HAND, "LESSONKIT_SECRET", "PYTHONIOENCODING", "PYTHONUNBUFFERED")!r}
lesson = Lesson("walks/around")
for found in (
    [f"{{n}}={{os.environ[n]}}" for n in sorted(os.environ) if n not in SHOWN],
    time.tzname,
    locale.setlocale(locale.LC_ALL, ""),
    sys.flags,
    warnings.filters[-5:],
    sys.getrecursionlimit(),
    np.geterr(),
    np.get_printoptions(),
    sorted(plt.style.available),
    plt.rcParams["lines.linewidth"],
    shutil.get_terminal_size(),
    os.umask(0o22),
    os.getcwd(),
):
    print("::", str(found).replace("/", "|"))  # a run keeps no paths of this machine
'''

# What somebody may have set; none of it may reach a lesson.
ODD = {
    **{"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"},
    **{"LANG": "de_DE.UTF-8", "LC_NUMERIC": "de_DE", "LC_ALL": "POSIX", "TZ": "Asia/Tokyo"},
    **{"NPY_DISABLE_CPU_FEATURES": "AVX2", "OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "7"},
    **{"EPOCHS": "3", "PYTHONSTARTUP": "/nowhere", "PYTHONINSPECT": "", "MATPLOTLIBRC": "/nowhere"},
    **{"TORCH_LOGS": "all", "XDG_CONFIG_HOME": "/nowhere", "LESSONKIT_SECRET": "x"},
}


def told(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def test_nothing_that_somebody_set_reaches_a_lesson(around: Project) -> None:
    around.write("lessons/walks/around.py", WHO)
    around.write("odd/stylelib/mine.mplstyle", "lines.linewidth: 9\n")
    around.write("odd/matplotlibrc", "lines.linewidth: 9\n")
    said = []
    odd = {**ODD, "MPLCONFIGDIR": str(around.root / "odd")}
    for given in ({}, odd):
        built = around.lessonkit("build", "walks/around", "--force", **given)
        assert built.returncode == 0, built.stderr
        (run,) = Workshop(around.root).runs()
        said.append(told(json.loads((run / "cells.json").read_text("utf-8"))[0]["stdout"]))
    assert said[0] == said[1]
    assert len(said[0]) == 13
    # By hand it begins anew at `Lesson(…)`, and until then it must get; a terminal has its width.
    del odd["PYTHONWARNINGS"], odd["PYTHONOPTIMIZE"]
    by_hand = around.run("lessons/walks/around.py", **odd)
    assert by_hand.returncode == 0, by_hand.stderr
    differing = [line for line in told(by_hand.stdout) if line not in said[0]]
    assert differing == [":: os.terminal_size(columns=200, lines=24)"]


def test_a_variable_that_the_project_names_reaches_lessons_and_is_in_their_key(
    around: Project,
) -> None:
    around.write(
        "lessons/walks/around.py", TELL.replace("TELL", "") + "print(os.environ['EPOCHS'])\n"
    )
    around.replace(
        "pyproject.toml", "[tool.lessonkit]", '[tool.lessonkit]\nenvironment = ["EPOCHS"]'
    )
    keys = set()
    for epochs in ("3", "4", "3"):
        built = around.lessonkit("build", "walks/around", EPOCHS=epochs)
        assert built.returncode == 0, built.stderr
        keys = {run.name for run in Workshop(around.root).runs()}
    assert len(keys) == 2
    assert "\n3\n" in around.run("lessons/walks/around.py", EPOCHS="3").stdout


def test_threads_of_the_project_hold_by_hand_too(around: Project) -> None:
    around.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\nthreads = 2")
    assert " 2 1.5" in around.run("lessons/walks/around.py").stdout


def test_native_instructions_leave_no_trace_of_others() -> None:
    assert not PORTABLE.keys() & environment(1, "native", dict(PORTABLE)).keys()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "native"),
        ({"ATEN_CPU_CAPABILITY": ""}, "native"),
        (PORTABLE, "portable"),
        ({"MKL_CBWR": "AVX2"}, "MKL_CBWR=AVX2"),
    ],
)
def test_instructions_have_a_name(given: dict[str, str], name: str) -> None:
    assert instructions_of(given) == name
    kept = environment(1, name, given)
    assert instructions_of(kept) == name


def test_the_portable_kind_of_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert circumstances.instruction_set("portable") == "portable"
    flags = ["model name : A processor", "flags : fpu sse4_1 avx avx2"]
    monkeypatch.setattr(circumstances, "_cpuinfo", lambda: flags)
    assert circumstances.instruction_set() == "avx2"
    assert circumstances.processor() == "A processor"


def test_a_setting_of_no_threads_is_refused(around: Project) -> None:
    around.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\nthreads = 0")
    refused = around.lessonkit("build")
    assert refused.returncode == 2
    assert "setting 'threads': expected at least 1" in refused.stderr


def test_threads_are_pinned_where_torch_was_imported_before() -> None:
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        circumstances.pin_threads(1)
        assert torch.get_num_threads() == 1
        assert os.environ["MKL_NUM_THREADS"] == "1"
    finally:
        torch.set_num_threads(before)


# One list of devices, one look at the machine, one question to torch.


def test_the_cpu_is_always_usable_and_nobody_asks_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert circumstances.usable("cpu")


def test_a_device_is_usable_if_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    for there in (True, False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        assert circumstances.usable("cuda") is there
        assert not circumstances.usable("mps")
    said = circumstances.unusable("cuda")
    assert said == f"device cuda: torch {torch.__version__} cannot use one here; it can use: cpu"


def test_without_torch_there_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert [device for device in DEVICES if circumstances.usable(device)] == ["cpu"]


def test_a_build_of_torch_for_the_cpu_hides_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: str(path) == "/dev/nvidiactl")
    monkeypatch.setattr(sys, "platform", "linux")
    for version, devices in (("2.13.0+cpu", ["cpu"]), ("2.13.0", ["cpu", "cuda"])):
        monkeypatch.setattr(circumstances, "torch_version", lambda version=version: version)
        assert circumstances.seeming_devices() == devices


def test_a_device_that_torch_cannot_use_is_refused_by_hand_and_by_the_worker(
    project: Project,
) -> None:
    if circumstances.usable("mps"):
        pytest.skip("torch can use every device that this test asks for")
    by_hand = project.run("lessons/walks/stray.py", "--device", "mps")
    assert by_hand.returncode == 1
    assert by_hand.stderr.startswith("device mps: torch ")
    assert by_hand.stderr.endswith("Choose one of these, or auto.\n")
    here = load(project.root)
    cpu = job(here, "walks/stray")
    wrong = replace(cpu, around=replace(cpu.around, device="mps"))
    (result,) = runner.run_all(here, [wrong], 1)
    assert result.failure is not None
    assert result.failure["message"].startswith("device mps: torch ")
    assert "Build with --device cpu, or install" in result.failure["message"]


def test_a_device_can_be_asked_for_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from lessonkit.press.lesson.circumstances import choose_device

    monkeypatch.setattr("lessonkit.press.lesson.circumstances.seeming_devices", lambda: DEVICES)
    assert choose_device("auto") == "cuda"
    monkeypatch.setenv("LESSONKIT_DEVICE", "cpu")
    assert choose_device("auto") == "cpu"
    assert choose_device("mps") == "mps"  # an option comes first
