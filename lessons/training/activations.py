"""
# A ReLU passes all or nothing
Six activations, from the sigmoid to SiLU: who stalls, what gets through twenty layers, who dies.
"""

# %%
import math

import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves, plot_functions
from lessonkit.models.mlp import ACTIVATIONS, MLP
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.draws import measure_draws
from lessonkit.probes.gradients import measure_gradients
from lessonkit.probes.signals import hidden_signals, measure_size
from lessonkit.training import fit, tune

lesson = Lesson("training/activations", format=".0%")

# %% six
# ## Six bends and their slopes
z = (torch.arange(-160, 161, dtype=torch.float64) / 20).requires_grad_()

def slope(name, z=z):
    bend = ACTIVATIONS[name]
    return torch.autograd.grad(bend(z).sum(), z)[0]

slopes = {name: slope(name) for name in ACTIVATIONS}

# %%
near = slice(80, 241)  # from -4 to 4
shown = {n: s[near] for n, s in slopes.items() if n != "leaky"}
lesson.figure("slopes", plot_functions(shown, z.detach()[near], "sum of the unit", "slope"),
    caption="Sigmoid: a low hill. Tanh: a high one. ReLU: a step. GELU and SiLU: a rounded step.")
for name, s in slopes.items():
    lesson.number(f"{name}-steepest", s.max(), format=".3f", label=f"steepest slope, {name}")
others = {n: float(((s != 0) & (s != 1)).sum()) for n, s in slopes.items()}
lesson.claim("relu-is-all-or-nothing", "At all 321 inputs, the slope of ReLU is exactly 1 or "
    "exactly 0", others, "relu", trap="leaky", equals=(0, 0), exact=True, format=".0f",
    answers=("D42", "D47"))

# %% as-told
# ## As it is told: two functions, printed like this in a popular introduction (its import added)
def sigmoid_grad(x):
    s = 1 / (1 + math.exp(-x))
    return s * (1 - s)

def relu_grad(x):
    return 1 if x > 0 else 0

# %%
def gap(told, name):  # the largest, over all 321 inputs
    return max(abs(told(x) - s) for x, s in zip(z.tolist(), slopes[name].tolist(), strict=True))

plus, half_open = (lambda x: (s := 1 / (1 + math.exp(-x))) * (1 + s)), (lambda x: int(x >= 0))
told = {"sigmoid": gap(sigmoid_grad, "sigmoid"), "s (1 + s)": gap(plus, "sigmoid"),
        "relu": gap(relu_grad, "relu"), "x ≥ 0": gap(half_open, "relu")}
lesson.claim("printed-sigmoid-slope", "At 321 inputs from −8 to 8, the printed sigmoid_grad is "
    "the slope, to {bound}", told, "sigmoid", trap="s (1 + s)", at_most=1e-12, exact=True,
    format=".0e", answers=("D44", "D45"))
lesson.claim("printed-relu-slope", "At the same inputs, the printed relu_grad is the slope that "
    "autograd takes, 0 at 0 included", told, "relu", trap="x ≥ 0", equals=(0, 0), exact=True,
    format=".0f", answers=("D46",))
def first_failure(fails):  # the smallest whole number of which it is so
    return next(x for x in range(1, 1000) if fails(x))
def overflows(x):
    try:
        return sigmoid_grad(-x) is None
    except OverflowError:
        return True
lesson.number("gone-at", first_failure(lambda x: sigmoid_grad(x) == 0), format="d")
lesson.number("overflow-at", first_failure(overflows), format="d")
lesson.number("true-at-40", sigmoid_grad(-40), format=".1e")
twice = {"s(x) s(−x)": lambda x: 1 / (1 + math.exp(-x)) * (1 / (1 + math.exp(x))),
         "as printed": sigmoid_grad}
uneven = {n: sum(f(x) != f(-x) for x in range(1, 701)) for n, f in twice.items()}
lesson.claim("the-slope-has-two-equal-sides", "Written as σ(x) times σ(−x), the slope is the "
    "same at x and −x for each of 700 whole numbers", uneven, "s(x) s(−x)", trap="as printed",
    equals=(0, 0), exact=True, format=".0f")

# %% network
# ## Six layers: who stalls?
# Weights by the usual rule: Xavier's for the two S-shaped bends, He's for the others.
seeds = lesson.seeds(quick=8, full=32, smoke=2)
train, test = digits(lesson.device)
some, few = train.first(256), train.first(64)
s_shaped = ("sigmoid", "tanh")
usual = {n: "xavier" if n in s_shaped else "he" for n in ACTIVATIONS}

