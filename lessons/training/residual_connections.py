"""
# Deeper was worse, until it could skip

Whatever a shallow network computes, a deep one can compute as well: its other layers need only
copy. Yet deeper networks came out worse, even on the pictures they had been trained on. We build
that failure, see what it is not, put a wire around every layer, and ask whether it was the wire.
"""

# %% setup
from collections import namedtuple
from itertools import pairwise

import numpy as np
import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.models.mlp import MLP
from lessonkit.models.stack import Stack
from lessonkit.training import descent, falling, fit, mean_loss

# %% instruments
lesson = Lesson("training/residual_connections")

from lessonkit.figures import depth as pictures
from lessonkit.figures.anatomy import new_canvas
from lessonkit.figures.layers import as_columns, plot_by_layer
from lessonkit.figures.style import new_figure
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.gradients import measure_gradients

# %% [markdown]
# ## Two ways to stack a layer
# The same layer f in both; what differs is one line.

# %% blocks
def plain(x, f):
    return f(x)

def residual(x, f):
    return x + f(x)

# %% blocks-figure
def timid(x):  # a layer that does little
    return x / 10

ends = {"x": 5, "plain": plain(5, timid), "residual": residual(5, timid)}
fig, ax = new_canvas(height=2.7)
pictures.draw_blocks(ax, *ends.values())
lesson.figure("two-blocks", fig, data={n: [end] for n, end in ends.items()},
    alt="Left, a plain block: 5 goes through f, and 0.5 comes out. Right, a "
        "residual block: 5 goes through f and, on a wire, around it; both "
        "are added, and 5.5 comes out.",
    caption="Cut the wire, and the right block becomes the left one.")

# %% settings
seeds = lesson.seeds(quick=5, full=16, smoke=2)
steps = lesson.pick(quick=180, smoke=4)
rates = (0.003, 0.01, 0.03)
width, depths = 32, (5, 20, 56)
train, test = digits(lesson.device)
some = train.first(256)

# %% network
networks = {"plain": (plain, "he"), "residual": (residual, "zero")}

def network(name, depth, copies=seeds):
    block, start = networks[name]
    return Stack(block, 64, width, 10, depth, start, copies, lesson.device)

# Before training, one draw may be far from the next: each seed draws four times.
draws = [seed + 10**6 * draw for draw in range(4) for seed in seeds]

def over_draws(values):  # (draws * seeds, ...)
    return values.unflatten(0, (4, -1)).mean(dim=0)  # (seeds, ...)

# %% train
Run = namedtuple("Run", "model losses wrong chosen")

def trained(name, depth, grid=rates, steps=steps):
    model = network(name, depth, seeds * len(grid))
    losses = fit(model, train, lesson.progress(range(steps), name),
        learning_rate=[rate for rate in grid for _ in seeds],
        schedule=falling(steps), batch_size=48)  # (steps, rates * seeds)
    wrong = 1 - measure_accuracy(model, train)  # (rates * seeds,)
    best = wrong.view(len(grid), -1).median(dim=1).values.argmin()
    mine = slice(best * len(seeds), (best + 1) * len(seeds))
    return Run(model, losses[:, mine], wrong[mine], mine)

# %% [markdown]
# ## Deep can copy shallow
# We train five plain layers, then insert 51 that copy.

# %% loss
def loss_of(model):
    logits = model(model.same_for_all(train.inputs))
    return mean_loss(logits, train.labels.expand(len(logits), -1)).detach()

# %% deepen
networks["plain, copying start"] = (plain, "identity")
shallow = trained("plain", 5, [0.03]).model

def deepened(name):
    deep = network(name, 56)
    for place in (0, 1, 2, 3, -1):  # entrance, three blocks, exit
        deep.weights[place] = shallow.weights[place]
        deep.biases[place] = shallow.biases[place]
    return (loss_of(deep) - loss_of(shallow)).abs()  # (seeds,)

# %% deepen-claim
lesson.claim("copies-cost-nothing",
    "Insert 51 layers that copy into a trained 5-layer network, and its loss "
    "stays the same to the last digit",
    deepened("plain, copying start"), equals=(0, 0), format=".1e",
    trap=("51 layers with random weights instead", deepened("plain")))

# %% [markdown]
# ## Deeper, and worse

