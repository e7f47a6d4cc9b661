"""A script that cannot be read is told with its file and line; the lessons beside it go on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Project
from workshop import Workshop

from lessonkit.press.lesson import syntax, text

TITLE = '"""A title."""\n\n'
GOOD = f"{TITLE}# %%\nx = 'é'\nassert len(x) == 1\nprint(x)\nx\n"

# What Python cannot run either, and what a person reads about it.
BYTES = {
    "latin-1": (GOOD.encode("latin-1"), ":4: byte 0xe9 is not UTF-8. Save"),
    "wrong cookie": (b"# coding: utf-8\n" + GOOD.encode("latin-1"), ":5: byte 0xe9 is not UTF-8"),
    "unknown cookie": (b"# coding: klingon\n" + GOOD.encode(), ":1: unknown encoding: klingon"),
    "mark and cookie": (b"\xef\xbb\xbf# coding: latin-1\n" + GOOD.encode(), ":1: encoding problem"),
    "UTF-16": (GOOD.encode("utf-16"), ":1: a NUL byte"),
    "NUL": (GOOD.encode() + b"y = '\0'\n", ":8: a NUL byte"),
    "minus": (f"{TITLE}x = {'-' * 9000}1\n".encode(), ": an expression or a block is nested too"),
    "sum": (f"{TITLE}x = {'1 + ' * 9000}1\n".encode(), ": an expression or a block is nested too"),
    "large": (TITLE.encode() + b"#" * text.LARGEST, ": 8 MiB of code; expected at most 8"),
    "empty": (b"", ":1: expected a docstring"),
}
READS = {
    "a NUL": ("a\0b", "embedded null byte"),
    "half a character": ("\ud800", "'utf-8' codec can't encode"),
    "the whole project": (".", "it is no file"),
    "a device": ("/dev/zero", "it is no file"),
    "no file": ("none.csv", "No such file"),
    "nothing": ("", "it is no file"),
}


def spoil(project: Project) -> dict[str, str]:
    """Write bad lessons beside a good one; return what begins the one line about each."""
    folder = project.root / "lessons/bad"
    folder.mkdir()
    told = {}
    for number, (data, message) in enumerate(BYTES.values()):
        (folder / f"b{number}.py").write_bytes(data)
        told[f"b{number}"] = message
    for number, (name, message) in enumerate(READS.values()):
        code = f'{TITLE}from lessonkit.evidence import Lesson\nLesson("x", reads=[{name!r}])\n'
        (folder / f"r{number}.py").write_text(code)
        told[f"r{number}"] = f":4: Lesson(reads=[…]): {name!r} cannot be read: {message}"
    (folder / "link.py").symlink_to("nowhere.py")
    (folder / "loop.py").symlink_to("loop.py")
    os.mkfifo(folder / "pipe.py")
    (folder / "folder.py").mkdir()
    told["link"] = ": cannot be read (a link to nowhere.py): No such file"
    told["loop"] = ": cannot be read (a link to loop.py): Too many levels"
    told["pipe"] = ": expected a file of Python code, got something that is no file."
    return told


def test_each_unreadable_script_is_told_once_and_the_others_run(there: Workshop) -> None:
    told = spoil(there)
    (there.root / "lessons/walks/two\nlines.py").write_text(GOOD)
    (there.root / "lessons/walks/good.py").write_text(GOOD)
    built = there.do("build")
    assert built.code == 1
    assert built.out.endswith(f"\n{len(told) + 2} lessons: 1 ran, {len(told)} failed, 1 fresh\n")
    for command, said in (("build", built), ("check", there.do("check"))):
        assert "unexpected" not in said.err.replace("unexpected indent", "")
        for name, begin in told.items():
            lines = [li for li in said.err.split("\n") if li.startswith(f"lessons/bad/{name}.py:")]
            assert len(lines) == 1, (command, name, lines)
            assert lines[0].startswith(f"lessons/bad/{name}.py{begin}"), command
        assert said.err.count("a lesson's name must be text on one line") == 1
    assert there.entry("walks/good").standing.state == "fresh"
    assert there.do("status").code == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        b"# -*- coding: latin-1 -*-\n" + GOOD.encode("latin-1"),
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n" + GOOD.encode("cp1252"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("'é'", "('é')").replace("\n# %%", "\n\f\n# %%").encode(),
    ],
    ids=["mark", "latin-1", "cp1252", "CR LF", "CR", "form feed"],
)
@pytest.mark.slow
def test_what_python_reads_runs(there: Workshop, data: bytes) -> None:
    (there.root / "lessons/walks/bytes.py").write_bytes(data)
    there.build()
    entry = there.entry("walks/bytes")
    assert entry.run is not None
    assert entry.run.cells[0]["stdout"] == "é\n"
    assert entry.run.cells[0]["value"] == "'é'"


def test_code_as_deep_as_python_runs_has_a_digest(tmp_path: Path) -> None:
    deep = tmp_path / "deep.py"
    deep.write_text(f"{TITLE}x = {'1 + ' * 950}1\n")
    digests = [syntax._parsed(deep)[0]]
    deep.write_text(f"{TITLE}x = {'1 + ' * 950}2\n")
    digests.append(syntax._parsed(deep)[0])
    assert digests[0] != digests[1]
