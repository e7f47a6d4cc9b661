"""What a notebook shows of what a lesson publishes: beneath its cell, and on its published twin."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar
from xml.etree.ElementTree import Element, tostring

from lessonkit.evidence.record import Medium, Record

T = TypeVar("T")
Bundle = dict[str, str]  # MIME type -> the same thing in it
_PATIENCE = 1.0  # seconds that a measurement may take before a notebook says how far it is
_OFTEN = 0.3  # seconds between two words about it


def said(name: str, record: Record) -> str:
    """Return what is printed of a record."""
    return "".join(f"{line.text}\n" for line in record.lines(name))


def shown(name: str, record: Record, read: Callable[[str], bytes]) -> list[str | Bundle]:
    """Return what a notebook shows of a record, in order: printed text, and what it displays.

    Args:
        name: of the record.
        record: what was published.
        read: returns the bytes of a file of the run.
    """
    words, html = said(name, record), record.html()
    first: str | Bundle = {"text/html": html, "text/plain": words.rstrip()} if html else words
    return [first, *(medium(item, read(item.path)) for item in record.media)]


def medium(item: Medium, data: bytes) -> Bundle:
    """Return a picture or a sound as HTML: nbconvert drops the words of a bare image/png."""
    source = f"data:{item.type};base64,{base64.b64encode(data).decode()}"
    made = (
        Element("audio", {"controls": "", "src": source, "aria-label": item.words})
        if item.type.startswith("audio")
        else Element("img", {"alt": item.words, "src": source})
    )
    html = tostring(made, encoding="unicode", method="html")
    return {"text/html": html, "text/plain": item.words}


def show(parts: Iterable[str | Bundle]) -> None:
    """Show them in the notebook that runs this process."""
    from IPython.display import display

    for part in parts:
        if isinstance(part, str):
            print(part, end="")
        else:
            display(part, raw=True)  # type: ignore[no-untyped-call]


def bar(steps: Iterable[T], label: str) -> Iterator[T]:
    """Pass `steps` through, with a line beneath the cell that says how far a long one is.

    A bar of rich's or tqdm's would ask for ipywidgets.
    """
    from IPython.display import display

    total = f" of {len(steps)}" if isinstance(steps, Sized) else ""
    line, due = None, time.monotonic() + _PATIENCE
    try:
        for done, step in enumerate(steps):
            if time.monotonic() >= due:
                due = time.monotonic() + _OFTEN
                words = {"text/plain": f"{label}: {done}{total}"}
                if line is None:
                    line = display(words, raw=True, display_id=True)  # type: ignore[no-untyped-call]
                else:
                    line.update(words, raw=True)
            yield step
    finally:  # also where somebody stops it
        if line is not None:
            line.update({"text/plain": ""}, raw=True)
