"""Where a lesson stands: its number, the lessons before and after it, and those most like it."""

from __future__ import annotations

import json
from functools import lru_cache

from lessonkit.press import memo
from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.lesson import script, sphinx
from lessonkit.press.page.evidence import Link
from lessonkit.press.page.templates import render

RELATED = 2  # lessons that are named because they are alike


def neighbours(course: Course, entry: Entry, link: Link) -> str:
    """Return the foot of a lesson's page."""
    names = [name for name, other in course.entries.items() if other.page]
    place = names.index(entry.name)
    before = course.entry(names[place - 1]) if place else None
    after = course.entry(names[place + 1]) if place + 1 < len(names) else None
    beside = [other.name for other in (before, after) if other]
    return render(
        "neighbours",
        place=place + 1,
        total=len(names),
        before=before,
        after=after,
        related=[course.entry(n) for n in related(course, entry) if n not in beside][:RELATED],
        all_lessons=link(course.gallery_page or "index.md"),
        link=link,
    )


def related(course: Course, entry: Entry) -> list[str]:
    """Return the other lessons that have a page, the most alike first."""
    return _alike(course)[entry.name] if entry.script else []


@lru_cache(maxsize=1)  # for every page of one build
def _alike(course: Course) -> dict[str, list[str]]:
    """Return the others for each lesson; from the memo, if these scripts were compared before."""
    scripts = {
        e.name: script.code(e.script.path) for e in course.entries.values() if e.script and e.page
    }
    found = memo.recall(
        course.settings.memo_folder,
        sphinx.__file__,
        ["related", sphinx.version(), *(f"{name} {code}" for name, code in scripts.items())],
        lambda: json.dumps(sphinx.related(scripts)),
    )
    return dict(json.loads(found))
