"""One lesson to run: its code, the circumstances, and the key of both.

The same key means the same run.
"""

from __future__ import annotations

from dataclasses import dataclass

from lessonkit.evidence.environment import environment
from lessonkit.press.lesson.circumstances import AS_SET, Circumstances, Wanted, circumstances
from lessonkit.press.lesson.source import Source, digest_of, digest_of_code, source
from lessonkit.press.settings import Settings

RUN_FORMAT = 3  # of a run's folder; another number is another store


@dataclass(frozen=True)
class Job:
    """One lesson to run."""

    source: Source
    around: Circumstances
    key: str

    @property
    def lesson(self) -> str:
        """The lesson's name."""
        return self.source.lesson

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its process."""
        around = self.around
        pinned = environment(around.threads, around.instructions, named=around.environment)
        return pinned | {"MPLBACKEND": "agg", "PYTHONUNBUFFERED": "1"}

    def manifest(self, found: dict[str, str]) -> dict[str, object]:
        """Return what a run of it says of itself.

        What it found beside its code is part of its source and of its key: only when it has run do
        we know what that is.

        Args:
            found: each input -> what it was.
        """
        code = self.source
        source = digest_of_code(code.lesson, code.modules, code.files, found)
        return {
            "lesson": self.lesson,
            "key": key(source, self.around),
            "source": source,
            "modules": code.modules,
            "reads": code.files,
            "inputs": found,
            "circumstances": self.around.to_json(),
        }


def job(settings: Settings, lesson: str, wanted: Wanted = AS_SET) -> Job:
    """Return the job of a lesson.

    Raises:
        UsageError: no such lesson, or something is wanted that does not exist here.
        PressError: the lesson's code cannot be read.
    """
    around = circumstances(settings, wanted)
    code = source(settings, lesson)
    return Job(code, around, key(code.digest, around))


def key(code: str, around: Circumstances) -> str:
    """Return the key of a run, 16 hexadecimal digits, of its code's digest and circumstances."""
    return digest_of([RUN_FORMAT, code, around.to_json()])[:16]
