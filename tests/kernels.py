"""A notebook's kernel, and what it shows beneath each cell that is run in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

Run = Callable[[str], list[dict[str, Any]]]  # a cell's source -> what is shown beneath it


@contextmanager
def kernel(folder: Path, **environment: str) -> Iterator[Run]:
    """Start a kernel in a folder; a cell that raises is the test's failure."""
    made = nbformat.v4.new_notebook()
    client = NotebookClient(made, timeout=120, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel(cwd=str(folder), env={**os.environ, **environment}):

        def run(source: str) -> list[dict[str, Any]]:
            cell = nbformat.v4.new_code_cell(source)
            made.cells.append(cell)
            try:
                client.execute_cell(cell, len(made.cells) - 1)
            except CellExecutionError as error:
                raise AssertionError(str(error)) from None
            return [dict(output) for output in cell.outputs]

        yield run


def texts(outputs: list[dict[str, Any]]) -> str:
    """Return all text beneath a cell."""
    return "".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


def html(outputs: list[dict[str, Any]]) -> str:
    """Return all HTML beneath a cell."""
    return "".join(output.get("data", {}).get("text/html", "") for output in outputs)
