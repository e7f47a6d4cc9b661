"""A run as a notebook that has already been executed, with the script's present words."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from lessonkit.evidence import notebook as evidence
from lessonkit.evidence.record import Medium
from lessonkit.press.lesson.script import Script
from lessonkit.press.run.store import Run


def outputs_by_cell(script: Script, run: Run) -> list[list[dict[str, Any]]]:
    """Return, for each code cell as the script is cut now, what the run's cells put out there.

    The text of a script may change without a run, and with it where cells end: an output belongs to
    the cell that now holds the last statement of the cell that made it.
    """
    starts = [cell.line for cell in script.code]
    homes: list[list[dict[str, Any]]] = [[] for _ in starts]
    for output in run.cells:
        last = min(output["statements"], len(script.statements)) - 1
        line = script.statements[last] if last >= 0 else 1
        home = max((i for i, start in enumerate(starts) if start <= line), default=0)
        if homes:
            homes[home].append(output)
    return homes


def notebook(script: Script, run: Run) -> dict[str, Any]:
    """Return the notebook (nbformat 4.5) as plain data, deterministic for a run and a script."""
    outputs = iter(outputs_by_cell(script, run))
    cells = [_text_cell("title", f"# {script.title}")]
    count = 0
    for index, cell in enumerate(script.cells):
        if cell.kind == "text":
            cells.append(_text_cell(f"text-{index}", cell.source))
        else:
            count += 1
            cells.append(_code_cell(f"code-{index}", cell.source, count, next(outputs), run))
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


def written(script: Script, run: Run) -> str:
    """Return the notebook as the text of an .ipynb file."""
    return json.dumps(notebook(script, run), indent=1, ensure_ascii=False) + "\n"


def _text_cell(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(text)}


def _code_cell(
    name: str, source: str, count: int, outputs: list[dict[str, Any]], run: Run
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": name,
        "metadata": {},
        "outputs": [part for output in outputs for part in _outputs(output, count, run)],
        "source": _lines(source.strip("\n")),
    }


def _outputs(output: dict[str, Any], count: int, run: Run) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    text = output["stdout"]
    shown = [evidence.shown(name, run.records[name], run.read) for name in output["published"]]
    for part in chain.from_iterable(shown):
        if isinstance(part, str):
            text += part
        else:
            parts += [*_stream(text), _displayed(part)]
            text = ""
    parts += _stream(text)
    for path in output["figures"]:
        drawn = Medium(path, "image/png", "a figure of this cell")
        parts.append(_displayed(evidence.medium(drawn, run.read(path))))
    if output["value"]:
        data = {"text/plain": _lines(output["value"])}
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
    if not text:
        return []
    return [{"output_type": "stream", "name": "stdout", "text": _lines(text)}]


def _displayed(bundle: evidence.Bundle) -> dict[str, Any]:
    data = {kind: _lines(text) for kind, text in bundle.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
