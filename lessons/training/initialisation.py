"""
# The size of the first weights decides what arrives
Four common starts, twenty and fifty layers: what arrives, who learns, and what a right size lacks.
"""

# %%
import torch

from lessonkit.data.digits import digits
from lessonkit.data.examples import Examples
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.models.mlp import MLP, pytorch
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.draws import measure_draws
from lessonkit.probes.gradients import measure_gradients
from lessonkit.probes.signals import (hidden_signals, measure_alikeness, measure_distances,
    measure_size)
from lessonkit.training import fit, tune
from lessonkit.training.losses import mean_loss

lesson = Lesson("training/initialisation", format=".0%")

# %% network
# ## One network, several starts
seeds = lesson.seeds(quick=5, full=24, smoke=2)
two = seeds + [seed + 10**6 for seed in seeds]  # where draws differ a lot
width = lesson.pick(quick=32, full=64, smoke=32)
train, test = digits(lesson.device)
few = train.first(256)
some = Examples(few.inputs.double(), few.labels)  # with 16 digits

def no_biases(inputs, outputs, generator):
    weights, _ = pytorch(inputs, outputs, generator)
    return weights, torch.zeros(outputs)

# %% starts
starts = {  # name: first weights, bend, multiplied by
    "pytorch": ("pytorch", "relu", 1), "xavier": ("xavier", "relu", 1),
    "he": ("he", "relu", 1), "normal": ("normal", "relu", 1)}

def network(name, depth, copies=seeds):
    start, bend, size = starts[name]
    sizes = [64] + [width] * (depth - 1) + [10]
    net = MLP(sizes, bend, start, copies, lesson.device)
    return net.scale_weights(size)

# %%
# What arrives, before any training: each measured over four draws a seed, in powers of ten.
def signal(net):
    size = measure_size(net, some.inputs)  # (copies, hidden)
    return (size / (len(some) * width) ** 0.5).log10()

def pull(net):
    return measure_gradients(net, some).weight_gradient_rms[:, :-1].log10()

def blame(net):
    return measure_gradients(net, some).signal_gradient_rms.log10()

# %%
def drawn(measure, names, depth):  # name -> numbers (seeds, …)
    return {n: measure_draws(lambda four, n=n: network(n, depth, four).double(), measure, seeds)
            for n in names}

starts["pytorch, no biases"] = (no_biases, "relu", 1)
four = "normal", "he", "xavier", "pytorch"
five = *four, "pytorch, no biases"
deep, pulls = drawn(signal, five, 50), {d: drawn(pull, five, d) for d in (20, 50)}
layer = "layer (1 is next to the input)"
lesson.figure("signal-by-layer", plot_curves({n: 10**s for n, s in deep.items()}, layer,
    "size of the signal (RMS)", log=True, height=4.6),
    caption="What 50 ReLU layers make of pictures before training. Up: its size, in powers of ten.")
lesson.figure("gradient-by-layer", plot_curves({n: 10**p for n, p in pulls[50].items()}, layer,
    "gradient at the weights (RMS)", log=True, height=4.6),
    caption="What comes back: up, the gradient at each layer's weights, in powers of ten.")
lesson.table("arrivals", "start", {
    "signal, layer 19": {n: 10 ** s[:, 18] for n, s in deep.items()},
    "signal, layer 49": {n: 10 ** s[:, 48] for n, s in deep.items()},
    "gradient, first of 20": {n: 10 ** p[:, 0] for n, p in pulls[20].items()},
    "first of 50": {n: 10 ** p[:, 0] for n, p in pulls[50].items()}}, format=".0e",
    caption="The last hidden layer of 20 and of 50, and what comes back to the first.")

# %%
def per_layer(logs):  # powers of ten (seeds, layers) -> a factor for each seed
    return 10 ** ((logs[:, -1] - logs[:, 0]) / (logs.shape[1] - 1))

