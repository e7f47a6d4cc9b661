"""
# Sigmoids starve the first layers

A network learns by passing blame backwards, from the loss to the last layer and on to the first.
Every sigmoid on the way multiplies it by a slope. How much of it reaches the first layer, and is
that why a deep sigmoid network guesses? We work it out by hand, measure it, and try to break it.
"""

# %%
import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_activation, plot_curves
from lessonkit.models.mlp import MLP
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.gradients import measure_gradients, measure_movement
from lessonkit.training import fit, tune

lesson = Lesson("training/vanishing_gradients", format=".1e")

# %% best-case
# ## One number by hand
# How steep is a sigmoid at its steepest? We ask autograd for the slope at 321 inputs, and let a
# gradient pass four of the best slopes in a row.
z = torch.linspace(-8, 8, 321, dtype=torch.float64, requires_grad=True)

def slope(activation):
    return torch.autograd.grad(activation(z).sum(), z)[0]

best = {f.__name__: slope(f).max() ** 4 for f in (torch.sigmoid, torch.tanh)}

# %%
lesson.claim("four-best-slopes",
    "Four sigmoids in a row pass at most 0.25⁴ = {bound} of a gradient", best, "sigmoid",
    trap="tanh", equals=(0.00390625, 0), exact=True, format=".8f",
    answers=("D35", "D38", "D44", "D45"))
x, name = z.detach(), "sigmoid"
lesson.figure("sigmoid-slope", plot_activation(x, torch.sigmoid(x), slope(torch.sigmoid), name),
    caption="The slope touches one quarter at a single point. Everywhere else it is smaller.")

# %% network
# ## The network
# One plain network, a copy for each seed; each activation from the weights designed for it.
seeds = lesson.seeds(quick=8, full=32, smoke=2)
width = lesson.pick(quick=64, full=256, smoke=32)
train, test = digits(lesson.device)
some = train.first(256)
usual = {"sigmoid": "xavier", "tanh": "xavier", "relu": "he"}

def network(activation, depth, weights=None, copies=seeds):
    sizes = [64] + [width] * (depth - 1) + [10]
    weights = weights or usual[activation]
    return MLP(sizes, activation, weights, copies, lesson.device)

# %% real-slopes
# An average path through the first four layers passes the product of four average slopes.
def mean_slopes(activation, slope_at):
    net = network(activation, 20)
    hidden = net.signals(net.same_for_all(some.inputs))[1:-1]
    return torch.stack([slope_at(h).mean(dim=(1, 2)) for h in hidden])

real = {"sigmoid": mean_slopes("sigmoid", lambda h: h * (1 - h)),
        "tanh": mean_slopes("tanh", lambda h: 1 - h * h)}  # (hidden, seeds)

# %%
lesson.number("mean-slope", real["sigmoid"].mean(dim=0), format=".3g",
    label="mean slope of the hidden sigmoids")
passed = {"a network": real["sigmoid"][:4].prod(dim=0), "the best case": [best["sigmoid"]] * len(seeds)}
lesson.claim("real-slopes-are-smaller",
    "In a real network, the first four sigmoids in a row pass at most {bound} of a gradient",
    passed, "a network", trap="the best case", at_most=0.003, format=".4f", answers=("D36",))

# %% gradients
# ## What reaches the first layer
# Twenty layers, before any training: the gradient of the loss at each layer's weights.
measured = {n: measure_gradients(network(n, 20), some) for n in usual}
gradients = {n: g.weight_gradient_rms[:, :-1] for n, g in measured.items()}
ratio = {n: g[:, 0] / g[:, -1] for n, g in gradients.items()}  # (seeds,)

def passed_on(measured):
    signals = measured.signal_gradient_rms  # (seeds, hidden)
    return (signals[:, 0] / signals[:, -1]) ** (1 / 18)  # (seeds,)

# %%
layer, rms = "layer (1 is next to the input)", "gradient at the weights (RMS)"
lesson.figure("gradient-by-layer", plot_curves(gradients, layer, rms, log=True),
    caption="Read from right to left, as the gradient travels: each grid line is a thousand times "
            "less.")
for n in usual:
    lesson.number(f"{n}-ratio", ratio[n], label=f"first / last, {n}")
    lesson.number(f"{n}-factor", passed_on(measured[n]), format=".2f", label=f"passed on, {n}")
lesson.claim("sigmoid-starves-the-first-layer",
    "With 20 sigmoid layers, the first gets less than a billionth of the last hidden one's gradient",
    ratio, "sigmoid", trap="tanh", at_most=1e-9, answers=("A55", "D37"))
