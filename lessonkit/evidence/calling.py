"""A call that does not fit: what is missing, what it is for, and how to write it."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from reprlib import repr as shortened
from typing import Any, ParamSpec, TypeVar

from lessonkit.evidence.record import EvidenceError

P = ParamSpec("P")
R = TypeVar("R")


def explained(example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method of `Lesson` refuse a call that does not fit, in one line.

    What each argument is for stands in the docstring, and is said from there.

    Args:
        example: how a call is written, with every argument that must be there.
    """

    def dressed(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)
        told = method.__doc__ or ""

        @functools.wraps(method)
        def called(*given: P.args, **named: P.kwargs) -> R:
            about = told or type(given[0]).__doc__ or ""
            try:
                bound = signature.bind(*given, **named)
            except TypeError:
                said = "; ".join(_misfits(about, signature, given, named))
                raise EvidenceError(f"{_called(method)}: {said}. Write {example}.") from None
            for name, value in bound.arguments.items():
                wanted = _wanted(str(signature.parameters[name].annotation), value)
                if wanted and signature.parameters[name].kind is not _MANY:
                    raise EvidenceError(
                        f"{_called(method)}: {name}: expected {wanted}, got {shortened(value)}"
                        f"{_purpose(about, name)}. Write {example}."
                    )
            return method(*given, **named)

        return called

    return dressed


_MANY = inspect.Parameter.VAR_POSITIONAL
_ORDERED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _called(method: Callable[..., Any]) -> str:
    return "Lesson" if method.__name__ == "__init__" else f"lesson.{method.__name__}"


def _misfits(
    about: str,
    signature: inspect.Signature,
    given: Sequence[Any],
    named: Mapping[str, Any],
) -> Iterable[str]:
    """Yield what is wrong with the arguments of a call."""
    taken = signature.parameters
    ordered = [name for name, one in taken.items() if one.kind in _ORDERED]
    there = {*ordered[: len(given)], *named}
    for name, one in taken.items():
        if one.default is one.empty and one.kind is not _MANY and name not in there:
            yield f"no {name}{_purpose(about, name)}"
    for name in named:
        if name in ordered[: len(given)]:
            yield f"{name} is given twice, by its place and by its name"
        elif name not in taken:
            yield f"no argument is called {name!r}; there are {', '.join([*taken][1:])}"
    if len(given) > len(ordered) and not any(one.kind is _MANY for one in taken.values()):
        yield (
            f"{len(given) - 1} arguments without a name came, and it takes {len(ordered) - 1} "
            f"({', '.join(ordered[1:])}); write the others as name=value"
        )


def _purpose(about: str, name: str) -> str:
    """Say what an argument is for, as the docstring has it."""
    text = inspect.cleandoc(about).partition("Args:\n")[2].partition("\n\n")[0]
    for names, said in re.findall(r"^    (\w[\w, ]*): (.+(?:\n {8}.+)*)", text, re.M):
        if name in names.split(", "):
            return f" ({' '.join(said.split()).rstrip('.')})"
    return ""


def _wanted(annotation: str, value: Any) -> str:
    """Say what an argument should be if it is something else; "" if it fits, or anything may."""
    if value is None and annotation.endswith("| None"):
        return ""
    fits, words = _KINDS.get(annotation.removesuffix(" | None"), (None, ""))
    return "" if fits is None or fits(value) else words


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "a text"),
    "str | Mapping[str, str]": (
        lambda value: isinstance(value, str | Mapping),
        "a text, or {header: text}",
    ),
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "int": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "Sequence[str]": (_are_texts, "a list of texts, as in ('A8',)"),
    "Iterable[T]": (lambda value: isinstance(value, Iterable), "what a loop can go through"),
}
