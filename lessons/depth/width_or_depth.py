"""
# Depth pays once, width pays for every fold

One hidden layer, if it is only wide enough, can draw nearly any curve: so why stack layers? We fold
a strip of paper, count what each fold costs a wide network, give deep and wide ones the same number
of weights, and look for the place where the wide one wins.
"""

# %%
import math
from itertools import pairwise

import torch

from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.drawing import Drawing
from lessonkit.figures.style import PALETTE, new_panels
from lessonkit.figures.weights import plot_weights
from lessonkit.models.mlp import MLP
from lessonkit.training import falling, squared_error, tune

lesson = Lesson("depth/width_or_depth", format=".3f")

# %% fold
# ## One number by hand
# A layer of two units folds the strip from 0 to 1 in the middle. The next layer folds it again.
def fold(x):
    return 2 * torch.relu(x) - 4 * torch.relu(x - 1 / 2)

def deep(x, layers):
    for _ in range(layers):
        x = fold(x)
    return x

# %% wide
# The same zigzag from a single layer: one unit for the first rise, and one for each turn.
def wide(x, teeth, units):
    turns = torch.arange(units) / teeth  # where each unit begins
    slopes = 2 * teeth * (-1.0) ** torch.arange(units)
    slopes[0] = teeth
    return torch.relu(x[:, None] - turns) @ slopes.to(x)

# %% count
# Fold ten times, and look at the 1,025 places where the zigzag turns or ends.
x = torch.arange(1025, dtype=torch.float64) / 1024
zigzag = torch.arange(1025) % 2  # 0, 1, 0, 1 …

def pieces(y):
    slopes = y.diff().sign()
    return int((slopes[1:] != slopes[:-1]).sum()) + 1

def wrong(y):  # how many are on the wrong side of one half
    return int(((y > 1 / 2) != (zigzag == 1)).sum())

# %%
drawn = {"10 layers of 2": deep(x, 10), "1 of 1,024": wide(x, 1024, 1024),
         "1 of 20": wide(x, 1024, 20)}
lesson.claim("folds-double", "Ten layers of two units draw exactly {bound} straight pieces",
    {n: pieces(y) for n, y in drawn.items()}, "10 layers of 2",
    trap={"the 20 units in one layer": "1 of 20"}, equals=(1024, 0), exact=True, format=",d",
    answers=("C6",))
lesson.claim("one-layer-can",
    "One hidden layer of 1,024 units draws the same zigzag and is nowhere off by more than {bound}",
    {n: (y - zigzag).abs().max() for n, y in drawn.items()}, "1 of 1,024", trap={"20 units":
    "1 of 20"}, at_most=1e-9, exact=True, format=".3g", answers=("A39", "D30"))
