"""
# A row of neurons folds the sheet until one cut is enough

One neuron draws one straight line, and no line parts a ring from the ring inside it. What does the
next row see? We fold a square by hand, look at rings from within a row, and count rows.
"""

# %%
from itertools import repeat

import torch

from lessonkit.data.plane import CORNERS, XOR, clouds, rings
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.planes import Plane, plot_planes
from lessonkit.figures.spaces import Space, plot_spaces
from lessonkit.models.mlp import MLP
from lessonkit.training import fit, tune, yes_no_loss

lesson = Lesson("foundations/stacking_layers", format=".0%")

# %% fold
# ## One number by hand
# Two neurons look at the corners of a square, a third one at what they say.
corners = torch.tensor(CORNERS)  # (corners, numbers)
row = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])  # (neurons, numbers)

def folded(bend):
    hidden = bend(corners @ row.T)  # (corners, neurons)
    return hidden, hidden.sum(dim=1) - 1 > 0  # where they land, the answer

# %%
no_bend, differ = torch.nn.Identity(), torch.tensor(XOR).bool()
lesson.claim("two-neurons-fold-the-square",
    "A row of two neurons and one neuron behind it get {bound} of the 4 corners of XOR right",
    lambda bend: folded(bend)[1].eq(differ).sum(), torch.relu,
    trap={"without the bend": no_bend}, equals=(4, 0), exact=True, format="d")
square = plot_planes({"the sheet": Plane(corners, XOR), "behind the row":
    Plane(folded(torch.relu)[0], XOR, {"the third neuron": (1, 1, -1)})},
    kinds=("equal numbers", "different numbers"))
square.figure.axes[1].set(xlabel="first neuron", ylabel="second neuron")
lesson.figure("folded-square", square,
    caption="Two corners have landed on one spot, and one straight line is enough.")

# %% one-row
# Rows without a bend, multiplied out into the weights of one row.
def one_row(net, signal):
    weights, bias = net.weights[0], net.biases[0]
    for more, shift in zip(net.weights[1:], net.biases[1:], strict=True):
        weights, bias = more @ weights, bias @ more.mT + shift
    return signal @ weights.mT + bias

# %%
seeds = lesson.seeds(quick=8, full=24, smoke=2)
sheet = rings(200, seeds)[0].double()  # (seeds, points, numbers)

def stack(sizes, bend="tanh"):
    return MLP(sizes, bend, "pytorch", seeds).double()

def gap(net, answer, *how):
    return (net(sheet) - answer(net, sheet, *how)).abs().max()

lesson.claim("without-a-bend-three-rows-are-one",
    "Without a bend, three rows answer what one row answers, up to rounding ({rule})",
    {bend: gap(stack([2, 8, 8, 1], bend), one_row) for bend in (no_bend, "tanh")}, no_bend,
    trap="tanh", at_most=1e-12, exact=True, format=".1e")

# %% by-hand
# ## Rows on rows
# One neuron at a time, one row after another, however many there are.
def by_hand(net, signal, order):
    for row in order:
        neurons = net.weights[row].unbind(1), net.biases[row].unbind(2)
        sums = [(signal * weights[:, None]).sum(dim=2) + bias
                for weights, bias in zip(*neurons, strict=True)]
        signal = torch.stack(sums, dim=2)  # (seeds, points, neurons)
        if row < net.depth - 1:  # the row of the answer has no bend
            signal = torch.tanh(signal)
    return signal

# %%
stacks = {rows: stack([2] * rows + [1]) for rows in (3, 300)}
lesson.claim("rows-by-hand",
    "With 3 rows and with 300, neuron by neuron and row by row gives the network's answer ({rule})",
    lambda *last: max(gap(net, by_hand, [*range(n - 3), *(n - row for row in last)])
                      for n, net in stacks.items()), 3, 2, 1, trap={"two rows swapped": (2, 3, 1)},
    at_most=1e-12, exact=True, format=".1e", answers=("A12", "A17", "B11", "B12"))
lesson.claim("depth-is-a-count", "A stack of 300 rows holds {bound} tables of weights",
    {"300 rows": stacks[300].depth, "one hidden row of 300": stack([2, 300, 1]).depth},
    "300 rows", trap="one hidden row of 300", equals=(300, 0), exact=True, format="d",
    answers=("A13",))
lesson.cite("A14", "D20", date="2015", source="J. Schmidhuber, Deep learning in neural networks, "
    "section 3", says="There is no line: two hidden rows and the row of the answer are deep for "
    "one popular introduction, shallow for two. Asked where deep begins, experts do not agree.")

