"""Where things lie on this machine is nobody else's business: outputs are kept without it."""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessonkit.press.run.aside import unwritable
from lessonkit.press.run.manifest import CELLS
from lessonkit.press.run.streams import LOG


def hide(folder: Path, root: Path) -> None:
    """Write the outputs of a lesson again without paths of this machine.

    What lies in the project is called as from its root, a library's file as from the folder of
    libraries, and the home of whoever ran it `~`.

    Args:
        folder: in which the lesson left its outputs.
        root: of the project.

    Raises:
        StoreError: they cannot be written.
    """
    try:
        _hide(folder, _shortener(str(folder), str(root)))
    except OSError as error:
        raise unwritable(folder, error) from None
    except (ValueError, RecursionError):
        pass  # no outputs: whoever checks the run says so


def _hide(folder: Path, shorten: Callable[[str], str]) -> None:
    log, cells = folder / LOG, folder / CELLS
    if log.is_file():
        written = log.read_bytes().decode("utf-8", "replace")
        log.write_bytes(shorten(written).encode())
    if cells.is_file():
        data = _mapped(json.loads(cells.read_bytes()), shorten)
        text = json.dumps(data, indent=1, ensure_ascii=False)
        cells.write_text(text, encoding="utf-8", newline="\n")


def _mapped(data: Any, change: Callable[[str], str]) -> Any:
    """Return plain data, as far as outputs are nested, with each text changed."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, list):
        return [_mapped(item, change) for item in data]
    if isinstance(data, dict):
        return {name: _mapped(item, change) for name, item in data.items()}
    return data


@lru_cache(maxsize=8)
def _shortener(folder: str, root: str) -> Callable[[str], str]:
    libraries = (sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib"))
    shorts = {os.path.expanduser("~"): "~", sys.prefix: "", root: "", folder: ""}
    shorts |= dict.fromkeys(filter(None, [*libraries, *sys.path]), "")
    known = {
        place.rstrip("/\\"): short for place, short in shorts.items() if Path(place).is_absolute()
    }
    known.pop("", None)
    any_of = "|".join(re.escape(place) for place in sorted(known, key=len, reverse=True))
    found = re.compile(rf"(?<![\w.-])({any_of})([/\\]|(?![\w-]))")

    def short(match: re.Match[str]) -> str:
        name, slash = known[match[1]], match[2]
        return f"{name}{slash}" if name else ("" if slash else ".")

    return lambda text: found.sub(short, text)
