"""The Markdown extension: `[[name]]` becomes what the lesson's run published under that name.

A number stands inline; a figure, table, claim or code cell stands alone on its line (or in its
table cell), also inside admonitions, tabs and lists. Code spans, fences, comments and maths stay as
they are; `\\[[` is two brackets. `[[^claim]]` directly behind a sentence says which claim the
sentence rests on. A name that does not exist is reported with file, line and the
names that do, and shows as an error on the page.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from lessonkit.press import settings
from lessonkit.press.course import entries as courses
from lessonkit.press.course import pages
from lessonkit.press.page import anchors, shown
from lessonkit.press.page.brackets import LIST_MARK, Embed, find
from lessonkit.press.page.resolving import EmbedError, Place, Where, resolve
from lessonkit.press.page.templates import literal, render
from lessonkit.press.settings import PressError

log = logging.getLogger("mkdocs.plugins.lessonkit")

# What nobody looks for by searching: drawings, where their numbers come from, and what a sentence
# rests on (the claim itself says it where it stands).
_LATER = re.compile(
    r'<svg\b.*?</svg>|<details class="lk-provenance".*?</details>|<span class="lk-says".*?</span>',
    re.S,
)
_SOURCE = re.compile(r"<annotation\b.*?</annotation>", re.S)


class _Embedder(Preprocessor):
    """Replaces embeds by stashed HTML, before fences and lists are looked at."""

    def __init__(self, md: Markdown, project: settings.Settings | None, place: Where) -> None:
        super().__init__(md)
        self.md, self.project, self.place = md, project, place
        self.anchors = anchors.Anchors(md)

    def run(self, lines: list[str]) -> list[str]:
        place = self.place() or _told(self.md)
        embeds = list(find("\n".join(lines), place.first_line))
        if not embeds:
            return lines
        place = replace(place, shown=shown.names_of(embeds, place.lesson))
        course = place.course or courses.current(self.project or settings.load())
        used: dict[str, int] = {}
        html: dict[int, list[tuple[Embed, str]]] = {}
        for embed in embeds:
            try:
                made = resolve(course, place, embed, used)
            except EmbedError as error:
                where = f"{course.settings.pages}/{place.path or 'a page'}:{embed.line}"
                log.warning("%s: %s", where, error)
                made = _error(str(error), embed)
            made = _LATER.sub(lambda found: place.postponed(found[0]), made)
            html.setdefault(embed.line - place.first_line, []).append((embed, made))
        return list(self._replaced(lines, html))

    def _replaced(
        self, lines: list[str], html: dict[int, list[tuple[Embed, str]]]
    ) -> Iterator[str]:
        for number, line in enumerate(lines):
            found = html.get(number, [])
            for embed, made in reversed(found):
                if embed.heading:  # which is repeated in contents, as text
                    made = _SOURCE.sub("", made)
                put = made if embed.plain else self.md.htmlStash.store(made)
                if embed.heading:
                    self.anchors.put[put] = embed.text
                line = line[: embed.start] + put + line[embed.end :]
            listed = re.match(rf"[\s>]*{LIST_MARK}", lines[number])
            block = any(e.alone and not e.row and _is_block(made) for e, made in found)
            ends = block and not listed  # the paragraph around it, in a quotation too
            if ends and number and lines[number - 1].strip("> \t"):
                yield ""
            yield line
            if ends and number + 1 < len(lines) and lines[number + 1].strip("> \t"):
                yield ""


def _is_block(html: str) -> bool:
    return not html.startswith(("<span", "<a "))


def _error(message: str, embed: Embed) -> str:
    return literal(message) if embed.plain else render("error", message=message, alone=embed.alone)


def _told(md: Markdown) -> Place:
    """Return the page that is rendered, as far as Zensical's rendering context tells."""
    for processor in md.preprocessors:
        page: Any = getattr(processor, "page", None)
        if page is not None and hasattr(page, "meta"):
            address = pages.as_files if page.url.endswith(".html") else pages.as_folders
            lesson, line = page.meta.get("lesson"), _offset(page.path)
            return Place(page.path, page.url, lesson, line, address=address)
    return Place()


def _offset(path: str) -> int:
    """Return the line of the file on which the body begins."""
    try:
        project = settings.load()
    except PressError:
        return 1
    return pages.first_line(project, project.pages_folder / path)


class EmbedExtension(Extension):
    """`markdown_extensions: [lessonkit.press.embed]`.

    Args:
        project: whose lessons are embedded (default: that around the working folder).
        place: says which page is being rendered, if somebody knows.
    """

    def __init__(
        self, project: settings.Settings | None = None, place: Where = lambda: None, **configs: Any
    ) -> None:
        self.project, self.place = project, place
        super().__init__(**configs)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        # Between 25 (fences are taken away) and 30 (white space is made even): earlier than fences,
        # so that line numbers are the file's; `find` knows what a fence is.
        embedder = _Embedder(md, self.project, self.place)
        md.preprocessors.register(embedder, "lessonkit", 27)
        # Behind attr_list (8), by which an author says what an anchor is; before toc (5).
        md.treeprocessors.register(embedder.anchors, "lessonkit-anchors", 6)


def makeExtension(**configs: Any) -> EmbedExtension:  # noqa: N802 - the same
    """Return the extension, as Python-Markdown asks for it."""
    return EmbedExtension(**configs)
