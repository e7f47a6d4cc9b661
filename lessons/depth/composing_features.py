"""
# Depth pays when it fits the world

Layers, people say, put small things together into large ones. Does any deep network do so?
"""

# %%
import torch
from sklearn.cluster import KMeans
from sklearn.datasets import load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d
from torch.nn.functional import normalize, one_hot

from lessonkit.data.digits import digits
from lessonkit.data.grammar import Grammar, deal_all, own_batches
from lessonkit.data.reading import lines
from lessonkit.evidence import Lesson
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.maps import plot_grid
from lessonkit.figures.trees import draw_tree
from lessonkit.models.mlp import MLP
from lessonkit.training import descent, fit, mean_loss

lesson = Lesson("depth/composing_features", format=".2f")
seeds = lesson.seeds(quick=6, full=16, smoke=2)

# %%
# ## A language of parts
languages = [Grammar(seed) for seed in seeds]
first, one = languages[0], languages[0].draw(1)

def written(numbers):  # what stands at each level
    *parts, last = (row[0].tolist() for row in first.tree(numbers))
    above = [[f"{n}{p + 1}" for p in row] for n, row in zip("MWS", parts, strict=True)]
    return [*above, ["abcdefgh"[p] for p in last]]

lesson.figure("tree", draw_tree(written(one), ("meaning", "words", "syllables", "letters")),
    caption="Read it upwards: each pair spells one thing. Whoever has the rules can read it.")
said = {"nothing": one, "syllable": first.respell(one, 3), "word": first.respell(one, 1),
        "meaning": first.respell(one, 0)}
lesson.table("respelled", "spelled otherwise", {rung: {thing: " ".join(written(n)[level])
    for thing, n in said.items()} for rung, level in (("words", 1), ("letters", 3))},
    caption="One meaning, four of its sentences.")

# %% wired
# ## The networks
# A plain stack in which only some wires exist.
class Wired(MLP):
    def __init__(self, sizes, wires, copies):
        super().__init__(sizes, "relu", "he", copies)
        self.wires = wires  # 1 or 0
        for weights, plan in zip(self.weights, wires, strict=True):
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
torn = tree[0].unflatten(1, (8, 8))[:, [0, 4, 1, 5, 2, 6, 3, 7]].flatten(1)

# %%
nets = {"tree": (units, tree), "torn tree": (units, [torn, *tree[1:]]),
        "syllables, then all": (units, tree[:1] + every[1:]), "all wires": (units, every),
        "shallow": ([64, 128, 8], [torch.ones(128, 64), torch.ones(8, 128)])}
known, new = {}, {}  # by network and number of sentences

def train(name, count, rate=0.02, steps=1000):
    exam, learn = deal_all(languages, 2000, count)
    net, steps = Wired(*nets[name], seeds), lesson.pick(quick=steps, smoke=5)
    stepper = descent("adamw", net, rate, decay=0.2)  # at every step all weights shrink a little
    batches = own_batches(*learn, 64, seeds)
    for step in lesson.progress(range(steps), f"{name}, {count}"):
        inputs, meanings = next(batches)
        stepper.step(mean_loss(net(inputs), meanings), 1 - step / steps)  # of the rate
    with torch.no_grad():
        known[name, count], new[name, count] = (
            (net(inputs[:, :2000]).argmax(dim=2) == meanings[:, :2000]).double().mean(dim=1)
            for inputs, meanings in (learn, exam))  # (seeds,)
    return new[name, count]

# %%
counts = (2000, 4000, 16000)
for count in counts:
    train("tree", count)
    for name in ("all wires", "shallow"):
        train(name, count, steps=1800)
for name in ("torn tree", "syllables, then all"):
    train(name, 2000)
lesson.figure("by-sentences", plot_dots(
    {f"{n:,}": {net: new[net, n] for net in ("tree", "all wires", "shallow")} for n in counts},
    "new sentences right (share)", chance=1 / 8, legend="networks"),
    caption="By sentences learned from. With many, all wires catch up with the tree.")

# %% exercise-1
# Answer as the learned sentence with most letters in common.
exam, learned = deal_all(languages, 2000, 2000)
common = exam[0] @ learned[0].mT  # (seeds, new, learned)
answers = learned[1].gather(1, common.argmax(dim=2))
listed = (answers == exam[1]).double().mean(dim=1)  # (seeds,)

