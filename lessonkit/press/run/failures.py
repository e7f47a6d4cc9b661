"""Why a lesson failed: noted beside its runs, for each key, until a run with that key succeeds.

.lessonkit/runs/<lesson>/<key>.failed.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lessonkit.press.run.aside import unwritable
from lessonkit.press.settings import Settings


def file(runs: Path, lesson: str, key: str) -> Path:
    """Return where the last failure for a key is noted."""
    return runs / lesson / f"{key}.failed.json"


def note(runs: Path, lesson: str, key: str, failure: dict[str, Any]) -> None:
    """Remember why a lesson failed; it stays until a run with this key succeeds."""
    target = file(runs, lesson, key)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(failure, indent=1), encoding="utf-8")
    except OSError as error:
        raise unwritable(target, error) from None


def noted(runs: Path, lesson: str, key: str) -> dict[str, Any] | None:
    """Return the noted failure for a key, if there is one."""
    try:
        return json.loads(file(runs, lesson, key).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {"message": "its last run failed (the note about it cannot be read)"}


def explain(failure: dict[str, Any], settings: Settings) -> str:
    """Say in one line what failed and where."""
    place = f"{settings.lessons}/{failure.get('lesson', '?')}.py"
    if failure.get("line"):
        place += f":{failure['line']}"
    return f"{place}: {failure['message']}"
