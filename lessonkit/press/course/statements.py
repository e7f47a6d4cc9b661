"""What is commonly told: the statements, by others, that a course sets out to answer."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lessonkit.press.settings import PressError

KINDS = ("measured", "exact", "cited")
FILE = "statements.toml"  # in the root of a project; a course may have none


class StatementError(PressError):
    """A file of statements that cannot be believed."""


@dataclass(frozen=True)
class Statement:
    """One thing that somebody tells, in the course's own words."""

    id: str  # by which a lesson names it, such as "A8"
    told_by: str  # the introduction that tells it
    kind: str  # one of KINDS: tried in a run, arithmetic or a definition, or left to a source
    says: str


def read(file: Path) -> dict[str, Statement]:
    """Read the statements by id, in the order of the file; none if there is no such file.

    Raises:
        StatementError: not TOML, an unknown, missing or empty entry, an unknown kind, or an id
            that occurs twice.
    """
    if not file.exists():
        return {}
    found: dict[str, Statement] = {}
    for number, table in enumerate(_tables(file), start=1):
        statement = _statement(file, number, table)
        if statement.id in found:
            raise StatementError(
                f"{file}: statement {statement.id!r}: expected each id once, got it twice: "
                f"{found[statement.id].says!r} and {statement.says!r}."
            )
        found[statement.id] = statement
    return found


def unknown(ids: Iterable[str], known: Collection[str]) -> str:
    """Say which of the ids do not exist, and which ones are close; "" if all of them exist."""
    missing = [name for name in dict.fromkeys(ids) if name not in known]
    return "; ".join(_missing(name, known) for name in missing)


def _missing(name: str, known: Collection[str]) -> str:
    if not known:
        return f"no statement {name!r}: there are no statements"
    close = difflib.get_close_matches(name, known)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "none is close"
    return f"no statement {name!r}: {hint}"


def _tables(file: Path) -> list[Any]:
    """Return what stands under [[statement]], unchecked."""
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise StatementError(f"{file}: expected UTF-8 text: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise StatementError(f"{file}: expected valid TOML: {error}.") from None
    other = [name for name in whole if name != "statement"]
    if other:
        raise StatementError(f"{file}: expected only tables [[statement]], got {other[0]!r}.")
    tables = whole.get("statement", [])
    if not isinstance(tables, list):
        raise StatementError(f"{file}: expected tables [[statement]], got {tables!r}.")
    return tables


def _statement(file: Path, number: int, table: Any) -> Statement:
    name = repr(table["id"]) if isinstance(table, dict) and "id" in table else f"number {number}"
    problem = _problem(table)
    if problem:
        raise StatementError(f"{file}: statement {name}: {problem}.")
    return Statement(**table)


def _problem(table: Any) -> str:
    """Say what was expected of a table and what came; "" if it is well."""
    if not isinstance(table, dict):
        return f"expected a table, got {table!r}"
    keys = [field.name for field in fields(Statement)]
    listed = f"expected the keys {', '.join(keys)}"
    for key in table:
        if key not in keys:
            return f"{listed}, got {key!r} as well"
    for key in keys:
        if key not in table:
            return f"{listed}, got no {key!r}"
    for key, value in table.items():
        if not isinstance(value, str) or not value.strip():
            return f"expected text for {key!r}, got {value!r}"
    if table["kind"] not in KINDS:
        return f"expected one of the kinds {', '.join(KINDS)}, got {table['kind']!r}"
    return ""
