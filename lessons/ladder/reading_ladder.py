"""
# Nobody told it about letters

A network looks at lines of text and learns to answer one question about each. Strokes, letters,
words and topics are never mentioned. We ask every layer what it knows about them, and follow one
line on its way up.
"""

# %%
import numpy as np
import torch

from lessonkit.data import reading
from lessonkit.data.examples import Examples
from lessonkit.evidence import Lesson
from lessonkit.figures import curves, diagrams, dots, maps, readings
from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import LineReader, fields
from lessonkit.probes import linear
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.probes.exams import examine, halfway, measure_layers, read_layers
from lessonkit.training import falling, fit

lesson = Lesson("ladder/reading_ladder", format=".2f")
device, seeds = lesson.device, lesson.seeds(quick=5, full=12, smoke=2)
steps = lesson.pick(quick=280, full=1200, smoke=5)
channels = lesson.pick(quick=(12, 24, 48, 64, 64), full=(24, 48, 96, 96, 96), smoke=[8] * 5)
sizes = lesson.pick(quick=(600, 900, 600, 1800), full=(3000, 6000, 3000, 9000), smoke=[300] * 4)
ladder = ["strokes", "letters", "words", "meaning", "answer"]

# %% [markdown]
# ## The pictures
# A line is drawn anew for every example, with everything that is true of it.

# %% pictures
count = lesson.pick(quick=16_000, full=48_000, smoke=500)
train = reading.lines(count, seed=1, device=device)
test = reading.lines(2_000, seed=2, device=device)

# %%
asked = [reading.ANSWERS[n] for n in test.truth["answers"][:12]]
lesson.figure("lines", maps.plot_pictures(test.pixels[:12, 0].cpu(), truth=asked),
    caption=f"What the network sees. The answers down the left column: {'; '.join(asked[:6])}.",
    alt="Lines of three short words in several typefaces, grey and noisy.")

# %% [markdown]
# ## One number by hand
# How many pixels of the line can a unit see? A kernel of width k adds k - 1 steps of its input.

# %% by-hand
sees = [wide.size for _, wide in fields()]  # of the five convolutions
first = {wide: 1 + sum(s < wide for s in sees) for wide in (8, 24)}
lesson.claim("a-word-fits-from-the-fourth-layer",
    "The first layer whose units can see the 24 pixels of a word is layer "
    "{bound}", first, 24, trap={"the 8 pixels of a letter instead": 8},
    equals=(4, 0), exact=True, format="d", answers=("A22", "D28"))

# %%
lesson.figure("anatomy",
    diagrams.draw_views("who big ape", [*sees, reading.WIDTH, reading.WIDTH], rungs=ladder),
    caption="Left: what one unit of each layer sees. Right: the rungs that we shall look for.")

# %% [markdown]
# ## Training
# One task: which of six answers? For comparison, the same network learns two other things.

# %% train
def network():
    return CopiesOf(lambda: LineReader(channels), seeds, device,
                    together=device != "cpu")

def trained(name, examples):
    net = network()
    fit(net, examples, lesson.progress(range(steps), f"trained on {name}"),
        optimiser="adam", learning_rate=0.015, batch_size=64,
        schedule=falling(steps, warm_up=0.05))
    return net

# %% nets
answers = train.asked("answers")
order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
shuffled = Examples(answers.inputs, answers.labels[order.to(device)])
nets = {"the answer": trained("the answer", answers),
        "the typeface": trained("the typeface", train.asked("styles")),
        "shuffled answers": trained("shuffled answers", shuffled),
        "untrained": network()}

# %%
right = {name: measure_accuracy(nets[name], test.asked("answers"))
         for name in ("the answer", "shuffled answers")}
lesson.claim("it-learns-to-answer", "The network answers {rule:.0%} of new lines correctly",
    right, "the answer", trap="shuffled answers", at_least=0.85, format=".3f",
    answers=("A34", "B16"))

# %% [markdown]
# ## Exams
# One exam for each rung, with pictures that no network was trained on.

