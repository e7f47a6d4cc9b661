"""The language of a site's readers: every word of ours that a page shows comes through here.

Catalogues are `.po` files, ours in `lessonkit/press/locales/`, an author's own in the folder
`locales` of the project, `xx.po` for the language `xx` of the theme; whatever no catalogue holds is
said in English. Numbers stay as the run wrote them, with a decimal point: in a figure, in a CSV
file, in a terminal and on a page they are the same signs.
"""

from __future__ import annotations

import gettext as standard
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from lessonkit.press.settings import PressError

OURS = Path(__file__).parent.parent / "locales"
THEIRS = "locales"  # a folder of the project

_Files = tuple[tuple[str, int], ...]  # catalogues, and when each was written
_spoken: list[tuple[str, _Files]] = [("en", ())]  # one language, with its catalogues


class LanguageError(PressError):
    """A catalogue that cannot be read."""


def use(language: str, root: Path | None = None) -> None:
    """Speak a language from now on.

    Args:
        language: as the theme says it: "de", "pt-BR".
        root: of the project, which may have catalogues of its own.

    Raises:
        LanguageError: a catalogue of the project cannot be read.
    """
    language = (language or "en").replace("-", "_")
    files = [
        folder / f"{name}.po"
        for folder in (OURS, *([root / THEIRS] if root else []))
        for name in dict.fromkeys([language.partition("_")[0], language])
    ]
    found = tuple((str(f), f.stat().st_mtime_ns) for f in files if f.is_file())
    _catalogue(language, found)  # or its error, now
    _spoken[0] = (language, found)


@contextmanager
def speaking(language: str, root: Path) -> Iterator[None]:
    """Speak a language for a while."""
    before = _spoken[0]
    use(language, root)
    try:
        yield
    finally:
        _spoken[0] = before


def spoken() -> str:
    """Return what is spoken, catalogues included: an ingredient of all HTML that is remembered."""
    language, files = _spoken[0]
    return "\n".join([language, *(f"{file}\t{time}" for file, time in files)])


def gettext(message: str) -> str:
    """Return a message in the language that is spoken."""
    return _current().gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """Return a message for a count in the language that is spoken."""
    return _current().ngettext(one, many, count)


def _current() -> standard.NullTranslations:
    return _catalogue(*_spoken[0])


@lru_cache(maxsize=8)
def _catalogue(language: str, files: _Files) -> standard.NullTranslations:
    """Return the catalogues of a language, the last file first."""
    made = standard.NullTranslations()
    if not files:
        return made
    from babel.core import UnknownLocaleError
    from babel.messages import mofile, pofile

    for file, _ in files:
        packed = io.BytesIO()
        try:
            with open(file, "rb") as text:
                read = pofile.read_po(text, locale=language, abort_invalid=True)
            mofile.write_mo(packed, read)
        except (OSError, ValueError, UnknownLocaleError, pofile.PoFileError) as error:
            raise LanguageError(
                f"{file}: expected a gettext catalogue (.po) of {language!r}: {error}"
            ) from None
        packed.seek(0)
        later = standard.GNUTranslations(packed)
        later.add_fallback(made)
        made = later
    return made
