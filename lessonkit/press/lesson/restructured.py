"""Texts written for Sphinx, as Markdown: docutils reads them, and `doctree` says them anew.

What only Sphinx knows (`:func:`, `.. versionadded::`) is read by its shape: the words stay, names
of code are set as code, and no markup is left over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lessonkit.press.lesson import doctree

_CUT = "lessonkit-cut"  # a directive of our own between two texts


def markdown(texts: Sequence[str]) -> list[str]:
    """Translate the texts of one script, in order; what one defines, the others may refer to."""
    spoken = [text for text in texts if text]
    whole = f"\n\n.. {_CUT}::\n\n".join(spoken)
    made = _translated(whole).split(doctree.SEAM) if spoken else []
    if len(made) != len(spoken):  # a text that does not end swallowed a seam
        made = [_translated(text) for text in spoken]
    found = iter(made)
    return [next(found).strip("\n") if text else "" for text in texts]


def _translated(text: str) -> str:
    from docutils.core import publish_doctree

    quiet = {
        "report_level": 5,
        "halt_level": 5,
        "doctitle_xform": False,
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "syntax_highlight": "none",
        "_disable_config": True,
    }
    with _sphinx_words():
        tree = publish_doctree(text, settings_overrides=quiet)
    return doctree.markdown(tree)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MACHINES = _names(
    """
    raw role contents toctree currentmodule minigallery index meta autosummary autofunction
    autoclass automodule highlight sectionauthor codeauthor tags include default-role ipython
    plot bibliography footbibliography
    """
)
_CODE = _names("code code-block sourcecode prompt parsed-literal console")
_FRAMES = _names("only grid tab-set hlist card-carousel")
_BOXES = {
    "seealso": "See also",
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "todo": "To do",
}
_WORDS = _names("ref doc term numref eq download any sup sub emphasis strong abbr")

_SIGNS = ("octicon", "fa", "material-")  # pictures of somebody's theme


@contextmanager
def _sphinx_words() -> Iterator[None]:
    """Let docutils know every directive and every role, as long as this lasts."""
    from docutils.parsers.rst import directives, roles

    directive, role = directives.directive, roles.role
    ours = _MACHINES | _CODE | {"image", "figure", "math", _CUT}

    def any_directive(name: str, *around: Any) -> Any:
        found, said = (None, []) if name in ours else directive(name, *around)
        return found or _directive(), [] if found is None else said

    def any_role(name: str, *around: Any) -> Any:
        found, said = role(name, *around)
        return found or _role, [] if found is None else said

    directives.directive, roles.role = any_directive, any_role
    try:
        yield
    finally:
        directives.directive, roles.role = directive, role


def _role(name: str, raw: str, text: str, *_: Any) -> Any:
    """Read a role that docutils does not know: code, unless it is known to be words."""
    from docutils import nodes, utils

    if name.startswith(_SIGNS):
        return [], []
    label, _, target = utils.unescape(text).partition("<")
    shown = label.strip() if target else text.lstrip("!").strip()
    if not target and shown.startswith("~"):
        shown = shown[1:].rpartition(".")[2]
    words = name.rpartition(":")[2] in _WORDS and (target or name not in ("ref", "doc"))
    return [nodes.inline(raw, shown) if words else nodes.literal(raw, shown)], []


def _directive() -> Any:
    """Make the directive that stands for all that docutils does not know."""
    from docutils import nodes
    from docutils.parsers.rst import Directive, directives

    class Options(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            return directives.unchanged

    class Anything(Directive):
        optional_arguments = 1
        final_argument_whitespace = True
        has_content = True
        option_spec = Options(class_=directives.unchanged)

        def run(self) -> list[Any]:
            said, body = " ".join(self.arguments), "\n".join(self.content)
            if self.name == _CUT:
                return [nodes.comment(doctree.SEAM, doctree.SEAM, cut=True)]
            if self.name in _CODE:
                return [nodes.literal_block(body, body, language=said)]
            if self.name == "math":
                whole = "\n\n".join(part for part in (*self.arguments, body) if part)
                return [nodes.math_block(whole, whole)]
            if self.name in _MACHINES:
                return []
            if self.name in ("image", "figure"):
                return self._picture(said)
            if self.name in _BOXES:
                return [self._box(_BOXES[self.name])]
            if self.name in _FRAMES:
                return self._read(self.content)
            lead = self.state.inline_text(said, self.lineno)[0] if said else []
            return [nodes.paragraph("", "", nodes.strong("", "", *lead))] * bool(lead) + self._read(
                self.content
            )

        def _read(self, content: Any) -> list[Any]:
            inside = nodes.container()
            self.state.nested_parse(content, self.content_offset, inside)
            return inside.children

        def _box(self, title: str) -> Any:
            """Read a version, a first sentence or both behind the name of a box."""
            said = self.arguments[0] if self.arguments else ""
            if "version" in title:
                version, _, said = said.partition(" " if " " in said.split("\n")[0] else "\n")
                title = f"{title} {version}"
            lead = self.state.inline_text(said, self.lineno)[0] if said.strip() else []
            first = [nodes.paragraph("", "", *lead)] if lead else []
            return nodes.admonition(
                "", nodes.title(title, title), *first, *self._read(self.content)
            )

        def _picture(self, uri: str) -> list[Any]:
            words = self.options.get("alt", "") or "picture"
            return [nodes.image("", uri=uri, alt=words), *self._read(self.content)]

    return Anything
