"""
# Clipped networks survive what explodes
A network reads a digit in sixteen pieces. Every piece multiplies the blame, this time by more
than one. What dies, what saves it, and what does the rescue leave as it was?
"""

# %%
import torch

from lessonkit.data.digits import digits
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.models.mlp import MLP
from lessonkit.models.recurrent import Recurrent
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.lengths import measure_blame, measure_gradient_length
from lessonkit.training import fit, mean_loss

lesson = Lesson("training/exploding_gradients", format=".1%")

# %% by-hand
# ## One number by hand: a network of one weight, used sixteen times
def losses_of(weight, limit, steps=100):
    losses = []
    for _ in range(steps):
        w = torch.tensor(weight, requires_grad=True)  # 32 bits, as usual
        losses.append((w**16).item())  # the loss
        (gradient,) = torch.autograd.grad(w**16, w)
        short = gradient * min(1, limit / gradient.abs())
        weight = (w - 0.03 * short).item()
    return torch.tensor(losses)

# %%
alone = {"no limit": losses_of(2.0, torch.inf), "limit 1": losses_of(2.0, 1.0)}
lesson.claim("one-weight-dies-at-once", "Of 100 losses of a network of one weight, {bound} is "
    "finite: the first", {n: float(x.isfinite().sum()) for n, x in alone.items()}, "no limit",
    trap="limit 1", equals=(1, 0), exact=True, format=".0f")
lesson.number("one-weight-clipped", alone["limit 1"][-1], format=".2f")

# %% network
# ## A network that reads
seeds = lesson.seeds(quick=8, full=32, smoke=2)
two = seeds + [seed + 10**6 for seed in seeds]  # two networks for each
steps = lesson.pick(quick=300, smoke=5)
train, test = digits(lesson.device)
some = train.first(256)

def reader(gain, copies=seeds):
    # 16 pieces of 4 pixels, a state of 32, 10 answers
    net = Recurrent(4, 32, 10, "relu", "he", copies, lesson.device)
    return net.scale_loop(gain)

# %%
gains = (0.5, 0.7, 1, 1.4, 2, 3)
def powers(gain):  # of ten: the first piece's blame, divided by the last one's
    blame = measure_blame(reader(gain), some)
    return (blame[:, 0] / blame[:, -1]).log10()  # (seeds,) of (seeds, 16)
lesson.figure("blame-by-gain", plot_curves({"ReLU": 10 ** torch.stack([powers(gain) for gain in
    gains], dim=1)}, "gain: the loop's weights, times the usual ones",
    "blame, first piece / last", at=gains, log=True), caption="Before training. Left of gain 1 "
    "next to nothing reaches the first piece; right of it, far more than reaches the last.")
for name, gain in (("doubled", 2), ("halved", 0.5), ("factor-1", 1)):
    lesson.number(name, 10 ** (powers(gain) / 15), format=".1f" if gain != 1 else ".2f")
lesson.claim("twice-the-weights-explode", "With twice the usual weights in its loop, the first of "
    "16 pieces gets at least {bound} powers of ten more blame than the last", powers, 2,
    trap={"the usual weights": 1}, at_least=2, format=".1f")
lesson.claim("half-the-weights-vanish", "With half the usual weights it gets at least two "
    "powers of ten less", powers, 0.5, trap={"the usual weights": 1}, at_most=-2, format=".1f")

# %% shorten
# ## Clipping
def shorten(gradient, limit):  # one part for each set of weights
    length = torch.cat([g.flatten() for g in gradient]).norm()
    return [g * min(1, limit / length) for g in gradient]

# %%
def compared(cut):  # with what PyTorch's own clipping leaves
    found = []
    for seed in seeds:
        net = reader(2, [seed])
        mean_loss(net(net.same_for_all(some.inputs)), some.labels[None]).sum().backward()
        own = [weights.grad.clone() for weights in net.parameters()]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        long, ours, its = (torch.cat([g.flatten() for g in parts]).double() for parts in
                           (own, cut(own, 1.0), [weights.grad for weights in net.parameters()]))
        found.append(torch.stack([(ours - its).norm() / its.norm(),
                                  torch.cosine_similarity(ours, long, dim=0)]))
    return torch.stack(found, dim=1)  # (2, seeds): how far apart, and the cosine with the whole

cuts = {"all together": compared(shorten), "each number alone": compared(
    lambda gradient, limit: [g.clamp(-limit / 10, limit / 10) for g in gradient])}
lesson.claim("three-lines-clip", "Three lines do what clip_grad_norm_ of PyTorch does, to "
    "{bound:.0e} of the gradient", {n: c[0] for n, c in cuts.items()}, "all together",
    trap="each number alone", at_most=1e-5, format=".1e")
lesson.number("cosine", cuts["each number alone"][1], format=".2f")

# %% train
# ## With and without
rates = (0.001, 0.01, 0.03, 0.1)