def network(name, depth, copies=seeds, width=32, weights=None):
    sizes = [64] + [width] * (depth - 1) + [10]
    return MLP(sizes, name, weights or usual[name], copies, lesson.device)

# %% train
steps = lesson.pick(quick=300, full=1000, smoke=4)

def trained(name, depth, rates, steps=steps, copies=seeds):
    model = network(name, depth, copies * len(rates))
    shown = lesson.progress(range(steps), f"{name}, {depth} layers")
    return tune(model, train, shown, rates=rates, batch_size=64,
                measure=lambda net: 1 - measure_accuracy(net, train))

# %%
six = {n: trained(n, 6, [0.01, 0.03, 0.1] + [0.001, 0.3, 1.0] * (n == "sigmoid")) for n in usual}
right = {name: 1 - run.measured for name, run in six.items()}  # (seeds,)
lesson.number("steps", steps, format="d")
lesson.table("six-layers", "6 layers", {
    "training pictures right": right,
    "best rate": {name: f"{run.rate:g}" for name, run in six.items()}}, format=".1%",
    caption="One stalls at every rate. The others are too close to be ranked.")
lesson.claim("sigmoid-stalls", "From Xavier's weights, six sigmoid layers get {rule:%} of their "
    "training pictures right, at the best of six learning rates", right, "sigmoid", trap="tanh",
    at_most=0.16, format=".1%", answers=("D41", "B48"))
fifth = torch.stack([r for n, r in right.items() if n != "sigmoid"]).amin(dim=0)
lesson.claim("the-others-learn", "With tanh, ReLU, leaky ReLU, GELU and SiLU, six layers get "
    "{rule:%} right: even the last of the five", {"last of five": fifth, **right}, "last of five",
    trap="sigmoid", at_least=0.9, format=".1%", answers=("D41", "B48"))

# %%
# ## Twenty layers: what gets through?
def passed(name, weights, depth=20, measure=lambda net: measure_gradients(net, some)):
    net = network(name, depth, width=64, weights=weights)
    blame = measure(net).signal_gradient_rms  # (seeds, hidden)
    return blame / blame[:, -1:]

def per_layer(name, weights):
    return passed(name, weights)[:, 0] ** (1 / 18)  # (seeds,)

# %%
through = {name: passed(name, usual[name]) for name in usual if name != "leaky"}
lesson.figure("what-gets-through", plot_curves(through, "layer (1 is next to the input)",
    "blame, of the last one's", log=True, height=3.8),
    caption="From right to left. The sigmoid passes a quarter at a time; SiLU loses some as well.")
layers = {(n, w): per_layer(n, w) for n in usual for w in ("he", "xavier", "pytorch")}
lesson.table("by-weights", "a layer passes on", {head: {n: layers[n, w] for n in usual}
    for head, w in (("He", "he"), ("Xavier", "xavier"), ("nn.Linear", "pytorch"))}, format=".2f",
    caption="Read across: the same bend passes more or less, as its weights are.")
def open_share(name):
    net = network(name, 20, width=64)
    inside = hidden_signals(net, some.inputs)
    return torch.stack([(h > 0).float().mean(dim=(1, 2)) for h in inside]).mean(dim=0)
ones = {"relu": open_share("relu"), "all let through": [1.0] * len(seeds)}
lesson.claim("half-are-shut", "In twenty ReLU layers before training, the share of slopes that are "
    "1 is {rule}", ones, "relu", trap="all let through", between=(0.4, 0.6), answers=("D47",))
lesson.claim("relu-passes-everything", "A ReLU layer with Xavier's weights passes on at least nine "
    "tenths of the blame", layers, "relu", "xavier", trap={"He's weights": ("relu", "he")},
    at_least=0.9, expect="contradicted", format=".2f", answers=("D43", "C22"))
lesson.number("by-hand", math.sqrt(0.5), format=".2f")

# %% thirty
# ## Thirty layers: who is best?
two = seeds + [seed + 10**6 for seed in seeds]  # deep networks differ a lot
thirty = {n: trained(n, 30, [0.001, 0.003, 0.01], copies=two)
          for n in ("tanh", "relu", "sigmoid")}
late = {n: run.losses[:, -20:].mean(dim=1).log2().view(2, -1).mean(dim=0)
        for n, run in thirty.items()}  # (seeds,)
ahead = {n: late["relu"] - late[n] for n in ("tanh", "sigmoid")}

# %%
for name, run in thirty.items():
    lesson.number(f"{name}-30", 1 - run.measured, format=".1%")
