"""
# A thousand layers can be trained, and are no better than three
Eight recipes, from 3 layers to 100, and one to 1,000. And which single change rescues a deep sigmoid network?
"""

# %%
import copy

import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.maps import plot_grid
from lessonkit.models.mlp import MLP, orthogonal
from lessonkit.models.norms import batch_norm, layer_norm
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.lesions import measure_in_order
from lessonkit.training import falling, tune

lesson = Lesson("training/thousand_layers", format=".1%")
seeds, steps = lesson.seeds(quick=5, full=16, smoke=2), lesson.pick(quick=80, smoke=2)
deepest, width = lesson.pick(quick=1000, smoke=101), 32
train, test = digits(lesson.device)
some = train.first(512)  # of the training pictures, to count what is right
lesson.number("steps", steps, format="d")
lesson.number("width", width, format="d")

# %%
# ## Eight recipes
def sized(depth):
    return [64] + [width] * (depth - 1) + [10]

# %% ways
def plain(x, f):
    return f(x)

def wire(x, f):
    return x + f(x)

def wire_and_norm(x, f):
    return x + f(batch_norm(x))

# %% recipes
def layers(bend, start, norm=None, network=MLP):
    return lambda depth, copies: network(
        sized(depth), bend, start, copies, lesson.device, norm)

def blocks(block, start, bend="relu"):
    return lambda depth, copies: Stack(
        block, 64, width, 10, depth, start, copies, lesson.device, bend)

# %% rows
recipes = {
    "sigmoid": layers("sigmoid", "pytorch"),
    "tanh, Xavier": blocks(plain, lambda he: he / 2**0.5, "tanh"),
    "ReLU, He": layers("relu", "he"),
    "ReLU, He, norm": layers("relu", "he", batch_norm),
    "tanh, rotations": blocks(plain, "orthogonal", "tanh"),
    "wire, He": blocks(wire, "he"),
    "wire, He, norm": blocks(wire_and_norm, "he"),
    "wire from zero": blocks(wire, "zero"),
}

# %%
rates = {3: [0.01, 0.03, 0.1], 10: [0.003, 0.01, 0.03], 30: [0.003, 0.01, 0.03],
         100: [0.0003, 0.001, 0.003], deepest: [0.00005]}  # there, others did no better

# %% train
def trained(build, depth, grid=None, steps=steps, optimiser="adam"):
    grid = grid or rates[depth]
    return tune(build(depth, seeds * len(grid)), train,
        lesson.progress(range(steps), f"{depth} layers"),
        lambda net: 1 - measure_accuracy(net, some),
        rates=grid, optimiser=optimiser,
        schedule=falling(steps), batch_size=48)

# %%
# ## The map
wires, both, normed = "wire from zero", "wire, He, norm", "ReLU, He, norm"
turned = "tanh, rotations"
dear = {deepest: [wires], 100: recipes.keys() - {"sigmoid"}}  # who is tried there
runs = {(name, depth): trained(build, depth) for name, build in recipes.items() for depth in rates
        if lesson.profile == "full" or name in dear.get(depth, recipes)}
right = {key: 1 - run.measured for key, run in runs.items()}  # (seeds,)

# %%
nobody = torch.ones(0)
lesson.figure("map", plot_grid({name: {
    f"{depth:,}": (100 * right.get((name, depth), nobody)).round() for depth in rates}
    for name in recipes}, "training pictures right (%)", across="layers", most=100, height=6.4),
    caption="Every row but one pales on its way to the right.")
for name, of in {"tanh-xavier-30": ("tanh, Xavier", 30), "relu-he-30": ("ReLU, He", 30),
        "norm-10": (normed, 10), "norm-30": (normed, 30), "wire-he-30": ("wire, He", 30)}.items():
    lesson.number(name, right[of])
lesson.number("right-1000", right[wires, deepest], label="training pictures right, 1,000 layers")

# %%
worst = {n: torch.stack([share for (of, _), share in right.items() if of == n]).amin(dim=0)
         for n in (wires, "wire, He")}  # of all depths that were tried
lesson.claim("a-thousand-layers-learn", "With wires, and branches that begin at zero, all depths "
    "from 3 layers to 1,000 get {rule:.0%} of their training pictures right", worst, wires,
    at_least=0.7, trap={"the same wires, and He's weights": "wire, He"}, answers=("D53", "D102"))
lesson.claim("before-the-tricks", "Without batch norm, ReLU and wires, 100 layers get {rule:.0%} "
    "of their training pictures right", right, turned, 100, at_most=0.6,
    trap={"Xavier's weights": ("tanh, Xavier", 100)}, expect="contradicted",
    answers=("D52", "D101", "A59"))
lesson.number("with-momentum", 1 - trained(recipes[turned], 100, [0.01],
    optimiser="sgd").measured)
right["the better one", 100] = torch.maximum(right["wire, He", 100], right[normed, 100])
lesson.claim("only-together", "From He's weights, wires and batch norm together let 100 layers get "
    "{rule:.0%} right", right, both, 100, at_least=0.4, answers=("D102",),
    trap={"the better of the two alone": ("the better one", 100)})
