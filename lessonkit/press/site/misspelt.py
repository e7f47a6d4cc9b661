"""What is nearly right: keys of front matter, and brackets of which one is missing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course
from lessonkit.press.page import brackets, resolving
from lessonkit.press.site.finding import Finding

_ALIKE = 0.8  # of the letters: "topik", "titel"
_HALF = re.compile(
    r"(?<!\\)\[\[(?P<open>\^?[\w:/.-]+)\](?![\[\](])|(?<![\[\\])\[(?P<shut>\^?[\w:/.-]+)\]\]"
)


def keys(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Warn about keys that are nearly one of ours; all others are the theme's, or the author's."""
    for key in page.meta:
        meant = _meant(key) if isinstance(key, str) and key not in pages.KEYS else ""
        if meant and meant not in page.meta:
            where = (
                f"{course.settings.pages}/{page.path}:{pages.line_of(course.settings, page, key)}"
            )
            yield Finding(where, f"{key}: did you mean `{meant}:`? Nobody reads it.", warning=True)


def _meant(key: str) -> str:
    """Return the key of ours that a key nearly is; "" if it is another word."""
    bare = key.casefold().strip(" _-")
    close = difflib.get_close_matches(bare, pages.KEYS, n=1, cutoff=_ALIKE)
    return close[0] if close and abs(len(close[0]) - len(bare)) <= 1 + len(bare) // 10 else ""


def half_embeds(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Warn about `[[name]` and `[name]]` where there is such a name."""
    for number, line in enumerate(brackets.visible(page.body).split("\n"), page.first_line):
        for found in _HALF.finditer(line):
            opened, text = found["open"], found["open"] or found["shut"]
            rest = line[found.end() :] if opened else line[: found.start()]
            open_still = rest.count("]") - rest.count("[")
            if (open_still if opened else -open_still) > 0:  # brackets around a link
                continue
            if _published(course, page, text):
                yield Finding(
                    f"{course.settings.pages}/{page.path}:{number}",
                    f"{found[0]}: a bracket is missing: write [[{text}]].",
                    warning=True,
                )


def _published(course: Course, page: pages.Page, text: str) -> bool:
    """Say whether a page could embed this."""
    lesson, _, name = text.removeprefix("^").rpartition(":")
    name = name.partition(".")[0]
    entry = course.entries.get(lesson or page.lesson or "")
    blocks = {*resolving.COURSE_BLOCKS, *(resolving.LESSON_BLOCKS if entry else ())}
    return name in blocks or bool(entry and name in entry.names)