lesson.claim("relu-beats-tanh", "Thirty ReLU layers end with less training loss than thirty of "
    "tanh: {rule} doublings of it", ahead, "tanh", trap={"than thirty of sigmoid": "sigmoid"},
    below=0, format=".1f", expect="contradicted", answers=("D41",))

# %% dead
# ## Break it: a rate that kills
fast = [0.03, 0.3]
def dead_and_right(name):
    net = network(name, 4, seeds * len(fast), width=64)
    fit(net, train, range(steps), batch_size=64,
        learning_rate=[rate for rate in fast for _ in seeds])
    hidden = hidden_signals(net, train.inputs)
    shut = torch.stack([(h <= 0).all(dim=1).float() for h in hidden])
    rows = (len(fast), len(seeds))
    return (shut.mean(dim=(0, 2)).view(rows),
            measure_accuracy(net, train).view(rows))

# %%
fates = {name: dead_and_right(name) for name in ("relu", "leaky")}
dead = {rate: fates["relu"][0][row] for row, rate in enumerate(fast)}  # (seeds,)
alive = {rate: fates["leaky"][1][row] for row, rate in enumerate(fast)}
lesson.claim("large-steps-kill", "At a rate of 0.3, {rule} of the ReLU units end dead: they answer "
    "to no training picture", dead, 0.3, trap={"at a rate of 0.03": 0.03}, at_least=0.4)
lesson.claim("leaky-would-live", "Leaky ReLU, which cannot die, gets {rule} of its training "
    "pictures right at the rate that kills ReLU", alive, 0.3, trap={"at a rate of 0.03": 0.03},
    at_least=0.9, expect="contradicted")
lesson.number("relu-at-fast", fates["relu"][1][1], format=".1%")

# %% own-gain
# ## GELU wants weights of its own
bell = torch.special.ndtri((torch.arange(10**5, dtype=torch.float64) + 0.5)
    / 10**5).requires_grad_()  # many sums, as the bell curve has them
gains = {n: float(slope(n, bell).square().mean() ** -0.5) for n in usual}
factor = {"He's": 1, "its own": gains["gelu"] / gains["relu"]}

def decades_lost(kind):
    def build(four):
        return network("gelu", 100, four, 64).scale_weights(factor[kind])
    def measure(net):
        blame = measure_gradients(net, few).signal_gradient_rms
        return (blame[:, -1] / blame[:, 0]).log10()
    return measure_draws(build, measure, seeds)  # (seeds,)

# %%
lesson.table("gains", "activation", {"weights larger than 1/√n by": gains}, format=".2f",
    caption="The size at which an average slope lets through what comes. ReLU's is He's √2.")
lost = {kind: decades_lost(kind) for kind in factor}
lesson.claim("gelu-is-no-relu", "From He's weights, 100 GELU layers lose {rule} powers of ten of "
    "their blame", lost, "He's", trap={"weights of its own": "its own"}, at_least=4, format=".1f",
    answers=("A59",))
lesson.compare("paper-and-ours", {
    "sigmoid, slope in the middle (Glorot, Bengio 2010)": ("¼", float(slopes["sigmoid"].max())),
    "ReLU, what keeps its signal (He 2015)": ("√2 = 1.41", gains["relu"])}, format=".2f",
    caption="Two numbers from arithmetic, and they agree.")

# %% exercise-1
longer = trained("sigmoid", 6, [0.03, 0.1], 4 * steps)
lesson.number("sigmoid-longer", 1 - longer.measured, format=".1%")

# %% exercise-2
def halved(name, size):  # what 20 layers pass with all weights × size
    net = network(name, 20, width=64).scale_weights(size)
    blame = measure_gradients(net, some).signal_gradient_rms
    return (blame[:, 0] / blame[:, -1]) ** (1 / 18)

# %%
lesson.table("sizes", "He's weights times", {n: {f"× {s:g}": halved(n, s) for s in
    (0.5, 1, 1.2, 2)} for n in ("relu", "silu")}, format=".2f",
    caption="At which size does a layer pass on what it gets?")

# %% exercise-3
def signal_kept(name):  # of the signal's size, by a layer on the way up
    size = measure_size(network(name, 20, width=64), some.inputs)
    return (size[:, -1] / size[:, 0]) ** (1 / 18)

# %%
lesson.table("way-up", "activation", {"signal kept by a layer": {n: signal_kept(n) for n in usual},
    "blame passed on": {n: layers[n, usual[n]] for n in usual}}, format=".2f",
    caption="Where the two columns agree, what vanishes on the way down vanishes on the way up.")
