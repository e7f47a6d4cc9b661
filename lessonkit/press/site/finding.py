"""One thing that `lessonkit check` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing to mend."""

    where: str
    message: str
    warning: bool = False  # a warning does not fail the check

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"
