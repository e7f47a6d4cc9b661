"""
# The same pictures again: surer, hardly better

A network starts from random weights and sees the same hundred pictures a thousand times. What
changes first, what last, and what does the thousandth time still teach?
"""

# %%
from copy import deepcopy
from itertools import cycle, islice, repeat

import torch

from lessonkit.data.digits import digits
from lessonkit.data.examples import Examples
from lessonkit.data.warping import warped
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.weights import plot_weights
from lessonkit.models.mlp import MLP
from lessonkit.probes.accuracy import measure_accuracy, measure_loss
from lessonkit.probes.likeness import measure_likeness
from lessonkit.training import fit, mean_loss

lesson = Lesson("foundations/repetition", format=".2f")
seeds, size = lesson.seeds(quick=8, full=32, smoke=2), 100
train, test = digits(lesson.device)

# %% endless
def endless(originals):  # a hundred for each seed, and a hundred more
    chances = [torch.Generator().manual_seed(seed) for seed in seeds]
    while True:
        which = torch.stack([torch.randint(originals, (size,), generator=chance)
                             for chance in chances])  # (seeds, size)
        how = torch.cat([torch.rand(size, 4, generator=c) for c in chances])
        pictures = warped(train.inputs[which.flatten()],
                          (2 * how - 1).to(lesson.device))
        yield pictures.unflatten(0, which.shape), train.labels[which]

# %%
how = 2 * torch.rand(4 * len(test), 4, generator=torch.Generator().manual_seed(0)) - 1
exam = Examples(warped(test.inputs.repeat(4, 1), how.to(lesson.device)), test.labels.repeat(4))
answers = exam.labels.expand(len(seeds), -1)  # (seeds, pictures)

# %% lessons
pictures, true = hundred = next(endless(len(train)))
def dealt_anew(count):  # that many answers, handed out in reverse order
    mixed = torch.cat([true[:, :count].flip(1), true[:, count:]], dim=1)
    return pictures, mixed
lessons = {"the same hundred": repeat(hundred),
           "fresh pictures": endless(len(train)),
           "shuffled answers": repeat(dealt_anew(size)),
           "40 dealt anew": repeat(dealt_anew(40))}
# No network at all: the answer of the nearest picture among the hundred.
nearest = torch.cdist(exam.inputs, pictures).argmin(dim=2)  # (seeds, unseen)
looked_up = true.gather(1, nearest).eq(answers).double().mean(dim=1).cpu()

# %%
young, half, early, last = 10, 30, 50, lesson.pick(quick=1000, smoke=60)
marks = [m for m in (0, 1, 3, 10, 20, 30, 50, 70, 100, 200, 300, 500) if m < last] + [last]
width, at, kept, known = lesson.pick(quick=32, full=64, smoke=16), marks.index, {}, {}

# %% album
# One network for all: five hidden layers. At some marks we keep it as it is.
def teach(name, batches):
    net = MLP([64] + [width] * 5 + [10], "tanh", "xavier", seeds, lesson.device)
    kept[name] = {}
    def passes():
        for done in lesson.progress(range(last), name):
            kept[name] |= {done: deepcopy(net)} if done in marks else {}
            yield done
    known[name] = fit(net, batches, passes(), learning_rate=0.05, momentum=0.9)
    kept[name][last] = net

# %%
def by_mark(measure, names):  # {name: (seeds, marks)}
    return {n: torch.stack([measure(net, exam) for net in kept[n].values()], dim=1) for n in names}
for name, batches in lessons.items():
    teach(name, batches)
same, fresh, shuffled, anew = lessons
loss, right = by_mark(measure_loss, lessons), by_mark(measure_accuracy, lessons)
seen = known[same][:, [min(mark, last - 1) for mark in marks]]
curves = {same: loss[same], f"{same}, seen": seen, fresh: loss[fresh]}
lesson.figure("loss-by-pass", plot_curves(curves, "passes", "loss (nats)", at=marks, height=4),
    caption="Solid: unseen pictures. Dashed: the hundred themselves. One solid line turns.")
lesson.figure("right-by-pass", plot_curves({n: right[n] for n in (fresh, same, anew, shuffled)},
    "passes", "unseen, right (share)", at=marks, share=True, chance=0.1, height=4),
    caption="With the same hundred, the share of right answers rises and stays. It does not turn.")
