"""Reading the Markdown pages: their front matter, their body, and where it begins."""

from __future__ import annotations

import re
import reprlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from lessonkit.press.settings import PressError, Settings

_OPEN = re.compile(r"\A---[ \t]*\n[\w-]+:\s")  # front matter that nobody closed, not a ruled line
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
TWIN = "notebook.ipynb"  # of each lesson: the notebook that is to be read as a page
LEVELS = {1: "no maths", 2: "some maths", 3: "more maths"}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, in C where it was built


_TEXTS = ("title", "description", "lesson", "question", "topic", "finding")  # in front matter
_LISTS = ("prerequisites", "hide")
KEYS = (*_TEXTS, *_LISTS, "level", "search", "glossary")  # that somebody reads
_PLAIN = str | int | float | date  # what stands for text, as in `title: 2026`


class PageError(PressError):
    """A page that cannot be read.

    Args:
        message: what is wrong; the caller says with which page.
        line: of the page.
    """

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Page:
    """One hand-written page."""

    path: str  # below the folder of pages
    meta: dict[str, Any]
    body: str
    first_line: int  # of the body, in the file

    @property
    def lesson(self) -> str | None:
        """The lesson whose names the page may embed without saying which."""
        named = self.meta.get("lesson")
        return named if isinstance(named, str) else None

    @property
    def prerequisites(self) -> list[str]:
        """The lessons to read before."""
        named = self.meta.get("prerequisites") or []
        return [str(name) for name in named] if isinstance(named, list) else [str(named)]

    @property
    def heading(self) -> str:
        """The first heading; "" if there is none."""
        found = re.search(r"^# +(.+?)\s*#*$", self.body, re.M)
        return found[1] if found else ""

    @property
    def title(self) -> str:
        """The title: from the front matter, else the first heading."""
        return str(self.meta.get("title") or self.heading or self.path)

    @property
    def question(self) -> str:
        """The question that the lesson answers; "" if its page does not say."""
        return str(self.meta.get("question") or "").strip()

    @property
    def topic(self) -> str:
        """What the lesson is about, in one to three words; "" if its page does not say."""
        return str(self.meta.get("topic") or "").strip()

    @property
    def level(self) -> int | None:
        """How much mathematics it takes, 1 to 3; None if its page does not say, or says amiss."""
        level = self.meta.get("level")
        return level if type(level) is int and level in LEVELS else None

    @property
    def finding(self) -> str:
        """The name of the figure that is the finding; "" if its page does not say."""
        return str(self.meta.get("finding") or "").strip()


def read(settings: Settings, path: Path) -> Page:
    """Read one page.

    Raises:
        PageError: not UTF-8, or the front matter is not YAML (the caller says which page).
    """
    try:
        found = path.stat()
    except OSError as error:
        raise PageError(f"cannot be read: {error.strerror or error}") from None
    if not stat.S_ISREG(found.st_mode):
        raise PageError("cannot be read: it is no file")
    return _read(path, settings.pages_folder, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def first_line(settings: Settings, path: Path) -> int:
    """Return the line on which a page's body begins; 1 if it cannot be read (`check` says so)."""
    try:
        return read(settings, path).first_line
    except (OSError, PageError):
        return 1


@lru_cache(maxsize=1024)
def _read(path: Path, root: Path, mtime: int, ctime: int, size: int) -> Page:
    text = _text(path)
    match = _FRONT_MATTER.match(text)
    if not match and _OPEN.match(text):
        raise PageError("front matter: expected `---` on a line of its own behind it, got none", 1)
    meta = _front_matter(match[1]) if match else {}
    start = match.end() if match else 0
    start += len(text[start:]) - len(text[start:].lstrip("\n"))  # MkDocs drops blank lines here
    return Page(
        path.relative_to(root).as_posix(), meta, text[start:], text.count("\n", 0, start) + 1
    )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise PageError(f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise PageError(f"is not UTF-8 text: {error}. Save it as UTF-8.", line) from None
    return re.sub("\r\n?", "\n", text)


def _front_matter(text: str) -> dict[str, Any]:
    """Read front matter, which begins in line 2, and check what the press will ask of it."""
    try:
        if "*" in text and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, _Loader)):
            raise PageError("front matter: expected plain values, got a reference (`*name`)", 2)
        meta = yaml.load(text, _Loader)
    except PageError:
        raise
    except Exception as error:  # no YAML, a date that is none, a number or a depth beyond Python's
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(f"{error}".split()) or type(error).__name__
        line = mark.line + 2 if mark else 2
        raise PageError(f"front matter is not valid YAML: {problem:.300}", line) from None
    if not isinstance(meta, dict | None):
        raise PageError(f"front matter: expected lines `key: value`, got {reprlib.repr(meta)}", 2)
    for key, value in (meta or {}).items():
        wanted = _wanted(key, value)
        if wanted:
            said = f"{key}: expected {wanted}, got {reprlib.repr(value)}"
            raise PageError(said, 2 + _lines_before(key, text))
    return meta or {}


def line_of(settings: Settings, page: Page, key: str) -> int:
    """Return the line of a page's file in which a key of its front matter stands."""
    return 1 + _lines_before(key, _text(settings.pages_folder / page.path))


def _lines_before(key: object, text: str) -> int:
    found = re.search(rf"^[\"']?{re.escape(str(key))}[\"']?\s*:", text, re.M)
    return text.count("\n", 0, found.start() if found else 0)


def _wanted(key: object, value: object) -> str:
    """Say what a key of front matter expects if its value is none of that; "" if all is well."""
    if key in _TEXTS and not isinstance(value, _PLAIN | None):
        return "text"
    listed = value if isinstance(value, list) else [value]
    if key in _LISTS and not all(isinstance(item, _PLAIN | None) for item in listed):
        return "a name, or a list of names"
    return ""


def as_folders(path: str) -> str | None:
    """Return where a file below the folder of pages stands in the site, if nobody knows better.

    A page is a folder of its own, as MkDocs has it by default. None for a notebook that is to be
    read: whether it has a page, only the site's generator knows.
    """
    return _place(path, "/", "")


def as_files(path: str) -> str | None:
    """Return the same under `use_directory_urls: false`: a page is a file."""
    return _place(path, ".html", "index.html")


def _place(path: str, end: str, home: str) -> str | None:
    if path.endswith(f"/{TWIN}"):
        return None
    if not path.endswith(".md"):
        return quote(path)
    folder, slash, name = path.removesuffix(".md").rpartition("/")
    place = home if name in ("index", "README") else name + end
    return quote(f"{folder}{slash}{place}")


def all_paths(settings: Settings) -> list[Path]:
    """List the hand-written pages; what was generated is left out."""
    found = sorted(settings.pages_folder.rglob("*.md"))
    return [p for p in found if not p.is_relative_to(settings.generated_folder)]


def readable(settings: Settings) -> Iterator[Page]:
    """Yield every hand-written page; one that cannot be read is `check`'s to report."""
    for path in all_paths(settings):
        try:
            yield read(settings, path)
        except PageError:
            continue


def by_lesson(settings: Settings) -> dict[str, Page]:
    """Return the page of each lesson that has one."""
    pages: dict[str, Page] = {}
    for page in readable(settings):
        if page.lesson:
            pages.setdefault(page.lesson, page)
    return pages
