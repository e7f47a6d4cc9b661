"""
# Deeper was worse, until it could skip
Deeper networks came out worse. We put a wire around every layer, and ask whether it was the wire.
"""

# %%
import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.diagrams import draw_blocks
from lessonkit.figures.maps import plot_grid
from lessonkit.models.mlp import MLP
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy, measure_loss
from lessonkit.probes.copying import measure_copying
from lessonkit.probes.draws import lead, measure_draws
from lessonkit.probes.gradients import measure_gradients
from lessonkit.probes.lesions import measure_in_order, measure_without_each, measure_worst_swap
from lessonkit.probes.signals import (measure_beyond, measure_change, measure_directions,
    measure_distances, measure_main_axis, measure_recall, measure_size)
from lessonkit.training import falling, tune

lesson = Lesson("training/residual_connections", format=".1%")

# %% blocks
# ## Two ways to stack a layer
def plain(x, f):
    return f(x)

def residual(x, f):
    return x + f(x)

# %%
ends = (block(5, lambda x: x / 10) for block in (plain, residual))  # a layer that does little
lesson.figure("two-blocks", draw_blocks(5, *ends),
    caption="Cut the wire, and the right block becomes the left one.")
seeds, steps = lesson.seeds(quick=5, full=16, smoke=2), lesson.pick(quick=180, smoke=4)
rates = {5: [0.03], 20: [0.01, 0.03], 56: [0.003, 0.01]}  # others did worse
width, depths = 32, tuple(rates)
train, test = digits(lesson.device)
some = train.first(256)
lesson.number("steps", steps, format="d")
lesson.number("width", width, format="d")

# %% network
networks = {"plain": (plain, "he"), "residual": (residual, "zero")}

def network(name, depth, copies=seeds):
    block, start, *tanh = networks[name]
    return Stack(block, 64, width, 10, depth, start, copies,
        lesson.device, *tanh)  # ReLU, unless it says tanh

# %% train
def trained(name, depth, grid=None, steps=steps):
    grid = grid or rates[depth]
    return tune(network(name, depth, seeds * len(grid)), train,
        lesson.progress(range(steps), name), rates=grid,
        measure=lambda model: 1 - measure_accuracy(model, train),
        schedule=falling(steps), batch_size=48)

# %% deepen
# ## Deep can copy shallow: five trained layers, and 51 that copy
networks["plain, copying start"] = (plain, "identity")
shallow = trained("plain", 5).model
def deepened(name):
    deep = network(name, 56)
    for place in (0, 1, 2, 3, -1):  # entrance, three blocks, exit
        deep.weights[place] = shallow.weights[place]
        deep.biases[place] = shallow.biases[place]
    return (measure_loss(deep, train) - measure_loss(shallow, train)).abs()

# %%
lesson.claim("copies-cost-nothing", "Insert 51 layers that copy into a trained 5-layer network, "
    "and its loss stays the same to the last digit", deepened, "plain, copying start",
    equals=(0, 0), format=".1e", trap={"51 layers with random weights instead": "plain"})
# %%
runs = {(name, depth): trained(name, depth) for name in ("plain", "residual") for depth in depths}
wrong = {key: run.measured for key, run in runs.items()}  # (seeds,)
for (name, depth), share in wrong.items():
    lesson.number(f"{name}-{depth}-wrong", share)
curves = {f"{n}, {d} layers": runs[n, d].losses for n, d in runs if n == "plain" or d == 56}
lesson.figure("degradation", plot_curves(curves, "step", "training loss (nats)", groups=25),
    caption="Of the plain networks the deepest learns worst; with wires it is like a shallow one.")
lesson.claim("deeper-fits-worse", "56 plain layers get {rule:points} more of their own training "
    "pictures wrong than 5 do", lambda n: wrong[n, 56] - wrong[n, 5], "plain", trap="residual",
    at_least=0.25, answers=("B31", "C21"))
lesson.claim("wires-let-depth-train", "With wires around layers that begin by adding nothing, 56 "
    "layers get {rule} of their training pictures wrong", wrong, "residual", 56, at_most=0.05,
    trap={"no wires, usual start": ("plain", 56)}, answers=("A60", "C24", "D48", "D102"))
def beyond(name, line):  # what the trained blocks put out, less what the line says
    run = runs[name, 56]
    return measure_beyond(run.model, some.inputs, line)[run.chosen].max()
lesson.claim("residual-is-its-line", "In all 54 blocks of a trained residual network, the output "
    "is x + f(x) to the last bit", beyond, "residual", residual, trap={"plain blocks": ("plain",
    residual)}, equals=(0, 0), exact=True, format=".2g", answers=("C27", "D57"))
