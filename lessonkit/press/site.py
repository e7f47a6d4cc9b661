"""The MkDocs plugin: a few events that hand the press what MkDocs knows.

`mkdocs build` never runs a lesson; it lays out what the chosen runs hold and warns (so that
`--strict` fails) about everything that must not be published. `mkdocs serve` runs what an edit made
stale, beside the server.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

from mkdocs.plugins import BasePlugin

from lessonkit.press import build, check, course, embed, notebooks, pages, publish, settings
from lessonkit.press.settings import PressError

log = logging.getLogger("mkdocs.plugins.lessonkit")
_SHEET = "assets/notebook.css"


class LessonkitPlugin(BasePlugin):
    """`plugins: [lessonkit]`."""

    def __init__(self) -> None:
        super().__init__()
        self.serving = False
        self.author = _Author()
        self.sheet: str | None = None

    def on_startup(self, *, command: str, **_: Any) -> None:
        """Remember whether somebody is writing."""
        self.serving = command == "serve"

    def on_config(self, config: Any) -> Any:
        """Find the project around the configuration file."""
        self.settings = settings.load(Path(config["config_file_path"]).parent)
        return config

    def on_pre_build(self, **_: Any) -> None:
        """Lay out the runs, and say what is wrong with them."""
        if self.serving:
            self.author.start(self.settings)
        now = course.current(self.settings, fresh=True)
        try:
            publish.publish(now)
        except PressError as error:
            log.error("%s", error)
        for finding in (*check.lessons(now), *check.structure(now)):
            log.warning("%s", finding)

    def on_pre_page(self, page: Any, **_: Any) -> Any:
        """Keep notebook twins out of the search, and give them a description."""
        if page.file.src_path.endswith(".ipynb"):
            lesson = page.file.src_uri.removeprefix("generated/").rpartition("/")[0]
            page.meta["search"] = {"exclude": True}
            page.meta["description"] = f"The notebook of the lesson {lesson}, as it ran."
        return page

    def on_page_markdown(self, markdown: str, page: Any, **_: Any) -> str:
        """Tell the Markdown extension which page comes."""
        path = Path(self.settings.pages_folder, page.file.src_uri)
        line = pages.read(self.settings, path).first_line if path.suffix == ".md" else 1
        embed.current_place = embed.Place(
            page.file.src_uri, page.url, page.meta.get("lesson"), line
        )
        return markdown

    def on_page_content(self, html: str, **_: Any) -> str:
        """The page is done."""
        embed.current_place = None
        return html

    def on_post_page(self, output: str, page: Any, **_: Any) -> str:
        """Take the styles that every notebook repeats into one shared file."""
        if not page.file.src_path.endswith(".ipynb"):
            return output
        slimmed, self.sheet = notebooks.slim(output)
        return slimmed

    def on_post_build(self, config: Any, **_: Any) -> None:
        """Write the shared stylesheet of the notebooks."""
        if self.sheet:
            target = Path(config["site_dir"], _SHEET)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.sheet, encoding="utf-8")


class _Author:
    """Runs what is stale beside the server, one batch at a time."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None

    def start(self, project: settings.Settings) -> None:
        """Run stale and missing lessons; one that failed waits until its code changes."""
        if self.thread and self.thread.is_alive():
            return
        try:
            planned = [s for s in build.states(project) if s.state in ("stale", "missing")]
        except PressError as error:
            log.error("%s", error)
            return
        if planned:
            course.running.update(state.lesson for state in planned)
            self.thread = threading.Thread(target=self._run, args=(project, planned), daemon=True)
            self.thread.start()

    def _run(self, project: settings.Settings, planned: list[build.State]) -> None:
        names = ", ".join(state.lesson for state in planned)
        log.info("running %s", names)
        try:
            build.build(project, planned)
        except PressError as error:
            log.error("%s", error)
        finally:
            course.running.clear()
        try:  # publish here, so that the one rebuild that follows finds nothing to write
            publish.publish(course.Course(project))
            wake = project.generated_folder / ".wake"
            wake.write_text(str(time.time()), encoding="utf-8")
        except (PressError, OSError) as error:
            log.error("%s", error)
        log.info("done: %s", names)
