"""A figure is written down whole, twice the same, and is afterwards what it was."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageChops

from lessonkit.evidence import picture


def drawn(outside: tuple[float, float] | None = None, **options: Any) -> Figure:
    figure = Figure(figsize=(3, 2), **options)
    ax = figure.subplots()
    ax.plot([1, 10, 100])
    ax.set(xlabel="step", yscale="log")
    if outside:
        ax.text(*outside, "out here", transform=ax.transAxes)
    return figure


def saved(figure: Figure, folder: Path, name: str = "name") -> tuple[Image.Image, str]:
    paths = picture.save_figure(figure, folder, name)
    return opened(folder / paths["png"]), (folder / paths["svg"]).read_text(encoding="utf-8")


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
    return picture


NEAR = [None, (1.05, 0.5), (0.5, -0.25), (-0.4, 0.5), (0.2, 1.2)]
FAR = [(3.0, 0.5), (0.1, -2.0)]  # no layout makes room for these
CASES = [(near, layout) for near in NEAR for layout in (None, "constrained", "tight")]


@pytest.mark.parametrize(("outside", "layout"), [*CASES, *((far, None) for far in FAR)], ids=str)
def test_nothing_is_cut_off(tmp_path: Path, outside: Any, layout: str | None) -> None:
    # In a wide margin of white lies all that matplotlib's own way of saving shows.
    picture, svg = saved(drawn(outside, layout=layout), tmp_path)
    drawn(outside, layout=layout).savefig(tmp_path / "own.png", dpi=144, bbox_inches="tight")
    own = opened(tmp_path / "own.png")
    assert picture.mode == "RGB"
    assert ink(picture) == pytest.approx(ink(own), abs=2)
    assert max(abs(np.subtract(picture.size, own.size))) <= 2
    width, height = map(float, re.findall(r'viewBox="0 0 (\S+) (\S+)"', svg)[0])
    assert picture.size == pytest.approx((2 * width, 2 * height), abs=1)
    assert "out here" in svg or not outside


def ink(picture: Image.Image) -> tuple[int, ...]:
    """Return the smallest box that holds all that is not white."""
    white = Image.new("RGB", picture.size, "white")
    box = ImageChops.difference(picture.convert("RGB"), white).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_the_same_figure_makes_the_same_bytes(tmp_path: Path, layout: str | None) -> None:
    for folder in ("a", "b"):
        saved(drawn((1.05, 0.5), layout=layout), tmp_path / folder)
    for kind in ("png", "svg"):
        first, second = (tmp_path / f"{f}/figures/name.{kind}" for f in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_a_figure_is_afterwards_what_it_was(tmp_path: Path) -> None:
    figure = plt.figure(figsize=(3, 2), dpi=80, facecolor="red", layout="constrained")
    figure.subplots().plot([1, 2])
    before = (figure.dpi, figure.get_facecolor(), figure.get_layout_engine(), figure.canvas)
    children = figure.get_children()
    picture, svg = saved(figure, tmp_path)
    assert (figure.dpi, figure.get_facecolor(), figure.get_layout_engine(), figure.canvas) == before
    assert figure.get_children() == children
    assert picture.getpixel((0, 0)) == (255, 255, 255)  # white, whatever the screen shows
    assert "#ff0000" not in svg
    plt.close(figure)


def test_a_legend_beside_the_axes_stays_where_the_layout_put_it(tmp_path: Path) -> None:
    figure = Figure(figsize=(4, 3), layout="constrained")
    ax = figure.subplots()
    (line,) = ax.plot([1, 2], [3, 5])
    legend = figure.legend([line], ["a line"], loc="outside upper left")
    picture.save_figure(figure, tmp_path, "far")
    assert legend.get_bbox_to_anchor() is figure.bbox  # as it was
    with Image.open(tmp_path / "figures/far.png") as saved:
        pixels = np.asarray(saved.convert("L"))
    assert pixels.shape[0] <= (3 + 0.2) * picture.PNG_DPI
    blank = (pixels == 255).all(axis=1)
    longest = max(len(run) for run in "".join("# "[int(b)] for b in blank).split("#"))
    assert longest < 0.2 * picture.PNG_DPI, "no gap between legend and axes"


def test_no_cell_of_a_table_is_a_formula(tmp_path: Path) -> None:
    labels = ["=1+1", "+2", "-3", "-3+1", "@x", "\t=1", "−4", "plain"]
    columns = {"=cmd|' /C calc'!A0": picture.column(labels, "labels")}
    picture.save_data(columns, tmp_path, "far")
    with (tmp_path / "data/far.csv").open(newline="", encoding="utf-8") as file:
        cells = [row[0] for row in csv.reader(file)]
    assert cells[0] == "'=cmd|' /C calc'!A0"
    assert cells[1:] == ["'=1+1", "+2", "-3", "'-3+1", "'@x", "'\t=1", "−4", "plain"]
