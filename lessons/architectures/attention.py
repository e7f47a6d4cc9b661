"""
# Attention finds out who "it" is

"The cat sat on the mat because it was tired." Who was tired? A small
transformer learns to answer. We watch where it looks, cut the look away, and
meet two networks that answer just as well while looking elsewhere.
"""

# %% setup
import math

import torch
from torch import nn

from lessonkit.data.sentences import LENGTH, PRONOUNS, VOCABULARY, read, to_learn_from, twins
from lessonkit.evidence import Lesson
from lessonkit.figures import attention as draw
from lessonkit.figures.anatomy import new_canvas
from lessonkit.figures.style import new_figure
from lessonkit.models.copies import CopiesOf
from lessonkit.training import falling, fit

# %% lesson
lesson = Lesson("architectures/attention")
seeds = lesson.seeds(quick=5, full=20, smoke=2)

# %% [markdown]
# ## One number by hand
# A word asks the others. Softmax turns the scores into weights, and the
# answer is a weighted sum of what the others hand over.

# %% attention
def attention(query, key, value, allowed=None):
    scores = query @ key.mT / math.sqrt(query.shape[-1])  # (..., query, key)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    weights = scores.softmax(dim=-1)  # each row adds up to 1
    return weights @ value, weights

# %% by-hand
query = torch.tensor([[1.0]])
keys = torch.tensor([[6.0], [3.0], [1.0]]).log()  # cat, mat, sat
values = torch.tensor([[10.0], [20.0], [0.0]])
answer, weights = attention(query, keys, values)

# %% by-hand-claim
lesson.claim("three-words-by-hand",
    "Scores of ln 6, ln 3 and ln 1 with values of 10, 20 and 0 give 12",
    answer.item(), equals=(12, 1e-5), exact=True, format=".3f",
    trap=("the plain average instead", values.mean().item()))

# %% anatomy
fig, ax = new_canvas(7.2, 3.3)
scores = ["ln 6", "ln 3", "ln 1"]
shares, handed = weights.flatten().tolist(), values.flatten().tolist()
draw.draw_lookup(ax, "it", ["cat", "mat", "sat"], scores, shares, handed,
                 note="6 + 3 + 1 = 10, so the weights are 6, 3 and 1 tenths")

# %% anatomy-published
lesson.figure("lookup", fig, data={"weight": shares, "value": handed},
    alt="The query of “it” meets the keys of cat, mat and sat. The scores ln "
        "6, ln 3 and ln 1 become the weights 0.6, 0.3 and 0.1. The values 10, "
        "20 and 0, weighted and added, give 12.",
    caption="One row of attention, from left to right.")

# %% as-torch
chance = torch.Generator().manual_seed(1)
q, k, v = torch.randn(3, 5, 7, 11, generator=chance).double()
theirs = nn.functional.scaled_dot_product_attention(q, k, v)

def apart(query):
    return (attention(query, k, v)[0] - theirs).abs().max().item()

# %% as-torch-claim
lesson.claim("equals-torch", "Five lines are torch's own attention, to 1e-6",
    apart(q), at_most=1e-6, exact=True, format=".0e",
    trap=("without the square root", apart(q * math.sqrt(11))))

# %% within
place = torch.arange(LENGTH, device=lesson.device)

def within(reach):
    return (place[:, None] - place).abs() <= reach  # (query, key)

# %% all-at-once
def reached(reach):
    x = torch.randn(LENGTH, 8, generator=chance).double().to(lesson.device)
    other = x + torch.eye(LENGTH).to(x)[:, :, None]  # change one at a time
    before, after = (attention(y, y, y, within(reach))[0] for y in (x, other))
    return (after != before).any(dim=-1).sum().item()

# %% all-at-once-claim
lesson.claim("all-words-at-once",
    "In one layer, each of 12 words changes what all 12 become: 144 of 144",
    reached(LENGTH), equals=(144, 0), exact=True, format="d",
    trap=("two words to either side only", reached(2)))

