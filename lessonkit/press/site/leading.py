"""Where the links of a lesson's text lead, on the page of its notebook.

They are written as on the lesson's own page, so that they may move from one to the other; a lesson
without a page is taken to have one of its name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import escape, unescape
from urllib.parse import unquote, urlsplit

from lessonkit.press.course.entries import Entry
from lessonkit.press.page.evidence import Link
from lessonkit.press.settings import Settings
from lessonkit.press.site import slim
from lessonkit.press.site.finding import Finding

_ADDRESS = re.compile(r'(<(?:a|img)\b[^>]*?\s(?:href|src)=")([^"]*)(?=")')


def led(html: str, entry: Entry, link: Link, wrong: Callable[[str], None]) -> str:
    """Return a notebook's page with links that lead where its lesson's page would lead.

    Args:
        html: what mkdocs-jupyter made of it.
        entry: the lesson.
        link: the address of a file below the folder of pages, seen from the notebook's page.
        wrong: told of each link that leads nowhere.
    """
    home = entry.page.path if entry.page else f"{entry.name}.md"

    def address(found: re.Match[str]) -> str:
        target = unescape(found[2])
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(home), unquote(parts.path)))
        there = link(path)
        if not there:
            wrong(target)
            return found[0]
        return found[1] + escape(
            urlsplit(there)._replace(query=parts.query, fragment=parts.fragment).geturl()
        )

    return slim.in_prose(html, partial(_ADDRESS.sub, address))


def findings(settings: Settings, entry: Entry, targets: list[str]) -> Iterator[Finding]:
    """Yield what is wrong with links, each with the line of the script on which it stands.

    Args:
        settings: of the project.
        entry: the lesson.
        targets: addresses that lead nowhere.
    """
    home = f"{settings.pages}/{entry.page.path if entry.page else f'{entry.name}.md'}"
    lines = entry.script.path.read_text("utf-8-sig").split("\n") if entry.script else []
    for target in dict.fromkeys(targets):
        spelled = (target, target.replace(" ", "%20"))
        where = [number for number, line in enumerate(lines, 1) if any(s in line for s in spelled)]
        yield Finding(
            f"{settings.lessons}/{entry.name}.py" + f":{where[0]}" * bool(where),
            f"the text leads to {target!r}, and there is no such page or file: expected the "
            f"address that {home} would write.",
        )
