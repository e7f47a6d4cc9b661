"""
# A fold costs depth two units, and doubles the width

One wide hidden layer can draw nearly any curve: so why stack layers? We count what a fold costs,
train deep and wide networks with equally many weights, and look where the wide one wins.
"""

# %%
import math

import torch

from lessonkit.evidence import Lesson
from lessonkit.figures.dots import plot_dots
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
def pieces(draw):  # how often does the slope change over 8,192 short stretches?
    slopes = draw(torch.arange(8193, dtype=torch.float64) / 8192).diff()
    return int((slopes[1:] != slopes[:-1]).sum()) + 1

x = torch.arange(1025, dtype=torch.float64) / 1024
zigzag = torch.arange(1025) % 2  # 0, 1, 0, 1 … where it turns or ends

def wrong(y):  # how many of the 1,025 are on the wrong side of one half
    return int(((y > 1 / 2) != (zigzag == 1)).sum())

# %%
drawn = {"10 layers of 2": lambda x: deep(x, 10), "1 of 1,024": lambda x: wide(x, 1024, 1024),
         "1 of 20": lambda x: wide(x, 1024, 20)}
lesson.claim("folds-double", "Ten layers of two units draw exactly {bound} straight pieces",
    {n: pieces(draw) for n, draw in drawn.items()}, "10 layers of 2",
    trap={"the 20 units in one layer": "1 of 20"}, equals=(1024, 0), exact=True, format=",d",
    answers=("C6",))
die = torch.Generator().manual_seed(1)
anywhere = torch.randint(2**20, (4000,), generator=die).double() / 2**20
lesson.claim("one-layer-can", "One hidden layer of 1,024 units draws the same zigzag: at 4,000 "
    "random places it is nowhere off by more than {bound}",
    {n: (draw(anywhere) - deep(anywhere, 10)).abs().max() for n, draw in drawn.items()},
    "1 of 1,024", trap={"20 units": "1 of 20"}, at_most=1e-9, exact=True, format=".3g",
    answers=("A39", "D30"))
lesson.claim("twenty-in-one-layer",
    "The same 20 units in one layer leave {rule} of the 1,025 points on the wrong side of ½",
    {n: wrong(draw(x)) for n, draw in drawn.items()}, "1 of 20", trap="10 layers of 2",
    at_least=502, exact=True, format="d", answers=("C5", "C6"))

# %% worlds
# ## Deep and wide learn
# In an onion the answer goes up and down on the way out: a wave of a distance.
def onion(x, wave=5):  # (…, numbers) -> (…, 1)
    away = x.norm(dim=-1, keepdim=True)
    return torch.cos(wave * (away - x.shape[-1] ** 0.5))

# Ten waves side by side, one for each number, are added up.
def waves(x):  # (…, 10) -> (…, 1)
    return torch.sin(3 * x).sum(dim=-1, keepdim=True)

# %%
worlds = {"onion": (3, torch.randn, onion), "ten waves": (10, torch.randn, waves),
    "onion of ten": (10, torch.randn, lambda x: onion(x, 2)), "strip": (1, lambda *shape, generator:
    2 * torch.rand(*shape, generator=generator) - 1, lambda x: deep((x + 1) / 2, 6))}
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
    x = draw(4000, count, generator=torch.Generator().manual_seed(7)).to(lesson.device)
    gaps = net(net.same_for_all(x)) - answer(x)
    return gaps.square().mean(dim=(1, 2)) / answer(x).var()  # (seeds,)

# %% train
def trained(world, hidden, rates, start=lambda net: None, times=1):
    net = network(world, hidden, seeds * len(rates))
    start(net)
    shown = lesson.progress(range(times * steps), f"{world}: {hidden} units")
    return tune(net, fresh(world, net.seeds), shown,
                lambda net: missed(world, net), rates=rates, optimiser="adam",
                loss=squared_error, schedule=falling(times * steps, 0.1))