def trained(gain, limit, rates=rates, times=1):
    net = reader(gain, seeds * len(rates))
    losses = fit(net, train, range(times * steps), batch_size=64, clip=limit,
                 learning_rate=[r for r in rates for _ in seeds])
    right = measure_accuracy(net, train)  # of each rate's networks in turn
    return right.view(len(rates), -1), losses.unflatten(0, (len(rates), -1))

def best(right):  # at the rate of the best median
    return right[right.median(dim=1).values.argmax()]  # (seeds,)

# %%
limits = {"clipped": 1.0, "not clipped": None}
runs = {(n, gain): trained(gain, limit) for gain in (2, 1, 0.7) for n, limit in limits.items()}
accuracy = {key: best(right) for key, (right, _) in runs.items()}
died = {key: ~losses.isfinite().all(dim=2) for key, (_, losses) in runs.items()}
dead = {n: died[n, 2].double().sum(dim=0) for n in limits}  # (seeds,)
for (n, gain), many in died.items():
    name = f"{n.replace(' ', '-')}-{'good' if gain == 0.7 else gain}"
    lesson.number(name, accuracy[n, gain])
    lesson.number(f"dead-{name}", int(many[rates.index(0.03)].sum()), format="d")
lesson.number("steps", steps, format="d")
shown = {f"{n}, gain {gain}": right.T for (n, gain), (right, _) in runs.items() if gain >= 1}
lesson.figure("with-and-without", plot_curves(shown, "learning rate", "training accuracy",
    at=rates, share=True, chance=0.1), caption="Gain 2 is twice the usual weights: not clipped, "
    "nearly all end in guessing. Gain 1 is the usual weights: they learn either way; clipped, at "
    "larger rates, too.")
lesson.number("networks", len(seeds), format="d")
lesson.claim("clipped-ones-survive", "Clipped, of four networks with twice the weights, one for "
    "each rate from 0.001 to 0.1, none ends with a loss that is not a number", dead, "clipped",
    trap="not clipped", below=1, format=".0f", answers=("C23",))
lesson.claim("clipped-ones-learn", "Clipped, networks with twice the weights get {rule:.0%} of "
    "their training pictures right", accuracy, "clipped", 2, trap={"not clipped":
    ("not clipped", 2)}, at_least=0.3, answers=("C23",))
first = {n: runs[n, 2][1][rates.index(0.03), 0, :5] for n in ("not clipped", "clipped")}
lesson.table("first-steps", "step", {n: {f"{step}": f"{loss:,.0f}" if loss.isfinite() else
    "not a number" for step, loss in enumerate(losses, 1)} for n, losses in first.items()},
    caption="The loss of one network, step by step. One step without a limit is enough.")

# %% shorter
# ## Why a smaller rate is not the same
more = lesson.pick(quick=(0, 3, 7, 20, 70), smoke=(0, 2))

def lengths(gain):  # of the whole gradient, as clipped training goes on
    net, found = reader(gain, two), []
    for steps in more:
        if steps:
            fit(net, train, range(steps), batch_size=64,
                clip=1.0, learning_rate=0.03)
        found.append(measure_gradient_length(net, some))
    return torch.stack(found, dim=1)  # (twice the seeds, how often)

# %%
long = {gain: lengths(gain) for gain in (2, 1)}
lesson.table("lengths", "steps taken", {f"gain {gain}": {f"{sum(more[:i + 1])}": found[:, i]
    for i in range(len(more))} for gain, found in long.items()}, format=".2g",
    caption="Length of the whole gradient, clipped at 1, at a rate of 0.03.")
for gain, found in long.items():
    lesson.number(f"length-{gain}", found[:, 0], format=".2g")
shorter = {gain: (found[:, 0] / found[:, -1]).log10().view(2, -1).mean(dim=0)
           for gain, found in long.items()}  # (seeds,): of ten, the mean of two networks
lesson.claim("the-gradient-gets-shorter", "With twice the weights, 100 clipped steps make the "
    "gradient at least {bound} powers of ten shorter", shorter, 2,
    trap={"the usual weights": 1}, at_least=2, format=".1f")

count = lesson.pick(quick=3, full=4, smoke=1)  # times as many steps
far = {("clipped", gain): best(trained(gain, 1.0, grid, count)[0])
       for gain, grid in ((2, (0.03,)), (8, (0.03, 0.1)))}
far["not clipped", 2] = best(trained(2, None, (1e-6, 1e-5, 1e-4), count)[0])
lesson.number("times", count, format="d")
lesson.claim("no-rate-serves", "Not clipped, with more steps at the best of three tiny "
    "rates that stay the same, networks with twice the weights get {rule:.0%} right", far,
    "not clipped", 2, trap={"clipped": ("clipped", 2)}, at_most=0.3)

# %%
# ## What clipping does not do
change = {gain: (accuracy["clipped", gain] - accuracy["not clipped", gain]).abs()
          for gain in (0.7, 2)}
lesson.number("good-length", measure_gradient_length(reader(0.7), some), format=".2g")
lesson.claim("a-good-start-needs-none", "From 0.7 times the usual weights, each way at the best of "
    "four rates, clipping moves accuracy by {rule:points}", change, 0.7,
    trap={"twice the weights": 2}, at_most=0.08)
