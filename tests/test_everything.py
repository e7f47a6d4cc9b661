"""The page *Everything a page can say* says everything, and nothing that is not so."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from lessonkit.evidence import Record
from lessonkit.press.cli import commands
from lessonkit.press.course import pages
from lessonkit.press.lesson.comments import KINDS, PREFIX
from lessonkit.press.page import resolving, shown
from lessonkit.press.settings import Settings
from lessonkit.press.site.plugin import LessonkitPlugin

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/reference/everything.md").read_text("utf-8")
CODE = [path.read_text("utf-8") for path in sorted((ROOT / "lessonkit").rglob("*.py"))]
OURS = {"card", "subtitle"}  # keys that the plugin writes for the theme
INSIDE = {"LESSONKIT_PINNED"}  # set by a script for itself


def rows(section: str) -> Iterator[list[str]]:
    """The cells of each row of the tables below a heading."""
    text = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert text, section
    for line in text[1].splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def named(section: str) -> list[str]:
    """What stands in the first column, without its marks."""
    return [cells[0].strip("` ") for cells in rows(section)]


def test_every_embed_is_there() -> None:
    text = PAGE.partition("## Front matter")[0]
    parts = {part for kind in Record.kinds.values() for part in kind.parts} | {shown.OPEN}
    blocks = {*resolving.COURSE_BLOCKS, *resolving.LESSON_BLOCKS}
    for said in (
        *(f"[[{block}]]" for block in blocks),
        *(f".{part}]]`" for part in parts),
        "`[[name]]`",
        "`[[lesson:name]]`",
        "`[[^claim]]`",
        f"`[[{resolving.USED_IN}:",
    ):
        assert said in text, said
    for kind in Record.kinds:
        assert kind in text or kind == "citation"
    assert "[[cited-id]]" in text


def test_every_key_of_the_front_matter_is_there() -> None:
    reads = re.compile(r'meta(?:\.get\(|\[)"(\w+)"')
    used = {key for code in CODE for key in reads.findall(code)} - OURS
    assert used == set(named("Front matter")) == set(pages.KEYS)


def test_every_setting_is_there_with_its_default() -> None:
    told = {cells[0].strip("` "): cells[1].strip("` ") for cells in rows("Settings")}
    known = {field.name: field.default for field in fields(Settings) if field.name != "root"}
    assert set(told) == set(known)
    for name, default in known.items():
        said = tomllib.loads(f"it = {told[name]}")["it"]
        said = [] if said == {} else said
        assert said == (list(default) if isinstance(default, tuple) else default), name


def test_every_option_of_the_plugin_is_there() -> None:
    known = {name: option.default for name, option in LessonkitPlugin.config_scheme}
    told = {
        c[0].strip("` "): json.loads(c[1].strip("` ")) for c in rows("Options of the MkDocs plugin")
    }
    assert told == known


def test_every_environment_variable_is_there() -> None:
    asked = re.search(r"^_ENVIRONMENT = (\(.*\))$", "\n".join(CODE), re.M)
    assert asked
    used = {name for code in CODE for name in re.findall(r"\bLESSONKIT_[A-Z_]*[A-Z]\b", code)}
    used |= {f"LESSONKIT_{name}" for name in re.findall(r'"(\w+)"', asked[1])}
    assert used - INSIDE == set(named("Environment variables"))


def test_every_configuration_comment_is_there() -> None:
    told = {
        name.removeprefix("# ").partition(" =")[0]
        for name in named("Configuration comments of a script")
    }
    assert told == {PREFIX + name for name in KINDS}


def test_every_command_is_there_with_its_options() -> None:
    told = {}
    for first, does, options in rows("Commands"):
        told[first.strip("` ").split()[1]] = (does, set(re.findall(r"`(--[\w-]+)`", options)))
    known = {}
    for name, command in commands.commands.items():
        options = {p.opts[0] for p in command.params if isinstance(p, click.Option)}
        known[name] = ((command.help or "").split("\n")[0], options)
    assert told == known
