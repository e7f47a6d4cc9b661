"""
# One neuron draws one straight line

A neuron multiplies, adds and squashes. What can it do alone, and what can it never do, however long
it trains? We work it out by hand, measure it beside the best line that there is, and then give one
neuron a job that it does well: to tell two handwritten digits apart.
"""

# %%
import itertools

import torch
from torch import nn

from lessonkit.data.digits import digits
from lessonkit.data.examples import batches
from lessonkit.data.plane import AND, CORNERS, OR, XOR, clouds, rings
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
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
torch.manual_seed(0)
layer, inputs = nn.Linear(64, 1).double(), test.inputs.double()
weights, bias, library = layer.weight[0], layer.bias, torch.sigmoid(layer(inputs))[:, 0]
orders = {"squash last": neuron(inputs, weights, bias),
          "squash before adding": torch.sigmoid(inputs * weights).sum(dim=1) + bias}
lesson.claim("three-lines-are-a-neuron", "Multiply, add, squash is what PyTorch's neuron does",
    {n: (answer - library).abs().max() for n, answer in orders.items()}, "squash last",
    trap="squash before adding", equals=(0, 1e-12), exact=True, format=".1g",
    answers=("A10", "B10"))

colours = list(itertools.product((0, 1), repeat=4))  # of four corners
shares, _ = best_line(torch.tensor([CORNERS] * 16), torch.tensor(colours))
lesson.claim("no-line-parts-the-corners",
    "Of the four corners of XOR, the best straight line gets {rule:.0%} right",
    dict(zip(colours, shares, strict=True)).get, XOR, trap={"the corners of AND": AND},
    at_most=0.75, exact=True, format=".0%", answers=("A2",))

# %%
# ## Worlds of points
# For each seed, 400 points to learn from and 1,000 new ones for the exam.
def worlds(count, seeds):
    lamps = {"XOR": XOR, "AND": AND, "OR": OR}
    return {"rings": rings(count, seeds)} | {
        name: clouds(count, seeds, kinds) for name, kinds in lamps.items()}

learn, exam = worlds(400, seeds), worlds(1000, [s + 10**7 for s in seeds])

# %% train
rates, steps = (0.005, 0.05, 0.5), lesson.pick(quick=600, smoke=5)

def trained(points, kinds, hidden=(), bias=True, rates=rates, steps=steps):
    sizes = [points.shape[2], *hidden, 1]  # from two numbers to one
    net = MLP(sizes, "tanh", "xavier", seeds * len(rates))
    net.biases.requires_grad_(bias)  # without, they stay at zero
    p, k = points.repeat(len(rates), 1, 1), kinds.repeat(len(rates), 1)
    return tune(net, itertools.repeat((p, k)), range(steps), rates=rates,
                measure=lambda net: 1 - right(net(p), k),
                optimiser="adam", loss=yes_no_loss)

# %%
def right(sums, kinds):  # a sum above 0 means kind 1
    return ((sums[..., 0] > 0) == kinds).double().mean(dim=1)

def sums(world, run):  # in the exam, of the copies with the best learning rate
    points = exam[world][0].repeat(len(rates), 1, 1)
    return run.model(points)[run.chosen].detach()

runs = {(n, "one neuron"): trained(*learn[n]) for n in learn}
runs |= {(n, "a small stack"): trained(*learn[n], hidden=(8,)) for n in ("XOR", "rings")}
runs["AND", "no bias"] = trained(*learn["AND"], bias=False)
accuracy = {(n, who): right(sums(n, run), exam[n][1]) for (n, who), run in runs.items()}
best = {n: best_line(*exam[n]) for n in ("XOR", "AND", "rings")}
accuracy |= {(n, "the best line"): share for n, (share, _) in best.items()}
accuracy["AND and OR", "one neuron"] = torch.minimum(
    accuracy["AND", "one neuron"], accuracy["OR", "one neuron"])
lesson.figure("who-gets-it", plot_dots(
    {n: {who: accuracy[n, who] for who in ("one neuron", "the best line", "a small stack")}
     for n in ("XOR", "rings")}, "new points right (share)", chance=0.5),
    caption="No line gets far. Nine neurons in two layers get nearly all.")

# %%
lesson.number("steps", steps, format="d")
stack = "one hidden layer of 8 neurons"
lesson.claim("training-does-not-help",
    "Trained on XOR, one neuron gets {rule:.0%} of new points right", accuracy, "XOR",
    "one neuron", trap={stack: ("XOR", "a small stack")}, at_most=0.6, answers=("A2",))
lesson.claim("no-line-does-xor",
    "The best of all straight lines gets {rule:.0%} of the XOR points right", accuracy, "XOR",
    "the best line", trap={"AND": ("AND", "the best line")}, at_most=0.77, answers=("A2",))
lesson.claim("no-line-does-rings",
    "The best of all straight lines gets {rule:.0%} of the points on two rings right", accuracy,
    "rings", "the best line", trap={stack: ("rings", "a small stack")}, at_most=0.72)
