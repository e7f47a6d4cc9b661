"""The templates of all HTML, which escape whatever they are given, and how they write a value."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lessonkit.evidence import display
from lessonkit.evidence.promise import Promise
from lessonkit.evidence.records import Claim

_SIGN = {"holds": "✓", "contradicted": "✗", "broken": "!", "unjudged": "–"}
_WORD = {"broken": "promise broken", "unjudged": "not judged"}


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
    )
    made.filters |= {
        "value": value,
        "words": words,
        "counted": counted,
        "seeds": seeds,
        "pixel": "{:.1f}".format,
        "state": state,
        "sign": lambda made: _SIGN[state(made)],
        "verdict": lambda made: _WORD.get(state(made), made.standing),
        "measured": lambda c: display.summary(c.values, c.format, c.unit),
        "trapped": lambda c: display.summary(c.trap_values, c.format, c.unit),
        "promised": lambda c: c.rule.text(c.format, c.unit),
    }
    return made


def value(text: str) -> Markup:
    """Escape a number so that no line ends within it."""
    return Markup(escape(text).replace(" × ", "\u00a0×\u00a0"))


def words(text: str) -> Markup:
    """Escape a sentence, keeping `code` in backquotes as code."""
    parts = text.replace(" × 10", "\u00a0×\u00a010").split("`")
    if len(parts) % 2 == 0:  # one backquote has no partner
        return escape("`".join(parts))
    shown = (
        Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts)
    )
    return Markup("").join(shown)


def counted(count: int, thing: str) -> str:
    """Write how many there are: "1 thread", "2 threads"."""
    return f"{count} {thing}{'s' * (count != 1)}"


def seeds(given: list[int]) -> str:
    """Write the seeds of a run: "0 to 4 (5)"."""
    return f"{given[0]} to {given[-1]} ({len(given)})" if given else "none"


def state(made: Promise) -> str:
    """Return the state of a promise, as a CSS word."""
    if not made.claim.judged:
        return "unjudged"
    return "broken" if made.problem else made.verdict


def over(claim: Claim) -> str:
    """Say how many values a claim has."""
    return "exact" if claim.exact else f"{len(claim.values)} seeds"
