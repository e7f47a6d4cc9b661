"""
# Ten lines tell every weight where to go

A network guesses, hears how wrong it was, and moves each of its weights. Which way?
"""

# %%
from copy import deepcopy
from itertools import islice

import torch
from torch.nn.functional import one_hot

from lessonkit.data.digits import digits
from lessonkit.data.examples import Examples, batches
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.dots import plot_dots
from lessonkit.figures.passes import draw_backward
from lessonkit.models.mlp import MLP
from lessonkit.probes.accuracy import measure_accuracy, measure_loss
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
# ## A referee: nudge and look
def loss(six):
    return (predict(six)[2] - 60) ** 2

nudges = 0.001 * torch.eye(6).double()  # one weight at a time
nudged = [(loss(six + by) - loss(six - by)) / 0.002 for by in nudges]

# %%
paths = [f"{n} → neuron {i}" for i in (1, 2) for n in ("warmth", "weekend")]
paths += [f"neuron {i} → guess" for i in (1, 2)]
lesson.table("six-weights", "path", {"slope by hand": dict(zip(paths, slopes, strict=True)),
    "slope by nudging": dict(zip(paths, nudged, strict=True))}, format=".6g",
    caption="Nudged up and down by a thousandth: the same slopes.")
lesson.cite("B34", "B37", says="“A general purpose and relatively simple procedure”: it gives the "
    "rate at which the error changes with each weight. A rate is no share.", date="1986",
    source="Rumelhart, Hinton, Williams, Nature 323, 533–536")

# %% network
# ## From six weights to thousands
seeds = lesson.seeds(quick=8, full=32, smoke=2)
last = lesson.pick(quick=300, smoke=10)
parts = digits(lesson.device)
train, test = (Examples(part.inputs.double(), part.labels) for part in parts)
labels = train.labels.expand(len(seeds), -1)  # (seeds, pictures)

def network(hidden=2):
    sizes = [64] + hidden * [32] + [10]
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

def move(net, slopes, rate):
    for part, slope in zip(numbers(net), slopes, strict=True):
        part -= rate * slope

# %% learn
def learn(net, steps, way=hand_on, rate=0.2, shown=(train.inputs, labels)):
    pictures, answers = shown
    for dealt in islice(batches(len(pictures), 64, seeds), steps):
        batch, wanted = pictures[dealt], answers.gather(1, dealt)
        slopes = backward(net, net.signals(batch), wanted, way)
        yield batch, wanted, slopes  # for whoever wants to watch
        move(net, slopes, rate)

# %%
lesson.claim("what-is-learned", "The network learns {bound} numbers: 3392 weights and 74 biases",
    lambda of: sum(part[0].numel() for part in of(network())), numbers, trap={"weights alone":
    lambda net: net.weights}, equals=(3466, 0), exact=True, format="d", answers=("B13",))

# %% autograd
def distance(net, batch, wanted, slopes):  # of the two farthest, of all 3,466
    with torch.enable_grad():
        loss = mean_loss(net(batch), wanted).sum()
        theirs = torch.autograd.grad(loss, numbers(net))
    pairs = zip(slopes, theirs, strict=True)
    return torch.stack([(a - b).abs().amax((1, 2)) for a, b in pairs]).amax(0)

# %% read
# ## Learning to read
def read(net, way=hand_on, rate=0.2, steps=last):
    for _ in learn(net, steps, way, rate):
        pass
    return measure_accuracy(net, test)  # (seeds,)

# %%
ways = {"right slopes": hand_on, "bend forgotten": lambda blame, weights, _: blame @ weights}
lesson.claim("hand-is-autograd",
    "At each of 300 steps, none of 3466 slopes differs from autograd's by more than {bound}",
    lambda way: torch.stack([distance(net, *step) for net in [network()]
        for step in learn(net, last, ways[way])]).amax(0), "right slopes", trap="bend forgotten",
    at_most=1e-12, format=".0e")
