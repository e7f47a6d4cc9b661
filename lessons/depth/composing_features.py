"""
# Depth pays when it fits the world

Layers, people say, put small things together into large ones. We draw made-up languages, whose
sentences are made of words, words of syllables and syllables of letters. Does any deep network
learn them? What if we tear the syllables apart? And are photographs made like that?
"""

# %%
import torch
from sklearn.cluster import KMeans
from sklearn.datasets import load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d
from torch.nn.functional import normalize, one_hot

from lessonkit.data.grammar import Grammar, deal_all, own_batches
from lessonkit.data.reading import lines
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.trees import draw_tree
from lessonkit.models.mlp import MLP
from lessonkit.training import falling, fit, tune

lesson = Lesson("depth/composing_features", format=".2f")
seeds = lesson.seeds(quick=6, full=16, smoke=2)

# %%
# ## A language of parts
languages, rungs = [Grammar(seed) for seed in seeds], ("meaning", "words", "syllables", "letters")
first, one = languages[0], languages[0].draw(1)

def written(numbers):
    *parts, last = (row[0].tolist() for row in first.tree(numbers))
    above = [[f"{n}{p + 1}" for p in row] for n, row in zip("MWS", parts, strict=True)]
    return [*above, ["abcdefgh"[p] for p in last]]

lesson.figure("tree", draw_tree(written(one), rungs),
    caption="Read it upwards: each pair spells one thing. Whoever has the rules can read it.")
said = {"as drawn": one, "first syllable": first.respell(one, 3),
        "first word": first.respell(one, 1), "meaning": first.respell(one, 0)}
lesson.table("respelled", "spelled otherwise",
    {rung: {name: " ".join(written(n)[level]) for name, n in said.items()}
     for level, rung in enumerate(rungs)}, caption="One meaning, four of its sentences.")

# %% wired
# ## The networks
# A plain stack in which only some wires exist.
class Wired(MLP):
    def __init__(self, sizes, wires, copies):
        super().__init__(sizes, "relu", "he", copies, lesson.device)
        self.wires = [plan.to(lesson.device) for plan in wires]  # 1 or 0
        for weights, plan in zip(self.weights, self.wires, strict=True):
            weights.data *= (plan.shape[1] / plan[0].sum()).sqrt()  # He's size

    def weighted(self, layer, signal):
        weights = self.weights[layer] * self.wires[layer]  # 0 cuts a wire
        return torch.baddbmm(self.biases[layer].mT, weights, signal.mT).mT

# %% plans
def groups(count, outputs, inputs):  # blocks of wires, none between them
    return torch.block_diag(*[torch.ones(outputs, inputs)] * count)

units = [64, 96, 48, 24, 8]
tree = [groups(4, 24, 16), groups(2, 24, 48), groups(1, 24, 48),
        groups(1, 8, 24)]
every = [torch.ones_like(plan) for plan in tree]
local = [groups(4, 32, 16), groups(1, 8, 128)]
torn = [0, 2, 4, 6, 1, 3, 5, 7]  # the letters' new order: no syllable is whole

# %%
nets = {"tree": lambda copies: Wired(units, tree, copies),
        "tree, letters shuffled": lambda copies: Wired(units, tree, copies),
        "all wires": lambda copies: Wired(units, every, copies),
        "local, one layer": lambda copies: Wired([64, 128, 8], local, copies),
        "shallow": lambda copies: MLP([64, 128, 8], "relu", "he", copies, lesson.device)}
steps = {300: 300, 2000: 1000, 4000: 1000, 16000: 1600}
runs, known, new = {}, {}, {}  # by network and number of sentences

def reordered(inputs, order):  # (seeds, sentences, 64)
    return inputs.unflatten(2, (8, 8))[:, :, order].flatten(2)

@torch.no_grad()
def right(net, inputs, labels):  # (copies,)
    own = torch.arange(len(net.seeds)) % len(seeds)  # each copy reads its own language
    return (net(inputs[own]).argmax(dim=2) == labels[own]).double().mean(dim=1).cpu()

