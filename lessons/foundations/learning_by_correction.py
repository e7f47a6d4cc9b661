"""
# Ten lines tell every weight where to go

A network begins with random weights, and nobody tells it better ones. It guesses, it hears how
wrong it was, and each weight takes a small step. How does each of thousands of weights find out
which way? We follow the blame back by hand, and ask two referees whether we did it right.
"""

# %%
import inspect
from copy import deepcopy
from itertools import islice

import torch
from torch.nn.functional import one_hot

from lessonkit.data.digits import digits
from lessonkit.data.examples import batches
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.passes import draw_backward
from lessonkit.models.mlp import MLP
from lessonkit.training import mean_loss

lesson = Lesson("foundations/learning_by_correction", format=".3f")
torch.set_grad_enabled(False)  # autograd sleeps until we call it as a referee

# %% predict
# ## One pass by hand
# Saturday at the ice-cream stand: warmth 3, weekend 1, and 60 scoops sold.
saturday = torch.tensor([3, 1]).double()
six = torch.tensor([2, 4, -5, -5, 4, -5]).double()  # two neurons, and the last

def predict(six):
    sums = six[:4].view(2, 2) @ saturday
    bend = torch.ones_like(sums).where(sums > 0, 0.1)  # its slope
    signal = bend * sums
    return signal, bend, six[4:] @ signal  # at last, the guess

# %% blame
def correct(six, bends=True):
    signal, bend, guess = predict(six)
    of_guess = 2 * (guess - 60)  # 60 were sold
    blame = of_guess * six[4:]  # back through the weights,
    blame = blame * bend if bends else blame  # and through the bend
    return torch.cat([blame.outer(saturday).flatten(), of_guess * signal])

# %%
(signal, bend, guess), slopes = predict(six), correct(six)
of_guess = 2 * (guess - 60)
lesson.figure("one-pass", draw_backward([saturday, signal, [guess]],
    [six[:4].view(2, 2), six[None, 4:]], [of_guess * six[4:] * bend, [of_guess]],
    [slopes[:4].view(2, 2), slopes[None, 4:]], inputs=["warmth", "weekend"],
    notes=("sold 60: loss 100", "2 · (50 − 60)")),
    caption="Below: the blame of a sum, times the signal that came in, is the slope.")
lesson.claim("blame-is-a-product",
    "From warmth to the second neuron, 2 · (50 − 60) · (−5) · 0.1 · 3 makes a slope of {bound}",
    lambda bends: correct(six, bends)[2], True, trap={"the bend forgotten": False},
    equals=(30, 0), exact=True, format="g", answers=("B35", "B36", "D35"))

# %% nudge
# ## The first referee: nudge and look
def loss(six):
    return (predict(six)[2] - 60) ** 2

nudges = 0.001 * torch.eye(6).double()  # one weight at a time
nudged = [(loss(six + by) - loss(six - by)) / 0.002 for by in nudges]

# %%
paths = [f"{n} → neuron {i}" for i in (1, 2) for n in ("warmth", "weekend")]
paths += [f"neuron {i} → guess" for i in (1, 2)]
columns = {"weight": six, "slope by hand": slopes, "slope by nudging": nudged}
lesson.table("six-weights", "path",
    {n: dict(zip(paths, c, strict=True)) for n, c in columns.items()}, format=".6g",
    caption="Nudged up and down by a thousandth, one at a time: the same slopes.")
total = {"loss": (six * slopes)[4:].sum() / loss(six), "guess": six[4:] @ signal / guess}
lesson.claim("blame-is-a-share",
    "Added up over the last layer, weight times slope makes {bound} times the loss", total, "loss",
    trap={"the guess, and its slopes": "guess"}, equals=(1, 0), exact=True, format="g",
    expect="contradicted", answers=("B37",))

# %% network
# ## From six weights to thousands
seeds = lesson.seeds(quick=8, full=32, smoke=2)
train, test = digits(lesson.device)
pictures, new = train.inputs.double(), test.inputs.double()  # 16 digits
labels = train.labels.expand(len(seeds), -1)  # (seeds, pictures)

def network(width=32):
    sizes = [64, width, width, 10]
    return MLP(sizes, "tanh", "xavier", seeds, lesson.device).double()

# %% backward
def hand_on(blame, weights, signal):
    return blame @ weights * (1 - signal**2)  # through weights and bend

def backward(net, signals, labels, hand_on=hand_on):
    answers = signals[-1].softmax(dim=2)  # (seeds, batch, 10)
    blame = (answers - one_hot(labels, 10)) / labels.shape[1]
    slopes = []
    for layer in reversed(range(net.depth)):
        slopes = [blame.mT @ signals[layer], blame.sum(1, True), *slopes]
        blame = hand_on(blame, net.weights[layer], signals[layer])
    return slopes

# %% move
def numbers(net):
    pairs = zip(net.weights, net.biases, strict=True)
    return [part for pair in pairs for part in pair]

