"""What is around a lesson is pinned, by hand as by the builder."""

from __future__ import annotations

import os

import pytest
from conftest import Project
from workshop import Workshop

from lessonkit.evidence import circumstances
from lessonkit.evidence.circumstances import PORTABLE

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


def test_threads_of_the_project_hold_by_hand_too(around: Project) -> None:
    around.replace("pyproject.toml", "[tool.lessonkit]", "[tool.lessonkit]\nthreads = 2")
    assert " 2 1.5" in around.run("lessons/walks/around.py").stdout


def test_native_instructions_leave_no_trace_of_others() -> None:
    assert not PORTABLE.keys() & circumstances.environment(1, "native", dict(PORTABLE)).keys()


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
    assert circumstances.instructions_of(given) == name
    kept = circumstances.environment(1, name, given)
    assert circumstances.instructions_of(kept) == name


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