apart = {n: torch.maximum(r, 1 / r) for n, r in ratio.items()}
apart["tanh or ReLU"] = torch.maximum(apart["tanh"], apart["relu"])
lesson.claim("tanh-and-relu-stay-level",
    "With tanh or ReLU and the weights designed for them, the first and the last gradient are at "
    "most a factor of ten apart", apart, "tanh or ReLU", trap="sigmoid", at_most=10, format=".2g",
    answers=("A58", "B48", "C22", "D41"))

# %% train
# ## Who learns?
# We train 12 layers by gradient descent with momentum, each activation at its best of three rates.
rates, steps = (0.01, 0.03, 0.1), lesson.pick(quick=300, full=600, smoke=5)

def trained(activation, depth, weights=None, rates=rates, steps=steps):
    model = network(activation, depth, weights, seeds * len(rates))
    shown = lesson.progress(range(steps), f"{activation}, {depth} layers")
    return tune(model, train, shown, rates=rates, batch_size=64,
                measure=lambda net: 1 - measure_accuracy(net, train))

# %%
runs, copies = {n: trained(n, 12) for n in usual}, seeds * len(rates)
moved = {n: measure_movement(run.model, network(n, 12, copies=copies))[run.chosen, :-1]
         for n, run in runs.items()}  # (seeds, hidden layers)
accuracy = {n: 1 - run.measured for n, run in runs.items()}  # (seeds,)
lesson.number("steps", steps, format="d")
lesson.figure("movement-by-layer", plot_curves(moved, layer, "weights moved (share)", log=True),
    caption="The last sigmoid layers move. The first stay where chance put them.")
share = {n: m[:, 0] / m[:, -1] for n, m in moved.items()}  # (seeds,)
lesson.claim("first-layer-stays-put",
    "Training moves the first of 12 sigmoid layers less than a thousandth as far as the last "
    "hidden one", share, "sigmoid", trap="tanh", at_most=1e-3, answers=("A55", "D39"))
lesson.claim("sigmoid-stays-at-chance",
    "The 12-layer sigmoid network still guesses: {rule:%} right, where chance is 10 %",
    accuracy, "sigmoid", trap="tanh", at_most=0.15, format=".3f", answers=("A55", "B31", "C21"))

# %% not-one-bit
def changed(activation):
    before = network(activation, 20).weights[0]
    after = trained(activation, 20, rates=rates[-1:]).model.weights[0]
    return (before != after).float().mean(dim=(1, 2))  # (seeds,)

# %%
touched = {n: changed(n) for n in ("sigmoid", "tanh")}
lesson.number("changed-weights", touched["sigmoid"], format=".0%", label="weights that changed")
lesson.claim("hardly-a-bit-changes",
    "With 20 sigmoid layers and weights of 32 bits, at most one first-layer weight in a thousand "
    "changes at all", touched, "sigmoid", trap="tanh", at_most=0.001, format=".3g", answers=("D40",))

# %% answers
def follow(net):  # with 16 digits: the differences to come are small
    net = net.double()
    return net.signals(net.same_for_all(some.inputs.double()))

def differences(signal):
    return signal.std(dim=1).mean(dim=1)  # (seeds,): from picture to picture

def answers_differ(net):
    return differences(follow(net)[-1].softmax(dim=2))

# %%
lesson.table("learned", "12 layers", {
    "answers differ, untrained": {n: answers_differ(network(n, 12)) for n in usual},
    "and trained": {n: answers_differ(run.model)[run.chosen] for n, run in runs.items()},
    "accuracy": accuracy}, format={"accuracy": ".3f"},
    caption="The sigmoid network gives every picture the same answer, before training and after.")
top = follow(runs["sigmoid"].model)[-2][-len(seeds):]  # at the largest rate
lesson.number("top-slope", (top * (1 - top)).mean(dim=(1, 2)), format=".2g",
    label="mean slope of the last hidden sigmoids, trained")

# %% frozen
# Is it because the first layers starve? We let the last of 12 layers learn, and no other.
def last_alone(activation):
    net = network(activation, 12)
    for held in (*net.weights[:-1], *net.biases[:-1]):
        held.requires_grad_(False)
    fit(net, train, range(steps), learning_rate=0.1, batch_size=64)
    return measure_accuracy(net, train)  # (seeds,)

# %%
alone = {n: last_alone(n) for n in ("tanh", "sigmoid")}
lesson.claim("starved-layers-still-serve",
    "Twelve tanh layers, of which the first eleven stay as they were drawn, get {rule:%} of their "
    "training pictures right", alone, "tanh", trap="sigmoid", at_least=0.5, format=".3f",
    answers=("D34",))

