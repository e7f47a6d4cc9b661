"""What a cell of a lesson returned and drew, as the run keeps it.

A value is kept as text and, where it has one, as HTML; which of them a page shows, its script says.
A figure that a cell left open is kept as a picture, with its titles in words; one that moves is
kept moving, too.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

LIMIT = 100_000  # characters kept of one text
HTML_LIMIT = 1_000_000  # of one HTML representation: pictures may stand in it
_DPI = 144  # twice the size at which a page shows it
_MOVING_DPI = 96
_PIXELS = 40_000_000  # of all frames of one that moves


def value_of(value: Any) -> dict[str, str]:
    """Return a cell's last value as `value`, its repr, and what else there is of it.

    `html` is its `_repr_html_`, `text` what `print` would write where that is not the repr, and
    `type` the type of a value that is shown.
    """
    if value is None:
        return {"value": ""}
    kept = {"value": shortened(repr(value)), "type": str(type(value))}
    said = _asked(value, "__str__")
    if said and shortened(said) != kept["value"]:
        kept["text"] = shortened(said)
    html = _asked(value, "_repr_html_")
    if html and len(html) <= HTML_LIMIT:
        kept["html"] = html.encode("utf-8", "replace").decode()
    return kept


def _asked(value: Any, method: str) -> str:
    """Return what a value says of itself; one that cannot (a class, for one) says nothing."""
    try:
        said = getattr(value, method)()
    except Exception:
        return ""
    return said if isinstance(said, str) else ""


def shortened(text: str) -> str:
    """Cut a text that nobody would read; half a character becomes a question mark."""
    text = text[: LIMIT + 1].encode("utf-8", "replace").decode()
    return text if len(text) <= LIMIT else text[:LIMIT] + "…"


def figures_of(folder: Path, index: int, namespace: dict[str, Any]) -> dict[str, list[str]]:
    """Save and close the figures that a cell left open, as a notebook would show them.

    Args:
        folder: of the run.
        index: of the cell.
        namespace: of the lesson, in which animations are found.

    Returns:
        `figures`, the paths of their pictures; `words` for who does not see them; and, where one
        moves, `moving`: its path, or "".
    """
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return {"figures": []}
    saved, words, moving = list[str](), list[str](), list[str]()
    (folder / "figures").mkdir(exist_ok=True)
    animations = _animations(namespace) if pyplot.get_fignums() else {}
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        name = f"figures/_cell-{index}-{number}"
        moving.append(
            _moved(animations[id(figure)], folder, name) if id(figure) in animations else ""
        )
        look = {"dpi": _DPI, "bbox_inches": "tight", "metadata": {"Software": None}}
        figure.savefig(folder / f"{name}.png", **look)
        saved.append(f"{name}.png")
        words.append(_titles(figure))
    pyplot.close("all")
    kept = {"figures": saved}
    if saved:
        kept["words"] = words
    if any(moving):
        kept["moving"] = moving
    return kept


def _titles(figure: Any) -> str:
    """Return the titles that stand in a figure, else what its axes are called; "" if nothing is."""
    top = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""
    sides = ("left", "center", "right")
    found = [top, *(axes.get_title(loc=side) for axes in figure.axes for side in sides)]
    if not any(found):
        pairs = ((axes.get_ylabel(), axes.get_xlabel()) for axes in figure.axes)
        found = [" over ".join(filter(None, pair)) for pair in pairs]
    return ", ".join(dict.fromkeys(" ".join(text.split()) for text in found if text.strip()))


def _animations(namespace: dict[str, Any]) -> dict[int, Any]:
    """Return the animations that a lesson holds, by the identity of their figure."""
    module = sys.modules.get("matplotlib.animation")
    if module is None:
        return {}
    found = (value for value in list(namespace.values()) if isinstance(value, module.Animation))
    return {id(animation._fig): animation for animation in found}


def _moved(animation: Any, folder: Path, name: str) -> str:
    """Write an animation as a picture that moves; no other program is needed for it."""
    from matplotlib.animation import PillowWriter
    from PIL import features

    class Thinned(PillowWriter):
        """Leaves out every other frame as long as there are too many for a page."""

        _frames: list[Any]

        def finish(self) -> None:
            width, height = self.frame_size
            while len(self._frames) > 2 and len(self._frames) * width * height > _PIXELS:
                self._frames = self._frames[::2]
                self.fps = max(1, self.fps // 2)
            super().finish()

    path = f"{name}.webp" if features.check("webp") else f"{name}.gif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how many frames are kept
        animation.save(folder / path, writer=Thinned(fps=_pace(animation)), dpi=_MOVING_DPI)
    return path


def _pace(animation: Any) -> int:
    """Return the frames in a second that an animation asks for."""
    return max(1, round(1000 / (getattr(animation, "_interval", 200) or 200)))


def quiet_show() -> None:
    """Let `plt.show()` say nothing: there is no screen, and a cell's end shows what is open."""
    warnings.filterwarnings("ignore", "(.|\n)*is non-interactive, and thus cannot be shown")