# %%
def train(name, count, build=None, order=range(8), rates=(0.01, 0.03)):
    parts = deal_all(languages, 2000, count)  # the exam comes first, so it stays the same
    (exam, answers), (learn, labels) = ((reordered(inputs, order).to(lesson.device),
                                         labels.to(lesson.device)) for inputs, labels in parts)
    copies, took = seeds * len(rates), lesson.pick(quick=steps[count], smoke=5)
    run = tune((build or nets[name])(copies), own_batches(learn, labels, 64, copies),
        lesson.progress(range(took), f"{name}, {count} sentences"), rates=rates,
        optimiser="adam", schedule=falling(took),
        measure=lambda net: 1 - right(net, exam, answers))
    runs[name, count], new[name, count] = run, 1 - run.measured  # (seeds,)
    known[name, count] = right(run.model, learn[:, :2000], labels[:, :2000])[run.chosen]

# %%
# The tree gets one learning rate, all others the better one of two.
counts, good = (2000, 4000, 16000), {"tree": (0.02,)}
for name in nets:
    train(name, 2000, order=torn if "shuffled" in name else range(8),
          rates=good.get(name, (0.01, 0.03)))
at_2000, learned_from = ({n: share[n, 2000] for n in nets} for share in (new, known))
lesson.figure("known-and-new", plot_dots(
    {n: {"learned from": learned_from[n], "new": at_2000[n]} for n in nets},
    "sentences right (share)", chance=1 / 8, legend="sentences"),
    caption="All wires, shallow: what was learned from is known. New ones are another matter.")
lesson.claim("the-tree-composes",
    "From 2,000 sentences, a network wired like the language gets {rule:%} of new ones right",
    at_2000, "tree", trap="tree, letters shuffled", at_least=0.8, answers=("A52",))
lesson.claim("shallow-knows-by-heart",
    "One hidden layer is better by {rule} on sentences that it learned from than on new ones",
    lambda name: learned_from[name] - at_2000[name], "shallow", trap="tree", at_least=0.3)
lesson.claim("depth-alone-adds-nothing",
    "From 2,000 sentences, depth with all wires adds {rule} to what one hidden layer gets right",
    lambda name: at_2000[name] - at_2000["shallow"], "all wires",
    trap={"wired like the language": "tree"}, at_most=0.05, answers=("A4", "A77"))
lesson.claim("local-is-not-enough",
    "Wires to whole syllables, but no levels above them, get {rule:%} of new sentences right",
    at_2000, "local, one layer", trap="tree", at_most=0.75, answers=("B29",))

# %%
for name in ("tree", "all wires", "shallow"):
    train(name, 4000, rates=good.get(name, (0.01, 0.03)))
    train(name, 16000, rates={"tree": (0.02,), "all wires": (0.01,), "shallow": (0.03,)}[name])
curves = {name: torch.stack([new[name, count] for count in counts], dim=1)  # (seeds, sizes)
          for name in ("tree", "all wires", "shallow")}
lesson.figure("by-sentences", plot_curves(curves, "sentences learned from",
    "new sentences right (share)", at=counts, share=True, chance=1 / 8),
    caption="Wires that fit are worth many sentences. With enough of these, the others catch up.")
lesson.number("ahead-at-4000", new["all wires", 4000] - new["shallow", 4000])
lesson.claim("wiring-does-not-matter",
    "A deep network with all wires does as well as one wired like the language, within {bound:%}",
    lambda count: new["tree", count] - new["all wires", count], 2000, at_most=0.1,
    trap={"16,000 sentences": 16000}, expect="contradicted", answers=("A9",))
lesson.claim("shallow-fails-on-new-ones",
    "Without depth, new sentences stay out of reach: {rule:%} right, even after 16,000",
    {count: new["shallow", count] for count in counts}, 16000, trap={"2,000 sentences": 2000},
    at_most=0.6, expect="contradicted", answers=("A41", "A44", "B20", "B22"))

# %% one-step
# ## A series of easy tasks
# One rung: a pair goes in, the thing that it spells comes out.
told = [language.tree(language.draw(2300)[2000:]) for language in languages]
tries = lesson.pick(quick=300, smoke=5)  # steps of training

def one_step(level, sentences):
    pairs = torch.stack([text[level + 1][:sentences] for text in told])
    spelled = torch.stack([text[level][:sentences].flatten()
                           for text in told])
    inputs = one_hot(pairs, 8).float().reshape(len(seeds), -1, 16)
    net = MLP([16, 32, 8], "relu", "he", seeds)
    fit(net, own_batches(inputs, spelled, 25, seeds), range(tries),
        learning_rate=0.03, optimiser="adam")
    return net

