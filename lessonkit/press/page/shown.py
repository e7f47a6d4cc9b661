"""What a page shows of a lesson: which names, where else a claim stands, how long it takes to read.

A claim has one place on a page, its row; sentences that rest on it lead there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import chain

from lessonkit.evidence import Claim
from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.page import brackets

ALL_CLAIMS = "lesson-claims"
OPEN = "open"  # [[cell.open]]
WORDS_A_MINUTE = 200
_ROW = 8  # words of a claim's row besides its sentence: verdict, value, range
_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.S | re.M)

Names = frozenset[tuple[str, str]]  # lesson, name


@lru_cache(maxsize=1024)
def names(body: str, lesson: str | None) -> Names:
    """Return what a page puts on its own: figures, tables, claims; no part, and no mark."""
    return names_of(brackets.find(body), lesson)


def names_of(embeds: Iterable[brackets.Embed], lesson: str | None) -> Names:
    """Return the same of embeds that are found already."""
    found = set()
    for embed in embeds:
        owner, _, name = embed.text.strip().rpartition(":")
        if not name.startswith("^") and not owner.startswith("^"):
            found.add((owner or lesson or "", name))
    return frozenset(found)


def holds(shown: Names, lesson: str, claim: str) -> bool:
    """Say whether a page with these names has the claim's row."""
    return bool(shown & {(lesson, claim), (lesson, ALL_CLAIMS)})


def address(
    course: Course, entry: Entry, claim: str, here: Names, link: Callable[[str], str]
) -> str:
    """Return where a claim stands: on this page, on another, or in the list of all claims."""
    if holds(here, entry.name, claim):
        return f"#claim-{claim}"
    others = [entry.page] if entry.page else []
    for page in chain(others, pages.readable(course.settings)):
        shown = holds(names(page.body, page.lesson), entry.name, claim)
        if shown and (there := link(page.path)):
            return f"{there}#claim-{claim}"
    if course.evidence_page and (there := link(course.evidence_page)):
        return f"{there}#{entry.name}/{claim}"
    return link(others[0].path) if others else ""


def minutes(entry: Entry) -> int:
    """Return how long a lesson's page takes to read as it comes, what is folded left out."""
    if entry.page is None:
        return 0
    body = _FENCE.sub("", entry.page.body)
    prose = body
    count = 0
    for embed in brackets.find(body):
        prose = prose.replace(f"[[{embed.text}]]", "", 1)
        count += _words(entry, embed.text.strip())
    return max(1, round((count + len(_counted(prose))) / WORDS_A_MINUTE))


def _words(entry: Entry, text: str) -> int:
    """Return how many words an embed puts before the reader's eyes."""
    name, _, part = text.partition(".")
    record = entry.run.records.get(name) if entry.run else None
    if part == OPEN and entry.script and name in entry.cells:
        return len(_counted(entry.script.code[entry.cells[name]].source))
    if isinstance(record, Claim):
        return len(_counted(record.statement)) + _ROW if not part else 1
    if text == ALL_CLAIMS and entry.run:
        return sum(_words(entry, claim) for claim in entry.run.claims)
    return len(_counted(getattr(record, "caption", ""))) or int(bool(record))


def _counted(text: str) -> list[str]:
    return re.findall(r"\w+", text)
