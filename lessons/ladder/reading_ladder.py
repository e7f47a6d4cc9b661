"""
# Nobody told it about letters

A network looks at lines of text and learns to answer one question about each. Strokes, letters,
words and topics are never mentioned. We ask every layer what can be read from it.
"""

# %%
import torch

from lessonkit.data import reading
from lessonkit.data.examples import Examples
from lessonkit.evidence import Lesson
from lessonkit.figures import curves, diagrams, dots, maps, readings
from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import LineReader, ShortReader, fields
from lessonkit.probes import linear, wiping
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.exams import (examine, halfway, largest_step, measure_best_numbers,
                                    measure_control, measure_layers)
from lessonkit.probes.following import follow, read_lines, share_right, share_right_topic
from lessonkit.probes.patches import strongest_patches
from lessonkit.training import falling, fit, tune

lesson = Lesson("ladder/reading_ladder", format=".2f")
device, seeds = lesson.device, lesson.seeds(quick=5, full=12, smoke=2)
steps = lesson.pick(quick=280, full=1200, smoke=5)
channels = lesson.pick(quick=(12, 24, 48, 64, 64), full=(24, 48, 96, 96, 96), smoke=[8] * 5)
sizes = lesson.pick(quick=(600, 900, 600, 1800), full=(3000, 6000, 3000, 9000), smoke=[300] * 4)
ladder = ["strokes", "letters", "words", "meaning", "answer"]

# %% pictures
count = lesson.pick(quick=16_000, full=48_000, smoke=500)
train = reading.lines(count, seed=1, device=device)
test = reading.lines(2_000, seed=2, device=device)

# %%
asked = [reading.ANSWERS[n] for n in test.truth["answers"][:8]]
lesson.figure("lines", maps.plot_pictures(test.pixels[:8, 0].cpu(), truth=asked),
    caption=f"What the network sees. The answers down the left column: {'; '.join(asked[:4])}.",
    alt="Lines of three short words in several typefaces, grey and noisy.")

# %% [markdown]
# ## One number by hand: how many pixels of the line can a unit see?

# %% by-hand
sees = [wide.size for _, wide in fields()]  # of the five convolutions
first = {wide: 1 + sum(s < wide for s in sees) for wide in (8, 24)}
lesson.claim("a-word-fits-from-the-fourth-layer",
    "The first layer whose units can see the 24 pixels of a word is {bound}",
    first, 24, trap={"the 8 pixels of a letter instead": 8}, equals=(4, 0),
    exact=True, format="d", answers=("A22", "D28"))

# %%
views = [*sees, reading.WIDTH, reading.WIDTH]
lesson.figure("anatomy", diagrams.draw_views("who big ape", views, rungs=ladder),
    caption="Left: what one unit of each layer sees. Right: the rungs that we shall look for.")

# %% [markdown]
# ## Training: one task, which of six answers? For comparison, answers that mean nothing.

# %% train
def network():
    return CopiesOf(lambda: LineReader(channels), seeds, device,
                    together=device != "cpu")

recipe = {"optimiser": "adam", "batch_size": 64,
          "schedule": falling(steps, warm_up=0.05)}

def trained(name, examples):
    net = network()
    bar = lesson.progress(range(steps), f"trained on {name}")
    fit(net, examples, bar, learning_rate=0.015, **recipe)
    return net

# %% nets
answers = train.asked("answers")
order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
shuffled = Examples(answers.inputs, answers.labels[order.to(device)])
nets = {"the answer": trained("the answer", answers),
        "shuffled answers": trained("shuffled answers", shuffled),
        "untrained": network()}

# %%
right = {name: measure_accuracy(nets[name], test.asked("answers"))
         for name in ("the answer", "shuffled answers")}
lesson.claim("it-learns-to-answer", "The network answers {rule:.0%} of new lines correctly", right,
    "the answer", trap="shuffled answers", at_least=0.85, format=".3f", answers=("A34", "B16"))

# %% [markdown]
# ## Exams: one for each rung, with pictures that no network was trained on

# %% examine
strokes = reading.strokes(sizes[0], 4, device=device)
letters = reading.letters(sizes[1], 5, device=device)
pairs = reading.lines(sizes[2], 6, nouns=reading.ANAGRAMS, device=device)
page = reading.lines(sizes[3], 7, device=device)
exams = {"strokes": strokes.asked("strokes"),  # pictures, right answers
         "letters": letters.asked("letters"),
         "anagrams": pairs.asked("words"),
         "words": page.asked("words"), "meaning": page.asked("meaning"),
         "answer": page.asked("answers")}

