"""
# The best way down depends on the ravine
Plain descent, momentum and Adam, first in a valley of two weights, then in networks that read.
"""

# %%
import copy
import math
from functools import partial

import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.contours import plot_paths, plot_slices
from lessonkit.figures.curves import plot_curves
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy, measure_loss
from lessonkit.probes.slices import measure_rise, measure_slice
from lessonkit.training import falling, fit

lesson = Lesson("training/optimisers", format=".2g")
seeds = lesson.seeds(quick=8, full=32, smoke=2)

# %% two-rules
# ## Three ways to make a step of a slope
def plain_descent(slope, kept, step):
    return slope

def momentum(slope, kept, step, part=0.9):
    kept["way"] = slope + part * kept.get("way", 0)
    return kept["way"]

# %% adam
def adam(slope, kept, step):
    kept["mean"] = 0.1 * slope + 0.9 * kept.get("mean", 0)
    kept["square"] = 0.001 * slope**2 + 0.999 * kept.get("square", 0)
    mean = kept["mean"] / (1 - 0.9**step)  # both began at zero:
    square = kept["square"] / (1 - 0.999**step)  # make up for it
    return mean / (square.sqrt() + 1e-8)

# %% walk
def walk(rule, curve, weights, rate, steps):
    kept = {}  # what the rule remembers
    yield weights
    for step in range(1, steps + 1):
        slope = weights @ curve
        weights = weights - rate * rule(slope, kept, step)
        yield weights

# %%
rules = {"plain descent": plain_descent, "momentum": momentum, "Adam": adam}
aligned, turned = 0, 30  # degrees
begin = torch.tensor([-1.1, -0.3]).double()
def bowl(k, degrees):  # loss: half of x² + k y², turned
    turn = math.radians(degrees)
    axes = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return (axes.T @ torch.diag(torch.tensor([1.0, k])) @ axes).double()

def losses(weights, curve):
    return 0.5 * (weights * (weights @ curve)).sum(dim=-1)

# %%
# ## How many steps to a ten-thousandth of the first loss, for good?
rates = torch.logspace(-3, 0.75, lesson.pick(quick=31, smoke=7)).double()
starts = torch.cat([torch.randn(32, 2, generator=torch.Generator().manual_seed(seed))
                    for seed in seeds]).double()  # the same in every ravine
def count_steps(rule, ravines, most):  # {ravine: steps (seeds,)}, at its best rate
    curve = torch.stack([bowl(*ravine) for ravine in ravines])
    first = starts.expand(len(rates), len(ravines), *starts.shape)
    last = torch.zeros(first.shape[:-1])
    for step, now in enumerate(walk(rule, curve, first, rates[:, None, None, None], most), 1):
        last[~(losses(now, curve) < 1e-4 * losses(first, curve))] = step
    middle = last.unflatten(2, (len(seeds), -1)).mean(dim=3)  # (rates, ravines, seeds)
    best = middle.median(dim=2).values.argmin(dim=0).tolist()
    return {r: (middle[best[n], n], float(rates[best[n]])) for n, r in enumerate(ravines)}

# %%
steepness = (10, 100, 1000)
ravines = [(k, angle) for angle in (aligned, turned) for k in steepness]
most = {"plain descent": 1200, "momentum": 400, "Adam": 400}
found = {n: count_steps(rule, ravines, most[n]) for n, rule in rules.items()}
steps = {(n, *r): count for n, runs in found.items() for r, (count, _) in runs.items()}
def path(name, angle):
    rate, along = found[name][100, angle][1], bowl(100, angle)
    return along, torch.stack(list(walk(rules[name], along, begin, rate, 40)))
lesson.figure("paths", plot_paths({title: {n: path(n, angle) for n in rules} for title, angle in (
    ("along an axis", aligned), ("turned by 30°", turned))}), caption="Seen from above: one start, "
    "40 steps, each at its best rate. The ravine is a hundred times steeper across than along.")
lesson.figure("steps-by-ravine", plot_curves({n + ", turned" * (angle > 0): torch.stack(
    [steps[n, k, angle] for k in steepness], dim=1) for angle in (aligned, turned) for n in rules},
    "how many times steeper across than along", "steps to the bottom", at=steepness, log=True,
    height=5), caption="Solid: the ravine lies along an axis. Dashed: turned by 30°.")