# %% solve
# A good start for a wide network: a last layer that is *solved*.
@torch.no_grad()
def solve(net):
    for n, seed in enumerate(net.seeds):
        dice = torch.Generator().manual_seed(2**21 + seed)
        count = len(net.weights[0][n])
        net.biases[0][n] = 2 * torch.randn(1, count, generator=dice)
        x = torch.randn(5000, 3, generator=dice).to(lesson.device)
        units = torch.relu(x @ net.weights[0][n].T + net.biases[0][n]).double()
        table, wanted = units.T @ units, units.T @ onion(x).double()
        table.diagonal().add_(1e-6 * table.diagonal().mean())
        net.weights[1][n] = torch.linalg.solve(table, wanted).T

# %%
runs = {"deep": trained("onion", [20] * 6, (0.01,)),
        "wide": trained("onion", [440], (0.01, 0.03), solve)}
runs["double"] = trained("onion", [880], (runs["wide"].rate,), solve)
runs |= {n: trained("onion", hidden, (0.015,), times=2)
         for n, hidden in {"two layers": [44] * 2, "none": []}.items()}
rates = {"onion of ten": ((0.01,), (0.03, 0.06)), "ten waves": ((0.01, 0.02), (0.03,))}
side = {world: {"deep": trained(world, [32] * 3, few).measured,  # two rates for who is behind
                "wide": trained(world, [208], wider).measured}
        for world, (few, wider) in rates.items()}

# %%
share = {n: run.measured for n, run in runs.items()}  # (seeds,)
lesson.number("steps", steps, format=",d")
lesson.figure("missed", plot_dots({"deep\n6 × 20": share["deep"], "wide\n1 × 440": share["wide"],
    "twice the units\n1 × 880": share["double"],
    "twice the steps\n2 × 44": share["two layers"]}, "share of the onion missed"),
    caption="Twice the units help one hidden layer. They do not bring it near.")
lesson.claim("deep-learns-the-onion", "Six hidden layers miss {rule:%} of the onion", share,
    "deep", trap={"one layer, as many weights": "wide"}, at_most=0.15, answers=("A40", "D32"))
part = {"the onion": share["deep"] / share["double"]} | {w: s["deep"] / s["wide"]
    for w, s in side.items()}
lesson.claim("wide-stays-behind", "On the onion, six layers miss {rule:%} of what one layer with "
    "twice the weights misses after as many steps", part, "the onion", trap="ten waves",
    at_most=0.75, format=".0%", answers=("A40", "C6", "D31", "D32"))
lesson.claim("two-layers-cannot", "A network with no more than two hidden layers cannot learn the "
    "onion, even in twice the steps: it misses {rule:%}", share, "two layers", trap={"no hidden "
    "layer": "none"}, at_least=0.15, expect="contradicted", answers=("B20",))

# %%
ring = torch.linspace(-3, 3, 73)
across, down = torch.meshgrid(ring, ring, indexing="xy")
cut = torch.stack([across, down, torch.zeros_like(across)], dim=2).view(-1, 3)

answers = [onion(cut)]
for run in (runs["deep"], runs["wide"]):  # the first seed's
    seen = run.model(run.model.same_for_all(cut.to(lesson.device))).detach()
    answers.append(seen[run.chosen.start].cpu())
discs = [torch.where(across.hypot(down) < 3, a.view(73, 73), torch.nan) for a in answers]
lesson.figure("onion",
    plot_weights({"slice": discs}, ["the onion", "6 × 20 units", "1 × 440 units"]),
    caption="The cut onion, and what two networks with equally many weights have learned of it.")

# %%
# ## Break it
lesson.figure("swap", plot_dots(side, "share that is missed"),
    caption="The same two networks in two worlds: an onion of ten numbers, and ten waves.")
lesson.claim("wide-wins-side-by-side", "On ten waves, a deep network misses {rule:.0f} times "
    "as much as a wide one with as many weights", part, "ten waves", trap="onion of ten",
    at_least=2, format=".2g", answers=("A40", "D32"))

# %% laid
# Least squares: one layer of units, what they learn from, what they are asked.
def laid(units, answer, learn, ask):  # units: places -> (seeds, places, units)
    wanted = answer(learn)[:, None].expand(len(seeds), -1, 1)
    last = torch.linalg.lstsq(units(learn), wanted, rcond=1e-7, driver="gelsd")
    gaps = (units(ask) @ last.solution)[..., 0] - answer(ask)
    return gaps.square().mean(dim=1) / answer(learn).var()  # (seeds,)