lesson.claim("plain-is-its-line", "In all 54 blocks of a trained plain network, it is f(x)", beyond,
    "plain", plain, trap={"residual blocks": ("residual", plain)}, equals=(0, 0), exact=True,
    format=".2g", answers=("C26",))
def apart(model):  # first layer / last hidden layer, or the other way round
    g = measure_gradients(model, some).weight_gradient_rms
    return torch.maximum(g[:, 0] / g[:, -2], g[:, -2] / g[:, 0])  # (seeds,)
last = MLP([64] + [width] * 19 + [10], "sigmoid", "xavier", seeds, lesson.device)
lesson.claim("gradients-are-healthy", "In 56 plain ReLU layers, the first and the last hidden "
    "layer's gradients are at most a factor of {bound} apart", apart, network("plain", 56), trap={
    "20 sigmoid layers, as before": last}, at_most=100, format=".2g", answers=("A61", "D34"))

# %% directions
def drawn(measure, name):
    return measure_draws(lambda four: network(name, 56, four),
                         lambda model: measure(model, some.inputs), seeds)

# %%
kept = {n: drawn(measure_directions, n) for n in ("plain", "residual")}  # (seeds, layers)
lesson.figure("directions-by-layer", plot_curves(kept, "layer", "directions"),
    caption="Before training, plain layers press the cloud of pictures flat, almost to a line.")
lesson.claim("pictures-end-on-a-line", "Before training, 56 plain layers leave the pictures at "
    "most two directions in which to differ", lambda n: kept[n][:, -1], "plain", trap="residual",
    at_most=2, format=".2f", answers=("B49", "D43"))
lesson.number("one-axis", drawn(measure_main_axis, "plain")[:, -1], label="variance on one axis")
lesson.number("directions-at-20", kept["plain"][:, 18], format=".1f")
def change(name):  # by the typical block
    share = measure_change(runs[name, 56].model, some.inputs)  # (rates * seeds, blocks)
    return share.median(dim=1).values[runs[name, 56].chosen]
lesson.claim("branches-stay-small",
    "After training, the typical block of 56 residual layers changes its input by less than a "
    "fifth", change, "residual", trap="plain", below=0.2, answers=("C28", "C32", "D49", "D56"))
networks["residual, usual start"] = (residual, "he")
deepest = (5, 10, 20, 56, 100)
def first_gradient(name):
    log = [measure_draws(lambda four, depth=d: network(name, depth, four), lambda model:
        measure_gradients(model, some).weight_gradient_rms[:, 0].log2(), seeds) for d in deepest]
    return torch.stack(log, dim=1).exp2()  # (seeds, depths)
front = {n: first_gradient(n) for n in ("plain", "residual", "residual, usual start")}
lesson.figure("gradient-by-depth", plot_curves(front, "layers", "gradient, first layer",
    at=deepest, log=True, height=4.4), caption="Level where the branches begin by adding nothing.")
lesson.number("plain-fainter", front["plain"][:, 0] / front["plain"][:, 3], format=".0f")
lesson.claim("wires-keep-the-gradient-level", "With wires, and branches that begin at zero, the "
    "first of 100 layers gets the gradient that the first of 5 gets, to within two doublings",
    lambda n: (front[n][:, -1] / front[n][:, 0]).log2().abs(), "residual", trap="plain", at_most=2,
    format=".1f", answers=("A61", "C22", "C30", "D102"))

# %% swap-starts
# ## Is it the wire? Both networks again, each with the other one's start
copying, usual = "plain, copying start", "residual, usual start"
runs |= {(copying, depth): trained(copying, depth) for depth in (20, 56)}
runs[usual, 56] = trained(usual, 56, [1e-11, 3e-11])  # lest it overflow
wrong |= {key: run.measured for key, run in runs.items()}

# %%
lesson.figure("wire-and-start", plot_grid({way: {
    start: 100 * wrong[name, 56] for start, name in row.items()} for way, row in {
    "no wire": {"usual start": "plain", "copying start": copying},
    "a wire": {"usual start": usual, "copying start": "residual"}}.items()},
    "training pictures wrong (%)"), caption="The columns differ, the rows hardly.")
size = measure_size(network(usual, 56), some.inputs)  # (seeds, layers)
lesson.number("grown", size[:, -1] / size[:, 0], format=".0e", label="signal, last block / first")
lesson.claim("without-wires-no-depth", "Without wires, 56 layers get at least a fifth of their "
    "training pictures wrong", wrong, copying, 56, at_least=0.2, trap={"the usual start": (
    "plain", 56)}, expect="contradicted", answers=("A77", "B15", "C25", "D58", "D101"))
