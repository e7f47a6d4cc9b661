"""What every piece of evidence has in common, whatever its kind."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple

from lessonkit.evidence import display

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class EvidenceError(ValueError):
    """A lesson tried to publish something that could not be trusted or read."""


class Line(NamedTuple):
    """A line that a terminal shows, and a notebook without its style."""

    text: str
    style: str = ""  # "bold", "dim", "green" …: a style of rich's


class Medium(NamedTuple):
    """A file that a notebook shows or plays."""

    path: str  # in the run
    type: str  # such as "image/png"
    words: str  # for who does not see or hear it


@dataclass(frozen=True)
class Record:
    """One piece of evidence: a frozen dataclass of plain data, one class for each kind.

    A kind needs nothing but its class, here in `evidence/`, and a template of its name, with which
    a page shows it. Everything else (the run's file, terminals, notebooks, downloads, embeds) asks
    the record.
    """

    kind: ClassVar[str]
    kinds: ClassVar[dict[str, type[Record]]] = {}
    parts: ClassVar[tuple[str, ...]] = ()  # what a sentence of a page can hold: [[name.part]]
    inline: ClassVar[bool] = False  # whether [[name]] itself stands in a sentence

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        Record.kinds[cls.kind] = cls

    def text(self, part: str = "") -> str:
        """Write one of `parts`, or all of it ("") for a sentence."""
        raise NotImplementedError

    def title(self, part: str = "") -> str:
        """Say what a part in a sentence is."""
        return ""

    @property
    def files(self) -> Mapping[str, str]:
        """The run's files that belong to it: ending -> path in the run. Readers download them."""
        return {}

    @property
    def media(self) -> Sequence[Medium]:
        """What of its files a notebook shows or plays."""
        return ()

    def lines(self, name: str) -> list[Line]:
        """Return what a terminal and a notebook say of it."""
        raise NotImplementedError

    def html(self) -> str:
        """Return what a notebook shows instead of the lines, if it can show more than these."""
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data, the kind included."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """Read a record of any kind back.

        Raises:
            EvidenceError: there is no such kind.
        """
        kind = data.get("kind")
        if kind not in Record.kinds:
            known = ", ".join(Record.kinds)
            raise EvidenceError(f"a record of kind {kind!r}: expected one of {known}.")
        rest = {name: value for name, value in data.items() if name != "kind"}
        return Record.kinds[kind].restored(rest)

    @classmethod
    def restored(cls, data: Mapping[str, Any]) -> Record:
        """Make a record of this kind from what `to_json` gave."""
        return cls(**data)


def checked_name(name: str) -> str:
    """Return `name` if it is kebab-case, the only form that a page can embed."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise EvidenceError(
            f"name {name!r}: expected small letters, digits and single hyphens, as in "
            "'first-layer-gradient'. Rename it."
        )
    return name


def checked_text(text: str, what: str) -> str:
    """Return `text` in one line, refusing an empty one."""
    if not isinstance(text, str) or not text.strip():
        raise EvidenceError(f"{what}: expected a sentence, got {text!r}. Write it.")
    return " ".join(text.split())


def checked_values(values: Any, what: str) -> list[float]:
    """Return values as finite floats, from a number, list, numpy array or torch tensor.

    Raises:
        EvidenceError: empty, not numbers, more than one axis, NaN or infinite.
    """
    plain = values.tolist() if hasattr(values, "tolist") else values
    plain = list(plain) if isinstance(plain, (list, tuple, range)) else [plain]
    plain = [item.tolist() if hasattr(item, "tolist") else item for item in plain]
    if not plain:
        raise EvidenceError(f"{what}: expected at least one value, got none.")
    for item in plain:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            raise EvidenceError(
                f"{what}: expected one number or one per seed, got {item!r} "
                f"among {len(plain)} value(s). Reduce it to one axis over seeds first."
            )
        if not math.isfinite(item):
            raise EvidenceError(
                f"{what}: expected finite numbers, got {item} among {len(plain)} value(s). "
                "A run that overflowed is no measurement: find where, or count it instead."
            )
    return [float(item) for item in plain]


def checked_format(format: str, values: Sequence[float], what: str) -> str:
    """Return `format` if it can write the values."""
    try:
        for value in values:
            display.number(value, format)
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"{what}: format {format!r} cannot write them: {error}") from None
    return format
