"""What a lesson measured, in the words of the page's language; in English, those of the run."""

from __future__ import annotations

import re
from typing import Any

from lessonkit.evidence import Claim, Number, Record, Rule, display
from lessonkit.evidence.promise import Promise
from lessonkit.press.page.language import gettext as _
from lessonkit.press.page.language import ngettext

_SPAN = re.compile(r"([−\d][^()]*?) to ([^()]+)")
_SUMMARY = re.compile(rf"([−\d][^()]*?) \({_SPAN.pattern}\)")


def span(low: str, high: str) -> str:
    """Write a range."""
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def measured(text: str) -> str:
    """Return a median with its range, as a run wrote it; whatever else it wrote stays."""
    if found := _SUMMARY.fullmatch(text):
        return f"{found[1]} ({span(found[2], found[3])})"
    found = _SPAN.fullmatch(text)
    return span(found[1], found[2]) if found else text


def promised(claim: Claim) -> str:
    """Write the rule of a claim."""
    return rule(claim.rule, claim.format, claim.unit)


def rule(made: Rule, format: str, unit: str) -> str:
    """Write a rule, "at most 15 %"."""
    low, high = (display.bound(made.bound[at], format, unit) for at in (0, -1))
    if made.kind == "between":
        return _("between %(low)s and %(high)s") % {"low": low, "high": high}
    if made.kind == "equals":
        within = {"value": low, "tolerance": high}
        return _("%(value)s to within %(tolerance)s") % within if made.bound[-1] else low
    return {
        "at_most": _("at most %(bound)s"),
        "at_least": _("at least %(bound)s"),
        "below": _("below %(bound)s"),
        "above": _("above %(bound)s"),
    }[made.kind] % {"bound": low}


def statement(claim: Claim) -> str:
    """Return a claim's sentence; the words of its rule, which the run wrote, are translated."""
    english = claim.rule.text(claim.format, claim.unit)
    return claim.statement.replace(english, promised(claim))


def over(claim: Claim) -> str:
    """Say how many values a claim has."""
    count = len(claim.values)
    return _("exact") if claim.exact else ngettext("%d seed", "%d seeds", count) % count


def verdict(made: Promise) -> str:
    """Write the verdict with the count of networks inside, as in "holds, 4 of 5"."""
    claim = made.together if made.disagreement else made.claim
    if not made.claim.judged:
        return _("not judged")
    if made.problem:
        return _("promise broken")
    word = _(claim.verdict)
    if claim.exact:
        return word
    counts = {"verdict": word, "inside": claim.inside, "count": len(claim.values)}
    return _("%(verdict)s, %(inside)d of %(count)d") % counts


def replicated(made: Promise) -> str:
    """Say what the records found."""
    if made.elsewhere is None:
        return _("not replicated since its last change")
    counts = {"inside": made.elsewhere.inside, "count": len(made.elsewhere.values)}
    kinds = ngettext("%d kind of machine", "%d kinds of machine", made.machines) % made.machines
    one, many = _FRESH[made.claim.exact]
    return f"{ngettext(one, many, counts['count']) % counts}, {kinds}"


def disagreement(made: Promise) -> str:
    """Say what this machine and the records do not agree about; "" if they agree."""
    rest = made.elsewhere
    if rest is None or not made.disagreement:
        return ""
    said = _("here: %(inside)d of %(count)d inside; elsewhere %(others)d of %(known)d") % {
        "inside": made.claim.inside,
        "count": len(made.claim.values),
        "others": rest.inside,
        "known": len(rest.values),
    }
    if made.claim.verdict != rest.verdict:
        return said
    traps = [display.middle(c.trap_values, c.format, c.unit) for c in (made.claim, rest)]
    gave = _("and the trap gave %(here)s; elsewhere %(elsewhere)s")
    return f"{said}, {gave % {'here': traps[0], 'elsewhere': traps[1]}}"


def title(record: Record, part: str) -> str:
    """Say what a part of a record in a sentence is."""
    if isinstance(record, Claim):
        trap = _("trap: %(trap)s") % {"trap": record.trap} + "; " if part == "trap" else ""
        return f"{trap}{over(record)}: {statement(record)}"
    if isinstance(record, Number):
        count = len(record.values)
        how = _("median of %d seeds; smallest to largest in brackets") % count
        return ": ".join(filter(None, [record.label, how if count > 1 else ""])) or _("measured")
    return record.title(part)


def counted(count: int, thing: str) -> str:
    """Write how many there are: "1 thread", "2 threads"."""
    one, many = _THINGS[thing]
    return ngettext(one, many, count) % count


def part(record: Record, name: str) -> str:
    """Write a part of a record."""
    if isinstance(record, Claim) and name == "promised":
        return promised(record)
    return measured(record.text(name))


def seeds(given: list[int]) -> str:
    """Write the seeds of a run: "0 to 4 (5)"."""
    return f"{span(str(given[0]), str(given[-1]))} ({len(given)})" if given else _("none")


def N_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 - gettext's name for it
    """Mark messages that are translated elsewhere."""
    return one, many


_THINGS: dict[str, tuple[str, str]] = {
    "thread": N_("%d thread", "%d threads"),
    "claim": N_("%d claim", "%d claims"),
    "line": N_("%d line", "%d lines"),
    "statement": N_("%d statement", "%d statements"),
}


_FRESH = {  # by whether a claim is exact
    True: N_(
        "inside in %(inside)d of %(count)d fresh run",
        "inside in %(inside)d of %(count)d fresh runs",
    ),
    False: N_(
        "inside in %(inside)d of %(count)d fresh network",
        "inside in %(inside)d of %(count)d fresh networks",
    ),
}


def known(word: Any) -> str:
    """Return one of the words that stand in a run or in the code."""
    return _(str(word))


# Words that stand elsewhere in the code, so that the catalogues hold them.
WORDS = (
    _("holds"),
    _("contradicted"),
    _("broken"),
    _("unjudged"),
    _("not yet"),
    _("cited"),
    _("not testable here"),
    _("no maths"),
    _("some maths"),
    _("more maths"),
)
