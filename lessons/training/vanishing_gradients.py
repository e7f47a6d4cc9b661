"""
# Sigmoids starve the first layers

A network learns by passing blame backwards, from the loss to the last layer and on to the first.
Every sigmoid on the way multiplies it by a slope. How much of it reaches the first layer? We work
it out by hand, measure it, and look for the place where the usual explanation stops being true.
"""

# %%
import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_activation, plot_curves
from lessonkit.models.mlp import MLP
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.gradients import measure_gradients, measure_movement
from lessonkit.training import fit

lesson = Lesson("training/vanishing_gradients", format=".1e")

# %% [markdown]
# ## One number by hand
# How steep is a sigmoid at its steepest? We ask autograd for the slope at 321 inputs, and let a
# gradient pass four of the best slopes in a row.

# %% best-case
z = torch.linspace(-8, 8, 321, dtype=torch.float64, requires_grad=True)

def slope(activation):
    return torch.autograd.grad(activation(z).sum(), z)[0]

best = {f.__name__: slope(f).max() ** 4 for f in (torch.sigmoid, torch.tanh)}
lesson.claim("four-best-slopes",
    "Four sigmoids in a row pass at most 0.25⁴ = {bound} of a gradient",
    best, "sigmoid", trap="tanh", equals=(0.00390625, 0), exact=True,
    format=".8f", answers=("D35", "D38", "D44", "D45"))

