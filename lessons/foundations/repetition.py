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
from lessonkit.probes.gradients import measure_movement
from lessonkit.probes.likeness import measure_likeness
from lessonkit.training import fit

lesson = Lesson("foundations/repetition", format=".2f")

# %% by-hand
# ## One number by hand
# Ten pictures, nine right and one wrong: the share that each true answer is given.
def mean_loss(right, wrong):
    shares = torch.tensor([right] * 9 + [wrong], dtype=torch.float64)
    return -shares.log().mean()

unsure = mean_loss(0.9, 0.2)
surer = {"of all ten": mean_loss(0.99, 0.001) / unsure,
         "of the nine": mean_loss(0.99, 0.2) / unsure}

# %%
lesson.claim("surer-is-dearer",
    "Nine right, one wrong, and then the same answers given with more certainty: the loss is "
    "{rule} times as large", surer, "of all ten", trap="of the nine", at_least=2.5, exact=True)

# %%
# ## A supply of pictures
# Each is a handwritten digit, a little turned, resized and shifted, by chance.
seeds, size = lesson.seeds(quick=8, full=32, smoke=2), 100
train, test = digits(lesson.device)

def draw(originals, chance):  # which hundred, and how each is to be warped
    which = torch.randint(originals, (size,), generator=chance)
    return which, 2 * torch.rand(size, 4, generator=chance) - 1

# %% endless
def endless(originals=None):  # a hundred for each seed, and a hundred more
    chances = [torch.Generator().manual_seed(seed) for seed in seeds]
    while True:
        drawn = [draw(originals or len(train), c) for c in chances]
        which, how = (torch.stack(part) for part in zip(*drawn, strict=True))
        how = how.flatten(0, 1).to(lesson.device)
        pictures = warped(train.inputs[which.flatten()], how)
        yield pictures.unflatten(0, which.shape), train.labels[which]

# %%
how = 2 * torch.rand(4 * len(test), 4, generator=torch.Generator().manual_seed(0)) - 1
exam = Examples(warped(test.inputs.repeat(4, 1), how.to(lesson.device)), test.labels.repeat(4))

# %% lessons
hundred = next(endless())

def dealt_anew(count):  # that many answers, handed out in reverse order
    pictures, answers = hundred
    mixed = answers[:, :count].flip(1)
    return pictures, torch.cat([mixed, answers[:, count:]], dim=1)

lessons = {"the same hundred": repeat(hundred),
           "fresh pictures": endless(),
           "shuffled answers": repeat(dealt_anew(size)),
           "40 dealt anew": repeat(dealt_anew(40))}

# %%
half, early, tenth, fifth, last = lesson.pick(
    quick=(30, 50, 100, 200, 1000), smoke=(1, 2, 3, 4, 10))
marks = lesson.pick(quick=[0, 1, 3, 10, 20, 30, 50, 70, 100, 200, 300, 500, 1000],
                    smoke=[0, 1, 2, 3, 4, 10])
at, width = marks.index, lesson.pick(quick=32, full=64, smoke=16)

# %% album
# One network for all: five hidden layers. At some marks we keep it as it is.
def album(name, batches):
    net = MLP([64] + [width] * 5 + [10], "tanh", "xavier", seeds, lesson.device)
    kept = {}

    def passes():
        for done in lesson.progress(range(last), name):
            if done in marks:
                kept[done] = deepcopy(net)
            yield done

    known = fit(net, batches, passes(), learning_rate=0.05)
    return {**kept, last: net}, known

# %%
kept, known, loss, right = {}, {}, {}, {}

def teach(name, batches):
    kept[name], known[name] = album(name, batches)
    for table, measure in ((loss, measure_loss), (right, measure_accuracy)):
        table[name] = torch.stack([measure(net, exam) for net in kept[name].values()], dim=1)

for name, batches in lessons.items():
    teach(name, batches)
same, fresh, shuffled, anew = lessons

# %% turned
# ## The curve that turns
best = {n: torch.tensor(marks)[c.argmin(dim=1)] for n, c in loss.items()}
tenfold = {n: c[:, -1] / c[:, at(tenth)] for n, c in loss.items()}
gained = {n: c[:, -1] - c[:, at(early)] for n, c in right.items()}
lost = {n: c.amax(dim=1) - c[:, -1] for n, c in right.items()}

# %%
seen = known[same][:, [min(mark, last - 1) for mark in marks]]
curves = {same: loss[same], f"{same}, seen": seen, fresh: loss[fresh]}
lesson.figure("loss-by-pass", plot_curves(curves, "passes", "loss (nats)", at=marks, height=4),
    caption="Solid: unseen pictures. Dashed: the hundred themselves. One solid line turns.")
lesson.figure("right-by-pass", plot_curves({n: right[n] for n in (fresh, same, anew, shuffled)},
    "passes", "unseen, right (share)", at=marks, share=True, chance=0.1, height=4),
    caption="With the same hundred, the share of right answers rises and stays. It does not turn.")
