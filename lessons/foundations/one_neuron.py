"""
# One neuron draws one straight line

What can a neuron do alone, and what can it never do, however long it trains?
"""

# %%
import itertools

import torch
from torch import nn

from lessonkit.data.digits import digits
from lessonkit.data.examples import batches
from lessonkit.data.plane import AND, OR, XOR, clouds, rings
from lessonkit.evidence import Lesson
from lessonkit.figures.planes import Plane, plot_planes
from lessonkit.figures.weights import plot_weights
from lessonkit.models.mlp import MLP
from lessonkit.probes.lines import best_line
from lessonkit.training import fit, tune, yes_no_loss

lesson = Lesson("foundations/one_neuron", format=".1%")
seeds = lesson.seeds(quick=10, full=50, smoke=2)
train, test = digits()

# %% by-hand
# ## The neuron
def neuron(numbers, weights, bias):
    products = numbers * weights  # multiply
    total = products.sum(dim=-1) + bias  # add
    return 1 / (1 + torch.exp(-total))  # squash

# %%
torch.manual_seed(seeds[0])
layer, inputs = nn.Linear(64, 1).double(), test.inputs.double()
weights, library = layer.weight[0], torch.sigmoid(layer(inputs))[:, 0]
orders = {"last": neuron(inputs, weights, layer.bias),
          "squash first": torch.sigmoid(inputs * weights).sum(dim=1) + layer.bias}
lesson.claim("three-lines-are-a-neuron", "Multiply, add, squash: so answers PyTorch's neuron, too",
    {n: ((answer - library).abs() < 1e-9).double().mean() for n, answer in orders.items()},
    "last", trap="squash first", at_least=1, exact=True, format=".0%", answers=("A10", "B10"))

# %%
# ## Lamps with two switches: 400 points to learn from, and 1,000 new ones for the exam
lamps = {"XOR": XOR, "AND": AND, "OR": OR}
learn = {n: clouds(400, seeds, kinds) for n, kinds in lamps.items()}
exam = {n: clouds(1000, [seed + 10**7 for seed in seeds], kinds) for n, kinds in lamps.items()}

# %% train
rates, steps = (0.005, 0.05, 0.5), lesson.pick(quick=600, smoke=5)
def trained(points, kinds, hidden=(), loss=yes_no_loss, network=MLP,
            rates=rates, steps=steps):
    sizes = [points.shape[2], *hidden, 1]  # from two numbers to one
    net = network(sizes, "tanh", "xavier", seeds * len(rates))
    p, k = points.repeat(len(rates), 1, 1), kinds.repeat(len(rates), 1)
    return tune(net, itertools.repeat((p, k)), range(steps), rates=rates,
                measure=lambda net: 1 - right(net(p), k),
                optimiser="adam", loss=loss)

# %% bump
class Bump(MLP):  # another squash: it rises, and then it falls
    def forward(self, points):
        return 1 - super().forward(points) ** 2  # and then the sigmoid

# %%
def right(sums, kinds):  # a sum above 0 means kind 1: the answer is above one half
    return ((sums[..., 0] > 0) == kinds).double().mean(dim=1)

def sums(points, run):  # of the copies with the best learning rate
    copies = len(run.model.seeds) // len(points)
    return run.model(points.repeat(copies, 1, 1))[run.chosen].detach()

runs = {(n, "one neuron"): trained(*learn[n]) for n in lamps}
runs["XOR", "a small stack"] = trained(*learn["XOR"], hidden=(8,))
runs["XOR", "distance"] = trained(*learn["XOR"], loss=lambda sums, kinds: (
    torch.sigmoid(sums[..., 0]) - kinds).abs().mean(dim=1))  # the distance from the truth
runs["XOR", "a bump"] = trained(*learn["XOR"], network=Bump, rates=[0.5])
drawn = torch.arange(len(seeds))[:, None], torch.randint(400, (len(seeds), 400))
runs["XOR", "uneven"] = trained(*(part[drawn] for part in learn["XOR"]))  # corners by chance
says = {(n, who): sums(exam[n][0], run) for (n, who), run in runs.items()}
accuracy = {(n, who): right(said, exam[n][1]) for (n, who), said in says.items()}
best = {n: best_line(*exam[n]) for n in ("XOR", "AND")}
accuracy |= {(n, "the best line"): share for n, (share, _) in best.items()}
accuracy["both", "one neuron"] = torch.minimum(*(accuracy[n, "one neuron"] for n in ("AND", "OR")))

