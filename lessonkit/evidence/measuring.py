"""How much a lesson measures: its profile, its seeds, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from lessonkit.evidence import circumstances, notebook, terminal
from lessonkit.evidence.calling import explained
from lessonkit.evidence.record import EvidenceError
from lessonkit.evidence.session import Session

T = TypeVar("T")
FEWEST_SEEDS = 5


class Measuring:
    """The half of a lesson that has nothing to say yet.

    Args:
        session: the execution that it belongs to.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def profile(self) -> str:
        """How much is measured: "quick", "full" or "smoke"."""
        return self._session.profile

    @property
    def device(self) -> str:
        """Where to train: "cpu", "cuda" or "mps"."""
        return self._session.device

    @explained("lesson.pick(quick=100, full=1000, smoke=2)")
    def pick(self, *, quick: T, full: T | None = None, smoke: T | None = None) -> T:
        """Return the value for this profile; what is left out falls back to `quick`.

        Args:
            quick: the value where there is no GPU, which takes at most 30 CPU seconds.
            full: the value on a GPU.
            smoke: the value of tests, which take a few seconds.
        """
        chosen = {"quick": quick, "full": full, "smoke": smoke}[self.profile]
        return quick if chosen is None else chosen

    @explained("lesson.seeds(quick=8, full=32, smoke=2)")
    def seeds(self, quick: int, full: int | None = None, smoke: int | None = None) -> list[int]:
        """Return this run's seeds, as many as the profile asks for.

        They start at the run's first seed, 0 unless somebody checks the lesson with others.

        Args:
            quick: how many where there is no GPU, at least 5 for a claim.
            full: how many on a GPU.
            smoke: how many in tests, which judge no claim.

        Raises:
            EvidenceError: none at all, or asked for again with another count.
        """
        count = self.pick(quick=quick, full=full, smoke=smoke)
        if count < 1:
            raise EvidenceError(f"seeds: expected at least 1, got {count}.")
        first = self._session.first_seed
        chosen = list(range(first, first + count))
        if self._session.seeds not in ([], chosen) and not self._session.replaces:
            raise EvidenceError(
                f"seeds: asked for {count} after {len(self._session.seeds)}; a lesson measures "
                "everything with one set of seeds. Ask once, and keep the list."
            )
        self._session.seeds = chosen
        return list(self._session.seeds)

    @explained('lesson.progress(range(steps), "training")')
    def progress(self, steps: Iterable[T], label: str) -> Iterator[T]:
        """Pass `steps` through while showing how far a long measurement has come.

        Args:
            steps: what a loop goes through.
            label: what is measured, in a word or two.
        """
        if not self._session.by_hand:
            yield from self._told(steps, label)
        elif circumstances.front_end() == "notebook":
            yield from notebook.bar(steps, label)
        else:
            yield from terminal.bar(steps, label)

    def _check_seeds(self, count: int, exact: bool, what: str) -> None:
        if exact or self.profile == "smoke":
            return
        if count < FEWEST_SEEDS:
            raise EvidenceError(
                f"{what}: expected values of at least {FEWEST_SEEDS} seeds, got {count}. "
                "Measure more seeds, or say exact=True if it is arithmetic."
            )
        if self._session.seeds and count != len(self._session.seeds):
            raise EvidenceError(
                f"{what}: expected one value for each of the {len(self._session.seeds)} seeds, "
                f"got {count}. Leaving seeds out is choosing them."
            )

    def _told(self, steps: Iterable[T], label: str) -> Iterator[T]:
        """Tell the builder how far it is, at most a hundred times."""
        total = len(steps) if isinstance(steps, Sized) else 0
        stride = max(1, total // 100)
        for done, step in enumerate(steps):
            if done % stride == 0:
                self._session.tell({"label": label, "done": done, "total": total})
            yield step
