"""How does a lesson stand? One answer for `status`, `build`, `check`, and its page.

Unless somebody asks for something else, it is about the run that pages use. `problems` forbid
publishing, `remarks` do not; everybody who speaks of a lesson says these very lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lessonkit.evidence.promise import Promise
from lessonkit.press.lesson import inputs, script
from lessonkit.press.lesson.circumstances import AS_SET, Wanted, circumstances, confined
from lessonkit.press.lesson.job import Job, job
from lessonkit.press.run import beside, failures, replications, runner, store
from lessonkit.press.run.choice import Choice, choose, fuller
from lessonkit.press.run.process import Tell
from lessonkit.press.run.store import Run
from lessonkit.press.settings import PressError, Settings, UsageError, unexpected


@dataclass(frozen=True)
class Standing:
    """How a lesson stands in the present circumstances."""

    lesson: str
    state: str  # fresh | stale | missing | failed
    job: Job | None  # None: the script cannot be read
    run: Run | None  # that pages use, or of exactly what was asked for
    promises: dict[str, Promise] = field(default_factory=dict)  # of the run
    problems: tuple[str, ...] = ()  # what forbids publishing: a line each, with what to do
    remarks: tuple[str, ...] = ()  # what does not
    moved: tuple[str, ...] = ()  # what the run found beside its code, and is no longer so

    @property
    def present(self) -> bool:
        """Whether the run is of the present code, and of what is beside it now."""
        same = bool(self.job and self.run and self.run.code == self.job.source.digest)
        return same and not self.moved

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
            "claims": [_claim(name, promise) for name, promise in self.promises.items()],
            "problems": list(self.problems),
            "remarks": list(self.remarks),
        }


def _claim(name: str, promise: Promise) -> dict[str, Any]:
    return {
        "id": name,
        "verdict": promise.claim.verdict if promise.claim.judged else "not judged",
        "kept": promise.problem is None,
        "inside": promise.claim.inside,
        "networks": len(promise.claim.values),
        "replicated": _counts(promise),
    }


def _counts(promise: Promise) -> dict[str, int] | None:
    """Return what the records say of a claim, or None if there are none."""
    if promise.elsewhere is None:
        return None
    rest = promise.elsewhere
    machines = promise.machines
    return {"inside": rest.inside, "networks": len(rest.values), "machines": machines}


def standings(
    settings: Settings, lessons: Sequence[str] = (), wanted: Wanted = AS_SET
) -> list[Standing]:
    """Return how these lessons stand (default: all).

    Raises:
        UsageError: no such lesson, or something is wanted that does not exist here.
    """
    names = list(dict.fromkeys(lessons)) or settings.lesson_names()
    for name in names:
        settings.script(name)
    circumstances(settings, wanted)  # wrong even if there is no lesson
    return [standing(settings, name, wanted) for name in names]


def standing(settings: Settings, lesson: str, wanted: Wanted = AS_SET) -> Standing:
    """Say how a lesson stands.

    Nothing wanted: this is about the run that pages use, and a fuller one than would be made here
    will do. Something wanted: it is about the run of exactly that.

    Raises:
        UsageError: no such lesson, or something is wanted that does not exist here.
    """
    try:
        return _standing(settings, lesson, wanted)
    except PressError:
        raise
    except Exception as error:  # of this lesson: the others stand as they stand
        place = f"{settings.lessons}/{lesson}.py"
        return Standing(lesson, "failed", None, None, {}, (unexpected(place, error),))


def _standing(settings: Settings, lesson: str, wanted: Wanted) -> Standing:
    try:
        script.read(settings.script(lesson), settings.text, settings.memo_folder)
        now = job(settings, lesson, wanted)
    except UsageError:
        raise
    except PressError as error:
        last = choose(settings.runs_folder, lesson, "", "", confined(), settings.memo_folder).run
        return _judged(settings, Standing(lesson, "failed", None, last), [settings.near(error)], [])
    choice = _choice(settings, now)
    run = choice.own if wanted.something else choice.run
    if choice.own or (not wanted.something and _spares(choice, now)):
        return _judged(settings, Standing(lesson, "fresh", now, run), [], _beside(choice))
    noted = failures.noted(settings.runs_folder, lesson, now.key)
    if noted or now.key in choice.altered:
        found = Standing(lesson, "failed", now, run)
        reason = [failures.explain({"lesson": lesson, **noted}, settings)] if noted else []
        return _judged(settings, found, [*choice.altered.values(), *reason], [])
    moved = tuple(inputs.moved(settings.root, run.inputs)) if run else ()
    found = Standing(lesson, "stale" if choice.run else "missing", now, run, moved=moved)
    problem, remark = _unmeasured(found, wanted, bool(choice.altered))
    return _judged(settings, found, [*choice.altered.values(), *problem], remark)


def _choice(settings: Settings, now: Job) -> Choice:
    def stands(run: Run) -> bool:
        return not inputs.moved(settings.root, run.inputs)

    runs, code, memo = settings.runs_folder, now.source.digest, settings.memo_folder
    return choose(runs, now.lesson, code, now.key, _profile(now), memo, stands)


def _profile(now: Job) -> str | None:
    """Return the profile to which the choice is confined; smoke runs serve who asks for them."""
    return confined() or ("smoke" if now.around.profile == "smoke" else None)


def _spares(choice: Choice, now: Job) -> bool:
    """Say whether a run that measured more spares this machine its own.

    Somebody brought it from a kind of device that this machine has not, or made it here, in these
    very circumstances; pages use it, whatever else there is.
    """
    run = choice.run
    if run is None or choice.stale or not fuller(run.profile, now.around.profile):
        return False
    around = {**run.manifest["circumstances"], "profile": now.around.profile}
    return around["device"] != now.around.device or around == now.around.to_json()


def _beside(choice: Choice) -> list[str]:
    """Say which runs are altered beside one that is whole and fresh: they spoil nothing."""
    advice = "No page uses it: `lessonkit clean` removes it."
    return [line.replace(store.AGAIN, advice) for line in choice.altered.values()]


def _unmeasured(found: Standing, wanted: Wanted, altered: bool) -> tuple[list[str], list[str]]:
    """Say, as problems and as remarks, why a lesson that did not fail is not fresh."""
    name, run = found.lesson, found.run
    if wanted.something:
        return [
            f"lesson {name} has not run as asked for: run `lessonkit build {name}` with the same "
            "options."
        ], []
    if run is None:  # an altered run has said so already
        return [f"lesson {name} has no run: run `lessonkit build {name}`."] * (not altered), []
    if found.present:  # any machine may publish what another has measured
        return [], [
            f"lesson {name}: the run that the page shows ({run.key}) is of the present code, but "
            f"of other circumstances than this machine's: `lessonkit build {name}` measures it "
            "here."
        ]
    if found.job and run.code == found.job.source.digest:
        return [beside.changed(run, found.moved)], []
    return [
        f"lesson {name}: its code changed since the run that the page shows ({run.key}): run "
        f"`lessonkit build {name}`."
    ], []


def _judged(
    settings: Settings, found: Standing, problems: list[str], remarks: list[str]
) -> Standing:
    """Add what the run promises, and what is wrong with that."""
    if found.run is None:
        return replace(found, problems=tuple(problems), remarks=tuple(remarks))
    promises, unbelievable = replications.promises(settings, found.run)
    if found.state == "failed":
        problems.append(
            f"lesson {found.lesson}: the page shows its last good run ({found.run.key}) until "
            "this is mended."
        )
    problems += [unbelievable] if unbelievable else []
    problems += _named_twice(settings, found.lesson, found.run)
    if found.present:
        remarks += beside.remarks(settings, found.run)
        problems += replications.broken(found.lesson, promises)
        remarks += replications.remarks(found.lesson, promises)
        remarks += _alone(settings, found.lesson, promises)
    return replace(found, promises=promises, problems=tuple(problems), remarks=tuple(remarks))


def _named_twice(settings: Settings, lesson: str, run: Run) -> Iterator[str]:
    """Say which cells have the name of something published: a page could show only one of them."""
    path = settings.script(lesson)
    try:
        cells = script.read(path, settings.text, settings.memo_folder).code
    except PressError:
        return  # somebody says so already
    for cell in cells:
        if cell.name in run.records:
            yield (
                f"{settings.lessons}/{lesson}.py:{cell.line}: the cell is named {cell.name!r}, and "
                f"so is a {run.records[cell.name].kind} that the lesson publishes; they share one "
                "namespace. Rename one."
            )


def _alone(settings: Settings, lesson: str, promises: dict[str, Promise]) -> Iterator[str]:
    """Say how many claims have lost their replications by a change."""
    alone = [made for made in promises.values() if made.claim.judged and not made.records]
    many = f"{len(promises)} claim{'s' * (len(promises) != 1)}"
    if alone and settings.replications(lesson).exists():
        yield (
            f"lesson {lesson}: {len(alone)} of {many} not replicated since "
            f"the last change: run `lessonkit replicate {lesson}`."
        )


def with_records(
    settings: Settings, found: Sequence[Standing], wanted: Wanted = AS_SET
) -> tuple[list[Standing], list[str], list[str]]:
    """Carry records over to the runs of lessons that are fresh.

    Returns:
        How the lessons stand with these records, what was carried over, and what could not be.
    """
    after, carried, lost = list[Standing](), list[str](), list[str]()
    for one in found:
        try:
            fresh = one.run if one.state == "fresh" else None
            count = replications.carry(settings, fresh) if fresh else 0
        except PressError as error:
            count = 0
            lost.append(str(error))
        if count:
            carried.append(f"{count} replications of {one.lesson}: no number moved")
        after.append(standing(settings, one.lesson, wanted) if count else one)
    return after, carried, lost


def build(
    settings: Settings,
    planned: Sequence[Standing],
    jobs: int | None = None,
    force: bool = False,
    tell: Tell = lambda job, event: None,
) -> list[runner.Result]:
    """Run what is not fresh among the planned lessons and return how each ended."""
    todo = needed(planned, force)
    if not todo:
        return []
    together = runner.together(jobs, todo[0].around.device)
    return runner.run_all(settings, todo, together, tell, replace=force)


def needed(planned: Sequence[Standing], force: bool = False) -> list[Job]:
    """Return the jobs of the planned lessons that are not fresh, or of all of them."""
    return [s.job for s in planned if s.job and (force or s.state != "fresh")]
