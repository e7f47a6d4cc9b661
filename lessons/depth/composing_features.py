"""
# Depth pays when it fits the world

Stack layers, people say, and they put small things together into large ones. We draw made-up
languages, whose sentences are made of words, words of syllables and syllables of letters. Does any
deep network learn them? What if we tear the syllables apart? And what are photographs made of?
"""

# %%
import torch
from sklearn.datasets import load_sample_images
from torch.nn.functional import normalize, one_hot

from lessonkit.data.examples import batches
from lessonkit.data.grammar import Grammar
from lessonkit.data.reading import lines
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.trees import draw_tree
from lessonkit.models.mlp import MLP
from lessonkit.training import falling, fit, tune

lesson = Lesson("depth/composing_features", format=".2f")
seeds = lesson.seeds(quick=6, full=16, smoke=2)

# %% languages
# ## A language of parts
# Each seed draws a language of its own, and deals its own sentences.
languages = [Grammar(seed) for seed in seeds]

def dealt(count, exam=2000):  # the exam comes first, so it stays the same
    parts = [language.deal(exam, count) for language in languages]
    return [(torch.stack([part.inputs for part in same]).to(lesson.device),
             torch.stack([part.labels for part in same]).to(lesson.device))
            for same in zip(*parts)]  # (seeds, sentences, 64), (seeds, sentences)

# %%
rungs = ("meaning", "words", "syllables", "letters")

def written(numbers):
    names = ("M12345678", "W12345678", "S12345678", "abcdefgh")
    rows = [row[0].tolist() for row in first.tree(numbers)]
    return [[n[p] if n[0] == "a" else n[0] + n[p + 1] for p in row] for n, row in zip(names, rows)]

first, one = languages[0], languages[0].draw(1)
lesson.figure("tree", draw_tree(written(one), rungs),
    caption="Read it upwards: each pair spells one thing. Whoever has the rules can read it.")
said = {"as drawn": one, "first syllable": first.respell(one, 3),
        "first word": first.respell(one, 1), "meaning": first.respell(one, 0)}
texts = {name: [" ".join(row) for row in written(n)] for name, n in said.items()}
lesson.table("respelled", "spelled otherwise",
    {head: {name: text[row] for name, text in texts.items()} for row, head in enumerate(rungs)},
    caption="One meaning, four of its sentences.")

# %% wired
# ## The networks
# A plain stack in which only some wires exist.
class Wired(MLP):
    def __init__(self, sizes, wires, copies):
        super().__init__(sizes, "relu", "he", copies, lesson.device)
        self.wires = [plan.to(lesson.device) for plan in wires]  # 1 or 0
        for weights, plan in zip(self.weights, self.wires):
            weights.data *= (plan.shape[1] / plan[0].sum()).sqrt()  # He's size

    def weighted(self, layer, signal):
        weights = self.weights[layer] * self.wires[layer]  # 0 cuts a wire
        return torch.baddbmm(self.biases[layer].mT, weights, signal.mT).mT

# %% plans
def groups(count, outputs, inputs):  # blocks of wires, none between them
    return torch.block_diag(*[torch.ones(outputs, inputs)] * count)

units = [64, 96, 48, 24, 8]
tree = [groups(4, 24, 16), groups(2, 24, 48), groups(1, 24, 48), groups(1, 8, 24)]
every = [torch.ones_like(plan) for plan in tree]
local = [groups(4, 32, 16), groups(1, 8, 128)]
torn = [0, 2, 4, 6, 1, 3, 5, 7]  # the order of the letters: no syllable is whole

nets = {"tree": lambda copies: Wired(units, tree, copies),
        "tree, letters shuffled": lambda copies: Wired(units, tree, copies),
        "all wires": lambda copies: Wired(units, every, copies),
        "local, one layer": lambda copies: Wired([64, 128, 8], local, copies),
        "shallow": lambda copies: MLP([64, 128, 8], "relu", "he", copies, lesson.device)}

# %%
def reordered(inputs, order):  # (seeds, sentences, 64)
    return inputs.unflatten(2, (8, 8))[:, :, order].flatten(2)

def stream(inputs, labels, copies):  # each copy reads its own language
    own = torch.arange(len(copies)).unsqueeze(1) % len(seeds)
    for batch in batches(labels.shape[1], 64, copies):
        yield inputs[own, batch], labels[own, batch]

@torch.no_grad()
def right(net, inputs, labels):  # (copies,)
    own = torch.arange(len(net.seeds)) % len(seeds)
    return (net(inputs[own]).argmax(dim=2) == labels[own]).double().mean(dim=1).cpu()

# %%
steps = {300: 300, 2000: 1000, 4000: 1000, 16000: 1600}
runs, known, new = {}, {}, {}  # by network and number of sentences

