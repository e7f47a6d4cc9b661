"""Does the site work under a strict Content-Security-Policy? Its scripts are files of its own.

Themes and plugins write small scripts into each page, which a browser does not run where only the
site's own files may. When all is written, each of them moves into a file that is named after its
hash, and stands in its place: it runs when it ran before, and pages share it. Data is no script and
stays. What a server has to say is in `HEADER`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

# What a server may say about every page. Styles stand in attributes, too, and small pictures within
# the pages; nothing is asked of another host.
HEADER = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
FOLDER = "assets/scripts"  # below the site
_ATTRIBUTES = r"""(?:[^>"']|"[^"]*"|'[^']*')*"""
# Comments and raw texts come first: what looks like a script in there is none.
_SCRIPT = re.compile(
    rf"<!--.*?-->|<(?P<raw>textarea|title|style|xmp)\b{_ATTRIBUTES}>.*?</(?P=raw)\s*>"
    rf"|<script\b(?P<attributes>{_ATTRIBUTES})>(?P<code>.*?)</script\s*>",
    re.S | re.I,
)
_SRC = re.compile(r"\ssrc\s*=", re.I)
_TYPE = re.compile(r"""\stype\s*=\s*["']?([^"'\s>]*)""", re.I)
_WAITS = re.compile(r"""\s(?:async|defer)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+))?(?=\s|$)""", re.I)
_RUNS = {"", "module", "text/javascript", "application/javascript", "application/ecmascript"}
_NOWHERE = re.compile(r"""href\s*=\s*(["'])javascript:(?:void\(0\)|;)?;?\1""", re.I)


def tighten(site: Path, address: str, spared: Collection[str] = ()) -> None:
    """Move the scripts of all pages of a built site into files.

    Args:
        site: the folder.
        address: where the site will stand, or "": a page that is shown anywhere needs it.
        spared: files of the author's own, which are published as they are.
    """
    moved: dict[str, str] = {}
    for page in site.rglob("*.html"):
        name = page.relative_to(site).as_posix()
        if name in spared:
            continue
        html = page.read_text(encoding="utf-8")
        top = urlsplit(address).path or "/" if name == "404.html" else "../" * name.count("/")
        tight = tightened(html, top if top.endswith("/") or not top else f"{top}/", moved)
        if tight != html:
            page.write_text(tight, encoding="utf-8", newline="")
    for name, code in moved.items():
        (site / FOLDER).mkdir(parents=True, exist_ok=True)
        (site / FOLDER / name).write_text(code, encoding="utf-8", newline="")


def tightened(html: str, top: str, moved: dict[str, str]) -> str:
    """Return a page without scripts in it, and collect these by the names of their files.

    Args:
        html: the page.
        top: the way from it to the top of the site; "" or it ends in a slash.
        moved: the files so far.
    """

    def out(found: re.Match[str]) -> str:
        attributes, code = found["attributes"], found["code"]
        if attributes is None or not code.strip() or _SRC.search(attributes):
            return found[0]
        kind = _TYPE.search(attributes)
        if kind and kind[1].lower() not in _RUNS:
            return found[0]
        name = f"{hashlib.sha256(code.encode()).hexdigest()[:16]}.js"
        moved[name] = code
        if not kind or kind[1].lower() != "module":  # in a page these two say nothing, here they do
            attributes = _WAITS.sub("", attributes)
        opening, _, closing = found[0].rpartition(f">{code}")
        opening = opening.removesuffix(found["attributes"]) + attributes
        return f'{opening} src="{top}{FOLDER}/{name}">{closing}'

    html = _SCRIPT.sub(out, html)
    return _NOWHERE.sub('href="#"', html) if "javascript:" in html else html
