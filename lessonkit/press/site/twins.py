"""Pages of notebooks: mkdocs-jupyter renders each once, and is at hand only where one is new.

Importing mkdocs-jupyter's world (nbconvert, jupytext and what they bring) takes as long as building
a small site. Here something else stands in its place until a notebook is rendered that nobody has
rendered before; what it made is kept in the project's memo under everything that decides it. The
plugin's own cache, which believes whatever lies in it, is switched off.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import sys
from collections.abc import Callable
from functools import cached_property, lru_cache, partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from lessonkit.press import memo
from lessonkit.press.course.pages import TWIN
from lessonkit.press.page import formulas, language
from lessonkit.press.site import slim
from lessonkit.press.site.bytecode import Bytecode
from lessonkit.press.site.copies import PLACE, Copies

log = logging.getLogger("mkdocs.plugins.lessonkit")
PLUGIN = "mkdocs-jupyter"
_CONVERT = "mkdocs_jupyter.convert"
_PLUGIN_MODULE = "mkdocs_jupyter.plugin"
_MAKERS = (
    PLUGIN,
    "latex2mathml",
    "nbconvert",
    "mistune",
    "pygments",
    "beautifulsoup4",
    "jupytext",
    "nbformat",
)


class _Later(ModuleType):
    """Stands for a module that is imported when somebody wants something of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # whoever only looks around
            raise AttributeError(name)
        return getattr(_imported(self.__name__), name)


def _imported(name: str) -> ModuleType:
    if isinstance(sys.modules.get(name), _Later):
        del sys.modules[name]
    return importlib.import_module(name)


def postpone() -> None:
    """Let mkdocs-jupyter be loaded without its world; to be called before MkDocs loads it."""
    for name in ("jupytext", _CONVERT):
        if name not in sys.modules:
            sys.modules[name] = _Later(name)


def take_over(plugins: Any, memo_folder: Path, copies: Copies) -> None:
    """Let mkdocs-jupyter render through the project's memo, and of our files only the twins.

    Args:
        plugins: of MkDocs' configuration.
        memo_folder: of the project.
        copies: of the generated files, the twins among them.
    """
    for plugin in plugins.values():
        if type(plugin).__module__ == _PLUGIN_MODULE:
            plugin.config["cache"] = False
            plugin.should_include = partial(_wanted, plugin.should_include)
            sys.modules[_PLUGIN_MODULE].convert = Twins(memo_folder, copies)  # type: ignore[attr-defined]


def _wanted(theirs: Callable[[Any], bool], file: Any) -> bool:
    """Leave notebooks and scripts that are there to be downloaded as they are."""
    if file.src_uri.startswith(PLACE):
        return bool(lesson_of(file.src_uri))
    return theirs(file)


def lesson_of(path: str) -> str:
    """Return the lesson whose twin lies here below the folder of pages; "" if it is none."""
    if path.startswith(PLACE) and path.endswith(f"/{TWIN}"):
        return path.removeprefix(PLACE).removesuffix(f"/{TWIN}")
    return ""


class Twins:
    """What mkdocs-jupyter asks for a notebook's HTML and for its headings."""

    def __init__(self, memo_folder: Path, copies: Copies) -> None:
        self.memo_folder = memo_folder
        self.copies = copies

    def nb2html(self, path: str, **options: Any) -> str:
        """Return a notebook's page; an .ipynb's without what does not belong to it."""
        name = self.copies.shown(path)
        if name != path:  # one of ours: it has run, whatever others do
            options["execute"] = False

        def make() -> str:
            html = self._convert.nb2html(path, **options)
            return slim.slim(html) if path.endswith(".ipynb") else html

        if options.get("execute"):  # its outputs depend on more than the notebook
            return make()
        html = self._recall(path, sorted(options.items()), make)
        for complaint in slim.complaints(html):
            log.warning("%s: %s", name, complaint)
        return html

    def nb2md(self, path: str) -> str:
        """Return a notebook's text, in which its headings stand."""
        return self._recall(path, "headings", lambda: self._convert.nb2md(path))

    def _recall(self, path: str, asked: Any, make: Callable[[], str]) -> str:
        content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        kind, typesetter = Path(path).suffix, memo.digest_of(formulas.__file__)
        ingredients = [content, kind, repr(asked), _versions(), typesetter, language.spoken()]
        return memo.recall(self.memo_folder, slim.__file__, ingredients, make)

    @cached_property
    def _convert(self) -> Any:
        _find_templates()
        module = _imported(_CONVERT)
        exporter = sys.modules["nbconvert.exporters.templateexporter"]
        # Each notebook gets an environment of its own, in which it compiles the same templates.
        exporter.Environment = partial(  # type: ignore[attr-defined]
            exporter.Environment, bytecode_cache=Bytecode(self.memo_folder)
        )
        return module


def _find_templates() -> None:
    """Tell nbconvert where its own templates are: it looks only beside the running Python."""
    for file in metadata.files("nbconvert") or ():
        if file.as_posix().endswith("share/jupyter/nbconvert/templates/lab/conf.json"):
            folder = str(Path(str(file.locate())).resolve().parents[3])
            known = os.environ.get("JUPYTER_PATH")
            os.environ["JUPYTER_PATH"] = os.pathsep.join([known, folder] if known else [folder])


@lru_cache(maxsize=1)
def _versions() -> str:
    return " ".join(f"{name} {_version(name)}" for name in _MAKERS)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
