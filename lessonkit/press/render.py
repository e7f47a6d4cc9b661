"""The HTML of everything that a page can embed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape
from typing import Any

from lessonkit.evidence import display
from lessonkit.evidence.promise import Promise
from lessonkit.evidence.records import CONTRADICTED, HOLDS, Claim, Number
from lessonkit.press import graph, memo, notebook, svg
from lessonkit.press.course import Course, Entry

_SIGN = {"holds": "✓", "contradicted": "✗", "broken": "!", "unjudged": "–"}
_TALLY = {
    "holds": "hold",
    "contradicted": "contradicted",
    "broken": "broken",
    "unjudged": "not judged",
}
_VERB = {HOLDS: "true", CONTRADICTED: "contradicted"}
_WORD = {"broken": "promise broken", "unjudged": "not judged"}
# Nobody searches for measured numbers, and lunr, which does the searching, trips over some sets of
# words that end in digits ("start1.290.0%" is what it reads in a row of a table).
_UNSEARCHED = "data-search-exclude"

Link = Callable[[str], str]  # a path below the folder of pages -> an address seen from this page


def number(entry: Entry, name: str, part: str) -> str:
    """A number, inline: the median, with the range over seeds behind it."""
    record = run_of(entry).numbers[name]
    count = len(record.values)
    title = f"{record.label}: " if record.label else ""
    title += f"median of {count} seeds; smallest to largest in brackets" if count > 1 else ""
    return (
        f'<span class="lk-number" title="{escape(title or "measured")}">'
        f"{_number_text(record, part)}</span>"
    )


def _number_text(record: Number, part: str) -> str:
    if part:
        return _value(record.text(part))
    middle, extent = record.text("median"), record.text("range")
    if middle == extent:
        return _value(middle)
    return f'{_value(middle)} <span class="lk-range">({_value(extent)})</span>'


def table(entry: Entry, name: str, link: Link, anchor: str) -> str:
    """A table, with its caption beneath and where it comes from."""
    record = run_of(entry).tables[name]
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in record.columns)
    rows = "".join(
        f'<tr><th scope="row">{_text(row[0])}</th>'
        + "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in record.rows
    )
    label = f"{anchor.replace('-', ' ')}: {record.caption}"  # captions may be alike
    return (
        f'<figure class="lk-figure" id="table-{anchor}">'
        f'<div class="lk-table" {_UNSEARCHED} tabindex="0" role="region" '
        f'aria-label="{escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div><figcaption>{_text(record.caption)}"
        f"{_provenance(entry, [])}</figcaption></figure>"
    )


def figure(entry: Entry, name: str, link: Link, anchor: str) -> str:
    """A figure: inline SVG that follows the colour scheme, or a picture where that is smaller."""
    run = run_of(entry)
    record = run.figures[name]
    csv, png = (link(f"{entry.folder}/{name}.{kind}") for kind in ("csv", "png"))
    title = record["caption"] or name.replace("-", " ")
    canvas = memo.recall(
        entry.memo_folder,
        svg.__file__,
        [run.manifest["files"][record["svg"]], title, record["alt"]],
        lambda: svg.themed(
            (run.folder / record["svg"]).read_text("utf-8"), svg.PREFIX, title, record["alt"]
        ),
    ).replace(svg.PREFIX, anchor)
    if len(canvas) > svg.INLINE_LIMIT:
        width, height = svg.size(canvas)  # keeps the place while the picture is fetched
        canvas = (
            f'<img src="{png}" alt="{escape(record["alt"])}" '
            f'width="{width}" height="{height}" loading="lazy">'
        )
    data = [("Data", f'<a href="{csv}" download>numbers as CSV</a>, <a href="{png}">PNG</a>')]
    return (
        f'<figure class="lk-figure" id="figure-{anchor}">'
        f'<div class="lk-canvas" data-search-exclude>{canvas}</div>'
        f"<figcaption>{_text(record['caption'])}{_provenance(entry, data)}</figcaption></figure>"
    )


def _provenance(entry: Entry, more: list[tuple[str, str]]) -> str:
    """Where the numbers come from, folded away."""
    manifest = run_of(entry).manifest
    around = manifest["circumstances"]
    facts = [
        *more,
        ("Seeds", _seeds(manifest["seeds"])),
        ("Profile", around["profile"]),
        ("Device", f"{around['device']} ({escape(manifest['device_name'])})"),
        ("Circumstances", f"{escape(manifest['instruction_set'])}, {_threads(around['threads'])}"),
        ("torch", escape(str(around["libraries"].get("torch")))),
        ("CPU time", f"{manifest['cpu_seconds']:.0f} s for the whole lesson"),
        ("Run", f"{manifest['finished'][:10]}, key <code>{manifest['key']}</code>"),
        ("Reproduce", f"<code>{command(entry)}</code>"),
    ]
    items = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    return (
        '<details class="lk-provenance" data-search-exclude><summary>Data and provenance</summary>'
        f"<dl>{items}</dl></details>"
    )


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def command(entry: Entry) -> str:
    """The command that makes these numbers again."""
    around = run_of(entry).manifest["circumstances"]
    return f"lessonkit verify {entry.name} --profile {around['profile']}"


def _seeds(seeds: list[int]) -> str:
    return f"{seeds[0]} to {seeds[-1]} ({len(seeds)})" if seeds else "none"


def claim(entry: Entry, name: str, link: Link, anchor: str) -> str:
    """A claim: sentence, verdict, the seeds against the bound, the trap, and replications."""
    made = entry.promises[name]
    record = made.claim
    measured = _value(display.summary(record.values, record.format, record.unit))
    trapped = _value(display.summary(record.trap_values, record.format, record.unit))
    rule = _value(record.rule.text(record.format, record.unit))
    over = "exact" if record.exact else f"{len(record.values)} seeds"
    popular = (
        '<p class="lk-popular">The popular statement; here it is put to the test.</p>'
        if record.expect == CONTRADICTED
        else ""
    )
    return (
        f'<div class="lk-claim lk-{claim_state(made)}" id="claim-{anchor}">{badge(made)}'
        f'<p class="lk-statement">{_text(record.statement)}</p>{popular}{strip(record)}'
        f'<p class="lk-measured" {_UNSEARCHED}>measured <b>{measured}</b> ({over}); '
        f"promised <b>{rule}</b></p>"
        f'<p class="lk-trap" {_UNSEARCHED}><span>Trap:</span> {_text(record.trap)}: {trapped}, '
        f"the same sentence is then {_VERB[record.trap_verdict]}</p>"
        f"{_elsewhere(made)}{_notes(made, entry.author)}</div>"
    )


def _elsewhere(made: Promise) -> str:
    """What other seeds and machines say of a claim."""
    if not made.claim.judged:
        return ""
    return f'<p class="lk-replicated" {_UNSEARCHED}><span>Replicated:</span> {made.replicated}</p>'


def _notes(made: Promise, author: bool) -> str:
    """What is wrong with a promise, and what must be said about it though it is kept."""
    notes = [("problem", made.problem)]
    if not made.problem:
        notes.append(("dispute", made.disagreement and f"Machines disagree. {made.disagreement}."))
    if author:
        notes.append(("note", made.thin and f"For the author: {made.thin}"))
    return "".join(f'<p class="lk-{kind}">{escape(text)}</p>' for kind, text in notes if text)


def claim_state(made: Promise) -> str:
    """The state of a claim, as a CSS word."""
    if not made.claim.judged:
        return "unjudged"
    return "broken" if made.problem else made.verdict


def badge(made: Promise) -> str:
    """The verdict and how many are inside, told by a sign and words, not by colour alone."""
    state = claim_state(made)
    word = _WORD.get(state, made.standing)
    sign = f'<span aria-hidden="true">{_SIGN[state]}</span>'
    return f'<p class="lk-verdict lk-{state}">{sign} {word}</p>'


def strip(record: Claim) -> str:
    """A small picture: every seed as a dot, the allowed side shaded, the trap's values hollow."""
    if record.exact:
        return ""
    place = _scale([*record.values, *record.trap_values, *_bounds(record)])
    left, right = _allowed(record, place)
    marks = [
        f'<rect class="lk-allowed" x="{left:.1f}" y="4" width="{right - left:.1f}" height="36"/>'
    ]
    marks += [
        f'<line class="lk-bound" x1="{place(b):.1f}" x2="{place(b):.1f}" y1="2" y2="42"/>'
        for b in _bounds(record)
    ]
    marks += _dots(record.trap_values, place, 31, "lk-trap-dot")
    marks += _dots(record.values, place, 14, "lk-dot")
    return (
        f'<div class="lk-strip" aria-hidden="true"><svg viewBox="0 0 400 44">{"".join(marks)}</svg>'
        '<span class="lk-strip-key"><i class="lk-dot"></i> a seed <i class="lk-trap-dot"></i> '
        'with the trap <i class="lk-allowed"></i> as promised</span></div>'
    )