for name, short in ((same, "same"), (shuffled, "shuffled")):
    lesson.number(f"{short}-known", known[name][:, -1], format=".4f", label="loss, trained on")
lesson.number("same-early", right[same][:, at(early)], format=".0%", label=f"after {early}")
lesson.number("half-by", [marks[int((r >= r[-1] / 2).nonzero()[0])] for r in right[same]],
    format=".0f", label="passes to half of the final accuracy")

# %%
lesson.claim("best-comes-early",
    "Of a thousand passes over the same hundred pictures, {rule} bring the loss on unseen ones to "
    "its lowest", best, same, trap=fresh, at_most=100, format=".0f", answers=("B39",))
lesson.claim("test-loss-turns",
    "Ten times as many passes over the same hundred pictures, a thousand after a hundred, make the "
    "loss on unseen ones {rule} times as large", tenfold, same, trap=fresh, at_least=1.08,
    answers=("B39",))
lesson.claim("most-passes-add-little",
    "Over the same hundred, the last 950 of a thousand passes add {rule:.0%} of the unseen "
    "pictures", gained, same, trap=fresh, at_most=0.06, format=".1%", answers=("B39",))
lesson.claim("accuracy-turns-too",
    "After a thousand passes over the same hundred, {rule:.0%} fewer of the unseen pictures are "
    "right than at the best of all passes", lost, same, trap=anew, at_least=0.02, format=".1%",
    expect="contradicted")
lesson.claim("more-than-by-heart",
    "A network that knows its hundred pictures by heart gets {rule} of the unseen ones right",
    {name: curve[:, -1] for name, curve in right.items()}, same, trap=shuffled, at_least=0.5,
    format=".0%", answers=("A75", "B16"))
lesson.cite("B39", says="AlexNet went through its 1.2 million pictures roughly 90 times; GPT-3 "
    "went through its five collections of text between 0.43 and 3.4 times.",
    source="Krizhevsky et al. 2012, section 5; Brown et al. 2020, table 2.2", date="2020")

# %% sure
# ## Surer
def shares(mark):  # of the true answer, of the network's own: (seeds, pictures)
    net = kept[same][mark]
    given = net(net.same_for_all(exam.inputs)).detach().softmax(dim=2)
    true = exam.labels.expand(len(seeds), -1).unsqueeze(2)
    return given.gather(2, true).squeeze(2), given.amax(dim=2)

(true, own), (true_last, own_last) = shares(early), shares(last)
stay = {"stay wrong": (true < own) & (true_last < own_last),
        "stay right": (true == own) & (true_last == own_last)}

# %% milder
# The network after the last pass, its ten sums all multiplied by one number:
def milder(times):
    net = deepcopy(kept[same][last])
    with torch.no_grad():
        net.weights[-1] *= times
        net.biases[-1] *= times
    return measure_loss(net, exam)  # (seeds,)

# %%
def average(values):
    return {n: (values * who).sum(dim=1) / who.sum(dim=1) for n, who in stay.items()}

before, after = average(-true.log()), average(-true_last.log())
lesson.claim("wrong-answers-become-dearer",
    "Pictures that are wrong after 50 passes and after a thousand cost {rule} times as much in the "
    "end", {n: after[n] / before[n] for n in stay}, "stay wrong", trap="stay right", at_least=1.2)
lesson.table("surer", "unseen pictures that", {
    f"sure after {early}": average(own), f"sure after {last}": average(own_last)}, format=".0%",
    caption="The share that the network gives to its own answer. It grows, right or wrong.")
lesson.claim("only-sureness-turned",
    "Halve the ten sums after the last pass, and the loss on unseen pictures falls to {rule} of "
    "what it was", {n: milder(n) / milder(1) for n in (0.5, 1)}, 0.5, trap={"not halved": 1},
    at_most=0.85)
lesson.number("halved-to-best", milder(0.5) / loss[same].amin(dim=1), label="halved / best")

# %% pictures
# ## Weights as pictures
# The units whose weights moved furthest, in the first network: what they are, and what was added.
def first(name, mark):
    return kept[name][mark].weights[0].detach().cpu().double()

def pictures(unit, start):  # less what it was at the start, or less nothing
    return [(first(same, mark)[0, unit] - start).view(8, 8) for mark in shown]

shown = [mark for mark in marks if mark in (0, 10, half, 100, 300, last)]
furthest = (first(same, last) - first(same, 0))[0].norm(dim=1).topk(2).indices

# %% averages
# The average 0, the average 1, …: in which directions do the ten differ?
averages = [train.inputs[train.labels == k].mean(dim=0) for k in range(10)]
apart = torch.stack(averages[:9]) - torch.stack(averages).mean(dim=0)
along = torch.linalg.qr(apart.cpu().double().T).Q  # (64, 9)
added = {name: first(name, last) - first(name, 0) for name in lessons}
share = {name: (a @ along).square().sum(dim=(1, 2)) / a.square().sum(dim=(1, 2))
         for name, a in added.items()}

