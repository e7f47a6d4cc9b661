"""A made-up language: sentences of two words, words of two syllables, syllables of two letters.

Each grammar is drawn by a seed. A sentence has one meaning, its class. The class is spelled as two
symbols of the level below, each of these as two of the next, down to the letters. At every level a
thing can be spelled in several ways, its synonyms, and no pair of symbols spells two things. So who
knows the rules can always tell the class, though sentences of one class share hardly any letters.

It is the Random Hierarchy Model of Cagnetta, Petrini, Tomasini, Favero and Wyart (Physical Review X
14, 031001, 2024) with pairs: v = `symbols`, m = `synonyms`, L = `levels`, s = 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from lessonkit.data.examples import Examples, batches

__all__ = ["Grammar", "deal_all", "own_batches"]


class Grammar:
    """The rules of one language, and all sentences that they allow, numbered from 0.

    Args:
        seed: draws the rules, and which sentences are learned from.
        classes: what a sentence can mean.
        symbols: of each level; the lowest ones are the letters.
        synonyms: ways to spell each thing.
        levels: of rules. A sentence has 2 ** levels letters.

    Raises:
        ValueError: there are fewer pairs of symbols than things to spell.
    """

    def __init__(
        self, seed: int, *, classes: int = 8, symbols: int = 8, synonyms: int = 4, levels: int = 3
    ) -> None:
        needed = max(classes, symbols) * synonyms
        if needed > symbols**2:
            raise ValueError(
                f"Grammar: expected at most {symbols**2} spellings, for {symbols} symbols make no "
                f"more pairs, got {needed}. Take fewer synonyms or more symbols."
            )
        self.seed, self.classes, self.symbols = seed, classes, symbols
        self.synonyms, self.levels = synonyms, levels
        generator = Generator().manual_seed(seed)
        # From the class down: rules[level][thing, way] are the two symbols that spell it.
        self.rules: list[Int[Tensor, "things synonyms 2"]] = []
        for level in range(levels):
            things = classes if level == 0 else symbols
            pairs = torch.randperm(symbols**2, generator=generator)[: things * synonyms]
            spelled = torch.stack([pairs // symbols, pairs % symbols], dim=1)
            self.rules.append(spelled.view(things, synonyms, 2))

    @property
    def letters(self) -> int:
        """How many letters a sentence has."""
        return int(2**self.levels)

    def __len__(self) -> int:
        """Return how many sentences the language has, all of them different."""
        return int(self.classes * self.synonyms ** (self.letters - 1))

    def tree(self, numbers: Int[Tensor, " sentences"]) -> list[Int[Tensor, "sentences _"]]:
        """Return what stands at each level of some sentences, from the class down to the letters.

        The number of a sentence says its class and, symbol by symbol, which synonym is taken.

        Raises:
            ValueError: a number that no sentence has.
        """
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(self):
            raise ValueError(f"sentences: expected numbers from 0 to {len(self) - 1}.")
        rest, row = numbers // self.classes, (numbers % self.classes).unsqueeze(1)
        levels = [row]
        for rules in self.rules:
            ways = []
            for _ in range(row.shape[1]):
                ways.append(rest % self.synonyms)
                rest = rest // self.synonyms
            row = rules[row, torch.stack(ways, dim=1)].flatten(1)
            levels.append(row)
        return levels

    def parse(self, letters: Int[Tensor, "sentences letters"]) -> list[Int[Tensor, "sentences _"]]:
        """Return what stands at each level, from the class down, read from the letters alone.

        Where a pair of symbols spells nothing, there is -1, and so in all levels above.
        """
        levels = [letters]
        for rules in reversed(self.rules):
            spells = torch.full((self.symbols + 1, self.symbols + 1), -1)  # the last: of nothing
            for thing, ways in enumerate(rules):
                spells[ways[:, 0], ways[:, 1]] = thing
            pairs = levels[0].unflatten(1, (-1, 2))
            levels.insert(0, spells[pairs[..., 0], pairs[..., 1]])
        return levels

    def respell(self, numbers: Int[Tensor, " sentences"], symbol: int) -> Int[Tensor, " sentences"]:
        """Return the numbers of the sentences in which one thing is spelled by its next synonym.

        Args:
            numbers: of the sentences.
            symbol: which thing, row by row from the class down: 0 is the class, 1 and 2 are the two
                symbols of the next level, and so on. The last ones are the pairs of letters.

        Raises:
            ValueError: a sentence has no such symbol that is spelled.
        """
        if not 0 <= symbol < self.letters - 1:
            raise ValueError(
                f"respell: expected a symbol from 0 (the class) to {self.letters - 2}, "
                f"got {symbol}."
            )
        place = self.classes * self.synonyms**symbol
        way = numbers // place % self.synonyms
        return numbers + ((way + 1) % self.synonyms - way) * place

    def draw(self, count: int) -> Int[Tensor, " sentences"]:
        """Draw the numbers of different sentences; the first ones are the same for every count.

        Raises:
            ValueError: more sentences than the language has.
        """
        if count > len(self):
            raise ValueError(f"draw: expected at most {len(self)} sentences, got {count}.")
        return torch.randperm(len(self), generator=Generator().manual_seed(self.seed))[:count]

    def deal(self, *counts: int) -> list[Examples]:
        """Return sentences with their classes in parts, such as an exam and some to learn from.

        They are those of `draw`: no sentence comes twice, in one part or in two. Inputs are
        one-hot, `symbols` numbers for each letter, side by side.

        Raises:
            ValueError: more sentences than the language has.
        """
        trees = [self.tree(numbers) for numbers in self.draw(sum(counts)).split(counts)]
        return [Examples(self.one_hot(tree[-1]), tree[0].squeeze(1)) for tree in trees]

    def one_hot(self, symbols: Int[Tensor, "sentences places"]) -> Float[Tensor, "sentences _"]:
        """Return for each place as many numbers as there are symbols: zeros and a single 1."""
        return torch.nn.functional.one_hot(symbols, self.symbols).flatten(1).float()


def deal_all(
    grammars: Sequence[Grammar], *counts: int
) -> list[tuple[Float[Tensor, "grammars sentences _"], Int[Tensor, "grammars sentences"]]]:
    """Return what each grammar deals, side by side: inputs and classes of each part.

    Raises:
        ValueError: more sentences than a language has.
    """
    dealt = [grammar.deal(*counts) for grammar in grammars]
    return [
        (torch.stack([one.inputs for one in part]), torch.stack([one.labels for one in part]))
        for part in zip(*dealt, strict=True)
    ]


def own_batches(
    inputs: Float[Tensor, "own examples _"],
    labels: Int[Tensor, "own examples"],
    batch_size: int,
    seeds: Sequence[int],
) -> Iterator[tuple[Float[Tensor, "seeds batch _"], Int[Tensor, "seeds batch"]]]:
    """Yield batches without end, where each copy has examples of its own, as `fit` takes them.

    Args:
        inputs: of the examples that belong to each of the first copies.
        labels: theirs.
        batch_size: examples per copy.
        seeds: of the copies. After the last one's own examples, the first one's come again, so that
            each seed has its own at every learning rate of a grid.

    Raises:
        ValueError: a batch would need more examples than there are.
    """
    own = (torch.arange(len(seeds)) % len(labels)).unsqueeze(1)
    for batch in batches(labels.shape[1], batch_size, seeds):
        yield inputs[own, batch], labels[own, batch]
