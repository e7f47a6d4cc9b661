"""Lines of text as small pictures, with the truth about every stroke, letter, word and topic.

A line has three words of three letters: an opener, which makes it a question or a statement; a
filler, which does not matter; and a noun of one of three topics. Three pairs of nouns are anagrams
of different topics, so that the letters alone do not decide.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from lessonkit.data.examples import Examples
from lessonkit.data.tiles import ALPHABET, HEIGHT, PITCH, STROKES, letter_tiles, stroke_tiles

__all__ = [
    "ANAGRAMS",
    "ANSWERS",
    "CELLS",
    "FILLERS",
    "FONTS",
    "INDENTS",
    "LETTERS",
    "NAMES",
    "NOUNS",
    "OPENERS",
    "OTHER_FONTS",
    "PLACES",
    "QUESTIONS",
    "STATEMENTS",
    "STYLES",
    "TOPICS",
    "WIDTH",
    "Pictures",
    "letters",
    "lines",
    "strokes",
]

QUESTIONS, STATEMENTS = ("who", "why", "how"), ("the", "our", "see")
OPENERS = QUESTIONS + STATEMENTS
FILLERS = ("big", "red", "old", "new", "hot", "wet", "bad", "fun")
TOPICS = {
    "animal": ("ape", "bat", "rat", "dog", "hen", "pig"),
    "food": ("pea", "ham", "pie", "nut", "egg", "bun"),
    "thing": ("tab", "tar", "pan", "hat", "net", "cup"),
}
NOUNS = tuple(itertools.chain(*TOPICS.values()))
ANAGRAMS = ("ape", "pea", "bat", "tab", "rat", "tar")
ANSWERS = tuple(f"{kind}, {topic}" for topic in TOPICS for kind in ("statement", "question"))
NAMES = {  # what the labels of some questions mean
    "letters": tuple(ALPHABET),
    "words": NOUNS,
    "meaning": tuple(TOPICS),
    "sentence": ("statement", "question"),
}
LETTERS = "".join(sorted(set("".join(OPENERS + FILLERS + NOUNS))))  # those that occur in a word

# All of them come with matplotlib. Each style has two fonts, so that all styles are as common.
STYLES = {
    "sans": ("DejaVuSans", "DejaVuSansMono"),
    "sans, bold": ("DejaVuSans-Bold", "DejaVuSansMono-Bold"),
    "sans, slanted": ("DejaVuSans-Oblique", "DejaVuSansMono-Oblique"),
    "serif": ("DejaVuSerif", "STIXGeneral"),
    "serif, bold": ("DejaVuSerif-Bold", "STIXGeneralBol"),
    "serif, slanted": ("DejaVuSerif-Italic", "STIXGeneralItalic"),
}
FONTS = tuple(itertools.chain(*STYLES.values()))
OTHER_FONTS = ("cmr10", "cmss10", "cmtt10", "cmb10", "cmti10")  # for exams with unknown fonts

WIDTH = 96  # pixels of a line
CELLS = 11  # places in a line: nine letters and two blanks
PLACES = (0, 1, 2, 4, 5, 6, 8, 9, 10)  # those of the letters
INDENTS = (2, 3, 4, 5, 6)  # pixels before the first letter

_INK, _PAPER, _NOISE = (0.6, 1.0), (0.0, 0.25), 0.05  # 0 is white, 1 is black
_UNIT = 0.2  # about the standard deviation of a line's pixels


@dataclass(frozen=True)
class Pictures:
    """Pictures with the truth about them.

    Every picture has mean 0; ink is positive, and from white to black are 5 units. `truth` gives,
    for each thing that one can ask about them, one label for each picture.
    """

    pixels: Float[Tensor, "pictures 1 height width"]
    truth: dict[str, Int[Tensor, "pictures ..."]]

    def __len__(self) -> int:
        return len(self.pixels)

    def asked(self, question: str) -> Examples:
        """Return the pictures with the answers to one question.

        Raises:
            ValueError: nobody knows the answer for these pictures.
        """
        if question not in self.truth:
            known = ", ".join(self.truth)
            raise ValueError(f"asked: expected one of {known}, got {question!r}.")
        return Examples(self.pixels, self.truth[question])


def lines(
    count: int,
    seed: int,
    *,
    openers: Sequence[str] = OPENERS,
    fillers: Sequence[str] = FILLERS,
    nouns: Sequence[str] = NOUNS,
    fonts: Sequence[str] = FONTS,
    device: str = "cpu",
) -> Pictures:
    """Draw lines of text, such as "who big ape": each word and font by chance, all as likely.

    Indent, height, the place of each letter, ink, paper and noise vary too.

    The truth has `openers`, `fillers`, `words` (the noun), `fonts`: the position in the list given
    here. It has `letters` in the alphabet, one column for each of the nine places; `meaning` (the
    topic), `sentence` (0 a statement, 1 a question), `answers` (in ANSWERS), `styles` (half the
    position of the font: in STYLES, for FONTS), `indent` (pixels), and `spans`: for each place the
    first pixel column of its letter, and the one after its last.

    Args:
        count: how many.
        seed: the same seed draws the same pictures, on every device.
        openers, fillers, nouns: to choose the words from, as in `nouns=ANAGRAMS`.
        fonts: names of fonts that come with matplotlib.
        device: where the pictures shall live. They are drawn on the CPU.

    Raises:
        ValueError: a noun that has no topic, or a word that has not three small letters.
    """
    generator = Generator().manual_seed(seed)
    drawn = {
        name: torch.randint(len(choices), (count,), generator=generator)
        for name, choices in (("openers", openers), ("fillers", fillers), ("words", nouns))
    }
    topics, questions = _topics(nouns), torch.tensor([word in QUESTIONS for word in openers]).int()
    spelled = [
        _spelled(choices)[chosen]
        for choices, chosen in zip((openers, fillers, nouns), drawn.values(), strict=True)
    ]
    blank = torch.full((count, 1), len(ALPHABET))
    cells = torch.cat([spelled[0], blank, spelled[1], blank, spelled[2]], dim=1)
    font = torch.randint(len(fonts), (count,), generator=generator)
    pixels, indent = _drawn(cells, font, letter_tiles(tuple(fonts)), generator)
    meaning = topics[drawn["words"]]
    first = indent[:, None] + PITCH * torch.tensor(PLACES)
    truth = {
        **drawn,
        "fonts": font,
        "styles": font // 2,
        "indent": indent,
        "letters": cells[:, PLACES],
        "spans": torch.stack([first, first + PITCH], dim=2),
        "meaning": meaning,
        "sentence": questions[drawn["openers"]],
        "answers": 2 * meaning + questions[drawn["openers"]],
    }
    return _on(device, pixels, truth)


def letters(
    count: int,
    seed: int,
    *,
    alphabet: str = LETTERS,
    copies: int = 3,
    fonts: Sequence[str] = FONTS,
    device: str = "cpu",
) -> Pictures:
    """Draw pictures that hold one letter, three times, in places that say nothing.

    The truth has `letters`: the position in `alphabet`. Everything else is as in `lines`.
    """
    generator = Generator().manual_seed(seed)
    label = torch.randint(len(alphabet), (count,), generator=generator)
    cells = _scattered(_spelled([alphabet])[0][label], len(ALPHABET), copies, generator)
    font = torch.randint(len(fonts), (count,), generator=generator)
    pixels, _ = _drawn(cells, font, letter_tiles(tuple(fonts)), generator)
    return _on(device, pixels, {"letters": label})


def strokes(count: int, seed: int, *, copies: int = 3, device: str = "cpu") -> Pictures:
    """Draw pictures that hold one kind of line or arc, three times: of what letters are made.

    The truth has `strokes`: the position in STROKES. Length and thickness vary as well.
    """
    generator = Generator().manual_seed(seed)
    label = torch.randint(len(STROKES), (count,), generator=generator)
    tiles = stroke_tiles()
    pen = torch.randint(len(tiles), (count,), generator=generator)
    cells = _scattered(label, len(STROKES), copies, generator)
    pixels, _ = _drawn(cells, pen, tiles, generator)
    return _on(device, pixels, {"strokes": label})


def _on(device: str, pixels: Tensor, truth: dict[str, Tensor]) -> Pictures:
    return Pictures(pixels.to(device), {name: label.to(device) for name, label in truth.items()})


def _topics(nouns: Sequence[str]) -> Int[Tensor, " nouns"]:
    topic = {noun: number for number, words in enumerate(TOPICS.values()) for noun in words}
    unknown = [noun for noun in nouns if noun not in topic]
    if unknown:
        raise ValueError(f"lines: expected nouns of {', '.join(TOPICS)}, got {unknown}.")
    return torch.tensor([topic[noun] for noun in nouns])


def _spelled(words: Sequence[str]) -> Int[Tensor, "words letters"]:
    lengths = {len(word) for word in words}
    if len(lengths) != 1 or not set("".join(words)) <= set(ALPHABET):
        raise ValueError(f"expected words of small letters, all as long, got {list(words)}.")
    return torch.tensor([[ALPHABET.index(letter) for letter in word] for word in words])


def _scattered(
    kinds: Int[Tensor, " pictures"], blank: int, copies: int, generator: Generator
) -> Int[Tensor, "pictures cells"]:
    """Put `copies` of each picture's kind into cells drawn by chance, and blanks elsewhere."""
    cells = torch.full((len(kinds), CELLS), blank)
    chosen = torch.rand(cells.shape, generator=generator).argsort(dim=1)[:, :copies]
    return cells.scatter_(1, chosen, kinds[:, None].expand(-1, copies))