def move(net, slopes, rate=0.2):
    for part, slope in zip(numbers(net), slopes, strict=True):
        part -= rate * slope

# %% learn
def learn(net, pictures, labels, steps, hand_on=hand_on):
    for dealt in islice(batches(len(pictures), 64, seeds), steps):
        batch, wanted = pictures[dealt], labels.gather(1, dealt)
        slopes = backward(net, net.signals(batch), wanted, hand_on)
        yield batch, wanted, slopes  # for whoever wants to watch
        move(net, slopes)

# %%
code = inspect.getsource(hand_on) + inspect.getsource(backward)
lesson.number("lines", sum(bool(line.strip()) for line in code.splitlines()), format="d")
lesson.cite("B34", says="It multiplies slopes along a path, in ten lines. Its authors call it “a "
    "general purpose and relatively simple procedure”; why it works so well is the hard part.",
    source="Rumelhart, Hinton, Williams, Nature 323, 533–536", date="1986")
net = network()
parts = {"all": numbers(net), "weights alone": net.weights}
count = {n: sum(part[0].numel() for part in p) for n, p in parts.items()}
lesson.claim("what-is-learned", "The network learns {bound} numbers: 3392 weights and 74 biases",
    count, "all", trap="weights alone", equals=(3466, 0), exact=True, format="d", answers=("B13",))

# %% nudge-many
def nudge(number, batch, wanted, size=1e-5):
    losses = []
    for by in (size, -2 * size, size):  # up, down, and back
        number += by
        losses.append(mean_loss(net(batch), wanted))
    return (losses[0] - losses[1]) / (2 * size)  # (seeds,)

# %% autograd
def row(parts):
    return torch.cat([part.flatten(1) for part in parts], dim=1)

def autograd(net, batch, wanted):
    with torch.enable_grad():
        loss = mean_loss(net(batch), wanted).sum()
        return row(torch.autograd.grad(loss, numbers(net)))  # (seeds, 3466)

# %% compare
ways = {"by hand": hand_on,
        "bend forgotten": lambda blame, weights, signal: blame @ weights,
        "nothing handed on": lambda blame, weights, signal: 0 * signal}

def apart(slopes, others):
    return (slopes - others).norm(dim=1) / others.norm(dim=1)  # (seeds,)

def gaps(net, way):
    return torch.stack([apart(row(slopes), autograd(net, batch, wanted))
                        for batch, wanted, slopes
                        in learn(net, pictures, labels, last, way)], dim=1)

# %%
batch, wanted, _ = next(learn(net, pictures, labels, 1))
by_nudging = torch.stack([nudge(number, batch, wanted) for part in numbers(net)
                          for number in part.flatten(1).unbind(1)[::50]], dim=1)
found = {n: backward(net, net.signals(batch), wanted, way) for n, way in ways.items()}
lesson.claim("nudging-agrees",
    "Every fiftieth slope of a layer is what nudging gives, to within a millionth",
    {n: apart(row([part.flatten(1)[:, ::50] for part in f]), by_nudging)
     for n, f in found.items()}, "by hand", trap="bend forgotten", at_most=1e-6, format=".0e")
looks = lesson.pick(quick=[0, 3, 10, 30, 100, 300], smoke=[0, 1, 2])
last = looks[-1]
gap = {n: gaps(network(), ways[n]) for n in ("by hand", "bend forgotten")}  # (seeds, steps)
lesson.figure("gap-by-step", plot_curves(gap, "step", "distance from autograd (share)", log=True,
    groups=20), caption="Each grid line is a thousand times less. The lower line is rounding.")
lesson.claim("hand-is-autograd",
    "At each of 300 steps, the ten lines give autograd's slopes, to within {bound}",
    {n: g.amax(dim=1) for n, g in gap.items()}, "by hand", trap="bend forgotten", at_most=1e-12,
    format=".0e")

# %% read
# ## Learning to read
def accuracy(net, pictures=new, labels=test.labels):
    answers = net(net.same_for_all(pictures)).argmax(dim=2)
    return (answers == labels).double().mean(dim=1)  # (seeds,)

def read(net, looks, way=hand_on, known=(pictures, labels)):
    steps = enumerate(learn(net, *known, looks[-1] + 1, way))
    return torch.stack([torch.stack([accuracy(net, *known), accuracy(net)])
        for step, _ in steps if step in looks], 2)  # (2, seeds, looks)

# %%
right = {n: read(network(), looks, way)[1] for n, way in ways.items()}
lesson.figure("accuracy-by-step", plot_curves(right, "steps", "accuracy on new digits", at=looks,
    share=True, chance=0.1), caption="A network that learns is no proof that its blame is right.")
lesson.claim("repetition-pays", "After 300 steps, {rule:%} of new digits are read",
    dict(enumerate(right["by hand"].T)), len(looks) - 1, trap={"after 10 steps": 2},
    at_least=0.95, answers=("B16",))