# %% [markdown]
# ## The network
# A layer looks, then thinks. Each network is written as if it were alone;
# `CopiesOf` trains one for each seed, side by side.

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
    def forward(self, tokens, cut=None, looks=False):
        x, maps = self.words(tokens) + self.places, []
        for layer, reach in zip(self.layers, self.reaches, strict=True):
            near = within(reach)
            allowed = near if cut is None else near & ~cut
            x, weights = layer(x, allowed)  # (batch, words, d_model)
            maps.append(weights)  # (batch, heads, query, key)
        it = (tokens == VOCABULARY.index("it"))[..., None]
        logits = self.answer((x * it).sum(dim=-2))  # (batch, pronouns)
        return (logits, torch.stack(maps, dim=-4)) if looks else logits

# %% data
d_model = lesson.pick(quick=24, full=32)
learn = to_learn_from(lesson.pick(quick=16_000, full=48_000))
learn, exam = learn.to(lesson.device), twins().to(lesson.device)

# %% train
def network(reaches, heads=1):
    return CopiesOf(lambda: Reader(reaches, heads), seeds, lesson.device)

def trained(reaches, steps, rate, heads=1):
    model = network(reaches, heads)
    shown = lesson.progress(range(steps), f"reaches {reaches}")
    fit(model, learn.examples, shown, optimiser="adamw", batch_size=64,
        learning_rate=rate, schedule=falling(steps, warm_up=0.1))
    return model

# %% train-two-layers
steps = lesson.pick(quick=600, full=1000, smoke=3)
rate = lesson.pick(quick=0.008, full=0.005)
model = trained((2, LENGTH), steps, rate)
untrained = network((2, LENGTH))

# %% [markdown]
# ## Where does it look?
# We read the row of "it" in the last layer, in sentences whose pair of nouns
# never occurred in training.

# %% measure-looks
@torch.no_grad()
def from_it(model, sentences):
    tokens = model.same_for_all(sentences.tokens)
    maps = model(tokens, looks=True)[1]
    it = sentences.it.view(1, -1, 1, 1, 1, 1)
    rows = maps.take_along_dim(it, dim=-2).squeeze(-2)
    return rows[:, :, -1]  # (seeds, sentences, heads, key), of the last layer

# %% measure-weight
def weight_on(places, model):
    rows, places = from_it(model, exam), places.view(1, -1, 1, 1)
    return rows.take_along_dim(places, dim=-1).squeeze(-1)

def looks_right(model):  # (seeds, sentences, heads)
    return weight_on(exam.right, model) > weight_on(exam.wrong, model)

# %% measure-answers
@torch.no_grad()
def answers_right(model, cut=None):  # (seeds, sentences)
    logits = model(model.same_for_all(exam.tokens), cut=cut)
    return logits.argmax(dim=-1) == exam.pronouns

def share(true):
    return true.double().flatten(1).mean(dim=1)  # (seeds,)

# %% twin-figure
where = "the cat sat on the mat today mainly because it was"
pair = read([f"{where} tired", f"{where} soft"]).to(lesson.device)
rows = from_it(model, pair)[:, :, 0].cpu()  # (seeds, tired or soft, key)
words = [*where.split(), "tired / soft"]
fig, axes = draw.new_panels(2, height=4.8)
colours = {"cat": "blue", "mat": "orange"}
for n, how in enumerate(("tired", "soft")):
    draw.plot_row(axes[n], rows[:, n], words, f"it was {how}", colours)
middle = rows.median(dim=0).values  # (tired or soft, key)

# %% twin-figure-published
columns = {f"{how}, seed {seed}": rows[s, n]
    for n, how in enumerate(("tired", "soft")) for s, seed in enumerate(seeds)}
lesson.figure("the-look-moves", fig, data={"word": words, **columns},
    alt="Median weights from “it”. When it was tired: cat "
        f"{middle[0, 1]:.2f}, mat {middle[0, 5]:.2f}. When it was soft: cat "
        f"{middle[1, 1]:.2f}, mat {middle[1, 5]:.2f}.",
    caption="One adjective changes, and the look moves from the cat to the "
            f"mat. Bar: median of {len(seeds)} seeds. Dots: the seeds.")

