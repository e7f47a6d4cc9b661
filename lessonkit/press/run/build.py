"""What is fresh, what must run, and running it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from lessonkit.evidence.circumstances import DEVICES, PROFILES
from lessonkit.evidence.promise import Promise
from lessonkit.press.lesson import keys
from lessonkit.press.run import replications, runner, store
from lessonkit.press.settings import PressError, Settings, UsageError, wanted_profile


@dataclass(frozen=True)
class State:
    """How a lesson stands in the present circumstances."""

    lesson: str
    state: str  # fresh | stale | missing | failed
    job: runner.Job | None  # None: the script cannot be read
    run: store.Run | None  # this key's run if fresh, else the last good one
    problems: tuple[str, ...] = ()
    promises: dict[str, Promise] = field(default_factory=dict)  # of the run

    def to_json(self) -> dict[str, Any]:
        """Return what `lessonkit status --json` prints for a lesson."""
        manifest = self.run.manifest if self.run else {}
        around = manifest.get("circumstances", {})
        wanted = self.job.around.to_json() if self.job else {}
        return {
            "lesson": self.lesson,
            "key": self.job.key if self.job else None,
            "state": self.state,
            "profile": around.get("profile", wanted.get("profile")),
            "device": around.get("device", wanted.get("device")),
            "seconds": manifest.get("cpu_seconds"),
            "claims": [
                {
                    "id": name,
                    "verdict": promise.claim.verdict if promise.claim.judged else "not judged",
                    "kept": promise.problem is None,
                    "inside": promise.claim.inside,
                    "networks": len(promise.claim.values),
                    "replicated": _counts(promise),
                }
                for name, promise in self.promises.items()
            ],
            "problems": list(self.problems),
        }


def _counts(promise: Promise) -> dict[str, int] | None:
    """Return what the records say of a claim, or None if there are none."""
    if promise.elsewhere is None:
        return None
    rest = promise.elsewhere
    machines = promise.machines
    return {"inside": rest.inside, "networks": len(rest.values), "machines": machines}


def choose_device(wanted: str) -> str:
    """Return the device class for `wanted` without importing torch.

    Raises:
        UsageError: the device is not on this machine.
    """
    if wanted not in ("auto", *DEVICES):
        raise UsageError(f"unknown device {wanted!r}: choose auto, {', '.join(DEVICES)}.")
    there = {"cpu": True, "cuda": _has_cuda(), "mps": sys.platform == "darwin"}
    if wanted == "auto":
        return "cuda" if there["cuda"] else "cpu"
    if not there[wanted]:
        found = ", ".join(name for name, yes in there.items() if yes)
        raise UsageError(
            f"device {wanted!r} is not on this machine (or torch {_torch_version()} is built "
            f"without it); there is: {found}."
        )
    return wanted


def _has_cuda() -> bool:
    driver = Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()
    windows = Path(os.environ.get("SYSTEMROOT", "/nowhere"), "System32", "nvcuda.dll").exists()
    return (driver or windows) and "+cpu" not in _torch_version()


@lru_cache(maxsize=1)
def _torch_version() -> str:
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def choose_profile(settings: Settings, wanted: str | None, device: str) -> str:
    """Return the profile: as asked, as confined by LESSONKIT_PROFILE, as set, else by device.

    Raises:
        UsageError: there is no such profile.
    """
    profile = wanted or wanted_profile() or settings.profile
    if profile == "auto":
        return "full" if device == "cuda" else "quick"
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}: choose {', '.join(PROFILES)}.")
    return profile


def job_for(
    settings: Settings,
    lesson: str,
    profile: str,
    device: str,
    seed: int | None = None,
    instructions: str | None = None,
) -> runner.Job:
    """Return the job of a lesson: its code, the circumstances and the key of both."""
    source = keys.source(settings, lesson)
    around = keys.circumstances(settings, profile, device, seed, instructions)
    return runner.Job(source, around, keys.key(source, around))


def state_of(
    settings: Settings,
    lesson: str,
    profile: str | None = None,
    device: str = "auto",
    seed: int | None = None,
    instructions: str | None = None,
) -> State:
    """Say how a lesson stands; an unreadable script counts as failed."""
    found = _state(settings, lesson, profile, device, seed, instructions)
    if found.run is None:
        return found
    promises, problem = replications.promises(settings, found.run)
    problems = (*found.problems, problem) if problem else found.problems
    return replace(found, promises=promises, problems=problems)


def _state(
    settings: Settings,
    lesson: str,
    profile: str | None,
    device: str,
    seed: int | None,
    instructions: str | None,
) -> State:
    device = choose_device(device)
    chosen = choose_profile(settings, profile, device)
    try:
        job = job_for(settings, lesson, chosen, device, seed, instructions)
    except UsageError:
        raise
    except PressError as error:
        good = store.choose(settings.runs_folder, lesson, "", "", wanted_profile()).run
        return State(lesson, "failed", None, good, (str(error),))
    folder = store.run_folder(settings.runs_folder, lesson, job.key)
    try:
        return State(lesson, "fresh", job, store.open_run(folder))
    except store.StoreError as error:
        altered = (str(error),) if (folder / "manifest.json").exists() else ()
    choice = store.choose(
        settings.runs_folder, lesson, job.source.digest, job.key, wanted_profile()
    )
    last = choice.run
    if last and not choice.stale and profile is None and _was_brought(last, job):
        return State(lesson, "fresh", job, last)
    noted = store.failure(settings.runs_folder, lesson, job.key)
    if noted:
        reasons = (*altered, runner.explain({"lesson": lesson, **noted}, settings))
        return State(lesson, "failed", job, last, reasons)
    if altered:
        return State(lesson, "failed", job, last, altered)
    return State(lesson, "stale" if last else "missing", job, last)


def _was_brought(run: store.Run, job: runner.Job) -> bool:
    """Say whether a run measured more, on a kind of device that this machine has not.

    Somebody imported it so that it need not run here; pages use it, whatever else there is.
    """
    around = run.manifest["circumstances"]
    return (
        run.profile == "full"
        and job.around.profile == "quick"
        and around["device"] != job.around.device
    )


def states(
    settings: Settings,
    lessons: Sequence[str] = (),
    profile: str | None = None,
    device: str = "auto",
    seed: int | None = None,
    instructions: str | None = None,
) -> list[State]:
    """Return the states of these lessons (default: all)."""
    names = list(dict.fromkeys(lessons)) or settings.lesson_names()
    for name in names:
        settings.script(name)
    choose_profile(settings, profile, choose_device(device))  # wrong even if there is no lesson
    return [state_of(settings, name, profile, device, seed, instructions) for name in names]


def at_once(jobs: int | None, device: str) -> int:
    """Return how many lessons run together: a GPU is not shared unless somebody asks for it."""
    if jobs is not None:
        return max(1, jobs)
    return 1 if device != "cpu" else max(1, os.cpu_count() or 1)


def build(
    settings: Settings,
    planned: Sequence[State],
    jobs: int | None = None,
    force: bool = False,
    tell: runner.Tell = lambda job, event: None,
) -> list[runner.Result]:
    """Run what is not fresh among the planned lessons and return how each ended."""
    jobs_needed = needed(planned, force)
    if not jobs_needed:
        return []
    together = at_once(jobs, jobs_needed[0].around.device)
    return runner.run_all(settings, jobs_needed, together, tell, replace=force)


def needed(planned: Sequence[State], force: bool = False) -> list[runner.Job]:
    """Return the jobs of the planned lessons that are not fresh, or of all of them."""
    return [s.job for s in planned if s.job and (force or s.state != "fresh")]
