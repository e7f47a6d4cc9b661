"""
# Depth pays once, width pays for every fold

One hidden layer, if it is only wide enough, can draw nearly any curve: so why stack layers? We fold
a strip, count what a fold costs a wide network, train deep and wide ones with equally many weights,
and look for the place where the wide one wins.
"""

# %%
import math
from itertools import pairwise

import torch

from lessonkit.evidence import Lesson
from lessonkit.figures.conditions import look
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.drawing import Drawing
from lessonkit.figures.style import new_panels
from lessonkit.figures.weights import plot_weights
from lessonkit.models.mlp import MLP
from lessonkit.training import falling, squared_error, tune

lesson = Lesson("depth/width_or_depth", format=".1%")

# %% fold
# ## One number by hand
# Two units fold the strip from 0 to 1 in its middle, the next two once more.
def fold(x):
    return 2 * torch.relu(x) - 4 * torch.relu(x - 1 / 2)

def deep(x, layers):
    for _ in range(layers):
        x = fold(x)
    return x

# %% wide
# The same from one layer: a unit for the first rise, and one for each turn.
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
lesson.claim("twenty-in-one-layer",
    "The same 20 units in one layer leave {rule} of the 1,025 points on the wrong side of ½",
    {n: wrong(y) for n, y in drawn.items()}, "1 of 20", trap="10 layers of 2",
    at_least=502, exact=True, format="d", answers=("C5", "C6"))
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
    ax.plot(line, y, color=look("wide" if name[0] == "1" else "deep").colour, linewidth=1.6)
    ax.set(xlabel="place", ylim=(-0.05, 1.05), xticks=[0, 0.5], yticks=[0, 0.5, 1], title=name)
axes[0].set_ylabel("height")
said = ", ".join(f"{n}: {pieces(y)} pieces" for n, y in strips.items())
lesson.figure("zigzags", Drawing(figure, {"place": line, **strips}, f"Height 0 to 1. {said}."),
    caption="Four units, ten units, and the same ten in one layer, which can turn no more.")

# %% worlds
# ## Deep and wide learn
# In an onion the answer goes up and down on the way out: a wave of a distance.
def onion(x):  # (…, 3) -> (…, 1)
    return torch.cos(5 * (x.norm(dim=-1, keepdim=True) - 3**0.5))

# Ten waves side by side, one for each number, are added up.
def waves(x):  # (…, 10) -> (…, 1)
    return torch.sin(3 * x).sum(dim=-1, keepdim=True)

# %%
def even(*shape, generator):
    return 2 * torch.rand(*shape, generator=generator) - 1

worlds = {"onion": (3, torch.randn, onion), "waves": (10, torch.randn, waves),
          "folds": (1, even, lambda x: deep((x + 1) / 2, 6))}
seeds = lesson.seeds(quick=5, full=16, smoke=2)
steps = lesson.pick(quick=2000, full=8000, smoke=20)

def network(world, hidden, copies=seeds):
    return MLP([worlds[world][0], *hidden, 1], "relu", "he", copies, lesson.device)

def fresh(world, copies):  # endless batches of points that nobody has seen
    count, draw, answer = worlds[world]
    dice = [torch.Generator().manual_seed(2**20 + seed) for seed in copies]
    while True:
        x = torch.stack([draw(128, count, generator=die) for die in dice]).to(lesson.device)
        yield x, answer(x)

@torch.no_grad()
def missed(world, net):  # 0 is perfect, 1 is as good as always giving the mean
    count, draw, answer = worlds[world]
    dice = torch.Generator().manual_seed(7)  # 4,000 new points, for the exam
    x = draw(4000, count, generator=dice).to(lesson.device)
    gaps = net(net.same_for_all(x)) - answer(x)
    return gaps.square().mean(dim=(1, 2)) / answer(x).var()  # (seeds,)

# %% train
def trained(world, hidden, rates, start=lambda net: None, times=1):
    net = network(world, hidden, seeds * len(rates))
    start(net)
    count = round(times * steps)
    shown = lesson.progress(range(count), f"{world}: {hidden} units")
    return tune(net, fresh(world, net.seeds), shown,
                lambda net: missed(world, net), rates=rates,
                optimiser="adam", loss=squared_error, schedule=falling(count))