def _drawn(
    cells: Int[Tensor, "pictures cells"],
    pens: Int[Tensor, " pictures"],
    tiles: Float[Tensor, "pens kinds down across height pitch"],
    generator: Generator,
) -> tuple[Float[Tensor, "pictures 1 height width"], Int[Tensor, " pictures"]]:
    """Lay tiles side by side, then vary indent, ink and paper, and add noise."""
    count, (_, kinds, down, across, _, _) = len(cells), tiles.shape

    def drawn(*shape: int, low: int, high: int) -> Tensor:
        return torch.randint(low, high, (count, *shape), generator=generator)

    # A line stands at some height, and each of its letters may be half a pixel off.
    high = drawn(1, low=1, high=down - 1) + drawn(CELLS, low=-1, high=2)
    aside = drawn(CELLS, low=0, high=across)
    indent = torch.tensor(INDENTS)[drawn(low=0, high=len(INDENTS))]
    which = ((pens[:, None] * kinds + cells) * down + high) * across + aside
    text = tiles.reshape(-1, HEIGHT, PITCH)[which].transpose(1, 2).reshape(count, HEIGHT, -1)
    pixels = torch.zeros(count, 1, HEIGHT, WIDTH)
    for first in INDENTS:  # one copy for each indent, where one for each picture would be slow
        rows = (indent == first).nonzero().squeeze(1)
        pixels[rows, 0, :, first : first + CELLS * PITCH] = text[rows]
    ink, paper = (
        low + (high - low) * torch.rand(count, 1, 1, 1, generator=generator)
        for low, high in (_INK, _PAPER)
    )
    pixels.mul_(ink - paper).add_(paper)
    pixels.add_(torch.randn(pixels.shape, generator=generator), alpha=_NOISE)
    return pixels.sub_(pixels.mean(dim=(2, 3), keepdim=True)).div_(_UNIT), indent