# %% trained
# ## Training
# Each seed has points of its own, and 16 starts: networks with other weights.
def points(net, shape, exam=False):
    owners = [start // 1000 + 500_000 * exam for start in net.seeds]
    return shape(4000 if exam else 320, owners)

def trained(shape, hidden, bend="tanh", rates=(0.02, 0.05, 0.15)):
    net = MLP([2, *hidden, 1], bend, "pytorch", starts * len(rates))
    sheet, kinds = points(net, shape)
    return tune(net, repeat((sheet, kinds)), steps, rates=rates,
        optimiser="adam", loss=yes_no_loss,
        measure=lambda net: yes_no_loss(net(sheet), kinds).detach())

# %%
each, steps = lesson.pick(quick=16, smoke=2), range(lesson.pick(quick=600, smoke=5))
starts = [1000 * seed + n for seed in seeds for n in range(each)]

def right(net, sheet, kinds):
    return (net(sheet).squeeze(2) > 0).eq(kinds.bool()).double().mean(dim=1).detach()  # (copies,)

plans = {"XOR, 2 ReLU units": (clouds, [2], "relu"), "XOR, 2 tanh units": (clouds, [2]),
         "XOR, 8 ReLU units": (clouds, [8], "relu", (0.15,)), "rings, 2 units": (rings, [2]),
         "rings, 3 units": (rings, [3], "tanh", (0.15,)),
         "rings, 2 + 2 + 2 units": (rings, [2, 2, 2])}
runs = {n: trained(*plan) for n, plan in plans.items()}
scores = {n: right(run.model, *points(run.model, plans[n][0], exam=True))[run.chosen].view(-1, each)
          for n, run in runs.items()}  # (seeds, starts)
chosen = {n: run.measured.view(-1, each).argmin(dim=1) for n, run in runs.items()}  # (seeds,)
best = {n: s.gather(1, chosen[n][:, None])[:, 0] for n, s in scores.items()}  # (seeds,)
found = {n: (s >= 0.9).double().mean(dim=1) for n, s in scores.items()}  # (seeds,)

# %%
lesson.claim("two-units-often-miss-xor", "With 2 ReLU units, {rule} of the starts find XOR",
    found, "XOR, 2 ReLU units", trap="XOR, 8 ReLU units", at_most=0.8)
lesson.claim("three-units-fence-the-ring",
    "The best of 16 starts with 3 hidden units gets {rule:.0%} of the rings right", best,
    "rings, 3 units", trap="rings, 2 units", at_least=0.95, format=".1%", answers=("A80",))
lesson.claim("two-units-never-do",
    "With 2 hidden units, no start of 16 gets more than {bound} of the rings right",
    lambda n: scores[n].amax(dim=1), "rings, 2 units", trap="rings, 3 units", at_most=0.9)
lesson.claim("narrow-rows-stay-stuck",
    "With three rows of 2 units, {rule} of the starts get nine tenths of the rings right",
    found, "rings, 2 + 2 + 2 units", trap="rings, 3 units", at_most=0.6)
lesson.claim("more-rows-are-no-help",
    "Three rows of 2 units do no better on the rings than one: {rule} right", best,
    "rings, 2 + 2 + 2 units", trap="rings, 2 units", at_most=0.83, expect="contradicted")
lesson.figure("who-finds-it", plot_dots({n.replace(", ", "\n"): f for n, f in found.items()},
    "starts that get nine tenths right (share)"),
    caption="Each mark: 16 starts on one seed's points. Room for an answer is not the answer.")

# %% own-coordinates
def inside(net, copy):  # 150 points, as three units see them
    sheet, kinds = points(net, rings)
    weights, bias = net.weights[1][copy, 0].detach(), net.biases[1][copy].item()
    way = -weights.sign()  # up: where a unit speaks for the inner ring
    seen = net.signals(sheet)[1][copy, :150].detach() * way
    return seen, kinds[copy, :150], (*(weights * way).tolist(), bias)

# %%
def shown(name):  # the best start of the first seed
    return runs[name].model, runs[name].chosen.start + int(chosen[name][0])

net, copy = shown("rings, 3 units")
born, ring = MLP([2, 3, 1], "tanh", "pytorch", net.seeds), {"kinds": ("inner ring", "outer ring")}
lesson.figure("lifted", plot_spaces({"before training": Space(*inside(born, copy)[:2]),
    "after training": Space(*inside(net, copy))}, **ring),
    caption="The rings, placed by what three units say of them. Training lifts the inner one.")

def fence(net, copy):
    line = torch.linspace(-2.6, 2.6, 81)[1::2]
    grid = torch.cartesian_prod(line, line).flip(1)  # from left to right, then upwards
    says = net(net.same_for_all(grid))[copy].sigmoid().view(40, 40).detach()
    sheet, kinds = (part[copy, :120] for part in points(net, rings))
    units = torch.cat([net.weights[0][copy], net.biases[0][copy].T], dim=1).tolist()
    return Plane(sheet, kinds, {f"unit {n}": unit for n, unit in enumerate(units, 1)}, says)

lesson.figure("fences", plot_planes({f"{n} units": fence(*shown(f"rings, {n} units"))
    for n in (2, 3)}, **ring),
    caption="Each line: where one unit is undecided. Two leave a gap; three close it.")

# %% four-rings
# ## Row by row
# Four rings, of two kinds in turn, and three rows of six units.
def four_rings(count, owners):
    inner = rings(count // 2, owners, (0.6, 1.2), 0.1)
    outer = rings(count // 2, [n + 10**7 for n in owners], (1.8, 2.4), 0.1)
    return [torch.cat(pair, dim=1) for pair in zip(inner, outer, strict=True)]

tall = {n: MLP([2, 6, 6, 6, 1], "tanh", "pytorch", starts[::2])
        for n in ("trained", "untrained")}
net = tall["trained"]
losses = fit(net, repeat(points(net, four_rings)), steps,
    learning_rate=0.04, optimiser="adam", loss=yes_no_loss)

# %% reader
# Behind a row a fresh neuron learns, from that row's numbers and nothing else.
def readable(net, row, shape=four_rings):
    (sheet, kinds), (exam, answers) = (points(net, shape, e) for e in (0, 1))
    seen, unseen = (net.signals(p)[row].detach() for p in (sheet, exam))
    neuron = MLP([seen.shape[2], 1], "tanh", "pytorch", net.seeds)
    fit(neuron, repeat((seen, kinds)), steps, loss=yes_no_loss,
        learning_rate=0.15, optimiser="adam")
    return right(neuron, unseen, answers)  # (copies,)

# %%
every = {n: torch.stack([readable(net, row) for row in range(4)], dim=1).unflatten(
    0, (len(seeds), -1)) for n, net in tall.items()}  # (seeds, starts, rows)
read = {n: e.mean(dim=1) for n, e in every.items()}  # (seeds, rows)
lesson.figure("row-by-row", plot_curves(read, "row (0 is the sheet)", "fresh neuron right (share)",
    at=range(4), chance=0.5), caption="Once trained, each row hands on an easier sheet.")
lesson.claim("every-row-adds",
    "On average over eight starts, each of three rows lets a fresh neuron get {rule:.0%} of all "
    "points more right", lambda n: read[n].diff(dim=1).amin(dim=1), "trained", trap="untrained",
    at_least=0.02, format=".1%", answers=("A80",))

# %% drawn-once
# ## Break it
# The two rings again, and a row that stays as it was drawn. One neuron learns.
def drawn_once(units):
    net = MLP([2, units, 1], "tanh", "pytorch", starts[::each])
    return readable(net, 1, rings)  # (seeds,)

# %%
held = {units: drawn_once(units) for units in (2, 3, 8, 32)}
lesson.claim("a-row-need-not-learn",
    "One neuron behind 32 units that were never trained gets {rule:.0%} of the rings right",
    held, 32, trap={"3 such units": 3}, at_least=0.95, format=".1%")
alone = (every["trained"].diff(dim=2) > 0).all(dim=2).double().mean(dim=1)
lesson.compare("paper-and-ours", {
    "rings, 2 hidden units, right (Olah 2014)": ("about 80 %", best["rings, 2 units"]),
    "starts that end in a solution (Rumelhart et al. 1986)":
        ("“virtually every case”", found["XOR, 2 tanh units"]),
    "networks that gain from row to row (Alain, Bengio 2016)": ("“monotonically”", alone)},
    caption="Ours: two rings; XOR with 2 tanh units; four rings, every row of three.")

# %% exercise-1
turned = 1 - torch.relu(corners @ row.T).sum(dim=1) > 0  # (corners,)

# %% exercise-2
held |= {units: drawn_once(units) for units in (4, 16)}

# %% exercise-3
answers = {n: stack([2] * n + [1])(sheet) for n in (3, 10, 30, 100, 300)}
spread = {n: a.std(dim=1).mean(dim=1).detach() for n, a in answers.items()}

# %%
lesson.number("turned", turned.eq(~differ).sum(), format="d", label="corners right")
lesson.table("units-held", "units, never trained", {"one neuron gets right":
    dict(sorted(held.items()))}, format=".1%",
    caption="The two rings, seen through a row that stays as it was drawn.")
lesson.table("tall-stacks", "rows", {"answers differ by": spread}, format=".0e",
    caption="From point to point, in stacks of two units that nobody trained.")
