"""The one object through which a lesson publishes what it measured."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, TypeVar

from lessonkit.evidence import display, drawing, records, session, terminal
from lessonkit.evidence.records import Claim, EvidenceError, Number, Rule, Table

T = TypeVar("T")


class Lesson:
    """A lesson's notebook of evidence.

    Run by hand, it prints its findings and writes its figures under `outputs/`; run by the builder,
    it fills a run folder. The script is the same.

    Args:
        name: the path of the script below the folder of lessons, without `.py`, as in
            `"training/vanishing_gradients"`.
        reads: data files of the project that the lesson reads, as paths from its root. They are
            part of what decides whether a run is stale, so they must be written out.

    Raises:
        EvidenceError: the builder runs another script than `name` says.
    """

    def __init__(self, name: str, reads: Sequence[str] = ()) -> None:
        self._session = session.current(name)
        expected = self._session.lesson
        if expected is not None and name != expected:
            raise EvidenceError(
                f"Lesson({name!r}): expected Lesson({expected!r}), the path of this script below "
                "the folder of lessons. Correct the name, or move the script."
            )
        self.name, self.reads = name, tuple(reads)
        if self._session.by_hand:
            terminal.open_lesson(self._session, name)
            atexit.register(terminal.close_lesson, self._session)

    @property
    def profile(self) -> str:
        """How much is measured: "quick", "full" or "smoke"."""
        return self._session.profile

    @property
    def device(self) -> str:
        """Where to train: "cpu", "cuda" or "mps"."""
        return self._session.device

    def pick(self, *, quick: T, full: T | None = None, smoke: T | None = None) -> T:
        """Return the value for this profile; what is left out falls back to `quick`."""
        chosen = {"quick": quick, "full": full, "smoke": smoke}[self.profile]
        return quick if chosen is None else chosen

    def seeds(self, quick: int, full: int | None = None, smoke: int | None = None) -> list[int]:
        """Return this run's seeds, as many as the profile asks for.

        They start at the run's first seed, 0 unless somebody checks the lesson with others.
        """
        count = self.pick(quick=quick, full=full, smoke=smoke)
        if count < 1:
            raise EvidenceError(f"seeds: expected at least 1, got {count}.")
        first = self._session.first_seed
        chosen = list(range(first, first + count))
        if self._session.seeds not in ([], chosen):
            raise EvidenceError(
                f"seeds: asked for {count} after {len(self._session.seeds)}; a lesson measures "
                "everything with one set of seeds. Ask once, and keep the list."
            )
        self._session.seeds = chosen
        return list(self._session.seeds)

    def progress(self, steps: Iterable[T], label: str) -> Iterator[T]:
        """Pass `steps` through while showing how far a long measurement has come."""
        shown = terminal.bar(steps, label) if self._session.by_hand else self._told(steps, label)
        yield from shown

    def number(
        self, name: str, values: Any, *, format: str = ".3g", unit: str = "", label: str = ""
    ) -> None:
        """Publish a measured number: one value, or one for each seed (median with range).

        Args:
            name: kebab-case, unique in the lesson; a page embeds it as `[[name]]`.
            values: a number, or numbers along one axis (list, numpy array, tensor).
            format: a format of Python's, as in ".2f", ".1e", ".0%", "d".
            unit: written behind the number.
            label: what it is, for the list of published numbers.

        Raises:
            EvidenceError: not finite, empty, or the name is taken.
        """
        self._new(name)
        checked = records.checked_values(values, f"number {name!r}")
        records.checked_format(format, checked, f"number {name!r}")
        self._session.numbers[name] = Number(checked, format, unit, label)

    def table(
        self,
        name: str,
        *,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        caption: str,
        format: str | Sequence[str] = ".3g",
    ) -> None:
        """Publish a table.

        Args:
            name: kebab-case, unique in the lesson.
            columns: the header row.
            rows: cells are text, a number, or numbers over seeds (written as median with range).
            caption: one sentence: what to notice.
            format: one format for every number, or one for each column.

        Raises:
            EvidenceError: a row of another length, no rows, a number that is not finite.
        """
        self._new(name)
        formats = [format] * len(columns) if isinstance(format, str) else list(format)
        if len(formats) != len(columns):
            raise EvidenceError(
                f"table {name!r}: expected {len(columns)} formats, one for each column, "
                f"got {len(formats)}."
            )
        written = [
            [
                _cell(cell, formats[i] if i < len(formats) else ".3g", f"table {name!r}")
                for i, cell in enumerate(row)
            ]
            for row in rows
        ]
        self._session.tables[name] = Table(list(columns), written, caption)

    def figure(
        self,
        name: str,
        figure: Any,
        *,
        alt: str,
        data: Mapping[str, Sequence[Any]],
        caption: str = "",
    ) -> None:
        """Publish a figure of matplotlib's, and close it.

        Args:
            name: kebab-case, unique in the lesson.
            figure: the `matplotlib.figure.Figure`.
            alt: the finding with its numbers, for readers who do not see the picture.
            data: the plotted numbers as columns of one length, offered as CSV.
            caption: what to notice, shown beneath.

        Raises:
            EvidenceError: no alternative text, no data, or the name is taken.
        """
        self._new(name)
        alt = records.checked_text(alt, f"alternative text of figure {name!r}")
        paths = drawing.save_figure(figure, self._session.folder, name)
        paths["csv"] = drawing.save_data(data, self._session.folder, name)
        self._session.figures[name] = {"alt": alt, "caption": caption, **paths}
        import matplotlib.pyplot as plt

        plt.close(figure)

    def claim(
        self,
        name: str,
        statement: str,
        values: Any,
        *,
        trap: tuple[str, Any],
        at_most: float | None = None,
        at_least: float | None = None,
        below: float | None = None,
        above: float | None = None,
        between: tuple[float, float] | None = None,
        equals: tuple[float, float] | None = None,
        expect: str = records.HOLDS,
        exact: bool = False,
        format: str = ".3g",
        unit: str = "",
    ) -> None:
        """Put a sentence to the test.

        Args:
            name: kebab-case, unique in the lesson; its id on the Evidence page.
            statement: one sentence, the promise in words.
            values: what was measured, one value per seed (at least 5), or one if `exact`.
            trap: what was changed, and the same measurement after that change. It must flip the
                verdict: a claim that nothing can break says nothing.
            at_most, at_least, below, above, between, equals: the inequality; exactly one.
                `equals` takes (value, tolerance).
            expect: "holds", or "contradicted" where the popular statement is false.
            exact: arithmetic, not measured over seeds.
            format: how the values are written.
            unit: written behind them.

        Raises:
            EvidenceError: too few seeds, a value that is not finite, no rule or several, no trap.
        """
        self._new(name)
        what = f"claim {name!r}"
        rules = {
            "at_most": at_most,
            "at_least": at_least,
            "below": below,
            "above": above,
            "between": between,
            "equals": equals,
        }
        if expect not in records.VERDICTS:
            raise EvidenceError(f"{what}: expect {expect!r}: choose {', '.join(records.VERDICTS)}.")
        if not isinstance(trap, tuple) or len(trap) != 2:
            raise EvidenceError(f"{what}: trap: expected (what was changed, values), got {trap!r}.")
        checked = records.checked_values(values, what)
        trapped = records.checked_values(trap[1], f"trap of {what}")
        self._check_seeds(len(checked), exact, what)
        claim = Claim(
            statement=records.checked_text(statement, f"statement of {what}"),
            values=checked,
            rule=Rule.from_arguments(rules, what),
            trap=records.checked_text(trap[0], f"trap of {what}"),
            trap_values=trapped,
            expect=expect,
            exact=exact,
            judged=self.profile != "smoke",
            format=records.checked_format(format, checked, what),
            unit=unit,
        )
        if len(trapped) != len(checked):
            raise EvidenceError(
                f"{what}: expected {len(checked)} value(s) of its trap, as many as of the claim, "
                f"got {len(trapped)}. Measure the trap as the claim is measured."
            )
        self._session.claims[name] = claim
        if self._session.by_hand:
            terminal.show_claim(name, claim)

    def _new(self, name: str) -> None:
        """Refuse a bad or taken name, and evidence from a process that the lesson forked."""
        records.checked_name(name)
        if name in self._session.names:
            raise EvidenceError(
                f"name {name!r}: already used in this lesson; numbers, tables, figures and claims "
                "share one namespace. Choose another."
            )
        if os.getpid() != self._session.pid:
            raise EvidenceError(
                f"{name!r} was published from a forked process, where it would be lost. "
                "Send the values back to the lesson's own process first."
            )

    def _check_seeds(self, count: int, exact: bool, what: str) -> None:
        if exact or self.profile == "smoke":
            return
        if count < records.FEWEST_SEEDS:
            raise EvidenceError(
                f"{what}: expected values of at least {records.FEWEST_SEEDS} seeds, got {count}. "
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


def _cell(cell: Any, format: str, what: str) -> str:
    if isinstance(cell, str):
        return cell
    values = records.checked_values(cell, what)
    return display.summary(values, records.checked_format(format, values, what))
