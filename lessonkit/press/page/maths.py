"""Formulas become MathML while the page is built: browsers draw it, and no script is needed.

The Markdown extension replaces what `pymdownx.arithmatex` marked in its generic form: `\\(…\\)` in
a line, `\\[…\\]` on its own. A formula that cannot be read is reported with file and line, and
shows as an error on the page.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from lessonkit.press.page.embed import Where
from lessonkit.press.settings import PressError

log = logging.getLogger("mkdocs.plugins.lessonkit")

_MARKED = "arithmatex"
_SPACE = "{http://www.w3.org/1998/Math/MathML}"
_PRIMES = ("′", "″", "‴")
_ROWS = ("math", "mrow", "mstyle", "mtd", "msqrt")  # what sets its parts side by side
_SPACED = ("mo", "mspace")  # bring their own space, or none
_BRACE = re.compile(r"\\.|([{}])", re.S)


class MathsError(PressError):
    """A formula that cannot be typeset."""


def formula(latex: str, *, block: bool = False) -> ElementTree.Element:
    """Return a formula as MathML that carries its LaTeX along, for whoever copies it.

    Raises:
        MathsError: the braces do not match, or a command is unknown.
    """
    _check_braces(latex)
    try:
        tree = ElementTree.fromstring(convert(latex))
    except Exception as error:  # latex2mathml's own have no common base and often no words
        reason = " ".join([re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__), str(error)])
        raise _unreadable(latex, reason.strip()) from None
    for node in reversed(list(tree.iter())):  # from the leaves down
        node.tag = node.tag.removeprefix(_SPACE)
        _mend(node, latex)
    made = ElementTree.Element("math", {"display": "block"} if block else {})
    meaning = ElementTree.SubElement(made, "semantics")
    meaning.extend([_lean(part) for part in tree])
    # The search would find every formula twice.
    source = {"encoding": "application/x-tex", "data-search-exclude": ""}
    ElementTree.SubElement(meaning, "annotation", source).text = latex.strip()
    return made


def typeset(marked: str) -> ElementTree.Element:
    r"""Return `\(…\)` or `\[…\]` as MathML.

    Raises:
        MathsError: it cannot be read.
    """
    marked = marked.strip()
    return formula(marked[2:-2], block=marked.startswith("\\["))


def html(marked: str) -> str:
    r"""Return `\(…\)` or `\[…\]` as HTML, in the box that the Markdown extension makes, too.

    Raises:
        MathsError: it cannot be read.
    """
    box = ElementTree.Element("span")
    _fill(box, typeset(marked))
    return ElementTree.tostring(box, encoding="unicode", method="html")


def _check_braces(latex: str) -> None:
    """Refuse what TeX refuses: the library would close what stands open."""
    open_braces = 0
    for brace in _BRACE.findall(latex):
        open_braces += {"{": 1, "}": -1, "": 0}[brace]
        if open_braces < 0:
            break
    if open_braces:
        raise _unreadable(latex, "its braces do not match")


def _mend(node: ElementTree.Element, latex: str) -> None:
    """Set right what the library writes otherwise than TeX would set it."""
    text = node.text or ""
    if node.tag in ("mi", "mo") and re.fullmatch(r"\\\w+", text):
        raise _unreadable(latex, f"{text} is not known")
    if node.tag == "mo" and re.fullmatch(r"\w{2,}", text):
        node.tag = "mi"  # a name such as ReLU stands close to its bracket
    if node.tag == "mo" and text in (".", "/"):
        node.attrib |= {"lspace": "0", "rspace": "0"}
    if node.tag == "msup" and len(node) == 2 and (node[1].text or "") in _PRIMES:
        node.tag = "mrow"  # a prime is raised as it is
        node[1].tag, node[1].attrib = "mo", {"lspace": "0", "rspace": "0"}
    if node.tag in _ROWS:
        _space_names(node)


def _space_names(row: ElementTree.Element) -> None:
    """Put thin spaces around the names of functions, as in ln 6."""
    for place in range(len(row) - 2, -1, -1):
        pair = row[place : place + 2]
        if any(map(_is_name, pair)) and not any(part.tag in _SPACED for part in pair):
            row.insert(place + 1, ElementTree.Element("mspace", {"width": "0.167em"}))


def _is_name(node: ElementTree.Element) -> bool:
    """Say whether this is a name such as ln, or a power of one."""
    core = node[0] if node.tag in ("msup", "msub", "msubsup") and len(node) else node
    return core.tag == "mi" and len(core.text or "") > 1


def _lean(node: ElementTree.Element) -> ElementTree.Element:
    """Return a tree without rows of one: nothing is drawn for them."""
    node[:] = [_lean(part) for part in node]
    return node[0] if node.tag == "mrow" and len(node) == 1 else node


def _unreadable(latex: str, reason: str) -> MathsError:
    shown = " ".join(latex.split())
    return MathsError(
        f"formula ${shown}$ cannot be typeset: {reason}. Expected LaTeX that latex2mathml reads "
        "(https://pypi.org/project/latex2mathml); write it otherwise."
    )


def _fill(box: ElementTree.Element, made: ElementTree.Element) -> None:
    """Put a formula into its box."""
    block = made.get("display") == "block"
    box.attrib = {"class": "lk-formula"} if block else {"class": "lk-maths"}
    box.text = None
    box[:] = [made]


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
                    _fill(box, typeset(box.text))
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
        # Behind `toc` (5), which takes the text of headings; before what is escaped comes back (0).
        md.treeprocessors.register(_Typesetter(md, lines, self.place), "lessonkit-maths", 1)


def makeExtension(**configs: Any) -> MathsExtension:  # noqa: N802 - the same
    """Return the extension, as Python-Markdown asks for it."""
    return MathsExtension(**configs)
