"""What a page's sentences rest on: a claim that stands, and one that the page lets a reader see."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterator

from lessonkit.evidence import Claim, Figure
from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course
from lessonkit.press.page import brackets, shown
from lessonkit.press.site.finding import Finding

FIRST_SCREEN = 120  # words that may stand before the figure that is the finding
_RECAP = re.compile(r"^## +Recap\b.*?$(.*?)(?=^#{1,2} |\Z)", re.M | re.S)
_BULLET = re.compile(rf"^{brackets.LIST_MARK}.*?(?=^{brackets.LIST_MARK}|^\S|\Z)", re.M | re.S)
_MARK = re.compile(r"\^(?:([\w/-]+):)?([\w-]+)")
_EMBEDDED = re.compile(r"\[\[[^\]]*\]\]")
_ENDS = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n(?=\s*[-*+>#|])")
_SAID = 90  # letters of a sentence that a finding repeats


def rest_on_what_stands(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Yield every sentence that rests on a claim whose promise is broken."""
    for embed in brackets.find(page.body, page.first_line):
        match = _MARK.fullmatch(embed.text.strip())
        entry = course.entries.get((match[1] or page.lesson or "") if match else "")
        made = entry.promises.get(match[2]) if entry and match else None
        if made and made.problem:
            yield Finding(
                _at(course, page, embed.line),
                f"{_before(page, embed)!r} rests on claim {made.name!r}, whose promise is broken: "
                f"{made.problem}",
            )


def recap_rests_on_something(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Warn about every line of a recap that names neither a claim nor a number."""
    if page.lesson is None:
        return
    body = re.sub(r"\0", " ", brackets.visible(page.body))
    for recap in _RECAP.finditer(body):
        for bullet in _BULLET.finditer(recap[1]):
            if "[[" not in bullet[0]:
                line = page.first_line + body.count("\n", 0, recap.start(1) + bullet.start())
                yield Finding(
                    _at(course, page, line),
                    f"{_short(bullet[0])!r} stands in the recap and rests on nothing: bind it to a "
                    "claim with [[^claim-id]] behind the sentence, or narrow it.",
                    warning=True,
                )


def front_matter(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Yield a topic, a level or a finding that cannot be shown."""
    where = f"{course.settings.pages}/{page.path}"
    if len(page.topic.split()) > 3:
        yield Finding(where, f"topic {page.topic!r}: expected one to three words.")
    if page.meta.get("level") is not None and page.level is None:
        levels = ", ".join(f"{level} ({words})" for level, words in pages.LEVELS.items())
        said = page.meta["level"]
        text = ", as a number and not as text" if isinstance(said, str) else ""
        yield Finding(where, f"level {reprlib.repr(said)}: expected one of {levels}{text}.")
    entry = course.entries.get(page.lesson or "")
    run = entry.run if entry else None
    if not page.finding or run is None:
        return
    figures = list(run.of(Figure))
    if page.finding not in figures:
        known = ", ".join(figures) or "none"
        yield Finding(where, f"finding {page.finding!r} is no figure of the lesson; it has {known}")
    elif _words_before(page) > FIRST_SCREEN:
        yield Finding(
            where,
            f"the finding, figure {page.finding!r}, is not in the first screen: put "
            f"[[{page.finding}]] right behind [[lesson-frame]] and one sentence.",
            warning=True,
        )


def _words_before(page: pages.Page) -> int:
    """Return how many words stand before the figure that is the finding."""
    for embed in brackets.find(page.body):
        if embed.text.strip() in (page.finding, f"{page.lesson}:{page.finding}"):
            above = "\n".join(page.body.split("\n")[: embed.line - 1])
            return len(re.findall(r"\w+", _EMBEDDED.sub("", above)))
    return FIRST_SCREEN + 1


def never_shown(course: Course) -> Iterator[Finding]:
    """Warn about figures and claims that no page shows: somebody made them for nothing."""
    every = [shown.names(p.body, p.lesson) for p in pages.readable(course.settings)]
    everywhere: shown.Names = frozenset().union(*every)
    for entry in course.entries.values():
        for name, record in entry.run.records.items() if entry.run else ():
            if not isinstance(record, Figure | Claim):
                continue
            seen = (entry.name, name) in everywhere
            if isinstance(record, Claim):
                seen = shown.holds(everywhere, entry.name, name)
            if not seen:
                yield Finding(
                    f"{course.settings.lessons}/{entry.name}.py",
                    f"{record.kind} {name!r} is never embedded: write [[{name}]] on a page, or "
                    "drop it.",
                    warning=True,
                )


def _at(course: Course, page: pages.Page, line: int) -> str:
    return f"{course.settings.pages}/{page.path}:{line}"


def _before(page: pages.Page, embed: brackets.Embed) -> str:
    """Return the sentence behind which a mark stands."""
    lines = page.body.split("\n")[: embed.line - page.first_line + 1]
    lines[-1] = lines[-1][: embed.start]
    text = _EMBEDDED.sub(" ", "\n".join(lines)).rstrip()
    return _short(_ENDS.split(text)[-1])


def _short(text: str) -> str:
    """Write a sentence on one line, without embeds and its list mark, cut at a word."""
    said = re.sub(rf"^{brackets.LIST_MARK}", "", " ".join(_EMBEDDED.sub("", text).split()))
    return said if len(said) <= _SAID else said[:_SAID].rpartition(" ")[0] + " …"