new = {key: measure_accuracy(run.model, test)[run.chosen] for key, run in runs.items()
       if key in ((wires, 3), (wires, 100), (wires, deepest), ("ReLU, He", 30))}
two = trained(recipes[wires], 2, rates[3])  # entrance and exit, and nothing between
lesson.number("right-2", 1 - two.measured, label="training pictures right, 2 layers")
lesson.number("new-3", new[wires, 3], label="new pictures right, 3 layers")
lesson.number("new-1000", new[wires, deepest], label="new pictures right, 1,000 layers")
lesson.claim("no-better-than-three", "After 80 steps, 1,000 layers get {rule:points} more of new "
    "pictures right than 3", lambda *of: new[wires, deepest] - new[of], wires, 3, at_most=0.02,
    trap={"than 30 ReLU layers without wires": ("ReLU, He", 30)})

# %%
# ## Thirty sigmoid layers, and one change at a time

# %% wired
class Wired(MLP):  # the same layers, with a wire around each hidden one
    def signals(self, inputs):
        signals = [inputs]
        for layer in range(self.depth):
            new = self.weighted(layer, signals[-1])
            if layer < self.depth - 1:
                new = self.activation(new)
            if 0 < layer < self.depth - 1:
                new = new + signals[-1]
            signals.append(new)
        return signals

# %% fitting
def fitting(inputs, outputs, generator):  # rotations, for sigmoids
    weights, bias = orthogonal(inputs, outputs, generator)
    if inputs == 64:  # pixels lie around 0 already
        return weights, bias
    return 4 * weights, -2 * weights.sum(dim=1)

# %% one-change
one_change = {
    "nothing changed": layers("sigmoid", "pytorch"),
    "only ReLU": layers("relu", "pytorch"),
    "only tanh": layers("tanh", "pytorch"),
    "only Xavier's weights": layers("sigmoid", "xavier"),
    "only He's weights": layers("sigmoid", "he"),
    "only layer norm": layers("sigmoid", "pytorch", layer_norm),
    "only batch norm": layers("sigmoid", "pytorch", batch_norm),
    "only wires": layers("sigmoid", "pytorch", network=Wired),
    "only a fitting start": layers("sigmoid", fitting),
}

# %%
rescued = {n: 1 - trained(build, 30, [0.0015, 0.01]).measured
           for n, build in one_change.items()}  # (seeds,)
lesson.figure("single-changes", plot_dots(rescued, "training pictures right", chance=0.1),
    caption="Thirty sigmoid layers. Three of eight changes rescue them, each by itself.")
sigmoids = {3: right["sigmoid", 3], 30: rescued["nothing changed"]}
lesson.claim("thirty-sigmoids-guess", "From the start that PyTorch gives them, 30 sigmoid layers "
    "get {rule:.0%} of their training pictures right", sigmoids, 30, at_most=0.15,
    trap={"3 layers": 3}, answers=("C21", "B31"))
for name, change, trap, answers in (
        ("batch-norm-alone", "only batch norm", "only layer norm", ()),
        ("wires-alone", "only wires", "nothing changed", ("C22",)),
        ("a-start-alone", "only a fitting start", "only Xavier's weights", ("A59", "B49"))):
    lesson.claim(name, f"Thirty sigmoid layers, and {change}: {{rule:.0%}} of their training "
        "pictures right", rescued, change, trap=trap, at_least=0.5, answers=answers)
gained = {n: share - rescued["nothing changed"] for n, share in rescued.items()}
rescues = "only batch norm", "only wires", "only a fitting start"
gained["of all"] = torch.stack(list(gained.values())).amax(dim=0)
gained["of the others"] = torch.stack([gained[n] for n in one_change if n not in rescues]).amax(0)
lesson.claim("each-change-is-small", "No single change gives 30 sigmoid layers more than 20 points",
    gained, "of all", at_most=0.2, trap={"those three left out": "of the others"},
    expect="contradicted", answers=("A63",))
patient = {n: 1 - trained(build, 30, [0.003, 0.01], 3 * steps).measured for n, build in {
    "only ReLU": one_change["only ReLU"], "ReLU and He": recipes["ReLU, He"]}.items()}
lesson.claim("relu-alone-is-a-cure", "ReLU in place of the sigmoid, and three times the steps: 30 "
    "layers get {rule:.0%} right", patient, "only ReLU", at_least=0.3, expect="contradicted",
    trap={"He's weights as well": "ReLU and He"}, answers=("D41",))

# %% first-alone
# ## Layers that do not learn
def first_alone(build, size=1.0):
    def built(depth, copies):
        net = build(depth, copies)
        for number in range(1, depth):  # all others sleep
            net.weights[number].requires_grad_(False)
            net.biases[number].requires_grad_(False)
        for number in net.blocks:
            net.weights[number].mul_(size)
        return net
    return built