# %% on-the-way-up
# What is it then? We follow the differences between pictures from layer to layer.
def on_the_way_up(activation):
    hidden = follow(network(activation, 12))[1:-1]
    return torch.stack([differences(signal) for signal in hidden], dim=1)

# %%
up = {n: on_the_way_up(n) for n in usual}  # (seeds, hidden)
lesson.figure("differences-by-layer", plot_curves(up, layer, "outputs differ by", log=True),
    caption="Read from left to right, as the pictures travel.")
left = {n: u[:, -1] / u[:, 0] for n, u in up.items()}  # (seeds,)
for n in usual:
    lesson.number(f"{n}-up", left[n] ** 0.1, format=".2f", label=f"differences handed on, {n}")
lesson.claim("pictures-become-alike",
    "Behind the eleventh sigmoid layer, pictures differ by less than a hundred-thousandth of what "
    "they differ by behind the first", left, "sigmoid", trap="tanh", at_most=1e-5, answers=("D36",))

# %% patience
# Slow, or never? Five times the steps, for 12 sigmoid layers and for 5.
def longer(depth, times, weights="xavier"):
    run = trained("sigmoid", depth, weights, rates[-1:], times * steps)
    return 1 - run.measured  # (seeds,)

# %%
waited = {(f"{d} layers", times): longer(d, times) for d, times in ((5, 1), (5, 5), (12, 5))}
lesson.claim("five-layers-are-only-slow",
    "With five times the steps, 5 sigmoid layers get {rule:%} of their training pictures right",
    waited, "5 layers", 5, trap={"the usual steps": ("5 layers", 1)}, at_least=0.9, format=".3f",
    answers=("A62",))
lesson.claim("twelve-layers-still-guess",
    "With five times the steps, 12 sigmoid layers still guess: {rule:%} right", waited, "12 layers",
    5, trap={"5 layers": ("5 layers", 5)}, at_most=0.15, format=".3f", answers=("A55",))

# %% large-weights
# ## Break it
# The same 12 sigmoid layers, with weights from N(0, 1):
starts = {"N(0, 1)": longer(12, 2, "normal"),
          "Xavier's weights": longer(12, 2)}

# %%
lesson.claim("slope-alone-is-to-blame",
    "Twelve sigmoid layers cannot learn, because no slope exceeds 1/4",
    starts, "N(0, 1)", trap="Xavier's weights", at_most=0.15, format=".3f",
    expect="contradicted", answers=("A59", "B49", "D34", "D36", "D101"))
lesson.number("width", width, format="d", label="units in a layer")
lesson.number("times-larger", width**0.5, format="g", label="N(0, 1) against Xavier's")

# %% half-weights
# And without any sigmoid: we multiply all weights of a ReLU network by one half.
def scaled(activation, size):
    net = network(activation, 20)
    with torch.no_grad():
        for weights in net.weights:
            weights *= size
    return measure_gradients(net, some)

# %%
half = {n: scaled(n, 0.5).weight_gradient_rms[:, :-1] for n in usual}
halved = {n: (gradients[n] / half[n]).log2().amin(dim=1) for n in usual}  # (seeds,)
lesson.claim("relu-starves-everywhere",
    "Weights of half the size halve the gradient {bound} times or more, at every layer of 20 with "
    "ReLU", halved, "relu", trap="sigmoid", at_least=17, format=".1f", answers=("D35", "D43"))

fates = {"ReLU, half the weights": half["relu"], "the sigmoid network": gradients["sigmoid"]}
below = {n: g[:, -1] / g[:, 0] for n, g in fates.items()}  # (seeds,)
lesson.claim("vanishing-spares-the-last-layers",
    "Where gradients vanish, the first layer's is at least {bound} times smaller than the last "
    "hidden one's", below, "ReLU, half the weights", trap="the sigmoid network", at_least=100,
    format=".2g",
    expect="contradicted", answers=("D40",))
big = measure_gradients(network("sigmoid", 20, "normal"), some).weight_gradient_rms[:, :-1]
pairs = {"sigmoid": gradients["sigmoid"], "sigmoid, N(0, 1) weights": big,
         "relu": gradients["relu"], "relu, half the weights": half["relu"]}
lesson.figure("other-weights", plot_curves(pairs, layer, rms, log=True, height=5),
    caption="Solid: the usual weights. Dashed: only the size of the weights has changed.")

