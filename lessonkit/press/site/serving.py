"""What happens beside `mkdocs serve`: what lessons depend on is watched, and what is stale runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lessonkit.press.course import statements
from lessonkit.press.lesson.source import source
from lessonkit.press.run import standing
from lessonkit.press.settings import PressError, Settings

log = logging.getLogger("mkdocs.plugins.lessonkit")
_POLL = 0.05  # seconds


def wake(project: Settings) -> Path:
    """Touch the file that is watched, and return it; where nothing can be written, nothing runs."""
    file = project.store_folder / "wake"
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(time.time()), encoding="utf-8")
    return file


class Watched:
    """What asks for another build: MkDocs' own watches, and all that lessons depend on.

    Args:
        server: MkDocs' live-reload server.
        project: the settings.
        config: of MkDocs, which watches its docs_dir already.
    """

    def __init__(self, server: Any, project: Settings, config: Any) -> None:
        self.server = server
        self.paths: set[Path] = set()
        generated = project.generated_folder.resolve()
        schedule = server.observer.schedule

        def heeding(handler: Any, path: str, **options: Any) -> Any:
            """Schedule a handler that is not told of what builds and runs write themselves."""
            told = handler.on_any_event

            def tell(event: Any) -> None:
                changed = Path(str(event.src_path))
                if "__pycache__" not in changed.parts and not changed.is_relative_to(generated):
                    told(event)

            handler.on_any_event = tell
            return schedule(handler, path, **options)

        server.observer.schedule = heeding
        server.unwatch(config["docs_dir"])
        server.watch(config["docs_dir"])
        server.watch(str(wake(project)))

    def follow(self, project: Settings, theme: Path | None) -> None:
        """Watch what lessons depend on now; called before each build, for there may be more.

        Args:
            project: the settings.
            theme: the folder of the theme's corrections, if there is one.
        """
        folders = (project.lessons_folder, project.replications_folder, theme)
        for folder in folders:
            self._watch(folder, recursive=True)
        files = [project.root / name for name in ("pyproject.toml", statements.FILE)]
        for file in (*files, *_reached(project)):
            if not any(file.is_relative_to(folder) for folder in folders if folder):
                self._watch(file if file.parent == project.root else file.parent, recursive=False)

    def _watch(self, path: Path | None, *, recursive: bool) -> None:
        if path is not None and path.exists() and path not in self.paths:
            self.paths.add(path)
            self.server.watch(str(path), recursive=recursive)


def _reached(project: Settings) -> Iterator[Path]:
    """Yield the files of the project on which lessons depend; what is installed stays as it is."""
    for name in project.lesson_names():
        try:
            code = source(project, name)
        except (PressError, OSError):  # its standing says so
            continue
        for path in (*code.places.values(), *(project.root / file for file in code.files)):
            if path.is_relative_to(project.root) and "site-packages" not in path.parts:
                yield path


class Author:
    """Runs what is stale beside the server, one batch at a time."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.running: frozenset[str] = frozenset()  # the lessons of the batch
        self.server: Any = None  # when there is one

    def start(self, project: Settings) -> None:
        """Run stale and missing lessons; one that failed waits until its code changes."""
        if self.thread and self.thread.is_alive():
            return
        try:
            found = standing.standings(project)
        except PressError as error:
            log.error("%s", error)
            return
        planned = [lesson for lesson in found if lesson.state in ("stale", "missing")]
        if planned:
            self.running = frozenset(lesson.lesson for lesson in planned)
            self.thread = threading.Thread(target=self._run, args=(project, planned), daemon=True)
            self.thread.start()

    def _run(self, project: Settings, planned: list[standing.Standing]) -> None:
        names = ", ".join(lesson.lesson for lesson in planned)
        log.info("running %s", names)
        try:
            standing.build(project, planned)
        except PressError as error:
            log.error("%s", error)
        finally:
            self.running = frozenset()
        log.info("done: %s", names)
        while self.server is None or not self.server.observer.is_alive():
            time.sleep(_POLL)  # a quick lesson is done before somebody would see the file change
        wake(project)