# %%
lesson.number("listed", listed)
at_2000, learned_from = ({n: share[n, 2000] for n in nets} for share in (new, known))
rows = {n: {"learned from": learned_from[n], "new": at_2000[n]} for n in nets}
lesson.figure("known-and-new", plot_dots(rows | {"a list": {"learned from": listed * 0 + 1,
    "new": listed}}, "sentences right (share)", chance=1 / 8, legend="sentences"),
    caption="By network. All but the torn tree know their old sentences: look at the new ones.")
lesson.claim("the-tree-composes", "From 2,000 sentences, a network wired like the language gets "
    "{rule:%} of new ones right", at_2000, "tree", trap="torn tree", at_least=0.9,
    answers=("A52",))
lesson.claim("first-cut-is-enough", "Wired to whole syllables, with all wires above, it gets "
    "{rule:%} of new ones right", at_2000, "syllables, then all", trap="all wires", at_least=0.7)
lesson.claim("shallow-knows-by-heart", "One hidden layer is better by {rule} on sentences that it "
    "learned from than on new ones", lambda name: learned_from[name] - at_2000[name], "shallow",
    trap="tree", at_least=0.2)
lesson.claim("wiring-does-not-matter", "From 2,000 sentences, a plain deep network does as well as "
    "one wired like the language, within {bound:%}", lambda n: new["tree", n] - new["all wires", n],
    2000, at_most=0.05, trap={"from 16,000": 16000}, expect="contradicted", answers=("A9", "A77"))
ahead = {n: new["all wires", n] - new["shallow", n] for n in counts}
lesson.number("ahead-at-4000", ahead[4000])
lesson.claim("depth-needs-examples", "From 16,000 sentences, depth with all wires leaves {rule:%} "
    "of one hidden layer's mistakes", lambda n: 1 - ahead[n] / (1 - new["shallow", n]), 16000,
    at_most=0.25, trap={"2,000 sentences": 2000})
lesson.claim("shallow-fails-on-new-ones", "Without depth, new sentences stay out of reach: "
    "{rule:%} right, even after 16,000", lambda n: new["shallow", n], 16000, at_most=0.6,
    trap={"2,000 sentences": 2000}, expect="contradicted", answers=("A41", "A44", "B20", "B22"))

# %% climbed
# ## A series of easy tasks
# Told the parts; one small network for each step, the same at all places.
def climbed(sentences):
    symbols = exam[0]
    for level in (2, 1, 0):  # syllables, words, meaning
        below, above = (torch.stack([text[n][:sentences] for text in told])
                        for n in (level + 1, level))
        pairs = one_hot(below, 8).float().reshape(len(seeds), -1, 16)
        net = MLP([16, 32, 8], "relu", "he", seeds)
        fit(net, own_batches(pairs, above.flatten(1), 25, seeds),
            range(tries), learning_rate=0.03, optimiser="adam")
        read = net(symbols.reshape(len(seeds), -1, 16)).argmax(dim=2)
        symbols = one_hot(read, 8).float()
    return (read == exam[1]).double().mean(dim=1)  # (seeds,)

# %%
tries = lesson.pick(quick=300, smoke=5)  # steps of training
told = [language.tree(language.draw(2300)[2000:]) for language in languages]
parts = torch.stack([torch.cat(text[:3], dim=1) for text in told])  # all that can be told
read = torch.stack([first.one_hot(text[3]) for text in told])
asked = MLP([64, 128, 56], "relu", "he", seeds)
fit(asked, own_batches(read, parts, 64, seeds), range(2 * tries), learning_rate=0.01,
    optimiser="adam", loss=lambda outputs, things: mean_loss(
        outputs.unflatten(2, (7, 8)).flatten(1, 2), things.flatten(1)))
at_once = (asked(exam[0])[:, :, :8].argmax(dim=2) == exam[1]).double().mean(dim=1)
ways = {"told the parts": {"step by step": climbed(300), "at once": at_once},
        "told the meaning": {"step by step": train("tree", 300, steps=600),
                            "at once": train("shallow", 300, steps=600)}}
lesson.figure("four-ways", plot_grid(ways, "new sentences right (share)", most=1),
    caption="Learned from 300 sentences. Steps or told parts alone do little; both together do.")