up = {n: per_layer(s) for n, s in deep.items()}
down = {n: 1 / per_layer(b) for n, b in drawn(blame, four, 50).items()}
lesson.number("width", width, format="d")
lesson.number("by-hand", (width / 2) ** 0.5, format=".3g")
for n in four:
    lesson.number(f"{n}-up", up[n], format=".2f", label=f"signal kept by a layer, {n}")
lesson.claim("naive-grows-as-by-hand", "By how much a ReLU layer with weights from N(0, 1) "
    "multiplies the signal, over what we found by hand, is {rule}", {n: f / (width / 2) ** 0.5
    for n, f in up.items()}, "normal", trap="he", between=(0.875, 1.125), format=".2f")
off = {n: torch.maximum((up[n] - 1).abs(), (down[n] - 1).abs()) for n in four}
lesson.claim("he-keeps-both", "From He's weights, a ReLU layer changes the size of the signal and "
    "of the blame by {rule}", off, "he", trap="xavier", at_most=0.12, answers=("A59", "B49"))

# %%
# How much alike do pictures become? N(0, 1) and He's are the same random numbers here.
def cosine(net):  # mean over all pairs, behind the last hidden layer
    return measure_alikeness(net, some.inputs)[:, -1]

alike = drawn(cosine, five, 20)

# %%
apart = {n: (alike[n] - alike["he"]).abs() for n in ("normal", "pytorch")}
lesson.claim("only-size-differs", "Behind 19 layers, pictures are as alike from N(0, 1) as from "
    "He's weights, to {bound}", apart, "normal", trap="pytorch", at_most=1e-4, format=".0e")
lesson.claim("linear-says-nothing", "From nn.Linear's start, the mean cosine between two pictures "
    "behind 19 ReLU layers is 1, to {bound}", {n: 1 - a for n, a in alike.items()}, "pytorch",
    trap={"biases at zero": "pytorch, no biases"}, at_most=0.001, format=".1e", answers=("B49",))
torch.manual_seed(seeds[0])
own = torch.nn.Linear(1000, 1000).weight  # from torch itself
lesson.number("linear-variance", 1000 * own.detach().var(), format=".3f")

# %%
steps, usual = lesson.pick(quick=300, full=600, smoke=4), [0.001, 0.003, 0.01]
rates = {("pytorch", "sgd"): [0.01, 0.03, 0.1], ("xavier", "sgd"): [0.01, 0.02, 0.05],
    ("he", "sgd"): [0.003, 0.01], ("normal", "sgd"): [1e-14, 1e-13, 1e-12]}

def wrong(net):
    return 1 - measure_accuracy(net, train)

# %% train
# ## Who learns? Each start at the best of its rates
def trained(name, depth, how="sgd", grid=None, steps=steps, copies=seeds,
            by=network, **more):
    grid = grid or rates.get((name, how), usual)
    net = by(name, depth, copies * len(grid))
    shown = lesson.progress(range(steps), f"{name}, {depth} layers")
    run = tune(net, train, shown, wrong, rates=grid, optimiser=how,
               batch_size=64, **more)
    return 1 - run.measured.view(-1, len(seeds)).mean(dim=0)  # (seeds,)

# %%
axis = "pytorch", "xavier", "he", "normal"  # from small to large
many = {"xavier": two, "he": two}
right = {(n, "sgd"): trained(n, 20, copies=many.get(n, seeds)) for n in axis}
right |= {(n, "adam"): trained(n, 20, "adam", usual[:2], copies=many.get(n, seeds)) for n in axis}
lesson.number("steps", steps, format="d")
lines = {label: torch.stack([right[n, how] for n in axis], dim=1)
         for label, how in (("gradient descent", "sgd"), ("Adam", "adam"))}
lesson.figure("who-learns", plot_curves(lines, "the first weights, from small to large",
    "training pictures right", at=["nn.Linear", "Xavier", "He", "N(0, 1)"], share=True,
    chance=0.1), caption="Twenty ReLU layers from four starts. Up: the share that they get right.")
