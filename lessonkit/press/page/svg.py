"""Making matplotlib's SVG fit a page: it follows the colour scheme."""

from __future__ import annotations

import re

INLINE_LIMIT = 40_000  # characters; a larger figure is shown as a picture


PREFIX = "lk-any-figure"  # stands for the prefix until a page chooses one


def themed(svg: str, prefix: str) -> str:
    """Return the `viewBox` of a figure, and behind a line break what stands in its `<svg>`.

    Every colour becomes a CSS variable with the drawn colour as its fallback, so that one file
    serves both schemes; ids get a prefix, since a page holds several figures; numbers keep two
    decimals; fonts become the page's.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.S)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r"<[^>]+>", lambda tag: _attributes(tag[0], prefix), body)
    body = re.sub(r">\s*\n\s*<", "><", body)
    opening = re.match(r"<svg[^>]*>", body)
    assert opening is not None  # `index` above found it
    view = re.search(r'viewBox="([^"]+)"', opening[0])
    if view is None:
        raise ValueError("expected an SVG with a viewBox, as matplotlib writes it")
    inner = body[opening.end() :].rstrip().removesuffix("</svg>")
    return f"{view[1]}\n{inner}"


def size(view: str) -> tuple[int, int]:
    """Return width and height of a figure, in points, from its `viewBox`."""
    _, _, width, height = view.split()
    return round(float(width)), round(float(height))


def _attributes(tag: str, prefix: str) -> str:
    tag = re.sub(r'(\bid=")([^"]+)', rf"\1{prefix}--\2", tag)
    tag = re.sub(r'(xlink:href="#|url\(#)', rf"\1{prefix}--", tag)
    tag = re.sub(
        r"((?:fill|stroke|stop-color)(?:: ?|=\"))#([0-9a-fA-F]{6})\b",
        lambda m: f"{m[1]}var(--fig-{m[2].lower()}, #{m[2].lower()})",
        tag,
    )
    tag = re.sub(
        r"(font: (?:[a-z]+ )*(?:[\d]+ )?[\d.]+px|font-family:) [^;\"]+",
        r"\1 var(--fig-font, sans-serif)",
        tag,
    )
    tag = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", tag)  # matplotlib turns by nothing
    if "scale(" in tag or "matrix(" in tag or "base64" in tag:
        return tag
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), tag)
