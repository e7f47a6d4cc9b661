"""The headings of a notebook's page, each with an id of its own, and the contents made of them."""

from __future__ import annotations

import re
from functools import partial
from html import escape, unescape
from typing import Any

from lessonkit.press.site import slim

_HEADING = re.compile(r'<h([1-6]) id="([^"]*)">(.*?)<a class="headerlink" href="[^"]*">', re.S)
_TAG = re.compile(r"<[^>]+>")


def numbered(html: str) -> tuple[str, list[dict[str, Any]]]:
    """Return a notebook's page with ids that differ, and its contents as MkDocs wants them.

    mkdocs-jupyter makes the contents of other words than the headings: `code` is left out, and the
    links lead nowhere.
    """
    used: set[str] = set()
    found: list[dict[str, Any]] = []

    def number(heading: re.Match[str]) -> str:
        level, name, shown = heading.groups()
        anchor, count = name, 1
        while anchor in used:
            anchor, count = f"{name}_{count}", count + 1  # as on the other pages
        used.add(anchor)
        title = escape(unescape(_TAG.sub("", shown)).strip(), quote=False)
        found.append({"level": int(level), "id": anchor, "name": title, "children": []})
        named = heading[0].replace(f'id="{name}"', f'id="{anchor}"', 1)
        return named.rpartition('href="')[0] + f'href="#{anchor}">'

    html = slim.in_prose(html, partial(_HEADING.sub, number))
    return html, _nested(found)


def _nested(headings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put each heading below the last one that is above it."""
    whole: list[dict[str, Any]] = []
    above: list[dict[str, Any]] = []
    for heading in headings:
        while above and above[-1]["level"] >= heading["level"]:
            above.pop()
        (above[-1]["children"] if above else whole).append(heading)
        above.append(heading)
    return whole