for (n, k, angle), count in steps.items():
    lesson.number(f"{n.split()[0].lower()}-{k}-{angle}", count, format=".0f")

# %%
share = {k: steps["momentum", k, turned] / steps["plain descent", k, turned] for k in steepness}
lesson.claim("momentum-halves-the-steps", "Down to a ten-thousandth of the loss, in a turned "
    "ravine a thousand times steeper across than along, momentum needs {rule:.0%} of plain "
    "descent's steps", share, 1000, at_most=0.5, trap={"ten times steeper": 10}, format=".0%",
    answers=("B50",))
lesson.claim("plain-wins-the-gentle-valley", "Where it is only ten times steeper, plain descent "
    "needs {rule:.0%} of the steps of momentum that keeps nine tenths", lambda k: 1 / share[k], 10,
    at_most=0.35, trap={"a thousand times": 1000}, format=".0%")
longer = {n: steps[n, 1000, turned] / steps[n, 1000, aligned] for n in rules}
lesson.claim("turning-costs-adam", "Turn the steepest ravine by 30 degrees, and Adam needs {rule} "
    "times the steps", longer, "Adam", trap="momentum", at_least=1.2)
def corner(y):  # where one step of Adam at rate 1 ends
    *_, end = walk(adam, bowl(1000, aligned), torch.tensor([1, y]).double(), 1, 1)
    return end.abs().max()[None]
lesson.claim("a-corner-is-a-cheat", "From the corner (1, 1), one step of Adam ends at the bottom",
    corner, 1.0, trap={"from (1, ½)": 0.5}, equals=(0, 1e-6), exact=True, format=".1g")

# %%
# ## Digits: an easy network, and a hard one
train = digits(lesson.device)[0]
kinds = {"plain descent": ("sgd", 0.0), "momentum": ("sgd", 0.9), "Adam": ("adam", 0.9)}
easy, hard, wired = "4 layers", "20 layers", "20 with wires"
built = {easy: (lambda x, f: f(x), 4, "he"), hard: (lambda x, f: f(x), 20, "he"),
         wired: (lambda x, f: x + f(x), 20, "zero")}
batches = lesson.pick(quick=200, smoke=4)
lesson.number("batches", batches, format="d")

# %% train
def trained(how, name, rates, copies=seeds, steps=batches):
    kind, kept = kinds[how]
    block, depth, start = built[name]
    every = copies * len(rates)
    net = Stack(block, 64, 32, 10, depth, start, every, lesson.device)
    shown = lesson.progress(range(steps), f"{how}, {name}")
    fit(net, train, shown, optimiser=kind, momentum=kept, batch_size=48,
        learning_rate=[rate for rate in rates for _ in copies],
        schedule=falling(steps))
    return net

# %%
middle = {easy: (-2, -5, -7), hard: (-5, -8, -9), wired: (-4, -7, -9)}  # from wider trials
def grid(how, name):  # learning rates, four in each power of ten
    place, reach = middle[name][list(kinds).index(how)], 4 if name == easy else 1
    return [10 ** ((place + step) / 4) for step in range(-reach, reach + 1)]

tried = {(how, name): trained(how, name, grid(how, name)) for name in middle for how in kinds}
fresh = [seed + 10**6 * draw for draw in (1, 2, 3) for seed in seeds]
loss, right = {}, {}  # at the best rate, the mean of three new networks for each seed
for (how, name), nets in tried.items():
    each = measure_loss(nets, train).nan_to_num(torch.inf).view(-1, len(seeds))
    rate = grid(how, name)[int(each.amax(dim=1).argmin())]  # whose unluckiest network is best
    nets = trained(how, name, [rate], fresh)
    each = measure_loss(nets, train).nan_to_num(math.log(10), math.log(10))  # or a guess
    loss[how, name] = each.view(3, -1).mean(dim=0)
    right[how, name] = measure_accuracy(nets, train).view(3, -1).mean(dim=0)
