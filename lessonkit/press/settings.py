"""Where the lessons, the pages and the runs of a project are."""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


class PressError(Exception):
    """Something that a person can mend, said in one line."""


class UsageError(PressError):
    """A wrong call: an unknown name, a profile or a device that does not exist here."""


def unexpected(where: str, error: Exception) -> str:
    """Say that something went wrong which nobody thought of, and with which lesson or page.

    With --debug the error itself goes on.
    """
    if "--debug" in sys.argv:
        raise error
    return (
        f"{where}: unexpected {type(error).__name__}: {error}. The others go on; `lessonkit "
        "--debug …` shows where it happened."
    )


@dataclass(frozen=True)
class Settings:
    """The table `[tool.lessonkit]` of pyproject.toml, with its defaults."""

    root: Path
    lessons: str = "lessons"
    pages: str = "docs"
    store: str = ".lessonkit"
    profile: str = "auto"
    threads: int = 1  # of one lesson; in its key, so that every way to run it gives the same digits
    first_seed: int = 0  # where the seeds of the published runs start
    time_limit: float = 900.0  # CPU seconds for one lesson
    wall_limit: float = 7200.0  # seconds by the clock, for a lesson that hangs
    text: str = "markdown"  # of the scripts' prose; "rst" for scripts written for Sphinx
    libraries: tuple[str, ...] = ("torch", "numpy", "scikit-learn")  # versions that enter a key
    environment: tuple[str, ...] = ()  # variables that reach lessons; their values enter a key
    # Where on GitHub the built site lies, "OWNER/REPO/blob/gh-pages": pages then link to Colab
    colab: str = ""
    # Folders of lessons with their titles, in the order of the course: {folder = "Title: about it"}
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def lessons_folder(self) -> Path:
        """The folder of the scripts."""
        return self.root / self.lessons

    @property
    def pages_folder(self) -> Path:
        """The folder of the Markdown pages."""
        return self.root / self.pages

    @property
    def generated_folder(self) -> Path:
        """What pages and downloads need of the chosen runs; not in git."""
        return self.pages_folder / "generated"

    @property
    def store_folder(self) -> Path:
        """What lessonkit keeps for itself; not in git."""
        return self.root / self.store

    @property
    def memo_folder(self) -> Path:
        """What was worked out before; forgetting it costs nothing but time."""
        return self.store_folder / "memo"

    @property
    def replications_folder(self) -> Path:
        """The records of other seeds and machines; in git."""
        return self.root / "replications"

    def replications(self, lesson: str) -> Path:
        """Return the file of a lesson's records."""
        return self.replications_folder / f"{lesson}.json"

    @property
    def runs_folder(self) -> Path:
        """The runs, one folder for each lesson and key."""
        return self.store_folder / "runs"

    def near(self, told: Exception | Path) -> str:
        """Return a path, or the message of an error, with files as seen from the root."""
        return str(told).replace(f"{self.root}{os.sep}", "")

    def lesson_names(self) -> list[str]:
        """List the lessons: every script below the folder, but for names that begin with _.

        `misnamed` says which ones were left out because nobody could name them.
        """
        return [name for name in self._names() if name.isprintable() and not _taken(name)]

    def misnamed(self) -> list[str]:
        """Say of each script whose name cannot be printed that it is no lesson."""
        names = self._names()
        return [
            f"{self.lessons}/{name!a}.py: a lesson's name must be text on one line (this one "
            "holds bytes or signs that cannot be printed). Rename the file."
            for name in names
            if not name.isprintable()
        ] + [
            f"{self.lessons}/{name}.py: the page of every lesson's notebook has this name. "
            "Rename the file."
            for name in names
            if _taken(name)
        ]

    def _names(self) -> list[str]:
        if not self.lessons_folder.is_dir():
            raise UsageError(
                f"no folder of lessons at {self.lessons_folder}: make it, or name another under "
                "[tool.lessonkit] in pyproject.toml."
            )
        paths = (p.relative_to(self.lessons_folder) for p in self.lessons_folder.rglob("*.py"))
        plain = (p for p in paths if not any(part.startswith(("_", ".")) for part in p.parts))
        plain = (p for p in plain if not os.path.isdir(self.lessons_folder / p))
        return sorted(p.with_suffix("").as_posix() for p in plain)

    def script(self, lesson: str) -> Path:
        """Return the script of a lesson, or say which lessons there are."""
        path = self.lessons_folder / f"{lesson}.py"
        hidden = any(not part or part[0] in "_." for part in lesson.split("/"))
        # A link that leads nowhere is a lesson, too: one that cannot be read.
        if hidden or not os.path.lexists(path) or os.path.isdir(path):
            known = ", ".join(self.lesson_names()) or "none"
            hint = self.meant(lesson)
            raise UsageError(f"lesson {lesson!r} not found; {hint}the lessons are: {known}.")
        return path

    def meant(self, lesson: object) -> str:
        """Ask "did you mean …? " of a lesson that does not exist; "" if none is called alike."""
        import difflib  # only whoever misspells waits for it

        bare = str(lesson).removesuffix(".py").strip("/")
        names = self.lesson_names()
        under = bare.removeprefix(f"{self.lessons}/")
        close = [name for name in names if name == under or name.endswith(f"/{bare}")]
        close = close or difflib.get_close_matches(under, names, n=1)
        return f"did you mean {' or '.join(map(repr, close))}? " if close else ""


def _taken(lesson: str) -> bool:
    """Say whether a lesson is called as the page of every lesson's notebook is."""
    return lesson.rpartition("/")[2] == "notebook"


def load(start: Path | None = None) -> Settings:
    """Read the settings of the project around `start` (default: the working folder).

    Raises:
        UsageError: no pyproject.toml above, or an unknown or mistyped setting.
    """
    start = (start or Path.cwd()).resolve()
    for root in (start, *start.parents):
        file = root / "pyproject.toml"
        if file.is_file():
            return _read(root, file)
    raise UsageError(
        f"no pyproject.toml in {start} or above it: run lessonkit inside a project, or create one "
        "with a table [tool.lessonkit]."
    )


def _read(root: Path, file: Path) -> Settings:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("lessonkit", {})
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not valid TOML: {error}") from None
    known = {field.name: field.default for field in fields(Settings) if field.name != "root"}
    for name, value in table.items():
        if name not in known:
            raise UsageError(
                f"{file}: unknown setting {name!r} in [tool.lessonkit]; "
                f"the settings are: {', '.join(known)}."
            )
        wanted = (int, float) if isinstance(known[name], float) else type(known[name])
        if name == "parts" and isinstance(value, dict):
            value = [(folder, str(title)) for folder, title in value.items()]
        value = tuple(value) if isinstance(value, list) else value
        named = name == "parts" or not isinstance(value, tuple)  # else it must be a list of names
        listed = named or all(isinstance(item, str) for item in value)
        if isinstance(value, bool) or not isinstance(value, wanted) or not listed:
            raise UsageError(
                f"{file}: setting {name!r} in [tool.lessonkit]: expected something like "
                f"{known[name]!r}, got {value!r}."
            )
        if name == "threads" and int(str(value)) < 1:
            raise UsageError(f"{file}: setting 'threads': expected at least 1, got {value}.")
        table[name] = value
    made = Settings(root, **table)
    if made.pages_folder.resolve().is_relative_to(made.lessons_folder.resolve()):
        raise UsageError(
            f"{file}: pages ({made.pages!r}) lie in the folder of lessons ({made.lessons!r}), and "
            "the scripts laid out there would be lessons, too: expected folders apart, such as "
            '"lessons" and "docs".'
        )
    return made
