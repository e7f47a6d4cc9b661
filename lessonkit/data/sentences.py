"""Sentences with an "it", and two nouns that it could be.

    the cat sat on the mat today mainly because it was tired
    the cat sat on the mat today mainly because it was soft

An animal is tired, a thing is soft: the adjective alone decides who is meant. The task is taken
from translation. In the language into which we translate, a noun is *ka*, *lo*, *mi* or *su*, as a
French one is *il* or *elle*; so whoever translates "it" must know which noun it stands for.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import product

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from lessonkit.data.examples import Examples

__all__ = [
    "ANIMALS",
    "ANIMALS_DO",
    "FEELINGS",
    "LENGTH",
    "PRONOUNS",
    "QUALITIES",
    "THINGS",
    "THINGS_DO",
    "VOCABULARY",
    "Sentences",
    "held_out",
    "read",
    "to_learn_from",
    "twins",
]

# Five animals and five things for each pronoun, so no pronoun is a better guess than another.
ANIMALS = {
    "ka": ("cat", "dog", "horse", "cow", "sheep"),
    "lo": ("goat", "pig", "hen", "duck", "goose"),
    "mi": ("fox", "wolf", "bear", "lion", "tiger"),
    "su": ("mouse", "rabbit", "frog", "owl", "monkey"),
}
THINGS = {
    "lo": ("mat", "box", "rug", "chair", "table"),
    "mi": ("bed", "sofa", "shelf", "wall", "fence"),
    "su": ("rock", "log", "cart", "boat", "barrel"),
    "ka": ("bench", "roof", "ball", "door", "basket"),
}
PRONOUNS = tuple(ANIMALS)
FEELINGS = ("tired", "hungry", "sleepy", "scared", "curious", "angry", "lonely", "shy")
QUALITIES = ("soft", "wooden", "empty", "broken", "new", "flat", "cheap", "rusty")
ANIMALS_DO = ("sat on", "hid under", "ran past", "jumped over", "slept beside")
THINGS_DO = ("fell on", "rolled past", "stood behind", "hung over", "lay near")

LENGTH = 12  # words in a sentence

_ANIMALS = [noun for nouns in ANIMALS.values() for noun in nouns]
_THINGS = [noun for nouns in THINGS.values() for noun in nouns]
_VERBS = [word for verb in (*ANIMALS_DO, *THINGS_DO) for word in verb.split()]
_OTHERS = ("the", "today", "mainly", "because", "it", "was")
VOCABULARY = tuple(dict.fromkeys([*_ANIMALS, *_THINGS, *FEELINGS, *QUALITIES, *_OTHERS, *_VERBS]))

_NUMBER = {word: number for number, word in enumerate(VOCABULARY)}
_PRONOUN = {
    noun: pronoun for kind in (ANIMALS, THINGS) for pronoun, nouns in kind.items() for noun in nouns
}
_TODAY = (0, 6, 11)  # the places where "today" may stand: at the front, in the middle, at the end
_LEARN_SEED, _EXAM_SEED = 1, 2  # one grammar lesson for all: seeds vary networks and batches


@dataclass(frozen=True)
class Sentences:
    """Sentences as numbers of words, and who "it" is in each of them.

    Places count the words of a sentence from 0. They are the truth with which a network's looks are
    compared; it never learns from them.
    """

    tokens: Int[Tensor, "sentences words"]  # numbers in VOCABULARY
    pronouns: Int[Tensor, " sentences"]  # of the noun that "it" stands for, numbers in PRONOUNS
    it: Int[Tensor, " sentences"]  # place of "it"
    adjective: Int[Tensor, " sentences"]  # place of the word that decides
    right: Int[Tensor, " sentences"]  # place of the noun that "it" stands for
    wrong: Int[Tensor, " sentences"]  # place of the other noun

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def examples(self) -> Examples:
        """Words in, pronouns out: all that a network may learn from."""
        return Examples(self.tokens, self.pronouns)

    @property
    def exchanged(self) -> Examples:
        """Words in, the twin's pronoun out: what a reader says who takes the wrong noun.

        For `twins` only, whose sentences come in pairs.
        """
        return Examples(self.tokens, self.pronouns.view(-1, 2).flip(1).flatten())

    @property
    def verb(self) -> Int[Tensor, " sentences"]:
        """Place of the verb, behind the noun that is named first."""
        return torch.minimum(self.right, self.wrong) + 1

    @property
    def about_animals(self) -> Bool[Tensor, " sentences"]:
        """Whether "it" is the animal; else it is the thing."""
        return self.tokens.gather(1, self.right[:, None]).squeeze(1) < len(_ANIMALS)

    @property
    def right_is_nearer(self) -> Bool[Tensor, " sentences"]:
        """Whether the right noun is the nearer one: the guess of a reader who skips the adjective.

        Both nouns come before "it", so the nearer one is the later one.
        """
        return self.right > self.wrong

    @property
    def cases(self) -> dict[tuple[str, str], Sentences]:
        """The sentences in four parts: which noun "it" is, and whether it was named first or last.

        As in `{("the animal", "named first"): sentences, …}`.
        """
        kinds = {"the animal": self.about_animals, "the thing": ~self.about_animals}
        orders = {"named first": ~self.right_is_nearer, "named last": self.right_is_nearer}
        return {(k, o): self[kinds[k] & orders[o]] for k, o in product(kinds, orders)}

    def words(self, number: int) -> list[str]:
        """Return one sentence, word by word."""
        return [VOCABULARY[token] for token in self.tokens[number].tolist()]

    def __getitem__(self, chosen: slice | Tensor) -> Sentences:
        """Return some of the sentences, in the order of `chosen`: a slice, numbers, or a mask."""
        return Sentences(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def to(self, device: str) -> Sentences:
        """Return the sentences on a device."""
        return Sentences(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def held_out(animal: str, thing: str) -> bool:
    """Return whether a pair of nouns is kept for the exam: every fifth one, cat and mat among them.

    Every noun is learned from, in pairs with 16 of the 20 others.

    Raises:
        ValueError: one of them is no animal or no thing of the vocabulary.
    """
    return (_ANIMALS.index(animal) + _THINGS.index(thing)) % 5 == 0


def read(texts: Sequence[str]) -> Sentences:
    """Turn texts into sentences: an animal, a thing, "it", and an adjective that fits one of them.

    Args:
        texts: 12 words of the vocabulary each, without full stops.

    Raises:
        ValueError: a word that is not in the vocabulary, or a sentence of another length or build.
    """
    tokens = torch.tensor([_numbers(text) for text in texts])
    animal, thing = _is_one_of(_ANIMALS, tokens), _is_one_of(_THINGS, tokens)
    feeling, quality = _is_one_of(FEELINGS, tokens), _is_one_of(QUALITIES, tokens)
    it = _is_one_of(["it"], tokens)
    counts = torch.stack([part.sum(dim=1) for part in (animal, thing, feeling | quality, it)], 1)
    for number in (counts != 1).any(dim=1).nonzero().flatten().tolist():
        raise ValueError(
            f"sentence {texts[number]!r}: expected one animal, one thing, one adjective and one "
            f"'it', got {counts[number].tolist()}."
        )
    meant = torch.where(feeling.any(dim=1, keepdim=True), animal, thing)
    nouns = tokens[meant].tolist()
    return Sentences(
        tokens=tokens,
        pronouns=torch.tensor([PRONOUNS.index(_PRONOUN[VOCABULARY[noun]]) for noun in nouns]),
        it=_place(it),
        adjective=_place(feeling | quality),
        right=_place(meant),
        wrong=_place((animal | thing) & ~meant),
    )


def to_learn_from(count: int) -> Sentences:
    """Draw sentences without the held-out pairs; the first ones are the same for every count."""
    dice = random.Random(_LEARN_SEED)
    texts: list[str] = []
    while len(texts) < count:
        animal, thing = dice.choice(_ANIMALS), dice.choice(_THINGS)
        if not held_out(animal, thing):
            adjective = dice.choice(dice.choice([FEELINGS, QUALITIES]))
            texts.append(_write(dice, animal, thing, adjective, dice.random() < 0.5))
    return read(texts)


def twins() -> Sentences:
    """Return the exam: 360 pairs of sentences about held-out pairs of nouns.

    Sentences 0 and 1 are twins, 2 and 3, and so on. Twins differ in the adjective alone: the first
    is about the animal, the second about the thing. So whatever does not read the adjective is
    right about exactly one of two twins.

    Each of the 60 held-out pairs whose nouns have different pronouns (else the answer would be the
    same for both) comes in both orders, and with "today" in all three places.
    """
    dice = random.Random(_EXAM_SEED)
    texts: list[str] = []
    for animal, thing in product(_ANIMALS, _THINGS):
        if not held_out(animal, thing) or _PRONOUN[animal] == _PRONOUN[thing]:
            continue
        for animal_first, today in product((True, False), _TODAY):
            feeling, quality = dice.choice(FEELINGS), dice.choice(QUALITIES)
            text = _write(dice, animal, thing, feeling, animal_first, today)
            texts += [text, text.replace(feeling, quality)]
    return read(texts)


def _write(
    dice: random.Random,
    animal: str,
    thing: str,
    adjective: str,
    animal_first: bool,
    today: int | None = None,
) -> str:
    """Write a sentence; the dice choose the verb, and the place of "today" if none is given."""
    one, other = (animal, thing) if animal_first else (thing, animal)
    verb = dice.choice(ANIMALS_DO if animal_first else THINGS_DO)
    words = f"the {one} {verb} the {other} mainly because it was {adjective}".split()
    words.insert(dice.choice(_TODAY) if today is None else today, "today")
    return " ".join(words)


def _numbers(text: str) -> list[int]:
    words = text.split()
    unknown = [word for word in words if word not in _NUMBER]
    if unknown or len(words) != LENGTH:
        raise ValueError(
            f"sentence {text!r}: expected {LENGTH} words of the vocabulary, got {len(words)}"
            + (f", unknown: {', '.join(unknown)}." if unknown else ".")
        )
    return [_NUMBER[word] for word in words]


def _is_one_of(
    words: Iterable[str], tokens: Int[Tensor, "sentences words"]
) -> Bool[Tensor, "sentences words"]:
    return torch.isin(tokens, torch.tensor([_NUMBER[word] for word in words]))


def _place(mark: Bool[Tensor, "sentences words"]) -> Int[Tensor, " sentences"]:
    return mark.int().argmax(dim=1)