# %%
small, turns = blocks(wire, lambda he: he / 28**0.5), recipes[turned]  # there are 28 branches
learners = {("wires", "all"): small, ("rotations", "all"): turns,
            ("wires", "the first alone"): first_alone(small),
            ("wires", "the first alone, sleepers resized"): first_alone(small, 28**0.5),
            ("rotations", "the first alone"): first_alone(turns),
            ("rotations", "the first alone, sleepers resized"): first_alone(turns, 1 / 3)}
learned = {of: 1 - trained(build, 30, [0.003, 0.01, 0.03, 0.1], 2 * steps).measured
           for of, build in learners.items()}
lesson.table("who-learns", "which of 30 layers learn", {who: {
    what: share for (of, what), share in learned.items() if of == who}
    for who in ("wires", "rotations")}, format=".0%",
    caption="What gets past sleeping layers depends on their weights.")
for name, who, start, trap in (
        ("frozen-layers-let-it-through", "wires", "With wires", "sleepers from He's weights"),
        ("sleepers-need-no-wires", "rotations", "Without wires, from rotations",
         "sleepers a third as large")):
    lesson.claim(name, f"{start}, with twice the steps, and only the first of 30 layers free to "
        "learn, the network gets {rule:.0%} right", learned, who, "the first alone", at_least=0.7,
        trap={trap: (who, "the first alone, sleepers resized")}, answers=("C31",))

# %% thinned
# ## Are they a thousand deep?
def thinned(run, times, each=50):  # every 50th block, strengthened
    net = copy.deepcopy(run.model)
    with torch.no_grad():
        for number in net.blocks:
            net.weights[number].mul_(times)
            net.biases[number].mul_(times)
    kept = net.blocks[each // 2::each]
    return measure_in_order(net, test, kept)[run.chosen]

# %% turned-round
def turned_round(run, many):  # so many blocks at a time
    blocks = run.model.blocks
    order = [number for first in range(0, len(blocks), many)
             for number in reversed(blocks[first:first + many])]
    return measure_in_order(run.model, test, order)[run.chosen]

# %%
thousand = runs[wires, deepest]
after = {"nothing": new[wires, deepest],
         "every 50th block alone": thinned(thousand, 1),
         "every 50th alone, 50 times as strong": thinned(thousand, 50),
         "blocks in reverse, 50 by 50": turned_round(thousand, 50),
         "all blocks in reverse": turned_round(thousand, deepest)}
lesson.table("changed-after", "what was changed after training", {"new pictures right": after},
    format=".0%", caption="Fifty neighbours can be one block, or change places among themselves.")
lost = {what: after["nothing"] - share for what, share in after.items()}  # (seeds,)
lesson.claim("twenty-blocks-will-do", "Twenty of the 998 blocks, each made fifty times as strong, "
    "get {rule:points} fewer of new pictures right than all", lost,
    "every 50th alone, 50 times as strong", at_most=0.05,
    trap={"the twenty as they are": "every 50th block alone"})
worse = {what: ((1 - share) / (1 - after["nothing"])).log2() for what, share in after.items()}
lesson.claim("the-order-counts", "Run in reverse, the 998 blocks get more new pictures wrong, by "
    "{rule} doublings", worse, "all blocks in reverse", at_least=0.3, format=".1f",
    trap={"in reverse, fifty by fifty": "blocks in reverse, 50 by 50"})
lesson.compare("paper-and-ours", {
    "about 100 residual layers: new pictures wrong": ("6.43 %", 1 - new[wires, 100]),
    "about 1,000 residual layers: new pictures wrong": ("7.93 %", 1 - new[wires, deepest])},
    caption="Other pictures and other networks. Look for what ten times the layers bought.")

# %% exercise-1
def twin(inputs, outputs, generator):
    weights, _ = fitting(inputs, outputs, generator)
    halves = weights if inputs == 64 else weights / 2
    return halves, torch.zeros(outputs)

sigmoid = layers("sigmoid", fitting)(30, seeds)
tanh = layers(lambda z: torch.tanh(z / 2), twin)(30, seeds)

# %%
answers = [net(net.same_for_all(test.inputs)) for net in (sigmoid, tanh)]
lesson.number("twins-differ", (answers[0] - answers[1]).abs().amax(dim=(1, 2)), format=".0e")

# %% exercise-2
def shrunk(factor, layers):
    signal = torch.ones(())  # 32 bits
    for _ in range(layers):
        signal = signal * factor
    return signal.item()

# %%
for depth in (900, 1000, 2000):
    lesson.number(f"shrunk-{depth}", shrunk(0.9, depth), format=".1e")

# %% exercise-3
few = {many: thinned(thousand, 1000 // many, each=1000 // many)
       for many in (10, 5, 3, 2)}

# %%
lesson.table("few-blocks", "blocks left", {"new pictures right": {
    str(many): share for many, share in few.items()}}, format=".0%",
    caption="Look for where it begins to hurt.")
