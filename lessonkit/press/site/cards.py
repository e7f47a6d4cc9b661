"""Pictures of the course for elsewhere: the card of a shared link, and a picture's dark twin.

Pillow draws them, and matplotlib's own font letters them (its file alone: matplotlib is not
imported), so that the bytes depend on nothing but what stands on the card.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lessonkit.evidence import Figure
from lessonkit.press import memo
from lessonkit.press.course import pages
from lessonkit.press.course.entries import Course, Entry
from lessonkit.press.page import formulas

if TYPE_CHECKING:
    from PIL import Image

SIZE = (1200, 630)  # pixels, as those who show links ask for
MARGIN = 64
# As on the pages: lessonkit.css, light and dark.
INK, SOFT, ACCENT, PAPER = "#1a1a1a", "#55606b", "#1b5894", "#ffffff"
DARK_PAPER, DARK_INK = (0x1B, 0x1F, 0x27), (0xE6, 0xE9, 0xEE)


def place(page: pages.Page) -> str:
    """Return where the card of a page lies, below the folder of generated files."""
    return f"cards/{page.path.removesuffix('.md')}.png"


def drawn(course: Course) -> Iterator[tuple[str, bytes]]:
    """Yield the place and the card of every hand-written page."""
    for page in pages.readable(course.settings):
        entry = course.entries.get(page.lesson or "")
        yield place(page), _remembered(course, page, entry)


def _remembered(course: Course, page: pages.Page, entry: Entry | None) -> bytes:
    figure = _figure(course, page, entry)
    kicker = entry.topic if entry else ""
    sentence = str(page.meta.get("question") or page.meta.get("description") or "")
    title = course.told(page.heading or page.title)
    title = entry.told(title) if entry else title
    words = [formulas.plain(text) for text in (kicker, title, " ".join(sentence.split()))]
    return memo.recall_bytes(
        course.settings.memo_folder,
        __file__,
        [*words, hashlib.sha256(figure).hexdigest(), pillow()],
        lambda: card(words[0], words[1], words[2], figure),
    )


def _figure(course: Course, page: pages.Page, entry: Entry | None) -> bytes:
    """Return the picture of a page's finding; nothing if there is none.

    A lesson's page has the picture of its card, another page may say `finding: lesson:figure`.
    """
    if entry is not None:
        return entry.card
    lesson, _, name = page.finding.rpartition(":")
    entry = course.entries.get(lesson)
    if entry is None or entry.run is None or name not in entry.run.of(Figure):
        return b""
    return entry.run.read(entry.run.of(Figure)[name].png)


def pillow() -> str:
    """Return the version of the library that draws."""
    import PIL

    return str(PIL.__version__)


def card(kicker: str, title: str, sentence: str, figure: bytes) -> bytes:
    """Draw a card: a title, beneath it the figure, or a sentence where there is none.

    Args:
        kicker: what it is about, in a few words; may be "".
        title: of the page.
        sentence: that leads into the page.
        figure: a PNG, or nothing.
    """
    from PIL import Image, ImageDraw

    sheet = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, 14, SIZE[1]), fill=ACCENT)
    top = MARGIN - 16 if figure else SIZE[1] // 4
    if kicker:
        top = _write(pen, top, kicker, 28, ACCENT)
    top = _write(pen, top, title, 46, INK, bold=True, lines=2)
    if not figure:
        _write(pen, top + 16, sentence, 32, SOFT, lines=6)
    else:
        _place(sheet, figure, top + 16)
    return _png(sheet)


def _write(
    pen: Any, top: int, text: str, size: int, colour: str, bold: bool = False, lines: int = 1
) -> int:
    """Write some lines, and return where the next one begins."""
    font = _font(size, bold)
    for line in _broken(text, font, lines):
        pen.text((MARGIN, top), line, fill=colour, font=font)
        top += round(size * 1.35)
    return top


def _broken(text: str, font: Any, lines: int) -> list[str]:
    """Break a text into lines that fit; what does not fit ends in dots."""
    done = [""]
    for word in text.split():
        longer = f"{done[-1]} {word}".strip()
        if font.getlength(longer) <= SIZE[0] - 2 * MARGIN:
            done[-1] = longer
        elif len(done) < lines:
            done.append(word)
        else:
            done[-1] = done[-1].rstrip(",;:.") + " …"
            break
    return done


def _place(sheet: Image.Image, figure: bytes, top: int) -> None:
    """Put a picture into the middle of what is left of the sheet."""
    from PIL import Image

    room = (SIZE[0] - 2 * MARGIN, SIZE[1] - top - 24)
    picture = Image.open(io.BytesIO(figure)).convert("RGB")
    scale = min(room[0] / picture.width, room[1] / picture.height, 1.5)
    size = round(picture.width * scale), round(picture.height * scale)
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    sheet.paste(picture, ((SIZE[0] - size[0]) // 2, top + (room[1] - size[1]) // 2))


@cache
def _font(size: int, bold: bool) -> Any:
    from PIL import ImageFont

    found = importlib.util.find_spec("matplotlib")
    assert found is not None  # a dependency of lessonkit
    assert found.origin is not None
    folder = Path(found.origin).parent / "mpl-data/fonts/ttf"
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(folder / name), size, layout_engine=ImageFont.Layout.BASIC)


def dark(picture: bytes) -> bytes:
    """Return a PNG as it is to stand on a dark page: light and dark change places, hues stay."""
    from PIL import Image, ImageChops

    whole = Image.open(io.BytesIO(picture)).convert("RGBA")
    *colours, alpha = whole.split()
    brightest = ImageChops.lighter(ImageChops.lighter(colours[0], colours[1]), colours[2])
    darkest = ImageChops.darker(ImageChops.darker(colours[0], colours[1]), colours[2])
    # Of brightest + darkest, what is missing to 255 is added: white becomes black, red stays red.
    turned = [
        ImageChops.subtract(ImageChops.add(ImageChops.invert(brightest), colour), darkest)
        for colour in colours
    ]
    ends = zip(turned, DARK_PAPER, DARK_INK, strict=True)
    placed = [
        c.point([round(low + v * (high - low) / 255) for v in range(256)]) for c, low, high in ends
    ]
    return _png(Image.merge("RGBA", (*placed, alpha)))


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "png", optimize=True)
    return written.getvalue()
