"""A built project to copy and to break, the command line in this process, and a reader of HTML."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import forging
from conftest import Project

from lessonkit.press import cli, settings
from lessonkit.press.course import entries


@dataclass(frozen=True)
class Outcome:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


class Workshop(Project):
    """A project whose commands run in this process: quicker, and their errors are ours to see."""

    def do(self, *arguments: str, **environment: str) -> Outcome:
        """Run `lessonkit ARGUMENTS` in the project, as the installed command does."""
        out, err = io.StringIO(), io.StringIO()
        around = {"COLUMNS": "240", **environment}
        code: object = 0
        with (
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch.dict(os.environ, around),
            mock.patch.object(sys, "argv", ["lessonkit", *arguments]),
        ):
            try:
                cli.main()
            except SystemExit as stop:
                code = stop.code
        assert isinstance(code, int)
        return Outcome(code, out.getvalue(), err.getvalue())

    def build(self) -> None:
        """Build, and insist that it went well."""
        outcome = self.do("build")
        assert outcome.code == 0, outcome.err

    @property
    def settings(self) -> settings.Settings:
        """The settings of the project."""
        return settings.load(self.root)

    def course(self) -> entries.Course:
        """The lessons, read afresh."""
        return entries.Course(self.settings)

    def entry(self, name: str = "walks/stray") -> entries.Entry:
        """One lesson."""
        return self.course().entry(name)

    def runs(self) -> list[Path]:
        """The folders of all runs."""
        return sorted(p.parent for p in self.settings.runs_folder.rglob("manifest.json"))

    def reseal(self, folder: Path, **changes: object) -> None:
        """Change the manifest of a run and seal it again, as another version would have done."""
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        forging.reseal(folder, {**manifest, **changes})


def walks(root: Path) -> Workshop:
    """The project of the fixture `project`, in a folder of the caller's."""
    made = Workshop(root)
    made.furnish()
    return made


def copied(project: Workshop, root: Path) -> Workshop:
    """A copy to break; file times stay, so what was fresh is fresh."""
    shutil.copytree(project.root, root)
    return Workshop(root)


# What may not stand inside a paragraph, a heading or a span.
_BLOCKS = {"article", "blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure"}
_BLOCKS |= {"h1", "h2", "h3", "hr", "li", "ol", "p", "pre", "section", "table", "ul"}
_PHRASES = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "span", "em", "strong", "code"}
_VOID = {"br", "hr", "img", "input", "link", "meta", "source"}


@dataclass
class Reading(HTMLParser):
    """What a parser finds in HTML: wrong nesting, ids, and references to ids."""

    faults: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        outer = _PHRASES & set(self.open)
        if tag in _BLOCKS and outer:
            self.faults.append(f"<{tag}> inside <{'>, <'.join(sorted(outer))}>")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("aria-labelledby", "aria-describedby"):
                self.references.update((value or "").split())
            elif name in ("href", "xlink:href") and (value or "").startswith("#"):
                self.references.add((value or "")[1:])
            self.references.update(re.findall(r"url\(#([^)]+)\)", value or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reading:
    """Parse HTML; what never closes is a fault, too."""
    reading = Reading()
    reading.feed(html)
    reading.close()
    reading.faults += [f"<{tag}> never closes" for tag in reading.open]
    return reading


def assert_sound(html: str) -> Reading:
    """Insist on right nesting, ids that are unique and references that lead somewhere."""
    reading = read(html)
    assert reading.faults == []
    assert sorted(reading.ids) == sorted(set(reading.ids))
    assert reading.references <= set(reading.ids)
    return reading


def tags(html: str, tag: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of every such element."""
    found: list[dict[str, str]] = []

    class Finder(HTMLParser):
        def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
            if name == tag:
                found.append({key: value or "" for key, value in attrs})

    Finder().feed(html)
    yield from found
