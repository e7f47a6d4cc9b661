"""Formulas become MathML while the page is built: browsers draw it, and no script is needed.

The Markdown extension replaces what `pymdownx.arithmatex` marked in its generic form: `\\(…\\)` in
a line, `\\[…\\]` on its own. A formula that cannot be read is reported with file and line, and
shows as an error on the page.
"""

from __future__ import annotations

import logging
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from lessonkit.press.page.formulas import MathsError, fill, typeset
from lessonkit.press.page.resolving import Where

log = logging.getLogger("mkdocs.plugins.lessonkit")

_MARKED = "arithmatex"


class _Lines(Preprocessor):
    """Remembers the page as it was written, to say where a formula stands."""

    lines: list[str] = []  # noqa: RUF012 - replaced, never filled

    def run(self, lines: list[str]) -> list[str]:
        self.lines = lines
        return lines

    def line_of(self, marked: str) -> int:
        """Return the number of the line on which a formula begins, from 0."""
        wanted = marked.strip()[2:-2].strip().split("\n")[0]
        return next((number for number, line in enumerate(self.lines) if wanted in line), 0)


class _Typesetter(Treeprocessor):
    """Replaces marked formulas by MathML, after everything that reads the page's text."""

    def __init__(self, md: Markdown, lines: _Lines, place: Where) -> None:
        super().__init__(md)
        self.lines, self.place = lines, place

    def run(self, root: Any) -> None:
        for box in root.iter():
            if _MARKED in (box.get("class") or "").split() and box.text:
                try:
                    fill(box, typeset(box.text))
                except MathsError as error:
                    log.warning("%s: %s", self._where(box.text), error)
                    box.attrib = {"class": "lk-error"}

    def _where(self, marked: str) -> str:
        """Return file and line, as far as somebody knows which page is rendered."""
        place, line = self.place(), self.lines.line_of(marked)
        if place is None or place.course is None:
            return f"line {line + 1}"
        return f"{place.course.settings.pages}/{place.path}:{place.first_line + line}"


class MathsExtension(Extension):
    """`markdown_extensions: [lessonkit.press.page.maths]`, beside `pymdownx.arithmatex`.

    Args:
        place: says which page is being rendered, if somebody knows.
    """

    def __init__(self, place: Where = lambda: None, **configs: Any) -> None:
        self.place = place
        super().__init__(**configs)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        lines = _Lines(md)
        md.preprocessors.register(lines, "lessonkit-lines", 28)  # before embeds are replaced
        # Behind all that takes the text of headings (`toc`: 5, MkDocs' titles: 1); before what is
        # escaped comes back (0).
        md.treeprocessors.register(_Typesetter(md, lines, self.place), "lessonkit-maths", 0.5)


def makeExtension(**configs: Any) -> MathsExtension:  # noqa: N802 - the same
    """Return the extension, as Python-Markdown asks for it."""
    return MathsExtension(**configs)
