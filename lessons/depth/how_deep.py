"""
# The second layer did nearly all of it

A popular table says: 1 layer is universal but inefficient, 5 are good for many tasks, 50 make a
ResNet, 96 a GPT-3. We stack 1 to 96 on one task, with equally many weights. What does depth buy?
"""

# %%
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from torch.nn.functional import avg_pool2d

from lessonkit.data import reading
from lessonkit.data.digits import digits
from lessonkit.data.examples import Examples
from lessonkit.evidence import Lesson
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.maps import plot_pictures
from lessonkit.models.mlp import MLP
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.exams import measure_layers
from lessonkit.training import falling, tune

lesson = Lesson("depth/how_deep", format=".3f")
device, seeds = lesson.device, lesson.seeds(quick=5, full=12, smoke=2)
steps = lesson.pick(quick=250, full=1500, smoke=3)
amount = lesson.pick(quick=16_000, full=48_000, smoke=500)

# %% by-hand
# ## One number by hand: what does the table count?
block = ["value", "output", "widen", "narrow"]  # of a transformer

def rows(blocks):  # of weights, on the way from a word to the answer
    return blocks * len(block) + 1

resnet = ["7 × 7", *["1 × 1", "3 × 3", "1 × 1"] * (3 + 4 + 6 + 3), "answer"]
counted = {"rows": {"ResNet-50": len(resnet), "GPT-3": rows(96)},
           "blocks": {"ResNet-50": 3 + 4 + 6 + 3, "GPT-3": 96}}

# %%
for name, of, bound, ids in (("fifty-are-rows", "ResNet-50", 50, ["C9"]),
                             ("not-one-unit", "GPT-3", 385, ["C10"])):
    lesson.claim(name, f"Through {of}, a signal passes {{bound}} rows of weights",
        {unit: some[of] for unit, some in counted.items()}, "rows", equals=(bound, 0), format="d",
        trap={"counted in blocks": "blocks"}, exact=True, answers=ids)

# %% pictures
def cut(lines):  # the margin off, and four dots made one
    at = lines.truth["indent"][:, None] + torch.arange(88, device=device)
    text = lines.pixels[:, 0].gather(2, at[:, None].expand(-1, 16, -1))
    return avg_pool2d(text, 2).flatten(1)  # (lines, 8 · 44)

drawn = reading.lines(amount, 1, device=device)
average = cut(drawn).mean(dim=0)

def seen(lines):  # how it differs from the average line, about 1 large
    return (cut(lines) - average) / 0.65

# %%
test = reading.lines(4_000, 2, device=device)
learn, exam = (Examples(seen(some), some.truth["answers"]) for some in (drawn, test))
lesson.figure("lines", plot_pictures(cut(test)[:8].view(-1, 8, 44).cpu(), height=2.2,
    truth=[reading.ANSWERS[n] for n in exam.labels[:8]]), caption="What our networks see.")

# %% width
# ## One family, in which depth alone is chosen: the deeper, the narrower
budget, dots = 25_000, 8 * 44

def width(depth):
    between, ends = depth - 2, dots + 6 + depth - 1  # biases too
    if not between:
        return round(budget / ends)
    # between · w² + ends · w = budget
    root = (ends**2 + 4 * between * budget) ** 0.5
    return round((root - ends) / (2 * between))

# %% network
def network(depth, copies, wide=None, wires=True, sizes=(dots, 6)):
    def wired(x, f):  # x + f(x) / blocks: each block adds its share
        return torch.add(x, f(x), alpha=1 / (depth - 2))
    if depth == 1:
        return MLP(sizes, "relu", "he", copies, device)
    block, start = (wired, "zero") if wires else (lambda x, f: f(x), "he")
    wide = wide or width(depth)
    return Stack(block, sizes[0], wide, sizes[1], depth, start, copies, device)

# %% train
def trained(depth, learn=learn, exam=exam, rates=(0.01, 0.02, 0.04), **kind):
    model = network(depth, seeds * len(rates), **kind)
    shown = lesson.progress(range(steps), f"{depth} layers")
    def wrong(net):
        return 1 - measure_accuracy(net, exam)
    return tune(model, learn, shown, wrong, rates=rates, optimiser="adam",
                batch_size=64, schedule=falling(steps, 0.05))

depths = 1, 2, 3, 5, 10, 20, 50, 96
runs = {depth: trained(depth) for depth in depths}
right = {depth: 1 - run.measured for depth, run in runs.items()}  # (seeds,)

