"""HTML that a run brought, reduced to what may stand on a page: by an allowed list.

Values of pandas, xarray or scikit-learn show themselves as HTML, with styles of their own. Nothing
of it runs, loads or reaches beyond its box: elements and attributes are allowed by name, ids and
classes get a prefix, so that nothing in it looks like a part of the page, and each rule of a style
holds below the box alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from markupsafe import Markup

from lessonkit.press.page.templates import render


def _named(text: str) -> set[str]:
    return set(text.split())


_TEXT = _named(
    """
    a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd label li mark ol p pre q s samp
    section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var
    """
)
_DRAWN = _named(
    """
    circle defs desc ellipse g line path polygon polyline rect svg symbol text title tspan use
    """
)
_PLACES = _named(
    """
    cx cy d dx dy fill fill-opacity font-family font-size height opacity points r rx ry stroke
    stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity stroke-width text-anchor
    transform viewBox width x x1 x2 y y1 y2
    """
)
_ATTRIBUTES = {
    "*": {"class", "dir", "id", "lang", "style", "title", "role", "aria-hidden", "aria-label"},
    "a": {"href"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "input": {"checked", "disabled"},
    "label": {"for"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "use": {"href", "xlink:href"},
    **dict.fromkeys(_DRAWN - {"use"}, _PLACES),
}
_FUNCTIONS = _named(
    """
    calc clamp color color-mix cubic-bezier fit-content hsl hsla hwb lab lch light-dark
    linear-gradient max min minmax oklab oklch radial-gradient repeat rgb rgba rotate scale steps
    translate translatex translatey var
    """
)
# What has colours or pictures of its own was made for white paper; the rest wears the theme's.
_COLOURED = re.compile(r"color|background|filter|<svg|<img|fill|stroke", re.I)
_STYLE = re.compile(r"<(/?)style\b[^>]*>?", re.I)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
# What holds nothing, or stands in no other of its kind: often nobody closes it.
_FLAT = _named("br col hr img input path use p li dt dd tr td th thead tbody tfoot")
_DEEPEST = 2_000  # elements within one another
_LONGEST = 300_000  # characters of a style
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_LINK = re.compile(r"(https?:|mailto:)", re.I)


def allowed(html: str, name: str) -> Markup:
    """Return what of some HTML may stand on a page, in a box; "" if that shows nothing.

    Args:
        html: as a run brought it.
        name: of the box, one of its own on the page: letters, digits and hyphens.
    """
    import nh3

    words, styles = _parted(html)
    if _depth(words) > _DEEPEST:
        return Markup("")
    inside = nh3.clean(
        words,
        tags=_TEXT | _DRAWN,
        attributes=_ATTRIBUTES,
        set_tag_attribute_values={"input": {"type": "checkbox"}},
        attribute_filter=partial(_attribute, f"{name}-"),
        url_schemes={"http", "https", "mailto", "data"},
        clean_content_tags={"script", "style", "template", "iframe", "object", "noscript"},
    ).strip()
    inside = re.sub(r"<img(?![^>]* src=)[^>]*>", "", inside)
    inside = re.sub(r"<img(?![^>]* alt=)", '<img alt=""', inside)
    if not re.sub(r"<(?!img|svg|input)[^>]*>|\s", "", inside):
        return Markup("")
    try:
        rules = "".join(_styles(styles[:_LONGEST], f"{name}-"))
    except RecursionError:  # nobody nests a style so deep
        rules = ""
    plain = not _COLOURED.search(rules + inside)
    return Markup(render("box", name=name, rules=Markup(rules), inside=Markup(inside), plain=plain))


def _parted(html: str) -> tuple[str, str]:
    """Return some HTML without its styles, and these; one that does not end takes the rest."""
    words, styles, at, inside = list[str](), list[str](), 0, False
    for tag in _STYLE.finditer(html):
        if inside == bool(tag[1]):
            (styles if inside else words).append(html[at : tag.start()])
            at, inside = tag.end(), not inside
    (styles if inside else words).append(html[at:])
    return "".join(words), "\n".join(styles)


def _depth(html: str) -> int:
    """Return about how many elements stand within one another: a parser's time grows with it."""
    counts, depth, deepest = Counter[str](), 0, 0
    for closing, name in _TAG.findall(html.lower()):
        step = -min(counts[name], 1) if closing else 1
        if name not in _FLAT:
            counts[name] += step
            depth += step
            deepest = max(deepest, depth)
    return deepest


