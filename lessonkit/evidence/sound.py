"""A sound that a lesson made, as a WAV file that pages and notebooks play."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lessonkit.evidence.record import (
    EvidenceError,
    Line,
    Medium,
    Record,
    checked_path,
    checked_text,
    checked_values,
)

_LOUDEST = 32767  # of 16 bits


@dataclass(frozen=True)
class Sound(Record):
    """Where the file lies in the run, how long it plays, what to listen for, and its words."""

    kind = "sound"

    words: str
    caption: str
    seconds: float
    wav: str

    @property
    def files(self) -> Mapping[str, str]:
        """The sound."""
        return {"wav": self.wav}

    def check(self, what: str) -> None:
        """Refuse a sound without words or length, and a file that is none."""
        super().check(what)
        checked_text(self.words, f"words of {what}")
        checked_values(self.seconds, what)
        checked_path(self.wav, "wav", what)

    @property
    def media(self) -> Sequence[Medium]:
        """The sound, with its words for who does not hear it."""
        return (Medium(self.wav, "audio/wav", self.words),)

    def lines(self, name: str) -> list[Line]:
        """Return what it is, and what to listen for."""
        return [Line(f"{self.words} ({self.seconds:.1f} s)"), Line(self.caption or name, "dim")]


def recorded(
    samples: Any, rate: int, words: str, caption: str, folder: Path, name: str, what: str
) -> Sound:
    """Write samples from −1 to 1 into folder/sounds/`name`.wav and return their record.

    Raises:
        EvidenceError: no samples, one beyond −1 or 1, no rate, or no words.
    """
    values = checked_values(samples, what)
    loudest = max(map(abs, values))
    if loudest > 1:
        raise EvidenceError(
            f"{what}: expected samples from -1 to 1, got {loudest:.3g}. Divide them by the largest."
        )
    if not isinstance(rate, int) or rate < 1:
        raise EvidenceError(f"{what}: rate: expected samples for each second, got {rate!r}.")
    said = checked_text(words, f"words of {what}, for who does not hear it")
    target = folder / "sounds" / f"{name}.wav"
    target.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array("h", (round(_LOUDEST * value) for value in values)).tobytes())
    return Sound(said, caption, len(values) / rate, f"sounds/{name}.wav")
