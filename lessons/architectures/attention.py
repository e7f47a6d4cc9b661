"""
# Attention finds who "it" is, but its map is no proof
"The cat sat on the mat because it was tired." Who was tired? A small transformer learns to answer.
"""

# %%
from functools import cache

import torch
from torch import nn

from lessonkit.data.sentences import LENGTH, PRONOUNS, VOCABULARY, read, to_learn_from, twins
from lessonkit.evidence import Lesson
from lessonkit.figures import diagrams, dots, maps
from lessonkit.models.copies import CopiesOf
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.lesions import measure_exchanged
from lessonkit.probes.looks import (lead_of_paler, measure_looks, measure_maps, measure_one_way,
                                    measure_twin_gap, overlap, right_looks, weight_on)
from lessonkit.training import falling, fit

lesson = Lesson("architectures/attention", format=".1%")
seeds = lesson.seeds(quick=5, full=20, smoke=2)

# %% attention
def attention(query, key, value, allowed=None):
    scores = query @ key.mT / query.shape[-1] ** 0.5  # (..., query, key)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -torch.inf)
    weights = scores.softmax(dim=-1)  # each row adds up to 1
    return weights @ value, weights

# %% by-hand
query = torch.tensor([[1.0]])
keys = torch.tensor([[6.0], [3.0], [1.0]]).log()  # cat, mat, sat
values = torch.tensor([[10.0], [20.0], [0.0]])
answer, weights = attention(query, keys, values)

# %% as-torch
chance = torch.Generator().manual_seed(1)
q, k, v = torch.randn(3, 5, 7, 11, generator=chance).double()
theirs = nn.functional.scaled_dot_product_attention(q, k, v)
def apart(scale):
    return (attention(q * scale, k, v)[0] - theirs).abs().max().item()

# %% all-at-once
def within(reach):
    place = torch.arange(LENGTH, device=lesson.device)
    return (place[:, None] - place).abs() <= reach  # (query, key)
def reached(reach):
    x = torch.randn(LENGTH, 8, generator=chance).double().to(lesson.device)
    other = x + torch.eye(LENGTH).to(x)[:, :, None]  # change one at a time
    before, after = (attention(y, y, y, within(reach))[0] for y in (x, other))
    return (after != before).any(dim=-1).sum().item()

# %%
lesson.claim("three-words-by-hand",
    "Scores of ln 6, ln 3 and ln 1 with values of 10, 20 and 0 give {bound}", answer.item(),
    trap={"the plain average": values.mean().item()}, equals=(12, 1e-5), exact=True, format=".3g")
lesson.figure("lookup", diagrams.draw_lookup("it", ["cat", "mat", "sat"], ["ln 6", "ln 3", "ln 1"],
    weights[0].tolist(), values[:, 0].tolist(), note="6 + 3 + 1 = 10, so 6, 3 and 1 tenths"),
    caption="One row of attention, from left to right.")
lesson.claim("equals-torch", "Five lines are torch's own attention, to {bound}", apart, 1,
    trap={"without the square root": 11 ** 0.5}, at_most=1e-6, exact=True, format=".0e")
lesson.claim("all-words-at-once",
    "In one layer, each of 12 words changes what all 12 become: {bound} of 144", reached, LENGTH,
    trap={"two words to either side only": 2}, equals=(144, 0), exact=True, format="d",
    answers=("B59", "D60", "D103"))

# %% look
class Look(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(d_model, 3 * d_model, bias=False)
        self.mix = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x, allowed):
        three = self.ask(x).unflatten(-1, (3, self.heads, -1))
        query, key, value = three.movedim(-3, 0).transpose(-2, -3)
        found, weights = attention(query, key, value, allowed)
        return self.mix(found.transpose(-2, -3).flatten(-2)), weights

