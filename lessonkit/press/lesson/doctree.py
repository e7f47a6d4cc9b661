"""A text that docutils has read, as Markdown: each node says itself anew."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Any

SEAM = "\0"  # stands for a comment that has `cut`
_LEVEL = 3  # of docutils' messages: from here on, a text was not understood and stands in it


def markdown(tree: Any) -> str:
    """Return the Markdown of a document of docutils."""
    return "\n\n".join(_blocks(tree, 0))


def _blocks(node: Any, depth: int) -> list[str]:
    """Return the Markdown of what stands in a node, block by block."""
    found = (text for child in node.children for text in _listed(child, depth))
    return [text for text in found if text.strip()]


def _block(node: Any, depth: int) -> str | list[str]:
    name = type(node).__name__
    if name == "comment":
        return SEAM if node.get("cut") else ""
    if name == "section":
        return _blocks(node, depth + 1)
    if name == "title":
        return f"{'#' * max(1, depth)} {_inline(node)}"
    if name == "image":
        return _phrase(node)
    if name in _BLOCKS:
        return _BLOCKS[name](node, depth)
    if name in _SKIPPED:
        return ""
    if name == "system_message":
        return _misread(node)
    if node.children and _is_block(node.children[0]):
        return _blocks(node, depth)
    return _inline(node)


_SKIPPED = ("target", "substitution_definition", "pending", "meta", "decoration", "docinfo")


def _misread(node: Any) -> str:
    """Return what docutils could not read, as it stands: nothing is lost."""
    return "\n\n".join(child.astext() for child in node.children[1:]) if _bad(node) else ""


def _bad(node: Any) -> bool:
    return int(node.get("level", 0)) >= _LEVEL and len(node.children) > 1


def _is_block(node: Any) -> bool:
    from docutils import nodes

    return isinstance(node, (nodes.Body, nodes.Structural, nodes.Part)) and not isinstance(
        node, nodes.Inline
    )


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _literal(node: Any, depth: int) -> str:
    classes = [name for name in node.get("classes", ()) if name != "code"]
    return _fenced(node.astext(), node.get("language") or (classes[0] if classes else ""))


def _maths(node: Any, depth: int) -> str:
    """Set each equation on its own; several lines, or what is aligned, in one."""
    equations = [part.strip() for part in re.split(r"\n\s*\n", node.astext()) if part.strip()]
    aligned = [
        rf"\begin{{aligned}}{one}\end{{aligned}}"
        if (r"\\" in one or "&" in one) and r"\begin{" not in one
        else one
        for one in equations
    ]
    return "\n\n".join(f"$$\n{one}\n$$" for one in aligned)


def _list(node: Any, depth: int) -> str:
    marks = node.tagname == "enumerated_list"
    start = int(node.get("start", 1))
    items = []
    for number, item in enumerate(node.children, start):
        mark = f"{number}. " if marks else "- "
        items.append(_hanging(mark, _blocks(item, depth)))
    return "\n".join(items)


def _hanging(mark: str, blocks: list[str]) -> str:
    indent = " " * max(4 if mark[0].isdigit() else 2, len(mark))
    return mark + textwrap.indent("\n\n".join(blocks), indent).lstrip()


def _terms(node: Any, depth: int) -> str:
    """Write definitions and fields as a list: most readers of Markdown know nothing else."""
    items = []
    for item in node.children:
        *names, body = item.children
        term = " : ".join(_inline(name) for name in names)
        items.append(_hanging("- ", [f"**{term}**", *_blocks(body, depth)]))
    return "\n".join(items)


def _quoted(node: Any, depth: int) -> str:
    return _marked(_blocks(node, depth))


def _marked(blocks: list[str]) -> str:
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n"))


def _boxed(node: Any, depth: int) -> str:
    """Write an admonition as a quotation that begins with its title."""
    blocks = _blocks(node, 0)
    if node.tagname not in _TITLED:
        blocks.insert(0, f"**{node.tagname.capitalize()}**")
    elif blocks:
        blocks[0] = f"**{blocks[0].lstrip('# ')}**"
    return _marked(blocks)


def _table(node: Any, depth: int) -> list[str]:
    title = [f"**{_inline(child)}**" for child in node.children if child.tagname == "title"]
    rows = [[_cell(entry) for entry in row.children] for row in node.findall(_is_row)]
    heads = sum(1 for head in node.findall(_is_head) for _ in head.children)
    width = max((len(row) for row in rows), default=0)
    head, body = (rows[0], rows[1:]) if heads else ([""] * width, rows)
    lines = [head, ["---"] * width, *body]
    return [*title, "\n".join("| " + " | ".join(row) + " |" for row in lines)]


def _is_row(node: Any) -> bool:
    return getattr(node, "tagname", "") == "row"


def _is_head(node: Any) -> bool:
    return getattr(node, "tagname", "") == "thead"


def _cell(entry: Any) -> str:
    return _IN_CELL.sub(_barred, " ".join("<br>".join(_blocks(entry, 0)).split()))


_IN_CELL = re.compile(r"\\.|(?P<ticks>`+)(?P<code>.*?)(?<!`)(?P=ticks)(?!`)|\$[^$]+\$|\|")


def _barred(found: re.Match[str]) -> str:
    """Write `|` so that it ends no cell: code and maths would show a backslash before it."""
    text = found[0]
    if "|" not in text:
        return text
    if found["code"] is not None:
        signs = re.sub(r"[^A-Za-z0-9\s]", lambda sign: f"&#{ord(sign[0])};", found["code"].strip())
        return _CODE_IN_CELL.format(signs)
    if text[0] == "$":
        return text.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
    return r"\|"


def _note(node: Any, depth: int) -> str:
    """Write a footnote or citation behind its label."""
    label, *rest = node.children
    return rf"\[{label.astext()}\] " + "\n\n".join(text for n in rest for text in _listed(n, depth))


def _listed(node: Any, depth: int) -> list[str]:
    said = _block(node, depth)
    return said if isinstance(said, list) else [said]


def _lines(node: Any, depth: int) -> str:
    return "  \n".join(_inline(line) for line in node.children)


_TITLED = ("admonition", "topic", "sidebar")
_BOXES = (
    *_TITLED,
    "attention",
    "caution",
    "danger",
    "error",
    "hint",
    "important",
    "note",
    "tip",
    "warning",
)
_Block = Callable[[Any, int], "str | list[str]"]
_BLOCKS: dict[str, _Block] = {
    "literal_block": _literal,
    "doctest_block": lambda node, depth: _fenced(node.astext(), "python"),
    "math_block": _maths,
    "bullet_list": _list,
    "enumerated_list": _list,
    "definition_list": _terms,
    "field_list": _terms,
    "option_list": lambda node, depth: _fenced(node.astext(), ""),
    "block_quote": _quoted,
    "table": _table,
    "footnote": _note,
    "citation": _note,
    "line_block": _lines,
    "transition": lambda node, depth: "---",
    "rubric": lambda node, depth: f"**{_inline(node)}**",
    **dict.fromkeys(_BOXES, _boxed),
}


def _inline(node: Any) -> str:
    """Return the Markdown of what stands in a sentence."""
    return "".join(_phrase(child) for child in node.children).strip("\n")


def _phrase(node: Any) -> str:
    name = type(node).__name__
    if name == "Text":
        return escaped(node.astext())
    if name in ("literal", "title_reference"):
        return _code(node.astext())
    if name == "math":
        return f"${node.astext().strip()}$"
    if name == "image":
        return f"![{' '.join(node.get('alt', 'picture').split())}]({node['uri']})"
    if name in ("footnote_reference", "citation_reference"):
        return rf"\[{node.astext()}\]"
    inner = _inline(node)
    if not inner.strip():
        return inner
    if name == "reference" and node.get("refuri"):
        return f"[{inner}]({node['refuri']})"
    return _AROUND.get(name, "{}").format(inner.strip() if name in _AROUND else inner)


_AROUND = {"emphasis": "*{}*", "strong": "**{}**", "superscript": "<sup>{}</sup>"}
_CODE_IN_CELL = "<code>{}</code>"
_AROUND |= {"subscript": "<sub>{}</sub>"}
_SIGNS = re.compile(r"[\\`*\[\]$]|<(?=[A-Za-z/!?])|(?<!\w)_|_(?!\w)")


def _code(text: str) -> str:
    text = " ".join(text.split())
    fence = "``" if "`" in text else "`"
    room = " " if "`" in text else ""
    return f"{fence}{room}{text}{room}{fence}" if text else ""


def escaped(text: str) -> str:
    """Return plain text so that Markdown shows it as it is."""
    return _SIGNS.sub(lambda sign: "\\" + sign[0], text)


def plain(text: str) -> str:
    """Undo `escaped`."""
    return re.sub(r"\\([\\`*\[\]$<_])", r"\1", text)