lesson.claim("repetition-pays", "After 300 steps, {rule:%} of new digits are read",
    lambda steps: read(network(), steps=steps), last, trap={"after 10 steps": last // 30},
    at_least=0.95, answers=("A84", "B16"))
depths = lesson.pick(quick=[0, 1, 2, 4, 8], smoke=[0, 2, 8])
ends = {(n, d): read(network(d), way) for n, way in ways.items() for d in depths}
lesson.figure("by-depth", plot_curves({n: torch.stack([ends[n, d] for d in depths], 1)
    for n in ways}, "hidden layers", "accuracy on new digits", at=depths, share=True, chance=0.1),
    caption="After 300 steps. With two hidden layers the mistake hides; with eight it shows.")
lesson.number("no-hidden", ends["right slopes", 0])
lesson.claim("wrong-blame-still-learns",
    "With two hidden layers and the bend forgotten, {rule:%} of new digits are read", ends,
    "bend forgotten", 2, trap={"eight hidden layers": ("bend forgotten", 8)}, at_least=0.92)
lesson.claim("depth-tells", "With eight hidden layers and right slopes, {rule:%} are read", ends,
    "right slopes", 8, trap={"bend forgotten": ("bend forgotten", 8)}, at_least=0.9)

# %% lengths
# ## Downhill, blindfolded
def losses(net, batch, labels):
    of_batch = mean_loss(net(batch), labels)
    return torch.stack([of_batch, measure_loss(net, train)])

falls, net = {n: [] for n in (0.01, 0.1, 1, 10)}, network()
for *batch, slopes in islice(learn(net, last), 0, None, 3):  # every third step
    before = losses(net, *batch)
    for times, fell in falls.items():
        trial = deepcopy(net)  # only to look
        move(trial, slopes, 0.2 * times)
        fell.append(losses(trial, *batch) < before)

# %%
shares = {f"× {n}": torch.stack(fell).double().mean(0) for n, fell in falls.items()}  # (2, seeds)
lesson.figure("step-lengths", plot_dots({n: {"its own batch": own, "all pictures": every}
    for n, (own, every) in shares.items()}, "steps that lower the loss (share)",
    legend="the loss of"), caption="Same places, same directions: only the length differs.")
lesson.claim("small-steps-go-down",
    "At a hundredth of the usual length, {rule:%} of steps lower the loss of their batch",
    lambda n: shares[n][0], "× 0.01", trap="× 10", at_least=0.99, answers=("A85", "B38"))
lesson.claim("blindfolded", "Of the usual steps, {rule:%} lower the loss of all 1347 pictures",
    lambda n: shares[n][1], "× 1", trap={"a tenth of the length": "× 0.1"}, at_most=0.88)

# %% equal
# ## Break it
def began(start):  # every weight is what `start` makes of the one drawn
    net = network()
    for weights in net.weights:
        weights.copy_(start(weights))
    return net

def differ(net):  # two units of the first layer, at most
    weights = net.weights[0]
    return (weights - weights[:, :1]).abs().amax(dim=(1, 2))

# %%
unlike = {}
for added in (0, 1e-9):
    net = began(lambda weights: 0.1 + 0 * weights)
    net.weights[0][:, 0, 20] += added  # to one weight of the first unit
    read(net)
    unlike[added] = differ(net)
lesson.claim("equal-units-stay-equal",
    "After 300 steps, hidden units of the first layer that began equal differ by {rule}", unlike, 0,
    trap={"a billionth added": 1e-9}, at_most=1e-10, format=".0e")

# %% by-heart
def by_heart(answers):  # (seeds, 256)
    net, few = network(), train.first(256).inputs
    for _ in learn(net, 3 * last, shown=(few, answers)):
        pass
    known = net(net.same_for_all(few)).argmax(2).eq(answers)
    return known.double().mean(1), measure_accuracy(net, test)

# %%
dice = [torch.Generator().manual_seed(seed) for seed in seeds]
lots = torch.stack([torch.randint(10, (256,), generator=die) for die in dice])
taught = {"random answers": by_heart(lots), "right answers": by_heart(labels[:, :256])}
lesson.claim("learned-by-heart",
    "With random answers, accuracy on the 256 known pictures ends {rule} above that on new ones",
    {n: known - new for n, (known, new) in taught.items()}, "random answers",
    trap="right answers", at_least=0.8, format=".2f")
known, new = taught["random answers"]
lesson.compare("paper-and-ours", {"random answers, known pictures": (1.0, known),
    "random answers, new pictures": (0.0978, new)},
    caption="Another network and other pictures, and the same two ends.")

# %% exercise-1
moved = {r: six - r * correct(six) for r in (0.0005, 0.001, 0.002, 0.004)}
lesson.table("one-step", "learning rate", {"guess": {r: predict(weights)[2]
    for r, weights in moved.items()}}, caption="Sold were 60.", format=".3g")

# %% exercise-2
lesson.table("rates", "learning rate", {"accuracy": {rate: read(network(8),
    ways["bend forgotten"], rate) for rate in (0.01, 0.05, 0.5)}},
    caption="Eight hidden layers, bend forgotten.")

# %% exercise-3
starts = {"all 0.1": lambda x: 0.1 + 0 * x,
          "0.1 and a thousandth of the lot": lambda x: 0.1 + 0.001 * x,
          "0.1 and a third of the lot": lambda x: 0.1 + x / 3,
          "waves": lambda x: torch.arange(x[0].numel()).sin().view_as(x[0]) / 5}
reads = {n: read(began(start)) for n, start in starts.items()}
lesson.table("starts", "start", {"accuracy": reads}, caption="300 steps.")
lesson.claim("no-lot",
    "Begun at 0.2 · sin 0, 0.2 · sin 1, …, {rule:%} of new digits are read",
    reads, "waves", trap="all 0.1", at_least=0.9, answers=("B15",))
