"""What happens beside `mkdocs serve`: stale lessons run, and the site is told when they are."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

from lessonkit.press.run import standing
from lessonkit.press.settings import PressError, Settings

log = logging.getLogger("mkdocs.plugins.lessonkit")


def wake(project: Settings) -> Path:
    """Touch the file that is watched, and return it; where nothing can be written, nothing runs."""
    file = project.store_folder / "wake"
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(time.time()), encoding="utf-8")
    return file


class Author:
    """Runs what is stale beside the server, one batch at a time."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.running: frozenset[str] = frozenset()  # the lessons of the batch

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
        wake(project)