lesson.claim("and-or-are-learned",
    "Of AND and of OR, one neuron gets {rule:.0%} of new points right", accuracy, "AND and OR",
    "one neuron", trap={"XOR": ("XOR", "one neuron")}, at_least=0.95, answers=("A2",))
lesson.claim("the-bias-moves-the-line", "Without a bias, one neuron gets {rule:.0%} of AND right",
    accuracy, "AND", "no bias", trap={"with a bias": ("AND", "one neuron")}, at_most=0.8)
unsure = {n: (torch.sigmoid(sums(n, runs[n, "one neuron"])) - 0.5).abs().mean(dim=(1, 2))
          for n in ("XOR", "AND")}  # (seeds,)
lesson.claim("it-says-half",
    "Trained on XOR, one neuron says about one half to everything: on average {rule} off", unsure,
    "XOR", trap="AND", at_most=0.05, format=".3f")

# %%
def plane(world, lines, shown=120):  # of the first seed
    points, kinds = exam[world]
    return Plane(points[0, :shown], kinds[0, :shown], lines)

def path(world):  # the line of its neuron while that trains
    nets = {step: trained(*learn[world], rates=[0.05], steps=step).model
            for step in lesson.pick(quick=(1, 10, 100, 600), smoke=(1, 2))}
    return {f"step {step}": (*net.weights[0][0, 0].tolist(), net.biases[0][0].item())
            for step, net in nets.items()}

words = {"x": "first switch", "y": "second switch", "kinds": ("lamp dark", "lamp lit")}
lesson.figure("turning-line", plot_planes({
    "one neuron, training": plane("XOR", path("XOR")),
    "the best line": plane("XOR", {"best": best["XOR"][1][0].tolist()})}, **words),
    caption="Left: the neuron's line after 1, 10, 100 and 600 steps, from faint to strong. Right: "
    "the best of all lines. No line has both orange clouds on one side and both blue on the other.")
lesson.figure("and-or", plot_planes({n: plane(n, path(n)) for n in ("AND", "OR")}, **words),
    caption="The same clouds, other kinds. The line turns and moves until it lies between them.")

# %%
# ## A job for one neuron
# All 45 pairs of digits, and one neuron for each. White paper is 0, ink is above.
pairs = torch.combinations(torch.arange(10)).T  # the smaller digits, the larger

def by_digit(examples, count):
    return torch.stack([examples.inputs[examples.labels == digit][:count]
                        for digit in range(10)]) - train.inputs.min()

known, new = by_digit(train, 131), by_digit(test, 43)  # (digits, count, 64)

# %% tell-apart
copies = [seed for seed in seeds for _ in range(45)]