# %% degradation
runs = {(name, depth): trained(name, depth)
        for name in ("plain", "residual") for depth in depths}
wrong = {key: run.wrong for key, run in runs.items()}  # (seeds,)
gap = {n: wrong[n, 56] - wrong[n, 5] for n in ("plain", "residual")}

def medians(curves):  # columns for a figure's CSV file
    return {f"{n} median": np.median(c, axis=1) for n, c in curves.items()}

# %% degradation-figure
shown = [("plain", 56), ("plain", 20), ("plain", 5), ("residual", 56)]
curves = {f"{n}, {depth} layers": runs[n, depth].losses
          for n, depth in shown}
fig, ax = new_figure()
pictures.plot_training(ax, curves)
ends = {n: np.median(c[-steps // 10:].mean(0)) for n, c in curves.items()}
lesson.figure("degradation", fig,
    data={"step": range(1, steps + 1), **medians(curves)},
    alt="Training loss at the end: "
        + "; ".join(f"{n} {end:.2f}" for n, end in ends.items()) + ".",
    caption="Among plain networks the deepest learns worst. The same depth "
            "with wires falls like the shallow one.")

# %% degradation-claims
lesson.number("steps", steps, format="d", label="training steps")
for (n, depth), share in wrong.items():
    lesson.number(f"{n}-{depth}-wrong", share, format=".1%",
        label=f"training pictures wrong, {n}, {depth} layers")
lesson.claim("deeper-fits-worse",
    "56 plain layers get at least 25 points more of their own training "
    "pictures wrong than 5 do", gap["plain"], at_least=0.25, format=".3f",
    trap=("a wire around every layer", gap["residual"]))
lesson.claim("wires-let-depth-train",
    "With a wire around every layer, 56 layers get at most 5 % of their "
    "training pictures wrong", wrong["residual", 56], at_most=0.05,
    format=".3f", trap=("no wires", wrong["plain", 56]))

# %% [markdown]
# ## It is not the vanishing gradient

# %% healthy
deep = network("plain", 56)
sigmoid = MLP([64] + [width] * 19 + [10], "sigmoid", "xavier", seeds,
    lesson.device)

def apart(model):
    g = measure_gradients(model, some).weight_gradient_rms
    ratio = g[:, 0] / g[:, -2]  # first layer / last hidden layer
    return torch.maximum(ratio, 1 / ratio)  # (seeds,)

factor = {"plain": apart(deep), "sigmoid": apart(sigmoid)}

# %% healthy-claim
for n, times in factor.items():
    lesson.number(f"{n}-apart", times, format=".2g", label=f"apart, {n}")
lesson.claim("gradients-are-healthy",
    "In 56 plain ReLU layers, the first and the last hidden layer's "
    "gradients are at most a factor of 100 apart", factor["plain"],
    at_most=100, format=".2g",
    trap=("the 20 sigmoid layers of the last lesson", factor["sigmoid"]))

# %% directions
@torch.no_grad()
def directions(model):
    kept = []
    for x in model.signals(model.same_for_all(some.inputs))[1:-1]:
        x = (x - x.mean(dim=1, keepdim=True)).cpu().double()
        spread = x.mT @ x  # (seeds, width, width)
        total = spread.diagonal(dim1=1, dim2=2).sum(dim=1)
        kept.append(total**2 / spread.square().sum(dim=(1, 2)))
    return torch.stack(kept, dim=1)  # (seeds, layers)

kept = {n: over_draws(directions(network(n, 56, draws)))
        for n in ("plain", "residual")}

# %% directions-figure
fig, ax = new_figure()
plot_by_layer(ax, kept, "directions", legend="center right")
ax.set(yscale="linear", ylim=(0, 12))
first, last = ({n: k[:, at].median() for n, k in kept.items()}
               for at in (0, -1))
lesson.figure("directions-by-layer", fig, data=as_columns(kept),
    alt="Directions in which 256 pictures still differ, before training. "
        f"Plain: {first['plain']:.1f} after the first layer, "
        f"{last['plain']:.1f} at the end. Residual: {last['residual']:.1f} "
        "from end to end.",
    caption="Plain layers press the cloud of pictures flatter and flatter, "
            "until the pictures lie on a line.")

# %% directions-claim
lesson.number("width", width, format="d", label="units in a layer")
lesson.number("plain-directions", kept["plain"][:, -1], format=".2f",
    label="directions left by 56 plain layers")
lesson.claim("pictures-end-on-a-line",
    "Before training, 56 plain layers leave the pictures at most two "
    "directions in which to differ", kept["plain"][:, -1], at_most=2,
    format=".2f", trap=("a wire around every layer", kept["residual"][:, -1]))

# %% [markdown]
# ## The identity is easy

# %% branches
@torch.no_grad()
def change(name):
    model, _, _, mine = runs[name, 56]
    x = model.signals(model.same_for_all(some.inputs))[1:-1]
    share = [(after - before).norm(dim=2) / before.norm(dim=2)
             for before, after in pairwise(x)]
    return torch.stack(share).mean(dim=2).median(dim=0).values[mine]

# %% branches-claim
lesson.number("branch-share", change("residual"), format=".3f",
    label="change by a typical residual block, as a share of its input")
lesson.claim("branches-stay-small",
    "After training, the typical block of 56 residual layers changes its "
    "input by less than a fifth", change("residual"), below=0.2, format=".3f",
    trap=("no wires", change("plain")))

# %% gradient-by-depth
networks["residual, usual start"] = (residual, "he")
deepest = (5, 10, 20, 56, 100)

def first_gradient(name):
    models = [network(name, depth, draws) for depth in deepest]
    log = [measure_gradients(model, some).weight_gradient_rms[:, 0].log2()
           for model in models]
    return torch.stack([over_draws(part) for part in log]).exp2()  # (depths, seeds)

names = ("plain", "residual", "residual, usual start")
front = {n: first_gradient(n) for n in names}

# %% gradient-figure
fig, ax = new_figure(height=4.4)
pictures.plot_by_depth(ax, front, deepest, "gradient, first layer", log=True)
times = {n: g[-1] / g[0] for n, g in front.items()}  # (seeds,)
lesson.figure("gradient-by-depth", fig,
    data={"layers": deepest, **medians(front)},
    alt="Gradient at the first of 100 layers, as a multiple of that at the "
        "first of 5: " + "; ".join(
        f"{n} {t.median():.1g}" for n, t in times.items()) + ".",
    caption="Level for the network whose branches begin by adding nothing.")

# %% gradient-claim
lesson.number("plain-fainter", front["plain"][0] / front["plain"][3],
    format=".0f", label="first-layer gradient, 5 plain layers / 56")
off = {n: t.log2().abs() for n, t in times.items()}
lesson.claim("wires-keep-the-gradient-level",
    "With wires, the first of 100 layers gets the gradient that the first of "
    "5 gets, to within two doublings or halvings", off["residual"], at_most=2,
    format=".1f", trap=("no wires", off["plain"]))

# %% [markdown]
# ## Is it the wire?
# Both networks again, each with the other one's start.

# %% swap-starts
slower = {5: 1, 20: 100, 56: 1e9}  # or the signals overflow
for depth in depths:
    low = [rate / slower[depth] for rate in rates]
    for n, grid in (("plain, copying start", rates),
                    ("residual, usual start", low)):
        runs[n, depth] = trained(n, depth, grid)
        wrong[n, depth] = runs[n, depth].wrong

# %% four-figure
four = {"plain": "plain, usual start", "residual": "residual, copying start",
        "plain, copying start": "plain, copying start",
        "residual, usual start": "residual, usual start"}
share = {label: np.stack([wrong[n, depth] for depth in depths])
         for n, label in four.items()}
fig, ax = new_figure(height=4.8)
pictures.plot_by_depth(ax, share, depths, "training pictures wrong")

# %% four-figure-published
lesson.figure("four-networks", fig,
    data={"layers": depths, **medians(share)},
    alt="Share of training pictures that 56 layers get wrong: " + "; ".join(
        f"{n} {np.median(s[-1]):.1%}" for n, s in share.items()) + ".",
    caption="Solid: the networks that we know. Dashed: each with the other "
            "one's start. The two that begin by copying stay at the bottom.")

# %% four-table
def fates(names, wrong):  # names: of a network -> in the table
    left = {n: over_draws(directions(network(n, 56, draws))) for n in names}
    return [[label, left[n][:, -1], wrong[n]] for n, label in names.items()]

columns = ["56 layers", "directions left", "training pictures wrong"]
lesson.table("four-networks-table", columns=columns,
    rows=fates(four, {n: wrong[n, 56] for n in four}),
    format=["", ".1f", ".1%"], caption="Before training, and after it.")

# %% growth
x = network("residual, usual start", 56).signals(
    some.inputs.expand(len(seeds), -1, -1))
size = [part.detach().norm(dim=(1, 2)) for part in x]  # (seeds,)
lesson.number("grown", size[-2] / size[1], format=".0e",
    label="signal after 54 residual blocks with the usual start / before")

# %% four-claims
lesson.claim("without-wires-no-depth",
    "Without wires, 56 layers get at least a fifth of their training "
    "pictures wrong", wrong["plain, copying start", 56], at_least=0.2,
    expect="contradicted", format=".3f",
    trap=("the usual start", wrong["plain", 56]))
lesson.claim("wires-are-enough",
    "With wires, 56 layers get at most 5 % of their training pictures "
    "wrong, however they start", wrong["residual, usual start", 56],
    at_most=0.05, expect="contradicted", format=".3f",
    trap=("the copying start", wrong["residual", 56]))

# %% [markdown]
# ## Take one block out
# Plain layers get more steps first, so that all three patients are healthy.

# %% lesions
@torch.no_grad()
def accuracy(model, order=None):
    logits = model(model.same_for_all(test.inputs), order)
    return (logits.argmax(dim=2) == test.labels).double().mean(dim=1).cpu()

def without_each(model):
    return torch.stack([
        accuracy(model, [block for block in model.blocks if block != gone])
        for gone in model.blocks], dim=1)  # (seeds, removed block)

# %% patients
patients = {n: runs[n, 20] for n in list(four)[:3]}
patients["plain"] = trained("plain", 20, [0.01], 5 * steps)

def each(measure):
    return {n: measure(run.model)[run.chosen] for n, run in patients.items()}

whole, after = each(accuracy), each(without_each)
cost = {n: whole[n] - left.amin(dim=1) for n, left in after.items()}

# %% lesions-figure
fig, ax = new_figure(height=4.8)
pictures.plot_lesions(ax, after, chance=0.1)
lesson.figure("lesions", fig, data=as_columns(after),
    alt="Accuracy with one of 18 blocks taken out, median over blocks and "
        "seeds: " + "; ".join(f"{n} {np.median(left):.2f}"
        for n, left in after.items()) + ". Chance is 0.10.",
    caption="Two flat lines at the top, and only one of them has wires.")

# %% lesions-claims
lesson.number("plain-whole", whole["plain"], format=".1%",
    label="accuracy of 20 plain layers, untouched")
lesson.claim("residual-hardly-notices",
    "Whichever block is taken out of 20 residual layers, they lose at most 4 "
    "points of accuracy", cost["residual"], at_most=0.04,
    format=".3f", trap=("no wires", cost["plain"]))
lesson.claim("plain-falls",
    "Whichever block is taken out of 20 plain layers, at most 70 % of their "
    "answers stay right", after["plain"].amax(dim=1), at_most=0.7,
    format=".3f", trap=("wires", after["residual"].amax(dim=1)))

# %% robust-claims
lesson.claim("only-wires-make-robust",
    "Without wires, there is a block whose loss costs at least half of the "
    "accuracy", cost["plain, copying start"], at_least=0.5,
    expect="contradicted", format=".3f",
    trap=("the usual start", cost["plain"]))
lesson.claim("slow-not-never",
    "With five times the steps, 20 plain layers get at most 8 % of their "
    "training pictures wrong", patients["plain"].wrong, at_most=0.08,
    format=".3f", trap=("the usual number of steps", wrong["plain", 20]))

# %% [markdown]
# ## Break it
# A wire that leaks.

# %% leaky-wire
def leaky(x, f):
    return 0.9 * x + f(x)

networks["leaky"] = (leaky, "zero")
lesson.claim("nine-tenths-is-not-enough",
    "With wires that pass nine tenths, 56 layers get at least a fifth of "
    "their training pictures wrong", trained("leaky", 56).wrong,
    at_least=0.2, format=".3f", trap=("whole wires", wrong["residual", 56]))

# %% [markdown]
# And the usual start, with a norm in three places.

# %% norms
def norm(x):  # every picture's signal: mean 0, variance 1
    return torch.nn.functional.layer_norm(x, x.shape[-1:])

normed = {"f(norm(x))": lambda x, f: f(norm(x)),
          "norm(x + f(x))": lambda x, f: norm(x + f(x)),
          "x + f(norm(x))": lambda x, f: x + f(norm(x))}
networks |= {n: (block, "he") for n, block in normed.items()}
# 0.03 is too large for all three.
fate = {n: trained(n, 56, rates[:2]).wrong for n in normed}

# %% norms-claim
lesson.table("norms", columns=columns, rows=fates({n: n for n in normed}, fate),
    format=["", ".1f", ".1%"], caption="Before training, and after it.")
road, branch = fate["norm(x + f(x))"], fate["x + f(norm(x))"]
lesson.claim("norm-belongs-in-the-branch",
    "With the usual start, a norm in the branch gets 56 layers at least 10 "
    "points more of their training pictures right than one on the main road",
    road - branch, at_least=0.1, format=".3f",
    trap=("a norm without any wire", road - fate["f(norm(x))"]))

# %% new-pictures
new = {d: 1 - measure_accuracy(runs["residual", d].model, test)[
    runs["residual", d].chosen] for d in depths}  # (seeds,)
for d, share in new.items():
    lesson.number(f"residual-{d}-new", share, format=".1%",
        label=f"new pictures wrong, residual, {d} layers")

# %% paper-and-ours
lesson.table("paper-and-ours", columns=["what", "paper", "ours"], rows=[
    ["20 plain layers: training pictures wrong", "fewer than with 56",
        wrong["plain", 20]],
    ["56 plain layers: training pictures wrong", "more than with 20",
        wrong["plain", 56]],
    ["20 residual layers: new pictures wrong", "8.75%", new[20]],
    ["56 residual layers: new pictures wrong", "6.97%", new[56]],
    ["residual, worst block out: accuracy lost", "little", cost["residual"]],
    ["plain, one block out: accuracy", "chance",
        after["plain"].median(dim=1).values]],
    format=".1%", caption="The order travels; the sizes belong to the task.")

# %% exercise-1
def small(weights):
    return weights / 54**0.5

networks["small"] = (residual, small)
lesson.claim("small-is-enough",
    "With branches divided by the square root of their number, 56 layers "
    "get at most 10 % of their training pictures wrong",
    trained("small", 56, [0.01]).wrong, at_most=0.1, format=".3f",
    trap=("not divided", wrong["residual, usual start", 56]))

# %% exercise-2-task
chance = torch.Generator().manual_seed(0)
numbers = torch.rand(128, 16, generator=chance).to(lesson.device)

# %% exercise-2
def unlike(block, start):
    bare = Stack(block, 16, 16, 16, 12, start, seeds, lesson.device)
    adam = descent("adam", bare, learning_rate=0.01)
    for _ in lesson.progress(range(steps), "copying"):
        y = x = bare.same_for_all(numbers)
        for number in bare.blocks:
            y = block(y, bare.layer(number))
        loss = (y - x).square().mean(dim=(1, 2)) / x.var()
        adam.step(loss)
    return loss.detach()  # (seeds,)

# %% exercise-2-claim
tenth = unlike(residual, lambda weights: weights / 10**0.5)
lesson.number("residual-unlike", tenth, format=".0%", label="exercise 2")
lesson.claim("copying-is-hard-to-learn",
    "Trained to copy sixteen numbers, ten plain layers leave more than 40 % "
    "of the numbers' variance unexplained", unlike(plain, "he"), above=0.4,
    format=".3f", trap=("a wire around every layer", tenth))

# %% exercise-3
def worst_swap(model):
    left = []
    for number in range(len(model.blocks) - 1):
        order = list(model.blocks)
        order[number:number + 2] = order[number + 1], order[number]
        left.append(accuracy(model, order))
    return torch.stack(left).amin(dim=0)

# %% exercise-3-table
operations = {
    "untouched": accuracy,
    "two neighbours swapped, the worst pair": worst_swap,
    "every second block out": lambda m: accuracy(m, m.blocks[::2]),
    "all blocks in reverse order": lambda m: accuracy(m, m.blocks[::-1])}
lesson.table("more-lesions", format=".2f", columns=["", *patients],
    rows=[[what, *each(operate).values()]
          for what, operate in operations.items()],
    caption="Accuracy on new pictures.")