# %% looks-claim
right = share(looks_right(model))
by_chance = share(looks_right(untrained))
lesson.number("right-looks", right, format=".1%", label="looks at the noun")
lesson.claim("looks-at-the-right-noun",
    "Of its two nouns, “it” looks more at the right one in 80 % of the "
    "sentences or more", right, at_least=0.8, format=".3f",
    trap=("the untrained network", by_chance))

# %% who-is-it
answers, guesses = share(answers_right(model)), share(answers_right(untrained))
nearer = share(exam.right_is_nearer[None]).item()
lesson.table("who-is-it", format=".1%",
    columns=["reader", "looks at the right noun", "answers right"],
    rows=[["trained", right, answers], ["untrained", by_chance, guesses],
          ["always the nearer noun", nearer, nearer],
          ["tosses a coin for the noun", 1 / 2, 1 / 2],
          ["guesses the pronoun", "–", 1 / len(PRONOUNS)]],
    caption=f"{len(exam)} sentences about pairs of nouns never seen together.")

# %% sides
sides = {("the animal" if a else "the thing", "last" if near else "first"):
         (exam.about_animals == a) & (exam.right_is_nearer == near)
         for a in (True, False) for near in (False, True)}

# %% both-ways
lesson.table("both-ways", format=".1%",
    columns=["“it” is", "named", "looks right", "answers right"],
    rows=[[*side, share(looks_right(model)[:, chosen]),
           share(answers_right(model)[:, chosen])]
          for side, chosen in sides.items()],
    caption="Animal or thing, named first or last: no case is left behind.")

# %% both-ways-claim
def worst(right):
    return torch.stack([share(right[:, s]) for s in sides.values()]).amin(0)

lesson.claim("both-kinds-and-both-orders",
    "Animal or thing, named first or last: even in the worst of the four "
    "cases, 70 % of the answers or more are right",
    worst(answers_right(model)), at_least=0.7, format=".3f",
    trap=("the untrained network", worst(answers_right(untrained))))

# %% popular
on_right, on_wrong = (weight_on(place, model).mean(dim=(1, 2))
                      for place in (exam.right, exam.wrong))
lesson.table("popular-and-measured", format=".3f",
    columns=["weight from “it” to", "popular picture", "measured"],
    rows=[["the right noun", "0.82", on_right],
          ["the wrong noun", "0.11", on_wrong],
          ["all other words", "0.07", 1 - on_right - on_wrong]],
    caption="Measured: means over the whole exam. Popular: an illustration.")

# %% popular-claims
def start_on(place):
    return weight_on(place, untrained).mean(dim=(1, 2))

lesson.claim("right-noun-gets-the-weight",
    "On average, the right noun gets 40 % of the weight or more",
    on_right, at_least=0.4, format=".2f",
    trap=("the untrained network", start_on(exam.right)))

# %% wrong-noun-claim
lesson.claim("wrong-noun-gets-next-to-nothing",
    "On average, the wrong noun gets at most 5 % of the weight",
    on_wrong, at_most=0.05, format=".3f",
    trap=("the untrained network", start_on(exam.wrong)))

# %% all-maps
maps = model(model.same_for_all(pair.tokens), looks=True)[1]
first = maps[0, 0, :, 0].detach().cpu()  # (layers, query, key)
fig, axes = draw.new_panels(2, height=4.6)
for number, ax in enumerate(axes):
    title = f"layer {number + 1}"
    draw.plot_map(ax, first[number], pair.words(0), title, row="it")
top = first[1, 9].argmax().item()

# %% all-maps-published
query = [word for word in pair.words(0) for _ in range(LENGTH)]
lesson.figure("all-maps", fig, data={
        "looks": query, "is looked at": pair.words(0) * LENGTH,
        "layer 1": first[0].flatten(), "layer 2": first[1].flatten()},
    alt="Two attention maps. Layer 1 keeps to a band along the diagonal. In "
        f"layer 2 the row of “it” gives {first[1, 9, top]:.2f} to the word "
        f"“{pair.words(0)[top]}”.",
    caption="All heads of all layers of the first network: each layer has "
            "one. Down: who looks. Across: at whom. Full is 1, blank is less "
            "than 0.05.")

# %% [markdown]
# ## Cut, don't look
# Does the answer need the look? We forbid "it" one word, in all layers.

