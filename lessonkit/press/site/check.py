"""Everything that can be said about pages and lessons without building a site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from lessonkit.press.course import pages, statements
from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.page import brackets, formulas, resolving, shown
from lessonkit.press.site import configured, downloads, laid, misspelt, sentences
from lessonkit.press.site.finding import Finding

_IMAGE = re.compile(r"!\[\s*\] ?[(\[]|<img(?![^>]*\salt\s*=)[^>]*>")
# What looks measured: a share, a decimal, a power of ten.
_TYPED = re.compile(
    r"(?<![\w.,])\d+(?:[.,]\d+)?\s?(?:%|per\s?cent)|(?<![\w.])\d+\.\d+(?!\.?\d)|×\s?10[⁻⁰-⁹]"
)
_MARKUP = re.compile(r"\]\([^)\s]*\)|<[^>]*>|\{[^}\n]*\}|\[\[[^\]]*\]\]")
# A sentence that says where its numbers come from: a year, a link, a footnote.
_CITED = re.compile(r"\b(?:18|19|20)\d\d\b|\]\(https?:|(?<!\[)\[\^|<https?:")


def check(course: Course) -> list[Finding]:
    """Check pages (embeds, what sentences rest on, front matter), claim ids, every lesson."""
    found = [*lessons(course), *structure(course), *remarks(course)]
    found += [*unplugged(course), *generated(course)]
    for page in pages.readable(course.settings):
        found += [
            *sentences.front_matter(course, page),
            *misspelt.keys(course, page),
            *misspelt.half_embeds(course, page),
            *embeds(course, page),
            *sentences.rest_on_what_stands(course, page),
            *sentences.recap_rests_on_something(course, page),
            *typed_numbers(course, page),
        ]
    return [*found, *sentences.never_shown(course), *unknown_statements(course)]


def lessons(course: Course) -> Iterator[Finding]:
    """Yield what is wrong with the lessons, their runs and their records."""
    yield from (Finding(course.settings.lessons, line) for line in course.settings.misnamed())
    for entry in course.entries.values():
        script = f"{course.settings.lessons}/{entry.name}.py"
        for problem in entry.problems:
            where, _, message = problem.partition(": ")
            told = where == script or where.startswith(f"{script}:")
            yield Finding(where, message) if told else Finding(script, problem)
        for fault in _formulas(entry):
            yield Finding(script, fault)
    folder = course.settings.replications_folder
    for file in sorted(folder.rglob("*.json")):
        if file.relative_to(folder).with_suffix("").as_posix() not in course.entries:
            yield Finding(
                file.relative_to(course.settings.root).as_posix(),
                "belongs to no lesson: remove it, or call it as its lesson is called now.",
            )


def unplugged(course: Course) -> Iterator[Finding]:
    """Yield that pages embed, and nothing in mkdocs.yml would make something of it."""
    config = configured.read(course.settings.root)
    if config is None or configured.names_plugin(config):
        return
    bodies = (page.body for page in pages.readable(course.settings))
    if any(True for body in bodies for _ in brackets.find(body)):
        yield Finding(
            configured.FILE,
            "pages embed what lessons publish, and the plugin is not named: expected `- lessonkit` "
            "under `plugins:`.",
            warning=configured.names_extension(config),  # under other generators that is enough
        )


def generated(course: Course) -> Iterator[Finding]:
    """Yield what lies in docs/generated and is not as it was laid out."""
    folder = course.settings.generated_folder.relative_to(course.settings.root)
    for path, problem in laid.altered(course.settings, downloads.made(course)).items():
        yield Finding(
            (folder / path).as_posix(),
            f"{problem}: `lessonkit build` and `mkdocs build` lay it out again.",
        )


def _formulas(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the formulas in a lesson's texts."""
    for fault in formulas.faults([entry.title, entry.page.meta if entry.page else ""]):
        yield f"title, topic or question: {fault}"
    for name, record in entry.run.records.items() if entry.run else ():
        for fault in formulas.faults(record.to_json()):
            yield f"{record.kind} {name!r}: {fault}"


def remarks(course: Course) -> Iterator[Finding]:
    """Warn about what forbids nothing: promises that are thin or disputed, runs beside the good."""
    met = {
        lesson
        for page in pages.readable(course.settings)
        for lesson, _ in shown.names(page.body, page.lesson)
    }
    for entry in course.entries.values():
        for remark in filter(None, [*entry.standing.remarks, entry.unmet]):
            yield Finding(f"{course.settings.lessons}/{entry.name}.py", remark, warning=True)
        if entry.page is None and entry.name not in met:
            yield Finding(
                f"{course.settings.lessons}/{entry.name}.py",
                f"has no page, so no reader meets it: write `lesson: {entry.name}` into the front "
                "matter of one.",
                warning=True,
            )


