"""Whether every link of a built site leads to something, wherever the site will be served."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

HOST = "https://site.invalid"


class _Read(HTMLParser):
    """The addresses that a page names, and its anchors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.styles: list[str] = []
        self.anchors: set[str] = {"", "__top"}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {str(given[name]) for name in ("id", "name") if given.get(name)}
        for name in ("href", "src", "poster", "data"):
            if name in given and tag != "base":
                self.links.append(given[name] or "")
        if tag == "link" and given.get("rel") == "stylesheet":
            self.styles.append(str(given.get("href")))


@lru_cache(maxsize=512)
def _read(page: Path) -> _Read:
    return _Read(page.read_text(encoding="utf-8"))


def _file(site: Path, address: str, base: str) -> Path | None:
    """Return the file that a server of static files would send for an address, if any."""
    path = unquote(urlsplit(address).path)
    if not path.startswith(base):
        return None
    file = site / path.removeprefix(base)
    file = file / "index.html" if path.endswith("/") else file
    return file if file.is_file() else None


def dead(site: Path, base: str = "/") -> list[str]:
    """Return each link that leads nowhere, as "page -> address".

    Args:
        site: the folder of the built site.
        base: the path under which it will be served, from / to /.
    """
    found = []
    for page in sorted(site.rglob("*.html")):
        where = page.relative_to(site).as_posix()
        home = HOST + base + re.sub(r"(^|/)index\.html$", r"\1", where)
        for link in _read(page).links:
            address = urljoin(home, link)
            if link and not address.startswith(HOST):
                continue
            target = _file(site, address, base) if link else None
            anchor = unquote(urlsplit(address).fragment)
            if target is None:
                found.append(f"{where} -> {link!r}")
            elif target.suffix == ".html" and anchor not in _read(target).anchors:
                found.append(f"{where} -> {link!r}: no such anchor")
    index = site / "search/search_index.json"
    for entry in json.loads(index.read_text("utf-8"))["docs"] if index.is_file() else ():
        if _file(site, urljoin(HOST + base, entry["location"]), base) is None:
            found.append(f"search -> {entry['location']!r}")
    return found


def styles(page: Path) -> list[str]:
    """Return the style sheets that a page loads."""
    return _read(page).styles


def links(page: Path) -> list[str]:
    """Return every address that a page names."""
    return _read(page).links
