"""A lesson runs the code that its key has read: byte-code of the project is not believed.

Python takes what lies in `__pycache__` for a module's code if a time and a size fit, and they do
after two edits within a second, or where somebody meant them to.
"""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source

from lessonkit.press.run.places import Places


def compile_anew(places: Places) -> None:
    """Have this process compile what it imports of the project."""
    known = SourceFileLoader.get_data

    def get_data(self: SourceFileLoader, path: str) -> bytes:
        compiled = path.endswith(".pyc") and path == cache_from_source(str(self.path))
        if compiled and places.absolute(self.path) is not None:
            raise OSError  # by which importlib understands that there is none
        return known(self, path)

    SourceFileLoader.get_data = get_data  # type: ignore[method-assign,assignment]
