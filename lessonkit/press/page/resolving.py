"""What an embed becomes: the name between its brackets, looked up and shown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lessonkit.press.course import entries as courses
from lessonkit.press.course import pages
from lessonkit.press.page import blocks, evidence, formulas, shown
from lessonkit.press.page.brackets import Embed
from lessonkit.press.page.templates import literal
from lessonkit.press.settings import PressError

_NAME = re.compile(r"(\^)?(?:([\w/-]+):)?([\w-]+)(?:\.([\w-]+))?")
_POSTPONED = re.compile(r"<!--lessonkit:(\d+)-->")
COURSE_BLOCKS = ("evidence", "gallery", "syllabus", "prerequisites", "statements")
LESSON_BLOCKS = ("lesson-frame", "lesson-downloads", "lesson-claims")
USED_IN = "used-in"  # [[used-in:lessonkit.models]]


@dataclass(frozen=True)
class Place:
    """The page that is being rendered, as far as the site generator tells."""

    path: str = ""
    url: str = ""
    lesson: str | None = None
    first_line: int = 1
    course: courses.Course | None = None  # as this build found it
    later: list[str] | None = None  # what the plugin puts in when the page is done
    shown: shown.Names = frozenset()  # what the page puts on its own
    address: Callable[[str], str | None] = pages.as_folders  # where files stand in the site

    def link(self, target: str) -> str:
        """Return the address of a file below the folder of pages, seen from this page.

        "" where the site has no such page.
        """
        where = self.address(target)
        return "" if where is None else "../" * self.url.count("/") + where or "./"

    def postponed(self, html: str) -> str:
        """Return a mark for some HTML if somebody will put it in later, else the HTML.

        Templates and the search would read every path of every figure, for nothing.
        """
        if self.later is None:
            return html
        self.later.append(html)
        return f"<!--lessonkit:{len(self.later) - 1}-->"


Where = Callable[[], Place | None]


def completed(html: str, later: list[str]) -> str:
    """Put what was postponed into a page."""
    return _POSTPONED.sub(lambda found: later[int(found[1])], html)


class EmbedError(PressError):
    """An embed that cannot be resolved."""


def resolve(course: courses.Course, place: Place, embed: Embed, used: dict[str, int]) -> str:
    """Return the HTML of an embed.

    Args:
        course: the lessons and their runs.
        place: the page.
        embed: what to resolve.
        used: how often each block stood on this page so far (ids must differ).

    Raises:
        EmbedError: an unknown name, a block inside a sentence, a part of something without parts.
    """
    text = embed.text.strip()
    if text.startswith(USED_IN + ":"):
        _must_stand_alone(embed, text)
        return blocks.used_in(course, text.partition(":")[2], place.link)
    match = _NAME.fullmatch(text)
    if not match:
        raise EmbedError(
            f"[[{embed.text}]] is no name: expected [[name]], [[lesson:name]], [[name.median]] or "
            "[[^claim]] (write \\[[ for two brackets)"
        )
    lesson, name, part = match[2] or place.lesson, match[3], match[4] or ""
    if match[1]:
        entry = _entry(course, place, lesson, name)
        address = _mark(course, place, embed, entry, name)
        used["^"] = used.get("^", 0) + 1
        return "" if embed.plain else evidence.mark(entry, name, address, used["^"])
    if name in COURSE_BLOCKS and match[2] is None:
        _must_stand_alone(embed, name)
        return getattr(blocks, name)(course, place.link)
    entry = _entry(course, place, lesson, name)
    if name in LESSON_BLOCKS:
        _must_stand_alone(embed, name)
        return _lesson_block(course, entry, place, name, used)
    if name not in entry.names:
        raise EmbedError(_unknown(entry, name))
    record = entry.run.records.get(name) if entry.run else None
    parts = record.parts if record else (shown.OPEN,)
    if part and part not in parts:
        raise EmbedError(_no_part(entry.names[name], name, parts, part))
    if record is None or not (part or record.inline):
        _must_stand_alone(embed, f"{name!r} is a {entry.names[name]}: it")
        anchor = _anchor(name, used)
        if record is None:
            return evidence.cell(entry, name, place.link, anchor, opened=part == shown.OPEN)
        return evidence.block(entry, name, place.link, anchor)
    return (
        literal(formulas.plain(record.text(part)))
        if embed.plain
        else evidence.sentence(record, part)
    )


def _mark(
    course: courses.Course, place: Place, embed: Embed, entry: courses.Entry, name: str
) -> str:
    """Return where the claim stands on which a sentence rests."""
    if name not in entry.names or entry.run is None:
        raise EmbedError(_unknown(entry, name, "^"))
    if name not in entry.promises:
        raise EmbedError(
            f"[[^{name}]]: {name!r} is a {entry.names[name]}, and a sentence rests on a claim; "
            f"lesson {entry.name} has {', '.join(entry.promises) or 'none'}"
        )
    if embed.heading:
        raise EmbedError(f"[[^{name}]] in a heading: put it behind a sentence of the text")
    return shown.address(course, entry, name, place.shown, place.link)


def _no_part(kind: str, name: str, parts: Sequence[str], part: str) -> str:
    has = ", ".join(parts) or "no parts"
    return f"[[{name}.{part}]]: no part {part!r}; {name!r} is a {kind}, which has {has}"


def _must_stand_alone(embed: Embed, what: str) -> None:
    if not embed.alone:
        raise EmbedError(f"{what} must stand alone on its line (or in its table cell)")


def _entry(course: courses.Course, place: Place, lesson: str | None, name: str) -> courses.Entry:
    if lesson is None:
        known = ", ".join(course.entries) or "none"
        raise EmbedError(
            f"[[{name}]]: this page has no lesson of its own. Write [[lesson:{name}]] or put "
            f"`lesson:` into its front matter; the lessons are: {known}"
        )
    try:
        return course.entry(lesson)
    except PressError as error:
        raise EmbedError(f"[[{lesson}:{name}]]: {error}") from None


def _lesson_block(
    course: courses.Course, entry: courses.Entry, place: Place, name: str, used: dict[str, int]
) -> str:
    if name == "lesson-frame":
        return blocks.frame(course, entry, place.link)
    if entry.run is None:
        raise EmbedError(_unknown(entry, name))
    if name == "lesson-downloads":
        return blocks.downloads(course, entry, place.link)
    return blocks.lesson_claims(entry, place.link, lambda claim: _anchor(claim, used))


def _anchor(name: str, used: dict[str, int]) -> str:
    """Return an id that no other block of the page has: two hyphens never stand in a name."""
    used[name] = used.get(name, 0) + 1
    return name if used[name] == 1 else f"{name}--{used[name]}"


def _unknown(entry: courses.Entry, name: str, sign: str = "") -> str:
    if entry.run is None:
        run = "it is running" if entry.running else f"run `lessonkit build {entry.name}`"
        return f"[[{sign}{name}]]: lesson {entry.name} has no run yet: {run}"
    close = difflib.get_close_matches(name, entry.names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    by_kind: dict[str, list[str]] = {}
    for known, kind in entry.names.items():
        by_kind.setdefault(kind + "s", []).append(known)
    listed = "; ".join(f"{kind}: {', '.join(sorted(names))}" for kind, names in by_kind.items())
    return f"[[{sign}{name}]]: lesson {entry.name} publishes no such name; {hint}it has {listed}"