def told(kinds):  # (copies, 262), 1 for the larger digit
    pictures = torch.cat(tuple(known[pairs]), dim=1)  # (45, 262, 64)
    copy = torch.arange(len(copies))[:, None]
    stream = ((pictures[copy % 45, some], kinds[copy, some])
              for some in batches(262, 32, copies))
    net = MLP([64, 1], "tanh", "xavier", copies)
    fit(net, stream, range(steps // 3), learning_rate=0.01,
        optimiser="adam", loss=yes_no_loss)
    return [part.detach().view(-1, 45, part.shape[-1])
            for part in (*net.weights, *net.biases)]

# %%
def votes(weights, biases, pictures):  # (seeds, 45, pictures)
    return (pictures @ weights[..., None])[..., 0] + biases

def digits_right(weights, biases, pictures):  # both digits of a pair, averaged: (seeds, 45)
    smaller, larger = (votes(weights, biases, pictures[side]) > 0 for side in pairs)
    return (larger.double().mean(dim=2) + 1 - smaller.double().mean(dim=2)) / 2

true = torch.arange(2).repeat_interleave(131)
dealt = torch.cat([true[some] for some in next(batches(262, 262, seeds))[:, None]])
learned = {"true answers": told(true.expand(len(copies), -1)),
           "shuffled answers": told(dealt.repeat_interleave(45, dim=0))}
apart = {n: digits_right(*template, new) for n, template in learned.items()}
lesson.number("median-pair", apart["true answers"].median(dim=1).values)
lesson.number("flawless", (apart["true answers"] == 1).sum(dim=1), format="d")
lesson.claim("one-neuron-is-almost-useless",
    "One neuron is almost useless: of its hardest two digits it gets {rule:.0%} right",
    {n: share.amin(dim=1) for n, share in apart.items()}, "true answers", trap="shuffled answers",
    at_most=0.6, expect="contradicted", answers=("A2",))
hardest = apart["true answers"].median(dim=0).values.argsort(stable=True)[:5]
lesson.table("hardest-pairs", "digits", {"right": {
    "{} and {}".format(*pairs[:, p].tolist()): apart["true answers"][:, p] for p in hardest}},
    caption="The five hardest of the 45 pairs.")

# %% move
def moved(rows, down, across):
    padded = nn.functional.pad(rows.unflatten(-1, (8, 8)), (3, 3, 3, 3))
    top, left = 3 - down, 3 - across
    return padded[..., top : top + 8, left : left + 8].flatten(-2)

def shifted(by, along):  # the share right, over all pairs and four sides
    weights, biases = learned["true answers"]
    sides = ((by, 0), (-by, 0), (0, by), (0, -by))
    return sum(digits_right(moved(weights, *side) if along else weights,
               biases, moved(new, *side)).mean(dim=1) for side in sides) / 4

# %%
means = known.mean(dim=1)[pairs]  # the mean picture of each digit: (2, 45, 64)
differ = (means[1] - means[0]).expand(len(seeds), -1, -1)
likeness = {n: nn.functional.cosine_similarity(  # of both, less their means: a correlation
    *(x - x.mean(dim=2, keepdim=True) for x in (weights, differ)), dim=2).median(dim=1).values
    for n, (weights, _) in learned.items()}  # (seeds,)
lesson.claim("weights-are-a-template",
    "A neuron's weights look like the difference of its two digits: correlation {rule}", likeness,
    "true answers", trap="shuffled answers", at_least=0.5, format=".2f", answers=("B21",))
shown = [0, 17, 30, 39, 44]  # 0 or 1, 2 or 3, 4 or 5, 6 or 7, 8 or 9
rows = {"weights": learned["true answers"][0][0, shown], "difference": differ[0, shown]}
lesson.figure("templates", plot_weights(
    {n: [(row / row.abs().max()).view(8, 8) for row in picked] for n, picked in rows.items()},
    ["{} or {}".format(*pairs[:, p].tolist()) for p in shown]),
    caption="Orange: ink here is a vote for the larger digit. Blue: for the smaller one.")
far = {n: torch.stack([shifted(by, n == "weights move along") for by in range(4)], dim=1)
       for n in ("weights stay", "weights move along")}
lesson.figure("shift", plot_curves(far, "pictures moved by (pixels)", "pictures right (share)",
    at=range(4), share=True, chance=0.5),
    caption="Two pixels, and it guesses. Move the weights along, and it sees again.")
lesson.claim("a-shift-breaks-it",
    "Move the digits two pixels, and their neurons lose {rule:.0%} of all pictures",
    {n: share[:, 0] - share[:, 2] for n, share in far.items()}, "weights stay",
    trap="weights move along", at_least=0.4, answers=("B21",))

# %% third-number
# ## Break it
# Show the neuron a third number, made of the other two:
def with_third(world, make):
    for part in (learn, exam):
        points, kinds = part[world]
        third = make(points[..., 0], points[..., 1])
        part["new"] = torch.stack([*points.unbind(2), third], dim=2), kinds
    return right(sums("new", trained(*learn["new"])), exam["new"][1])

third = {"their product": with_third("XOR", lambda x, y: x * y),
         "their sum": with_third("XOR", lambda x, y: x + y)}

# %%
lesson.claim("a-third-number-is-enough",
    "Shown the product of its two numbers as well, one neuron gets {rule:.0%} of XOR right", third,
    "their product", trap="their sum", at_least=0.95)
lesson.cite("B5", "B6", says="McCulloch and Pitts described how cells of the brain take in signals "
    "and send out their own, and made small machines of logic of them. Rosenblatt's perceptron, "
    "which learned, was offered as a model of the brain.", date="1943, 1958",
    source="Bulletin of Mathematical Biophysics 5, p. 115; Psychological Review 65, p. 386")
lesson.cite("B8", says="Roughly at best: to do what a detailed computer model of one cell of the "
    "cortex does took a network of five to eight layers.", date="2021",
    source="D. Beniaguev, I. Segev, M. London, Neuron 109, p. 2727")

# %% exercise-1
parted = (shares == 1).sum()
lesson.number("parted", parted, format="d")

# %% exercise-2
lesson.number("hoop", with_third("rings", lambda x, y: x**2 + y**2))

# %% exercise-3
for_larger = votes(*learned["true answers"], new.flatten(0, 1)) > 0
smaller, larger = torch.eye(10)[pairs][:, :, None]  # (45, 1, digits)
polled = torch.where(for_larger[..., None], larger, smaller).sum(dim=1)
truth = torch.arange(10).repeat_interleave(43)  # (pictures,)
polls = (polled.argmax(dim=2) == truth).double().mean(dim=1)
lesson.number("polls", polls)

# %%
lesson.compare("paper-and-ours", {
    "ways of 16 that a line can part (Cover 1965)": ("14", f"{parted}"),
    "ten digits told by 45 neurons (LeCun et al. 1998)": ("92.4 %", polls)},
    caption="The first is arithmetic, and agrees. Our digits are smaller, and easier.")
