"""
# A row of neurons moves the dots until one cut is enough

One neuron draws one straight line. What does the next row see? We fold a square and look at rings.
"""

# %%
from itertools import repeat

import torch

from lessonkit.data.plane import CORNERS, XOR, clouds, rings
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
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
square = plot_planes({"the sheet": Plane(corners, XOR),
    "weighed and added": Plane(folded(no_bend)[0], XOR),
    "then bent": Plane(folded(torch.relu)[0], XOR, {"the third neuron": (1, 1, -1)})},
    kinds=("equal numbers", "different numbers"))
for panel in square.figure.axes[1:]:
    panel.set(xlabel="first neuron", ylabel="second neuron")
    panel.text(-0.7, -0.3, "two dots", ha="center", va="top", fontsize=12)
lesson.figure("folded-square", square,
    caption="The weights press the square flat onto one line. The bend folds that line.")

# %% by-hand
# ## Rows on rows
# One neuron at a time, one row after another, however many there are.
def by_hand(net, signal, order):
    said = [signal]
    for row in order:
        neurons = net.weights[row].unbind(1), net.biases[row].unbind(2)
        sums = [(said[-1] * weights[:, None]).sum(dim=2) + bias
                for weights, bias in zip(*neurons, strict=True)]
        signal = torch.stack(sums, dim=2)  # (seeds, points, neurons)
        said.append(signal if row == net.depth - 1 else torch.tanh(signal))
    return said

# %%
seeds = lesson.seeds(quick=8, full=24, smoke=2)
sheet, kinds = rings(200, seeds)  # (seeds, points, numbers), (seeds, points)

def turning(inputs, outputs, generator):  # keeps signals alive through 300 rows
    turn = torch.linalg.qr(torch.randn(inputs, inputs, generator=generator))[0]
    return 1.05 * turn[:outputs], 0.01 * torch.randn(outputs, generator=generator)

def gaps(*first):  # between the loop and a network, at the row where it is widest
    for rows in (3, 300):
        net, dots = MLP([2] * rows + [1], "tanh", turning, seeds).double(), sheet.double()
        said = by_hand(net, dots, [*first, *range(2, rows)])
        yield max((a - b).abs().max() for a, b in zip(said, net.signals(dots), strict=True))
lesson.claim("rows-by-hand",
    "One loop, run 3 times or 300 times, says what each row of the network says ({rule})",
    {"in order": max(gaps(0, 1)), "two rows swapped": min(gaps(1, 0))}, "in order",
    trap="two rows swapped", at_most=1e-10, exact=True, format=".1e",
    answers=("A12", "A13", "A17", "B11", "B12"))
lesson.cite("A14", "D20", date="2015", source="J. Schmidhuber, Deep learning in neural networks, "
    "section 3", says="There is no line: two hidden rows and the row of the answer are deep for "
    "introduction A of our list, shallow for D. Asked where deep begins, experts do not agree.")