# %% as-linear
# A third break: ReLU and tanh with the weights *and biases* that `nn.Linear` draws by itself.
def gradient(activation, weights, biases=1):
    net = network(activation, 20, weights)
    with torch.no_grad():
        for bias in net.biases:
            bias *= biases  # 0 takes them away
    return measure_gradients(net, some).weight_gradient_rms[:, :-1]

def shifted(z):  # σ(z) − ½, without rounding
    return 0.5 * torch.tanh(z / 2)

# %%
linear = {n: gradient(n, "pytorch") for n in ("relu", "tanh")}
bare = {n: gradient(n, "pytorch", biases=0) for n in linear}
level = gradient(shifted, "xavier")
fed = {"relu, with biases": linear["relu"], "relu, without biases": bare["relu"],
       "sigmoid": gradients["sigmoid"], "sigmoid, less one half": level}
lesson.figure("fed-from-below", plot_curves(fed, layer, rms, log=True, height=5),
    caption="Solid: biases or halves feed every layer, and the last ones get far more than the "
            "first. Dashed: nothing feeds them, and all starve alike.")
first = {f"{n}, {kind}": g[n][:, 0] / g[n][:, -1]
         for kind, g in (("biases", linear), ("none", bare)) for n in g}
for n in linear:
    lesson.number(f"linear-{n}-ratio", first[f"{n}, biases"], label=f"first / last, {n}, nn.Linear")
lesson.claim("biases-starve-the-first-relu",
    "With the weights and biases of nn.Linear, the first of 20 ReLU layers gets at most {bound} of "
    "the last hidden one's gradient", first, "relu, biases", at_most=1e-4,
    trap={"biases at zero": "relu, none"}, answers=("A55",))
gap = {kind: torch.minimum(*(first[f"{n}, {kind}"].log10().abs() for n in linear))
       for kind in ("biases", "none")}  # of the better one
lesson.claim("another-activation-is-enough",
    "With nn.Linear's weights and biases, tanh or ReLU keeps the first and the last gradient "
    "within {bound} power of ten", gap, "biases", trap={"biases at zero": "none"}, at_most=1,
    format=".1f", expect="contradicted", answers=("A58", "B48", "D41"))
lost = {"ReLU's biases": (linear["relu"] / bare["relu"]).log10(),
        "the sigmoid's one half": (gradients["sigmoid"] / level).log10()}
least = {"last": torch.minimum(*(powers[:, -1] for powers in lost.values())),
         "first": torch.maximum(*(powers[:, 0].abs() for powers in lost.values()))}
lesson.claim("the-last-layers-are-fed",
    "Take away what feeds them, ReLU's biases or the sigmoid's one half, and the last hidden layer "
    "loses at least {bound} powers of ten of its gradient", least, "last", at_least=3,
    trap={"the first layer": "first"}, format=".1f", answers=("D40",))

# %%
nielsen = (0.003 / 0.285) ** (1 / 3)  # gradients at the first and the last of 4 hidden layers
factor = {n: passed_on(measured[n]) for n in usual}
lesson.compare("paper-and-ours", {
    "a sigmoid layer passes on (Nielsen 2015)": (nielsen, factor["sigmoid"]),
    "a tanh layer passes on (Glorot, Bengio 2010)": ("1, where tanh is straight", factor["tanh"])},
    format=".2f", caption="Weights that suit the width, and nearly the same factor.")

# %% exercise-1
def stretched(z):
    return 2 * torch.sigmoid(2 * z) - 1

g = gradient(stretched, "xavier")  # (seeds, layers)
lesson.number("stretched-ratio", g[:, 0] / g[:, -1], format=".2g")

# %% exercise-2
sizes = (1, 2, 4, 8, 16)
sized = {f"× {n}": passed_on(scaled("sigmoid", n)) for n in sizes}

# %%
lesson.table("weight-sizes", "Xavier's weights", {"passed on by a layer": sized},
    format=".2f", caption="At 1 the gradient stays level.")
lesson.claim("four-times-is-not-enough",
    "A sigmoid layer with four times Xavier's weights still passes on less than it gets",
    sized, "× 4", trap="× 16", below=1, format=".2f", answers=("A59",))

# %% exercise-3
def one_step(depth, optimiser):
    net = network("sigmoid", depth)
    fit(net, some, range(1), learning_rate=0.001, optimiser=optimiser,
        batch_size=len(some))
    return measure_movement(net, network("sigmoid", depth))[:, 0]  # (seeds,)

# %%
lesson.table("one-step", "layers",
    {n: {depth: one_step(depth, n.lower()) for depth in (12, 20)} for n in ("SGD", "Adam")},
    caption="How far one step moves the first layer (share of its weights).")
