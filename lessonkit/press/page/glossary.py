"""The words of the course: what each means, and where a page first uses it.

`docs/glossary.md` holds one `word` and `:   explanation` after the other. The first use of each
word in the text of a page is marked, and explains itself when somebody points at it, moves the
focus there or taps it. A page with `glossary: false` explains its words by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from lessonkit.press.course import pages
from lessonkit.press.page.evidence import Link
from lessonkit.press.page.templates import render
from lessonkit.press.settings import Settings

FILE = "glossary.md"
_ENTRY = re.compile(r"^(?P<word>\S.*)\n:   (?P<says>.+(?:\n(?:    .*|(?=\n    )))*)", re.M)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.S)
_NAMED = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
_CLASSES = re.compile(r'\sclass="([^"]*)"')
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Where nobody reads on, where a click already means something, where a note would be cut off, and
# emphasis: titles of books, and words that are being explained.
_NOT_IN = {"h1", "h2", "h3", "h4", "h5", "h6", "code", "pre", "a", "svg", "math", "script", "style"}
_NOT_IN |= {
    "em",
    "button",
    "label",
    "select",
    "summary",
    "table",
    "figure",
    "details",
    "nav",
    "form",
}
_NOT_IN_CLASSES = {"admonition-title", "arithmatex", "doc", "lk-cell", "lk-claim", "lk-frame"}
_NOT_IN_CLASSES |= {
    "lk-contradicted-first",
    "lk-gallery",
    "lk-layers",
    "lk-syllabus",
    "lk-tally",
    "lk-to-come",
    "md-button",
}


class Word(NamedTuple):
    """A word of the glossary."""

    word: str
    says: str  # what it means, as plain text

    @property
    def slug(self) -> str:
        """Its id on the page of the glossary."""
        return re.sub(r"[^\w]+", "-", self.word.lower()).strip("-")


def words(settings: Settings) -> dict[str, Word]:
    """Return the words by slug; none if there is no glossary, or it cannot be read."""
    path = settings.pages_folder / FILE
    try:
        body = pages.read(settings, path).body
    except (OSError, pages.PageError):
        return {}
    return _words(body)


@lru_cache(maxsize=2)  # every page asks
def _words(body: str) -> dict[str, Word]:
    found = (Word(entry["word"], _plain(entry["says"])) for entry in _ENTRY.finditer(body))
    return {word.slug: word for word in found}


def _plain(says: str) -> str:
    """Return the first paragraph, without marks; those that follow say where the word is met."""
    first = re.split(r"\n\s*\n", says)[0]
    return " ".join(re.sub(r"[*`]", "", _LINK.sub(r"\1", first)).split())


def with_ids(markdown: str) -> str:
    """Return the text of the glossary with an id behind each word, so that links find it."""

    def named(entry: re.Match[str]) -> str:
        word = Word(entry["word"], "")
        return f"{word.word} {{ #{word.slug} }}" + entry[0][len(entry["word"]) :]

    return _ENTRY.sub(named, markdown)


def marked(html: str, known: Mapping[str, Word], link: Link) -> str:
    """Return a page's content with the first use of each word marked.

    Args:
        html: the content.
        known: the words, by slug.
        link: makes the address of a page.
    """
    if not known:
        return html
    reader = _Reader(known, link)
    return "".join(
        reader.passed(part) if part.startswith("<") else reader.read(part)
        for part in _TAG.split(html)
    )


class _Reader:
    """Goes through a page from the top, and knows which words it has met."""

    def __init__(self, known: Mapping[str, Word], link: Link) -> None:
        self.known, self.link = known, link
        self.pattern, self.slug_of = _forms(tuple(known.values()))
        self.met: set[str] = set()
        self.outer, self.depth = "", 0  # the element, if any, in which nothing is marked

    def passed(self, tag: str) -> str:
        """Take note of a tag."""
        found = _NAMED.match(tag)
        if not found or tag.endswith("/>") or found[2] in _VOID:
            return tag
        closes, name = found[1] == "/", found[2]
        classes = _CLASSES.search(tag)
        if self.depth:
            self.depth += (name == self.outer) * (-1 if closes else 1)
        elif name in _NOT_IN or (classes and _NOT_IN_CLASSES & set(classes[1].split())):
            self.outer, self.depth = name, 0 if closes else 1
        return tag

    def read(self, text: str) -> str:
        """Mark the words that a text uses first."""
        return text if self.depth else self.pattern.sub(self._noted, text)

    def _noted(self, found: re.Match[str]) -> str:
        slug = self.slug_of[found[0].lower()]
        if slug in self.met:
            return found[0]
        self.met.add(slug)
        address = f"{self.link(FILE)}#{slug}"
        return render(
            "term", shown=Markup(found[0]), word=self.known[slug], slug=slug, address=address
        )


@lru_cache(maxsize=8)
def _forms(known: tuple[Word, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return what finds a word, one or many, the longest first; and whose form it is."""
    slug_of: dict[str, str] = {}
    for word in known:
        plain = escape(word.word.lower(), quote=False)  # as Markdown does
        many = [plain + "s", plain + "es", *([plain[:-1] + "ies"] if plain.endswith("y") else [])]
        for form in (plain, *many):
            slug_of.setdefault(form, word.slug)
    longest = sorted(slug_of, key=len, reverse=True)
    pattern = rf"(?<![\w&#-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])"
    return re.compile(pattern, re.I), slug_of
