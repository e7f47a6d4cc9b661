"""
# Sigmoids starve the first layers

A network learns by passing blame backwards, from the loss to the last layer and on to the first.
Every sigmoid on the way multiplies it by a slope. How much of it reaches the first layer? We work
it out by hand, measure it, and look for the place where the usual explanation stops being true.
"""

# %% setup
import numpy as np
import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.models.mlp import MLP
from lessonkit.training import fit

# %% instruments
from lessonkit.figures.layers import as_columns, plot_activation, plot_by_layer
from lessonkit.figures.style import new_figure, spelled
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.gradients import measure_gradients, measure_movement

lesson = Lesson("training/vanishing_gradients")

# %% [markdown]
# ## One number by hand
# How steep is a sigmoid at its steepest? We ask autograd for the slope at 321 inputs, and let a
# gradient pass four of the best slopes in a row.

# %% best-case
z = torch.linspace(-8, 8, 321, dtype=torch.float64, requires_grad=True)

def slope(activation):
    return torch.autograd.grad(activation(z).sum(), z)[0]

lesson.claim("four-best-slopes",
    "Four sigmoids in a row pass at most 0.25⁴ = 0.00390625 of a gradient",
    slope(torch.sigmoid).max() ** 4, equals=(0.00390625, 0), format=".8f",
    trap=("tanh instead", slope(torch.tanh).max() ** 4), exact=True)

# %% slope-figure
fig, ax = new_figure()
steepness = slope(torch.sigmoid).tolist()
curves = {"input": z.tolist(), "sigmoid": torch.sigmoid(z).tolist(), "slope": steepness}
plot_activation(ax, *curves.values())
lesson.figure("sigmoid-slope", fig, data=curves,
    alt=f"A sigmoid climbs from 0 to 1. Its slope is a bump, {max(steepness):g} high at input 0 "
        f"and {steepness[240]:.3f} at input 4.",
    caption="The slope touches one quarter at a single point. Everywhere else it is smaller.")

# %% [markdown]
# ## The network
# One plain network, in a copy for each seed. Depth counts the layers that have weights. Each
# activation starts from the weights that were designed for it.

# %% network
seeds = lesson.seeds(quick=8, full=32, smoke=2)
width = lesson.pick(quick=64, full=256, smoke=32)
train, test = digits(lesson.device)
some = train.first(256)
usual = {"sigmoid": "xavier", "tanh": "xavier", "relu": "he"}

def network(activation, depth, weights=None):
    sizes = [64] + [width] * (depth - 1) + [10]
    weights = weights or usual[activation]
    return MLP(sizes, activation, weights, seeds, lesson.device)

# %% [markdown]
# Do real signals meet the best slope? An average path through the first four layers passes the
# product of four average slopes.

# %% real-slopes
def mean_slopes(activation, slope_at):
    net = network(activation, 20)
    hidden = net.signals(net.same_for_all(some.inputs))[1:-1]
    return torch.stack([slope_at(h).mean(dim=(1, 2)) for h in hidden])

real = mean_slopes("sigmoid", lambda h: h * (1 - h))  # (hidden, seeds)
control = mean_slopes("tanh", lambda h: 1 - h * h)  # (hidden, seeds)

# %% real-slopes-claim
lesson.number("mean-slope", real.mean(dim=0), label="mean slope of the hidden sigmoids")
lesson.claim("real-slopes-are-smaller",
    "In a real network, four sigmoids in a row pass less than the best case",
    real[:4].prod(dim=0), below=0.25**4, format=".4f",
    trap=("tanh instead", control[:4].prod(dim=0)))

# %% [markdown]
# ## What reaches the first layer
# Twenty layers, before any training. How large is the gradient of the loss at each layer's weights?

# %% gradients
measured = {n: measure_gradients(network(n, 20), some) for n in usual}
gradients = {n: g.weight_gradient_rms[:, :-1] for n, g in measured.items()}
ratio = {n: g[:, 0] / g[:, -1] for n, g in gradients.items()}  # (seeds,)

def passed_on(measured):
    signals = measured.signal_gradient_rms  # (seeds, hidden)
    return (signals[:, 0] / signals[:, -1]) ** (1 / 18)  # (seeds,)

# %% gradient-figure
fig, ax = new_figure()
plot_by_layer(ax, gradients, "gradient at the weights (RMS)")
middle = {n: np.median(ratio[n]) for n in usual}
lesson.figure("gradient-by-layer", fig, data=as_columns(gradients),
    alt="Gradient at the weights of 19 hidden layers. The first layer's, divided by the last "
        f"one's: sigmoid {middle['sigmoid']:.0e}, tanh {middle['tanh']:.1f}, ReLU "
        f"{middle['relu']:.1f}. The sigmoid's line falls steadily towards the first layer.",
    caption="Read it from right to left, as the gradient travels. On this axis a straight line "
            "means one factor for every layer.")

