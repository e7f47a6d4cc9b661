"""A script is read as a title, text and code cells, with the lines where they stand."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from lessonkit.press.lesson import script
from lessonkit.press.lesson.script import Cell, Script, ScriptError


@pytest.fixture
def read(tmp_path: Path):
    """Read a script given as text."""

    def read_text(source: str | bytes, text: str = "markdown") -> Script:
        path = tmp_path / "lesson.py"
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
        script._read.cache_clear()  # two texts may be written within one tick of the clock
        return script.read(path, text)

    return read_text


@pytest.mark.parametrize(
    "docstring",
    [
        "Sigmoids starve",
        "# Sigmoids starve",
        "\n    # Sigmoids starve\n\n",
        "\nSigmoids starve\n===============\n",
        "\n===============\nSigmoids starve\n===============\n",
    ],
)
def test_the_title_is_the_first_line_however_it_is_marked(read, docstring) -> None:
    lesson = read(f'"""{docstring}"""\n\nx = 1\n')
    assert lesson.title == "Sigmoids starve"
    assert [cell.kind for cell in lesson.cells] == ["code"]


@pytest.mark.parametrize("rule", ["", "===============\n"])
def test_what_follows_the_title_is_the_first_text(read, rule) -> None:
    lesson = read(f'"""\nSigmoids starve\n{rule}\nWhy?\n\nBecause.\n"""\nx = 1\n')
    assert lesson.cells[0] == Cell("text", "Why?\n\nBecause.", 1)


@pytest.mark.parametrize(
    "beginning",
    ["", '""""""\n', '"""\n\n"""\n', '"""#"""\n', 'b"bytes"\n', "...\n", "x = 'late'\n"],
)
def test_a_script_without_a_title_is_no_lesson(read, beginning) -> None:
    with pytest.raises(ScriptError, match=r"lesson\.py:1: expected a docstring .* title, got none"):
        read(f"{beginning}import os\n")


def test_a_syntax_error_is_one_line_with_its_number(read) -> None:
    with pytest.raises(ScriptError, match=r"lesson\.py:3: syntax error: .*'x = = 1'") as caught:
        read('"""Title."""\n\nx = = 1\n')
    assert "\n" not in str(caught.value)


def test_null_bytes_are_no_source(read) -> None:
    with pytest.raises(ScriptError, match=r"lesson\.py"):
        read(b'"""Title."""\n\0\n')


def test_a_missing_script_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="No such file"):
        script.read(tmp_path / "nowhere.py")


CUT = '''
"""Title."""
import os

# %% first
# Some text.

x = 1
y = 2
# %% second

z = 3

# %%
# ## Heading
# More text.
w = 4

# %% Not a name
v = 5
'''


def test_every_cell_knows_its_lines(read) -> None:
    lesson = read(CUT)
    lines = lesson.path.read_text(encoding="utf-8").splitlines()
    assert len(lesson.code) == 5
    for cell in lesson.code:
        assert lines[cell.line - 1 : cell.last_line] == cell.source.splitlines()


def test_a_name_behind_the_marker_names_the_code_that_follows(read) -> None:
    named = {cell.source.split(" =")[0]: cell.name for cell in read(CUT).code}
    assert named == {"import os": "", "x": "first", "z": "second", "w": "", "v": ""}


def test_comments_behind_the_marker_are_text(read) -> None:
    texts = [cell.source for cell in read(CUT).cells if cell.kind == "text"]
    assert texts == ["Some text.", "## Heading\nMore text."]


def test_a_comment_within_code_stays_code(read) -> None:
    lesson = read('"""Title."""\n# %%\n# Text.\n\n# why\nx = 1  # (seeds,)\n')
    assert lesson.code[0].source == "# why\nx = 1  # (seeds,)"


def test_text_in_the_middle_of_a_function_cuts_it_in_two_cells(read) -> None:
    lesson = read('"""Title."""\ndef f():\n    a = 1\n# %%\n# Text.\n    return a\n')
    assert [(c.kind, c.line) for c in lesson.cells] == [("code", 2), ("text", 5), ("code", 6)]


def test_windows_line_ends_change_nothing(read) -> None:
    unix = read(CUT)
    windows = read(textwrap.dedent(CUT).lstrip("\n").replace("\n", "\r\n").encode())
    assert windows == unix


def test_a_form_feed_does_not_shift_the_names(read) -> None:
    lesson = read('"""Title."""\n\x0c\n# %% one\nx = 1\n')
    assert [cell.name for cell in lesson.code] == ["one"]


def test_code_that_stands_in_no_cell_is_refused(read) -> None:
    # sphinx-gallery's parser drops the rest of the docstring's line: it would silently not run.
    with pytest.raises(ScriptError, match=r"lesson\.py:1: this code stands in no cell"):
        read('"""Title."""; x = 1\n\ny = 2\n')


RST = '''
"""
=====
Title
=====

See :math:`x^2`.
"""
x = 1

# %%
# Heading
# -------
# A ``name``, and
#
# .. math::
#
#    y = 2

y = 2
# plain
'''


def test_text_in_restructuredtext_becomes_markdown(read) -> None:
    lesson = read(RST, "rst")
    assert lesson.title == "Title"
    intro, _, text, code = lesson.cells
    assert intro.source == "See $x^2$."
    assert text.source.startswith("## Heading\n\nA `name`, and")
    assert "$$\ny = 2\n$$" in text.source
    assert code.source == "y = 2\n# plain"  # comments in code are no text


def test_markdown_is_left_as_it_is(read) -> None:
    text = read(RST).cells[2].source
    assert text.startswith("Heading\n-------\nA ``name``")


def test_an_edit_is_seen_in_the_same_process(tmp_path: Path) -> None:
    path = tmp_path / "lesson.py"
    path.write_text('"""One"""\n')
    assert script.read(path).title == "One"
    path.write_text('"""Two"""\n')
    os.utime(path, ns=(1, 1))
    assert script.read(path).title == "Two"
