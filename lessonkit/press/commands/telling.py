"""What a run published, as a person or a program reads it: `lessonkit show`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lessonkit.evidence import Record
from lessonkit.press.course.entries import Course
from lessonkit.press.run import store
from lessonkit.press.run.store import Run
from lessonkit.press.settings import PressError, Settings, UsageError


def chosen(project: Settings, lesson: str, key: str) -> tuple[Run, tuple[str, ...]]:
    """Return the run that pages use, or the one whose key begins so, with what is wrong with it.

    Raises:
        PressError: there is no such run, or several.
    """
    entry = Course(project).entry(lesson)
    if not key:
        if entry.run is None:
            raise PressError(f"lesson {lesson} has no run: run `lessonkit build {lesson}`.")
        return entry.run, (*entry.problems, *entry.standing.remarks)
    folder = project.runs_folder / lesson
    known = sorted(path.parent.name for path in folder.glob("*/manifest.json"))
    found = [name for name in known if name.startswith(key)]
    if len(found) != 1:
        raise UsageError(
            f"lesson {lesson} has {len(found) or 'no'} runs whose key begins with {key!r}; "
            f"its runs are: {', '.join(known) or 'none'}."
        )
    return store.open_run(folder / found[0], lesson), ()


def as_text(run: Run, remarks: tuple[str, ...], cells: bool) -> Iterator[tuple[str, str]]:
    """Yield each line with its style: what a run published, what it warned of, what it cost."""
    yield f"{run.lesson}  key {run.key}", "bold"
    yield from ((line, "dim") for line in _circumstances(run))
    for name, record in run.records.items():
        yield "", ""
        yield f"[[{name}]] {record.kind}", "bold"
        yield from ((f"  {line.text}", line.style) for line in record.lines(name))
        yield from ((f"  {line}", "dim") for line in _parts(name, record))
        yield from ((f"  {line}", "dim") for line in _files(run, record))
    for number, cell in enumerate(run.cells if cells else (), 1):
        said = "".join(cell.get(part) or "" for part in ("stdout", "stderr", "value"))
        if said:
            yield from (("", ""), (f"cell {number}", "bold"))
            yield from ((f"  {line}", "") for line in said.splitlines())
    for head, lines in (("warnings of the run", run.warnings), ("remarks", remarks)):
        if lines:
            yield from (("", ""), (f"{head}: {len(lines)}", "bold"))
            yield from ((f"  {line}", "yellow") for line in lines)


def as_json(run: Run, remarks: tuple[str, ...]) -> dict[str, Any]:
    """Return the same as plain data, with every value."""
    return {
        "lesson": run.lesson,
        "key": run.key,
        "folder": str(run.folder),
        "manifest": {name: run.manifest.get(name) for name in _TOLD},
        "records": {
            name: record.to_json()
            | {"files": [str(run.folder / path) for path in record.files.values()]}
            for name, record in run.records.items()
        },
        "cells": run.cells,
        "warnings": run.warnings,
        "remarks": list(remarks),
    }


_AROUND = ("circumstances", "instruction_set", "device_name", "seeds", "finished")
_TOLD = (*_AROUND, "cpu_seconds", "wall_seconds", "peak_mib")


def _circumstances(run: Run) -> Iterator[str]:
    made, around = run.manifest, run.manifest["circumstances"]
    libraries = ", ".join(f"{name} {v}" for name, v in around["libraries"].items() if v)
    yield f"finished {made['finished']}, {around['profile']} on {made['device_name']}"
    yield f"seeds {', '.join(map(str, made['seeds'])) or 'none'}; threads {around['threads']}"
    yield f"Python {around['python']}, {libraries}; {made['instruction_set']}"
    yield (
        f"cost {made['cpu_seconds']:.1f} CPU s, {made['wall_seconds']:.1f} s by the clock, "
        f"{made['peak_mib']} MiB"
    )


def _parts(name: str, record: Record) -> Iterator[str]:
    for part in record.parts:
        yield f"[[{name}.{part}]] {record.text(part)}"


def _files(run: Run, record: Record) -> Iterator[str]:
    for path in dict.fromkeys([*record.files.values(), getattr(record, "svg", "")]):
        if path:
            yield f"{run.folder / path}  {len(run.read(path)):,} bytes"