# %%
net = nets["the answer"]
features, kinds = (linear.measure_features(net, some.pixels) for some in (page, letters))
read = {name: examine(other, exams) for name, other in nets.items() if other is not net}
read["the answer"] = ours = examine(net, exams, {"words": features, "letters": kinds})
# The ladder
best = {rung: {name: read[name][rung].amax(dim=1) for name in nets} for rung in exams}
last = {rung: {name: read[name][rung][:, -1] for name in nets} for rung in exams}
guess = {rung: linear.majority_share(exam.labels) for rung, exam in exams.items()}
rungs = list(exams)
flat = {rung: (exam.inputs.flatten(1)[None], exam.labels) for rung, exam in exams.items()}
axes = "layer (1 is next to the pixels)", "read correctly (share)"
lesson.figure("ladder", curves.plot_curves({r: ours[r] for r in ladder}, *axes, share=True),
    caption="Letters rise first, then words, then meaning and the answer. At the top, others fall.")
lesson.table("readings", "read from", {rung: {
    "without looking": guess[rung],
    "pixels, each in place": linear.measure_readability(*flat[rung], shrinkage=0.5),
    **{f"layer {n}": shares for n, shares in enumerate(ours[rung].T, 1)},
    "untrained, best layer": best[rung]["untrained"]} for rung in rungs},
    caption="Share read correctly in held-out pictures: median (range).")

# %%
half = {rung: halfway(ours[rung], guess[rung]) for rung in rungs}
top, left = ({rung: at[rung]["the answer"] for rung in rungs} for at in (best, last))
lesson.table("halfway", "rung", {"halfway at layer": half}, format=".1f",
    caption="Halfway: from guessing (layer 0) to the best. 3.5 is midway between layers 3 and 4.")
gaps = {(a, b, c): torch.minimum(half[b] - half[a], half[c] - half[b])  # the smaller, (seeds,)
        for a, b, c in zip(ladder, ladder[1:], ladder[2:], strict=False)}
lesson.claim("letters-then-words-then-meaning",
    "Halfway up, letters come first, words {rule} layers later, and meaning {rule} layers after "
    "words", gaps, "letters", "words", "meaning", trap=("words", "meaning", "answer"),
    at_least=0.4, answers=("A1", "A7", "A18", "A20", "A76", "C11", "D22"))
bar = lesson.pick(quick=0.5, full=0.65)
lesson.claim("letters-emerge", "Letters, never mentioned, can be read in {rule:.0%} of pictures",
    best["letters"], "the answer", trap="untrained", at_least=bar, answers=("A35", "A37", "B1"))
lesson.claim("words-emerge", "Words, never mentioned, can be read in {rule:.0%} of lines",
    best["words"], "the answer", trap="untrained", at_least=0.6, answers=("A28", "A35", "B1"))
lesson.claim("meaning-emerges", "The topic can be read in {rule:.0%} of lines", top["meaning"],
    trap={"at layer 3 instead": ours["meaning"][:, 2]}, at_least=0.85, answers=("A32", "A80"))

# %%
twin = {rung: best[rung]["untrained"] for rung in rungs}
lesson.claim("strokes-are-hardly-learned",
    "The untrained twin reaches {rule} of the trained network's share of strokes read correctly",
    {rung: twin[rung] / top[rung] for rung in rungs}, "strokes",
    trap={"letters instead": "letters"}, at_least=0.65, format=".0%", answers=("A21", "A37"))
built = {rung: (top[rung] - twin[rung]) / (top[rung] - guess[rung]) for rung in rungs}
lesson.claim("most-of-the-climb-is-built", "Of the climb from guessing to the best reading of the "
    "answer, {rule:.0%} is not in the untrained twin", built, "answer",
    trap={"strokes instead": "strokes"}, at_least=0.85, format=".0%", answers=("A82",))
lesson.claim("no-single-layer-makes-the-climb",
    "The largest step that one layer makes is {rule:.0%} of the climb to the answer",
    {rung: largest_step(ours[rung], guess[rung]) for rung in rungs}, "answer",
    trap={"strokes instead": "strokes"}, at_most=0.6, format=".0%", answers=("A48", "A76"))
lesson.claim("order-needs-a-wide-view",
    "Of the anagrams, {rule:.0%} are told apart, where letters alone allow half", top["anagrams"],
    trap={"at layer 3 instead": ours["anagrams"][:, 2]}, at_least=0.8, answers=("A30",))