lesson.claim("wires-are-enough", "With wires, 56 layers get {rule} of their training pictures "
    "wrong, however they start", wrong, usual, 56, at_most=0.05,
    trap={"the copying start": ("residual", 56)}, expect="contradicted", answers=("C24",))

# %% rotations
# ## Or the copying? Starts that are far from it, and keep the pictures apart
networks |= {"plain, shuffling start": (plain, "shuffle"),
             "tanh, rotating start": (plain, "orthogonal", "tanh"),
             "tanh, Xavier's start": (plain, lambda he: he / 2**0.5, "tanh")}
wrong |= {(n, 56): trained(n, 56).measured for n in tuple(networks)[-3:]}

# %%
lesson.claim("rotations-train", "From random rotations, 56 plain tanh layers get {rule} of their "
    "training pictures wrong", wrong, "tanh, rotating start", 56, at_most=0.08,
    trap={"Xavier's weights": ("tanh, Xavier's start", 56)}, answers=("A59", "B49"))
lesson.claim("shuffles-train", "From random shuffles, 56 plain ReLU layers get {rule} of their "
    "training pictures wrong", wrong, "plain, shuffling start", 56, at_most=0.08,
    trap={"the usual start": ("plain", 56)})
patients = {"plain": trained("plain", 20, [0.01], 5 * steps)} | {
    n: runs[n, 20] for n in ("residual", copying)}
def each(measure):
    return {n: measure(run.model, test)[run.chosen] for n, run in patients.items()}
whole, after = each(measure_in_order), each(measure_without_each)  # after: (seeds, blocks)
lesson.figure("lesions", plot_curves(after, "block that is taken out", "accuracy", share=True,
    chance=0.1, height=4.8), caption="Two flat lines at the top, and only one of them has wires.")
lesson.number("plain-whole", whole["plain"], label="accuracy of 20 plain layers, untouched")
cost = {n: whole[n] - left.amin(dim=1) for n, left in after.items()}  # of the worst block
lesson.claim("residual-hardly-notices",
    "Whichever block is taken out of 20 residual layers, they lose {rule:points} of accuracy",
    cost, "residual", trap="plain", at_most=0.04, answers=("C16", "C31"))
recalled = each(lambda model, test: measure_recall(model, train.inputs, test.inputs, 10))
lesson.claim("the-tenth-row-sees-no-pixels", "At the tenth of 20 layers, at most {bound:.0%} of "
    "what varies in the pixels can still be read", recalled, "residual", trap="plain", at_most=0.6,
    expect="contradicted", format=".0%", answers=("A24",))
lesson.claim("only-wires-make-robust", "Without wires, losing some block costs {rule:points} of "
    "accuracy", cost, copying, trap="plain", at_least=0.5, expect="contradicted", answers=("C16",))
lesson.claim("slow-not-never", "With five times the steps, 20 plain layers get {rule} of their "
    "training pictures wrong", patients["plain"].measured, at_most=0.08, answers=("A62",),
    trap={"the usual number of steps": wrong["plain", 20]})

# %% leaky-wire
# ## Break it: a wire that leaks, and a norm in three places
def leaky(x, f):
    return 0.9 * x + f(x)

networks["leaky"] = (leaky, "zero")
wrong["leaky", 56] = trained("leaky", 56, [0.01, 0.03]).measured

# %%
lesson.claim("nine-tenths-is-not-enough", "With wires that pass nine tenths, 56 layers get at "
    "least a fifth of their training pictures wrong", wrong, "leaky", 56, at_least=0.2,
    trap={"whole wires": ("residual", 56)}, answers=("D49",))
def norm(x):  # every picture's signal: mean 0, variance 1
    return torch.nn.functional.layer_norm(x, x.shape[-1:])
networks |= {"f(norm(x))": (lambda x, f: f(norm(x)), "he"),
             "norm(x + f(x))": (lambda x, f: norm(x + f(x)), "he"),
             "x + f(norm(x))": (lambda x, f: x + f(norm(x)), "he")}
for n in tuple(networks)[-3:]:
    wrong[n, 56] = trained(n, 56).measured
lesson.claim("norm-belongs-in-the-branch", "With the usual start and a norm in the branch, 56 "
    "layers get {rule:points} more right than with one on the main road", lambda name: wrong[
    "norm(x + f(x))", 56] - wrong[name, 56], "x + f(norm(x))", at_least=0.1, answers=("D51",),
    trap={"a norm without any wire": "f(norm(x))"})
new = {d: 1 - measure_accuracy(run.model, test)[run.chosen] for (n, d), run in runs.items()
       if n == "residual"}  # (seeds,)
for d in (5, 56):
    lesson.number(f"residual-{d}-new", new[d], label=f"new pictures wrong, residual, {d} layers")