# %%
x = z.detach()
lesson.figure("sigmoid-slope",
    plot_activation(x, torch.sigmoid(x), slope(torch.sigmoid), "sigmoid"),
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

real = {"sigmoid": mean_slopes("sigmoid", lambda h: h * (1 - h)),
        "tanh": mean_slopes("tanh", lambda h: 1 - h * h)}  # (hidden, seeds)

# %%
lesson.number("mean-slope", real["sigmoid"].mean(dim=0), format=".3g",
    label="mean slope of the hidden sigmoids")
passed = {n: slopes[:4].prod(dim=0) for n, slopes in real.items()}
lesson.claim("real-slopes-are-smaller",
    "In a real network, four sigmoids in a row pass less than the best case",
    passed, "sigmoid", trap="tanh", below=0.25**4, format=".4f", answers=("D36",))

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

# %%
layer, rms = "layer (1 is next to the input)", "gradient at the weights (RMS)"
lesson.figure("gradient-by-layer", plot_curves(gradients, layer, rms, log=True),
    caption="Read it from right to left, as the gradient travels. On this axis a straight line "
            "means one factor for every layer.")

# %%
for n in usual:
    lesson.number(f"{n}-ratio", ratio[n], label=f"first / last, {n}")
    lesson.number(f"{n}-factor", passed_on(measured[n]), format=".2f", label=f"passed on, {n}")

lesson.claim("sigmoid-starves-the-first-layer",
    "With 20 sigmoid layers, the first gets less than a billionth of the last one's gradient",
    ratio, "sigmoid", trap="tanh", at_most=1e-9, answers=("A55", "D37"))
apart = {n: torch.maximum(r, 1 / r) for n, r in ratio.items()}
apart["tanh or ReLU"] = torch.maximum(apart["tanh"], apart["relu"])
lesson.claim("tanh-and-relu-stay-level",
    "With tanh or ReLU, the first and the last gradient are at most a factor of ten apart",
    apart, "tanh or ReLU", trap="sigmoid", at_most=10, format=".2g",
    answers=("A58", "B48", "C22", "D41"))

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

# %%
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
    after = trained(activation, 20).weights[0]
    return (before != after).float().mean(dim=(1, 2))  # (seeds,)

touched = {n: changed(n) for n in ("sigmoid", "tanh")}

# %%
lesson.number("changed-weights", touched["sigmoid"], format=".0%", label="weights that changed")
lesson.claim("hardly-a-bit-changes",
    "With 20 sigmoid layers, at most one first-layer weight in a thousand changes by even one bit",
    touched, "sigmoid", trap="tanh", at_most=0.001, format=".3g", answers=("D40",))

# %% answers
def spread(model):
    answers = model(model.same_for_all(some.inputs)).softmax(dim=2)
    return answers.std(dim=1).mean(dim=1)  # (seeds,)

lesson.table("learned", "12 layers", {
    "first moved": {n: m[:, 0] for n, m in moved.items()},
    "answers differ by": {n: spread(model) for n, model in models.items()},
    "accuracy": accuracy}, format={"accuracy": ".3f"},
    caption="The sigmoid network gives every picture the same answer.")

# %% [markdown]
# ## Break it
# Between two sigmoids stand weights. The same 12 sigmoid layers, with weights from N(0, 1):

# %% large-weights
large = measure_accuracy(trained("sigmoid", 12, "normal"), train)
starts = {"N(0, 1)": large, "Xavier's weights": accuracy["sigmoid"]}
lesson.claim("slope-alone-is-to-blame",
    "Twelve sigmoid layers cannot learn, because no slope exceeds 1/4",
    starts, "N(0, 1)", trap="Xavier's weights", at_most=0.15, format=".3f",
    expect="contradicted", answers=("A59", "B49", "D34", "D36", "D101"))

# %%
lesson.number("width", width, format="d", label="units in a layer")
lesson.number("times-larger", width**0.5, format="g", label="N(0, 1) against Xavier's")

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

# %%
halved = {n: (gradients[n] / half[n]).log2().amin(dim=1) for n in usual}  # (seeds,)
lesson.claim("relu-starves-everywhere",
    "Weights of half the size halve the gradient {bound} times or more, at every layer of 20 with "
    "ReLU", halved, "relu", trap="sigmoid", at_least=17, format=".1f", answers=("D35", "D43"))

def powers_below(gradient):
    return (gradient[:, -1] / gradient[:, 0]).log10()  # (seeds,)

below = {"ReLU, half the weights": powers_below(half["relu"]),
         "the sigmoid network": powers_below(gradients["sigmoid"])}
lesson.claim("vanishing-spares-the-last-layers",
    "Where gradients vanish, the first layer's is at least two powers of ten below the last one's",
    below, "ReLU, half the weights", trap="the sigmoid network", at_least=2, format=".1f",
    expect="contradicted", answers=("D40",))

# %%
big = measure_gradients(network("sigmoid", 20, "normal"), some).weight_gradient_rms[:, :-1]
pairs = {"sigmoid": gradients["sigmoid"], "sigmoid, N(0, 1) weights": big,
         "relu": gradients["relu"], "relu, half the weights": half["relu"]}
lesson.figure("other-weights", plot_curves(pairs, layer, rms, log=True, height=5),
    caption="Solid: the usual weights. Dashed: only the size of the weights has changed.")

# %%
nielsen = (0.003 / 0.285) ** (1 / 3)  # gradients at the first and the last of 4 hidden layers
factor = {n: passed_on(measured[n]) for n in usual}
lesson.compare("paper-and-ours", {
    "a sigmoid layer passes on (Nielsen 2015)": (nielsen, factor["sigmoid"]),
    "a tanh layer passes on (Glorot, Bengio 2010)": ("1, where tanh is straight", factor["tanh"]),
    "sigmoid, random start (Glorot, Bengio 2010)": ("“unsuited”", accuracy["sigmoid"])},
    format=".2f",
    caption="The factor travels from network to network; the accuracy belongs to one task.")

# %% exercise-1
def stretched(z):
    return 2 * torch.sigmoid(2 * z) - 1

level = measure_gradients(network(stretched, 20, "xavier"), some)
g = level.weight_gradient_rms  # (seeds, layers)
lesson.number("stretched-ratio", g[:, 0] / g[:, -2], format=".2g")

# %% exercise-2
sized = {f"× {size}": passed_on(scaled("sigmoid", size))
         for size in (1, 2, 4, 8, 16)}

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

lesson.table("one-step", "layers",
    {name: {depth: one_step(depth, name.lower()) for depth in (12, 20)}
     for name in ("SGD", "Adam")},
    caption="How far one step moves the first layer (share of its weights).")
