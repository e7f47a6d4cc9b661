"""What a lesson published, as HTML: numbers, tables, figures, claims and code cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from lessonkit.evidence import Figure, Record
from lessonkit.press import memo
from lessonkit.press.course.entries import Entry
from lessonkit.press.page import outputs, svg, wording
from lessonkit.press.page.outputs import Output, Picture
from lessonkit.press.page.strip import strip
from lessonkit.press.page.templates import render

# A file below the folder of pages -> its address seen from this page; "" where the site has none.
Link = Callable[[str], str]


def sentence(record: Record, part: str) -> str:
    """A record, or a part of it, within a sentence: `[[name]]`, `[[name.part]]`."""
    template = "part" if part else record.kind
    return render(template, record=record, part=part, title=wording.title(record, part))


def block(entry: Entry, name: str, link: Link, anchor: str) -> str:
    """A record on its own, by the template of its kind."""
    record = run_of(entry).records[name]
    more = _MORE[record.kind](entry, name, anchor) if record.kind in _MORE else {}
    files = {ending: link(f"{entry.folder}/{name}.{ending}") for ending in record.files}
    known = {"entry": entry, "name": name, "record": record, "anchor": anchor, "files": files}
    return render(record.kind, **known, **more)


def _of_figure(entry: Entry, name: str, anchor: str) -> dict[str, Any]:
    """Inline SVG that follows the colour scheme, or a picture where that is smaller."""
    run = run_of(entry)
    record = run.of(Figure)[name]
    kept = memo.recall(
        entry.memo_folder,
        svg.__file__,
        [run.manifest["files"][record.svg], *map(memo.digest_of, svg.MADE_BY)],
        lambda: svg.themed(run.read(record.svg).decode(), svg.PREFIX),
    )
    view, _, drawn = kept.replace(svg.PREFIX, anchor).partition("\n")
    return {
        "title": record.caption or name.replace("-", " "),
        "view": view,
        "size": svg.size(view),  # keeps the place while a picture is fetched
        "drawn": Markup(drawn),  # matplotlib's, and escaped by it
        "inline": len(drawn) <= svg.INLINE_LIMIT,
    }


def _of_claim(entry: Entry, name: str, anchor: str) -> dict[str, Any]:
    """Its promise, with what replications say, and the seeds against the bound."""
    made = entry.promises[name]
    dots = None if made.claim.exact else strip(made.claim)
    return {"made": made, "strip": dots, "author": entry.author}


# What a template wants beside the record; most kinds want nothing.
_MORE: dict[str, Callable[[Entry, str, str], dict[str, Any]]] = {
    "figure": _of_figure,
    "claim": _of_claim,
}


def mark(entry: Entry, name: str, address: str, number: int) -> str:
    """What a sentence rests on: a small sign behind it that leads to the claim."""
    return render("mark", made=entry.promises[name], address=address, number=number)


def cell(entry: Entry, name: str, link: Link, anchor: str, opened: bool = False) -> str:
    """A code cell as run, folded unless it is opened, with what it printed beneath."""
    assert entry.script is not None
    index = entry.cells[name]
    shown = entry.script.code[index]
    source = entry.script.shown(shown)
    put_out = outputs.by_cell(entry.script, entry.run)[index] if entry.run else []
    single = entry.script.asks("multi_image_block", shown) or entry.script.asks("multi_image")
    boxes = [f"{anchor}--output-{number}" for number in range(len(put_out))]
    return render(
        "cell",
        anchor=anchor,
        title=name.replace("-", " "),
        lines=source.count("\n") + 1,
        numbered=entry.script.asks("line_numbers"),
        code=Markup(_coloured(source)),
        outputs=[_output(entry, *one, link) for one in zip(put_out, boxes, strict=True)],
        single=single == "single",
        opened=opened,
    )


def _output(entry: Entry, output: Output, box: str, link: Link) -> dict[str, Any]:
    value, html = output.texts(box)
    text = "\n".join(part for part in (output.printed.rstrip(), value) if part)
    return {
        "text": text,
        "html": html,
        "pictures": [_picture(entry, picture, link) for picture in output.pictures],
    }


def _picture(entry: Entry, picture: Picture, link: Link) -> Markup:
    def address(path: str) -> str:
        return link(f"{entry.folder}/{path.rpartition('/')[2]}") if path else ""

    html = render(
        "drawn",
        still=address(picture.still),
        moving=address(picture.moving),
        words=picture.words,
        size=outputs.size(run_of(entry).read(picture.still)),
    )
    return Markup(html)


@lru_cache(maxsize=512)
def _coloured(source: str) -> str:
    """Colour Python. Names and signs, most of all tokens, get no element: they are plain text."""
    from pygments import format, lex
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer
    from pygments.token import Token

    plain = (Token.Name, Token.Operator, Token.Punctuation, Token.Text.Whitespace)
    tokens = (
        (Token.Text if kind in plain else kind, text) for kind, text in lex(source, PythonLexer())
    )
    return format(iter(tokens), HtmlFormatter(nowrap=True)).rstrip("\n")


def run_of(entry: Entry) -> Any:
    """Return the run of an entry that is known to have one."""
    assert entry.run is not None
    return entry.run
