"""The one object through which a lesson publishes what it measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lessonkit.evidence import citation, claim, figure, session, sound, table
from lessonkit.evidence import trap as trap_of
from lessonkit.evidence.calling import explained
from lessonkit.evidence.number import Number
from lessonkit.evidence.publishing import Publishing
from lessonkit.evidence.record import (
    EvidenceError,
    checked_format,
    checked_values,
)
from lessonkit.evidence.rule import HOLDS
from lessonkit.evidence.table import Columns
from lessonkit.figures.drawing import Drawing


class Lesson(Publishing):
    """A lesson's notebook of evidence.

    Run by hand, it prints its findings and writes its figures under `outputs/`; run by the builder,
    it fills a run folder; in a notebook each cell shows what it publishes, and run again it
    replaces that. The script is the same. As the last line of a cell, the lesson itself says how
    many claims came out as promised.

    Args:
        name: the path of the script below the folder of lessons, without `.py`, as in
            `"training/vanishing_gradients"`.
        format: of Python's, as in ".2f", ".1e", ".0%", "d": how the lesson writes what it measures,
            unless a number, table or claim says otherwise.
        reads: data files and folders of the project that the lesson or a program that it starts
            reads, as paths from the project's root, written out; `[]` if its programs read
            nothing. What the lesson itself reads is seen without.

    Raises:
        EvidenceError: the builder runs another script than `name` says.
    """

    @explained('Lesson("training/dropout")')
    def __init__(self, name: str, *, format: str = ".3g", reads: Sequence[str] = ()) -> None:
        execution = session.current(name)
        expected = execution.lesson
        if expected is not None and name != expected:
            raise EvidenceError(
                f"Lesson({name!r}): expected Lesson({expected!r}), the path of this script below "
                "the folder of lessons. Correct the name, or move the script."
            )
        super().__init__(execution, name)
        self.name, self.format, self.reads = name, format, tuple(reads)

    @explained('lesson.number("last-loss", losses)')
    def number(
        self, name: str, values: Any, *, format: str = "", unit: str = "", label: str = ""
    ) -> None:
        """Publish a measured number: one value, or one for each seed (median with range).

        Args:
            name: kebab-case, unique in the lesson; a page embeds it as `[[name]]`.
            values: a number, or numbers along one axis (list, numpy array, tensor).
            format: how to write it, if not as the lesson does.
            unit: written behind the number.
            label: what it is, for the list of published numbers.

        Raises:
            EvidenceError: not finite, empty, or the name is taken.
        """
        what = self._new("number", name)
        checked = checked_values(values, what)
        written = checked_format(format or self.format, checked, what)
        self._publish(name, Number(checked, written, unit, label))

    @explained('lesson.table("ours", "network", {"accuracy": accuracy}, caption="What to notice.")')
    def table(
        self,
        name: str,
        rows: str,
        columns: Columns,
        *,
        caption: str,
        format: str | Mapping[str, str] = "",
    ) -> None:
        """Publish a table.

        Args:
            name: kebab-case, unique in the lesson.
            rows: the header above the rows' names.
            columns: header -> row -> cell, as in `{"accuracy": {"sigmoid": values, …}}`. Every
                column has the rows of the first. A cell is text, a number, or numbers over seeds
                (written as median with range).
            caption: one sentence: what to notice.
            format: for every number, or `{header: format}`, if not as the lesson does.

        Raises:
            EvidenceError: no rows, a missing cell, a number that is not finite.
        """
        what = self._new("table", name)
        if isinstance(format, Mapping) and isinstance(columns, Mapping):
            format = {**dict.fromkeys(columns, self.format), **format}
        made = table.tabulated(rows, columns, caption, format or self.format, what)
        self._publish(name, made)

    @explained(
        'lesson.compare("theirs", {"accuracy": ("91 %", values)}, caption="What to notice.")'
    )
    def compare(
        self, name: str, rows: Mapping[str, tuple[Any, Any]], *, caption: str, format: str = ""
    ) -> None:
        """Publish what a paper says beside what was measured here.

        Args:
            name: kebab-case, unique in the lesson.
            rows: what is compared -> (in the paper, here); text, a number, or numbers over seeds.
            caption: one sentence: what to notice.
            format: for every number, if not as the lesson does.

        Raises:
            EvidenceError: a row that is no pair, or as for a table.
        """
        what = f"table {name!r}"
        if not isinstance(rows, Mapping):
            raise EvidenceError(
                f"{what}: expected rows as in {{'accuracy': ('9 of 10', values)}}, got {rows!r}."
            )
        for row, pair in rows.items():
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise EvidenceError(f"{what}, row {row!r}: expected (paper, ours), got {pair!r}.")
        columns = {
            head: {row: pair[place] for row, pair in rows.items()}
            for place, head in enumerate(("paper", "ours"))
        }
        self.table(name, "what", columns, caption=caption, format=format)

    @explained(
        'lesson.figure("curves", Drawing(figure, {"step": steps, "loss": losses}, "Loss 2 to 1."))'
    )
    def figure(self, name: str, drawing: Drawing, *, caption: str = "", alt: str = "") -> None:
        """Publish a drawing: its picture, the numbers drawn as CSV, and the same in words.

        Args:
            name: kebab-case, unique in the lesson.
            drawing: what a `plot_…` or `draw_…` of `lessonkit.figures` returns, or
                `Drawing(figure, columns, says)` around a figure of matplotlib's.
            caption: what to notice, shown beneath.
            alt: what the words of the drawing cannot know; put before them.

        Raises:
            EvidenceError: no drawing, no numbers, words without the numbers, or the name is taken.
        """
        what = self._new("figure", name)
        with self._session.writing():
            record = figure.drawn(drawing, alt, caption, self._session.folder, name, what)
        self._publish(name, record)
        import matplotlib.pyplot as plt

        plt.close(drawing.figure)

    @explained('lesson.sound("hum", samples, rate=8000, words="A hum that rises.")')
    def sound(self, name: str, samples: Any, *, rate: int, words: str, caption: str = "") -> None:
        """Publish a sound, as a WAV file that pages and notebooks play.

        Args:
            name: kebab-case, unique in the lesson.
            samples: from -1 to 1, along one axis.
            rate: samples for each second.
            words: what one hears, for readers who do not hear it.
            caption: what to listen for.

        Raises:
            EvidenceError: no samples, one beyond -1 or 1, no rate, or no words.
        """
        what = self._new("sound", name)
        folder = self._session.folder
        with self._session.writing():
            record = sound.recorded(samples, rate, words, caption, folder, name, what)
        self._publish(name, record)

    @explained(
        'lesson.claim("name", "Sentence, {rule}", accuracy, "sigmoid", trap="tanh", at_most=0.15)'
    )
    def claim(
        self,
        name: str,
        statement: str,
        quantity: Any,
        *condition: Any,
        trap: Any,
        at_most: float | None = None,
        at_least: float | None = None,
        below: float | None = None,
        above: float | None = None,
        between: tuple[float, float] | None = None,
        equals: tuple[float, float] | None = None,
        expect: str = HOLDS,
        exact: bool = False,
        answers: Sequence[str] = (),
        format: str = "",
        unit: str = "",
    ) -> None:
        """Put a sentence to the test.

        Args:
            name: kebab-case, unique in the lesson; its id on the Evidence page.
            statement: one sentence, the promise in words; `{rule}` becomes "at most 15 %",
                `{bound}` "15 %", and `{rule:.0%}` writes it under that format.
            quantity: what was measured over seeds (at least 5), or one value if `exact`: a mapping
                {condition: values} or a function of the condition, followed by the condition that
                is judged; or the values themselves, and no condition.
            condition: as in `accuracy, "sigmoid"`; `wrong, "plain", 56` is `wrong["plain", 56]`.
            trap: the one change that must turn the verdict, for a claim that nothing can break says
                nothing: another condition of the quantity, or `{label: condition}`. Without a
                condition: `{label: values}`.
            at_most, at_least, below, above, between, equals: the inequality; exactly one.
                `equals` takes (value, tolerance).
            expect: "holds", or "contradicted" where the popular statement is false.
            exact: arithmetic, not measured over seeds.
            answers: ids of the statements, in the course's `statements.toml`, that it decides.
            format: how the values are written, if not as the lesson does.
            unit: written behind them.

        Raises:
            EvidenceError: too few seeds, a value that is not finite, no rule or several, no trap.
        """
        what = self._new("claim", name)
        rules = {
            "at_most": at_most,
            "at_least": at_least,
            "below": below,
            "above": above,
            "between": between,
            "equals": equals,
        }
        sides = trap_of.sides(quantity, condition, trap, what)
        record = claim.promised(
            statement,
            sides,
            rules,
            expect,
            what,
            exact=exact,
            judged=self.profile != "smoke",
            format=format or self.format,
            unit=unit,
            answers=_ids(answers, what),
        )
        self._check_seeds(len(record.values), exact, what)
        self._publish(name, record)

    @explained('lesson.cite("A8", says="What is known.", source="Where it stands", date="2019")')
    def cite(
        self, *answers: str, says: str, source: str = "", date: str = "", not_testable: str = ""
    ) -> None:
        """Answer statements that no run decides: by a dated source, or by the reason why not.

        A page embeds it as `[[cited-ID]]`, with the first id in small letters.

        Args:
            answers: ids of the statements in the course's `statements.toml`.
            says: what is known, in one sentence.
            source: where it stands.
            date: when it was said, at least the year.
            not_testable: instead of a source, why nothing here can decide it.

        Raises:
            EvidenceError: no id, neither a source with its date nor a reason, or both.
        """
        ids = _ids(answers, "cite")
        if not ids:
            raise EvidenceError("cite: expected the id of a statement, as in cite('A8', says=…).")
        name = f"cited-{ids[0].lower()}"
        self._new("citation", name)
        self._publish(name, citation.cited(ids, says, source, date, not_testable))


def _ids(answers: Sequence[str], what: str) -> list[str]:
    """Return ids of statements; `check` knows which exist."""
    if isinstance(answers, str) or not all(isinstance(name, str) for name in answers):
        raise EvidenceError(f"{what}: answers: expected ids, as in ('A8',), got {answers!r}.")
    return list(answers)