def structure(course: Course) -> Iterator[Finding]:
    """Yield what is wrong with the pages as such, embeds left out."""
    for path in pages.all_paths(course.settings):
        where = path.relative_to(course.settings.root).as_posix()
        try:
            page = pages.read(course.settings, path)
        except pages.PageError as error:
            yield Finding(f"{where}:{error.line}", str(error))
            continue
        if not str(page.meta.get("description") or "").strip():
            yield Finding(
                where,
                "no description: expected `description: one sentence` in the front matter, for "
                "search engines and link previews.",
            )
        seen = brackets.visible(page.body) if _IMAGE.search(page.body) else ""
        for number, line in enumerate(seen.split("\n"), page.first_line):
            if _IMAGE.search(line):
                yield Finding(f"{where}:{number}", "an image without alternative text: ![words](…)")
        named = page.meta.get("lesson")
        if named is not None and named not in list(course.entries):  # perhaps not even a name
            known = (
                f"{course.settings.meant(named)}there are: {', '.join(course.entries) or 'none'}"
            )
            yield Finding(where, f"names lesson {named!r}, which does not exist; {known}")
    yield from _second_pages(course)
    yield from _prerequisites(course)
    yield from _claim_ids(course)


def _second_pages(course: Course) -> Iterator[Finding]:
    """Yield the pages of a lesson that has one already."""
    for page in pages.readable(course.settings):
        entry = course.entries.get(page.lesson or "")
        if entry and entry.page and entry.page.path != page.path:
            yield Finding(
                f"{course.settings.pages}/{page.path}",
                f"is a second page of lesson {entry.name}: expected one, and "
                f"{course.settings.pages}/{entry.page.path} is that already. Take `lesson:` out "
                f"of one of them; it may still say [[{entry.name}:name]].",
            )


def _prerequisites(course: Course) -> Iterator[Finding]:
    graph = {}
    for entry in course.entries.values():
        before = entry.page.prerequisites if entry.page else []
        graph[entry.name] = before
        for name in before:
            if name not in course.entries:
                known = f"{course.settings.meant(name)}the lessons are: {', '.join(course.entries)}"
                yield Finding(
                    f"{course.settings.pages}/{entry.page.path if entry.page else ''}",
                    f"prerequisite {name!r} does not exist; {known}",
                )
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring = " → ".join(error.args[1])
        yield Finding(course.settings.pages, f"prerequisites go round in a circle: {ring}")


def _claim_ids(course: Course) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    for entry in course.entries.values():
        for name in entry.run.claims if entry.run else ():
            if name in owner:
                yield Finding(
                    f"{course.settings.lessons}/{entry.name}.py",
                    f"claim id {name!r} is also used in lesson {owner[name]}; ids are unique in "
                    "the course. Rename one.",
                )
            owner.setdefault(name, entry.name)


def embeds(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Yield every embed of a page that cannot be resolved, with file and line."""
    place = resolving.Place(page.path, "", page.lesson, page.first_line)
    used: dict[str, int] = {}
    for found in brackets.find(page.body, page.first_line):
        try:
            resolving.resolve(course, place, found, used)
        except resolving.EmbedError as error:
            yield Finding(f"{course.settings.pages}/{page.path}:{found.line}", str(error))


def typed_numbers(course: Course, page: pages.Page) -> Iterator[Finding]:
    """Warn about decimals and shares that stand in prose with neither a run nor a source.

    Code and maths are left out, and so is a paragraph that cites: it holds a year, a link to
    another site, or a footnote.
    """
    number = page.first_line
    for paragraph in re.split(r"(\n(?:[ \t>]*\n)+)", brackets.visible(page.body)):
        if not _CITED.search(paragraph):
            prose = _MARKUP.sub(lambda found: re.sub(r"[^\n]", "\0", found[0]), paragraph)
            for match in _TYPED.finditer(prose):
                line = number + prose.count("\n", 0, match.start())
                yield Finding(
                    f"{course.settings.pages}/{page.path}:{line}",
                    f"{match[0].strip()!r} is typed: publish it with lesson.number and embed "
                    "it, or say in the same paragraph where it comes from (a year, a link, a "
                    "footnote).",
                    warning=True,
                )
        number += paragraph.count("\n")


def unknown_statements(course: Course) -> Iterator[Finding]:
    """Yield claims and citations that answer a statement which nobody tells."""
    try:
        known = course.statements
    except statements.StatementError as error:
        yield Finding(statements.FILE, str(error))
        return
    for answer in (answer for answers in course.answers.values() for answer in answers):
        problem = statements.unknown([answer.statement], known)
        if problem:
            yield Finding(
                f"{course.settings.lessons}/{answer.entry.name}.py",
                f"{answer.name!r} answers a statement that is not in {statements.FILE}: {problem}; "
                "correct the id, or tell the statement there.",
            )


def answered(course: Course) -> str:
    """Say how many of the statements are answered; "" if there are none."""
    try:
        count = len(course.statements.keys() & course.answers.keys())
        told = len(course.statements)
    except statements.StatementError:
        return ""
    return f"{count} of {told} statement{'s' * (told != 1)} answered" if told else ""