# %% cut
def cut_off(places):
    cut = torch.zeros(len(exam), 1, LENGTH, LENGTH, dtype=torch.bool)
    cut[torch.arange(len(exam)), 0, exam.it.cpu(), places.cpu()] = True
    return cut.to(lesson.device)

roles = {"the wrong noun": exam.wrong, "the right noun": exam.right,
         "the adjective": exam.adjective}

# %% cut-each
def after_cuts(model):
    return {role: share(answers_right(model, cut_off(places)))
            for role, places in roles.items()}

# %% cut-table
after = after_cuts(model)
weights = {role: weight_on(places, model).mean(dim=(1, 2))
           for role, places in roles.items()}
lesson.table("cuts", format=["", ".3f", ".1%"],
    columns=["“it” may not look at", "weight", "answers right"],
    rows=[["(nothing is cut)", "–", answers]]
         + [[role, weights[role], after[role]] for role in roles],
    caption="Weight: in the last layer, before the cut.")

# %% cut-claims
lesson.claim("the-answer-needs-the-look",
    "Cut off from the right noun, at most 80 % of the answers are right",
    after["the right noun"], at_most=0.8, format=".3f",
    trap=("cut off from the wrong noun instead", after["the wrong noun"]))

# %% cut-wrong-claim
lesson.claim("the-wrong-noun-is-not-needed",
    "Cut off from the wrong noun, 85 % of the answers or more are right",
    after["the wrong noun"], at_least=0.85, format=".3f",
    trap=("cut off from the right noun instead", after["the right noun"]))

# %% adjective-claim
lesson.claim("hardly-looked-at-yet-needed",
    "Cut off from the adjective, at most 60 % of the answers are right",
    after["the adjective"], at_most=0.6, format=".3f",
    trap=("cut off from the wrong noun instead", after["the wrong noun"]))

# %% [markdown]
# ## Break it
# First a network with one layer. Then one whose first layer sees everything.

# %% break
longer = lesson.pick(quick=1200, full=1700, smoke=3)
networks = {
    "near, then all": model,
    "all, then all": trained((LENGTH, LENGTH), steps, rate),
    "all, once": trained((LENGTH,), longer, rate=0.012)}

# %% break-measured
looked = {n: share(looks_right(net)) for n, net in networks.items()}
answered = {n: share(answers_right(net)) for n, net in networks.items()}
cut_right = {n: share(answers_right(net, cut_off(exam.right)))
             for n, net in networks.items()}

# %% shares-figure
named = {n: f"{n}\nanswers {answered[n].median():.0%}" for n in networks}
fig, ax = new_figure(height=3.8)
draw.plot_shares(ax, {named[n]: looked[n] for n in networks},
                 {named[n]: draw.READERS[n] for n in networks}, blind=0.5,
                 quantity="looks that go to the right noun")

# %% shares-figure-published
lesson.figure("same-answers-other-maps", fig, data={"seed": seeds, **looked},
    alt="; ".join(f"{n}: {answered[n].median():.0%} of answers and "
                  f"{looked[n].min():.0%} to {looked[n].max():.0%} of looks "
                  "are right" for n in networks) + ".",
    caption="A mark for each seed; under the names, the answers that are "
            "right. Dashed: a look that ignores the adjective.")

# %% once-claims
lesson.claim("one-layer-answers-right",
    "With a single layer, 60 % of the answers or more are right",
    answered["all, once"], at_least=0.6, format=".3f",
    trap=("cut off from the right noun", cut_right["all, once"]))

# %% once-looks-claim
lesson.claim("right-answers-mean-right-looks",
    "A network that answers right looks at the right noun in 80 % of the "
    "sentences or more", looked["all, once"], at_least=0.8, format=".3f",
    expect="contradicted", trap=("two layers, near and then all", right))

# %% wide-claims
wide, wide_cut = "all, then all", cut_right["all, then all"]
lesson.claim("a-wide-first-layer-answers-right",
    "With a first layer that sees everything, 75 % of the answers or more "
    "are right", answered[wide], at_least=0.75, format=".3f",
    trap=("cut off from the right noun", wide_cut))