# %%
rows = {f"unit {n}{what}": pictures(n, first(same, 0)[0, n] if what else 0)
        for n in furthest.tolist() for what in ("", ", added")}
lesson.figure("weights-over-time", plot_weights(rows, [f"{m:,d}" for m in shown], across="passes"),
    caption="The weights keep their random look. What was added to them is smooth.")
lesson.claim("what-is-added-follows-the-digits",
    "Of what training adds to the first layer, {rule} lies along the differences between the "
    "ten average digits", share, same, trap=shuffled, at_least=0.4, format=".0%",
    answers=("B17",))
kin = {name: torch.cosine_similarity(first(name, 0).flatten(1), first(name, last).flatten(1))
       for name in lessons}
lesson.claim("the-random-start-stays",
    "After a thousand passes over the same hundred, the first layer's weights are still like those "
    "it was born with: cosine {rule}", kin, same, trap=fresh, at_least=0.8, answers=("B15", "B17"))

# %% layers
# ## Which layer is done first?
# By what it puts out: how alike (linear CKA) does it see 450 unseen pictures, now and in the end?
def likeness(name):  # (seeds, layers, marks)
    end, some = kept[name][last], exam.inputs[:450]
    return torch.stack([measure_likeness(net, end, some)
                        for net in kept[name].values()], dim=2)

# By its weights: how much of their way do they still have to go?
def way_left(name, mark):  # (seeds, layers)
    start, now = (measure_movement(kept[name][m], kept[name][last])
                  for m in (0, mark))
    return (now / start)[:, :-1]

# %%
alike = {name: likeness(name) for name in (same, fresh)}
left = {name: way_left(name, half) for name in (fresh, same)}
layers = {f"layer {n}": alike[same][:, n - 1] for n in (1, 3, 5)}
lesson.figure("likeness-by-pass", plot_curves(layers, "passes", "likeness to its last self",
    at=marks, share=True), caption="Layer 1 is ahead all the way. Look where the lines begin.")
ahead = {name: a[:, 0] - a[:, 4] for name, a in alike.items()}  # (seeds, marks)
lead = {mark: ahead[same][:, at(mark)] for mark in marks}
lesson.number("lead", lead[fifth], format=".3f", label="lead of layer 1, a fifth of the way")
lesson.number("lead-fresh", ahead[fresh][:, at(fifth)], format=".3f", label="the same, fresh")
lesson.claim("first-layers-are-done-first",
    "After a fifth of the passes, the first of five hidden layers is nearer to its last self than "
    "the fifth, by {rule} of likeness", lead, fifth, trap={"before the first pass": 0},
    at_least=0.1, expect="contradicted", answers=("A76",))
lesson.figure("way-left", plot_curves(left, "hidden layer", "way left (share)", share=True),
    caption=f"After {half} passes, how far each layer's weights still have to go.")
lesson.claim("last-layers-arrive-first",
    "With fresh pictures, after 30 passes, the fifth layer's weights have more of their way behind "
    "them than the first's, by {rule}", {n: w[:, 0] - w[:, 4] for n, w in left.items()},
    fresh, trap=same, at_least=0.08, answers=("A76",))
lesson.compare("paper-and-ours", {
    "wrong, unseen, where the loss turns (Guo et al. 2017)":
        ("29 %", 1 - right[same].gather(1, loss[same].argmin(dim=1, keepdim=True))[:, 0]),
    "wrong, unseen, in the end": ("27 %", 1 - right[same][:, -1])},
    format=".0%", caption="In both, fewer answers are wrong after the turn of the loss.")

# %% exercise-1
tried = {f"times {n}": milder(n) for n in (1, 0.7, 0.5, 0.3, 0.2)}

# %% exercise-2
teach("one hundred, warped anew", endless(originals=size))

# %% exercise-3
teach("four hundred", cycle(islice(endless(), 4)))

# %%
lesson.table("milder-table", "all ten sums", {"loss, unseen": tried},
    caption="The valley lies at about one half.")
supplies = {name: (loss[name], right[name]) for name in (same, *list(loss)[4:], fresh)}
lesson.table("supplies", "supply", {
    "loss at its best": {name: curve.amin(dim=1) for name, (curve, _) in supplies.items()},
    "loss in the end": {name: curve[:, -1] for name, (curve, _) in supplies.items()},
    "right in the end": {name: curve[:, -1] for name, (_, curve) in supplies.items()}},
    caption="Between the same hundred and a supply without end.")
warped_anew = right["one hundred, warped anew"][:, -1]
lesson.number("warped-anew", warped_anew, format=".0%", label="right, warped anew")