def _attribute(prefix: str, tag: str, name: str, value: str) -> str | None:
    """Return what an attribute may say; None if it may not stand there."""
    if name in ("id", "for"):
        return prefix + value
    if name == "style":
        return "".join(_declarations(value)) or None
    if name in ("href", "xlink:href") and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    if name == "href":
        return value if tag == "a" and _LINK.match(value) else None
    if name in ("src", "xlink:href"):
        return value if tag == "img" and _PICTURE.fullmatch(value) else None
    if name == "class":
        names = value.split()
        if "sk-global" in names:
            names.append("light")  # scikit-learn's script would say so; a box is light
        return " ".join(prefix + one for one in names)
    return None if "url(" in value.lower() else value


# Styles -------------------------------------------------------------------------------------------


def _styles(text: str, prefix: str) -> Iterator[str]:
    """Yield the rules of a style sheet that may stand within the rule of a box."""
    import tinycss2

    for node in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        yield from _rule(node, prefix)


def _rule(node: Any, prefix: str, own: bool = True) -> Iterator[str]:
    """Yield a rule as it may stand; `own` says whether the box itself is what it stands in."""
    if node.type == "qualified-rule":
        head = _selectors(node.prelude, prefix)
        own = own and "&" in re.split(r"\s*,\s*", head)
    elif node.type == "at-rule" and node.lower_at_keyword in ("media", "supports"):
        head = f"@{node.lower_at_keyword} {_written(node.prelude)}"
    else:
        return
    body = "".join(_contents(node.content, prefix, own)) if head and node.content else ""
    if body and not re.search(r"[<{};]", head):
        yield f"{head}{{{body}}}"


def _contents(tokens: Any, prefix: str, own: bool) -> Iterator[str]:
    """Yield what may stand in a rule: the box itself takes variables alone, and stays in place."""
    import tinycss2

    for node in tinycss2.parse_blocks_contents(tokens, skip_comments=True, skip_whitespace=True):
        if node.type != "declaration":
            yield from _rule(node, prefix, own)
        elif not own or node.name.startswith("--"):
            yield from _declaration(node)


def _selectors(tokens: list[Any], prefix: str) -> str:
    """Write selectors that hold below the box, or for it; "" if one of them could lead out of it.

    With `&` a browser no longer looks below the box alone: so it is the box, or what begins there.
    """
    _rename(tokens, prefix)
    text = _written(tokens).strip()
    if "&" in text or re.search(r"(^|,)\s*[+~]", text):
        return ""
    text = re.sub(r"(^|,)\s*:(root|host)(?=\s*(,|$|>)|\s+[^\s+~])", r"\1&", text)
    return "" if re.search(r":(root|host)", text, re.I) else text


def _rename(tokens: list[Any], prefix: str) -> None:
    """Give ids and classes in a selector the prefix that they have in the box."""
    before = None
    for token in tokens:
        is_class = token.type == "ident" and before == "."
        if token.type == "hash" or is_class:
            token.value = prefix + token.value
        for inside in ("content", "arguments"):
            _rename(getattr(token, inside, None) or [], prefix)
        before = token.value if token.type == "literal" else None


def _declarations(text: str) -> Iterator[str]:
    import tinycss2

    for node in tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration":
            yield from _declaration(node)


def _declaration(node: Any) -> Iterator[str]:
    value = _written(node.value).strip()
    stays = node.lower_name != "position" or value.lower() not in ("fixed", "sticky")
    if stays and _harmless(node.value) and not re.search(r"[<{}]", value + node.name):
        yield f"{node.name}:{value}{'!important' if node.important else ''};"


def _harmless(tokens: list[Any]) -> bool:
    """Say whether a value loads nothing: no address, and only functions that compute."""
    for token in tokens:
        if token.type in ("url", "error", "{} block", "at-keyword"):
            return False
        if token.type == "function":
            if token.lower_name not in _FUNCTIONS or not _harmless(token.arguments):
                return False
        elif token.type.endswith("block") and not _harmless(token.content):
            return False
    return True


def _written(tokens: list[Any]) -> str:
    import tinycss2

    return str(tinycss2.serialize(tokens))