lesson.table("tuned", "digits", {how: {f"{what}, {name}": values[how, name] for what, values in
    (("right", right), ("loss", loss)) for name in middle} for how in kinds}, format=".3f",
    caption="Each at its best rate: the share of training pictures that is right, and the loss.")

# %%
last = {name: torch.stack([right[how, name] for how in kinds]).amin(dim=0) for name in middle}
lesson.claim("tuned-and-close", "Each at its best rate, even the last of the three gets {rule:.0%} "
    "of the training pictures right on 4 layers", last, easy, trap=hard, at_least=0.97,
    format=".1%", answers=("B50",))
ahead = {name: right["Adam", name] - right["plain descent", name] for name in middle}
lesson.claim("tuned-and-far-apart", "Each at its best rate, on 20 plain layers Adam gets "
    "{rule:.0%} more of the training pictures right than plain descent", ahead, hard, trap=easy,
    at_least=0.02, format=".1%", answers=("B50",))
lesson.claim("depth-is-not-what-is-hard", "With wires around the 20 layers, even the last gets "
    "{rule:.0%} right", last, wired, trap={"no wires": hard}, at_least=0.9, format=".1%")
patient = {"four times": measure_accuracy(trained("plain descent", hard, [0.03],
    steps=4 * batches), train), "once": right["plain descent", hard]}
lesson.claim("plain-is-only-slow", "With four times the steps, plain descent gets {rule:.0%} of "
    "the training pictures right with 20 layers", patient, "four times", format=".1%",
    trap={"the usual steps": "once"}, at_least=0.8)

# %%
sweep = {how: measure_accuracy(tried[how, easy], train).view(9, -1).T for how in kinds}
lesson.figure("rates", plot_curves(sweep, "learning rate, times the best", "pictures right",
    at=["1/10", "1/5.6", "1/3.2", "1/1.8", "1", "1.8", "3.2", "5.6", "10"], share=True, chance=0.1),
    caption="4 layers. Momentum and Adam forgive three times too much; ten times, none of them.")
for how in kinds:
    lesson.number(f"{how.split()[0].lower()}-thrice", sweep[how][:, 6], format=".0%")
usual = measure_accuracy(trained("Adam", easy, [0.001]), train)
fast = {"usual": usual, **{n: sweep["Adam"][:, 4 + up] for n, up in ((1, 0), (3, 2), (10, 4))}}
lesson.claim("adam-forgives-three", "Three times too fast, Adam gets {rule:.0%} of the training "
    "pictures right with 4 layers", fast, 3, at_least=0.9, format=".1%", answers=("B50",),
    trap={"ten times too fast": 10})
lesson.claim("adam-needs-no-tuning", "Adam needs no tuning: at its usual rate, 0.001, it gets "
    "{rule:.0%} right in the same steps", fast, "usual", trap={"its best rate": 1}, at_least=0.99,
    format=".1%", expect="contradicted", answers=("B50",))

# %%
# ## Around a trained network, with and without wires
nets = {"plain": trained("Adam", hard, [0.003], steps=4 * batches),  # the best of wider trials
        "residual": trained("Adam", wired, [0.003]),
        "longer": trained("Adam", wired, [0.003], steps=4 * batches)}
rulers = {"½ of the weights": {"by": 0.5}, "⅕ of the weights": {"by": 0.2}} | {
    f"{size} in every weight": {"by": 1.0, "noise": size} for size in (0.02, 0.05, 0.1)}
fitted, other, equal = "½ of the weights", "⅕ of the weights", "0.05 in every weight"
def rise(net, ruler):
    return measure_rise(net, train.first(256), draws=32, **rulers[ruler])
for n, net in nets.items():
    lesson.number(f"{n}-settled", measure_loss(net, train))
    size = torch.stack([w.square().mean(dim=(1, 2)) for w in net.weights[1:-1]]).mean(dim=0).sqrt()
    lesson.number(f"{n}-weights", size, label=f"root mean square of the inner weights, {n}")