# %% three-steps
def climbed(sentences):  # three such networks, one on another
    symbols, meanings = exam
    for level in (2, 1, 0):
        pairs = symbols.reshape(len(seeds), -1, 16)
        spelled = one_step(level, sentences)(pairs).argmax(dim=2)
        symbols = one_hot(spelled, 8).float()
    return (spelled == meanings).double().mean(dim=1)  # (seeds,)

# %%
exam, learned = deal_all(languages, 2000, 2000)
train("shallow", 300)
ways = {"steps": climbed(300), "at once": new["shallow", 300]}
lesson.claim("easy-steps-add-up",
    "Three easy steps, told and learned from 300 sentences, get {rule:%} of new ones right",
    ways, "steps", trap={"all at once": "at once"}, at_least=0.95, answers=("A47", "A48", "A49"))

# %% likeness
# ## What the layers do
def likeness(signals, kinds):  # of one kind, less that of different kinds
    signals = signals.flatten(2)  # (seeds, examples, numbers)
    signals = normalize(signals - signals.mean(dim=1, keepdim=True), dim=2)
    alike = signals @ signals.mT  # 1: the same; 0: strangers
    same = kinds.unsqueeze(2) == kinds.unsqueeze(1)
    others = ~torch.eye(alike.shape[1], dtype=torch.bool)
    return torch.stack([a[s & others].mean() - a[~s].mean()
                        for a, s in zip(alike, same, strict=True)])  # (seeds,)

# %%
@torch.no_grad()
def signals(name, symbol=None):  # layer by layer, of 1,000 new sentences, one thing respelled
    drawn = [(language, language.draw(1000)) for language in languages]
    texts = [g.tree(n if symbol is None else g.respell(n, symbol))[-1] for g, n in drawn]
    inputs = one_hot(torch.stack(texts), 8).flatten(2).float()
    inputs = reordered(inputs, torn if "shuffled" in name else range(8)).to(lesson.device)
    run = runs[name, 2000]
    all_copies = run.model.signals(inputs[torch.arange(len(run.model.seeds)) % len(seeds)])
    return [signal[run.chosen].cpu() for signal in all_copies]  # (seeds, sentences, units)

floors = ("letters", "layer 1", "layer 2", "layer 3", "answer")
alike = {floor: likeness(signal, exam[1][:, :1000])
         for floor, signal in zip(floors, signals("tree"), strict=True)}
lesson.claim("letters-do-not-tell",
    "As letters, sentences of one meaning are more alike than others by {rule}", alike, "letters",
    trap={"as the tree answers": "answer"}, at_most=0.05, format=".3f")
drawn = [lines(200, seed) for seed in seeds]
pixels = torch.stack([pictures.pixels for pictures in drawn])
lesson.claim("pixels-do-not-tell",
    "As pixels, drawn lines with one answer are more alike than others by {rule}",
    lambda kind: likeness(pixels, torch.stack([pictures.truth[kind] for pictures in drawn])),
    "answers", trap={"at the same place": "indent"}, at_most=0.05, format=".3f", answers=("A43",))

# %% respelled-by-floor
def moved(name, symbol):  # 1: as far as another sentence
    def apart(a, b):
        return (a - b).square().sum(dim=2).mean(dim=1)  # (seeds,)
    pairs = zip(signals(name), signals(name, symbol), strict=True)
    return torch.stack([apart(a, b) / apart(a, a.roll(1, dims=1))
                        for a, b in pairs], dim=1)  # (seeds, floors)

# %%
things = ("a syllable", "a word", "the meaning")
tells = {thing: moved("tree", n) for thing, n in zip(things, (3, 1, 0), strict=True)}
lesson.figure("forgotten", plot_curves(tells, "floor", "moved (share of another sentence)",
    at=floors), caption="Spelled otherwise: first the syllable is forgotten, then the word.")
lesson.claim("level-by-level",
    "A syllable spelled otherwise moves the tree's second layer {rule:%} as far as a word does",
    lambda name: moved(name, 3)[:, 2] / moved(name, 1)[:, 2], "tree",
    trap="tree, letters shuffled", at_most=0.45, answers=("C17",))