lesson.claim("he-learns", f"In {steps} steps of gradient descent from He's weights, 20 ReLU layers "
    "get {rule} of their training pictures right", right, "he", "sgd", trap={"Xavier's weights":
    ("xavier", "sgd")}, at_least=0.6, answers=("A59", "B49"))
better = torch.maximum(right["pytorch", "sgd"], right["normal", "sgd"])
lesson.claim("wrong-sizes-hardly-learn", f"In {steps} steps of gradient descent from nn.Linear's "
    "start and from N(0, 1), 20 ReLU layers get {rule} right at the best of three rates",
    {"the better of them": better, "he": right["he", "sgd"]}, "the better of them", trap="he",
    at_most=0.4, answers=("A59", "B49"))
lesson.number("normal-right", right["normal", "sgd"])
lesson.number("linear-right", right["pytorch", "sgd"])
lesson.number("linear-adam", right["pytorch", "adam"])
lesson.number("xavier-longer", trained("xavier", 20, grid=[0.02], steps=2 * steps))
lesson.claim("xavier-cannot-be-saved", f"In {steps} steps from Xavier's weights, 20 ReLU layers get"
    " {rule} right, whichever optimiser takes them", right, "xavier", "adam",
    trap={"gradient descent": ("xavier", "sgd")}, at_most=0.6, expect="contradicted")

# %% quieter
loud = (64 / 2) ** 0.5 * (width / 2) ** (19 / 2)  # N(0, 1)'s outputs, of He's

def quieter(outputs, labels):
    return mean_loss(outputs / loud, labels)

# %%
lesson.number("loud", loud, format=".1e")
quiet = trained("normal", 20, grid=[16 * 0.003], copies=two, loss=quieter)
lesson.claim("turned-down-it-learns", f"In {steps} steps of gradient descent, 20 ReLU layers from "
    "N(0, 1) get {rule} right once their outputs are divided by one number", {"divided": quiet,
    "as they are": right["normal", "sgd"]}, "divided", trap="as they are", at_least=0.55)

# %% fifty
# ## Fifty layers: He's weights, Xavier's, and weights that only turn
starts |= {"tanh, Xavier": ("xavier", "tanh", 1),
           "tanh, turning": ("orthogonal", "tanh", 1),
           "relu, turning": ("orthogonal", "relu", 2**0.5)}
fit_for_size = "he", "relu, turning", "tanh, Xavier", "tanh, turning"

# %%
fifty = {name: trained(name, 50, grid=usual[:2 + (name == "he")]) for name in fit_for_size}
lesson.number("he-adam", trained("he", 50, "adam", [0.001]))

# %%
def near(net):
    return measure_distances(net, some.inputs)

at_20 = "He, 20 layers"
kept = {at_20: drawn(near, ["he"], 20)["he"], **drawn(near, fit_for_size, 50)}
same = {at_20: alike["he"], **drawn(cosine, fit_for_size, 50)}
behind = {at_20: 10 ** deep["he"][:, 18],
          **{n: 10 ** s[:, -1] for n, s in drawn(signal, fit_for_size, 50).items()}}
lesson.table("fifty-layers", "50 layers", {"signal at the end": behind, "mean cosine": same,
    "distances kept": kept, "right after training": {at_20: right["he", "sgd"], **fifty}},
    format=dict.fromkeys(("signal at the end", "mean cosine", "distances kept"), ".2f"),
    caption="Four starts of fifty layers, and He's weights at twenty.")
pixels = torch.nn.functional.normalize(some.inputs, dim=1) @ torch.nn.functional.normalize(
    some.inputs, dim=1).T