shaken = {n: {ruler: rise(net, ruler) for ruler in rulers} for n, net in nets.items()}
times = {ruler: shaken["plain"][ruler] / shaken["residual"][ruler] for ruler in rulers}
lesson.table("rulers", "noise", {"plain": shaken["plain"], "residual": shaken["residual"],
    "times": times, "residual, as long": shaken["longer"]}, caption="Loss after shaking. Times: "
    "plain over residual. Last: trained for as many steps as the plain one.")
pair = {name: nets[name] for name in ("plain", "residual")}
lesson.figure("slices", plot_slices({n: measure_slice(net, train.first(256), reach=1.0,
    points=lesson.pick(quick=17, smoke=3))[0] for n, net in pair.items()}, 1, "loss (nats)"),
    caption="One seed. At 1, the noise in each unit's weights is as long as these weights.")
doublings = {ruler: value.log2() for ruler, value in times.items()}
lesson.claim("wires-look-flat", "Noise half as long as each unit's weights lifts the plain "
    "network's loss {rule} doublings above the residual one's", doublings, fitted,
    trap={"noise of 0.05 in every weight": equal}, at_least=2.5)
gone = {ruler: doublings[fitted] - doublings[ruler] for ruler in rulers}
lesson.claim("another-ruler-less-difference", "With noise of 0.05 in every weight instead, {rule} "
    "of these doublings are gone", gone, equal, trap={"a fifth as long as the weights": other},
    at_least=1.5)

# %% rewritten
def rewritten(factors):  # of one layer's units; the next one is divided
    net = copy.deepcopy(nets["plain"])
    with torch.no_grad():
        net.weights[9].mul_(factors[:, None])
        net.biases[9].mul_(factors)
        net.weights[10].div_(factors)
    return net

# %%
layer, unit = torch.full((32,), 16.0), torch.tensor([16, 1 / 16] * 16)
higher = {(name, ruler): (rise(rewritten(factors.to(lesson.device)), ruler) / shaken["plain"][
    ruler]).log2() for name, factors in (("layer", layer), ("unit", unit)) for ruler in
    (fitted, equal)}
lesson.claim("the-same-network-looks-steeper", "Multiply one layer of the plain network by 16, "
    "divide the next by 16, and noise of 0.05 in every weight lifts its loss {rule} doublings "
    "higher", higher, "layer", equal, at_least=1.5,
    trap={"noise half as long as the weights": ("layer", fitted)})
lesson.claim("no-ruler-is-safe", "Multiply every second unit by 16, divide the others, and noise "
    "half as long as the weights lifts its loss {rule} doublings higher", higher, "unit", fitted,
    at_least=1.5, trap={"one factor for the layer": ("layer", fitted)})
lesson.compare("paper-and-ours", {"Adam, an axis stretched, from 10 to 1000: times the steps":
    ("1: “invariant to diagonal rescaling”", steps["Adam", 1000, aligned] / steps["Adam", 10,
    aligned])}, caption="So it is, along the axes.")

# %% exercise-1
parts = {part: count_steps(partial(momentum, part=part), [(10, turned)], 200)
         for part in (0, 0.3, 0.6, 0.9)}

# %%
lesson.table("parts", "kept of the last step", {"steps": {f"{part:g}": run[10, turned][0]
    for part, run in parts.items()}}, format=".0f", caption="A gentle valley, ten times steeper.")

# %% exercise-2
rate, ravine = found["Adam"][1000, turned][1], bowl(1000, turned)
way = walk(adam, ravine, starts, rate, 2000)
left = torch.stack([losses(weights, ravine) for weights in way])
out = (left[401:] > 1e-4 * left[0]).any(dim=0)  # after step 400

# %%
lesson.number("out-again", out.double().view(len(seeds), -1).mean(dim=1), format=".0%")

# %% exercise-3
def by_hand(rate, k=10):  # steps to a hundredth of each weight
    left = max(abs(1 - rate), abs(1 - k * rate))  # the slower of the two
    return math.ceil(math.log(0.01) / math.log(left))

# %%
lesson.table("by-hand", "rate", {"steps": {f"{rate:g}": by_hand(rate) for rate in
    (0.1, 0.15, 0.18, 0.19)}}, format=".0f", caption="Plain descent, ten times steeper across.")
