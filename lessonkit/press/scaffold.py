"""What an author begins with: a lesson with its page, or a whole small course."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from string import Template

from lessonkit.press import settings
from lessonkit.press.settings import PressError, Settings, UsageError
from lessonkit.press.site import configured

FIRST = "random_walk"  # the lesson of a new course


def write(project: Settings, lesson: str) -> list[Path]:
    """Write script and page of a new lesson and return where they are.

    Raises:
        UsageError: a name that does not work everywhere, or one of the files is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*", lesson):
        raise UsageError(
            f"lesson {lesson!r}: expected small letters, digits, _ and /, as in training/dropout."
        )
    files = _lesson(project, lesson)
    for path in files:
        if path.exists():
            raise UsageError(f"{path} exists already; nothing was written.")
    _write(files)
    return list(files)


@dataclass
class Beginning:
    """What a folder lacks to be a course."""

    files: dict[Path, str] = field(default_factory=dict)  # to be written
    asks: list[str] = field(default_factory=list)  # of files that are there, which stay as they are

    def write(self) -> None:
        """Write the files.

        Raises:
            PressError: one of them cannot be written.
        """
        _write(self.files)


def begin(root: Path) -> Beginning:
    """Say what a folder lacks to be a course with a first lesson; nothing is overwritten.

    Raises:
        UsageError: its pyproject.toml cannot be read.
    """
    made = Beginning()
    config = configured.read(root)
    pages = str((config or {}).get("docs_dir") or "docs")
    words = {"name": root.name.replace("-", " ").replace("_", " ").capitalize() or "My course"}
    table = _table(root / "pyproject.toml")
    if table is None:
        lines = _filled("pyproject.toml.txt", pages=pages)
        if (root / "pyproject.toml").exists():
            made.asks.append(f"pyproject.toml has no table [tool.lessonkit]; add to it:\n\n{lines}")
        else:
            made.files[root / "pyproject.toml"] = lines
        project = Settings(root, pages=pages)
    else:
        project = settings.load(root)
    words["pages"] = project.pages
    made.asks += _asked_of_mkdocs(root, config, project)
    if not (root / configured.FILE).exists():
        quoted = {**words, "name": json.dumps(words["name"], ensure_ascii=False)}
        made.files[root / configured.FILE] = _filled("mkdocs.yml.txt", **quoted)
    _add_pages(made, project, words)
    ignored = _filled("gitignore.txt", **words).splitlines()
    _add_ignored(made, root / ".gitignore", ignored)
    return made


def _table(file: Path) -> object:
    """Return the table [tool.lessonkit] of a project; None if it has none."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("lessonkit")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as TOML: {error}. Mend it first.") from None


def _asked_of_mkdocs(root: Path, config: dict[str, object] | None, project: Settings) -> list[str]:
    if not (root / configured.FILE).exists():
        return []
    if config is None:
        return [f"{configured.FILE} cannot be read as YAML: mend it first"]
    asked = []
    if not configured.names_plugin(config):
        line = "`  - lessonkit` under `plugins:`"
        if "plugins" not in config:
            line = "`plugins: [search, lessonkit]`"
        asked.append(f"{configured.FILE} does not name the plugin; add {line}")
    if str(config.get("docs_dir") or "docs").rstrip("/") != project.pages.rstrip("/"):
        asked.append(
            f"{configured.FILE} and [tool.lessonkit] disagree on where pages lie; write "
            f"`docs_dir: {project.pages}` there, or another `pages` here"
        )
    return asked


def _add_pages(made: Beginning, project: Settings, words: dict[str, str]) -> None:
    """Add a home page where there is none, and a first lesson where there is none."""
    homes = [project.pages_folder / name for name in ("index.md", "README.md")]
    if not any(home.exists() for home in homes):
        made.files[homes[0]] = _filled("index.md.txt", **words)
    if not (project.lessons_folder.is_dir() and project.lesson_names()):
        files = _lesson(project, FIRST)
        made.files |= {path: text for path, text in files.items() if not path.exists()}


def _add_ignored(made: Beginning, file: Path, lines: list[str]) -> None:
    if not file.exists():
        made.files[file] = "\n".join(lines) + "\n"
        return
    there = {line.strip().strip("/") for line in file.read_text("utf-8", "replace").splitlines()}
    missing = [line for line in lines if line.strip("/") not in there]
    if missing:
        made.asks.append(f"{file.name} lets git take what is generated; add {' '.join(missing)}")


def _lesson(project: Settings, lesson: str) -> dict[Path, str]:
    """Return the files of a new lesson."""
    script = project.lessons_folder / f"{lesson}.py"
    page = project.pages_folder / f"{lesson.replace('_', '-')}.md"
    words = {
        "lesson": lesson,
        "stem": lesson.rsplit("/", 1)[-1].replace("_", "-"),
        "script": f"{project.lessons}/{lesson}.py",
    }
    return {script: _filled("lesson.py.txt", **words), page: _filled("page.md.txt", **words)}


def _filled(template: str, **words: str) -> str:
    text = (resources.files("lessonkit.press") / "templates" / template).read_text("utf-8")
    return Template(text).substitute(words)


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as new:  # never over what came in between
                new.write(text)
        except OSError as error:
            raise PressError(f"{path}: cannot be written: {error.strerror or error}.") from None
