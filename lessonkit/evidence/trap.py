"""What a claim is set against: the same quantity with one thing changed, which must break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from reprlib import repr as shortened  # of many values, the first ones
from typing import Any, NamedTuple

from lessonkit.evidence.record import EvidenceError, checked_text
from lessonkit.figures.conditions import spelled


class Sides(NamedTuple):
    """What a claim compares: the same quantity in its own condition and in the trap's."""

    values: Any
    trap: str
    trap_values: Any


Quantity = Mapping[Any, Any] | Callable[..., Any]  # condition(s) -> values over seeds


def sides(quantity: Any, condition: tuple[Any, ...], trap: Any, what: str) -> Sides:
    """Return both sides of a claim.

    Whether a trap is a condition or values is never guessed: where the claim names its condition,
    the trap is another condition of the same quantity; where it names none, the trap is values.

    Raises:
        EvidenceError: a quantity without a condition, a condition without a quantity, a condition
            that is not there, a trap that is none or that is the claim's own condition.
    """
    if not condition:
        if isinstance(quantity, Mapping) or callable(quantity):
            raise EvidenceError(f"{what}: expected a condition behind its quantity. {_CONDITION}")
        label, values = _labelled(trap, what)
        return Sides(quantity, label, values)
    if not (isinstance(quantity, Mapping) or callable(quantity)):
        raise EvidenceError(
            f"{what}: got the condition {spelled(_key(condition))!r} behind plain values. "
            f"{_CONDITION} Values on their own take no condition, and their trap is values, too: "
            'trap={"what was changed": values}.'
        )
    label, other = _labelled(trap, what) if isinstance(trap, dict) else (spelled(trap), trap)
    against = _conditions(other, len(condition), what)
    if against == condition:
        raise EvidenceError(
            f"{what}: its trap is its own condition, {spelled(_key(condition))!r}. {_TRAP}"
        )
    values, trapped = (_at(quantity, chosen, what) for chosen in (condition, against))
    return Sides(values, checked_text(label, f"trap of {what}"), trapped)


_TRAP = (
    "A trap is the one change that must turn the verdict: what nothing can break says nothing. "
    'Write another condition of the same quantity, trap="tanh", or name it, '
    'trap={"tanh instead": "tanh"}; without a condition, trap={"tanh instead": values}.'
)
_CONDITION = (
    "A condition says which values of a quantity are judged: "
    'lesson.claim("name", "Sentence, {rule}", accuracy, "sigmoid", trap="tanh", at_most=0.15), '
    'where accuracy is {"sigmoid": values, "tanh": values} or a function of the condition.'
)


def _labelled(trap: Any, what: str) -> tuple[str, Any]:
    if not isinstance(trap, dict) or len(trap) != 1:
        raise EvidenceError(
            f"{what}: trap: expected {{what was changed: what it gave}}, got {shortened(trap)}. "
            f"{_TRAP}"
        )
    label, given = next(iter(trap.items()))
    return checked_text(label, f"trap of {what}"), given


def _conditions(trap: Any, count: int, what: str) -> tuple[Any, ...]:
    if count == 1:
        return (trap,)
    if not isinstance(trap, tuple) or len(trap) != count:
        raise EvidenceError(
            f"{what}: trap: expected {count} conditions, as many as the claim's own, got "
            f"{shortened(trap)}. "
            f'Write trap=("plain", 56). {_TRAP}'
        )
    return trap


def _key(condition: tuple[Any, ...]) -> Any:
    return condition[0] if len(condition) == 1 else condition


def _at(quantity: Quantity, condition: tuple[Any, ...], what: str) -> Any:
    if not isinstance(quantity, Mapping):
        return quantity(*condition)
    key = _key(condition)
    try:
        return quantity[key]
    except (KeyError, TypeError):
        known = ", ".join(map(repr, quantity)) or "none"
        raise EvidenceError(
            f"{what}: its quantity has no condition {shortened(key)}; it has: {known}. {_CONDITION}"
        ) from None