kept = {(rung, name): last[rung][name] / best[rung][name] for rung in rungs for name in nets}
lesson.claim("letters-fade", "At the logits, {rule:.0%} of the best reading of letters is left",
    kept, "letters", "the answer", at_most=0.35, answers=("A8", "A29"),
    trap={"the topic, trained": ("meaning", "the answer")})
lesson.claim("the-twin-loses-letters-too",
    "In the untrained twin, too, {rule:.0%} of its best reading of letters is left at the logits",
    kept, "letters", "untrained", at_most=0.4, trap={"the topic": ("meaning", "the answer")})
lesson.claim("readable-only-grows", "The higher the layer, the more of a line's words can be read",
    {rung: left[rung] - top[rung] for rung in rungs}, "words",
    trap={"the answer instead": "answer"}, at_least=-0.05, expect="contradicted", answers=("A8",))

# %% [markdown]
# ## Does the probe read meaning, or only words? Deal the topics out to the nouns anew.

# %% control
nouns = page.truth["words"]
control = measure_control(features, nouns, page.truth["meaning"], 5)
selectivity = ours["meaning"] - control

# %%
lesson.figure("selectivity", curves.plot_curves(
    {"meaning": ours["meaning"], "meaning, dealt anew": control}, *axes, share=True, height=4.6),
    caption="Dashed: what the probe gets right by knowing words only.")
lesson.claim("meaning-is-more-than-words", "At the logits the real topics are read better than "
    "topics dealt out by chance, by {rule:points}", dict(enumerate(selectivity.T, 1)), 7,
    trap={"at layer 3 instead": 3}, at_least=0.15, answers=("A18", "A32"))

# %%
# Forgotten, or no room? Of each layer only the six best numbers, as many as the logits are.
equal = {rung: measure_best_numbers(*exam, 6) for rung, exam in {
    "letters": (kinds, letters.truth["letters"]), "words": (features, nouns),
    "meaning": (features, page.truth["meaning"])}.items()}
lesson.figure("equal-numbers", curves.plot_curves({rung: ours[rung] for rung in equal}
    | {f"{rung}, six numbers": some for rung, some in equal.items()}, *axes, share=True),
    caption="Dashed: the six best numbers of each layer. Letters fall among equals, too.")
lesson.claim("among-equals-letters-fade", "With the six best numbers of each layer, the best "
    "reading of letters is {rule:points} above that at the logits",
    {rung: some.amax(dim=1) - some[:, 6] for rung, some in equal.items()}, "letters", at_least=0.2,
    trap={"meaning instead": "meaning"}, answers=("A29",))

# %%
# Are the letters used? Take directions out of layer 3.
looks = wiping.measure_map(net, page.pixels[:500], 3)
shown_by = {"letters": (kinds[2], letters.truth["letters"]),
            "typeface": (features[2], page.truth["styles"]),
            "indent": (features[2], page.truth["indent"])}
shows = {name: wiping.telling_directions(*layer, 5)[:, None] for name, layer in shown_by.items()}
by_chance = wiping.random_directions(channels[2], 5, draws=20, seed=0)
shows["chance"] = by_chance.expand(len(seeds), *by_chance.shape)
shows["mixed by chance"] = wiping.mixed_directions(looks, 5, draws=20, seed=0)
cost = wiping.measure_cost(net, test.asked("answers").first(500), shows)  # (seeds, draws)
lost = {name: some.mean(dim=1) for name, some in cost.items()}
lesson.table("wiped", "wiped out of layer 3: directions of", {"answers lost": lost,
    "share of its variance": {n: torch.stack([wiping.measure_share(looks, some) for some in
        d.unbind(1)]).mean(0) for n, d in shows.items()}},
    caption="Five directions each (four for the five indents); chance: means of 20 draws.")
lesson.claim("the-letters-directions-are-needed",
    "Without the five directions in which layer 3 shows letters best, more answers are lost than "
    "without five by chance, in {rule:.0%} of 20 draws",
    {n: (one[:, None] > cost["chance"]).double().mean(dim=1) for n, one in lost.items()}, "letters",
    trap={"the average draw instead": "chance"}, at_least=0.9, answers=("A36",))

# %%
# One line on its way up: the first held-out one with an anagram
found = read_lines(net, page, features)  # name -> what, and how sure
lesson.figure("followed", readings.plot_readings(*follow(page, found, reading.ANAGRAMS)),
    caption="Read from below. Tinted: read correctly, the darker the surer. Grey: misread.")
