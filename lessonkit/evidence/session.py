"""Where a lesson runs: by hand from a shell, or inside a run of the builder."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances
from lessonkit.evidence.circumstances import DEVICES, PROFILES
from lessonkit.evidence.record import Record


@dataclass
class Session:
    """One execution of one lesson: its circumstances, and what it has published so far."""

    profile: str
    device: str
    folder: Path
    first_seed: int = 0
    by_hand: bool = True
    lesson: str | None = None  # set by the builder: the name that the script must give
    tell: Callable[[dict[str, Any]], None] = lambda event: None
    seeds: list[int] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)  # in the order of publication
    pid: int = field(default_factory=os.getpid)

    def to_json(self) -> dict[str, Any]:
        """Return the evidence of the run as plain data."""
        records = [{"name": name, **record.to_json()} for name, record in self.records.items()]
        return {"seeds": self.seeds, "records": records}

    def write(self) -> None:
        """Write evidence.json into the session's folder."""
        text = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        (self.folder / "evidence.json").write_text(text, encoding="utf-8")


_current: Session | None = None


def begin(session: Session | None) -> None:
    """Make `session` the one that the next `Lesson` publishes into (the builder's entrance)."""
    global _current
    _current = session


def current(lesson: str) -> Session:
    """Return the session of this process, starting one by hand if the builder gave none."""
    global _current
    if _current is None:
        _current = _by_hand(lesson)
    return _current


def _by_hand(lesson: str) -> Session:
    """Start a session from the command line `python lessons/….py [--profile …]`."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    known_script = script is not None and Path(script).stem == lesson.rsplit("/", 1)[-1]
    parser = argparse.ArgumentParser(description=f"Run the lesson {lesson} and print its findings.")
    parser.add_argument("--profile", choices=PROFILES, help="default: full on a GPU, else quick")
    parser.add_argument("--device", choices=("auto", *DEVICES), default="auto")
    parser.add_argument("--first-seed", type=int, default=0, help="try other seeds (default: 0)")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of figures")
    parser.add_argument(
        "--portable", action="store_true", help="use only instructions that every processor has"
    )
    given = parser.parse_args(sys.argv[1:] if known_script else [])
    if script is not None and known_script:
        instructions = "portable" if given.portable else circumstances.instructions_of()
        circumstances.pin_by_hand(_threads(Path(script)), instructions)
        circumstances.pin_drawing()
    else:  # in a notebook
        circumstances.pin_threads(1)
    device = _device(given.device)
    profile = given.profile or ("full" if device == "cuda" else "quick")
    folder = given.outputs / lesson
    folder.mkdir(parents=True, exist_ok=True)
    return Session(profile, device, folder, given.first_seed)


def _threads(script: Path) -> int:
    """Return the threads that the project around a script sets; one unless it says otherwise."""
    for folder in script.resolve().parents:
        file = folder / "pyproject.toml"
        if file.is_file():
            try:
                table = tomllib.loads(file.read_text(encoding="utf-8"))
                return int(table["tool"]["lessonkit"]["threads"])
            except (OSError, ValueError, KeyError, TypeError):
                return 1
    return 1


def _device(wanted: str) -> str:
    """Return the device to train on, checked; torch is imported only if it is needed and there."""
    if wanted == "auto":
        return "cuda" if circumstances.usable("cuda") else "cpu"
    if not circumstances.usable(wanted):
        raise SystemExit(f"{circumstances.unusable(wanted)}. Choose one of these, or auto.")
    return wanted
