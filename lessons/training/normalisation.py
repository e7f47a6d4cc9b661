"""
# Batch norm lights up the map
Size of the first weights, size of the steps: without a norm, one pair of 25 trains a network of
eight layers. Batch norm makes a block of it. We ask what it does, which half of it does the work,
and try to break it.
"""

# %%
import itertools
import math

import torch
from torch import nn

from lessonkit.data.digits import digits
from lessonkit.data.examples import Examples, batches
from lessonkit.evidence import Lesson
from lessonkit.figures.heat import plot_heat
from lessonkit.models.mlp import MLP
from lessonkit.models.norms import batch_norm, layer_norm
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.gradients import measure_gradients, measure_movement
from lessonkit.probes.signals import measure_size
from lessonkit.training import descent, falling, fit, mean_loss, tune

lesson = Lesson("training/normalisation", format=".0%")
seeds = lesson.seeds(quick=5, full=16, smoke=2)
steps, width = lesson.pick(quick=200, smoke=3), 32
train, test = digits(lesson.device)
some = train.first(256)
lesson.number("steps", steps, format="d")
lesson.number("width", width, format="d")

# %% two-halves
# ## Two halves
def centred(sums):  # (seeds, pictures, units)
    return sums - sums.mean(dim=1, keepdim=True)  # over the pictures

def divided(sums):
    variance = centred(sums).square().mean(dim=1, keepdim=True)
    return sums / (variance + 1e-5).sqrt()  # lest it divide by 0

# %%
norms = {"no norm": None, "batch norm": batch_norm, "layer norm": layer_norm,
         "subtract only": centred, "divide only": divided}
sums = MLP([64, width], "relu", "he", seeds[:1])(some.inputs[None].cpu()).double()
library = nn.functional.batch_norm(sums[0], None, None, training=True)
lesson.claim("two-lines-are-batch-norm", "Subtract the mean, divide by the deviation: so does "
    "PyTorch's batch norm, before it learns a gain and a shift",
    {n: ((way[0] - library).abs() < 1e-9).double().mean() for n, way in {
        "both": divided(centred(sums)), "over the units": layer_norm(sums)}.items()},
    "both", trap={"over the units instead": "over the units"}, at_least=1, exact=True)

# %% network
def network(norm, depth, activation="relu", start="he", copies=seeds,
            width=width):
    sizes = [64] + [width] * (depth - 1) + [10]
    return MLP(sizes, activation, start, copies, lesson.device, norms[norm])

# %%
# ## The size of a signal
def strayed(norm):  # from the first hidden layer to the last, by a factor, up or down
    sizes = [measure_size(network(norm, 8).scale_weights(by), some.inputs) for by in (0.1, 1, 10)]
    return torch.stack([(s[:, -1] / s[:, 0]).log2().abs() for s in sizes]).amax(dim=0).exp2()

lesson.claim("signals-keep-their-size", "Start from He's weights, a tenth of them, or ten times as "
    "much: with batch norm, eight layers change the size of the signal by less than a factor "
    "of {bound}", strayed, "batch norm", trap="no norm", below=1.5, format=".2g", answers=("D51",))

# %% explore
# ## The map: five sizes, five rates and all seeds are one run
rates, sizes = (0.001, 0.01, 0.1, 1, 10), (0.1, 0.3, 1, 3, 10)
def explored(norm):
    cells = list(itertools.product(seeds, sizes, rates))
    net = network(norm, 8, copies=[seed for seed, _, _ in cells])
    net.scale_weights([size for _, size, _ in cells])
    fit(net, train, lesson.progress(range(steps), norm), batch_size=48,
        learning_rate=[rate for *_, rate in cells])
    right = measure_accuracy(net, train)
    return right.view(len(seeds), len(sizes), len(rates))

# %%
maps = {n: explored(n) for n in ("no norm", "batch norm", "layer norm")}
cells = {n: (right >= 0.9).sum(dim=(1, 2)).double() for n, right in maps.items()}  # (seeds,)
titles = {"across": "learning rate", "down": "size of the first weights (× He's)", "bar": 90}
shown = "training pictures right (%)"
lesson.figure("map", plot_heat({n: 100 * maps[n] for n in ("no norm", "batch norm")}, sizes, rates,
    shown, **titles), caption="Training pictures right (%), median; bold where every seed gets 90 "
    "or more. Eight layers, the same pictures and steps.")
lesson.figure("layer-map", plot_heat({"layer norm": 100 * maps["layer norm"]}, sizes, rates,
    shown, **titles), caption="The same map with layer norm: small steps only.")
lesson.claim("a-block-is-lit", "With batch norm, at least {bound} of 25 cells get 90 % of their "
    "training pictures right", cells, "batch norm", trap="no norm", at_least=8, format="g")
