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
# Autograd gives the slope at 321 inputs. Let a gradient pass four of the best in a row:
z = torch.linspace(-8, 8, 321, dtype=torch.float64, requires_grad=True)

def slope(activation):
    return torch.autograd.grad(activation(z).sum(), z)[0]

best = {f.__name__: slope(f).max() ** 4 for f in (torch.sigmoid, torch.tanh)}

# %%
lesson.claim("four-best-slopes",
    "Four sigmoid slopes pass at most 0.25⁴ = {bound} of a gradient", best, "sigmoid", trap="tanh",
    equals=(0.25**4, 0), exact=True, format=".8f", answers=("D35", "D38", "D44", "D45"))
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
net = network("sigmoid", 20)
hidden = net.signals(net.same_for_all(some.inputs))[1:-1]
real = torch.stack([(h * (1 - h)).mean(dim=(1, 2)) for h in hidden])
passed = real[:4].prod(dim=0)  # (seeds,)

# %%
lesson.number("mean-slope", real.mean(dim=0), format=".3g", label="mean slope of hidden sigmoids")
lesson.claim("real-slopes-are-smaller",
    "In a real network, the first four sigmoids pass at most {bound} of a gradient", passed,
    trap={"the best case": [0.25**4] * len(seeds)}, at_most=0.003, format=".4f", answers=("D36",))

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
    caption="From right to left, as the gradient travels. Each grid line is a thousand times less.")
factor = {n: passed_on(measured[n]) for n in usual}  # (seeds,)
for n in usual:
    lesson.number(f"{n}-ratio", ratio[n], label=f"first / last, {n}")
    lesson.number(f"{n}-factor", factor[n], format=".2f", label=f"passed on, {n}")
lesson.claim("sigmoid-starves-the-first-layer",
    "With 20 sigmoid layers, the first gets under a billionth of the last hidden one's gradient",
    ratio, "sigmoid", trap="tanh", at_most=1e-9, answers=("A55", "D37"))
apart = {n: torch.maximum(r, 1 / r) for n, r in ratio.items()}
apart["both"] = torch.maximum(apart["tanh"], apart["relu"])
lesson.claim("tanh-and-relu-stay-level",
    "With weights made for them, tanh and ReLU keep first and last gradient within a factor of ten",
    apart, "both", trap="sigmoid", at_most=10, format=".2g", answers=("A58", "B48", "C22", "D41"))

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
    caption="The last sigmoid layers move. The first stay as they were drawn.")
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
    "With 20 sigmoid layers, at most one in a thousand 32-bit first-layer weights changes at all",
    touched, "sigmoid", trap="tanh", at_most=0.001, format=".3g", answers=("D40",))

# %% answers
# How much do pictures differ behind each layer? The last layer's answers are shares of 1.
def differences(net):  # computed with 16 digits, for they may be small
    signals = net.double().signals(net.same_for_all(some.inputs.double()))
    signals[-1] = signals[-1].softmax(dim=2)
    return torch.stack([s.std(dim=1).mean(dim=1) for s in signals[1:]], dim=1)

# %%
net = runs["sigmoid"].model
top = net.signals(net.same_for_all(some.inputs))[-2][-len(seeds):]  # at the largest rate
lesson.number("top-slope", (top * (1 - top)).mean(dim=(1, 2)), format=".2g", label="top, trained")
untrained = {n: differences(network(n, 12)).detach() for n in usual}  # (seeds, layers)
lesson.table("learned", "12 layers", {
    "untrained": {n: d[:, -1] for n, d in untrained.items()},
    "trained": {n: differences(run.model)[run.chosen, -1] for n, run in runs.items()},
    "accuracy": accuracy}, format={"untrained": ".0e", "trained": ".0e", "accuracy": ".3f"},
    caption="How much answers differ from picture to picture. The sigmoid network's hardly do.")

# %% frozen
# Is it because the first layers starve? We let the last of 12 layers learn, and no other.
def last_alone(activation):
    net = network(activation, 12)
    net.weights[:-1].requires_grad_(False)
    net.biases[:-1].requires_grad_(False)
    fit(net, train, range(steps), learning_rate=rates[-1], batch_size=64)
    return measure_accuracy(net, train)  # (seeds,)

# %%
alone = {n: last_alone(n) for n in ("tanh", "sigmoid")}
lesson.claim("starved-layers-still-serve",
    "Twelve tanh layers, the first eleven held as they were drawn, get {rule:%} right", alone,
    "tanh", trap="sigmoid", at_least=0.5, format=".3f")
up = {n: d[:, :-1] for n, d in untrained.items()}  # (seeds, hidden layers)
lesson.figure("differences-by-layer", plot_curves(up, layer, "outputs differ by", log=True),
    caption="From left to right, as pictures travel. Each sigmoid layer makes them more alike.")
left = {n: u[:, -1] / u[:, 0] for n, u in up.items()}  # (seeds,)
for n in usual:
    lesson.number(f"{n}-up", left[n] ** 0.1, format=".2f", label=f"differences handed on, {n}")