def dice(draw, *shape):  # (seeds, *shape)
    each = [torch.Generator().manual_seed(seed) for seed in seeds]
    return torch.stack([draw(shape, generator=g) for g in each]).double()

# %% turns
# 469 units begin at random places of the strip.
turns = dice(torch.rand, 1, 469)
turns[..., 0] = 0
strip = torch.linspace(0, 1, 4001, dtype=torch.float64)
learn, ask = strip[::2], strip[1::2]  # every second place is new
one_layer = laid(lambda x: (x[:, None] - turns).relu(),
                 lambda x: deep(x, 6), learn, ask)

# %%
strips = {"deep": trained("strip", [16] * 6, (0.003, 0.01)).measured, "one layer": one_layer}
lesson.claim("folds-are-not-found", f"After {steps:,} steps, six layers of 16 units miss "
    "{rule:.0%} of a strip folded six times", strips, "deep",
    trap={"one layer of 469, solved": "one layer"}, at_least=0.75, answers=("A40",))
lesson.claim("one-layer-finds-them", "One layer of 469 units with random turns, its last layer "
    "solved, misses {rule:.0%} of the same strip", strips, "one layer", trap={"six layers, trained":
    "deep"}, at_most=0.1, answers=("A40",))

# %% sine
# ## Any function?
# A sine, and one layer of random units whose last layer is solved.
inside = math.pi * (2 * learn - 1)  # from -pi to pi
weights, biases = dice(torch.randn, 2, 1, 300).unbind(1)

def off(bend, count, ask):
    w, b = weights[..., :count], 3 * biases[..., :count]
    return laid(lambda x: bend(x[:, None] * w + b),
                lambda x: (3 * x).sin(), inside, ask)

# %%
new = math.pi * (2 * ask - 1)
bends = {"squaring units": off(torch.square, 300, new), "relu": off(torch.relu, 300, new)}
lesson.claim("any-function", "Three hundred units in one layer miss {rule:.0%} of a sine, whatever "
    "their bend", bends, "squaring units", trap="relu", at_most=0.05, expect="contradicted",
    answers=("C4",))
beyond = torch.cat([new - 2 * math.pi, new + 2 * math.pi])
lost = {n: (off(torch.relu, 300, x) / bends["relu"]).log10()
        for n, x in {"outside": beyond, "inside": inside}.items()}
lesson.claim("only-inside", "Outside of where it learned, a layer of 300 ReLUs misses a hundred "
    "times ({bound} powers of ten) as much as inside, or more", lost, "outside", trap="inside",
    at_least=2, format=".1f", answers=("C4",))

# %%
lesson.compare("paper-and-ours", {"on the wrong side, too few units in one layer":
    ("at least 1/6 (Telgarsky 2015)", wrong(drawn["1 of 20"](x)) / 1025)}, format=".2f",
    caption="Ours is a theorem as well: 20 units leave at least 502 of 1,025 there.")

# %% exercise-1
ones = torch.cartesian_prod(*[torch.arange(2.0)] * 8).sum(1)  # of all 256 rows
slopes = torch.tensor([-3.0, 2, -2, 2, -2, 2])
right = torch.relu(ones[:, None] - torch.arange(1, 7)) @ slopes  # six units
# The seventh faces the other way.
odd = 14 + right - 2 * torch.relu(7 - ones) > 1.5

# %%
lesson.number("parity-wrong", int((odd != (ones % 2 == 1)).sum()), format="d")

# %% exercise-2
by_units = {count: off(torch.relu, count, new) for count in (10, 30, 100, 300)}

# %%
lesson.table("units", "units", {"share of the sine that is missed": by_units}, format=".1e",
    caption="With three times the units, much less is missed.")

# %% exercise-3
twelve = pieces(lambda x: deep(x, 12))

# %%
lesson.number("twelve", twelve, format=",d")