# %% starve-claims
for n in usual:
    lesson.number(f"{n}-ratio", ratio[n], format=".1e", label=f"first / last, {n}")
    lesson.number(f"{n}-factor", passed_on(measured[n]), format=".2f", label=f"passed on, {n}")

lesson.claim("sigmoid-starves-the-first-layer",
    "With 20 sigmoid layers, the first gets less than a billionth of the last one's gradient",
    ratio["sigmoid"], at_most=1e-9, format=".1e", trap=("tanh instead", ratio["tanh"]))
apart = {n: torch.maximum(r, 1 / r) for n, r in ratio.items()}
lesson.claim("tanh-and-relu-stay-level",
    "With tanh or ReLU, the first and the last gradient are at most a factor of ten apart",
    torch.maximum(apart["tanh"], apart["relu"]), at_most=10, format=".2g",
    trap=("sigmoid instead", apart["sigmoid"]))

# %% [markdown]
# ## Who learns?
# We train 12 layers with stochastic gradient descent and compare the weights with their start.

# %% train
steps = lesson.pick(quick=300, full=600, smoke=5)

def trained(activation, depth, weights=None):
    model = network(activation, depth, weights)
    shown = lesson.progress(range(steps), f"{activation}, {depth} layers")
    fit(model, train, shown, learning_rate=0.02, batch_size=64)
    return model

models = {n: trained(n, 12) for n in usual}
moved = {n: measure_movement(models[n], network(n, 12))[:, :-1] for n in usual}
accuracy = {n: measure_accuracy(models[n], train) for n in usual}  # (seeds,)

# %% movement-figure
fig, ax = new_figure()
plot_by_layer(ax, moved, "weights moved (share)")
near, far = np.median(moved["sigmoid"], axis=0)[[0, -1]]
least = min(moved[n].min() for n in ("tanh", "relu"))
lesson.figure("movement-by-layer", fig, data=as_columns(moved),
    alt=f"How far training moved each layer's weights. Sigmoid: {near:.0e} of their size in the "
        f"first layer, {far:.0e} in the last hidden one. Tanh and ReLU: {least:.2f} or more.",
    caption="The last sigmoid layers move. The first stay where chance put them.")

# %% learning-claims
share = {n: moved[n][:, 0] / moved[n][:, -1] for n in usual}  # (seeds,)
lesson.claim("first-layer-stays-put",
    "Training moves the first of 12 sigmoid layers less than a thousandth as far as the last "
    "hidden one", share["sigmoid"], at_most=1e-3, format=".1e",
    trap=("tanh instead", share["tanh"]))
lesson.claim("sigmoid-stays-at-chance",
    "The 12-layer sigmoid network still guesses: at most 15 % right, where chance is 10 %",
    accuracy["sigmoid"], at_most=0.15, format=".3f",
    trap=("tanh instead", accuracy["tanh"]))

# %% not-one-bit
def changed(activation):
    before = network(activation, 20).weights[0]
    after = trained(activation, 20).weights[0]
    return (before != after).float().mean(dim=(1, 2))  # (seeds,)

touched = {n: changed(n) for n in ("sigmoid", "tanh")}

# %% not-one-bit-claim
lesson.number("changed-weights", touched["sigmoid"], format=".0%", label="weights that changed")
lesson.claim("hardly-a-bit-changes",
    "With 20 sigmoid layers, at most one first-layer weight in a thousand changes by even one bit",
    touched["sigmoid"], at_most=0.001, trap=("tanh instead", touched["tanh"]))

# %% answers
def spread(model):
    answers = model(model.same_for_all(some.inputs)).softmax(dim=2)
    return answers.std(dim=1).mean(dim=1)  # (seeds,)

lesson.table("learned", format=[".1e", ".1e", ".1e", ".3f"],
    columns=["12 layers", "first moved", "answers differ by", "accuracy"],
    rows=[[spelled(n), moved[n][:, 0], spread(models[n]), accuracy[n]]
          for n in usual],
    caption="The sigmoid network gives every picture the same answer.")

# %% [markdown]
# ## Break it
# Between two sigmoids stand weights. The same 12 sigmoid layers, with weights from N(0, 1):

