"""What a run found beside its code, in words: what has changed, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lessonkit.press.lesson import inputs
from lessonkit.press.run.store import Run
from lessonkit.press.settings import Settings


def changed(run: Run, names: Sequence[str]) -> str:
    """Say that inputs of a run are no longer what it found."""
    places = list(dict.fromkeys(map(inputs.spoken, names)))
    return (
        f"lesson {run.lesson}: {places[0]}{_more(places)} changed since the run that the page "
        f"shows ({run.key}) read it: run `lessonkit build {run.lesson}`."
    )


def remarks(settings: Settings, run: Run) -> list[str]:
    """Say what could change unnoticed; nothing of it forbids publishing."""
    return [*_unknown(settings, run), *_made(settings, run), *_unlisted(settings, run)]


def _unknown(settings: Settings, run: Run) -> Iterator[str]:
    """Say what nobody here can compare: files outside the project, of another machine."""
    unknown = [inputs.spoken(name) for name in inputs.unknown(settings.root, run.inputs)]
    if unknown:
        yield (
            f"lesson {run.lesson}: its run read {unknown[0]}{_more(unknown)}, outside the project, "
            "which is not here: nobody can tell whether it is still the same. Keep it in the "
            "project."
        )


def _made(settings: Settings, run: Run) -> Iterator[str]:
    """Say what the next run will find that this one did not."""
    made = [inputs.spoken(name) for name in run.inputs if name.startswith("made ")]
    there = [place for place in made if (settings.root / place).exists()]
    if there:
        yield (
            f"lesson {run.lesson}: it looked for {there[0]}{_more(there)}, which was not there, "
            "and made it. Whether it measures the same where it finds it tells "
            f"`lessonkit verify {run.lesson}`."
        )


def _unlisted(settings: Settings, run: Run) -> Iterator[str]:
    """Say which libraries a run used that no key covers."""
    used = run.manifest.get("unlisted", {})
    left = [f"{name} {used[name]}" for name in used if name not in settings.libraries]
    if left:
        yield (
            f"lesson {run.lesson}: it imports {', '.join(left)}, which `libraries` does not name: "
            "another version would go unnoticed. Add it under [tool.lessonkit] in pyproject.toml."
        )


def _more(names: Sequence[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
