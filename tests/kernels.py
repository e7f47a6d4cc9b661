"""A notebook's kernel, and what it shows beneath each cell that is run in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

Run = Callable[[str], list[dict[str, Any]]]  # a cell's source -> what is shown beneath it


# Where the tests run, lessonkit is installed: whoever downloads a notebook has nothing of it.
BARE = """
import sys
from pathlib import Path
sys.path[:] = [folder for folder in sys.path if not Path(folder or "/", "lessonkit").is_dir()]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in finder.__module__]
del Path
"""


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


def cells(file: Path) -> dict[str, dict[str, Any]]:
    """Return the code cells of a notebook by their ids."""
    found = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell for cell in found if cell["cell_type"] == "code"}


def published(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs of a cell as a kernel gives them, their lines joined."""
    return [
        {
            **output,
            "text": "".join(output.get("text", [])),
            "data": {kind: "".join(lines) for kind, lines in output.get("data", {}).items()},
        }
        for output in cell["outputs"]
    ]


def run_all(run: Run, notebook: Path, twin: Path) -> None:
    """Run every cell, and insist that it shows what stands beneath its twin."""
    shown = {name: published(cell) for name, cell in cells(twin).items()}
    for name, cell in cells(notebook).items():
        outputs = run("".join(cell["source"]))
        if name in shown:
            opening = [line for line in texts(outputs).split("\n") if "  profile " in line]
            start = "\n".join([*opening, "", ""]) if opening else ""
            assert texts(outputs).removeprefix(start) == texts(shown[name]), name
            assert html(outputs) == html(shown[name]), name
        elif name == "close":
            assert "came out as promised." in texts(outputs) or "smoke" in texts(outputs)
        else:
            assert outputs == []