# %% examine
strokes = reading.strokes(sizes[0], 4, device=device)
letters = reading.letters(sizes[1], 5, device=device)
pairs = reading.lines(sizes[2], 6, nouns=reading.ANAGRAMS, device=device)
page = reading.lines(sizes[3], 7, device=device)
exams = {"strokes": strokes.asked("strokes"),  # pictures, right answers
         "letters": letters.asked("letters"),
         "anagrams": pairs.asked("words"),
         "words": page.asked("words"), "meaning": page.asked("meaning"),
         "answer": page.asked("answers"), "typeface": page.asked("styles")}
read = {name: examine(net, exams) for name, net in nets.items()}
ours = read["the answer"]  # exam -> (seeds, layers)

# %% [markdown]
# ## The ladder
# Two comparisons: what is right without looking, and what a probe makes of pixels in their places.

# %%
best = {rung: {name: read[name][rung].amax(dim=1) for name in nets} for rung in exams}
last = {rung: {name: read[name][rung][:, -1] for name in nets} for rung in exams}
guess = {rung: linear.majority_share(exam.labels) for rung, exam in exams.items()}
pixels = {rung: linear.measure_readability(exam.inputs.flatten(1)[None], exam.labels, shrinkage=0.5)
          for rung, exam in exams.items()}
axes = "layer (1 is next to the pixels)", "read correctly (share)"
lesson.figure("ladder",
    curves.plot_curves({rung: ours[rung] for rung in ladder}, *axes, share=True, height=5),
    caption="Halfway up, letters come before words, and words before meaning. Then all but meaning "
            "and the answer fade.")
rungs = [rung for rung in exams if rung != "typeface"]
lesson.table("readings", "read from", {rung: {
    "nothing: the commonest": guess[rung], "pixels, each in place": pixels[rung],
    **{f"layer {n}": shares for n, shares in enumerate(ours[rung].T, 1)},
    "untrained, best layer": best[rung]["untrained"]} for rung in rungs},
    caption="Share read correctly in held-out pictures: median (range).")

# %%
half = {rung: halfway(ours[rung], guess[rung]) for rung in rungs}
top, left = ({rung: at[rung]["the answer"] for rung in rungs} for at in (best, last))
lesson.table("halfway", "rung", {"halfway at layer": half, "best": top, "left at the logits": left},
    format={"halfway at layer": ".1f"},
    caption="Halfway: from guessing (layer 0) to the best. 3.5 is midway between layers 3 and 4.")
gaps = {(a, b, c): torch.minimum(half[b] - half[a], half[c] - half[b])  # the smaller, (seeds,)
        for a, b, c in zip(ladder, ladder[1:], ladder[2:], strict=False)}
lesson.claim("letters-then-words-then-meaning",
    "Halfway up, letters come first, words {rule} layers later, and meaning {rule} layers after "
    "words", gaps, "letters", "words", "meaning", trap=("words", "meaning", "answer"),
    at_least=0.4, answers=("A1", "A7", "A18", "A20", "A76", "C11", "D22"))

# %%
bar = lesson.pick(quick=0.5, full=0.65)
lesson.claim("letters-emerge", "Letters, never mentioned, can be read in {rule:.0%} of pictures",
    best["letters"], "the answer", trap="untrained", at_least=bar, answers=("A35", "A37", "B1"))
lesson.claim("words-emerge", "Words, never mentioned, can be read in {rule:.0%} of lines",
    best["words"], "the answer", trap="untrained", at_least=0.6, answers=("A28", "A35", "B1"))
lesson.claim("meaning-emerges", "The topic can be read in {rule:.0%} of lines", top["meaning"],
    trap={"at layer 3 instead": ours["meaning"][:, 2]}, at_least=0.85, answers=("A32", "A80"))
found_by_chance = {rung: best[rung]["untrained"] / top[rung] for rung in rungs}
lesson.claim("strokes-are-hardly-learned",
    "Strokes can be read from the untrained twin {rule} as well", found_by_chance, "strokes",
    trap={"letters instead": "letters"}, at_least=0.65, format=".0%", answers=("A21", "A37"))
