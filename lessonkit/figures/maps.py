"""Numbers on a plane: maps of attention, pictures and their patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from lessonkit.figures.conditions import PALETTE, spelled
from lessonkit.figures.diagrams import draw_note, new_canvas
from lessonkit.figures.drawing import Drawing, in_words
from lessonkit.figures.pixels import pixel_lines
from lessonkit.figures.style import INK, STYLE, WIDTH, new_figure, new_panels

__all__ = ["plot_grid", "plot_maps", "plot_patches", "plot_pictures"]

Array = np.ndarray[Any, Any]
_FAINTEST = 0.05  # less weight than this can hardly be seen, and is left blank
_PALEST = 0.06  # a cell of a grid is seen even where its number is zero
_UNDER_WORDS = 0.45  # the deepest tint on which ink is read in the light and in the dark
# Words end at the map, however wide the reader's letters are.
_UPWARDS: dict[str, Any] = {
    "rotation": 90,
    "rotation_mode": "anchor",
    "ha": "right",
    "va": "center",
    "fontsize": 12,
}


@matplotlib.rc_context(STYLE)
def plot_maps(
    maps: Mapping[str, ArrayLike],
    words: Sequence[str],
    *,
    frame: str = "",
    query: str = "looks",
    key: str = "is looked at",
    height: float = 3.9,
) -> Drawing:
    """Draw maps of attention side by side: a row for each query, a column for each key.

    The fuller a square, the more weight: 1 is full in every map, and less than 0.05 is blank. With
    five words or fewer the weights are written in the squares, on paler tints.

    Args:
        maps: title -> weights between 0 and 1 (query, key), drawn with two decimals.
        words: of the sentence.
        frame: the word whose row is framed.
        query: what the words at the side do, the label of the vertical axis.
        key: what is done to the words below, the label of the horizontal axis.
        height: of the figure, in inches.

    Raises:
        ValueError: a map is not (query, key) with a row and a column for each word.
    """
    count = len(words)
    weights = {title: np.asarray(values).astype(float).round(2) for title, values in maps.items()}
    for title, values in weights.items():
        if values.shape != (count, count):
            raise ValueError(
                f"map {title!r}: expected weights (query, key) for {count} words, so "
                f"{(count, count)}; got shape {values.shape}. Give one head of one sentence."
            )
    figure, axes = new_panels(len(weights), height=height)
    axes[0].set_ylabel(query)
    for ax, (title, values) in zip(axes, weights.items(), strict=True):
        _draw_map(ax, values, words, frame)
        ax.set_title(title, fontsize=13)
        ax.set_xlabel(key)
    columns: dict[str, Any] = {
        query: [word for word in words for _ in words],
        key: list(words) * count,
    }
    columns |= {title: values.ravel() for title, values in weights.items()}
    told = [f"{title}: {_told_map(v, words, frame)}" for title, v in weights.items()]
    return Drawing(figure, columns, "; ".join(told) + ".")


def _draw_map(ax: Axes, values: Array, words: Sequence[str], frame: str) -> None:
    written = len(words) <= 5
    for query, key in np.argwhere(values >= _FAINTEST):
        share = float(values[query, key]) * (_UNDER_WORDS if written else 1)
        paint: dict[str, Any] = {
            "facecolor": PALETTE["blue"],
            "alpha": round(share, 4),
            "linewidth": 0,
        }
        ax.add_patch(Rectangle((key - 0.5, query - 0.5), 1, 1, **paint))
    for query, key in np.ndindex(*values.shape) if written else ():
        weight = float(values[query, key])
        colour = PALETTE["ink" if weight >= _FAINTEST else "muted"]
        ax.text(key, query, f"{weight:g}", ha="center", va="center", fontsize=12, color=colour)
    if frame:
        corner = (-0.5, list(words).index(frame) - 0.5)
        edge: dict[str, Any] = {"fill": False, "edgecolor": PALETTE["red"], "linewidth": 2}
        ax.add_patch(Rectangle(corner, len(words), 1, **edge, clip_on=False, zorder=3))
    edges = (-0.5, len(words) - 0.5)
    ax.set(xlim=edges, ylim=edges[::-1], aspect="equal")
    ax.set_xticks(range(len(words)), words, **_UPWARDS)
    ax.set_yticks(range(len(words)), words, fontsize=12)
    ax.grid(visible=False)


def _told_map(values: Array, words: Sequence[str], frame: str) -> str:
    """Tell the heaviest two of the framed row, or of every word where it looks most."""
    if frame:
        row = values[list(words).index(frame)]
        heaviest = np.argsort(-row, kind="stable")[:2]
        return f"{frame} – " + ", ".join(f"{words[k]} {in_words(row[k])}" for k in heaviest)
    tops = values.argmax(axis=1)
    return ", ".join(
        f"{word} – {words[top]} {in_words(row[top])}"
        for word, row, top in zip(words, values, tops, strict=True)
    )


@matplotlib.rc_context(STYLE)
def plot_grid(
    rows: Mapping[str, Mapping[str, ArrayLike]],
    quantity: str,
    *,
    across: str = "",
    down: str = "",
    most: float | None = None,
    height: float | None = None,
) -> Drawing:
    """Write the median of each cell large and its range below it, on a tint: 2 × 2, or a few more.

    The deeper the tint, the larger the median. A cell without numbers holds a dash.

    Args:
        rows: row -> column -> numbers (seeds,); every row has the same columns. No seeds: the cell
            was not tried.
        quantity: what is written, with the unit.
        across: what the columns differ in.
        down: what the rows differ in.
        most: the number with the deepest tint; default the largest median.
        height: of the figure, in inches; default by the number of rows.

    Raises:
        ValueError: a cell is not (seeds,), or a row has other columns.
    """
    names = list(next(iter(rows.values())))
    cells = {row: _cells(row, inside, names) for row, inside in rows.items()}
    flat = [(row, name, inside[name]) for row, inside in cells.items() for name in names]
    medians = [float(np.median(values)) if len(values) else np.nan for _, _, values in flat]
    deepest = (np.nanmax(medians) if most is None else most) or 1
    figure, ax = new_figure(height=height or 1.25 + 0.85 * len(cells))
    for number, (median, (_, _, values)) in enumerate(zip(medians, flat, strict=True)):
        place = (number % len(names), number // len(names))
        _draw_cell(ax, place, values, min(max(median / deepest, 0), 1))
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(cells) - 0.5, -0.5), ylabel=down)
    ax.set_xticks(range(len(names)), [spelled(name) for name in names])
    ax.set_yticks(range(len(cells)), [spelled(row) for row in cells])
    ax.xaxis.tick_top()
    ax.set_xlabel(across)
    ax.xaxis.set_label_position("top")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    seeds = max(len(values) for _, _, values in flat)
    key = f"{quantity}: median of {seeds} seeds,\nbelow it their range"
    figure.supxlabel(key, fontsize=12, color=PALETTE["muted"])
    columns: dict[str, Any] = {
        down or "row": [spelled(row) for row, _, _ in flat],
        across or "column": [spelled(name) for _, name, _ in flat],
        "median": ["" if np.isnan(median) else median for median in medians],
    }
    for seed in range(seeds):
        columns[f"seed {seed + 1}"] = [float(v[seed]) if seed < len(v) else "" for _, _, v in flat]
    told = [f"{spelled(r)}, {spelled(n)}: {_middle_and_range(v)}" for r, n, v in flat]
    return Drawing(figure, columns, f"{quantity}, medians. " + "; ".join(told) + ".")


def _cells(row: str, inside: Mapping[str, ArrayLike], names: Sequence[str]) -> dict[str, Array]:
    """Return the cells of a row as arrays (seeds,)."""
    found = {name: np.asarray(values) for name, values in inside.items()}
    if list(found) != list(names) or any(v.ndim != 1 for v in found.values()):
        got = {name: values.shape for name, values in found.items()}
        raise ValueError(
            f"row {row!r}: expected numbers (seeds,) for each of {', '.join(map(str, names))}; got "
            f"{got}. Give every row the same columns, and each cell one number for each seed."
        )
    return found


def _draw_cell(ax: Axes, place: tuple[int, int], values: Array, share: float) -> None:
    x, y = place
    if not len(values):
        ax.text(x, y, "–", ha="center", va="center", fontsize=18, color=PALETTE["muted"])
        return
    tint: dict[str, Any] = {"facecolor": PALETTE["blue"], "linewidth": 0}
    alpha = round(_PALEST + share * (_UNDER_WORDS - _PALEST), 4)
    ax.add_patch(Rectangle((x - 0.48, y - 0.47), 0.96, 0.94, alpha=alpha, **tint))
    middle, *ends = _middle_and_range(values).rstrip(")").split(" (")
    write: dict[str, Any] = {"ha": "center", "va": "center"}
    ax.text(x, y - 0.12, middle, fontsize=18, weight="bold", **write)
    if ends:
        ax.text(x, y + 0.27, ends[0], fontsize=12, **write)


def _middle_and_range(values: Array) -> str:
    """Write "0.5 (0.4 to 0.7)"; one number alone if all are alike; "not tried" if there is none."""
    if not len(values):
        return "not tried"
    low, high = (in_words(float(end)) for end in (values.min(), values.max()))
    middle = in_words(float(np.median(values)))
    return middle if low == high else f"{middle} ({low} to {high})"


@matplotlib.rc_context(STYLE)
def plot_pictures(
    pictures: ArrayLike, *, columns: int = 2, truth: Sequence[str] = (), height: float = 3.2
) -> Drawing:
    """Show pictures on one sheet, ink dark, filling its columns from the top.

    Args:
        pictures: (pictures, rows, columns of pixels), ink positive, drawn with three decimals.
        columns: of the sheet.
        truth: what each picture is, told with it and not drawn.
        height: of the figure, in inches.
    """
    stack = np.asarray(pictures).astype(float).round(3)
    names: dict[str, Any] = {"picture": list(range(1, len(stack) + 1))}
    figure, ax = new_figure(height=height)
    rows = -(-len(stack) // columns)
    high, wide = stack.shape[1] + 2, stack.shape[2] + 4
    sheet = np.full((rows * high - 2, columns * wide - 4), np.nan)
    for number, picture in enumerate(stack):
        top, left = number % rows * high, number // rows * wide
        sheet[top : top + high - 2, left : left + wide - 4] = picture
    ax.imshow(sheet, **INK, vmin=stack.min(), vmax=stack.max())
    ax.set_axis_off()
    says = (
        f"{len(stack)} pictures of {stack.shape[1]} by {stack.shape[2]} pixels, from "
        f"{in_words(stack.min())} (white) to {in_words(stack.max())} (black)"
    )
    told = {**names, "truth": list(truth)} if len(truth) else names
    return Drawing(
        figure, pixel_lines(told, stack), ": ".join([says, "; ".join(truth)][: len(told)])
    )


@matplotlib.rc_context(STYLE)
def plot_patches(rows: Mapping[str, Sequence[ArrayLike]]) -> Drawing:
    """Show patches of pictures in rows, the first row below, as many as fit.

    Args:
        rows: name -> its patches (rows, columns of pixels) of any size, ink positive, drawn with
            three decimals. Those under 16 pixels are enlarged, at most threefold; larger ones made
            smaller. All share one scale of grey.
    """
    high, gap, left, right = 0.5, 0.2, 0.85, 5.5  # inches
    figure, ax = new_canvas(height=0.1 + len(rows) * (high + gap))
    drawn: list[tuple[str, int, Array]] = []
    for number, (name, patches) in enumerate(rows.items()):
        x, middle = left, 0.1 + number * (high + gap) + high / 2
        draw_note(ax, (left - 0.15, middle), name, align="right")
        for place, patch in enumerate((np.asarray(p).astype(float).round(3) for p in patches), 1):
            pixel = min(3, 16 / patch.shape[0]) * high / 16
            tall, wide = (pixel * side for side in patch.shape)
            if x + wide > right:
                break
            ax.imshow(patch, **INK, extent=(x, x + wide, middle - tall / 2, middle + tall / 2))
            drawn.append((name, place, patch))
            x += wide + 0.12
    scale = [end for _, _, p in drawn for end in (p.min(), p.max())]
    for image in ax.images:
        image.set_clim(min(scale), max(scale))
    ax.set(xlim=(0, WIDTH), ylim=(0, figure.get_figheight()))
    ax.set_axis_off()
    names: dict[str, Any] = {
        "patches": [name for name, _, _ in drawn],
        "patch": [place for _, place, _ in drawn],
    }
    told = {name: f"{name}: {place} patches of {_by(patch)}" for name, place, patch in drawn}
    return Drawing(
        figure, pixel_lines(names, (p for _, _, p in drawn)), "; ".join(told.values()) + "."
    )


def _by(patch: Array) -> str:
    return f"{patch.shape[0]} by {patch.shape[1]} pixels"