def train(name, count, build=None, order=range(8), rates=(0.01, 0.03)):
    (exam, answers), (inputs, labels) = dealt(count)
    exam, inputs = reordered(exam, order), reordered(inputs, order)
    copies, took = seeds * len(rates), lesson.pick(quick=steps[count], smoke=5)
    runs[name, count] = run = tune((build or nets[name])(copies), stream(inputs, labels, copies),
        lesson.progress(range(took), f"{name}, {count} sentences"), rates=rates,
        optimiser="adam", schedule=falling(took),
        measure=lambda net: 1 - right(net, exam, answers))
    new[name, count] = 1 - run.measured  # (seeds,)
    known[name, count] = right(run.model, inputs[:, :2000], labels[:, :2000])[run.chosen]

# %%
# The tree gets one learning rate, all others the better one of two.
for name in nets:
    train(name, 2000, order=torn if "shuffled" in name else range(8),
          rates=(0.03,) if name == "tree" else (0.01, 0.03))
at_2000 = {name: new[name, 2000] for name in nets}
by_heart = {name: known[name, 2000] - new[name, 2000] for name in nets}
lesson.figure("known-and-new", plot_dots(
    {name: {"learned from": known[name, 2000], "new": new[name, 2000]} for name in nets},
    "sentences right (share)", chance=1 / 8, legend="sentences"),
    caption="All but two know what they learned from. One can read what it has never met.")
wires = {"tree": tree, "all wires": every, "local": local}
for name, plans in wires.items():
    weights = sum(int(plan.sum()) + len(plan) for plan in plans)
    lesson.number(f"weights-{name.replace(' ', '-')}", weights, format=",d")
lesson.number("weights-shallow", 64 * 128 + 128 + 128 * 8 + 8, format=",d")
lesson.claim("the-tree-composes",
    "From 2,000 sentences, a network wired like the language gets {rule:%} of new ones right",
    at_2000, "tree", trap="tree, letters shuffled", at_least=0.8, answers=("A52",))
lesson.claim("shallow-knows-by-heart",
    "One hidden layer is better by {rule} on sentences that it learned from than on new ones",
    by_heart, "shallow", trap="tree", at_least=0.3)
gain = {name: new[name, 2000] - new["shallow", 2000] for name in nets}
lesson.claim("depth-alone-adds-nothing",
    "From 2,000 sentences, depth with all wires adds {rule} to what one hidden layer gets right",
    gain, "all wires", trap={"wired like the language": "tree"}, at_most=0.05, answers=("A4", "A77"))
lesson.claim("local-is-not-enough",
    "The same local wires in one layer, and no levels above, get {rule:%} of new sentences right",
    at_2000, "local, one layer", trap="tree", at_most=0.6, answers=("B29",))

# %%
counts = (2000, 4000, 16000)
for count in counts[1:]:
    for name in ("tree", "all wires", "shallow"):
        train(name, count, rates=(0.03,) if name == "tree" else (0.01, 0.03))
curves = {name: torch.stack([new[name, count] for count in counts], dim=1)
          for name in ("tree", "all wires", "shallow")}  # (seeds, sizes)
lesson.figure("by-sentences", plot_curves(curves, "sentences learned from",
    "new sentences right (share)", at=counts, share=True, chance=1 / 8),
    caption="Wires that fit are worth thousands of sentences. With enough of those, others catch up.")
lesson.table("at-4000", "network", {"learned from": {name: known[name, 4000] for name in curves},
    "new": {name: new[name, 4000] for name in curves}},
    caption="With 4,000 sentences, depth with all wires is a little ahead of one layer.")
lead = {count: new["tree", count] - new["all wires", count] for count in counts}
lesson.claim("wiring-does-not-matter",
    "A deep network with all wires does as well as one wired like the language, within {bound}",
    lead, 2000, trap={"16,000 sentences": 16000}, at_most=0.05, expect="contradicted",
    answers=("A9",))
flat = {count: new["shallow", count] for count in counts}
lesson.claim("shallow-fails-on-new-ones",
    "Without depth, new sentences stay out of reach: {rule:%} right, even after 16,000", flat,
    16000, trap={"2,000 sentences": 2000}, at_most=0.6, expect="contradicted",
    answers=("A41", "A44", "B20", "B22"))

# %% one-step
# ## A series of easy tasks
# One rung: pairs in, what they spell out. All pairs of 300 sentences, told.
told = [language.tree(language.draw(2300)[2000:]) for language in languages]

def one_step(level):
    pairs = torch.stack([text[level + 1] for text in told])
    spelled = torch.stack([text[level].flatten() for text in told])
    net = MLP([16, 32, 8], "relu", "he", seeds, lesson.device)
    inputs = one_hot(pairs, 8).float().reshape(len(seeds), -1, 16)
    fit(net, stream(inputs.to(lesson.device), spelled.to(lesson.device), seeds),
        range(300), learning_rate=0.03, optimiser="adam")
    return net

