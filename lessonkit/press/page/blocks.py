"""What a page shows of a whole lesson or of the course, as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from markupsafe import Markup

from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.page import evidence as evidences
from lessonkit.press.page import formulas, graph, ledger
from lessonkit.press.page.evidence import Link, run_of
from lessonkit.press.page.language import gettext as _
from lessonkit.press.page.language import ngettext
from lessonkit.press.page.shown import minutes
from lessonkit.press.page.templates import render
from lessonkit.press.page.wording import N_

# How often each state came out.
_TALLY = {
    "holds": N_("%d holds", "%d hold"),
    "contradicted": N_("%d contradicted", "%d contradicted"),
    "broken": N_("%d broken", "%d broken"),
    "unjudged": N_("%d not judged", "%d not judged"),
}


def frame(course: Course, entry: Entry, link: Link) -> str:
    """The head of a lesson's page: question, topic, level, times, prerequisites, the switch."""
    page = entry.page
    level = (page.level if page else None) or 0
    kept = sum(p.problem is None and p.claim.judged for p in entry.promises.values())
    return render(
        "frame",
        banners=banners(entry),
        running=entry.running,
        question=page.question if page else "",
        topic=page.topic if page else "",
        level=level,
        level_in_words=pages.LEVELS.get(level, ""),
        minutes=minutes(entry),
        run=entry.run,
        kept=ngettext(
            "%(kept)d of %(count)d claim as promised",
            "%(kept)d of %(count)d claims as promised",
            len(entry.promises),
        )
        % {"kept": kept, "count": len(entry.promises)},
        evidence_url=link(course.evidence_page) if course.evidence_page else "",
        claims=bool(entry.promises),
        before=[course.entry(name) for name in course.before[entry.name]],  # those that exist
        link=link,
    )


def banners(entry: Entry) -> list[tuple[str, str]]:
    """What a reader must know before believing the page: stale, failed, or only a smoke run."""
    found = []
    if entry.run and entry.run.profile == "smoke":
        found.append(
            ("smoke", _("A smoke run: it shows that the lesson runs, and measures nothing."))
        )
    return found + [("stale" if entry.stale else "failed", text) for text in entry.problems]


def downloads(course: Course, entry: Entry, link: Link) -> str:
    """The script, the notebook, its page, and everything as one archive."""
    return render("downloads", entry=entry, link=link, colab=course.settings.colab.strip("/"))


def lesson_claims(entry: Entry, link: Link, anchor: Callable[[str], str]) -> str:
    """All claims of one lesson."""
    names = run_of(entry).claims
    rows = [Markup(evidences.block(entry, name, link, anchor(name))) for name in names]
    return render("claims", anchor=anchor("lesson-claims"), rows=rows)


def evidence(course: Course, link: Link) -> str:
    """Every claim of the course, lesson by lesson: verdict, statement, measured, promised, trap."""
    rows = ledger.claims(course, link)
    counts = Counter(row.state for of_lesson in rows.values() for row in of_lesson)
    told = (ngettext(*_TALLY[name], counts[name]) % counts[name] for name in _TALLY if counts[name])
    tally = ", ".join(told)
    entries = [(course.entry(name), of_lesson) for name, of_lesson in rows.items()]
    return render("evidence", entries=entries, total=counts.total(), tally=tally, link=link)


def gallery(course: Course, link: Link) -> str:
    """A card for each lesson, with its thumbnail and downloads."""
    with_run = (entry for entry in course.entries.values() if entry.run)
    entries = [entry for entry in with_run if entry.page and link(entry.page.path)]
    return render("gallery", entries=entries, link=link, colab="")


def syllabus(course: Course, link: Link) -> str:
    """The parts of the course in order, each with its lessons; in one line, those to come."""
    lessons = {
        part: [course.entry(n) for n in shown(course, part.lessons)] for part in course.parts
    }
    parts = [(part, entries) for part, entries in lessons.items() if entries]
    to_come = [part for part, entries in lessons.items() if not entries]
    return render("syllabus", parts=parts, to_come=to_come, link=link)


def prerequisites(course: Course, link: Link) -> str:
    """A picture of what builds on what: a row for each part, arrows from left to right."""
    rows = [(part.title, shown(course, part.lessons)) for part in course.parts]
    names = [name for _, lessons in rows for name in lessons]
    before = {name: [b for b in course.before[name] if b in names] for name in names}

    def lesson(name: str) -> graph.Lesson:
        entry = course.entry(name)
        url = link(entry.page.path) if entry.page else ""
        return graph.Lesson(formulas.plain(entry.topic), entry.page_title, url)

    picture = graph.arranged(
        [row for row in rows if row[1]], before, {name: lesson(name) for name in names}
    )
    return render("prerequisites", picture=picture)


def shown(course: Course, lessons: list[str] | tuple[str, ...]) -> list[str]:
    """Return those of the lessons that have a page."""
    return [name for name in lessons if course.entry(name).page is not None]


def used_in(course: Course, name: str, link: Link) -> str:
    """The lessons that use a name of the package, or anything below it."""
    from lessonkit.press.lesson.sphinx import names_used

    users = [
        entry
        for entry in course.entries.values()
        if entry.script
        and any(n == name or n.startswith(name + ".") for n in names_used(entry.script.path))
    ]
    return render("used-in", entries=users, link=link)


def statements(course: Course, link: Link) -> str:
    """Everything that is commonly told: each statement with its verdicts, or "not yet"."""
    told = ledger.statements(course, link)
    count = sum(row.answers != [] for rows in told.values() for row in rows)
    return render("statements", told=told, count=count, total=len(course.statements))