# %% same-maps
def alike(name):
    """Of the weight from "it": what a network puts where another does."""
    rows = from_it(networks[name], exam).mean(dim=2)  # (seeds, sentences, key)
    shared = torch.minimum(rows[:, None], rows).sum(dim=-1).mean(dim=-1)
    shared.fill_diagonal_(math.nan)  # (seeds, seeds): itself is no other
    return shared.nanquantile(0.5, dim=1)  # (seeds,): between the middle two

# %% same-maps-claim
lesson.claim("the-same-task-makes-the-same-map",
    "With it, two networks of different seeds still put 65 % of the weight "
    "or more on the same words", alike(wide), at_least=0.65, format=".2f",
    expect="contradicted", trap=("a first layer that sees near words",
                                 alike("near, then all")))

# %% break-table
lesson.number("wide-looks", looked[wide], format=".0%", label="wide, looks")
lesson.table("looks-and-cuts", format=".0%",
    columns=["network", "looks right", "answers right", "right noun cut"],
    rows=[[n, looked[n], answered[n], cut_right[n]] for n in networks],
    caption="Last column: answers right when “it” may not see that noun.")

# %% paper-and-ours
both = share(looks_right(model).unflatten(1, (-1, 2)).all(dim=2))
lesson.table("paper-and-ours", format=["", "", ".3f"],
    columns=["what", "paper", "ours"], rows=[
    ["“it” looks right in both twins (Uszkoreit 2017)",
     "one pair, one of 8 heads", both],
    ["looks right, answers alike (Jain, Wallace 2019)",
     "maps “very different”", looked[wide]],
    ["weight on a needed word, the adjective (Jain, Wallace 2019)",
     "“frequently uncorrelated”", weights["the adjective"]]],
    caption="Shares and weights from 0 to 1.")

# %% exercise-1
def sharpest(d, root):
    dice = [torch.Generator().manual_seed(seed) for seed in seeds]
    q, k = (torch.stack([torch.randn(200, words, d, generator=die)
                         for die in dice]) for words in (1, LENGTH))
    scores = q @ k.mT / (math.sqrt(d) if root else 1)
    return scores.softmax(dim=-1).amax(dim=(2, 3)).mean(dim=1)  # (seeds,)

# %% exercise-1-published
lesson.table("sharpness", format=["", ".2f", ".2f"],
    columns=["entries", "without the root", "with the root"],
    rows=[[str(d), sharpest(d, False), sharpest(d, True)]
          for d in (1, 4, 16, 64, 256)],
    caption="The largest of 12 weights, on average.")

# %% exercise-1-claim
lesson.claim("without-the-root-one-word-takes-all",
    "With 256 entries and no root, the largest of 12 weights averages 0.85 "
    "or more", sharpest(256, False), at_least=0.85, format=".2f",
    trap=("with the root", sharpest(256, True)))

# %% exercise-2
def placeless():
    reader = Reader((LENGTH, LENGTH), 1)
    nn.init.zeros_(reader.places)
    return reader

# %% exercise-2-measure
def moved(build):
    nets = CopiesOf(build, seeds, lesson.device)
    order = torch.randperm(LENGTH, generator=chance).to(lesson.device)
    one, other = (nets(nets.same_for_all(tokens))
                  for tokens in (exam.tokens, exam.tokens[:, order]))
    return (one - other).abs().max().item()

# %% exercise-2-claim
lesson.claim("without-places-no-order",
    "Without places, shuffling the words changes the answer by nothing (1e-4)",
    moved(placeless), at_most=1e-4, exact=True, format=".0e",
    trap=("with places", moved(lambda: Reader((LENGTH, LENGTH), 1))))

# %% exercise-3
two = trained((2, LENGTH), steps // 2, rate, heads=2)
heads = looks_right(two).double().mean(dim=1)  # (seeds, heads)
lesson.table("two-heads", format=".0%",
    columns=["two heads in each layer", "share"],
    rows=[["answers right", share(answers_right(two))],
          ["looks right, the better head", heads.amax(dim=1)],
          ["looks right, the other head", heads.amin(dim=1)]],
    caption="Same task, same answers: one head tells the better story.")