# %% three-steps
ladder = [one_step(level) for level in (2, 1, 0)]

@torch.no_grad()
def climbed(symbols):  # (seeds, sentences, 64)
    for net in ladder:
        pairs = symbols.reshape(len(seeds), -1, 16)
        spelled = net(pairs).argmax(dim=2)  # the thing that each pair spells
        symbols = one_hot(spelled, 8).float()
    return spelled  # (seeds, sentences): the meaning

# %%
(exam, answers), _ = dealt(300)
train("shallow", 300)
steps_right = (climbed(exam) == answers).double().mean(dim=1).cpu()
lesson.claim("easy-steps-add-up",
    "Three easy steps, told and learned from 300 sentences, get {rule:%} of new ones right",
    {"three steps": steps_right, "at once": new["shallow", 300]}, "three steps",
    trap={"all at once": "at once"}, at_least=0.95, answers=("A47", "A48", "A49"))

# %% likeness
# ## What the layers do
def likeness(signals, kinds):  # of one kind, less that of different kinds
    signals = signals.flatten(2)
    signals = normalize(signals - signals.mean(dim=1, keepdim=True), dim=2)
    alike = signals @ signals.mT  # 1: the same, 0: strangers
    same = kinds.unsqueeze(2) == kinds.unsqueeze(1)
    others = ~torch.eye(alike.shape[1], dtype=torch.bool)
    return torch.stack([a[s & others].mean() - a[~s].mean()
                        for a, s in zip(alike, same)])  # (seeds,)

# %%
def letters(symbol=None, order=range(8)):  # of 1,000 sentences of the exam, one thing respelled
    drawn = [(language, language.draw(1000)) for language in languages]
    texts = [l.tree(n if symbol is None else l.respell(n, symbol))[-1] for l, n in drawn]
    return reordered(one_hot(torch.stack(texts), 8).flatten(2).float(), order).to(lesson.device)

@torch.no_grad()
def signals(name, inputs):  # layer by layer, of the copies with the best rate
    run = runs[name, 2000]
    own = torch.arange(len(run.model.seeds)) % len(seeds)
    return [signal[run.chosen].cpu() for signal in run.model.signals(inputs[own])]

# %%
kinds = answers[:, :1000].cpu()
alike = {name: torch.stack([likeness(signal, kinds) for signal in signals(name, letters(None, o))], 1)
         for name, o in (("tree", range(8)), ("tree, letters shuffled", torn),
                         ("all wires", range(8)))}  # (seeds, layers)
stairs = ("letters", "layer 1", "layer 2", "layer 3", "answer")
lesson.figure("alike", plot_curves(alike, "what is compared", "likeness, same less other meaning",
    at=stairs), caption="At the letters, sentences of one meaning are strangers.")
ends = {"letters": alike["tree"][:, 0], "answer": alike["tree"][:, -1]}
lesson.claim("letters-do-not-tell",
    "As letters, sentences of one meaning are more alike than others by {rule}", ends, "letters",
    trap={"as the tree answers": "answer"}, at_most=0.05)
pictures = [lines(lesson.pick(quick=300, smoke=60), seed) for seed in seeds]
pixels = torch.stack([drawn.pixels for drawn in pictures])
by = {name: likeness(pixels, torch.stack([drawn.truth[name] for drawn in pictures]))
      for name in ("answers", "indent")}
lesson.claim("pixels-do-not-tell",
    "As pixels, drawn lines with one answer are more alike than others by {rule}", by, "answers",
    trap={"at the same place": "indent"}, at_most=0.05, format=".3f", answers=("A43",))

# %% respelled
def moved(name, symbol, order=range(8)):  # against another sentence: 1
    pairs = zip(signals(name, letters(None, order)),
                signals(name, letters(symbol, order)))
    def apart(a, b):
        return (a - b).square().sum(dim=2).mean(dim=1)  # (seeds,)
    return torch.stack([apart(a, b) / apart(a, a.roll(1, dims=1))
                        for a, b in pairs], dim=1)  # (seeds, layers)

# %%
things = {"a syllable": 3, "a word": 1, "the meaning": 0}
stays = {thing: moved("tree", symbol) for thing, symbol in things.items()}
lesson.figure("forgotten", plot_curves(stays, "where", "moved (share of another sentence)",
    at=stairs), caption="Spell one thing otherwise. First the syllable is forgotten, then the word.")
