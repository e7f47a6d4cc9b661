"""Where MkDocs' configuration and the project's settings must agree, and what cannot work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lessonkit.press.settings import Settings, UsageError
from lessonkit.press.site.downloads import STYLES


def check(config: Any, project: Settings) -> None:
    """Refuse, in one line, a configuration under which pages would come out wrong.

    Args:
        config: MkDocs'.
        project: the settings.

    Raises:
        UsageError: pages are looked for in two places, the site would be written over sources or
            without what lessons published, or the plugin is there twice.
    """
    docs, site = (_real(config[name]) for name in ("docs_dir", "site_dir"))
    if docs != _real(project.pages_folder):
        raise UsageError(
            f"mkdocs.yml has `docs_dir: {_below(project.root, docs)}`, and [tool.lessonkit] in "
            f"pyproject.toml has `pages = {project.pages!r}`: expected the same folder. Write "
            f'`pages = "{_below(project.root, docs)}"`, or another docs_dir.'
        )
    store = project.root / project.store
    ours = (project.lessons_folder, store, project.replications_folder, project.pages_folder)
    for folder in map(_real, ours):  # MkDocs empties the site's folder before it builds
        if site.is_relative_to(folder) or folder.is_relative_to(site):
            raise UsageError(
                f"`site_dir: {_below(project.root, site)}` would mix the site with what lies in "
                f"{_below(project.root, folder)}: expected a folder of its own, such as "
                "`site_dir: site`."
            )
    left_out = config["exclude_docs"]
    if left_out and left_out.match_file(f"generated/{STYLES[0]}"):
        raise UsageError(
            "`exclude_docs:` leaves out generated/, where all that pages show of lessons lies: "
            "expected another pattern; to keep it out of the navigation nothing is needed."
        )
    twice = [name for name in config["plugins"] if name.partition(" ")[0] == "lessonkit"]
    if len(twice) > 1:
        raise UsageError("it is named twice under `plugins:`: expected once; remove one.")


def _real(folder: str | Path) -> Path:
    return Path(os.path.realpath(folder))  # Path.resolve has no word for a link to itself


def _below(root: Path, folder: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
