"""How a figure is written down: SVG with text as text, a white PNG, and the plotted numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lessonkit.evidence.records import EvidenceError, checked_values

PNG_DPI = 144  # twice the size at which a page shows it
_MARGIN = 0.5  # inches around the page, where labels may stand that do not fit onto it


def save_figure(figure: Any, folder: Path, name: str) -> dict[str, str]:
    """Write `name`.svg and `name`.png into folder/figures with bytes that only the picture decides.

    The SVG keeps matplotlib's own colours: pages theme it when they embed it, so that a change of
    style never needs a run.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    paths = {kind: f"figures/{name}.{kind}" for kind in ("svg", "png")}
    with _laid_out(figure):
        area = _save_png(figure, folder / paths["png"])
        _save_svg(figure, folder / paths["svg"], name, area)
    return paths


@contextmanager
def _laid_out(figure: Any) -> Iterator[None]:
    """Lay the figure out once, with the metrics of the PNG; both formats then take it as it is.

    matplotlib's own `bbox_inches="tight"` and layouts draw everything twice for each format, first
    only to find out where things are.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    layout, dpi, screen = figure.get_layout_engine(), figure.dpi, figure.canvas
    FigureCanvasAgg(figure)  # whatever somebody looks at is no part of this
    figure.dpi = PNG_DPI
    defaults = {"figure.autolayout": False, "figure.constrained_layout.use": False}
    try:
        if layout is not None:
            layout.execute(figure)
        with matplotlib.rc_context(defaults):
            figure.set_layout_engine(None)
        yield
    finally:
        if layout is not None:
            figure.set_layout_engine(layout)
        figure.dpi = dpi
        figure.set_canvas(screen)


def _save_png(figure: Any, path: Path) -> Any:
    """Write the picture, cut to what is drawn, and return the area that was kept, in inches."""
    import matplotlib
    from matplotlib.transforms import Bbox
    from PIL import Image

    page = Bbox.from_bounds(0, 0, *figure.get_size_inches()).padded(_MARGIN)
    pixels = io.BytesIO()
    look = {"dpi": PNG_DPI, "facecolor": "white"}
    figure.savefig(pixels, format="rgba", bbox_inches=page, **look)
    drawn = figure.get_tightbbox(figure.canvas.get_renderer())
    area = drawn.padded(matplotlib.rcParams["savefig.pad_inches"])
    if Bbox.union([page, area]).bounds != page.bounds:  # far outside, where nothing was drawn
        figure.savefig(path, bbox_inches=area, metadata={"Software": None}, **look)
        return area
    size = int(page.width * PNG_DPI), int(page.height * PNG_DPI)
    picture = Image.frombytes("RGBA", size, pixels.getvalue())
    left, right = (x - page.x0 for x in (area.x0, area.x1))
    top, bottom = (page.y1 - y for y in (area.y1, area.y0))
    picture = picture.crop(tuple(round(side * PNG_DPI) for side in (left, top, right, bottom)))
    picture.convert("RGB").save(path, "png", dpi=(PNG_DPI, PNG_DPI))
    return area


def _save_svg(figure: Any, path: Path, name: str, area: Any) -> None:
    import matplotlib

    quiet = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(path, metadata=quiet, transparent=True, bbox_inches=area)


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
