"""Which of a lesson's runs a page uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lessonkit.press.run.aside import StoreError
from lessonkit.press.run.store import Run, open_run, runs_of

_PROFILE_RANK = {"full": 2, "quick": 1, "smoke": 0}


@dataclass(frozen=True)
class Choice:
    """The run that a page uses, and the runs that it cannot use."""

    run: Run | None
    stale: bool  # its code is not the present code
    altered: dict[str, str]  # runs that were passed over: key -> what is wrong with it
    own: Run | None = None  # the run of the very key that was asked for


def fuller(profile: str, other: str) -> bool:
    """Say whether a run of one profile measured more than one of another."""
    return _PROFILE_RANK[profile] > _PROFILE_RANK[other]


def choose(
    runs: Path,
    lesson: str,
    source: str,
    key: str,
    profile: str | None = None,
    memo_folder: Path | None = None,
    stands: Callable[[Run], bool] = lambda run: True,
) -> Choice:
    """Choose the best run whose source fits the present code; failing that, the last good one.

    Best: full before quick, this machine's own circumstances (`key`) before others, newer before
    older. A smoke run measures nothing, so it is used only where `profile` asks for it.

    Args:
        runs: the folder of all runs.
        lesson: its name.
        source: the digest of the present code.
        key: of the job that is wanted.
        profile: the only one that will do, if any.
        memo_folder: where to remember that runs were found right, if anywhere.
        stands: says whether what a run found beside its code is still so.
    """
    whole, altered = list[Run](), dict[str, str]()
    for folder in runs_of(runs, lesson):
        try:
            whole.append(open_run(folder, lesson, memo_folder))
        except StoreError as error:
            altered[folder.name] = str(error)

    def usable(run: Run) -> bool:
        return run.profile == profile if profile else run.profile != "smoke"

    present = [run for run in whole if run.code == source and stands(run)]
    own = next((run for run in present if run.asked == key), None)
    fitting = list(filter(usable, present))
    if fitting:
        best = max(fitting, key=lambda run: (_PROFILE_RANK[run.profile], run.asked == key))
        return Choice(best, False, altered, own)
    last = next(filter(usable, whole), None)
    return Choice(last, last is not None, altered, own)