# %%
by_depth = torch.stack(list(right.values()), dim=1)  # (seeds, depths)
lesson.figure("depth", plot_curves({"equal weights": by_depth}, "rows of weights (depth)",
    "new lines answered correctly (share)", share=True, chance=1 / 6,
    at=["1", "2", "3", "5", "10", "20", "50\nResNet", "96\n\nGPT-3"]),
    caption="From 2 on, all have about 25,000 weights. Names: what the popular table puts there.")
def size(model):
    return sum(p[0].numel() for p in model.parameters())

lesson.table("sizes", "depth", {"width": {d: width(d) if d > 1 else "none" for d in depths},
    "weights": {d: size(run.model) for d, run in runs.items()}, "right": right,
    "rate": {d: f"{run.rate:g}" for d, run in runs.items()}},
    format={"width": "d", "weights": ",d"}, caption="Weights with biases; best of three rates.")
lesson.number("steps", steps, format="d")
best = by_depth.amax(dim=1)
lesson.number("behind-96", best - right[96])
gain = {d: by_depth[:, n + 1:].amax(dim=1) - right[d] for n, d in enumerate(depths[:4])}
lesson.claim("one-row-falls-short", "The best deeper network answers {rule:points} more new lines "
    "than one row of weights", gain, 1, trap={"than two rows": 2}, at_least=0.15,
    answers=("A1", "B23"))
lesson.claim("one-hidden-row-is-wasteful", "With as many weights, the best deeper network answers "
    "{rule:points} more new lines than one with a single hidden row", gain, 2,
    trap={"than one with none": 1}, at_least=0.06, expect="contradicted", answers=("C7",))
lesson.claim("beyond-three-nothing", "The best of 5 to 96 layers answers {rule:points} more new "
    "lines than 3 layers", gain, 3, trap={"than 1 layer": 1}, at_most=0.05)
lesson.claim("five-are-good", "Five layers are {rule:points} behind the best depth",
    {d: best - right[d] for d in depths}, 5, trap={"one layer": 1}, at_most=0.05, answers=("C8",))

# %% rungs-exam
# ## Which rungs of the reading ladder are there?
pages = [reading.lines(1_500, 10_000 + seed, device=device) for seed in seeds]
looked = torch.stack([seen(page) for page in pages])  # (seeds, lines, dots)
truths = [{"letters": page.truth["letters"][:, 7],  # the middle one of the noun
           "words": page.truth["words"], "meaning": page.truth["meaning"],
           "answer": page.truth["answers"]} for page in pages]

def read(hidden):  # rung -> (seeds, rows)
    def share(n, rung):  # of one copy: (1, rows)
        return measure_layers([h[n:n + 1] for h in hidden], truths[n][rung])
    return {rung: torch.cat([share(n, rung) for n in range(len(seeds))])
            for rung in truths[0]}

# %% read
def inside(run):
    copies = len(run.model.seeds) // len(seeds)
    signals = run.model.signals(looked.repeat(copies, 1, 1))[1:-1]
    return read([torch.relu(signal[run.chosen]).detach() for signal in signals])

found = {1: read([looked])} | {d: inside(runs[d]) for d in (2, 3, 5, 10, 20)}

# %%
tops = {rung: torch.stack([some[rung][:, -1] for some in found.values()], dim=1)
        for rung in truths[0]}  # (seeds, depths)
reads = "read correctly by a vote (share)"
lesson.figure("rungs", plot_curves(tops, "rows of weights (1: the vote looks at the dots)", reads,
    at=list(found), share=True),
    caption="Read from the last hidden row. Two rungs need no hidden row. Two need one.")
climb = {rung: torch.cat([found[1][rung], found[10][rung]], dim=1) for rung in tops}
lesson.figure("inside-ten", plot_curves(climb, "hidden row (0: the dots)", reads, at=range(10),
    share=True), caption="Inside the network of 10 layers: one large step, then a gentle slope.")
lesson.claim("words-need-no-hidden-row", "A vote over the dots reads {rule:.0%} of the nouns",
    {rung: some[:, 0] for rung, some in tops.items()}, "words", trap="meaning", at_least=0.75)
lesson.claim("meaning-needs-one-hidden-row", "A vote over one hidden row reads {rule:.0%} of the "
    "topics", dict(zip(found, tops["meaning"].T, strict=True)), 2, trap={"over the dots": 1},
    at_least=0.75)
