"""Formulas as MathML, which browsers draw without any script, and as text where nothing else fits.

`$…$` and `\\(…\\)` mean the same in every text of a lesson as they do on its page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from xml.etree import ElementTree

from lessonkit.press.settings import PressError

# A formula within a text: as `pymdownx.arithmatex` reads it, so that 5$ and 6$ are none.
IN_TEXT = re.compile(
    r"(?<![\\$])\$(?![\s$])(?P<latex>(?:\\.|[^$\\\n])*?(?:\\.|[^\s\\$]))\$(?!\d)"
    r"|\\\((?P<round>[^\n]+?)\\\)|\\(?P<dollar>\$)"
)
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
    from latex2mathml.converter import convert  # slow to import, and most pages have no formula

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
    fill(box, typeset(marked))
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


def fill(box: ElementTree.Element, made: ElementTree.Element) -> None:
    """Put a formula into the element that is its box."""
    block = made.get("display") == "block"
    box.attrib = {"class": "lk-formula"} if block else {"class": "lk-maths"}
    box.text = None
    box[:] = [made]


def plain(text: str) -> str:
    r"""Return a text in which formulas are Unicode and `code` has no marks: `$\alpha^2$` is "α²".

    For what is spoken or cannot hold anything but text. A formula that cannot be read stays LaTeX.
    """
    shown = IN_TEXT.sub(lambda found: found["dollar"] or _unicode(latex_of(found), found[0]), text)
    return re.sub(r"`([^`]+)`", r"\1", shown)


def latex_of(found: re.Match[str]) -> str:
    """Return the LaTeX of a formula that was found in a text."""
    return (found["latex"] or found["round"]).replace("\u00a0", " ")


def faults(said: object) -> list[str]:
    """Say what is wrong with the formulas of a text, or of all texts in lists and mappings."""
    if isinstance(said, Mapping):
        return faults(list(said.values()))
    if isinstance(said, list | tuple):
        return [fault for part in said for fault in faults(part)]
    if not isinstance(said, str):
        return []
    wrong = []
    for found in IN_TEXT.finditer(said):
        if not found["dollar"]:
            try:
                formula(latex_of(found))
            except MathsError as error:
                wrong.append(str(error))
    return wrong


@lru_cache(maxsize=512)
def _unicode(latex: str, else_: str) -> str:
    try:
        drawn = formula(latex)[0][0]
    except MathsError:
        return else_
    return " ".join(_flat(drawn).split())


_RAISED = str.maketrans("0123456789+-−()niT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱᵀ")
_LOWERED = str.maketrans("0123456789+-−()aeijknx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎ₐₑᵢⱼₖₙₓ")
_SPACED_OUT = "=<>≤≥≈≠∼∝→∈+−×±∓⇒"


def _flat(node: ElementTree.Element) -> str:
    """Write MathML in a line."""
    if node.tag == "annotation":
        return ""
    if node.tag == "mspace":
        return " "
    parts = [_flat(part) for part in node]
    if node.tag in ("msup", "mover") and len(parts) == 2:
        return parts[0] + (parts[1] if parts[1] in _PRIMES else _small(parts[1], _RAISED, "^"))
    if node.tag in ("msub", "munder") and len(parts) == 2:
        return parts[0] + _small(parts[1], _LOWERED, "_")
    if node.tag in ("msubsup", "munderover") and len(parts) == 3:
        return parts[0] + _small(parts[1], _LOWERED, "_") + _small(parts[2], _RAISED, "^")
    if node.tag == "mfrac":
        return "/".join(_held(part) for part in parts)
    if node.tag == "msqrt":
        return f"√{_held(''.join(parts))}"
    text = (node.text or "").strip() + "".join(parts)
    return f" {text} " if node.tag == "mo" and text in _SPACED_OUT else text


def _small(text: str, letters: dict[int, int], sign: str) -> str:
    bare = text.replace(" ", "")
    if all(ord(letter) in letters for letter in bare):
        return bare.translate(letters)
    return sign + _held(text)


def _held(text: str) -> str:
    return text if re.fullmatch(r"[\w.√]+", text) else f"({text.strip()})"
