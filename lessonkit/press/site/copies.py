"""What MkDocs publishes in the place of docs/generated: copies for one build, in a private folder.

Whatever happens in docs/generated while a site is built, be it another builder with another
profile, a slip or an intruder, shows on no page.
"""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from lessonkit.press.course.entries import Course
from lessonkit.press.settings import PressError
from lessonkit.press.site import downloads, laid

log = logging.getLogger("mkdocs.plugins.lessonkit")
PLACE = "generated/"  # below the folder of pages, and below the site


class Copies:
    """The generated files of the present build."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory(prefix="lessonkit-")  # goes when the process ends
        self.names: list[str] = []

    def make(self, course: Course) -> None:
        """Make every file anew, and bring docs/generated into line while we are at it.

        Raises:
            PluginError: they cannot be made, or not be written.
        """
        try:
            files = downloads.made(course)
            laid.bring(Path(self.folder.name, PLACE), files)
        except (PressError, OSError) as error:
            raise PluginError(f"plugin lessonkit: {error}") from None
        self.names = [PLACE + path for path in files]
        try:
            laid.lay_out(course.settings, files, log.info)
        except PressError as error:
            # The site has no need of that folder; but if something wrong lies there, others may.
            grave = bool(laid.altered(course.settings, files))
            log.log(logging.ERROR if grave else logging.INFO, "%s", error)

    def hand_over(self, files: Any, config: Any) -> None:
        """Put the copies in the place of whatever MkDocs found in docs/generated."""
        for file in [file for file in files if file.src_uri.startswith(PLACE)]:
            files.remove(file)
        for name in self.names:
            where = config["site_dir"], config["use_directory_urls"]
            files.append(File(name, self.folder.name, *where))

    def shown(self, path: str) -> str:
        """Name a file as its author knows it."""
        return path.replace(f"{self.folder.name}/", "")