lesson.claim("order-needs-a-wide-view",
    "Of the anagrams, {rule:.0%} are told apart, where letters alone allow half", top["anagrams"],
    trap={"at layer 3 instead": ours["anagrams"][:, 2]}, at_least=0.8, answers=("A30",))
kept = {rung: left[rung] / top[rung] for rung in rungs}
gained = {rung: left[rung] - top[rung] for rung in rungs}  # above the best layer
lesson.number("letters-left", left["letters"])
lesson.claim("letters-fade", "At the logits, {rule:.0%} of the best reading of letters is left",
    kept, "letters", trap={"meaning instead": "meaning"}, at_most=0.35, answers=("A8", "A29"))
lesson.claim("readable-only-grows",
    "The higher the layer, the more of a line's words can be read", gained, "words",
    trap={"the answer instead": "answer"}, at_least=-0.05, expect="contradicted", answers=("A8",))

# %% [markdown]
# ## Does the probe read meaning, or only words?
# A control task: deal the topics out to the nouns anew. The words stay, the meaning is gone.

# %% control
net = nets["the answer"]
nouns, topics = page.truth["words"], page.truth["meaning"]
features = linear.measure_features(net, page.pixels)
deals = [linear.control_labels(nouns, topics, seed) for seed in range(5)]
control = torch.stack([measure_layers(features, deal)  # (seeds, layers)
                       for deal in deals]).mean(dim=0)
selectivity = ours["meaning"] - control

# %%
pair = {"meaning": ours["meaning"], "meaning, dealt anew": control}
lesson.figure("selectivity", curves.plot_curves(pair, *axes, share=True, height=4.6),
    caption="Dashed: what the probe gets right by knowing words only.")
lesson.claim("meaning-is-more-than-words",
    "At the logits the real topics are read better than topics dealt out by chance, by "
    "{rule:points}", dict(enumerate(selectivity.T, 1)), 7, trap={"at layer 3 instead": 3},
    at_least=0.15, answers=("A18", "A32"))

# %% [markdown]
# ## One line on its way up
# The first held-out line with an anagram, read at the place of each letter and as a whole.

# %%
spans, spelt = page.truth["spans"], page.truth["letters"]  # (lines, places, …)
in_place = linear.measure_features(net, page.pixels, spans)
asks = {"letters": spelt, "words": nouns, "meaning": topics, "sentence": page.truth["answers"] % 2}
found = {name: read_layers(in_place if name == "letters" else features, labels)
         for name, labels in asks.items()}  # what, and how sure: (seeds, layers, held out, …)
exam = found["words"][0].shape[2]
one = [reading.NOUNS[n] in reading.ANAGRAMS for n in nouns[-exam:]].index(True)
row = len(page) - exam + one
names = {"letters": np.array([*reading.ALPHABET]), "words": np.array(reading.NOUNS),
         "meaning": np.array([*reading.TOPICS]), "sentence": np.array(["statement", "question"])}
lesson.figure("followed", readings.plot_readings(
    page.pixels[row, 0].cpu(), spans[row].double().mean(dim=1).cpu(),
    {n: (names[n][got[0, :, one]], sure[0, :, one]) for n, (got, sure) in found.items()},
    {n: names[n][labels[row].cpu()] for n, labels in asks.items()}),
    caption="Read from below. Tinted: read correctly, the deeper the surer. Grey: misread.")

# %%
spelled = found["letters"][0].eq(spelt[-exam:].cpu()).double().mean(dim=(2, 3))  # (seeds, layers)
at_best, at_logits = spelled.amax(dim=1), spelled[:, -1]
lesson.number("in-place-guess", sum(map(linear.majority_share, spelt.T)) / 9, format=".0%")
lesson.number("in-place-best", at_best, format=".0%")
lesson.number("in-place-left", at_logits, format=".0%")
lesson.claim("the-text-dissolves",
    "Over all held-out lines, {rule:points} fewer letters can be read in their places at the "
    "logits than at the best layer", at_best - at_logits,
    trap={"the topic instead": top["meaning"] - left["meaning"]}, at_least=0.25,
    answers=("A8", "A29"))