# %% large-weights
lesson.number("width", width, format="d", label="units in a layer")
lesson.number("times-larger", width**0.5, format="g", label="N(0, 1) against Xavier's")
large = measure_accuracy(trained("sigmoid", 12, "normal"), train)
lesson.claim("slope-alone-is-to-blame",
    "Twelve sigmoid layers cannot learn, because no slope exceeds 1/4",
    large, at_most=0.15, expect="contradicted", format=".3f",
    trap=("Xavier's weights instead", accuracy["sigmoid"]))

# %% [markdown]
# And without any sigmoid: we multiply all weights of a ReLU network by one half.

# %% half-weights
def scaled(activation, size):
    net = network(activation, 20)
    with torch.no_grad():
        for weights in net.weights:
            weights *= size
    return measure_gradients(net, some)

half = {n: scaled(n, 0.5).weight_gradient_rms[:, :-1] for n in usual}
halved = {n: (gradients[n] / half[n]).log2().amin(dim=1) for n in usual}  # (seeds,)

def powers_below(gradient):
    return (gradient[:, -1] / gradient[:, 0]).log10()  # (seeds,)

# %% half-claims
lesson.claim("relu-starves-everywhere",
    "Weights of half the size halve the gradient 17 times or more, at every layer of 20 with ReLU",
    halved["relu"], at_least=17, format=".1f", trap=("sigmoid instead", halved["sigmoid"]))
lesson.claim("vanishing-spares-the-last-layers",
    "Where gradients vanish, the first layer's is at least two powers of ten below the last one's",
    powers_below(half["relu"]), at_least=2, expect="contradicted", format=".1f",
    trap=("the sigmoid network instead", powers_below(gradients["sigmoid"])))

# %% other-weights-figure
big = measure_gradients(network("sigmoid", 20, "normal"), some).weight_gradient_rms[:, :-1]
pairs = {"sigmoid": gradients["sigmoid"], "sigmoid, N(0, 1) weights": big,
         "relu": gradients["relu"], "relu, half the weights": half["relu"]}
fig, ax = new_figure(height=5)
plot_by_layer(ax, pairs, "gradient at the weights (RMS)")
ends = {name: np.median(g, axis=0)[[0, -1]] for name, g in pairs.items()}
lesson.figure("other-weights", fig, data=as_columns(pairs),
    alt="Gradient at the weights of the first and the last hidden layer. " + "; ".join(
        f"{name}: {front:.0e} and {back:.0e}" for name, (front, back) in ends.items()) + ".",
    caption="Solid: the usual weights. Dashed: only the size of the weights has changed.")

# %% paper-and-ours
nielsen = (0.003 / 0.285) ** (1 / 3)  # gradients at the first and the last of 4 hidden layers
ours = {n: passed_on(measured[n]) for n in usual}
lesson.table("paper-and-ours", format=".2f", columns=["what", "paper", "ours"], rows=[
    ["a sigmoid layer passes on (Nielsen 2015)", nielsen, ours["sigmoid"]],
    ["a tanh layer passes on (Glorot, Bengio 2010)", "1, where tanh is straight", ours["tanh"]],
    ["sigmoid, random start (Glorot, Bengio 2010)", "“unsuited”", accuracy["sigmoid"]]],
    caption="The factor travels from network to network; the accuracy belongs to one task.")

# %% exercise-1
def stretched(z):
    return 2 * torch.sigmoid(2 * z) - 1

g = measure_gradients(network(stretched, 20, "xavier"), some).weight_gradient_rms
lesson.number("stretched-ratio", g[:, 0] / g[:, -2], format=".2g", label="exercise 1")

# %% exercise-2
sized = {size: passed_on(scaled("sigmoid", size)) for size in (1, 2, 4, 8, 16)}
lesson.table("weight-sizes", format=".2f",
    columns=["Xavier's weights", "passed on by a layer"],
    rows=[[f"× {size}", share] for size, share in sized.items()],
    caption="At 1 the gradient stays level.")
lesson.claim("four-times-is-not-enough",
    "A sigmoid layer with four times Xavier's weights still passes on less than it gets",
    sized[4], below=1, format=".2f", trap=("sixteen times instead", sized[16]))

# %% exercise-3
def one_step(depth, optimiser):
    net = network("sigmoid", depth)
    fit(net, some, range(1), learning_rate=0.001, optimiser=optimiser, batch_size=len(some))
    return measure_movement(net, network("sigmoid", depth))[:, 0]  # (seeds,)

lesson.table("one-step", format=".1e", columns=["layers", "SGD", "Adam"],
    rows=[[str(d), one_step(d, "sgd"), one_step(d, "adam")] for d in (12, 20)],
    caption="How far one step moves the first layer (share of its weights).")