both, *others = [share for row in ways.values() for share in row.values()]
lesson.claim("easy-steps-add-up", "Three steps, told the parts of 300 sentences, get {rule:%} of "
    "new ones right", {"both": both, "less": torch.stack(others).amax(dim=0)}, "both",
    trap={"the best of the other three": "less"}, at_least=0.9, answers=("A47", "A48", "A49"))

# %%
# ## Is the world like that?
def likeness(pictures, kinds):  # of one kind, less that of others
    lists = pictures.flatten(2)  # (seeds, pictures, numbers)
    lists = normalize(lists - lists.mean(dim=1, keepdim=True), dim=2)
    alike = lists @ lists.mT  # 1: the same; 0: strangers
    same = kinds.unsqueeze(2) == kinds.unsqueeze(1)
    others = same & ~torch.eye(same.shape[1], dtype=torch.bool)
    return torch.stack([a[o].mean() - a[~s].mean()
                        for a, o, s in zip(alike, others, same, strict=True)])

drawn, scans = [lines(200, seed) for seed in seeds], digits()[0]
pixels = torch.stack([pictures.pixels for pictures in drawn])
lesson.claim("pixels-do-not-tell", "As pixels, drawn lines with one answer are more alike than "
    "others by {rule}", lambda kind: likeness(pixels, torch.stack([d.truth[kind] for d in drawn])),
    "answers", trap={"at the same place": "indent"}, at_most=0.05, format=".3f", answers=("A43",))
lesson.number("digits-alike", likeness(scans.inputs[None], scans.labels[None]))

# %% alphabet
def pieces(photo, seed):  # 3 × 3 pixels, of mean 0 and contrast 1
    some = extract_patches_2d(photo.numpy(), (3, 3), max_patches=2000,
                              random_state=seed).reshape(-1, 9)
    some = some - some.mean(axis=1, keepdims=True)
    contrast = some.std(axis=1, keepdims=True)
    return (some / contrast.clip(1e-6))[contrast[:, 0] > 0.02]

def missed(ours, theirs, seed):  # by the nearest of 64 of ours
    words = KMeans(64, n_init=1, max_iter=10, random_state=seed)
    gaps = words.fit(pieces(ours, seed)).transform(pieces(theirs, seed))
    return (gaps.min(axis=1) ** 2).mean() / 9

# %%
def smooth(photo, white):  # the photo's waves, each shifted by chance
    waves, noise = torch.fft.rfft2(photo), torch.fft.rfft2(white)
    return torch.fft.irfft2(waves.abs() * noise / noise.abs(), s=photo.shape)

photos = [torch.tensor(image).float().mean(dim=2) / 255 for image in load_sample_images().images]
white = [torch.rand(photos[0].shape, generator=torch.Generator().manual_seed(n)) for n in seeds]
alphabets = {"photograph": lambda photo, white: photo, "smooth noise": smooth,
             "white noise": lambda photo, white: white}
gaps = {of: torch.tensor([[missed(make(ours, noise), theirs, seed)
    for ours, theirs in (photos, photos[::-1])] for seed, noise in zip(seeds, white, strict=True)]
    ).mean(dim=1) for of, make in alphabets.items()}  # each photograph tried on the other
lesson.claim("photographs-serve-better", "Pieces of one photograph miss less of another than "
    "pieces of smooth noise do, by {rule}", lambda of: gaps[of] - gaps["photograph"],
    "smooth noise", trap="white noise", at_least=0.06, expect="contradicted", answers=("A45",))
lesson.cite("A50", "A53", says="The usual word is compositionality. Some reviews say that many "
    "natural signals have it; some argue that physics makes them so.", date="2015 and 2017",
    source="LeCun and others, Nature 521; Lin, Tegmark and Rolnick, J. Stat. Phys. 168")
lesson.compare("paper-and-ours", {
    "deep, all wires": ("of the order of 8 · 4³ = 512", new["all wires", 4000]),
    "shallow": ("of the order of all, 131,072", new["shallow", 16000])},
    caption="Sentences needed; ours: the share right after 4,000 and after 16,000.")

# %% exercise-2
lesson.number("other-rate", train("shallow", 4000, 0.03, steps=1800))

# %% exercise-3
fewer = {sentences: climbed(sentences) for sentences in (30, 100)}
lesson.table("fewer", "sentences told", {"new sentences right":
    fewer | {300: both}}, caption="How much each step must be told.")