# %%
lesson.number("steps", steps, format="d")
lesson.number("uneven", accuracy["XOR", "uneven"])
lesson.number("two-lines", right(exam["AND"][0].amin(dim=2)[..., None], exam["AND"][1]))
lesson.claim("training-does-not-help",
    "Trained on XOR, each corner equally often, one neuron gets {rule:.0%} of new points right",
    accuracy, "XOR", "one neuron", trap={"a hidden layer of 8 neurons": ("XOR", "a small stack")},
    at_most=0.6, answers=("A2",))
lesson.claim("no-line-does-xor",
    "The best of all straight lines gets {rule:.0%} of the XOR points right", accuracy, "XOR",
    "the best line", trap={"AND": ("AND", "the best line")}, at_most=0.77, answers=("A2",))
lesson.claim("and-or-are-learned",
    "Of AND and of OR, one neuron gets {rule:.0%} of new points right", accuracy, "both",
    "one neuron", trap={"XOR": ("XOR", "one neuron")}, at_least=0.95, answers=("A2",))
lesson.claim("it-says-half",
    "Trained on XOR, one neuron says about one half to everything: on average {rule} off",
    {n: (torch.sigmoid(said) - 0.5).abs().mean(dim=(1, 2)) for n, said in says.items()},
    "XOR", "one neuron", trap={"distance as loss": ("XOR", "distance")}, at_most=0.05, format=".3f")
lesson.claim("another-loss-gets-three",
    "With the distance as loss, one neuron gets {rule:.0%} of XOR right", accuracy, "XOR",
    "distance", trap={"the usual loss": ("XOR", "one neuron")}, at_least=0.65)
lesson.claim("a-bump-is-enough",
    "With a squash that rises and falls, one neuron gets {rule:.0%} of XOR right", accuracy, "XOR",
    "a bump", trap={"a squash that only rises": ("XOR", "one neuron")}, at_least=0.8)

# %%
def plane(lamp, lines):  # of the first seed
    return Plane(*(part[0, :120] for part in exam[lamp]), lines)

def path(lamp):  # the line of its neuron while that trains
    nets = {step: trained(*learn[lamp], rates=[0.05], steps=step).model
            for step in lesson.pick(quick=(1, 10, 100, 600), smoke=(1, 2))}
    return {f"step {step}": (*net.weights[0][0, 0].tolist(), net.biases[0][0].item())
            for step, net in nets.items()}

words = {"x": "first switch", "y": "second switch", "kinds": ("lamp dark", "lamp lit")}
lesson.figure("turning-line", plot_planes({
    "one neuron, training": plane("XOR", path("XOR")),
    "the best line": plane("XOR", {"best": best["XOR"][1][0].tolist()})}, **words),
    caption="One seed. Left: where the neuron is undecided after 1, 10, 100 and 600 steps, from "
    "faint to strong; by then it is nearly undecided everywhere. Right: the best of all lines.")
lesson.figure("and-or", plot_planes({n: plane(n, path(n)) for n in ("AND", "OR")}, **words),
    caption="One seed. The same clouds, other lamps: the line moves until it lies between them.")

# %%
# ## A job for one neuron: to tell two digits apart, in all 45 pairs
pairs = torch.combinations(torch.arange(10)).T  # the smaller digits, the larger
copies = [seed for seed in seeds for _ in range(45)]

def by_pair(examples, count):  # first those of the smaller digit: (45, 2 count, 64)
    digits = [examples.inputs[examples.labels == digit][:count] for digit in range(10)]
    return torch.cat(tuple(torch.stack(digits)[pairs]), dim=1) - train.inputs.min()

def moved(pictures, by):  # so many pixels to the right, or below 0 to the left
    padded = nn.functional.pad(pictures.unflatten(-1, (8, 8)), (2, 2))
    return padded[..., 2 - by : 10 - by].flatten(-2)
known, new = by_pair(train, 131), by_pair(test, 43)