lesson.compare("paper-and-ours", {
    "20 residual layers: new pictures wrong": ("8.75 %", new[20]),
    "56 residual layers: new pictures wrong": ("6.97 %", new[56]),
    "plain, one block out: accuracy": ("chance", after["plain"].median(dim=1).values)},
    caption="Other pictures, other networks: look at what goes up and what goes down.")

# %% made-to-break
# ## What those that learn have in common, and two networks made to break it
wire = 1 + 0.08 * (torch.arange(width, device=lesson.device) == 0)
stretched, lifted = "one unit stretched", "all lifted"
networks |= {stretched: (lambda x, f: wire * x + f(x), "zero"),
             lifted: (lambda x, f: f(x) + 1, "identity")}
wrong[stretched, 56] = trained(stretched, 56, [0.01]).measured
wrong[lifted, 56] = trained(lifted, 56, [0.0001, 0.0003]).measured

# %%
learn = "residual", copying, "plain, shuffling start", "tanh, rotating start", "x + f(norm(x))"
fail = "plain", usual, "tanh, Xavier's start", "f(norm(x))", "norm(x + f(x))"
every = *learn, *fail, "leaky", stretched, lifted
moves = {n: drawn(measure_change, n).median(dim=1).values for n in every}
left = {n: drawn(measure_directions, n)[:, -1] for n in every}  # behind the last block
held = {n: drawn(measure_distances, n) for n in every}
lesson.table("fates", "56 layers", {"wrong in the end": {n: wrong[n, 56] for n in every},
    "distances kept": held, "directions left": left, "a block changes": moves},
    format={"a block changes": ".0%", "directions left": ".1f", "distances kept": ".2f"},
    caption="Five that learn, five that fail, three more. Wrong: of the training pictures.")
lesson.claim("far-from-copying", "Rotating, the typical block changes its input by more than its "
    "length", moves, "tanh, rotating start", trap="residual", above=1)
lesson.claim("distances-sort-them", "In each seed, each of the five that learn keeps distances "
    "better than each of the five that fail although their signals arrive", lambda *s: lead(held,
    *s), learn, fail, trap={"the other way round": (fail, learn)}, above=0, format=".2f")
lesson.claim("a-stretched-unit-learns", "With one unit of 32 stretched by 8 % in every block, 56 "
    "layers get {rule} of their training pictures wrong", wrong, stretched, 56,
    at_most=0.08, trap={"no wires, usual start": ("plain", 56)})
lesson.claim("and-loses-its-distances", "Its distances correlate by {rule} from end to end",
    held, stretched, at_most=0.4, trap={"no unit stretched": "residual"}, format=".2f")
lesson.claim("a-lift-fails", "With copying blocks that add 1 to every number, 56 layers get {rule} "
    "of their training pictures wrong", wrong, lifted, 56, at_least=0.3,
    trap={"nothing added": (copying, 56)})

# %% exercise-1
networks["small"] = (residual, lambda weights: weights / 54**0.5)
wrong["small", 56] = trained("small", 56, [0.01]).measured

# %% exercise-2
numbers = torch.rand(128, 16, generator=torch.Generator().manual_seed(0))
def unlike(block, start):  # (seeds,)
    net = Stack(block, 16, 16, 16, 12, start, seeds, lesson.device)
    return measure_copying(net, numbers, lesson.progress(range(steps), "copy"))

unlearned = {"plain": unlike(plain, "he"), "a wire": unlike(residual, "he"),
    "a wire, smaller weights": unlike(residual, lambda he: he / 10**0.5),
    "plain, near copying": unlike(plain, lambda he: torch.eye(16) + he / 10)}

# %%
lesson.claim("small-is-enough", "With branches divided by the square root of their number, 56 "
    "layers get {rule} of their training pictures wrong", wrong, "small", 56, at_most=0.1,
    trap={"not divided": (usual, 56)})
lesson.claim("copying-is-hard-to-learn", "Trained to copy sixteen numbers, ten plain layers leave "
    "more than {bound} of their variance unexplained", unlearned, "plain", above=0.4,
    trap="plain, near copying", answers=("C29", "C32"))
lesson.table("copied", "ten layers", {"left": unlearned}, caption="Variance left after training.")

# %% exercise-3
orders = {"untouched": slice(None), "every second block out": slice(0, None, 2),
          "all blocks in reverse order": slice(None, None, -1)}
results = {what: each(lambda model, test, order=order:
                      measure_in_order(model, test, model.blocks[order]))
           for what, order in orders.items()}
results["two neighbours swapped, the worst pair"] = each(measure_worst_swap)
columns = {n: {what: row[n] for what, row in results.items()} for n in patients}
lesson.table("more-lesions", "", columns, format=".2f", caption="Accuracy.")
