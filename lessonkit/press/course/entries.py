"""The whole course as the pages see it: each lesson with its script, its page and its run."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lessonkit.evidence import Figure
from lessonkit.evidence.promise import Promise
from lessonkit.press.course import pages, syllabus
from lessonkit.press.lesson import script
from lessonkit.press.run import build, replications, store
from lessonkit.press.settings import PressError, Settings, UsageError, wanted_profile


@dataclass(frozen=True)
class Entry:
    """A lesson of the course."""

    name: str
    script: script.Script | None
    page: pages.Page | None
    run: store.Run | None
    stale: bool
    problems: tuple[str, ...]  # what forbids a strict build, one line each
    memo_folder: Path
    promises: dict[str, Promise]  # the run's claims, with what replications say of them
    author: bool = False  # somebody is writing the page: it shows notes for them

    @property
    def title(self) -> str:
        return self.script.title if self.script else self.name

    @property
    def page_title(self) -> str:
        """The title as its page has it."""
        return self.page.title if self.page else self.title

    @property
    def stem(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        """Its folder of generated files, below the folder of pages."""
        return f"generated/{self.name}"

    @property
    def thumbnail(self) -> str:
        """The figure that stands for it on a card, its first one; "" if it has none."""
        return next(iter(self.run.of(Figure)), "") if self.run else ""

    @cached_property
    def cells(self) -> dict[str, int]:
        """The named code cells, with their place among the code cells."""
        code = self.script.code if self.script else []
        return {cell.name: index for index, cell in enumerate(code) if cell.name}

    @cached_property
    def names(self) -> dict[str, str]:
        """Everything that a page can embed: name -> kind."""
        found = dict.fromkeys(self.cells, "cell")
        if self.run:
            found |= {name: record.kind for name, record in self.run.records.items()}
        return found


class Course:
    """All lessons of a project, in reading order."""

    def __init__(self, settings: Settings, author: bool = False) -> None:
        self.settings = settings
        by_lesson = pages.by_lesson(settings)
        self.before = syllabus.prerequisites(settings.lesson_names(), by_lesson)
        self.parts = syllabus.parts(settings, self.before)
        self.entries = {
            name: _entry(settings, name, by_lesson.get(name), author)
            for part in self.parts
            for name in part.lessons
        }

    @cached_property
    def evidence_url(self) -> str | None:
        """Where the page stands that lists every claim, if there is one."""
        for page in pages.readable(self.settings):
            if re.search(r"^\[\[evidence\]\]$", page.body, re.M):
                return page.url
        return None

    def entry(self, name: str) -> Entry:
        """Return a lesson, or say which there are."""
        if name not in self.entries:
            known = ", ".join(self.entries) or "none"
            raise UsageError(f"lesson {name!r} does not exist; the lessons are: {known}")
        return self.entries[name]


def _entry(settings: Settings, name: str, page: pages.Page | None, author: bool) -> Entry:
    problems: list[str] = []
    lesson, choice = None, None
    profile = wanted_profile()
    try:
        lesson = script.read(settings.script(name), settings.text, settings.memo_folder)
        device = build.choose_device("auto")
        job = build.job_for(settings, name, build.choose_profile(settings, None, device), device)
        choice = store.choose(settings.runs_folder, name, job.source.digest, job.key, profile)
        noted = store.failure(settings.runs_folder, name, job.key)
        if noted and (choice.run is None or choice.stale):
            problems.append(f"lesson {name} failed: {noted['message']}")
    except PressError as error:
        problems.append(str(error))
        choice = store.choose(settings.runs_folder, name, "", "", profile)
    problems += choice.problems
    if choice.run is None:
        if not problems:
            problems.append(f"lesson {name} has no run: run `lessonkit build {name}`.")
    elif name in running:
        problems.append(f"lesson {name} is running; the page shows its last run until it is done.")
    elif choice.stale:
        problems.append(
            f"lesson {name}: its code changed since the run that the page shows "
            f"({choice.run.key}): run `lessonkit build {name}`."
        )
    promises, problem = replications.promises(settings, choice.run) if choice.run else ({}, "")
    problems += [problem] if problem else []
    if choice.run and not choice.stale and name not in running:
        problems += replications.broken(name, promises)
    return Entry(
        name,
        lesson,
        page,
        choice.run,
        choice.stale,
        tuple(problems),
        settings.memo_folder,
        promises,
        author,
    )


running: set[str] = set()  # lessons that `mkdocs serve` runs at this moment
_KEEP = 2.0  # seconds; builds start with a fresh one, other readers of pages rely on this
_cache: tuple[float, Course] | None = None


def current(settings: Settings, fresh: bool = False, author: bool = False) -> Course:
    """Return the course; read again at the start of a build (`fresh`), or after two seconds.

    With `author`, pages that are rendered from it show notes for who writes them.
    """
    global _cache
    now = time.monotonic()
    if fresh or _cache is None or _cache[1].settings != settings or now - _cache[0] > _KEEP:
        _cache = (now, Course(settings, author))
    return _cache[1]


def runs_in_use(settings: Settings) -> set[Path]:
    """Return the folders of the runs that pages show now."""
    entries = current(settings, fresh=True).entries.values()
    return {entry.run.folder for entry in entries if entry.run}