lesson.claim("one-cell-is-lit", "Without a norm, at most {bound} of 25 cells do", cells, "no norm",
    trap="batch norm", at_most=5, format="g")
lesson.number("layer-cells", cells["layer norm"], format="g", label="lit cells, layer norm")
lesson.claim("layer-norm-bears-small-steps", "At a rate of 1, from He's weights, layer norm gets "
    "{rule} right", {n: right[:, 2, 3] for n, right in maps.items()}, "layer norm",
    trap="batch norm", at_most=0.4)
worst = {n: right[:, :, 3].amin(dim=1) for n, right in maps.items()}  # at rate 1
lesson.claim("a-hundredfold-of-sizes", "At a rate of 1 and with batch norm, first weights from a "
    "tenth of He's to ten times as much all end with {rule} right", worst, "batch norm",
    trap="no norm", at_least=0.8)

# %% doubled
# ## Why such large steps? Twice the weights below the last layer
def pull(norm, by):  # the gradient at the first layer's weights
    net = network(norm, 8)
    for weights in net.weights[:-1]:
        weights.data.mul_(by)
    return measure_gradients(net, some).weight_gradient_rms[:, 0]

# %%
lesson.claim("twice-the-weights-half-the-gradient", "With batch norm, twice the weights have half "
    "the gradient", lambda norm: pull(norm, 2) / pull(norm, 1), "batch norm", trap="no norm",
    equals=(0.5, 0.01), format=".3g")

# %% held
def trained(rate, hold=False, schedule=None):  # with batch norm
    net = network("batch norm", 8)
    born = [w.norm(dim=(1, 2), keepdim=True).detach() for w in net.weights]
    deal, stepper = batches(len(train), 48, seeds), descent("sgd", net, rate)
    for share in schedule or [1.0] * steps:
        dealt = next(deal).to(lesson.device)
        wrong = mean_loss(net(train.inputs[dealt]), train.labels[dealt])
        stepper.step(wrong, share)
        for layer in range(7 if hold else 0):  # all but the last
            weights = net.weights[layer].data
            weights *= born[layer] / weights.norm(dim=(1, 2), keepdim=True)
    return net

# %%
held = {"free to grow": trained(1), "held": trained(1, hold=True),
        "held, a tenth of the rate": trained(0.1, hold=True),
        "held, a falling rate": trained(1, hold=True, schedule=falling(steps))}
free, born = held["free to grow"], network("batch norm", 8)
far = measure_movement(free, born)[:, :-1].median(dim=1).values  # of the typical layer
lesson.number("grown", far, format=".1f", label="weights moved, in their first lengths, at rate 1")
right = {n: measure_accuracy(net, train) for n, net in held.items()}
lesson.number("held-slower", right["held, a tenth of the rate"], label="held, a tenth of the rate")
lesson.claim("held-weights-go-dark", "Hold the weights below a norm at the length they were "
    "born with, and at a rate of 1 the network gets {rule} right", right, "held",
    trap="free to grow", at_most=0.9)
lesson.claim("a-falling-rate-does-it", "Let the rate fall, and it gets {rule} right",
    right, "held, a falling rate", trap={"a constant rate": "held"}, at_least=0.9)

# %% sigmoids
# ## Twenty sigmoid layers, from the weights and biases of nn.Linear
def tuned(norm, depth, activation, start, grid, steps=steps):
    net = network(norm, depth, activation, start, seeds * len(grid))
    shown = lesson.progress(range(steps), f"{activation}, {norm}")
    run = tune(net, train, shown, rates=grid, batch_size=48,
               measure=lambda net: 1 - measure_accuracy(net, train))
    return 1 - run.measured  # (seeds,)

# %%
alone = {n: tuned(n, 20, "sigmoid", "pytorch", (0.01, 0.1),
                  steps if n == "batch norm" else 2 * steps) for n in norms}
lesson.table("sigmoid-rescues", "20 sigmoid layers", {"training pictures right": alone},
    caption="Chance is 10 %. All but batch norm had twice its steps.")
halves = {"either": torch.maximum(alone["subtract only"], alone["divide only"]),
          "both": alone["batch norm"]}
lesson.claim("batch-norm-rescues-sigmoids", "From nn.Linear's start, 20 sigmoid layers with batch "
    "norm get {rule} of their training pictures right", alone, "batch norm", trap="no norm",
    at_least=0.85, answers=("D101",))
lesson.claim("layer-norm-does-not", "With layer norm and twice the steps, they guess: {rule} right",
    alone, "layer norm", trap="batch norm", at_most=0.15)
lesson.claim("neither-half-is-enough", "From nn.Linear's start, with one half of batch norm, "
    "whichever, and twice the steps, they guess: {rule} right", halves, "either", trap="both",
    at_most=0.15)

