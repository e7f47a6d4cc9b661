"""In which order is the course read? Its parts, and what builds on what.

Nothing here is written by hand: a lesson belongs to the part that its folder names, and comes after
the lessons that its page asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lessonkit.press.course.pages import Page
from lessonkit.press.settings import Settings

Before = Mapping[str, Collection[str]]  # lesson -> the lessons to read before it


@dataclass(frozen=True)
class Part:
    """A part of the course: the lessons of one folder."""

    folder: str
    title: str
    about: str
    lessons: tuple[str, ...]  # in reading order


def prerequisites(names: Collection[str], by_lesson: Mapping[str, Page]) -> Before:
    """Return what each lesson's page asks for; `check` reports the names that do not exist."""
    return {
        name: [b for b in by_lesson[name].prerequisites if b in names] if name in by_lesson else []
        for name in names
    }


def levels(before: Before) -> dict[str, int]:
    """Return how many lessons stand below each: 0 for one that asks for nothing.

    Lessons that ask for each other, which `check` reports, are on no level above the others.
    """
    found: dict[str, int] = {}

    def level(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            return 0
        if name not in found:
            below = (level(other, (*above, name)) for other in before[name])
            found[name] = max((number + 1 for number in below), default=0)
        return found[name]

    for name in before:
        level(name, ())
    return found


def parts(settings: Settings, before: Before) -> list[Part]:
    """Return the parts in the order of the settings, then folders that these do not name."""
    level = levels(before)
    by_folder: dict[str, list[str]] = {folder: [] for folder, _ in settings.parts}
    for name in sorted(before, key=lambda name: (level[name], name)):
        by_folder.setdefault(name.rpartition("/")[0], []).append(name)
    spelled = dict(settings.parts)
    found = []
    for folder, lessons in by_folder.items():
        plain = folder.rpartition("/")[2].replace("_", " ").capitalize() or "Lessons"
        title, _, about = spelled.get(folder, plain).partition(": ")
        found.append(Part(folder, title, about, tuple(lessons)))
    return found
