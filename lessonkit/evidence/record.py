"""What every piece of evidence has in common, whatever its kind."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from reprlib import repr as shortened  # of what may be long, or deep
from typing import Any, ClassVar, NamedTuple, Self

from lessonkit.evidence import display

LONGEST_TEXT = 20_000  # characters
LONGEST_NAME = 100  # a file is called like it
NAMES_OF_DEVICES = r"con|prn|aux|nul|com\d|lpt\d"  # of Windows, where no file can be called so
LARGEST = 1e300  # of a value: spreads and ranges of such values are still finite
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What a page or a terminal would not show but obey; lines may end, and tabs may stand.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# A format of Python's for one number; a width or a precision of thousands would fill the memory.
_FORMAT = re.compile(r"(.?[<>=^])?[-+ ]?z?#?0?\d{0,2}[_,]?(\.\d{1,2})?[deEfFgG%]?")


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
    the record. Read back, it is believed no more than a stranger: its fields must have their types,
    and `check` refuses what a lesson could not have published.
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
    def paths(self) -> Sequence[str]:
        """All files of the run that it names."""
        return tuple(self.files.values())

    @property
    def media(self) -> Sequence[Medium]:
        """What of its files a notebook shows or plays."""
        return ()

    def check(self, what: str) -> None:
        """Refuse what no lesson could have published, of whatever kind: unprintable texts.

        Raises:
            EvidenceError: it says what was expected; `what` names the record.
        """
        checked_legible(asdict(self), what)

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
    def from_json(cls, data: Mapping[str, Any], name: str) -> Record:
        """Read a record of any kind back.

        Args:
            data: what `to_json` gave.
            name: under which it was published.

        Raises:
            EvidenceError: no such kind, a field too many, too few, or of another type, or something
                that no lesson could have published.
        """
        kind = data.get("kind")
        if not isinstance(kind, str) or kind not in Record.kinds:
            known = ", ".join(Record.kinds)
            raise EvidenceError(f"a record of kind {shortened(kind)}: expected one of {known}.")
        what = f"{kind} {checked_name(name)!r}"
        record = Record.kinds[kind]._restored(data, what)
        record.check(what)
        if record.to_json().keys() != data.keys():
            odd = sorted(record.to_json().keys() ^ data.keys())
            raise EvidenceError(f"{what}: fields missing, or unknown: {odd!r:.200}.")
        return record

    @classmethod
    def _restored(cls, data: Mapping[str, Any], what: str) -> Self:
        from msgspec import ValidationError, convert  # only whoever reads back waits for it

        try:
            return convert(data, cls)
        except ValidationError as error:
            raise EvidenceError(f"{what}: {error}.") from None


def checked_legible(data: Any, what: str, lines: bool = True) -> None:
    """Refuse control characters, and endless texts, anywhere in plain data.

    Args:
        data: of mappings, lists and texts.
        what: it is, for the error.
        lines: whether a text may have several.

    Raises:
        EvidenceError: there is one.
    """
    if isinstance(data, str):
        if len(data) > LONGEST_TEXT:
            raise EvidenceError(
                f"{what}: expected at most {LONGEST_TEXT:,} characters, got {len(data):,}, "
                f"{data!a:.80}. Shorten it."
            )
        found = CONTROL.search(data if lines else data.replace("\n", "\r"))
        if found:
            raise EvidenceError(
                f"{what}: expected text without control characters, got {found[0]!a} in "
                f"{data!a:.80}. Leave it out."
            )
    elif isinstance(data, Mapping):
        checked_legible([*data, *data.values()], what, lines)
    elif isinstance(data, (list, tuple)):
        for item in data:
            checked_legible(item, what, lines)


def checked_name(name: str) -> str:
    """Return `name` if it is kebab-case, the only form that a page can embed."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise EvidenceError(
            f"name {shortened(name)}: expected small letters, digits and single hyphens, as in "
            f"'first-layer-gradient', at most {LONGEST_NAME}. Rename it."
        )
    if re.fullmatch(NAMES_OF_DEVICES, name):
        raise EvidenceError(f"name {name!r}: a device is called so on Windows. Rename it.")
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
            mend = (
                "Make it a number" if isinstance(item, str) else "Reduce it to one axis over seeds"
            )
            raise EvidenceError(
                f"{what}: expected one number or one per seed, got {item!r} "
                f"among {len(plain)} value(s). {mend} first."
            )
        if not math.isfinite(item) or abs(item) > LARGEST:
            raise EvidenceError(
                f"{what}: expected finite numbers, got {item} among {len(plain)} value(s). "
                "A run that overflowed is no measurement: find where, or count it instead."
            )
    return [float(item) for item in plain]


def checked_format(format: str, values: Sequence[float], what: str) -> str:
    """Return `format` if it can write the values."""
    if not _FORMAT.fullmatch(format):
        raise EvidenceError(
            f"{what}: format {format!a:.40} cannot write them: expected one of Python's, "
            "as in '.3g', '.1f', '.2e', '.0%' or ',d'."
        )
    try:
        for value in values:
            display.number(value, format)
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"{what}: format {format!r} cannot write them: {error}") from None
    return format


def checked_path(path: str, ending: str, what: str) -> str:
    """Return the path of a file of the run if its name has this ending."""
    if not path.endswith(f".{ending}"):
        raise EvidenceError(f"{what}: expected the path of a .{ending} file, got {path!a:.80}.")
    return path