lesson.number("same-last", right[same][:, -1], format=".0%")
lesson.number("look-up", looked_up, format=".0%")

# %%
def gained(mark):  # in percentage points, from a mark to the end
    return {n: 100 * (c[:, -1] - c[:, at(mark)]) for n, c in right.items()}
later = {n: c[:, -1] / c[:, at(early)] for n, c in loss.items()}
fallen = {n: -rise for n, rise in gained(half).items()}
beyond = {n: 100 * (c[:, -1] - looked_up) for n, c in right.items()}
points = {"format": ".1f", "unit": "points"}
lesson.claim("test-loss-turns", "From 50 passes over the same hundred pictures to a thousand, the "
    "loss on unseen ones becomes {rule} times as large", later, same, trap=fresh, at_least=1.05)
lesson.claim("most-passes-add-little", "The last 950 of a thousand passes over the same hundred "
    "add {rule} to the percentage of unseen pictures that are right", gained(early), same,
    trap=fresh, at_most=6, answers=("B39",), **points)
lesson.claim("accuracy-turns-too", "From 30 passes over the same hundred to a thousand, the "
    "percentage of unseen pictures that are right falls, by {rule}", fallen, same, trap=anew,
    at_least=2, expect="contradicted", **points)
lesson.claim("it-gets-better", "A thousand passes over the same hundred add {rule} to the "
    "percentage of unseen pictures that are right", gained(0), same, trap=shuffled, at_least=40,
    answers=("B16",), **points)
lesson.claim("more-than-by-heart", "A network that knows its hundred is {rule} above a look-up of "
    "the nearest of them, in the percentage of unseen pictures that are right", beyond, same,
    trap=fresh, at_least=7, expect="contradicted", answers=("A75",), **points)
lesson.number("anew-fallen", fallen[anew].gt(0).double().mean(), format=".0%")
lesson.cite("B39", says="AlexNet went roughly 90 times through its 1.2 million pictures, cropped "
    "and mirrored by chance; GPT-3 0.43 to 3.4 times through its five collections of text.",
    source="Krizhevsky et al. 2012, sections 4, 5; Brown et al. 2020, table 2.2", date="2020")

# %% sure
# ## Surer
# Of each unseen picture: is it right? what does it cost? how sure is it?
def told(mark, name=same):  # the ten sums: (seeds, pictures, 10)
    net = kept[name][mark]
    return net(net.same_for_all(exam.inputs)).detach()
def outcome(mark):
    given = told(mark).log_softmax(dim=2)
    cost = -given.gather(2, answers.unsqueeze(2)).squeeze(2)
    return given.argmax(dim=2) == answers, cost, given.amax(dim=2).exp()

# %% softer
# The loss, all ten sums multiplied by the number that suits the mark best.
def softer(mark):
    tried = [mean_loss(n / 10 * told(mark), answers) for n in range(1, 16)]
    return torch.stack(tried).amin(dim=0)

# %%
(was, cost, sure), (now, cost_last, sure_last) = outcome(early), outcome(last)
groups = {"stay right": was & now, "stay wrong": ~was & ~now,
          "become right": ~was & now, "become wrong": was & ~now}

def average(values):
    return {n: (values * who).sum(1) / who.sum(1).clamp(min=1) for n, who in groups.items()}
lesson.claim("wrong-answers-become-dearer", "Pictures that are wrong after 50 passes and after a "
    "thousand cost {rule} times as much in the end",
    lambda group: average(cost_last)[group] / average(cost)[group], "stay wrong",
    trap="stay right", at_least=1.2)
lesson.table("surer", "unseen pictures that", {
    "share of all": {n: who.double().mean(dim=1) for n, who in groups.items()},
    f"sure after {early}": average(sure), f"sure after {last}": average(sure_last)}, format=".0%",
    caption="Sure: the share that the network gives to its own answer.")
suited = torch.stack([softer(mark) for mark in marks], dim=1)  # (seeds, marks)
lesson.figure("softer-by-pass", plot_curves({same: loss[same], "as suits it best": suited},
    "passes", "loss, unseen (nats)", at=marks),
    caption="The same answers, at every mark as loud as suits them best: nothing turns.")
