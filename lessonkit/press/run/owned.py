"""What a lesson makes or removes itself: that is its own, and no input of its run.

What it looked for in vain and then made is both: the next run will find it. Such a run stands while
that is as the lesson left it, or is not there at all (`inputs.moved`).
"""

from __future__ import annotations

import os
from collections.abc import Callable

from lessonkit.press.lesson import inputs


class Owned:
    """The files and folders of a lesson, by whole paths."""

    def __init__(self) -> None:
        self.made = set[str]()
        self.cleared = set[str]()  # removed or emptied, or under a name that nobody else has
        self.added = dict[str, str]()  # files that it added to -> what they were before

    def make(self, place: str | None, alone: bool) -> None:
        """It makes a file or a folder where nothing is, perhaps under a name of its own."""
        if place and not os.path.lexists(place):
            (self.cleared if alone else self.made).add(place)

    def write(self, place: str) -> None:
        """It writes a file from its beginning."""
        self.clear(place)
        if not os.path.isdir(place):
            self.made.add(place)

    def clear(self, place: str | None) -> None:
        """It removes or empties a file, or a folder in which nothing is left."""
        if place is None or place in self.made or self.began(place) or not os.path.lexists(place):
            return
        folder = os.path.isdir(place) and not os.path.islink(place)
        if not folder or not os.listdir(place):  # else it will fail
            self.cleared.add(place)

    def began(self, place: str) -> bool:
        """Say whether it is a file to which it added where nothing was."""
        return self.added.get(place) == inputs.ABSENT

    def has(self, place: str) -> bool:
        """Say whether it is the lesson's: what is not even there is so only in a cleared place."""
        around = {place, *_above(place)}
        if place in self.made or not self.cleared.isdisjoint(around):
            return True
        return not self.made.isdisjoint(around) and os.path.lexists(place)

    def settle(self, root: str, found: dict[str, str], name: Callable[[str], str]) -> None:
        """Put what the lesson made in the place of its having looked for that.

        Args:
            root: of the project.
            found: each input -> what it was; changed in place.
            name: returns how a run calls a path.
        """
        cleared = set(map(name, self.cleared))
        made = set(map(name, [*self.made, *filter(self.began, self.added)]))
        for asked in [asked for asked in found if asked.startswith("stat ")]:
            place = inputs.spoken(asked)
            if not {f"read {place}", f"list {place}"}.isdisjoint(found):
                continue
            if place in cleared:
                del found[asked]
            elif place in made and found[asked] == inputs.ABSENT:
                del found[asked]
                for own in made:
                    if own == place or own.startswith(f"{place}/"):
                        found[f"made {own}"] = inputs.digest(root, f"made {own}")


def _above(place: str) -> list[str]:
    """Return the folders around a place, the nearest first."""
    above = []
    while (upper := os.path.dirname(place)) != place:
        above.append(place := upper)
    return above