# %% layer
class Layer(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.norm, self.look = nn.LayerNorm(d_model), Look(heads)
        self.think = nn.Sequential(
            nn.LayerNorm(d_model), nn.Linear(d_model, d_model), nn.ReLU(),
            nn.Linear(d_model, d_model))

    def forward(self, x, allowed):
        found, weights = self.look(self.norm(x), allowed)
        x = x + found
        return x + self.think(x), weights

# %% parts
class Parts(nn.Module):
    def __init__(self, reaches, heads):
        super().__init__()
        self.words = nn.Embedding(len(VOCABULARY), d_model)
        self.places = nn.Parameter(torch.randn(LENGTH, d_model) / 10)
        self.layers = nn.ModuleList(Layer(heads) for _ in reaches)
        self.answer = nn.Sequential(
            nn.LayerNorm(d_model), nn.Linear(d_model, len(PRONOUNS)))
        self.reaches = reaches

# %% reader
class Reader(Parts):
    def forward(self, tokens, cut=None, cut_in=(0, 1), looks=False):
        x, maps = self.words(tokens) + self.places, []
        for n, layer in enumerate(self.layers):
            allowed = within(self.reaches[n])
            if cut is not None and n in cut_in:
                allowed = allowed & ~cut
            x, weights = layer(x, allowed)  # (batch, words, d_model)
            maps.append(weights)  # (batch, heads, query, key)
        it = (tokens == VOCABULARY.index("it"))[..., None]
        logits = self.answer((x * it).sum(dim=-2))  # (batch, pronouns)
        return (logits, torch.stack(maps, dim=-4)) if looks else logits

# %% data
d_model = lesson.pick(quick=24, full=32)
learn = to_learn_from(lesson.pick(quick=16_000, full=48_000)).to(lesson.device)
exam = twins().to(lesson.device)
steps, rate = lesson.pick(quick=(600, 8e-3), full=(1000, 5e-3), smoke=(3, 8e-3))
roles = {"the wrong noun": exam.wrong, "the right noun": exam.right,
         "the adjective": exam.adjective, "the verb": exam.verb}  # places

# %% train
def network(reaches):  # a copy for each seed, side by side
    return CopiesOf(lambda: Reader(reaches, heads=1), seeds, lesson.device)

def trained(reaches, steps, rate):
    model = network(reaches)
    fit(model, learn.examples, lesson.progress(range(steps), "training"),
        optimiser="adamw", batch_size=64, learning_rate=rate,
        schedule=falling(steps, warm_up=0.1))
    return model

readers = {"trained": trained((2, LENGTH), steps, rate),
           "untrained": network((2, LENGTH))}

# %%
@cache
def looks(name):  # share that goes to the right noun: (seeds,)
    return right_looks(readers[name], exam).double().mean(dim=(1, 2)).cpu()
def answers(name, some=exam, **cut):
    return measure_accuracy(readers[name], some.examples, **cut)
@cache
def weight(role, name="trained"):
    return weight_on(measure_looks(readers[name], exam), roles[role]).mean(dim=(1, 2))

where = "the cat sat on the mat today mainly because it was"
pair = read([f"{where} tired", f"{where} soft"]).to(lesson.device)
tired, soft = measure_looks(readers["trained"], pair)[:, :, 0].cpu().unbind(dim=1)
lesson.figure("the-look-moves", dots.plot_bars({"it was tired": tired, "it was soft": soft},
    [*where.split(), "tired / soft"], "weight", colours={"cat": "blue", "mat": "orange"}),
    caption="One adjective changes, and the look moves from cat to mat. Bar: median; dots: seeds.")
one, two = measure_maps(readers["trained"], pair.tokens)[0, 0, :, 0].cpu()  # (query, key)
lesson.figure("all-maps", maps.plot_maps({"layer 1": one, "layer 2": two}, pair.words(0),
    frame="it"), caption="All maps of one network. Full: 1. Blank: under 0.05.",
    alt="Layer 1: a diagonal band.")
lesson.claim("looks-at-the-right-noun",
    "Of its two nouns, “it” looks more at the right one in {rule} of the sentences", looks,
    "trained", trap="untrained", at_least=0.8, answers=("D62",))
worst = {n: torch.stack([answers(n, s) for s in exam.cases.values()]).amin(0) for n in readers}
lesson.claim("both-kinds-and-both-orders",
    "Whether animal or thing, named first or last, {rule} of the answers are right", worst,
    "trained", trap="untrained", at_least=0.8)
# %%
right, wrong, adjective = "the right noun", "the wrong noun", "the adjective"
lesson.claim("right-noun-gets-the-weight", "On average, the right noun gets {rule} of the weight",
    weight, right, "trained", trap=(right, "untrained"), at_least=0.4, answers=("D63",))
lesson.claim("wrong-noun-gets-next-to-nothing", "On average, the wrong noun gets {rule} of the "
    "weight", weight, wrong, "trained", trap=(wrong, "untrained"), at_most=0.05, answers=("D64",))
shown = {n: weight(n) for n in (right, wrong, "the verb")}
lesson.table("popular-and-measured", "weight from “it” to", {
    "popular picture": {right: "0.82", wrong: "0.11", "the verb": "0.07", "all others": "0.00"},
    "measured": shown | {"all others": 1 - sum(shown.values())}},
    caption="Measured: means over the whole exam. Popular: an illustration.", format=".3f")
lesson.claim("softmax-leaves-nothing-out", "The smallest weight in any map of layer 2 is {rule}",
    lambda layer: measure_maps(readers["trained"], exam.tokens)[:, :, layer].amin().item(), 1,
    trap={"layer 1: far words are masked": 0}, above=0, exact=True, format=".0e", answers=("D65",))
lesson.claim("a-look-has-a-direction", "The weight from “it” to its noun and that back differ by "
    "{rule}", lambda name: measure_one_way(readers[name], exam), "trained", trap="untrained",
    at_least=0.3, answers=("D66",))

# %% cut
def cut_off(places, everyone=False):  # "it", or everyone, from some places
    one_hot = nn.functional.one_hot
    asks = one_hot(exam.it, LENGTH).bool()[:, None, :, None] | everyone
    asked = one_hot(places, LENGTH).bool()[:, None, None, :]
    return asks & asked & ~within(0)  # a word may see itself
def after(role, name="trained", everyone=False, layers=(0, 1)):
    return answers(name, cut=cut_off(roles[role], everyone), cut_in=layers)

# %%
lesson.claim("the-answer-needs-the-look",
    "Cut off from the right noun, {rule} of the answers are right", after, right,
    trap={"cut off from the wrong noun instead": wrong}, at_most=0.8, answers=("B74", "D61"))
lesson.claim("the-wrong-noun-is-not-needed",
    "Cut off from the wrong noun, {rule} of the answers are right", after, wrong,
    trap={"cut off from the right noun instead": right}, at_least=0.85)
lesson.claim("one-map-is-not-the-network", "Cut off from the adjective in the first layer only, "
    "{rule} of the answers are right", lambda n: after(adjective, layers=[n]), 0, at_most=0.6,
    trap={"in the second layer only": 1}, answers=("D61",))
glance = weight_on(measure_looks(readers["trained"], exam, layer=0), exam.adjective)[..., 0]
last = {"(nothing)": ("–", answers("trained"))} | {r: (weight(r), after(r)) for r in roles}
for n, some in enumerate((glance.mean(dim=1), weight(adjective))):
    last[f"the adjective, in layer {n + 1} only"] = some, after(adjective, layers=[n])
last["the right noun, nor may any word"] = weight(right), after(right, everyone=True)
lesson.table("cuts", "“it” may not look at", {
    title: {what: pair[n] for what, pair in last.items()}
    for n, title in enumerate(("weight", "answers right"))}, format={"weight": ".3f"},
    caption="Weight: before the cut; in the last layer, or the one that is named.")
# %%
kinds = {"an animal": exam.about_animals, "a thing": ~exam.about_animals}
seen = {kind: glance[:, those].mean(dim=1) for kind, those in kinds.items()}
def left(role):  # what is right of each kind, if "it" is cut off: (seeds,)
    return {kind: answers("trained", exam[those], cut=cut_off(roles[role])[those])
            for kind, those in kinds.items()}
lesson.figure("not-looking", dots.plot_dots({"weight on\nadjective": seen,
    "right, if\nit is cut": left(adjective)}, "share", legend="“it” is"),
    caption="Weight: in layer 1. In each row, the marks stand in the same order of networks.")
lead = lead_of_paler(seen, left(adjective))  # (seeds,)
lesson.number("paler-kind-survives", (lead > 0).double().mean().item(), format=".0%")
later = within(LENGTH).triu(1)
lesson.claim("before-the-adjective-it-cannot-know",
    "Where a word sees only earlier words, the adjective changes the answer at “it” by {bound}",
    lambda cut: measure_twin_gap(readers["trained"], exam, cut).max().item(), later, format=".3g",
    trap={"it sees later ones, too": None}, equals=(0, 0), exact=True, answers=("D60", "D62"))

# %% break
near, wide, once = three = "near, then all", "all, then all", "all, once"
reaches = {wide: (LENGTH, LENGTH), once: (LENGTH,)}
readers |= {f"{n}, untrained": network(r) for n, r in reaches.items()} | {
    near: readers["trained"], wide: trained(reaches[wide], steps, rate),
    once: trained(reaches[once], 2 * steps, rate=0.012)}

# %%
lesson.claim("one-layer-answers-right", "With a single layer, {rule} of the answers are right",
    answers, once, trap=f"{once}, untrained", at_least=0.6)
lesson.claim("right-answers-mean-right-looks",
    "A network that answers right looks at the right noun in {rule} of the sentences", looks,
    once, trap=near, at_least=0.8, exact=True, expect="contradicted", answers=("B74",))
lesson.claim("a-wide-first-layer-answers-right",
    "With a first layer that sees everything, {rule} of the answers are right", answers, wide,
    trap=f"{wide}, untrained", at_least=0.75)
def alike(name):
    return overlap(measure_looks(readers[name], exam).mean(dim=2))
lesson.claim("the-same-task-makes-the-same-map",
    "With it, two networks of different seeds still put {rule} of the weight on the same words",
    alike, wide, trap=near, at_least=0.6, expect="contradicted")
rows = {f"{n}\n{answers(n).median():.0%} of answers right": looks(n) for n in three}
lesson.figure("same-answers-other-maps",
    dots.plot_dots(rows, "right noun gets more weight than wrong", chance=0.5, height=4),
    caption="Share of the sentences. Dashed: whoever ignores the adjective.")
lesson.table("looks-and-cuts", "", {n: {
    "weight on the right noun": weight(right, n), "weight on the wrong noun": weight(wrong, n),
    "answers right": answers(n), "right noun cut": after(right, n),
    "wrong noun cut": after(wrong, n), "adjective cut": after(adjective, n),
    "adjective cut for all words": after(adjective, n, everyone=True)} for n in three},
    caption="Shares. Weights: last layer, before a cut. Below: answers right.", format=".0%")
lesson.compare("paper-and-ours", {
    "“it” looks at the right noun (Uszkoreit 2017)": ("one pair, one of 8 heads", looks(near)),
    "weight that two maps share (Jain, Wallace 2019)": ("“very different” maps", alike(wide))},
    caption="Shares and weights from 0 to 1.", format=".3f")

# %% exercise-1
def sharpest(d, root):
    dice = [torch.Generator().manual_seed(seed) for seed in seeds]
    q, k = (torch.stack([torch.randn(200, words, d, generator=die)
                         for die in dice]) for words in (1, LENGTH))
    scores = q @ k.mT / (d ** 0.5 if root else 1)
    return scores.softmax(dim=-1).amax(dim=(2, 3)).mean(dim=1)  # (seeds,)

# %% exercise-2
def moved(places):
    nets = network((LENGTH, LENGTH))
    nets.stacks[nets.names.index("places")].data *= places  # 0: without
    order = torch.randperm(LENGTH, generator=chance).to(lesson.device)
    one, other = (nets(nets.same_for_all(tokens))
                  for tokens in (exam.tokens, exam.tokens[:, order]))
    return (one - other).abs().max().item()

# %% exercise-3
swapped = measure_exchanged(readers[wide], exam.examples,
                            "layers.0.", "layers.1.")

# %%
lesson.claim("without-the-root-one-word-takes-all",
    "With 256 entries and no root, the largest of 12 weights averages {rule}", sharpest, 256,
    False, trap={"with the root": (256, True)}, at_least=0.85, format=".2f")
lesson.claim("without-places-no-order", "Without places, word order changes the answer by {rule}",
    moved, 0, trap={"with places": 1}, at_most=1e-4, exact=True, format=".0e")
lesson.claim("two-layers-cannot-change-places",
    "With its two layers in the other order, {rule} of the answers are right", swapped,
    trap={"in the order of training": answers(wide)}, at_most=0.75, answers=("C16",))
