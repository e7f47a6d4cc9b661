"""Where `[[...]]` stands in a page's Markdown, and where it is only code, maths or a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_EMBED = re.compile(r"\[\[([^\[\]\n]*)\]\]")
LIST_MARK = r"(?:[-*+:][ \t]+|\d+\.[ \t]+)"
_PARAGRAPH = r"(?:(?!\n[ \t>]*\n).)+?"  # anything, but no blank line
# What must stay untouched. An opening without its closing is none: it would hide all that follows.
_VERBATIM = re.compile(
    r"(?=[`$\\<]|^)(?:"  # it begins with one of these or with a line: a quick no elsewhere
    rf"^[ \t>]*{LIST_MARK}*(?P<fence>`{{3,}}(?=[^`\n]*\n)|~{{3,}})[^\n]*\n"
    r"(?:.*?\n)??[ \t>]*(?P=fence)[`~]*[ \t]*$"
    rf"|^[ \t>]*\$\${_PARAGRAPH}\$\$|^[ \t>]*\\\[(?!\[){_PARAGRAPH}\\\]"  # maths on its own
    r"|<!--.*?-->|\\\[\["
    r"|(?<![`\\])(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)"
    r"|\$\$[^\n]+?\$\$|(?<![\\$])\$(?![\s$])[^$\n]*?[^\s\\$]\$(?!\d)|\\\([^\n]*?\\\))",
    re.M | re.S,
)
# HTML cannot stand within alternative text, the title of a link, or an attribute of raw HTML.
_PLAIN = re.compile(r"!\[[^\]]*$|\]\([^)\s]*\s+[\"'][^)]*$|<[a-zA-Z][^<>]*$")


@dataclass(frozen=True)
class Embed:
    """One `[[...]]` in a page."""

    text: str  # between the brackets
    line: int
    start: int
    end: int
    alone: bool  # on its line or in its table cell
    row: bool  # in a row of a table
    plain: bool  # where only text can stand


def visible(text: str) -> str:
    """Return the text with NULs in the place of code, maths, comments and escaped brackets."""
    return _VERBATIM.sub(lambda found: re.sub(r"[^\n]", "\0", found[0]), text)


def find(text: str, first_line: int = 1) -> Iterator[Embed]:
    """Yield every embed of a page, skipping what is code, maths or a comment."""
    for number, line in enumerate(visible(text).split("\n"), first_line):
        for match in _EMBED.finditer(line):
            before, after = line[: match.start()], line[match.end() :]
            row = "|" in before and "|" in after
            alone = not re.sub(rf"^[\s>]*{LIST_MARK}*", "", before) and not after.strip()
            if row:
                alone = (
                    not before.rpartition("|")[2].strip() and not after.partition("|")[0].strip()
                )
            plain = bool(_PLAIN.search(_EMBED.sub("", before)))
            yield Embed(match[1], number, match.start(), match.end(), alone, row, plain)