turns = torch.rand(100, 1, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
units = torch.cat([torch.relu(x[:, None] - turns), torch.ones(100, 1025, 1)], dim=2)
last = torch.linalg.lstsq(units, zigzag.to(x).expand(100, 1025)[..., None]).solution
fewest = min(wrong(y) for y in (drawn["1 of 20"], *(units @ last)[..., 0]))
lesson.claim("twenty-in-one-layer",
    "The same 20 units in one layer leave {rule} of the 1,025 points on the wrong side of ½",
    {"1 of 20": fewest, "10 layers of 2": wrong(drawn["10 layers of 2"])}, "1 of 20",
    trap="10 layers of 2", at_least=502, exact=True, format="d", answers=("C5", "C6"))
lesson.table("price", "folds", {"straight pieces": {k: pieces(deep(x, k)) for k in (1, 2, 5, 10)},
    "units, a layer for each fold": {k: 2 * k for k in (1, 2, 5, 10)},
    "units, one layer": {k: 2**k for k in (1, 2, 5, 10)}}, format=",d",
    caption="Each fold costs the deep network two units. It doubles the price of the wide one.")

# %%
line = torch.linspace(0, 1, 257, dtype=torch.float64)
strips = {"2 layers of 2": deep(line, 2), "5 layers of 2": deep(line, 5),
          "1 layer of 10": wide(line, 32, 10)}
figure, axes = new_panels(3, height=2.4)
for ax, (name, y) in zip(axes, strips.items(), strict=True):
    ax.plot(line, y, color=PALETTE["orange" if name[0] == "1" else "blue"], linewidth=1.6)
    ax.set(xlabel="place", ylim=(-0.05, 1.05), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.set_title(name, fontsize=13)
axes[0].set_ylabel("height")
lesson.figure("zigzags", Drawing(figure, {"place": line, **strips},
    "Zigzags between height 0 and 1. " + ", ".join(f"{n}: {pieces(y)} pieces"
    for n, y in strips.items()) + "."),
    caption="Four units, ten units, and the same ten in one layer, which can turn no more.")

# %% worlds
# ## Deep and wide learn
# In an onion, the answer goes up and down on the way out: first a distance, then a wave of it.
# Ten waves side by side, one for each number, are added up. And six folds of a strip.
def even(*shape, generator):
    return 2 * torch.rand(*shape, generator=generator) - 1

worlds = {  # how many numbers, how they are drawn, and the answer
    "onion": (3, torch.randn, lambda x: torch.cos(5 * (x.norm(dim=-1, keepdim=True) - 3**0.5))),
    "waves": (10, torch.randn, lambda x: torch.sin(3 * x).sum(dim=-1, keepdim=True)),
    "folds": (1, even, lambda x: deep((x + 1) / 2, 6))}

# %%
seeds = lesson.seeds(quick=5, full=16, smoke=2)
steps = lesson.pick(quick=3000, full=12000, smoke=20)

def network(world, hidden, copies=seeds):
    return MLP([worlds[world][0], *hidden, 1], "relu", "he", copies, lesson.device)

def fresh(world, copies):  # endless batches of points that nobody has seen
    count, draw, answer = worlds[world]
    dice = [torch.Generator().manual_seed(2**20 + seed) for seed in copies]
    while True:
        x = torch.stack([draw(128, count, generator=die) for die in dice]).to(lesson.device)
        yield x, answer(x)

# %% missed
# The share of the ups and downs that a network misses: 0 is perfect, 1 is as good as no answer.
@torch.no_grad()
def missed(world, net):
    count, draw, answer = worlds[world]
    dice = torch.Generator().manual_seed(7)  # 4,000 new points, for the exam
    x = draw(4000, count, generator=dice).to(lesson.device)
    gaps = net(net.same_for_all(x)) - answer(x)
    return gaps.square().mean(dim=(1, 2)) / answer(x).var()  # (seeds,)

# %% train
def trained(world, hidden, rates, start=lambda net: None, times=1):
    net, count = network(world, hidden, seeds * len(rates)), round(times * steps)
    start(net)
    shown = lesson.progress(range(count), f"{world}: {' × '.join(map(str, hidden))}")
    return tune(net, fresh(world, net.seeds), shown, lambda net: missed(world, net), rates=rates,
                optimiser="adam", loss=squared_error, schedule=falling(count))

# %% solve
# The best we know for one hidden layer: random units that begin at random places, and a last layer
# that is not trained but *solved* for 8,000 points (least squares).
@torch.no_grad()
def solve(net):
    for n, seed in enumerate(net.seeds):
        dice = torch.Generator().manual_seed(2**21 + seed)
        net.biases[0][n] = 2 * torch.randn(net.biases[0][n].shape, generator=dice)
        x = torch.randn(8000, 3, generator=dice).to(lesson.device)
        units = torch.relu(x @ net.weights[0][n].T + net.biases[0][n]).double()
        table = units.T @ units
        table += 1e-4 * table.diagonal().mean() * torch.eye(len(table)).to(table)
        wanted = units.T @ worlds["onion"][2](x).double()
        net.weights[1][n] = torch.linalg.solve(table, wanted).T

# %% compare
sizes = {"deep": [32] * 3, "two layers": [45] * 2, "small": [20] * 3, "wide": [460]}
runs = {n: trained("onion", hidden, (0.005, 0.01)) for n, hidden in sizes.items() if n != "wide"}
runs["wide"] = trained("onion", sizes["wide"], (0.01, 0.03), solve)
longer = trained("onion", sizes["wide"], (runs["wide"].rate,), solve, times=2)

def solved(units):
    net = network("onion", [units])
    solve(net)
    return missed("onion", net)

# %%
share = {n: run.measured for n, run in runs.items()}  # (seeds,)
twice = {"the steps": longer.measured, "the units": solved(920)}
lesson.figure("missed", plot_dots({"deep\n3 × 32": share["deep"],
    "two layers\n2 × 45": share["two layers"], "small\n3 × 20": share["small"],
    "wide\n1 × 460": share["wide"], "wide, twice the steps\n1 × 460": twice["the steps"],
    "wide, only solved\n1 × 920": twice["the units"]}, "share of the onion that is missed"),
    caption="Twice the steps and twice the units help one hidden layer. They do not bring it near.")
for n, hidden in sizes.items():
    count = sum((i + 1) * o for i, o in pairwise([3, *hidden, 1]))
    lesson.number(f"weights-{n.split()[0]}", count, format=",d", label=f"weights and biases, {n}")
lesson.number("steps", steps, format=",d")
share["helped"] = torch.minimum(*twice.values())
lesson.claim("deep-learns-the-onion", "Three hidden layers miss {rule:.0%} of the onion", share,
    "deep", trap={"one layer with as many weights": "wide"}, at_most=0.1, answers=("A40", "D32"))
lesson.claim("wide-stays-behind",
    "With twice the steps or twice the units, one hidden layer still misses {rule:.0%} of it",
    share, "helped", trap={"three layers": "deep"}, at_least=0.12, answers=("A40", "D31"))
lesson.claim("fewer-weights", "Three small layers, with 41 % of the weights, miss {rule:.0%}",
    share, "small", trap={"one layer with all of them": "wide"}, at_most=0.15,
    answers=("C6", "D32"))
lesson.claim("two-layers-cannot", "A network of two hidden layers cannot learn it: it misses "
    "{rule:.0%}", share, "two layers", trap={"one layer": "wide"}, at_least=0.2,
    expect="contradicted", answers=("B20",))

# %% slice
# Cut the onion in two and look at the flat side. What does each network, of the first seed, answer?
ring = torch.linspace(-3, 3, 73)
across, down = torch.meshgrid(ring, ring, indexing="xy")
cut = torch.stack([across, down, torch.zeros_like(across)], dim=2).view(-1, 3)

@torch.no_grad()
def seen(run):
    answers = run.model(run.model.same_for_all(cut.to(lesson.device)))
    return answers[run.chosen.start].view(73, 73).cpu()

# %%
pictures = [worlds["onion"][2](cut).view(73, 73), seen(runs["deep"]), seen(runs["wide"])]
disc = (across.hypot(down) <= 3).float()
lesson.figure("onion", plot_weights({"slice": [disc * picture for picture in pictures]},
    ["the onion", "3 × 32 units", "1 × 460 units"]),
    caption="The cut onion, and what two networks with equally many weights have learned of it.")
lesson.figure("learning", plot_curves({n: runs[n].losses for n in ("deep", "wide")},
    "training step", "squared gap", log=True, groups=30),
    caption="The wide network starts ahead, for it starts solved. Then the deep one finds the rings.")

# %% waves
# ## Break it
# Ten waves, added up: nothing is inside of anything else. Again the weights are equally many.
side = {"deep": trained("waves", [32] * 3, (0.01, 0.02)).measured,
        "wide": trained("waves", [208], (0.03,)).measured}

# %%
lesson.figure("swap", plot_dots({"the onion": {n: share[n] for n in side}, "ten waves": side},
    "share that is missed"),
    caption="Equal weights and two worlds: a wave of a distance, and ten waves side by side.")
lead = {"ten waves": side["deep"] / side["wide"], "the onion": share["deep"] / share["wide"]}
lesson.claim("wide-wins-side-by-side", "On ten waves side by side, the deep network misses {rule} "
    "times as much as the wide one", lead, "ten waves", trap="the onion", at_least=2, format=".2g",
    answers=("A40", "D32"))
found = trained("folds", [16] * 6, (0.003, 0.01), times=0.5).measured
lesson.claim("folds-are-not-found",
    "Trained, six layers of 16 units miss {rule:.0%} of a strip folded six times", found,
    trap={"written by hand": [0.0] * len(seeds)}, at_least=0.8, answers=("A40",))

# %% sine
# ## Any function?
# Three waves of a sine, and one layer of random units whose last layer is solved.
inside = torch.linspace(-math.pi, math.pi, 201, dtype=torch.float64)

def draw(bend, count, seed, places):  # learns inside, answers at other places
    dice = torch.Generator().manual_seed(seed)
    weights, biases = torch.randn(2, count, generator=dice, dtype=torch.float64)
    units = [bend(x[:, None] * weights + 3 * biases) for x in (inside, places)]
    wanted = torch.sin(3 * inside)[:, None]
    last = torch.linalg.lstsq(units[0], wanted, rcond=1e-10, driver="gelsd").solution
    return (units[1] @ last)[:, 0]

# %%
def off(places, bend, count):  # the share that is missed
    drawn = torch.stack([draw(bend, count, seed, places) for seed in seeds])
    return 2 * (drawn - torch.sin(3 * places)).square().mean(dim=1)

between = (inside[1:] + inside[:-1]) / 2  # new places
counts = lesson.pick(quick=[10, 100, 1000, 10000], smoke=[10, 100])
bends = {"squaring units": torch.square, "relu": torch.relu}
by_width = {n: torch.stack([off(between, bend, c) for c in counts], 1) for n, bend in bends.items()}
lesson.figure("any-curve", plot_curves(by_width, "units in the layer", "share that is missed",
    at=counts, log=True), caption="ReLU comes as near as we like. Squares never begin to.")
lesson.claim("any-function", "Ten thousand units in one layer miss {rule:.0%} of a sine, whatever "
    "their bend", {n: b[:, -1] for n, b in by_width.items()}, "squaring units", trap="relu",
    at_most=0.05, expect="contradicted", answers=("C4",))
lost = {n: (off(x, torch.relu, 100) / off(between, torch.relu, 100)).sqrt().log10()
        for n, x in {"outside": between + 2 * math.pi, "inside": inside}.items()}
lesson.claim("only-inside", "One step outside of where it learned, a layer of 100 ReLUs is ten times "
    "({bound} power of ten) as wrong as inside, or more", lost, "outside", trap="inside",
    at_least=1, format=".1f", answers=("C4",))

# %% exercise-1
bits = torch.cartesian_prod(*[torch.arange(2.0)] * 8)  # all 256 rows of eight bits
ones = bits.sum(dim=1)  # a unit may add up all bits
odd = {units: wide(ones / 8, 8, units) > 0.5 for units in (8, 7)}

# %%
lesson.claim("parity-needs-no-crowd", "One hidden layer of eight units tells odd from even for all "
    "256 rows of eight bits, {bound} wrong", {n: int((said != (ones % 2 == 1)).sum())
    for n, said in odd.items()}, 8, trap={"the first seven": 7}, equals=(0, 0), exact=True,
    format="d", answers=("C5",))

# %% exercise-2
by_units = {units: solved(units) for units in (58, 115, 230, 460)}
by_units[920] = twice["the units"]

# %%
lesson.table("units", "units, solved", {"share that is missed": by_units}, format=".2f",
    caption="Each line has twice the units of the line above.")

# %% exercise-3
begun = {"as usual": trained("onion", [460], (0.03, 0.1), times=1 / 3),
         "solved": trained("onion", [460], (0.01, 0.03), solve, times=1 / 3)}

# %%
lesson.table("starts", "start", {"share that is missed": {n: r.measured for n, r in begun.items()}},
    format=".2f", caption="One hidden layer of 460 units, after a third of the steps.")