# %% tell-apart
def told(kinds, sides=(0,), hidden=()):  # kinds: 1 for the larger digit
    copy = torch.arange(len(copies))[:, None]
    turns = zip(batches(262, 32, copies), itertools.cycle(sides))
    stream = ((moved(known[copy % 45, some], side), kinds[copy, some])
              for some, side in turns)
    net = MLP([64, *hidden, 1], "tanh", "xavier", copies)
    fit(net, stream, range(steps // 3), learning_rate=0.1, momentum=0,
        loss=yes_no_loss)
    return net

# %%
def share(net, *sides):  # of pictures moved so, both digits of each pair: (seeds, 45)
    pictures = torch.cat([moved(new, by) for by in sides], dim=1).repeat(len(seeds), 1, 1)
    said = (net(pictures) > 0).view(len(seeds), 45, len(sides), 86)
    return (said == truth).double().mean(dim=(2, 3))

true, truth = (torch.arange(2).repeat_interleave(count) for count in (131, 43))
answers, dealt = true.expand(len(copies), -1), true[next(batches(262, 262, copies))]
nets = {"true answers": told(answers), "shuffled answers": told(dealt),
        "trained on moved ones, too": told(answers, sides=(0, 2, -2)),
        "a small stack": told(answers, hidden=(32,))}
apart = {n: share(net, 0) for n, net in nets.items()}
aside = {n: share(net, 2, -2).mean(dim=1) for n, net in nets.items()}
lesson.number("flawless", (apart["true answers"] == 1).sum(dim=1), format="d")
lesson.number("stack-aside", aside["a small stack"])
lesson.number("price", (apart["true answers"] - apart["trained on moved ones, too"]).mean(dim=1))
lesson.claim("two-digits-are-told-apart",
    "Of its hardest two digits, one neuron gets {rule:.0%} of 86 new pictures right",
    {n: share.amin(dim=1) for n, share in apart.items()}, "true answers", trap="shuffled answers",
    at_least=0.85, answers=("A2",))
lesson.claim("a-shift-breaks-it",
    "Move the digits two pixels aside, and neurons trained on unmoved ones get {rule:.0%} right",
    aside, "true answers", trap="trained on moved ones, too", at_most=0.6, answers=("B21",))

# %%
means = known.unflatten(1, (2, 131)).mean(dim=2)  # of each digit: (45, 2, 64)
differ = (means[:, 1] - means[:, 0]).expand(len(seeds), -1, -1)
weights = {n: nets[n].weights[0].detach().view(-1, 45, 64) for n in list(nets)[:2]}
lesson.claim("weights-are-a-template",
    "A neuron's weights look like the difference of its two digits: correlation {rule}",
    {n: nn.functional.cosine_similarity(*(x - x.mean(dim=2, keepdim=True) for x in (w, differ)),
        dim=2).median(dim=1).values for n, w in weights.items()},
    "true answers", trap="shuffled answers", at_least=0.5, format=".2f", answers=("B21",))
rows = {"weights": weights["true answers"], "difference": differ}
lesson.figure("templates", plot_weights(
    {n: [(row / row.abs().max()).view(8, 8) for row in part[0, [0, 17, 30, 39, 44]]]
     for n, part in rows.items()}, ["0 or 1", "2 or 3", "4 or 5", "6 or 7", "8 or 9"]),
    caption="One seed. Orange: ink here is a vote for the larger digit. Blue: for the smaller one.")
lesson.cite("B5", "B6", says="McCulloch and Pitts made logic of the brain's cells, which pass on "
    "signals. Rosenblatt offered a perceptron, which learned, as a model.", date="1943, 1958",
    source="Bulletin of Mathematical Biophysics 5, p. 115; Psychological Review 65, p. 386")
lesson.cite("B8", says="Roughly at best: parts of single cells of the human brain can tell apart "
    "what no straight line parts.", date="2020", source="A. Gidon et al., Science 367, p. 83")

# %% exercise-1
def explained(switches):  # how many lamps, by neurons with small whole weights
    corners = torch.tensor([*itertools.product((-1, 1), repeat=switches)])
    neurons = torch.tensor([*itertools.product(range(-3, 4), repeat=switches)])
    lit = [corners @ neurons.T + bias > 0.5 for bias in range(-8, 9)]
    return torch.cat(lit, dim=1).unique(dim=1).shape[1]

# %% exercise-2
(points, kinds), (p, k) = (rings(400, seeds),
                           rings(1000, [seed + 10**7 for seed in seeds]))
run = trained(torch.cat([points, points**2], dim=2), kinds)
lesson.number("hoop", right(sums(torch.cat([p, p**2], dim=2), run), k))
lesson.number("rings-line", best_line(p, k)[0])

# %% exercise-3
lesson.number("one-pixel", share(nets["true answers"], 1, -1).mean(dim=1))

# %%
lesson.compare("paper-and-ours", {f"lamps with a line, of {2**2**n:,}": (counted, explained(n))
    for n, counted in ((2, "14"), (3, "104"), (4, "1,882"))}, format=",d",
    caption="Lamps of two, three, four switches. Ours were found by trying small whole weights.")
