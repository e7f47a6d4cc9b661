"""What a search finds first: the lesson for its topic, the glossary for its words.

Material writes one entry for each section of each page. Here, when all is written, the entry of a
lesson gets its topic into its title and the words that people type (`search:` in its page's front
matter), and each word of the glossary gets an entry of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course
from lessonkit.press.page import formulas, glossary

INDEX = "search/search_index.json"
Address = Callable[[str], str | None]
LESSON_BOOST, WORD_BOOST = 1.5, 1.2


def typed(page: pages.Page) -> list[str]:
    """Return what people type who look for the page: a list, or words between commas."""
    said = page.meta.get("search")
    words = said.split(",") if isinstance(said, str) else said if isinstance(said, list) else []
    return [str(word).strip() for word in words if str(word).strip()]


def without_words(meta: dict[str, Any]) -> None:
    """Take our words out of a page's front matter: Material expects settings under that name."""
    if not isinstance(meta.get("search", {}), dict):
        del meta["search"]


def tune(site: Path, course: Course, address: Address = pages.as_folders) -> None:
    """Put topics, typed words and the glossary into the index of a built site, if there is one.

    Args:
        site: its folder.
        course: the lessons.
        address: where a file below the folder of pages stands in the site.
    """
    file = site / INDEX
    if not file.is_file():
        return
    index = json.loads(file.read_text(encoding="utf-8"))
    index["docs"] = tuned(index["docs"], course, address)
    file.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def tuned(
    entries: list[dict[str, Any]], course: Course, address: Address = pages.as_folders
) -> list[dict[str, Any]]:
    """Return the entries of an index as they should be."""
    lessons = {address(e.page.path): e for e in course.entries.values() if e.page}
    ours = {address(page.path): typed(page) for page in pages.readable(course.settings)}
    for entry in entries:
        words, lesson = ours.get(entry["location"], []), lessons.get(entry["location"])
        words = [*words, *((lesson and lesson.script and lesson.script.asks("tags")) or [])]
        if lesson:
            entry["title"] = formulas.plain(f"{lesson.topic} — {lesson.page_title}")
            entry["boost"] = LESSON_BOOST
        if lesson or words:
            entry["tags"] = [*([lesson.topic] if lesson else []), *words]
    where = address(glossary.FILE)
    return [*entries, *([] if where is None else _words(glossary.words(course.settings), where))]


def _words(known: Mapping[str, glossary.Word], where: str) -> list[dict[str, Any]]:
    return [
        {
            "location": f"{where}#{slug}",
            "title": word.word[:1].upper() + word.word[1:],
            "text": word.says,
            "boost": WORD_BOOST,
        }
        for slug, word in known.items()
    ]