topic = climb["meaning"]
steep = topic.diff(dim=1) / (topic.amax(dim=1) - topic[:, 0])[:, None]
lesson.claim("the-first-row-makes-the-climb", "In the network of 10 layers, the first hidden row "
    "makes {rule:.0%} of the climb to the meaning", {n: steep[:, n - 1] for n in (1, 2)}, 1,
    trap={"the second": 2}, at_least=0.4, format=".0%")

# %% same-width
# ## Break it: more weights, instead of as many; and no wires
wide = {depth: 1 - trained(depth, wide=32).measured for depth in (5, 50)}
bare = 1 - trained(20, wires=False, rates=(0.003, 0.01, 0.03)).measured

# %%
less, many = (size(network(d, seeds, 32)) for d in wide)
lesson.number("times-the-weights", many / less, format=".1f")
lesson.claim("ten-times-the-layers", "With 32 units in every row, 50 layers answer {rule:points} "
    "more new lines than 5", {"5 to 50": wide[50] - wide[5], "1 to 5": right[5] - right[1]},
    "5 to 50", trap="1 to 5", at_most=0.07, answers=("D19",))
lesson.claim("without-wires-it-fails", "Without wires, 20 layers answer {rule:.0%} of new lines",
    {"without": bare, "with": right[20]}, "without", trap="with", at_most=0.75)

# %% digits-few
# A machine that is not deep at all, on 250 digits; 1,347 others are the exam.
more, few = digits()
few = few.first(250)
some = {"learn": few.to(device), "exam": more.to(device), "sizes": (64, 10)}
shares = {d: 1 - trained(d, wide=64, **some).measured for d in (1, 10)}

dials = {"C": (1, 10, 100), "gamma": (0.001, 0.003, 0.01, 0.03)}
machine = GridSearchCV(SVC(), dials).fit(few.inputs.numpy(), few.labels.numpy())
judged = machine.score(more.inputs.numpy(), more.labels.numpy())

# %%
lesson.table("digits", "learner", {"new digits right": {"one row of weights": shares[1],
    "10 layers": shares[10], "support vector machine": judged}},
    caption="All three learn from the same 250 digits.")
lesson.claim("only-deep-networks-learn-well", "Ten layers get {rule:points} more new digits right "
    "than a support vector machine", {"the machine": shares[10] - judged,
    "one row": shares[10] - shares[1]}, "the machine", trap={"than one row of weights": "one row"},
    at_least=0.002, expect="contradicted", answers=("A64",))
lesson.claim("depth-changes-everything", "Hidden rows gain {rule:points}, on digits as on lines",
    {"digits": shares[10] - shares[1], "lines": gain[1]}, "digits", trap="lines", at_least=0.05,
    expect="contradicted", answers=("D19",))

# %%
lesson.compare("paper-and-ours", {
    f"wrong at {paper} layers (ours: {d})": (f"{wrong} %", 1 - right[d])
    for paper, wrong, d in (("20", 8.75, 3), ("110", 6.43, 20), ("1,202", 7.93, 96))},
    format=".1%", caption="Theirs: CIFAR-10, weights grow with depth. Ours: lines, 25,000 weights.")
lesson.cite("C9", "B24", "D21", says="ResNets have 18 to 152 layers for photographs, 1,202 for "
    "small ones.", source="He et al., arXiv:1512.03385, tables 1 and 6", date="2015")
lesson.cite("C10", "A11", says="GPT-3 has 96 blocks. Its rows are 12,288 wide, and inside a block "
    "four times as wide.", source="Brown et al., arXiv:2005.14165, table 2.1", date="2020")
lesson.cite("A15", says="Llama 3.1 405B has 126 blocks, GPT-3 has 96: about a hundred, not "
    "hundreds.", source="Grattafiori et al., arXiv:2407.21783, table 3", date="2024")

# %% exercise-1
lesson.number("width-300", width(300), format="d")

# %% exercise-2
anagram = torch.tensor([noun in reading.ANAGRAMS for noun in reading.NOUNS])
asked = anagram.to(device)[test.truth["words"]]
told = {name: Examples(exam.inputs[ones], exam.labels[ones])
        for name, ones in {"anagrams": asked, "the others": ~asked}.items()}

# %%
lesson.table("anagrams", "nouns", {f"depth {d}": {name: measure_accuracy(runs[d].model, some)[
    runs[d].chosen] for name, some in told.items()} for d in (1, 2)},
    caption="New lines answered correctly (share).")

# %% exercise-3
lesson.number("llama-rows", rows(126), format="d")
