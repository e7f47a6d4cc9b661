"""An error that Python does not explain to a beginner ends with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lessonkit.evidence import Lesson
from lessonkit.press.run.worker import _mend


def test_an_error_of_python_ends_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = {"root": str(tmp_path)}
    (tmp_path / "lessons").mkdir()
    monkeypatch.chdir(tmp_path)
    misspelt = AttributeError("no", name="nubmer", obj=Lesson)
    assert _mend(misspelt, job) == "Did you mean 'number'?"
    missing = FileNotFoundError(2, "No such file", "data.csv")
    assert _mend(missing, job) == "Paths begin in the root of the project."
    monkeypatch.chdir("lessons")
    assert _mend(missing, job) == "Paths begin in lessons."
    assert _mend(FileNotFoundError(2, "No such file", "/data.csv"), job) == ""
    assert _mend(ValueError("no"), job) == ""
