"""How a figure is written down: SVG with text as text, a white PNG, and the plotted numbers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lessonkit.evidence.record import EvidenceError, checked_values

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
    # Legends of the figure hang on the page, which is larger when the picture is cut out of it.
    loose = [legend for legend in figure.legends if legend.get_bbox_to_anchor() is figure.bbox]
    FigureCanvasAgg(figure)  # whatever somebody looks at is no part of this
    figure.dpi = PNG_DPI
    defaults = {"figure.autolayout": False, "figure.constrained_layout.use": False}
    try:
        if layout is not None:
            layout.execute(figure)
        for legend in loose:
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        with matplotlib.rc_context(defaults):
            figure.set_layout_engine(None)
        yield
    finally:
        if layout is not None:
            figure.set_layout_engine(layout)
        for legend in loose:
            legend.set_bbox_to_anchor(None)
        figure.dpi = dpi
        figure.set_canvas(screen)


def _save_png(figure: Any, path: Path) -> Any:
    """Write the picture, cut to what is drawn, and return the area that was kept, in inches."""
    import matplotlib
    from matplotlib.transforms import Bbox
    from PIL import Image

    page = Bbox.from_bounds(0, 0, *figure.get_size_inches()).padded(_MARGIN)
    pixels, drawn = _drawn(figure, page)
    area = drawn.padded(matplotlib.rcParams["savefig.pad_inches"])
    whole = Bbox.union([page, area])
    if whole.bounds != page.bounds:  # something stands far outside
        page = whole
        pixels, _ = _drawn(figure, page)
    picture = Image.fromarray(pixels)
    left, right = (x - page.x0 for x in (area.x0, area.x1))
    top, bottom = (page.y1 - y for y in (area.y1, area.y0))
    picture = picture.crop(tuple(round(side * PNG_DPI) for side in (left, top, right, bottom)))
    picture.convert("RGB").save(path, "png", dpi=(PNG_DPI, PNG_DPI))
    return area


def _drawn(figure: Any, page: Any) -> tuple[Any, Any]:
    """Draw onto a page, in inches; return its pixels, and the area that was drawn on.

    The area is found when all is drawn and the sizes of all texts are at hand: afterwards each
    would have to be measured again.
    """
    import numpy as np
    from matplotlib.artist import Artist

    found: dict[str, Any] = {}

    def measure(renderer: Any) -> None:
        found["size"] = int(renderer.height), int(renderer.width), 4
        found["area"] = figure.get_tightbbox(renderer).frozen()

    pixels, last = io.BytesIO(), Artist()
    last.set(zorder=math.inf, in_layout=False)
    last.draw = measure  # type: ignore[method-assign]
    figure.add_artist(last)
    try:
        look = {"dpi": PNG_DPI, "facecolor": "white"}
        figure.savefig(pixels, format="rgba", bbox_inches=page, **look)
    finally:
        last.remove()
    flat = np.frombuffer(pixels.getvalue(), np.uint8)
    return flat.reshape(found["size"]), found["area"].translated(page.x0, page.y0)


def _save_svg(figure: Any, path: Path, name: str, area: Any) -> None:
    import matplotlib

    quiet = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(path, metadata=quiet, transparent=True, bbox_inches=area)


def save_data(columns: Mapping[str, Sequence[str]], folder: Path, name: str) -> str:
    """Write columns of text to folder/data/`name`.csv and return the path in the run."""
    lengths = {key: len(cells) for key, cells in columns.items()}
    if not columns or len(set(lengths.values())) != 1 or not all(lengths.values()):
        raise EvidenceError(
            f"data of figure {name!r}: expected columns of one length, got {lengths or 'none'}. "
            "Give the plotted numbers, one column for each quantity."
        )
    target = folder / "data"
    target.mkdir(parents=True, exist_ok=True)
    with (target / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(harmless, columns))
        writer.writerows(zip(*columns.values(), strict=True))
    return f"data/{name}.csv"


def column(values: Any, what: str) -> list[str]:
    """Return the cells of a column: text made harmless, numbers checked and with six digits."""
    plain = values.tolist() if hasattr(values, "tolist") else list(values)
    return [
        harmless(cell) if isinstance(cell, str) else f"{checked_values(cell, what)[0]:.6g}"
        for cell in plain
    ]


def harmless(cell: str) -> str:
    """Return a cell of a table so that no spreadsheet takes it for a formula."""
    formula = cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if formula and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
