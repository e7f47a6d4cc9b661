"""A page that cannot be read is told with its file and line; the pages beside it go on."""

from __future__ import annotations

import os

import pytest
from workshop import Workshop

from lessonkit.press.site import check

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\n"
FRONT = {
    "no such date": ("title: x\nlevel: 2026-02-30\n", 2, "front matter is not valid YAML"),
    "no such time zone": ("topic: 2001-12-14t21:59:43.10-99:99\n", 2, "front matter is not valid"),
    "too deep": (f"tags: {'[' * 3000}\n", 3, "front matter is not valid YAML"),
    "no YAML": ("title: x\ntopic: [\n", 4, "front matter is not valid YAML"),
    "a list": ("- a\n", 2, "expected lines `key: value`"),
    "references": (LAUGHS, 2, "got a reference"),
    "a title that is a list": ("level: 1\ntitle: [x]\n", 3, "title: expected text, got ['x']"),
    "a lesson that is a list": ("lesson: [a]\n", 2, "lesson: expected text"),
    "prerequisites in a dict": ("prerequisites: {a: 1}\n", 2, "expected a name, or a list"),
}


@pytest.mark.parametrize(("front", "line", "message"), FRONT.values(), ids=FRONT)
def test_front_matter_that_cannot_be_is_told_with_its_line(
    there: Workshop, front: str, line: int, message: str
) -> None:
    (there.root / "docs/bad.md").write_text(f"---\n{front}---\n\n# Bad\n")
    found = [finding for finding in check.check(there.course()) if not finding.warning]
    assert [finding.where for finding in found] == [f"docs/bad.md:{line}"]
    assert message in found[0].message
    assert "\n" not in found[0].message


def test_front_matter_that_does_not_end_is_told(there: Workshop) -> None:
    (there.root / "docs/bad.md").write_text("---\ntitle: x\n\n# Bad\n")
    found = [finding for finding in check.check(there.course()) if not finding.warning]
    assert [finding.where for finding in found] == ["docs/bad.md:1"]
    assert "expected `---` on a line of its own" in found[0].message


def test_what_is_no_page_is_told_and_the_others_are_checked(there: Workshop) -> None:
    docs = there.root / "docs"
    (docs / "latin.md").write_bytes(b"# A\n\n\xe9\n")
    (docs / "link.md").symlink_to("nowhere.md")
    (docs / "level.md").write_text("---\ndescription: x\nlevel: [1]\n---\n# A\n")
    (docs / "folder.md").mkdir()
    os.mkfifo(docs / "pipe.md")
    checked = there.do("check")
    assert checked.code == 1
    errors = [line for line in checked.err.splitlines() if not line.startswith("warning")]
    begins = ["docs/folder.md:1: cannot", "docs/latin.md:3: is not UTF-8", "docs/level.md: level"]
    begins += ["docs/link.md:1: cannot be read", "docs/pipe.md:1: cannot be read: it is no file"]
    assert len(errors) == len(begins)
    assert all(any(line.startswith(begin) for line in errors) for begin in begins)


def test_a_prerequisite_that_does_not_exist_spoils_no_frame(there: Workshop) -> None:
    there.replace("docs/stray.md", "lesson: walks/stray", "lesson: walks/stray\nprerequisites: 3")
    errors = [f for f in check.check(there.course()) if not f.warning]
    assert [finding.message.partition(";")[0] for finding in errors] == [
        "prerequisite '3' does not exist"
    ]
