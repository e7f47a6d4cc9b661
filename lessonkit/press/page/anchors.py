"""The anchor of a heading that holds a measured value: made of its name, so that links last."""

from __future__ import annotations

import re
from typing import Any

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

_HEADING = re.compile(r"h[1-6]")


class Anchors(Treeprocessor):
    """Gives such headings their ids, as `toc` would if a value were its name."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.put: dict[str, str] = {}  # what stands in a heading -> the embed's text

    def run(self, root: Any) -> None:
        toc = next((t for t in self.md.treeprocessors if hasattr(t, "slugify")), None)
        put, self.put = self.put, {}
        if toc is None or not put:
            return
        used = {node.get("id") for node in root.iter() if node.get("id")}
        for node in root.iter():
            if _HEADING.fullmatch(str(node.tag)) and "id" not in node.attrib:
                text = "".join(node.itertext())
                named = text
                for mark, name in put.items():
                    named = named.replace(mark, f" {re.sub(r'[^0-9A-Za-z_]+', ' ', name)} ")
                if named != text:
                    node.set("id", self._unused(toc.slugify(named.strip(), toc.sep), used))

    @staticmethod
    def _unused(slug: str, used: set[str]) -> str:
        from markdown.extensions.toc import unique

        return unique(slug, used)