lesson.claim("clipping-widens-the-range", "At a rate of 0.1, networks with the usual weights get "
    "{rule:.0%} right if clipped", {n: runs[n, 1][0][rates.index(0.1)] for n in limits},
    "clipped", trap="not clipped", at_least=0.6)
lesson.claim("a-very-bad-start-stays", "From eight times the weights, clipped networks get "
    "{rule:.0%} right even with more steps", far, "clipped", 8,
    trap={"twice the weights": ("clipped", 2)}, at_most=0.6)

# %% vanish
# The other half: twelve sigmoid layers, as in the first lesson of this part, clipped
def deep(activation, rates=(0.03, 0.1, 1)):
    sizes, copies = [64] + [64] * 11 + [10], seeds * len(rates)
    net = MLP(sizes, activation, "xavier", copies, lesson.device)
    length = measure_gradient_length(net, some)[:len(seeds)]
    fit(net, train, range(steps), batch_size=64, clip=1.0,
        learning_rate=[r for r in rates for _ in seeds])
    right = measure_accuracy(net, train).view(len(rates), -1)
    return best(right), length

# %%
stacks = {"sigmoid": deep("sigmoid"), "tanh": deep("tanh", (0.1,))}
lesson.number("sigmoid-length", stacks["sigmoid"][1], format=".2f")
lesson.claim("clipping-does-not-cure-vanishing", "Clipped, 12 sigmoid layers still guess: "
    "{rule:.0%} right", {n: s[0] for n, s in stacks.items()}, "sigmoid", trap="tanh",
    at_most=0.15)

# %% bent
# ## Break it: bend the gradient, or lose its direction
dice = torch.Generator().manual_seed(seeds[0])

def bent(g):  # each number by itself
    return g.clamp(-0.1, 0.1)

def shuffled(g):  # the same numbers, dealt out to the wrong weights
    flat = g.flatten(1)
    deal = torch.randperm(flat.shape[1], generator=dice)
    return flat[:, deal].view_as(g)

# %%
def changed(how, limit):
    net = reader(2)
    for weights in net.parameters():  # autograd asks this before every step
        weights.register_hook(how)
    losses = fit(net, train, range(steps), batch_size=64, clip=limit, learning_rate=0.03)
    dead = ~losses.isfinite().all(dim=1)
    lesson.number(f"{how.__name__}-dead", int(dead.sum()), format="d")
    return measure_accuracy(net, train)
ways = {"each number alone": changed(bent, None), "shuffled": changed(shuffled, 1.0),
        "in their places": accuracy["clipped", 2]}
lesson.claim("only-a-kept-direction-rescues", "Clip each number by itself, so that the gradient "
    "bends, and networks get {rule:.0%} right", ways, "each number alone",
    trap={"shuffled, then clipped": "shuffled"}, at_most=0.2, expect="contradicted")
lesson.claim("a-lost-direction-guesses", "Shuffled among the weights and then clipped, the same "
    "numbers teach nothing: {rule:.0%} right", ways, "shuffled", trap="in their places",
    at_most=0.2)

# %% exercise-1
pairs = {0.1: 0.3, 1.0: 0.03, 10.0: 0.003}
others = {limit: best(trained(2, limit, (rate,))[0])
          for limit, rate in pairs.items()}  # (seeds,)

# %%
lesson.table("limits", "limit", {"learning rate": {f"{limit:g}": f"{rate:g}" for limit, rate in
    pairs.items()}, "accuracy": {f"{limit:g}": a for limit, a in others.items()}},
    caption="Limit times rate is the same in every row.")

# %% exercise-2
def rising(top=0.001):  # evenly in powers of ten, then constant
    share = [10 ** min(0, 5 * step / steps - 5)
             for step in range(count * steps)]
    net = reader(2)
    fit(net, train, range(count * steps), batch_size=64,
        learning_rate=top, schedule=share)
    return measure_accuracy(net, train)

# %%
lesson.claim("a-rising-rate-learns", "Not clipped, at a rate that rises to 0.001 from a hundred-"
    "thousandth of it, networks with twice the weights get {rule:.0%} right",
    {"rising": rising(), "constant": far["not clipped", 2]}, "rising",
    trap={"the best of three constant rates": "constant"}, at_least=0.35)

# %% exercise-3
pixels = Recurrent(1, 32, 10, "relu", "he", seeds, lesson.device)
blame = measure_blame(pixels.scale_loop(2), some)  # (seeds, 64)
below = (blame < 1e6 * blame[:, -1:]).double().sum(dim=1) - 1

# %%
lesson.number("to-a-million", below, format=".0f")
lesson.compare("paper-and-ours", {
    "to explode, the most that the loop stretches (Pascanu 2013)":
        ("must exceed 1", torch.linalg.matrix_norm(reader(1).weights[1].detach(), 2)),
    "kept within (Mikolov 2012; ours, each number alone)": ("−15 to 15", "−0.1 to 0.1")},
    format=".2f", caption="Ours is that of the usual weights, which do not explode.")