# %% trained
# ## Training
# Each seed has points of its own, and 16 starts: networks with other weights.
def points(net, shape, exam=False):
    owners = [start // 1000 + 500_000 * exam for start in net.seeds]
    return shape(4000 if exam else 320, owners)

def trained(shape, hidden, bend="tanh", rates=(0.02, 0.05, 0.15)):
    net = MLP([2, *hidden, 1], bend, "pytorch", starts * len(rates))
    train = points(net, shape)
    run = tune(net, repeat(train), steps, rates=rates, optimiser="adam",
        loss=yes_no_loss, measure=lambda net: -right(net, *train))
    exam = right(net, *points(net, shape, exam=True))[run.chosen]
    return run, exam.view(len(seeds), -1)  # and (seeds, starts)

# %%
starts = [1000 * seed + n for seed in seeds for n in range(lesson.pick(quick=16, smoke=2))]
steps = range(lesson.pick(quick=600, smoke=5))

def right(net, sheet, kinds):
    return (net(sheet).squeeze(2) > 0).eq(kinds.bool()).double().mean(dim=1).detach()  # (copies,)

plans = {"2 units": ([2],), "2 units that square": ([2], torch.square, (0.05,)),
         "3 units": ([3], "tanh", (0.15,)), "2 + 2 + 2 units": ([2, 2, 2],)}
runs = {n: trained(rings, *plan) for n, plan in plans.items()}
best = {n: exam.amax(dim=1) for n, (_, exam) in runs.items()}  # (seeds,)
xor = {"2 ReLU units": trained(clouds, [2], "relu"), "8": trained(clouds, [8], "relu", (0.15,))}
found = {n: (exam > 0.9).double().mean(dim=1) for n, (_, exam) in (runs | xor).items()}  # (seeds,)

# %%
lesson.claim("two-units-often-miss-xor", "Of 16 starts with 2 ReLU units, {rule} find XOR", found,
    "2 ReLU units", trap={"8 ReLU units": "8"}, at_most=0.8)
lesson.claim("narrow-rows-stay-stuck",
    "Of 16 starts with three rows of 2 units, {rule} get nine of ten points of two rings right",
    found, "2 + 2 + 2 units", trap="3 units", at_most=0.6)
lesson.claim("three-units-fence-the-ring",
    "The best of 16 starts with 3 hidden units gets {rule:.0%} of two rings right", best,
    "3 units", trap="2 units", at_least=0.95, format=".1%", answers=("A80",))
lesson.claim("two-units-never-do",
    "With 2 tanh units, no start of 16 gets more than {bound} of two rings right", best,
    "2 units", trap="2 units that square", at_most=0.9)
lesson.claim("more-rows-are-no-help",
    "Three rows of 2 units do no better on two rings than one: {rule} right", best,
    "2 + 2 + 2 units", trap="2 units", at_most=0.83, expect="contradicted")

# %% own-coordinates
def inside(net, copy):  # as three units see 150 points; up: inner ring
    sheet, kinds = points(net, rings)
    weights, bias = net.weights[1][copy, 0].detach(), net.biases[1][copy].item()
    seen = net.signals(sheet)[1][copy, :150].detach() * -weights.sign()
    return seen, kinds[copy, :150], (*(-weights.abs()).tolist(), bias)

# %%
def shown(name):  # the best start of the first seed
    run, exam = runs[name]
    return run.model, run.chosen.start + int(exam[0].argmax())

(net, copy), ring = shown("3 units"), {"kinds": ("inner ring", "outer ring")}
born = MLP([2, 3, 1], "tanh", "pytorch", net.seeds)
lesson.figure("lifted", plot_spaces({"before training": Space(*inside(born, copy)[:2]),
    "after training": Space(*inside(net, copy))}, up="speaks for the inner ring", **ring),
    caption="Each dot stands where three units put it. Training lifts the inner ring.")
*vote, bias = -torch.tensor(inside(net, copy)[2])  # for the inner ring
lesson.number("all-say-yes", sum(vote) + bias, format=".1f", label="the sum, in one network")
lesson.number("one-says-no", [sum(vote) + bias - 2 * one for one in vote], format=".1f")
def fence(net, copy):
    line = torch.linspace(-2.6, 2.6, 81)[1::2]
    grid = torch.cartesian_prod(line, line).flip(1)  # from left to right, then upwards
    says = net(net.same_for_all(grid))[copy].sigmoid().view(40, 40).detach()
    units = torch.cat([net.weights[0][copy], net.biases[0][copy].T], dim=1).tolist()
    return Plane(*(part[copy, :120] for part in points(net, rings)),
        {f"unit {n}": unit for n, unit in enumerate(units, 1)}, says)
lesson.figure("fences", plot_planes({n: fence(*shown(n)) for n in ("2 units", "3 units")}, **ring),
    caption="Each line: where one unit is undecided. Two leave a gap; three close it.")

# %% four-rings
# ## Row by row
# Four rings, of two kinds in turn.
def four_rings(count, owners):
    inner = rings(count // 2, owners, (0.6, 1.2), 0.1)
    outer = rings(count // 2, [n + 10**7 for n in owners], (1.8, 2.4), 0.1)
    return [torch.cat(pair, dim=1) for pair in zip(inner, outer, strict=True)]

# %% reader
# Behind a row a fresh neuron learns, from that row's numbers and nothing else.
def readable(net, row, shape=four_rings):
    (sheet, kinds), (exam, answers) = (points(net, shape, e) for e in (0, 1))
    seen, unseen = (net.signals(p)[row].detach() for p in (sheet, exam))
    neuron = MLP([seen.shape[2], 1], "tanh", "pytorch", net.seeds)
    fit(neuron, repeat((seen, kinds)), steps, loss=yes_no_loss,
        learning_rate=0.15, optimiser="adam")
    return right(neuron, unseen, answers).view(len(seeds), -1)  # of starts

# %%
starts, plans = starts[::2], {"three rows of 6": ([6, 6, 6], "tanh", (0.02,)),
    "one row of 27": ([27], "tanh", (0.15,)), "one row of 6": ([6], "tanh", (0.15,))}
whole = {n: trained(four_rings, *plan) for n, plan in plans.items()}
read = {n: torch.stack([readable(net, row).mean(dim=1) for row in range(4)], dim=1)
        for n, net in {"trained": whole["three rows of 6"][0].model, "untrained": MLP(
            [2, 6, 6, 6, 1], "tanh", "pytorch", starts)}.items()}  # (seeds, rows)
lesson.figure("row-by-row", plot_curves(read, "row (0 is the sheet)", "fresh neuron right (share)",
    at=range(4), chance=0.5), caption="Rows of six: each hands on an easier sheet, once trained.")
lesson.claim("later-rows-add",
    "Rows two and three of six units each let a fresh neuron get {rule:.0%} of the dots more right",
    lambda n: read[n].diff(dim=1)[:, 1:].amin(dim=1), "trained", trap="untrained",
    at_least=0.05, format=".1%", answers=("A80",))
lesson.claim("one-row-does-it-too", "One row of 27 units gets {rule} of four rings right",
    lambda n: whole[n][1].mean(dim=1), "one row of 27", trap="one row of 6", at_least=0.8)
lesson.table("equal-weights", "hidden units", {
    "average start": {n: exam.mean(dim=1) for n, (_, exam) in whole.items()},
    "best of 8 starts": {n: exam.amax(dim=1) for n, (_, exam) in whole.items()}},
    caption="Four rings. The first two have 109 weights and biases each.")

# %% drawn-once
# ## Break it
# Rows that stay as they were drawn. Behind each, one neuron learns.
drawn = {units: MLP([2, units, 1], "tanh", "pytorch", starts)
         for units in (3, 6, 32, 128)}
held = {shape: {n: readable(net, 1, shape) for n, net in drawn.items()}
        for shape in (rings, four_rings)}  # (seeds, draws)

# %%
lesson.claim("a-row-need-not-learn",
    "One neuron behind 32 units that were never trained gets {rule:.0%} of two rings right",
    lambda shape: held[shape][32].mean(dim=1), rings, trap={"four rings": four_rings},
    at_least=0.9, format=".1%")
lesson.compare("paper-and-ours", {"rings, 2 hidden units, right (Olah 2014)":
    ("about 80 %", best["2 units"]), "smallest gain from row to row (Alain, Bengio 2016)":
    ("“monotonically”", read["trained"].diff(dim=1).amin(dim=1))}, caption="Two rings; four rings.")

# %% exercise-1
turned = 1 - torch.relu(corners @ row.T).sum(dim=1) > 0  # (corners,)

# %% exercise-2
best_draw = {units: exam.amax(dim=1) for units, exam in held[rings].items()}

# %% exercise-3
outer = sheet.square().sum(dim=2) - 1.5**2 > 0  # (seeds, points)

# %%
average, four = ({n: r.mean(dim=1) for n, r in one.items()} for one in held.values())
lesson.table("units-held", "units", {"two rings, average draw": average, "best of 8": best_draw,
    "four rings": four}, caption="Seen through a row that stays as it was drawn.")
lesson.number("turned", turned.eq(~differ).sum(), format="d", label="corners right")
lesson.number("squared", outer.eq(kinds.bool()).double().mean(dim=1), label="rings right")