# %% solve
# The best start we know for a wide network: a last layer that is *solved*.
@torch.no_grad()
def solve(net):
    for n, seed in enumerate(net.seeds):
        dice = torch.Generator().manual_seed(2**21 + seed)
        places = torch.randn(1, len(net.weights[0][n]), generator=dice)
        net.biases[0][n] = 2 * places
        x = torch.randn(5000, 3, generator=dice).to(lesson.device)
        units = torch.relu(x @ net.weights[0][n].T + net.biases[0][n]).double()
        table, wanted = units.T @ units, units.T @ onion(x).double()
        table.diagonal().add_(1e-4 * table.diagonal().mean())
        net.weights[1][n] = torch.linalg.solve(table, wanted).T

# %% compare
shapes = {"deep": [20] * 6, "two layers": [44] * 2, "none": []}
runs = {n: trained("onion", hidden, (0.01,)) for n, hidden in shapes.items()}
runs["wide"] = trained("onion", [440], (0.01, 0.03), solve)
longer = trained("onion", [440], (runs["wide"].rate,), solve, times=2)

# %%
def solved(units):
    net = network("onion", [units])
    solve(net)
    return missed("onion", net)

share = {n: run.measured for n, run in runs.items()}  # (seeds,)
twice = {"the steps": longer.measured, "the units": solved(880)}
lesson.figure("missed", plot_dots({"deep\n6 × 20": share["deep"],
    "two layers\n2 × 44": share["two layers"], "wide\n1 × 440": share["wide"],
    "wide, twice the steps\n1 × 440": twice["the steps"],
    "wide, only solved\n1 × 880": twice["the units"]}, "share of the onion that is missed"),
    caption="Twice the steps and twice the units help one hidden layer. They do not bring it near.")
lesson.number("steps", steps, format=",d")
share["helped"] = torch.minimum(*twice.values())
lesson.claim("deep-learns-the-onion", "Six hidden layers miss {rule:.1%} of the onion", share,
    "deep", trap={"one layer, as many weights": "wide"}, at_most=0.125, answers=("A40", "D32"))
lesson.claim("wide-stays-behind",
    "With twice the steps or twice the units, one hidden layer still misses {rule:.1%} of it",
    share, "helped", trap={"six layers": "deep"}, at_least=0.125,
    answers=("A40", "C6", "D31", "D32"))
lesson.claim("two-layers-cannot", "A network with no more than two hidden layers cannot learn it: "
    "it misses {rule:.0%}", share, "two layers", trap={"no hidden layer": "none"}, at_least=0.5,
    expect="contradicted", answers=("B20",))

# %%
ring = torch.linspace(-3, 3, 73)
across, down = torch.meshgrid(ring, ring, indexing="xy")
cut = torch.stack([across, down, torch.zeros_like(across)], dim=2).view(-1, 3)

@torch.no_grad()
def seen(run):  # by the first seed's network, where the onion is cut in two
    answers = run.model(run.model.same_for_all(cut.to(lesson.device)))
    return answers[run.chosen.start].view(73, 73).cpu()

pictures = [onion(cut).view(73, 73), seen(runs["deep"]), seen(runs["wide"])]
discs = [torch.where(across.hypot(down) < 3, answers, torch.nan) for answers in pictures]
lesson.figure("onion",
    plot_weights({"slice": discs}, ["the onion", "6 × 20 units", "1 × 440 units"]),
    caption="The cut onion, and what two networks with equally many weights have learned of it.")

# %% waves
# ## Break it
# Ten waves, added up. The weights are equally many: 2,497 and 2,497.
side = {"deep": trained("waves", [32] * 3, (0.01, 0.02)).measured,
        "wide": trained("waves", [208], (0.03,)).measured}

# %%
lesson.figure("swap", plot_dots({"the onion": {n: share[n] for n in side}, "ten waves": side},
    "share that is missed"),
    caption="Equal weights and two worlds: a wave of a distance, and ten waves side by side.")
