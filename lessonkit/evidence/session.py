"""Where a lesson runs: by hand from a shell, or inside a run of the builder."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances, environment
from lessonkit.evidence.circumstances import DEVICES, PROFILES
from lessonkit.evidence.record import EvidenceError, Record


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
    published: Callable[[], None] = lambda: None  # the builder's: something was published just now
    seeds: list[int] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)  # in the order of publication
    pid: int = field(default_factory=os.getpid)
    passing: tempfile.TemporaryDirectory[str] | None = None  # where `outputs` cannot be written

    @property
    def replaces(self) -> bool:
        """Whether publishing a name again replaces it: somebody runs a cell, or a line, again."""
        return self.by_hand and circumstances.front_end() != "script"

    def to_json(self) -> dict[str, Any]:
        """Return the evidence of the run as plain data."""
        records = [{"name": name, **record.to_json()} for name, record in self.records.items()]
        return {"seeds": self.seeds, "records": records}

    def write(self) -> None:
        """Write evidence.json into the session's folder."""
        text = json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        with self.writing():
            (self.folder / "evidence.json").write_text(text, encoding="utf-8")

    def file(self, path: str) -> Path:
        """Return where a file of the run lies."""
        return self.folder / path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say in one line what cannot be written."""
        try:
            yield
        except OSError as error:
            if not self.by_hand:
                raise
            raise EvidenceError(_unwritable(self.folder, error)) from None


_current: Session | None = None


def begin(session: Session | None) -> None:
    """Make `session` the one that the next `Lesson` publishes into (the builder's entrance)."""
    global _current
    _current = session


def current(lesson: str) -> Session:
    """Return the session of this process, starting one by hand if the builder gave none.

    In a notebook, and at a prompt, each `Lesson(…)` starts anew.
    """
    global _current
    if _current is None or _current.replaces:
        _current = _by_hand(lesson)
    return _current


def _by_hand(lesson: str) -> Session:
    """Start a session from `python lessons/….py [--profile …]`, or in a notebook."""
    script, front = _script(lesson), circumstances.front_end()
    given = _parser(lesson).parse_args(sys.argv[1:] if script else [])
    wrong = _wrong(given)
    if wrong:
        raise EvidenceError(wrong) if front == "notebook" else SystemExit(wrong)
    if script is not None:
        instructions = "portable" if given.portable else environment.instructions_of()
        circumstances.pin_by_hand(script, *_set_around(script), instructions)
        circumstances.pin_drawing()
    else:  # in a notebook
        circumstances.pin_threads(1)
    device = _device(given.device)
    profile = given.profile or ("full" if device == "cuda" else "quick")
    folder = (given.outputs / lesson).absolute()
    passing = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        if front != "notebook":
            raise SystemExit(_unwritable(given.outputs / lesson, error)) from None
        passing = tempfile.TemporaryDirectory(prefix="lessonkit-")
        folder = Path(passing.name)
    return Session(profile, device, folder, given.first_seed, passing=passing)


def _script(lesson: str) -> Path | None:
    """Return the script that runs, if it is this lesson's, also under another name or by a link."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    for path in filter(None, (main, *sys.argv[:1])):  # a profiler is the main module, not its file
        if Path(path).resolve().stem == lesson.rsplit("/", 1)[-1]:
            return Path(path)
    return None


def _parser(lesson: str) -> argparse.ArgumentParser:
    """Return the options of a lesson; the environment says what nobody asks for."""
    said = {name: os.environ.get(f"LESSONKIT_{name}") or None for name in _ENVIRONMENT}
    parser = argparse.ArgumentParser(
        description=f"Run the lesson {lesson} and print its findings.",
        epilog="LESSONKIT_PROFILE, LESSONKIT_DEVICE, LESSONKIT_FIRST_SEED and LESSONKIT_PORTABLE "
        "in the environment say the same; so they do in a notebook.",
    )
    profile = "default: full on a GPU, else quick"
    parser.add_argument("--profile", choices=PROFILES, default=said["PROFILE"], help=profile)
    parser.add_argument("--device", choices=("auto", *DEVICES), default=said["DEVICE"] or "auto")
    parser.add_argument(
        "--first-seed",
        type=int,
        default=said["FIRST_SEED"] or "0",  # text, so that it is parsed as an option's would be
        help="try other seeds (default: 0)",
    )
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of figures")
    parser.add_argument(
        "--portable",
        action="store_true",
        default=bool(said["PORTABLE"]),
        help="use only instructions that every processor has",
    )
    return parser


_ENVIRONMENT = ("PROFILE", "DEVICE", "FIRST_SEED", "PORTABLE")


def _wrong(given: argparse.Namespace) -> str:
    """Say what the environment asks for in vain; argparse looks at options only."""
    for name, value, known in (
        ("PROFILE", given.profile, (None, *PROFILES)),
        ("DEVICE", given.device, ("auto", *DEVICES)),
    ):
        if value not in known:
            choices = ", ".join(filter(None, known))
            return f"LESSONKIT_{name}: expected one of {choices}, got {value!r}."
    if given.first_seed < 0:
        return f"first seed: expected a whole number from 0, got {given.first_seed}."
    return ""


def _unwritable(folder: Path, error: OSError) -> str:
    why = error.strerror or error
    return f"cannot write {os.path.relpath(folder)}: {why}: use --outputs FOLDER"


def _set_around(script: Path) -> tuple[int, list[str]]:
    """Return the threads and the environment variables that the project around a script sets."""
    for folder in script.resolve().parents:
        file = folder / "pyproject.toml"
        if file.is_file():
            try:
                table = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["lessonkit"]
                return int(table.get("threads", 1)), list(table.get("environment", []))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                break
    return 1, []


def _device(wanted: str) -> str:
    """Return the device to train on; torch is asked only by who asks for one, or has torch."""
    if wanted == "auto":
        seeming = "cuda" in circumstances.seeming_devices()
        sure = "torch" not in sys.modules or circumstances.usable("cuda")
        return "cuda" if seeming and sure else "cpu"
    if not circumstances.usable(wanted):
        raise SystemExit(f"{circumstances.unusable(wanted)}. Choose one of these, or auto.")
    return wanted
