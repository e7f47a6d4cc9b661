"""How a figure is written down: SVG with text as text, a white PNG, and the plotted numbers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lessonkit.evidence.records import EvidenceError, checked_values

PNG_DPI = 144  # twice the size at which a page shows it


def save_figure(figure: Any, folder: Path, name: str) -> dict[str, str]:
    """Write `name`.svg and `name`.png into folder/figures with bytes that only the picture decides.

    The SVG keeps matplotlib's own colours: pages theme it when they embed it, so that a change of
    style never needs a run.
    """
    import matplotlib

    target = folder / "figures"
    target.mkdir(parents=True, exist_ok=True)
    paths = {kind: f"figures/{name}.{kind}" for kind in ("svg", "png")}
    quiet = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(folder / paths["svg"], metadata=quiet, transparent=True, bbox_inches="tight")
    figure.savefig(
        folder / paths["png"],
        dpi=PNG_DPI,
        facecolor="white",
        bbox_inches="tight",
        metadata={"Software": None},
    )
    return paths


def save_data(data: Mapping[str, Sequence[Any]], folder: Path, name: str) -> str:
    """Write the columns of `data` to folder/data/`name`.csv and return the path in the run."""
    columns = {key: _column(values, f"column {key!r}, {name}") for key, values in data.items()}
    lengths = {key: len(values) for key, values in columns.items()}
    if not columns or len(set(lengths.values())) != 1 or not all(lengths.values()):
        raise EvidenceError(
            f"data of figure {name!r}: expected columns of one length, got {lengths or 'none'}. "
            "Give the plotted numbers, one column for each quantity."
        )
    target = folder / "data"
    target.mkdir(parents=True, exist_ok=True)
    with (target / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return f"data/{name}.csv"


def _column(values: Any, what: str) -> list[str]:
    """Return the cells of a column: text as it is, numbers checked and with six digits."""
    plain = values.tolist() if hasattr(values, "tolist") else list(values)
    return [
        cell if isinstance(cell, str) else f"{checked_values(cell, what)[0]:.6g}" for cell in plain
    ]