def _bounds(record: Claim) -> list[float]:
    value, tolerance = record.rule.bound[0], record.rule.bound[-1]
    if record.rule.kind == "equals":
        return [value - tolerance, value + tolerance]
    return list(record.rule.bound)


def _scale(values: list[float]) -> Callable[[float], float]:
    """Map values to 12..388: by powers of ten where they span more than two decades.

    There, 0 stands one decade below the smallest of the others.
    """
    low, high = min(values), max(values)
    smallest = min((value for value in values if value > 0), default=1.0)
    if low >= 0 and high / smallest > 100:
        floor = smallest / 10 if low == 0 else smallest
        return lambda value: 12 + 376 * math.log(max(value, floor) / floor, high / floor)
    width = (high - low) or 1.0
    return lambda value: 12 + 376 * (value - low) / width


def _allowed(record: Claim, place: Callable[[float], float]) -> tuple[float, float]:
    ends = [place(bound) for bound in _bounds(record)]
    if record.rule.kind in ("at_most", "below"):
        return 0.0, ends[0]
    if record.rule.kind in ("at_least", "above"):
        return ends[0], 400.0
    return ends[0], max(ends[-1], ends[0] + 1)


def _dots(values: Iterable[float], place: Callable[[float], float], y: int, kind: str) -> list[str]:
    """Dots spread a little up and down in turn, so that equal seeds stay countable."""
    return [
        f'<circle class="{kind}" cx="{place(value):.1f}" cy="{y + (i % 3 - 1) * 4}" r="3.5"/>'
        for i, value in enumerate(values)
    ]