spelled = share_right(found["letters"][0], page.truth["letters"])  # (seeds, layers)
in_place = {"best": spelled.amax(dim=1), "left": spelled[:, -1]}
for name, part in ({"guess": linear.majority_share(page.truth["letters"])} | in_place).items():
    lesson.number(f"in-place-{name}", part, format=".0%")
lesson.claim("the-text-dissolves",
    "Over all held-out lines, {rule:points} fewer letters can be read in their places at the "
    "logits than at the best layer", in_place["best"] - in_place["left"],
    trap={"the topic instead": top["meaning"] - left["meaning"]}, at_least=0.25,
    answers=("A8", "A29"))
patches = strongest_patches(net, page.pixels[:500], fields(), wanted=6)  # of choosy units
lesson.figure("patches", maps.plot_patches({f"layer {n}": p for n, p in enumerate(patches, 1)}),
    caption="What moves one unit of each layer most: as wide as its view, small ones enlarged.")
lesson.claim("misread-words-mean-the-same", "At the logits, {rule:.0%} of misread nouns have the "
    "right topic", dict(enumerate(share_right_topic(found["words"][0], nouns).T, 1)), 7,
    trap={"at layer 3 instead": 3}, at_least=0.75, answers=("A33",))

# %%
lesson.figure("best", dots.plot_dots({rung: best[rung] for rung in ladder},
    "read correctly at the best layer (share)", upwards=True, legend="trained on"),
    caption="The same pictures, the same network. Only the answers that it is given differ.")
for rung, bound in {"letters": bar, "words": 0.3}.items():
    lesson.claim(f"no-answer-no-{rung}", f"With shuffled answers, {rung} stay {{rule:.0%}} at "
        "every layer", best[rung], "shuffled answers", below=bound, answers=("A19", "A37"),
        trap={"the true answers": "the answer"})

# %% cut-short
hidden = lesson.pick(quick=107, full=135, smoke=12)
short = CopiesOf(lambda: ShortReader(channels[0], hidden),
    seeds * 2, device, together=device != "cpu")
cut = tune(short, answers, lesson.progress(range(steps), "cut short"),
    lambda net: 1 - measure_accuracy(net, test.asked("answers")),
    rates=[0.01, 0.02], **recipe)

# %%
right["cut short"] = 1 - cut.measured
lesson.claim("cut-short-it-is-stuck", "Cut to its first layer, a reader is stuck: it answers "
    "{rule} of new lines correctly", right, "cut short", at_most=0.5, format=".0%",
    trap="shuffled answers", expect="contradicted", answers=("D29",))
lesson.claim("five-layers-answer-more", "Cut to its first layer, with as many weights and the "
    "better of two rates, it answers {rule} of new lines correctly", right, "cut short",
    at_most=0.88, trap={"all five layers": "the answer"}, format=".0%", answers=("B23",))
deepest = (ours["answer"].cummax(dim=1).values - ours["answer"]).amax(dim=1)
lesson.compare("paper-and-ours", {
    "deepest fall with depth: what the network is trained on (Alain, Bengio 2016)":
        ("none: it grows with depth", deepest)}, caption="Shares read correctly.")

# %% exercise-1
unmet = "".join(sorted(set(reading.ALPHABET) - set(reading.LETTERS)))
six = {"six met": reading.LETTERS[:6], f"six never met ({unmet})": unmet}
drawn = {name: reading.letters(900, 8, alphabet=some, device=device).asked(
    "letters") for name, some in six.items()}
met = examine(net, drawn)
lesson.table("unmet-letters", "letters",
    {"read at layer 3": {name: shares[:, 2] for name, shares in met.items()}},
    caption="Which of six letters is in the picture?")

# %% exercise-2
fillers = measure_layers(features, page.truth["fillers"])  # (seeds, layers)
lesson.claim("what-is-not-needed-is-dropped",
    "At the logits, {rule:.0%} of the fillers can still be read",
    dict(enumerate(fillers.T, 1)), 7, trap={"at layer 5 instead": 5},
    at_most=0.3, answers=("A73",))

# %% exercise-3
strange = reading.lines(2_000, 9, fonts=reading.OTHER_FONTS, device=device)
lesson.table("strange-fonts", "fonts", {"answered correctly": {
    "those of its training": right["the answer"],
    "five that it never saw": measure_accuracy(net, strange.asked("answers"))}},
    caption="Guessing gives one in six.")
