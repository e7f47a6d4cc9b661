"""
# One hidden row did nearly all of it

We stack 1 to 96 rows of weights on one task, with equally many weights. What does depth buy?
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
from lessonkit.figures.conditions import PALETTE
from lessonkit.figures.curves import plot_curves
from lessonkit.figures.maps import plot_pictures
from lessonkit.models.mlp import MLP
from lessonkit.models.stack import Stack
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.exams import read_layers
from lessonkit.training import falling, tune

lesson = Lesson("depth/how_deep", format=".1%")
device, seeds = lesson.device, lesson.seeds(quick=5, full=12, smoke=2)
short, long, amount, third = lesson.pick(quick=(250, 1_000, 16_000, 2_000),
    full=(250, 3_000, 48_000, 2_000), smoke=(3, 6, 500, 200))

# %% pictures
def cut(lines):  # the margin off, and four dots made one
    at = lines.truth["indent"][:, None] + torch.arange(88, device=device)
    text = lines.pixels[:, 0].gather(2, at[:, None].expand(-1, 16, -1))
    return avg_pool2d(text, 2).flatten(1)  # (lines, 8 · 44)

drawn = reading.lines(amount, 1, device=device)
test = reading.lines(amount // 4, 2, device=device)
average = cut(drawn).mean(dim=0)

def seen(lines):  # how it differs from the average line, about 1 large
    return (cut(lines) - average) / 0.65

# %%
learn, exam = (Examples(seen(some), some.truth["answers"]) for some in (drawn, test))
lesson.figure("lines", plot_pictures(cut(test)[:8].view(-1, 8, 44).cpu(), height=2.2,
    truth=[reading.ANSWERS[n] for n in exam.labels[:8]]), caption="What our networks see.")

# %% width
# ## One family: the deeper, the narrower
budget, dots = 25_000, 8 * 44

def width(depth):
    between, ends = depth - 2, dots + 6 + depth - 1  # biases too
    if not between:
        return round(budget / ends)
    # between · w² + ends · w = budget
    root = (ends**2 + 4 * between * budget) ** 0.5
    return round((root - ends) / (2 * between))

# %% network
def network(depth, copies, wide=None, sizes=(dots, 6)):
    def around(x, f):  # x + f(x) / blocks: each block adds its share
        return torch.add(x, f(x), alpha=1 / (depth - 2))
    if depth == 1:
        return MLP(sizes, "relu", "he", copies, device)
    wide, (first, last) = wide or width(depth), sizes
    return Stack(around, first, wide, last, depth, "zero", copies, device)

# %% train
def trained(depth, steps=short, rates=(0.02, 0.04), data=(learn, exam), **kind):
    model = network(depth, seeds * len(rates), **kind)
    shown = lesson.progress(range(steps), f"{depth} layers, {steps} steps")
    def wrong(net):
        return 1 - measure_accuracy(net, data[1])
    return tune(model, data[0], shown, wrong, rates=rates, optimiser="adam",
                batch_size=64, schedule=falling(steps, 0.05))

depths = 1, 2, 3, 5, 10, 20, 50, 96
runs = {depth: trained(depth) for depth in depths}
right = {depth: 1 - run.measured for depth, run in runs.items()}  # (seeds,)

# %% control
# Two rows only, but as narrow as the deep network's (one row stays one).
two = right | {d: 1 - trained(2, wide=width(d)).measured for d in depths[2:]}

# %%
figure = plot_curves({"all rows": 100 * torch.stack(list(right.values()), dim=1),
    "two as narrow": 100 * torch.stack(list(two.values()), dim=1)}, "rows of weights (depth)",
    "new lines answered correctly (%)", at=[str(depth) for depth in depths])
for place, height, name in ((6, 75, "ResNet"), (6.9, 71, "GPT-3")):
    figure.figure.axes[0].text(place, height, name, ha="center", color=PALETTE["muted"], size=13)
lesson.figure("depth", figure, caption=f"After {short} steps. All rows: 25,000 weights from 2 on. "
    "Two as narrow, from 3 on: two rows, that wide. Names only mark a depth: not measured here.")
lesson.number("weights", [sum(p[0].numel() for p in runs[d].model.parameters())
                          for d in depths[1:]], format=",d", label="from 2 to 96 rows")
lesson.table("sizes", "rows", {"width": {d: str(width(d)) if d > 1 else "none" for d in depths},
    "new lines": right, "own lines": {d: measure_accuracy(run.model, learn.first(2_000))[
    run.chosen].median() for d, run in runs.items()}},
    caption="Answered correctly: new lines, and lines that the network learned from.")
lesson.number("two-over-96", right[2] - right[96])
lesson.number("two-over-narrow", right[2] - two[96])
def best(among):  # the depth with the best median
    return right[max(among, key=lambda depth: right[depth].median())]
gain = {d: best(depths[n + 1:]) - right[d] for n, d in enumerate(depths[:3])}
lesson.claim("one-hidden-row-is-wasteful", "With as many weights, the best deeper network answers "
    "more new lines than one with a single hidden row, by {rule:.0%} of all lines", gain, 2,
    trap={"than one with none": 1}, at_least=0.06, expect="contradicted", answers=("C7",))
lesson.claim("beyond-three-nothing", "The best of 5 to 96 rows answers more new lines than 3 rows "
    "by {rule:.0%} of all lines", gain, 3, trap={"than 1 row": 1}, at_most=0.05, answers=("D19",))
lesson.claim("five-are-good", "The best other depth is ahead of 5 rows by {rule:.0%} of all lines",
    {d: best({*depths} - {d}) - right[d] for d in (1, 5)}, 5, trap={"of one row": 1}, at_most=0.06,
    answers=("C8",))
lesson.claim("it-was-the-width", "At one width, 20 to 96 rows answer more new lines than two, by "
    "{rule:.0%} of all lines on average", lambda n: torch.stack([right[d] - (two[d] if
    n == 2 else right[1]) for d in depths[5:]]).mean(dim=0), 2, at_most=0.05, trap={"than one": 1})

# %% train-longer
# ## Four times as long, at one learning rate
much = {d: 1 - trained(d, long, (0.02,)).measured for d in (1, 2, 3, 20)}
six = [1 - trained(2, n, (0.02,), wide=6).measured for n in (short, long)]

# %%
lesson.table("longer", "rows", {f"{short} steps": {d: right[d] for d in much} | {
    "2, of 6 units": six[0]}, f"{long:,} steps": much | {"2, of 6 units": six[1]}},
    caption="New lines answered correctly. Two rows of 6 units have as many weights as one row.")
step = {"second": six[1] - much[1], "third": much[3] - much[2], "more": much[20] - much[3]}
lesson.claim("the-second-row-pays", f"After {long:,} steps, two rows answer more new lines than "
    "one with as many weights, by {rule:.0%} of all lines", step, "second",
    trap={"three than two": "third"}, at_least=0.06, answers=("A1",))
lesson.claim("nor-trained-long", f"After {long:,} steps, 20 rows answer more new lines than three, "
    "by {rule:.0%} of all lines", step, "more", trap={"two than one": "second"}, at_most=0.02,
    answers=("D19",))

# %%
# ## What can a vote read, inside the network of 10 rows?
pages = [reading.lines(3 * third, 10_000 + n, device=device) for n in seeds]
looked = torch.stack([seen(page) for page in pages])  # (seeds, lines, dots)
inner = runs[10].model.signals(looked.repeat(2, 1, 1))[1:-1]  # at both rates
tiers = [looked, *(row[runs[10].chosen].relu().detach() for row in inner)]

# %% votes
def told(ask, tiers=tiers):  # on the last third: seed -> (tiers, exam)
    return [read_layers([row[n:n + 1] for row in tiers], page.truth[ask])[0][0]
            for n, page in enumerate(pages)]

def correct(said, ask):  # (seeds, tiers)
    truth = torch.stack([page.truth[ask][-third:] for page in pages]).cpu()
    return torch.stack(said).eq(truth[:, None]).double().mean(dim=2)

# %% table
said = {name: told(name) for name in ("words", "meaning", "answers")}
said["openers"] = told("openers", tiers[:1])
topics = torch.arange(18) // 6  # of the 18 nouns: animal, food, thing
asks = torch.arange(6) < 3  # of the 6 first words: who, why, how
by_table = [2 * topics[noun] + asks[first] for noun, first
            in zip(said["words"], said["openers"], strict=True)]

# %%
climb = {name: correct(some, name) for name, some in said.items()}
lesson.figure("inside-ten", plot_curves({"noun": 100 * climb["words"], "topic": 100 *
    climb["meaning"], "answer": 100 * climb["answers"]}, "hidden row (0: the dots)",
    "read correctly by a vote (%)", at=range(10)),
    caption="Inside the network of 10 rows: one large step, then a gentle slope.")
lesson.number("noun-from-dots", climb["words"][:, 0])
lesson.claim("two-steps-read-it", "A vote for each word, then a table, answers {rule:.0%} of new "
    "lines", {"two": correct(by_table, "answers")[:, 0], "one": climb["answers"][:, 0]}, "two",
    trap={"one vote for the answer": "one"}, at_least=0.85, answers=("B23",))
topic = climb["meaning"]
steep = topic.diff(dim=1) / (topic.amax(dim=1) - topic[:, 0]).clamp(min=0.01)[:, None]
lesson.claim("the-first-row-makes-the-climb", "In the network of 10 rows, the first hidden row "
    "makes {rule:.0%} of the climb to the topic", {n: steep[:, n - 1] for n in (1, 2)}, 1,
    trap={"the second": 2}, at_least=0.4, format=".0%")

# %% digits-few
# ## Break it: a machine that is not stacked, on 250 digits; 1,347 others are the exam
more, some = digits()
some = some.first(250)
kind = {"data": (some.to(device), more.to(device)), "sizes": (64, 10)}
shares = {n: 1 - trained(n, wide=64, **kind).measured for n in (1, 2, 10)}
settings = {"C": (1, 10, 100), "gamma": (0.001, 0.003, 0.01, 0.03)}
machine = GridSearchCV(SVC(), settings).fit(some.inputs, some.labels)
judged = machine.score(more.inputs, more.labels)

# %%
lesson.table("digits", "learner", {"new digits right": {"1 row": shares[1], "2 rows": shares[2],
    "10 rows": shares[10], "support vector machine": judged}}, caption="Learned from 250 digits.")
lesson.claim("only-deep-networks-learn-well", "Ten rows get more new digits right than a support "
    "vector machine, by {rule} of all digits", {"it": shares[10] - judged, "one row": shares[10] -
    shares[1]}, "it", trap={"than one row of weights": "one row"}, at_least=0.002,
    expect="contradicted", answers=("A64",))

# %% by-hand
# ## In which unit does the table count?
block = ["value", "output", "widen", "narrow"]  # rows of a transformer block
rows = {blocks: blocks * len(block) + 1 for blocks in (96, 126)}

# %%
lesson.claim("not-one-unit", "In GPT-3 a word passes {bound} rows of weights, by hand",
    {"rows": rows[96], "blocks": 96}, "rows", equals=(385, 0), format="d",
    trap={"counted in blocks": "blocks"}, exact=True, answers=("C10",))
lesson.compare("paper-and-ours", {
    f"wrong at {paper} rows (ours: {d})": (f"{wrong} %", 1 - right[d])
    for paper, wrong, d in (("20", "8.75", 3), ("110", "6.61 ± 0.16", 20), ("1,202", "7.93", 96))},
    caption="Theirs: CIFAR-10, weights grow with depth. Ours: lines, 25,000 weights.")
lesson.cite("C9", "B24", "D21", says="ResNets have 18 to 152 layers for photographs, 1,202 for "
    "small ones.", source="He et al., arXiv:1512.03385, tables 1 and 6", date="2015")
lesson.cite("C10", "A11", says="GPT-3 has 96 blocks. Its rows are 12,288 wide, and inside a block "
    "four times as wide.", source="Brown et al., arXiv:2005.14165, table 2.1", date="2020")
lesson.cite("A15", says="Llama 3.1 405B has 126 blocks, GPT-3 has 96: about a hundred, not "
    "hundreds.", source="Grattafiori et al., arXiv:2407.21783, table 3", date="2024")

# %% exercise-1
lesson.number("width-300", width(300), format="d")

# %% exercise-2
lesson.number("both-words", (climb["words"][:, :1] * climb["openers"])[:, 0])

# %% exercise-3
lesson.number("llama-rows", rows[126], format="d")