lesson.claim("only-sureness-turned", "Multiply the ten sums by the number that suits each mark "
    "best, and the loss on unseen pictures after a thousand passes is {rule} times that after 50",
    {"suited": suited[:, -1] / suited[:, at(early)], "as told": later[same]}, "suited",
    trap="as told", at_most=1.08)

# %% smooth
# ## Weights as pictures
# Do neighbouring dots go together? 1: they are equal, 0: no more than any two.
def smoothness(pictures):  # (seeds, pictures, 8, 8)
    dots = pictures - pictures.mean(dim=(2, 3), keepdim=True)
    beside = (dots[..., 1:] * dots[..., :-1]).mean(dim=(1, 2, 3))
    return beside / dots.square().mean(dim=(1, 2, 3))

# %%
def first(mark, name=same):  # the first layer's weights: (seeds, units, 8, 8)
    return kept[name][mark].weights[0].detach().cpu().double().unflatten(2, (8, 8))
added, shown = first(last) - first(0), [m for m in marks if m in (0, 10, 30, 100, 300, last)]
rows = {f"unit {n}{what}": [first(mark)[0, n] - less * first(0)[0, n] for mark in shown]
        for n in added[0].norm(dim=(1, 2)).topk(2).indices.tolist()  # moved furthest
        for what, less in (("", 0), (", added", 1))}
lesson.figure("weights-over-time", plot_weights(rows, [f"{m:,d}" for m in shown], across="passes"),
    caption="The weights keep their random look. What was added to them is smooth.")
smooth = {"what was added": smoothness(added), "the weights at birth": smoothness(first(0))}
lesson.claim("what-is-added-is-smooth", "In what a thousand passes over the same hundred add to "
    "the first layer's weights, neighbouring dots go together: correlation {rule}", smooth,
    "what was added", trap="the weights at birth", at_least=0.25, answers=("B15", "B17"))
lesson.number("smooth-shuffled", smoothness(first(last, shuffled) - first(0)))

# %% layers
# ## Which layer is done first?
# How alike (linear CKA) does it see 450 pictures at a mark, and in the end?
alike = torch.stack([measure_likeness(net, kept[same][last], exam.inputs[:450])
                     for net in kept[same].values()], dim=2)  # marks last
left = (1 - alike) / (1 - alike[:, :, :1])  # of its own way: from 1 to 0

# %%
for name, values, what in (("likeness-by-pass", alike, "likeness to its last self"),
                           ("way-left", left, "share of its own way left")):
    lesson.figure(name, plot_curves({f"layer {n}": values[:, n - 1] for n in (1, 3, 5)},
        "passes", what, at=marks, share=True))
lead = {"likeness": alike[:, 0] - alike[:, 4], "share of its own way": left[:, 4] - left[:, 0]}
lesson.claim("first-layers-come-near-first",
    "After 10 passes over the same hundred, the first of five hidden layers is nearer to its last "
    "self than the fifth, by {rule}", {n: values[:, at(young)] for n, values in lead.items()},
    "likeness", trap="share of its own way", at_least=0.05, answers=("A76",))
turn = right[same].gather(1, loss[same].argmin(dim=1, keepdim=True))[:, 0]
lesson.compare("paper-and-ours", {"wrong pictures in a hundred, from the turn to the end": (
    "−2", 100 * (turn - right[same][:, -1]))}, format=".1f", caption="The same networks, twice.")

# %% exercise-1
louder = {school: {f"times {n}": mean_loss(n * told(last, school), answers)
          for n in (1, 0.7, 0.5, 0.3, 0.2)} for school in (same, fresh)}

# %% exercise-2
teach("one hundred, warped anew", endless(size))

# %% exercise-3
teach("four hundred", cycle(islice(endless(len(train)), 4)))

# %%
lesson.table("louder-table", "all ten sums", louder, caption="The loss on unseen pictures.")
loss = by_mark(measure_loss, (same, "one hundred, warped anew", "four hundred", fresh))
lesson.table("supplies", "supply", {
    "lowest after": {n: [float(marks[k]) for k in c.argmin(dim=1)] for n, c in loss.items()},
    "loss there": {n: c.amin(dim=1) for n, c in loss.items()},
    "in the end, times that": {n: c[:, -1] / c.amin(dim=1) for n, c in loss.items()}},
    format={"lowest after": ".0f"}, caption="Between the same hundred and a supply without end.")