patches = linear.strongest_patches(net, page.pixels[:500], fields())  # of choosy units
lesson.figure("patches", maps.plot_patches({f"layer {n}": p for n, p in enumerate(patches, 1)}),
    caption="What moves one unit of each layer most: as wide as its view, small ones enlarged.")

# %% misread
def same_topic(layer):
    """Of the nouns misread at a layer: the share with the right topic."""
    got, noun = found["words"][0][:, layer - 1], nouns[-exam:].cpu()
    wrong, kin = got != noun, got // 6 == noun // 6  # six nouns for each topic
    return (wrong & kin).sum(dim=1) / wrong.sum(dim=1).clamp(min=1)

lesson.claim("misread-words-mean-the-same",
    "At the logits, {rule:.0%} of misread nouns have the right topic",
    same_topic, 7, trap={"at layer 3 instead": 3}, at_least=0.75,
    answers=("A33",))

# %% [markdown]
# ## Break it

# %%
shown = {rung: best[rung] for rung in ("typeface", *ladder)}
lesson.figure("best",
    dots.plot_dots(shown, "read correctly at the best layer (share)", upwards=True, height=6,
                   legend="trained on"),
    caption="The same pictures, the same network. Only what it is trained on differs.")
lesson.claim("no-answer-no-letters",
    "With shuffled answers, letters stay {rule:.0%} at every layer", best["letters"],
    "shuffled answers", trap={"the true answers": "the answer"}, below=bar, answers=("A19", "A37"))
lesson.claim("no-answer-no-words", "With shuffled answers, words stay {rule:.0%} at every layer",
    best["words"], "shuffled answers", trap={"the true answers": "the answer"}, below=0.3)
lesson.number("typeface-letters", best["letters"]["the typeface"])
lesson.claim("another-task-no-words",
    "Trained on the typeface of the same lines, words stay {rule:.0%}", best["words"],
    "the typeface", trap={"trained on the answer": "the answer"}, below=0.4, answers=("A19", "A73"))
lesson.claim("reading-forgets-the-typeface",
    "At the logits of the network that reads, the typeface can be read in {rule:.0%} of lines",
    last["typeface"], "the answer", trap="the typeface", at_most=0.35, answers=("A73",))

# %%
fall = {rung: (s.cummax(dim=1).values - s).amax(dim=1) for rung, s in ours.items()}
lesson.compare("paper-and-ours", {
    "deepest fall with depth: what the network is trained on (Alain, Bengio 2016)":
        ("none: it grows with depth", fall["answer"]),
    "deepest fall: letters": ("not asked", fall["letters"]),
    "accuracy, from the last layer but one to the last (Hewitt, Liang 2019)":
        ("slightly lower", ours["meaning"].diff(dim=1)[:, -1]),
    "selectivity, from the last layer but one to the last (Hewitt, Liang 2019)":
        ("substantially higher", selectivity.diff(dim=1)[:, -1])},
    caption="Shares right. Hewitt and Liang: word classes in ELMo, a language model; ours: topics.")

# %% exercise-1
unmet = "".join(sorted(set(reading.ALPHABET) - set(reading.LETTERS)))
six = {"six that it met": reading.LETTERS[:6],
       f"six that it never met ({unmet})": unmet}
drawn = {name: reading.letters(900, 8, alphabet=some, device=device)
         for name, some in six.items()}
met = examine(net, {name: d.asked("letters") for name, d in drawn.items()})
lesson.table("unmet-letters", "letters",
    {"read at layer 3": {name: shares[:, 2] for name, shares in met.items()}},
    caption="Which of six letters is in the picture?")

# %% exercise-2
fillers = measure_layers(features, page.truth["fillers"])  # (seeds, layers)
for n in (5, 7):
    lesson.number(f"nouns-at-{n}", ours["words"][:, n - 1])
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
