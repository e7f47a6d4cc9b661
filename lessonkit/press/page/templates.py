"""The templates of all HTML, which escape whatever they are given, and how they write a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lessonkit.evidence.promise import Promise
from lessonkit.press.page import formulas, language, wording

_SIGN = {"holds": "✓", "contradicted": "✗", "broken": "!", "unjudged": "–"}
_REST = {**_SIGN, "contradicted": "≠"}  # behind a sentence that is true, for it says what came out
_SIGN_OF_MARKUP = re.compile(r"[!\"#$&'()*/:;<=>?@\[\\\]^_`{|}~]")  # or an extension's


def render(template: str, **context: Any) -> str:
    """Return the HTML that a template makes of these values, each of them escaped."""
    return _environment().get_template(f"{template}.html").render(context).strip()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("lessonkit.press.page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "value": value,
        "words": words,
        "plain": lambda text: formulas.plain(str(text)),
        "spread": spread,
        "counted": wording.counted,
        "seeds": wording.seeds,
        "pixel": "{:.1f}".format,
        "state": state,
        "sign": lambda made: _SIGN[state(made)],
        "rest": lambda made: _REST[state(made)],
        "verdict": wording.verdict,
        "known": wording.known,
        "over": wording.over,
        "part": wording.part,
        "measured": wording.measured,
        "promised": wording.promised,
        "statement": wording.statement,
        "replicated": wording.replicated,
        "disagreement": wording.disagreement,
    }
    return made


def literal(text: str) -> str:
    """Write a text so that neither Markdown nor HTML reads anything but itself in it."""
    return _SIGN_OF_MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", text)


def value(text: str) -> Markup:
    """Escape a number so that no line ends within it; its unit may be a formula."""
    return _typeset(text, lambda between: Markup(_glued(escape(between))))


def words(text: str) -> Markup:
    """Escape a sentence, keeping `code` in backquotes as code and typesetting `$…$`."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one backquote has no partner
        return value(text)
    shown = (
        Markup("<code>{}</code>").format(_glued(p)) if i % 2 else value(p)
        for i, p in enumerate(parts)
    )
    return Markup("").join(shown)


def _typeset(text: str, escaped: Callable[[str], Markup]) -> Markup:
    """Put formulas in their place, and treat what stands between them."""
    made, end = Markup(""), 0
    for found in formulas.IN_TEXT.finditer(text):
        made += escaped(text[end : found.start()])
        made += found["dollar"] or _formula(found)
        end = found.end()
    return made + escaped(text[end:])


def _formula(found: re.Match[str]) -> Markup:
    """Typeset a formula; one that cannot be read stays as it is, and `check` says so."""
    try:
        return Markup(formulas.html(rf"\({formulas.latex_of(found)}\)"))
    except formulas.MathsError:
        return escape(found[0])


_SPREAD = re.compile(r"([−\d][^()]*?) \(([^()]+) to ([^()]+)\)")


def spread(text: str) -> Markup:
    """Write a median with its range small beneath; what is not one stays a sentence.

    A line may end before the range and within it at "to", never in a number.
    """
    found = _SPREAD.fullmatch(text)
    if not found:
        return words(text)
    middle, low, high = (value(whole.replace(" ", "\u00a0")) for whole in found.groups())
    said = language.gettext("%(low)s to %(high)s").replace("%(low)s ", "%(low)s\u00a0")
    extent = escape(said) % {"low": low, "high": high}
    return Markup("{} <small>{}</small>").format(middle, extent)


def _glued(text: str) -> str:
    """Put no-break spaces where a number would fall apart."""
    return re.sub(r"(?<=\d) (?=%)| (?=×)|(?<=×) ", "\u00a0", text)


def state(made: Promise) -> str:
    """Return the state of a promise, as a CSS word."""
    if not made.claim.judged:
        return "unjudged"
    return "broken" if made.problem else made.verdict
