"""What pages need of MkDocs, brought where the author's own configuration is silent.

One line among the plugins is enough: styles, scripts, Markdown extensions and the notebooks' plugin
come with it. What mkdocs.yml says itself stays as it says it.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from mkdocs.config import config_options
from mkdocs.exceptions import PluginError
from pathspec.gitignore import GitIgnoreSpec

from lessonkit.press.course.pages import TWIN
from lessonkit.press.page import maths
from lessonkit.press.site import twins
from lessonkit.press.site.downloads import SCRIPTS, STYLES

EMBED = ("lessonkit.press.embed", "lessonkit")  # the names of our Markdown extension
# What scaffolded pages and those of a course are written in.
_EXTENSIONS: dict[str, dict[str, Any]] = {
    "admonition": {},
    "attr_list": {},
    "def_list": {},
    "footnotes": {},
    "md_in_html": {},
    "tables": {},
    "pymdownx.details": {},
    "pymdownx.highlight": {},
    "pymdownx.inlinehilite": {},
    "pymdownx.superfences": {},
    "pymdownx.tabbed": {"alternate_style": True},
}
_MATHS: dict[str, dict[str, Any]] = {"pymdownx.arithmatex": {"generic": True}, maths.__name__: {}}
_TYPESETS = re.compile("math|matex|katex")
# Extensions that bring others along, or stand in their place.
_BRING = {
    "extra": {"attr_list", "def_list", "footnotes", "md_in_html", "tables"},
    "pymdownx.extra": {"attr_list", "def_list", "footnotes", "md_in_html", "tables"}
    | {"pymdownx.superfences"},
    "codehilite": {"pymdownx.highlight"},
}
_NOTEBOOKS = {
    "ignore": ["*.md"],  # else it opens every page to see whether it is a notebook
    "include": [TWIN],
    "execute": False,
    "allow_errors": False,
    "no_prompt": True,
}


def bring(config: Any) -> None:
    """Complete MkDocs' configuration.

    Raises:
        PluginError: the plugin that renders notebooks is not installed.
    """
    config["extra_css"][:0] = _missing(STYLES, config["extra_css"])  # the author's come after
    scripts = _missing(SCRIPTS, config["extra_javascript"])
    made = [
        config_options.ExtraScript().run_validation({"path": p, "defer": True}) for p in scripts
    ]
    config["extra_javascript"][:0] = made
    theirs = config["not_in_nav"].patterns if config["not_in_nav"] else []
    generated = GitIgnoreSpec.from_lines(["/generated/"]).patterns
    config["not_in_nav"] = GitIgnoreSpec([*theirs, *generated])
    _extend(config["markdown_extensions"], config["mdx_configs"])
    _render_notebooks(config["plugins"])


def _missing(names: tuple[str, ...], listed: Any) -> list[str]:
    there = [str(path).lstrip("/") for path in listed]
    return [path for path in (f"generated/{name}" for name in names) if path not in there]


def _extend(names: list[str], options: dict[str, Any]) -> None:
    """Add the Markdown extensions that are neither there nor brought by another one."""
    there = {name.removeprefix("markdown.extensions.") for name in names}
    for name in tuple(there):
        there |= _BRING.get(name, set())
    wanted = dict(_EXTENSIONS)
    if maths.__name__ in there or not any(map(_TYPESETS.search, there)):
        wanted |= _MATHS  # else formulas are the author's own business
    for name in (name for name in wanted if name not in there):
        names.append(name)
        options.setdefault(name, copy.deepcopy(wanted[name]))
    if not there.intersection(EMBED):
        names.append(EMBED[0])


def _render_notebooks(plugins: Any) -> None:
    if twins.PLUGIN in plugins:
        return
    try:
        from mkdocs_jupyter.plugin import Plugin
    except ImportError:
        raise PluginError(
            "plugin lessonkit: notebooks are rendered by mkdocs-jupyter, which is not installed: "
            "pip install 'lessonkit[site]'."
        ) from None
    plugin = Plugin()
    plugin.load_config(copy.deepcopy(_NOTEBOOKS))
    plugins[twins.PLUGIN] = plugin