lesson.claim("wrong-blame-still-learns",
    "With the bend forgotten on the way back, the network still reads {rule:%} of new digits",
    {n: r[:, -1] for n, r in right.items()}, "bend forgotten", trap="nothing handed on",
    at_least=0.92)

# %% lengths
# ## Downhill, blindfolded
lower, of_all, net = {n: [] for n in (0.01, 0.1, 1, 10, 100)}, [], network()
for batch, wanted, slopes in learn(net, pictures, labels, last):
    of_all.append(mean_loss(net(net.same_for_all(pictures)), labels))
    for times in lower:
        trial = deepcopy(net)
        move(trial, slopes, 0.2 * times)  # a step, only to look
        fell = mean_loss(trial(batch), wanted) < mean_loss(net(batch), wanted)
        lower[times].append(fell)

# %%
falls = {f"× {n}": torch.stack(f, 1).double().mean(1) for n, f in lower.items()}
lesson.figure("step-lengths", plot_dots(falls, "steps that lower their batch's loss (share)",
    height=3.2),
    caption="Same places, same directions: only the length of the step differs.")
falls["all"] = (torch.stack(of_all, 1).diff(dim=1) < 0).double().mean(1)
lesson.claim("small-steps-go-down",
    "At a hundredth of the usual length, {rule:%} of steps lower the loss of their batch", falls,
    "× 0.01", trap="× 100", at_least=0.99, answers=("A85", "B38"))
lesson.claim("blindfolded", "Of the usual steps, {rule:%} lower the loss of all 1347 pictures",
    falls, "all", trap={"of their own batch": "× 1"}, at_most=0.85)

# %% equal
# ## Break it
equal = network()
for weights in equal.weights:
    weights.fill_(0.1)

def differ(net):  # two units of the first layer, at most
    weights = net.weights[0]
    return (weights - weights[:, :1]).abs().amax(dim=(1, 2))

# %%
starts = {"all at 0.1": equal, "random": network()}
reads = {n: read(net, looks)[1, :, -1] for n, net in starts.items()}
lesson.number("equal-reads", reads["all at 0.1"], label="accuracy, equal units")
lesson.claim("equal-units-stay-equal",
    "After 300 steps, units that started equal still are, to within {bound}",
    {n: differ(net) for n, net in starts.items()}, "all at 0.1", trap={"a random start": "random"},
    at_most=1e-6, format=".0e", answers=("B15",))

# %% by-heart
marks = lesson.pick(quick=[0, 30, 100, 300, 1000], smoke=[0, 2])
few = pictures[:256]
dice = [torch.Generator().manual_seed(seed) for seed in seeds]
given = {"right answers": labels[:, :256], "random answers": torch.stack(
    [torch.randint(10, (256,), generator=die) for die in dice])}
exams = {n: read(network(), marks, known=(few, g)) for n, g in given.items()}

# %%
curves = {f"{n}, {place}": exam for n, exams in exams.items()
          for place, exam in zip(("known", "new"), exams, strict=True)}
lesson.figure("known-and-new", plot_curves(curves, "steps", "accuracy", at=marks, share=True,
    chance=0.1), caption="Known: the 256 pictures trained on. New: pictures it never saw.")
lesson.claim("learned-by-heart",
    "With random answers, accuracy on known pictures ends {rule} above that on new ones",
    {n: (known - new)[:, -1] for n, (known, new) in exams.items()}, "random answers",
    trap="right answers", at_least=0.8, format=".2f")
ends = {n: c[:, -1] for n, c in curves.items()}
lesson.compare("paper-and-ours", {
    "random answers, known pictures": (1.0, ends["random answers, known"]),
    "random answers, new pictures": (0.0978, ends["random answers, new"])},
    caption="Another network and other pictures, and the same two ends.")

# %% exercise-1
moved = {r: six - r * correct(six) for r in (0.0005, 0.001, 0.002, 0.004)}
lesson.table("one-step", "learning rate", {
    "guess": {r: predict(weights)[2] for r, weights in moved.items()},
    "loss": {r: loss(weights) for r, weights in moved.items()}},
    caption="Sold were 60.", format=".3g")

# %% exercise-2
big = network(lesson.pick(quick=1500, smoke=64)).float()
born = accuracy(big, new.float())
for _ in learn(big, pictures.float(), labels, looks[-1] // 20):
    pass

# %%
lesson.number("millions", sum(part[0].numel() for part in numbers(big)), format=",d")
lesson.claim("millions-find-values",
    "Over two million weights and biases, after 15 steps: {rule:%} of new digits are read",
    {"15 steps": accuracy(big, new.float()), "as drawn": born}, "15 steps", trap="as drawn",
    at_least=0.75, answers=("A84",))

# %% exercise-3
one = torch.eye(6)[0].double()
ups = {size: (loss(six + size * one) - loss(six)) / size
       for size in (1, 0.1, 0.001, 1e-6, 1e-9, 1e-12, 1e-15)}
lesson.table("nudge-sizes", "nudge", {"slope, nudged up only": ups},
    format=".8g", caption="By hand, the slope of this weight is −240.")