lesson.claim("pictures-become-alike",
    "Ten sigmoid layers leave less than a hundred-thousandth of the differences between pictures",
    left, "sigmoid", trap="tanh", at_most=1e-5)

# %% patience
# Slow, or never? Four times the steps, for 12 sigmoid layers and for 5.
def longer(depth, times, weights="xavier", rate=rates[-1]):
    run = trained("sigmoid", depth, weights, [rate], times * steps)
    return 1 - run.measured  # (seeds,)

# %%
waited = {(d, times): longer(d, times) for d, times in ((5, 1), (5, 4), (12, 4))}
lesson.claim("five-layers-are-only-slow",
    "With four times the steps, 5 sigmoid layers get {rule:%} of their training pictures right",
    waited, 5, 4, trap={"the usual steps": (5, 1)}, at_least=0.9, format=".3f", answers=("A62",))
lesson.claim("twelve-layers-still-guess",
    "With four times the steps, 12 sigmoid layers still guess: {rule:%} right", waited, 12, 4,
    trap={"5 layers": (5, 4)}, at_most=0.15, format=".3f", answers=("A55",))

# %% large-weights
# ## Break it
# The same 12 sigmoid layers with weights from N(0, 1), at the smallest rate:
starts = {n: longer(12, 2, n, rate=rates[0]) for n in ("normal", "xavier")}

# %%
lesson.claim("slope-alone-is-to-blame",
    "Twelve sigmoid layers cannot learn, because no slope exceeds 1/4", starts, "normal",
    trap={"Xavier's weights": "xavier"}, at_most=0.15, format=".3f",
    expect="contradicted", answers=("A59", "B49", "D34", "D36", "D101"))
lesson.number("width", width, format="d", label="units in a layer")
lesson.number("times-larger", width**0.5, format="g", label="N(0, 1) against Xavier's")

# %% half-weights
# And without any sigmoid: we multiply all weights of a ReLU network by one half.
def scaled(activation, size):
    return measure_gradients(network(activation, 20).scale_weights(size), some)

# %%
half = {n: scaled(n, 0.5).weight_gradient_rms[:, :-1] for n in usual}
halved = {n: (gradients[n] / half[n]).log2().amin(dim=1) for n in usual}  # (seeds,)
lesson.claim("relu-starves-everywhere",
    "Weights of half the size halve the gradient {bound} times or more, at every layer of 20 with "
    "ReLU", halved, "relu", trap="sigmoid", at_least=17, format=".1f", answers=("D35", "D43"))
fates = {"ReLU, half the weights": half["relu"], "the sigmoid network": gradients["sigmoid"]}
below = {n: g[:, -1] / g[:, 0] for n, g in fates.items()}  # (seeds,)
lesson.claim("vanishing-spares-the-last-layers",
    "Where gradients vanish, the first layer gets at least {bound} times less than the last",
    below, "ReLU, half the weights", trap="the sigmoid network", at_least=100, format=".2g",
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

level = gradient(lambda z: 0.5 * torch.tanh(z / 2), "xavier")  # σ(z) − ½
linear = {n: gradient(n, "pytorch") for n in ("relu", "tanh")}
bare = {n: gradient(n, "pytorch", biases=0) for n in linear}

# %%
fed = {"relu, with biases": linear["relu"], "relu, without biases": bare["relu"],
       "sigmoid": gradients["sigmoid"], "sigmoid, less one half": level}
lesson.figure("fed-from-below", plot_curves(fed, layer, rms, log=True, height=5),
    caption="Solid: a bias or one half feeds every layer. Dashed: nothing does; all starve alike.")
first = {f"{n}, {kind}": g[n][:, 0] / g[n][:, -1]
         for kind, g in (("biases", linear), ("none", bare)) for n in g}
for n in linear:
    lesson.number(f"linear-{n}-ratio", first[f"{n}, biases"], label=f"first / last, {n}, nn.Linear")
lesson.claim("biases-starve-the-first-relu",
    "From nn.Linear's start, the first of 20 ReLU layers gets {rule} of the last one's gradient",
    first, "relu, biases", trap={"biases at zero": "relu, none"}, at_most=1e-4, answers=("A55",))
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
lesson.compare("paper-and-ours", {
    "a sigmoid layer passes on (Nielsen 2015)": ((0.003 / 0.285) ** (1 / 3), factor["sigmoid"]),
    "a tanh layer passes on (Glorot, Bengio 2010)": ("1, where tanh is straight", factor["tanh"])},
    format=".2f", caption="Weights that suit the width, and nearly the same factor.")

# %% exercise-1
g = gradient(lambda z: 2 * torch.sigmoid(2 * z) - 1, "xavier")
lesson.number("stretched-ratio", g[:, 0] / g[:, -1], format=".2g")

# %% exercise-2
sized = {f"× {n}": passed_on(scaled("sigmoid", n)) for n in (1, 2, 4, 8, 16)}

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
