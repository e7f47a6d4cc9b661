"""A run as a notebook that has already been executed, with the script's present words."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lessonkit.evidence import notebook as evidence
from lessonkit.press.lesson.script import Script
from lessonkit.press.page import outputs
from lessonkit.press.page.outputs import Output, Picture
from lessonkit.press.page.templates import render
from lessonkit.press.run.store import Run

_PICTURE = re.compile(r"!\[([^\]\n]*)\]\(([^)\s]+)\)")
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_PICTURES |= {".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml"}


def notebook(script: Script, run: Run) -> dict[str, Any]:
    """Return the notebook (nbformat 4.5) as plain data, deterministic for a run and a script."""
    put_out = iter(outputs.by_cell(script, run))
    cells = [_text_cell("title", f"# {_plain(script.title)}", script.path.parent)]
    count = 0
    for index, cell in enumerate(script.cells):
        if cell.kind == "text":
            cells.append(_text_cell(f"text-{index}", cell.source, script.path.parent))
            continue
        source, shown = script.shown(cell, whole=True), next(put_out)
        if source or shown:  # a cell may hold configuration, and nothing else
            count += 1
            cells.append(_code_cell(f"code-{index}", source, count, shown, run))
    around = run.manifest["circumstances"]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": around["python"]},
            "lessonkit": {"lesson": run.lesson, "key": run.key, **around},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def completed(page: dict[str, Any], first: str, last: str) -> dict[str, Any]:
    """Return a notebook with cells for whoever runs it elsewhere.

    Args:
        page: the notebook, which begins with its title.
        first: code to run before all other; "" for no such cell.
        last: the same, at the end.
    """
    title, *cells = page["cells"]
    added = [title, *_extra_cell("bring", first), *cells, *_extra_cell("close", last)]
    return {**page, "cells": added}


def written(page: dict[str, Any]) -> str:
    """Return a notebook as the text of an .ipynb file."""
    return json.dumps(page, indent=1, ensure_ascii=False) + "\n"


def _plain(title: str) -> str:
    """Return a title without HTML: it is a sentence, here as on its page; code stays as it is."""
    parts = title.split("`")
    parts[::2] = [re.sub(r"<(?=[A-Za-z/!?])", "&lt;", part) for part in parts[::2]]
    return "`".join(parts)


def _text_cell(name: str, text: str, beside: Path) -> dict[str, Any]:
    """Return a text; pictures that lie beside the script, and their bytes, go with it."""
    attached: dict[str, dict[str, str]] = {}

    def attach(found: re.Match[str]) -> str:
        file = beside / unquote(found[2])
        kind = _PICTURES.get(file.suffix.lower())
        if kind is None or urlsplit(found[2]).scheme or not file.is_file():
            return found[0]
        kept = f"{len(attached)}{file.suffix.lower()}"
        attached[kept] = {kind: base64.b64encode(file.read_bytes()).decode()}
        return f"![{found[1]}](attachment:{kept})"

    source = _lines(_PICTURE.sub(attach, text))
    cell = {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}
    return {**cell, "attachments": attached} if attached else cell


def _extra_cell(name: str, source: str) -> list[dict[str, Any]]:
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "id": name}
    return [{**cell, "metadata": {}, "outputs": [], "source": _lines(source)}] if source else []


def _code_cell(
    name: str, source: str, count: int, put_out: list[Output], run: Run
) -> dict[str, Any]:
    shown = [_outputs(output, count, run, f"{name}-{i}") for i, output in enumerate(put_out)]
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": name,
        "metadata": {},
        "outputs": [part for parts in shown for part in parts],
        "source": _lines(source.strip("\n")),
    }


def _outputs(output: Output, count: int, run: Run, box: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    said = ""
    for name, before in zip(output.published, output.pieces, strict=False):
        said += before
        for part in evidence.shown(name, run.records[name], run.read):
            if isinstance(part, str):
                said += "\n" * bool(said and not said.endswith("\n")) + part
            else:
                parts += [*_stream(said), _displayed(part)]
                said = ""
    parts += _stream(said + output.pieces[-1])
    parts += [_displayed(_drawn(run, picture)) for picture in output.pictures]
    text, html = output.texts(f"lk-{box}")
    if text or html:
        data = {"text/plain": _lines(output.value)}
        if html:
            data["text/html"] = _lines(html)
        parts.append(
            {
                "output_type": "execute_result",
                "execution_count": count,
                "data": data,
                "metadata": {},
            }
        )
    return parts


def _stream(text: str) -> list[dict[str, Any]]:
    if not text.strip():
        return []
    return [{"output_type": "stream", "name": "stdout", "text": _lines(text)}]


def _displayed(bundle: evidence.Bundle) -> dict[str, Any]:
    data = {kind: _lines(text) for kind, text in bundle.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _drawn(run: Run, picture: Picture) -> evidence.Bundle:
    """Return what a cell drew, as large as a page shows it."""
    content = run.read(picture.still)
    moving = picture.moving and _source(
        run.read(picture.moving), f"image/{picture.moving.rpartition('.')[2]}"
    )
    html = render(
        "drawn",
        still=_source(content, "image/png"),
        moving=moving,
        words=picture.words,
        size=outputs.size(content),
    )
    return {"text/html": html, "text/plain": picture.words}


def _source(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