# %% alphabet
# ## Is the world like that?
def pieces(photo, side, seed):  # by chance; of mean 0 and contrast 1
    some = extract_patches_2d(photo, (side, side), max_patches=2000,
                              random_state=seed).reshape(2000, -1)
    some = some - some.mean(axis=1, keepdims=True)
    contrast = some.std(axis=1, keepdims=True)
    return (some / contrast.clip(1e-6))[contrast[:, 0] > 0.02]

def left(ours, theirs, seed):  # by the nearest of 64 of ours (k-means)
    words = KMeans(64, n_init=1, max_iter=10, random_state=seed).fit(ours)
    return (words.transform(theirs).min(axis=1) ** 2).mean() / theirs.shape[1]

# %%
photos = [torch.tensor(image).float().mean(dim=2) / 255 for image in load_sample_images().images]
sides = lesson.pick(quick=(2, 3, 6, 12), smoke=(3, 6, 12))

def missed(side, seed, shuffled):  # learned from one photograph, tried on the other, both ways
    dice = torch.Generator().manual_seed(seed)
    seen = [p.flatten()[torch.randperm(p.numel(), generator=dice)].view_as(p) if shuffled else p
            for p in photos]
    one, other = (pieces(photo.numpy(), side, seed) for photo in seen)
    return (left(one, other, seed) + left(other, one, seed)) / 2

# %%
miss = {name: torch.tensor([[missed(side, seed, cut) for side in sides] for seed in seeds])
        for name, cut in (("photographs", False), ("pixels shuffled", True))}  # (seeds, sides)
lesson.figure("alphabets", plot_curves(miss, "side of a piece (pixels)", "left (share)", at=sides,
    share=True), caption="What 64 pieces of one photograph leave of another.")
at = {(name, side): m[:, n] for name, m in miss.items() for n, side in enumerate(sides)}
for name, short in (("photographs", "photos"), ("pixels shuffled", "noise")):
    lesson.number(f"times-{short}", at[name, 12] / at[name, 3], format=".1f")
lesson.claim("small-pieces-serve",
    "Sixty-four pieces of 3 × 3 pixels from one photograph leave {rule:%} of another's",
    at, "photographs", 3, trap={"pixels shuffled": ("pixels shuffled", 3)}, at_most=0.42,
    answers=("A45",))
lesson.claim("textures-serve-as-well",
    "So do 64 pieces of 6 × 6 pixels: they leave {rule:%}", at, "photographs", 6,
    trap={"3 × 3 pixels": ("photographs", 3)}, at_most=0.5, expect="contradicted", answers=("A46",))
lesson.cite("A50", says="Reviews say it so: many natural signals are compositional hierarchies, "
    "and deep networks exploit that. The usual word is compositionality.",
    source="LeCun, Bengio, Hinton, Deep learning, Nature 521", date="2015")
lesson.cite("A53", says="Lin, Tegmark and Rolnick argue that physics explains it: what makes the "
    "data often works in steps, and a deep network can undo them one by one.",
    source="Why does deep and cheap learning work so well?, J. Stat. Phys. 168", date="2017")
lesson.compare("paper-and-ours", {
    "examples that deep networks need, in order of size": ("meanings · synonymsᴸ", "8 · 4³ = 512"),
    "all wires, 16,000 examples": ("not reported", new["all wires", 16000])},
    caption="The order of size is the paper's; the wires and the measured share are ours.")

# %% exercise-1
(inputs, meanings), (known_inputs, known_meanings) = exam, learned
shared = inputs @ known_inputs.mT  # letters in common: (seeds, new, known)
looked_up = known_meanings.gather(1, shared.argmax(dim=2)) == meanings

# %%
lesson.number("looked-up", looked_up.double().mean(dim=1))

# %% exercise-2
train("whole", 2000, nets["tree"], [0, 1, 4, 5, 2, 3, 6, 7], rates=(0.03,))

# %%
lesson.number("syllables-whole", new["whole", 2000])

# %% exercise-3
fewer = {sentences: climbed(sentences) for sentences in (30, 100)}

# %%
lesson.table("fewer", "sentences told", {"new sentences right": fewer | {300: ways["steps"]}},
    caption="Three steps, and how much each must be told.")
