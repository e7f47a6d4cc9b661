"""Why a lesson failed: noted beside its runs, for each key, until a run with that key succeeds.

.lessonkit/runs/<lesson>/<key>.failed.json
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from lessonkit.press.run.aside import one_line
from lessonkit.press.settings import Settings


def file(runs: Path, lesson: str, key: str) -> Path:
    """Return where the last failure for a key is noted."""
    return runs / lesson / f"{key}.failed.json"


def note(runs: Path, lesson: str, key: str, failure: dict[str, Any]) -> None:
    """Remember why a lesson failed; it stays until a run with this key succeeds.

    The note is whole or absent. Where nothing can be written the failure is only told.
    """
    target = file(runs, lesson, key)
    aside = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(failure, indent=1), encoding="utf-8")
        aside.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()


def noted(runs: Path, lesson: str, key: str) -> dict[str, Any] | None:
    """Return the noted failure for a key, if there is one."""
    target = file(runs, lesson, key)
    try:
        found = json.loads(target.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and isinstance(found.get("message"), str):
        return found
    return {"message": "its last run failed (the note about it cannot be read)"}


def forget(runs: Path, lesson: str, key: str) -> None:
    """Drop the note: a run with this key has succeeded."""
    file(runs, lesson, key).unlink(missing_ok=True)


def explain(failure: dict[str, Any], settings: Settings) -> str:
    """Say in one line what failed and where."""
    place = f"{settings.lessons}/{failure.get('lesson', '?')}.py"
    if failure.get("line"):
        place += f":{failure['line']}"
    return f"{place}: {one_line(' '.join(failure['message'].split()))}"
