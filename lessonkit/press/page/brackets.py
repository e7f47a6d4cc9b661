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
_HEADING = re.compile(r"^[ >]*#{1,6}[ \t]")
_UNDERLINE = re.compile(r"^[ >]*(?:=+|-{2,})[ \t]*$")  # of a heading, on the line below it
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
    heading: bool = False


def visible(text: str) -> str:
    """Return the text with NULs in the place of code, maths, comments and escaped brackets."""
    return _VERBATIM.sub(lambda found: re.sub(r"[^\n]", "\0", found[0]), text)


def find(text: str, first_line: int = 1) -> Iterator[Embed]:
    """Yield every embed of a page, skipping what is code, maths or a comment."""
    lines = visible(text).split("\n")
    for number, line in enumerate(lines, first_line):
        below = lines[number - first_line + 1 : number - first_line + 2]
        heading = bool(_HEADING.match(line) or any(map(_UNDERLINE.match, below)))
        for match in _EMBED.finditer(line):
            before, after = line[: match.start()], line[match.end() :]
            row = "|" in before and "|" in after
            alone = not re.sub(rf"^[\s>]*{LIST_MARK}*", "", before) and not after.strip()
            if row:
                alone = (
                    not before.rpartition("|")[2].strip() and not after.partition("|")[0].strip()
                )
            plain = bool(_PLAIN.search(_EMBED.sub("", before)))
            start = match.start()
            if match[1].startswith("^") and re.sub(rf"^[\s>]*{LIST_MARK}*", "", before):
                start = len(before.rstrip())  # a sign keeps to its sentence
            yield Embed(match[1], number, start, match.end(), alone, row, plain, heading)