same["pixels"] = [float((pixels.sum() - len(some)) / (len(some) * (len(some) - 1)))] * len(seeds)
lesson.claim("he-makes-alike", "Behind 49 ReLU layers from He's weights, the mean cosine between "
    "different pictures is {rule}", same, "he", trap={"the pictures themselves": "pixels"},
    at_least=0.85, format=".2f", answers=("B49",))
lesson.claim("he-lags-at-fifty", f"In {steps} steps of gradient descent at a constant rate, "
    "50 ReLU layers from He's weights get {rule} right", {50: fifty["he"], 20: right["he", "sgd"]},
    50, trap={"20 layers": 20}, at_most=0.65, answers=("A59",))
lesson.claim("turning-trains", f"In {steps} steps of gradient descent, 50 tanh layers that begin "
    "by turning get {rule} right", fifty, "tanh, turning", trap={"Xavier's weights":
    "tanh, Xavier"}, at_least=0.9, answers=("A59", "B49"))
lesson.claim("turning-saves-any-bend", f"In {steps} steps of gradient descent, 50 ReLU layers that "
    "begin by turning get {rule} right", fifty, "relu, turning", trap={"tanh instead":
    "tanh, turning"}, at_least=0.85, expect="contradicted")

# %% equal
# ## Break it: all weights alike
def equal(inputs, outputs, generator):  # nothing cancels: 1/n is their size
    weights = torch.full((outputs, inputs), 1 / inputs)
    return weights, torch.zeros(outputs)

# %%
def differ(start):  # how much the units of the first layer differ, as a share of their weights
    net = MLP([64, width, width, 10], "relu", start, seeds * 3, lesson.device)
    run = tune(net, train, range(steps), wrong, rates=[0.01, 0.03, 0.1], batch_size=64)
    weights = net.weights[0][run.chosen].detach()  # (seeds, units, pixels)
    spread = weights - weights.mean(dim=1, keepdim=True)
    return spread.norm(dim=(1, 2)) / weights.norm(dim=(1, 2)), 1 - run.measured

# %%
units = {"equal": differ(equal), "drawn": differ("he")}
lesson.claim("all-alike-stay-alike", "Where all weights of each layer start equal, the units of "
    "the first one are still equal after training: they differ by {rule:.0e} of their weights",
    {n: d for n, (d, _) in units.items()}, "equal", trap="drawn", at_most=1e-3, format=".1e",
    answers=("B15",))
for n, (_, accuracy) in units.items():
    lesson.number(f"{n}-right", accuracy, label=f"right, three layers, weights {n}")
lesson.compare("paper-and-ours", {
    "a ReLU layer keeps, from He's weights (He 2015)": ("1", up["he"]),
    "a ReLU layer keeps, from Xavier's (He 2015)": ("1/√2 = 0.71", up["xavier"])}, format=".2f",
    caption="Their arithmetic is for many units. Ours are few, and fall a little short of it.")

# %% exercise-1
lesson.number("bare-linear-up", up["pytorch, no biases"], format=".2f")

# %% exercise-2
@torch.no_grad()
def measured(name, depth, copies):
    net = network(name, depth, copies)
    for layer, weights in enumerate(net.weights[:-1]):
        out = hidden_signals(net, few.inputs)[layer]  # (copies, …)
        weights /= out.square().mean(dim=(1, 2)).sqrt()[:, None, None]
    return net

# %%
lesson.number("sized-right", trained("pytorch, no biases", 20, grid=[0.003], by=measured))

# %% exercise-3
def zeros(inputs, outputs, generator):
    return torch.zeros(outputs, inputs), torch.zeros(outputs)

still = MLP([64, width, width, 10], "relu", zeros, seeds, lesson.device)
_ = fit(still, train, range(steps), learning_rate=0.01, batch_size=64)

# %%
largest = torch.stack([w.detach().abs().amax(dim=(1, 2)) for w in still.weights]).amax(dim=0)
lesson.number("zeros-largest", largest, format=".3g", label="largest weight, from zeros")