lead = {"ten waves": side["wide"] / side["deep"], "the onion": share["wide"] / share["deep"]}
lesson.claim("wide-wins-side-by-side", "On ten waves side by side, the wide network misses "
    "{rule:%} of what the deep one misses", lead, "ten waves", trap="the onion", at_most=0.5,
    format=".2g", answers=("A40", "D32"))

# %% by-hand
# Six folds as the weights of six layers. Does training find them?
@torch.no_grad()
def by_hand():
    net = network("folds", [2] * 6)
    layers = zip(net.weights, net.biases, strict=True)
    for n, (weights, biases) in enumerate(layers):
        weights.copy_(torch.tensor([2.0, -4.0] if n else [0.5]))
        shifts = torch.tensor([0.0, -0.5] if n else [0.5, 0.0])
        biases.copy_(shifts[: biases.shape[2]])
    return missed("folds", net)

# %%
found = trained("folds", [16] * 6, (0.003, 0.01), times=0.75).measured
lesson.claim("folds-are-not-found",
    "Trained, six layers of 16 units miss {rule:.0%} of a strip folded six times", found,
    trap={"six layers of 2, written by hand": by_hand()}, at_least=0.75, answers=("A40",))

# %% sine
# ## Any function?
# A sine, and one layer of random units whose last layer is solved.
inside = torch.linspace(-math.pi, math.pi, 401, dtype=torch.float64)

def draw(bend, count, seed, places):  # learns inside, answers at other places
    dice = torch.Generator().manual_seed(seed)
    weights, biases = torch.randn(2, count, generator=dice).double()
    units = [bend(x[:, None] * weights + 3 * biases) for x in (inside, places)]
    wanted = torch.sin(3 * inside)[:, None]
    last = torch.linalg.lstsq(units[0], wanted, rcond=1e-10, driver="gelsd")
    return (units[1] @ last.solution)[:, 0]

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
beyond = torch.cat([between - 2 * math.pi, between + 2 * math.pi])
lost = {n: (off(x, torch.relu, 300) / off(between, torch.relu, 300)).sqrt().log10()
        for n, x in {"outside": beyond, "inside": inside}.items()}
lesson.claim("only-inside", "Outside of where it learned, a layer of 300 ReLUs is ten times "
    "({bound} power of ten) as wrong as inside, or more", lost, "outside", trap="inside",
    at_least=1, format=".1f", answers=("C4",))

# %%
lesson.compare("paper-and-ours", {
    "on the wrong side, too few units in one layer": ("at least 1/6 (Telgarsky 2015)",
        wrong(drawn["1 of 20"]) / 1025),
    "on the wrong side, 2 units a layer": ("0 (Telgarsky 2015)", wrong(deep(x, 10)) / 1025),
    "rings, missed by one hidden layer": ("a constant (Eldan and Shamir 2016)", share["wide"])},
    format=".2f", caption="Theirs are theorems for every network; ours are a few networks.")

# %% exercise-1
bits = torch.cartesian_prod(*[torch.arange(2.0)] * 8)  # all 256 rows of 8 bits
ones = bits.sum(dim=1)  # a unit may add up all bits
odd = {units: wide(ones / 8, 8, units) > 0.5 for units in (8, 7)}

# %%
lesson.claim("parity-needs-no-crowd", "One hidden layer of eight units tells odd from even for all "
    "256 rows of eight bits, {bound} wrong", {n: int((said != (ones % 2 == 1)).sum())
    for n, said in odd.items()}, 8, trap={"the first seven": 7}, equals=(0, 0), exact=True,
    format="d")

# %% exercise-2
by_units = {units: solved(units) for units in (55, 110, 220, 440)}

# %%
by_units[880] = twice["the units"]
lesson.table("units", "units", {"share that is missed": by_units}, format=".2f",
    caption="Each line has twice the units of the line above.")

# %% exercise-3
layers = {"deep": [3, *[20] * 6, 1], "wide": [3, 440, 1]}
work = {n: sum(i * o for i, o in pairwise(size)) for n, size in layers.items()}

# %%
lesson.table("work", "network", {"multiplications for one answer": work}, format=",d",
    caption="The wide network has the lighter work.")