def cell(entry: Entry, name: str, link: Link, anchor: str) -> str:
    """A code cell as run, with what it printed beneath."""
    assert entry.script is not None
    index = entry.cells[name]
    source = entry.script.code[index].source.strip("\n")
    parts = [
        f'<div class="language-python highlight"><pre><span></span><code>{_coloured(source)}'
        "</code></pre></div>"
    ]
    if entry.run:
        for output in notebook.outputs_by_cell(entry.script, entry.run)[index]:
            parts.append(_output(entry, output, link))
    return f'<div class="lk-cell" id="cell-{anchor}">{"".join(parts)}</div>'


def _output(entry: Entry, output: dict[str, Any], link: Link) -> str:
    text = (output["stdout"] + output["value"]).rstrip()
    shown = f"<pre>{escape(text)}</pre>" if text else ""
    for path in output["figures"]:
        source = link(f"{entry.folder}/{path.rsplit('/', 1)[-1]}")
        shown += f'<img src="{source}" alt="A figure that this cell draws" loading="lazy">'
    return f'<div class="lk-output">{shown}</div>' if shown else ""


@lru_cache(maxsize=512)
def _coloured(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")


def frame(course: Course, entry: Entry, link: Link) -> str:
    """The head of a lesson's page: question, reading time, run time, prerequisites."""
    page = entry.page
    question = str(page.meta.get("question", "")) if page else ""
    facts = []
    if page:
        facts.append(f"{page.minutes} min to read")
    if entry.run:
        manifest = entry.run.manifest
        facts.append(
            f"ran in {manifest['cpu_seconds']:.0f} CPU seconds on {escape(manifest['device_name'])}"
        )
        kept = sum(p.problem is None and p.claim.judged for p in entry.promises.values())
        promised = f"{kept} of {len(entry.promises)} claims as promised"
        url = course.evidence_url
        facts.append(promised if url is None else f'<a href="{link(url)}">{promised}</a>')
    before = [_lesson_link(course, name, link) for name in (page.prerequisites if page else [])]
    facts.append("read first: " + ", ".join(before) if before else "nothing to read first")
    items = "".join(f"<li>{fact}</li>" for fact in facts)
    asked = f'<p class="lk-question">{escape(question)}</p>' if question else ""
    return f'{banner(entry)}<div class="lk-frame">{asked}<ul class="lk-facts">{items}</ul></div>'


def banner(entry: Entry) -> str:
    """What a reader must know before believing the page: stale, failed, or only a smoke run."""
    found = []
    if entry.run and entry.run.profile == "smoke":
        found.append(("smoke", "A smoke run: it shows that the lesson runs, and measures nothing."))
    for problem in entry.problems:
        found.append(("stale" if entry.stale else "failed", problem))
    return "".join(
        f'<div class="lk-banner lk-{kind}" role="note">{escape(text)}</div>' for kind, text in found
    )


def _lesson_link(course: Course, name: str, link: Link) -> str:
    entry = course.entry(name)
    if entry.page is None:
        return escape(entry.title)
    return f'<a href="{link(entry.page.url)}">{escape(entry.page_title)}</a>'


def downloads(entry: Entry, link: Link) -> str:
    """The script, the notebook, its page, and everything as one archive."""
    base = f"{entry.folder}/{entry.stem}"
    items = [
        (link(f"{base}.py"), "script (.py)", " download"),
        (link(f"{base}.ipynb"), "notebook (.ipynb)", " download"),
        (link(f"{base}.zip"), "all, with data (.zip)", " download"),
        (link(f"{entry.folder}/notebook/"), "read the notebook here", ""),
    ]
    links = "".join(f'<li><a href="{url}"{kind}>{text}</a></li>' for url, text, kind in items)
    return f'<ul class="lk-downloads">{links}</ul>'


def lesson_claims(entry: Entry, link: Link, anchor: Callable[[str], str]) -> str:
    """All claims of one lesson."""
    cards = "".join(claim(entry, name, link, anchor(name)) for name in run_of(entry).claims)
    return f'<div class="lk-claims" id="{anchor("lesson-claims")}">{cards}</div>'


def evidence(course: Course, link: Link) -> str:
    """Every claim of the course, lesson by lesson: verdict, statement, measured, promised, trap."""
    groups = []
    for entry in course.entries.values():
        if entry.run is None or not entry.run.claims:
            continue
        rows = (_evidence_row(entry, name, made) for name, made in entry.promises.items())
        groups.append(f"<tbody>{_evidence_head(course, entry, link)}{''.join(rows)}</tbody>")
    head = "".join(f'<th scope="col">{text}</th>' for text in _EVIDENCE)
    return (
        f'{_tally(course)}<div class="lk-evidence" {_UNSEARCHED}><table>'
        f"<thead><tr>{head}</tr></thead>{''.join(groups)}</table></div>"
    )


_EVIDENCE = ("Verdict", "Claim", "Measured", "Promised", "Trap", "Replicated")


def _evidence_head(course: Course, entry: Entry, link: Link) -> str:
    """The lesson that the next claims belong to, and its run."""
    run = run_of(entry)
    ran = f"{run.profile}, {run.manifest['device_name']}"
    return (
        f'<tr class="lk-lesson"><th colspan="{len(_EVIDENCE)}" scope="rowgroup">'
        f"{_lesson_link(course, entry.name, link)} <span>{escape(ran)} "
        f"<code>{run.key}</code></span></th></tr>"
    )


def _evidence_row(entry: Entry, name: str, made: Promise) -> str:
    record = made.claim
    measured = display.summary(record.values, record.format, record.unit)
    trapped = display.summary(record.trap_values, record.format, record.unit)
    cells = [
        ("Verdict", badge(made)),
        ("Claim", f"{_text(record.statement)} <code>{name}</code>"),
        ("Measured", _value(measured)),
        ("Promised", _value(record.rule.text(record.format, record.unit))),
        ("Trap", f"{_text(record.trap)}: {_value(trapped)}"),
        ("Replicated", _value(made.disagreement or made.replicated) if record.judged else "–"),
    ]
    tds = "".join(f'<td data-label="{label}">{html}</td>' for label, html in cells)
    return f'<tr class="lk-{claim_state(made)}" id="{entry.name}/{name}">{tds}</tr>'


def _tally(course: Course) -> str:
    """How many claims came out how, as one line."""
    counts: dict[str, int] = {}
    for entry in course.entries.values():
        for made in entry.promises.values():
            state = claim_state(made)
            counts[state] = counts.get(state, 0) + 1
    total = sum(counts.values())
    parts = ", ".join(f"{counts[state]} {_TALLY[state]}" for state in _TALLY if state in counts)
    return f'<p class="lk-tally"><b>{total} claims</b>: {parts or "none yet"}.</p>'


def gallery(course: Course, link: Link) -> str:
    """A card for each lesson, with its thumbnail and downloads."""
    cards = []
    for entry in course.entries.values():
        if entry.run is None or entry.page is None:
            continue
        first = next(iter(entry.run.figures.values()), None)
        picture = (
            f'<img src="{link(entry.folder + "/_thumb.png")}" alt="" width="400" height="260">'
            if first
            else ""
        )
        question = escape(str(entry.page.meta.get("question", "")))
        cards.append(
            f'<article class="lk-card"><a href="{link(entry.page.url)}">{picture}'
            f"<h3>{escape(entry.title)}</h3></a><p>{question}</p>{downloads(entry, link)}</article>"
        )
    every = (
        f'<p><a href="{link("generated/lessons.zip")}" download>All lessons as one archive</a></p>'
    )
    return f'<div class="lk-gallery">{"".join(cards)}</div>{every if cards else ""}'


def syllabus(course: Course, link: Link) -> str:
    """The parts of the course in order, each with its lessons; a part may still be empty."""
    parts = []
    for part in course.parts:
        shown = [_lesson_link(course, name, link) for name in part.lessons if _shown(course, name)]
        about = f": {_text(part.about)}" if part.about else ""
        lessons = f"<ul>{''.join(f'<li>{lesson}</li>' for lesson in shown)}</ul>" if shown else ""
        parts.append(f"<li><b>{_text(part.title)}</b>{about}{lessons}</li>")
    return f'<ol class="lk-syllabus">{"".join(parts)}</ol>'


def prerequisites(course: Course, link: Link) -> str:
    """A picture of what builds on what: a row for each part, arrows from left to right."""
    rows = [
        (part.title, [name for name in part.lessons if _shown(course, name)])
        for part in course.parts
    ]
    names = [name for _, lessons in rows for name in lessons]
    before = {name: [b for b in course.before[name] if b in names] for name in names}

    def box(name: str) -> graph.Box:
        entry = course.entry(name)
        url = link(entry.page.url) if entry.page else ""
        return graph.Box(entry.stem.replace("_", " "), entry.page_title, url)

    return graph.drawn([row for row in rows if row[1]], before, {name: box(name) for name in names})


def _shown(course: Course, name: str) -> bool:
    return course.entry(name).page is not None


def used_in(course: Course, name: str, link: Link) -> str:
    """The lessons that use a name of the package, or anything below it."""
    from lessonkit.press.gallery import names_used

    users = [
        _lesson_link(course, entry.name, link)
        for entry in course.entries.values()
        if entry.script
        and any(n == name or n.startswith(name + ".") for n in names_used(entry.script.path))
    ]
    listed = ", ".join(users) or "none yet"
    return f'<p class="lk-used">Used in these lessons: {listed}.</p>'


def run_of(entry: Entry) -> Any:
    """Return the run of an entry that is known to have one."""
    assert entry.run is not None
    return entry.run


def _value(text: str) -> str:
    """Escape a number so that no line ends within it."""
    return escape(text).replace(" × ", "\u00a0×\u00a0")


def _text(text: str) -> str:
    """Escape a sentence, keeping `code` in backquotes as code."""
    parts = escape(text, quote=False).replace(" × 10", "\u00a0×\u00a010").split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
