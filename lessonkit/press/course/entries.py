"""The whole course as the pages see it: each lesson with its script, its page and its run."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from lessonkit.evidence import Citation, Claim, Figure
from lessonkit.evidence.promise import Promise
from lessonkit.press.course import cards, pages, statements, syllabus
from lessonkit.press.lesson import script
from lessonkit.press.run.standing import Standing, standing
from lessonkit.press.run.store import Run
from lessonkit.press.settings import Settings, UsageError

_MEASURED = re.compile(r"\[\[(?:(?P<lesson>[\w/-]+):)?(?P<name>[\w-]+)(?:\.(?P<part>[\w-]+))?\]\]")


@dataclass(frozen=True)
class Entry:
    """A lesson of the course."""

    name: str
    script: script.Script | None
    page: pages.Page | None
    standing: Standing
    memo_folder: Path
    pages_folder: Path
    author: bool = False  # somebody is writing the page: it shows notes for them
    running: bool = False  # at this moment, beside the server

    @property
    def run(self) -> Run | None:
        """The run that its page uses."""
        return self.standing.run

    @property
    def promises(self) -> dict[str, Promise]:
        """The run's claims, with what replications say of them."""
        return self.standing.promises

    @property
    def stale(self) -> bool:
        """Whether its run is not of the present code."""
        return self.run is not None and not self.standing.present

    @property
    def problems(self) -> tuple[str, ...]:
        """What forbids a strict build, one line each."""
        if not self.running:
            return self.standing.problems
        if self.run is None:
            return (f"lesson {self.name} is running for the first time.",)
        return (f"lesson {self.name} is running; the page shows its last run until it is done.",)

    @property
    def title(self) -> str:
        return self.script.title if self.script else self.name

    @property
    def page_title(self) -> str:
        """The title as its page has it."""
        return self.told(self.page.title) if self.page else self.title

    def told(self, text: str) -> str:
        """Return a text with what its run measured instead of `[[name]]` and `[[name.median]]`."""
        records = self.run.records if self.run else {}

        def said(found: re.Match[str]) -> str:
            record, part = records.get(found["name"]), found["part"] or ""
            known = record and (part in record.parts if part else record.inline)
            ours = found["lesson"] in (None, self.name)
            return record.text(part) if record and known and ours else found[0]

        return _MEASURED.sub(said, text)

    @property
    def stem(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        """Its folder of generated files, below the folder of pages."""
        return f"generated/{self.name}"

    @property
    def twin(self) -> str:
        """The notebook that is to be read as a page, below the folder of pages."""
        return f"{self.folder}/{pages.TWIN}"

    @property
    def topic(self) -> str:
        """What it is about, in one to three words."""
        return topic(self.name, self.page)

    @property
    def thumbnail(self) -> str:
        """The published figure that stands for it: its page's `finding`, else the first, or ""."""
        figures = list(self.run.of(Figure)) if self.run else []
        finding = self.page.finding if self.page else ""
        return finding if finding in figures else next(iter(figures), "")

    @cached_property
    def card(self) -> bytes:
        """The picture that stands for it: the page's finding, what its script asks for, the first.

        A script asks by sphinx-gallery's comments `thumbnail_number` and `thumbnail_path`.
        """
        if self.run is None:
            return b""
        figures = self.run.of(Figure)
        if self.script and not (self.page and self.page.finding in figures):
            asked = cards.asked(self.script, self.run, self.pages_folder)
            if asked is not None:
                return asked
        drawn = [figures[self.thumbnail].png] if self.thumbnail else cards.drawn(self.run)
        return self.run.read(drawn[0]) if drawn else b""

    @property
    def unmet(self) -> str:
        """What its script asks of the card and does not get, in a sentence; "" if there is none."""
        if self.run is None or self.script is None:
            return ""
        return cards.unmet(self.script, self.run, self.pages_folder)

    @cached_property
    def cells(self) -> dict[str, int]:
        """The named code cells, with their place among the code cells."""
        code = self.script.code if self.script else []
        return {cell.name: index for index, cell in enumerate(code) if cell.name}

    @property
    def answers(self) -> Iterator[Answer]:
        """Yield its claims and citations once for each statement that they answer."""
        for name, record in self.run.records.items() if self.run else ():
            if isinstance(record, Claim | Citation):
                yield from (Answer(statement, self, name, record) for statement in record.answers)

    @cached_property
    def names(self) -> dict[str, str]:
        """Everything that a page can embed: name -> kind."""
        found = dict.fromkeys(self.cells, "cell")
        if self.run:
            found |= {name: record.kind for name, record in self.run.records.items()}
        return found


def topic(lesson: str, page: pages.Page | None) -> str:
    """Return what a lesson is about: as its page says, else as its file is called."""
    return (page.topic if page else "") or lesson.rpartition("/")[2].replace("_", " ").capitalize()


class Answer(NamedTuple):
    """A claim or citation that answers a statement."""

    statement: str  # its id
    entry: Entry
    name: str
    record: Claim | Citation


class Course:
    """All lessons of a project, in reading order."""

    def __init__(
        self, settings: Settings, author: bool = False, running: Collection[str] = ()
    ) -> None:
        """Look at every lesson.

        Args:
            settings: of the project.
            author: somebody is writing: pages show notes for them.
            running: the lessons that run at this moment, beside the server.
        """
        self.settings = settings
        by_lesson = pages.by_lesson(settings)
        self.before = syllabus.prerequisites(settings.lesson_names(), by_lesson)
        self.parts = syllabus.parts(settings, self.before)
        self.entries = {
            name: Entry(
                name,
                _script(settings, name),
                by_lesson.get(name),
                standing(settings, name),
                settings.memo_folder,
                settings.pages_folder,
                author,
                name in running,
            )
            for part in self.parts
            for name in part.lessons
        }

    @cached_property
    def evidence_page(self) -> str | None:
        """The page that lists every claim, if there is one."""
        return self._page_with("evidence")

    @cached_property
    def gallery_page(self) -> str | None:
        """The page that lists every lesson, if there is one."""
        return self._page_with("gallery")

    def _page_with(self, block: str) -> str | None:
        """Return the first page that embeds a block on a line of its own."""
        embed = re.compile(rf"^\[\[{block}\]\]$", re.M)
        found = (page.path for page in pages.readable(self.settings) if embed.search(page.body))
        return next(found, None)

    @cached_property
    def statements(self) -> dict[str, statements.Statement]:
        """What is commonly told, by id.

        Raises:
            StatementError: the file cannot be believed.
        """
        return statements.read(self.settings.root / statements.FILE)

    @cached_property
    def answers(self) -> dict[str, list[Answer]]:
        """The answers to each statement that has any, in reading order; unknown ids included."""
        found: dict[str, list[Answer]] = {}
        for entry in self.entries.values():
            for answer in entry.answers:
                found.setdefault(answer.statement, []).append(answer)
        return found

    def told(self, text: str) -> str:
        """Return a text with what the lessons measured instead of `[[lesson:name]]`."""
        for lesson in {found["lesson"] for found in _MEASURED.finditer(text)} & set(self.entries):
            text = self.entries[lesson].told(text)
        return text

    def entry(self, name: str) -> Entry:
        """Return a lesson, or say which there are."""
        if name not in self.entries:
            known = ", ".join(self.entries) or "none"
            hint = self.settings.meant(name)
            raise UsageError(f"lesson {name!r} does not exist; {hint}the lessons are: {known}")
        return self.entries[name]


def _script(settings: Settings, name: str) -> script.Script | None:
    """Read a lesson's script; one that cannot be read is its standing's to tell."""
    try:
        return script.read(settings.script(name), settings.text, settings.memo_folder)
    except Exception:
        return None


_KEEP = 2.0  # seconds


def current(settings: Settings) -> Course:
    """Return the course as it was at most two seconds ago: for readers of one page after another.

    Only the Markdown extension needs it, where no plugin hands it the course of this build.
    """
    return _recent(settings, int(time.monotonic() / _KEEP))


@lru_cache(maxsize=1)
def _recent(settings: Settings, moment: int) -> Course:
    return Course(settings)


def runs_in_use(settings: Settings) -> set[Path]:
    """Return the folders of the runs that pages show now."""
    return {entry.run.folder for entry in Course(settings).entries.values() if entry.run}