torn_up = {thing: moved("tree, letters shuffled", symbol, torn) for thing, symbol in things.items()}
second = {name: m["a word"][:, 2] / m["a syllable"][:, 2]
          for name, m in (("tree", stays), ("shuffled", torn_up))}
lesson.claim("level-by-level",
    "The tree's second layer notices a word spelled otherwise {rule} times as much as a syllable",
    second, "tree", trap={"letters shuffled": "shuffled"}, at_least=3, format=".1f",
    answers=("C17",))

# %% pieces
# ## Is the world like that?
def pieces(photo, size, dice):  # by chance; mean 0 and contrast 1
    windows = photo.unfold(0, size, 1).unfold(1, size, 1)
    places = [torch.randint(n, (3000,), generator=dice)
              for n in windows.shape[:2]]
    some = windows[places[0], places[1]].flatten(1)  # (pieces, pixels)
    some = some - some.mean(dim=1, keepdim=True)
    contrast = some.square().mean(dim=1, keepdim=True).sqrt()
    return (some / contrast)[contrast[:, 0] > 0.02]

# %% alphabet
def alphabet(some, count=64):  # k-means: ten rounds
    words = some[:count]
    for _ in range(10):
        members = one_hot(torch.cdist(some, words).argmin(dim=1), count)
        sums = members.float().T @ some
        words = sums / members.sum(dim=0).clamp(min=1).unsqueeze(1)
    return words

def left(some, words):  # share of the variance that the nearest word misses
    return torch.cdist(some, words).amin(dim=1).square().mean() / some.shape[1]

# %%
photos = [torch.tensor(image).float().mean(dim=2) / 255 for image in load_sample_images().images]

def missed(size, seed, scrambled):  # learned from one photograph, tried on the other, both ways
    dice = torch.Generator().manual_seed(seed)
    seen = [p.flatten()[torch.randperm(p.numel(), generator=dice)].view_as(p) if scrambled else p
            for p in photos]
    one, other = (pieces(photo, size, dice) for photo in seen)
    return (left(other, alphabet(one)) + left(one, alphabet(other))) / 2

sides = lesson.pick(quick=(2, 3, 4, 6, 8, 12), smoke=(3, 6, 12))
miss = {name: torch.tensor([[missed(side, seed, name != "photographs") for side in sides]
                            for seed in seeds]) for name in ("photographs", "pixels shuffled")}
lesson.figure("alphabets", plot_curves(miss, "side of a piece (pixels)",
    "left by 64 pieces (share)", at=sides, share=True), caption="tba")
at = {(name, side): m[:, n] for name, m in miss.items() for n, side in enumerate(sides)}
for name, m in (("photographs", "photos"), ("pixels shuffled", "noise")):
    lesson.number(f"times-{m}", at[name, 12] / at[name, 3], format=".1f")
lesson.claim("small-pieces-serve",
    "Sixty-four pieces of 3 × 3 pixels from one photograph leave {rule:%} of another's", at,
    "photographs", 3, trap={"pixels shuffled": ("pixels shuffled", 3)}, at_most=0.42,
    answers=("A45",))
lesson.claim("textures-serve-as-well",
    "So do sixty-four pieces of 6 × 6 pixels: they leave {rule:%}", at, "photographs", 6,
    trap={"3 × 3 pixels": ("photographs", 3)}, at_most=0.5, expect="contradicted",
    answers=("A46",))
lesson.cite("A50", says="Reviews speak of compositional hierarchies: higher features are composed of "
    "lower ones, and deep networks exploit that many natural signals are built so.",
    source="LeCun, Bengio, Hinton, Deep learning, Nature 521, 436-444", date="2015")
lesson.cite("A53", says="Lin, Tegmark and Rolnick argue that physics makes it so: what generates the "
    "data often works in steps, and a deep network can undo them one by one.",
    source="Why does deep and cheap learning work so well?, J. Stat. Phys. 168", date="2017")
lesson.compare("paper-and-ours", {
    "sentences that a deep network needs": ("of order n_c mᴸ, here 512", "see above"),
    }, caption="tba")

# %% exercise-1
(exam, answers), (inputs, labels) = dealt(2000)
shared = exam @ inputs.mT  # letters in common: (seeds, new, learned)
nearest = labels.gather(1, shared.argmax(dim=2))
looked_up = (nearest == answers).double().mean(dim=1)

# %%
lesson.number("looked-up", looked_up)

# %% exercise-2
train("syllables whole", 2000, nets["tree"], order=[0, 1, 4, 5, 2, 3, 6, 7])

# %%
lesson.number("syllables-whole", new["syllables whole", 2000])

# %% exercise-3
def wide(copies):
    return MLP([64, 512, 8], "relu", "he", copies, lesson.device)

train("wide", 2000, wide, rates=(0.03,))

# %%
lesson.number("wide", new["wide", 2000])