# %% growth
# ## Break it: deeper
def growth(norm, activation="relu", start="he"):  # of the blame
    net = network(norm, 30, activation, start, width=64)
    blame = measure_gradients(net, some).signal_gradient_rms
    return (blame[:, 0] / blame[:, -1]) ** (1 / 28)  # (seeds,)

# %%
grew = {n: growth(n) for n in ("batch norm", "no norm", "layer norm")}
usual = {"relu": "he", "tanh": "xavier", "sigmoid": "xavier"}
bends = {n: growth("batch norm", n, start) for n, start in usual.items()}
by_hand = math.sqrt(math.pi / (math.pi - 1))
lesson.number("by-hand", by_hand, format=".4g")
lesson.claim("blame-explodes", "With batch norm, a ReLU layer hands down √(π/(π − 1)) ≈ 1.21 "
    "times the blame that it gets", grew, "batch norm", trap="no norm", equals=(by_hand, 0.03),
    format=".3g")
deep = {n: tuned("batch norm", 40, n, start, (0.003, 0.03), 2 * steps if n == "relu" else steps)
        for n, start in usual.items()}
deep["relu, no norm"] = tuned("no norm", 40, "relu", "he", (0.001, 0.003), 2 * steps)
lesson.table("forty", "40 layers", {
    "blame, by one layer": bends | {"relu, no norm": grew["no norm"]}, "right": deep},
    format={"blame, by one layer": ".2f", "right": ".0%"},
    caption="With batch norm: the faster blame grows, the less is learned. "
    "Both ReLU networks had twice the steps.")
lesson.claim("any-depth-with-batch-norm", "With batch norm and twice the steps, 40 plain ReLU "
    "layers get {rule} right", {"40": deep["relu"], "8": maps["batch norm"][:, 2, 2]}, "40",
    trap={"8 layers": "8"}, at_least=0.8, expect="contradicted")
gain = {"40 ReLU layers": deep["relu"] - deep["relu, no norm"],
        "20 sigmoid layers": alone["batch norm"] - alone["no norm"]}
lesson.claim("it-always-helps", "With batch norm, 40 plain ReLU layers get {rule:points} more "
    "right than without", gain, "40 ReLU layers", trap="20 sigmoid layers", at_least=0.35,
    expect="contradicted")
lesson.claim("sigmoids-go-deeper", "With batch norm, 40 sigmoid layers get {rule} right", deep,
    "sigmoid", trap="relu", at_least=0.7)

# %% one-digit
# ## Break it: an exam in batches of one digit
def sorted_exam(net):
    same = [test.labels == digit for digit in range(10)]
    right = [measure_accuracy(net, Examples(test.inputs[d], test.labels[d]))
             for d in same]
    return torch.stack(right).mean(dim=0)  # (seeds,)

# %%
lesson.number("mixed-exam", measure_accuracy(free, test), label="new pictures right, mixed")
plainly = network("layer norm", 8)
fit(plainly, train, range(steps), learning_rate=0.03, batch_size=48)
lesson.claim("company-decides", "Ask about one digit at a time, and a network with batch norm gets "
    "{rule} of new pictures right", {"sorted": sorted_exam(free), "mixed": measure_accuracy(free,
    test)}, "sorted", trap={"mixed batches": "mixed"}, at_most=0.25)
lesson.number("layer-sorted", sorted_exam(plainly), label="layer norm, one digit at a time")

# %% exercise-1
one = measure_accuracy(free, test, chunk=1)
few = {size: measure_accuracy(free, test, chunk=size) for size in (2, 4, 16)}

# %%
lesson.table("small-batches", "pictures in a batch", {"right": {"1": one} | {
    str(size): right for size, right in few.items()}}, caption="Alone, every picture is the same.")

# %% exercise-2
straight = growth("batch norm", lambda z: z, "xavier")

# %% exercise-3
def changed(norm):  # by biases from N(0, 1) below every norm
    net, pictures = network(norm, 8), some.inputs.expand(len(seeds), -1, -1)
    before = net(pictures)
    for bias in net.biases[:-1]:
        bias.data += torch.randn(bias.shape[2]).to(bias)
    return (net(pictures) - before).abs().amax(dim=(1, 2))

# %%
torch.manual_seed(seeds[0])
lesson.number("straight", straight, format=".2f", label="blame, by one straight layer")
lesson.table("other-biases", "biases", {"answers change by": {
    n: changed(n).detach() for n in maps}}, format=".1g",
    caption="The largest change of any sum in the last layer.")
lesson.compare("paper-and-ours", {
    "sigmoids without a norm": ("never above 0.1 %, chance", alone["no norm"]),
    "sigmoids with batch norm": ("69.8 %", alone["batch norm"])},
    caption="Other pictures, other networks: chance, and far from it.")
