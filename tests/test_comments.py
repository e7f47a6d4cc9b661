"""Comments of sphinx-gallery's configuration work, or are refused with their line."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lessonkit.press.lesson import comments, script, syntax
from lessonkit.press.lesson.script import Script, ScriptError

SCRIPT = '''
"""Title."""
# sphinx_gallery_thumbnail_number = -1
import os

# sphinx_gallery_start_ignore
hidden = 1
# sphinx_gallery_end_ignore
text = """
# sphinx_gallery_of_a_string = 1
"""

# %%
# Words.
# sphinx_gallery_tags = ["a", "b"]

# sphinx_gallery_defer_figures
# sphinx_gallery_capture_repr_block = ("__str__",)
shown = 2  # sphinx_gallery_nothing of a line with code
'''


def read(folder: Path, source: str, text: str = "markdown") -> Script:
    path = folder / "lesson.py"
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
    script._read.cache_clear()
    return script.read(path, text)


def test_a_comment_says_what_it_says_and_is_shown_nowhere(tmp_path: Path) -> None:
    lesson = read(tmp_path, SCRIPT)
    first, second = lesson.code
    assert lesson.asks("thumbnail_number") == -1
    assert lesson.asks("tags") == ["a", "b"]
    assert lesson.asks("capture_repr_block", first) is None
    assert lesson.asks("capture_repr_block", second) == ("__str__",)
    assert lesson.deferring == [1]
    assert lesson.shown(first) == 'import os\n\ntext = """\n# sphinx_gallery_of_a_string = 1\n"""'
    assert "hidden = 1\ntext" in lesson.shown(first, whole=True)
    assert lesson.shown(second) == "shown = 2  # sphinx_gallery_nothing of a line with code"
    assert [cell.source for cell in lesson.cells if cell.kind == "text"] == ["Words."]


def test_what_is_remembered_of_a_script_says_the_same(tmp_path: Path) -> None:
    first = read(tmp_path, SCRIPT)
    for _ in range(2):
        again = script.read(first.path, "markdown", tmp_path / "memo")
        assert again.shown(again.code[0]) == first.shown(first.code[0])
        assert again.asks("tags") == ["a", "b"]
        assert (again.plain, again.deferring) == (first.plain, first.deferring)
        script._read.cache_clear()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sphinx_gallery_thumbnail = 2", r"unknown comment sphinx_gallery_thumbnail; .*_number"),
        ("sphinx_gallery_thumbnail_number = 'x'", "expected something like 2, got 'x'"),
        ("sphinx_gallery_thumbnail_number", "expected something like 2, got nothing"),
        ("sphinx_gallery_capture_repr = ('_repr_png_',)", "expected something like"),
        ("sphinx_gallery_ignore_repr_types = '('", "expected something like r'matplotlib'"),
        ("sphinx_gallery_multi_image = 'double'", "expected something like 'single'"),
        ("sphinx_gallery_start_ignore", "has no sphinx_gallery_end_ignore: write it"),
        ("sphinx_gallery_end_ignore", "ends nothing"),
        ("sphinx_gallery_defer_figures = False", "expected no value, got False"),
    ],
)
def test_what_asks_for_nothing_that_there_is_is_refused(
    tmp_path: Path, line: str, says: str
) -> None:
    with pytest.raises(ScriptError, match=rf"lesson\.py:3: .*{says}"):
        read(tmp_path, f'"""Title."""\nx = 1\n# {line}\n')


def test_every_comment_is_explained_by_an_example_that_fits() -> None:
    for name, kind in comments.KINDS.items():
        value = f" = {kind.example}" if kind.example else ""
        partner = {"start_ignore": ("", "end_ignore"), "end_ignore": ("start_ignore", "")}
        before, after = partner.get(name, ("", ""))
        lines = [f"# sphinx_gallery_{n}" for n in (before, name + value, after) if n]
        assert comments.found("\n".join(lines) + "\n"), name
        assert kind.does


def test_two_cells_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ScriptError, match=r"lesson\.py:6: the cell at line 3 is named 'train', too"
    ):
        read(tmp_path, '"""Title."""\n# %% train\nx = 1\n\n# %% train\ny = 2\n')


def test_only_a_comment_that_changes_pictures_changes_the_key(tmp_path: Path) -> None:
    code = '"""Title."""\nimport a\n{}\n# %%\n\nb = 1\n'
    said = ("", "# sphinx_gallery_thumbnail_number = 2", f"# sphinx_gallery_{comments.DEFER}")
    plain, chosen, deferred = (
        syntax.tree(read(tmp_path, code.format(line)).path, tmp_path / "memo").digest
        for line in said
    )
    assert plain == chosen != deferred


def test_every_comment_stands_in_the_reference() -> None:
    page = Path(__file__).parent.parent / "docs/reference/sphinx-gallery.md"
    table = [line for line in page.read_text(encoding="utf-8").split("\n") if line[:1] == "|"]
    missing = [name for name in comments.KINDS if not any(f"`{name}" in line for line in table)]
    assert missing == []
