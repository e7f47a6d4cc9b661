"""
# Nobody told it about letters

A network looks at lines of text and learns to answer one question about
each. Strokes, letters, words and topics are never mentioned. We ask every
layer what it knows about them, and follow one line on its way up.
"""

# %% setup
import numpy as np
import torch

from lessonkit.data import reading
from lessonkit.data.examples import Examples
from lessonkit.evidence import Lesson
from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import Reader, fields
from lessonkit.probes import linear
from lessonkit.probes.accuracy import measure_accuracy
from lessonkit.training import falling, fit

# %% setup-figures
from lessonkit.figures import ladder
from lessonkit.figures.anatomy import new_canvas
from lessonkit.figures.layers import as_columns
from lessonkit.figures.style import new_figure

lesson = Lesson("ladder/reading_ladder")
device = lesson.device

# %% [markdown]
# ## The pictures
# A line is drawn anew for every example, with everything that is true of it.

# %% pictures
count = lesson.pick(quick=16_000, full=48_000, smoke=500)
train = reading.lines(count, seed=1, device=device)
test = reading.lines(2_000, seed=2, device=device)

# %% lines-figure
fig, ax = new_figure(height=4.1)
ladder.plot_lines(ax, test.pixels[:12, 0].cpu())
asked = [reading.ANSWERS[n] for n in test.truth["answers"][:12]]
lesson.figure("lines", fig,
    data={"picture": range(1, 13), "answer": asked},
    alt="Twelve lines of three short words in several typefaces, grey and "
        "noisy. Right answers: " + "; ".join(asked) + ".",
    caption="What the network sees. The answers down the left column: "
            + "; ".join(asked[:6]) + ".")

# %% [markdown]
# ## One number by hand
# How many pixels of the line can a unit see? A kernel of width k adds k - 1
# steps of its input.

# %% by-hand
sees = [wide.size for _, wide in fields()]  # of the five convolutions
word = 3 * reading.PITCH
lesson.claim("a-word-fits-from-the-fourth-layer",
    "The first layer whose units can see the 24 pixels of a word is the "
    "fourth", 1 + sum(s < word for s in sees), equals=(4, 0), format="d",
    exact=True, trap=("the 8 pixels of a letter instead",
                      1 + sum(s < reading.PITCH for s in sees)))

# %% anatomy-figure
fig, ax = new_canvas(height=4.8)
ladder.draw_reader(ax, "who big ape", [*sees, reading.WIDTH, reading.WIDTH])
lesson.figure("anatomy", fig, data={"layer": range(1, 6), "pixels": sees},
    alt="The seven layers above a line of text, each as a bar as wide as "
        "what one unit sees: " + ", ".join(map(str, sees)) + " pixels, then "
        "twice the whole line. Beside them the rungs: strokes, letters, "
        "words, meaning, answer.",
    caption="Left: what one unit of each layer sees. Right: the rungs that "
            "we shall look for.")

# %% [markdown]
# ## Training
# One network, one task: which of six answers? The same network is trained on
# two other things, for comparison.

# %% train
seeds = lesson.seeds(quick=5, full=12, smoke=2)
steps = lesson.pick(quick=280, full=1200, smoke=5)
channels = lesson.pick(quick=(12, 24, 48, 64, 64),
                       full=(24, 48, 96, 96, 96), smoke=(4, 4, 8, 8, 8))

def network():
    return CopiesOf(lambda: Reader(channels), seeds, device,
                    together=device != "cpu")

# %% trained
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
        "nothing: untrained": network()}

# %% learned
right = {name: measure_accuracy(nets[name], test.asked("answers"))
         for name in ("the answer", "shuffled answers")}
lesson.claim("it-learns-to-answer",
    "The network answers at least 85 % of new lines correctly",
    right["the answer"], at_least=0.85, format=".3f",
    trap=("trained on shuffled answers", right["shuffled answers"]))

# %% [markdown]
# ## Exams
# One exam for each rung, with pictures that no network was trained on.

# %% exams
sizes = lesson.pick(quick=(600, 900, 600, 1_800), smoke=(300,) * 4,
                    full=(3_000, 6_000, 3_000, 9_000))
page = reading.lines(sizes[3], 7, device=device)
exams = [  # pictures, {rung: what is asked about them}
    (reading.strokes(sizes[0], 4, device=device), {"strokes": "strokes"}),
    (reading.letters(sizes[1], 5, device=device), {"letters": "letters"}),
    (reading.lines(sizes[2], 6, nouns=reading.ANAGRAMS, device=device),
     {"anagrams": "words"}),
    (page, {"words": "words", "meaning": "meaning", "answer": "answers",
            "typeface": "styles"})]

# %% examine
def examine(net):
    read = {}
    for pictures, rungs in exams:
        layers = linear.measure_features(net, pictures.pixels)
        for rung, question in rungs.items():
            labels = pictures.truth[question]
            read[rung] = torch.stack([linear.measure_readability(layer, labels)
                                      for layer in layers], dim=1)
    return read  # rung -> (seeds, layers)

# %% read
read = {name: examine(net) for name, net in nets.items()}
best = {name: {rung: shares.amax(dim=1) for rung, shares in rungs.items()}
        for name, rungs in read.items()}  # rung -> (seeds,)
ours, untrained = read["the answer"], best["nothing: untrained"]

# %% [markdown]
# Two comparisons: what is right without looking, and what a probe makes of
# the raw pixels, each at its place.

# %% pixels
guess, flat = {}, {}
for pictures, rungs in exams:
    pixels = pictures.pixels.flatten(1)[None]  # (1, pictures, 1536)
    for rung, question in rungs.items():
        labels = pictures.truth[question]
        guess[rung] = linear.majority_share(labels)
        flat[rung] = linear.measure_readability(pixels, labels, shrinkage=0.5)

# %% [markdown]
# ## The ladder

# %% ladder-figure
fig, ax = new_figure(height=5)
climb = {rung: ours[rung] for rung in ladder.RUNGS}
ladder.plot_ladder(ax, climb)
tops = {rung: np.median(shares, axis=0) for rung, shares in climb.items()}
lesson.figure("ladder", fig, data=as_columns(climb),
    alt="Share read correctly, layer by layer. " + "; ".join(
        f"{rung}: best {top.max():.2f} at layer {top.argmax() + 1}, "
        f"{top[-1]:.2f} at the last" for rung, top in tops.items()) + ".",
    caption="Halfway up, letters come before words, and words before meaning. "
            "Then all but meaning and the answer fade.")

# %% ladder-table
rungs = ["strokes", "letters", "anagrams", "words", "meaning", "answer"]
lesson.table("readings", columns=["read from", *rungs], format=".2f",
    rows=[["nothing: the commonest", *(guess[r] for r in rungs)],
          ["pixels, each in place", *(flat[r] for r in rungs)],
          *([f"layer {n + 1}", *(ours[r][:, n] for r in rungs)]
            for n in range(7)),
          ["untrained, best layer", *(untrained[r] for r in rungs)]],
    caption="Share read correctly in held-out pictures: median (range).")

# %% halfway
def halfway(rung):
    """Where half of the climb from guessing to the best is done, in layers."""
    start = torch.full_like(ours[rung][:, :1], guess[rung])
    climb = torch.cat([start, ours[rung]], dim=1)  # (seeds, 1 + layers)
    goal = (start + climb.amax(dim=1, keepdim=True)) / 2
    n = (climb >= goal).int().argmax(dim=1, keepdim=True).clamp(min=1)
    below, above = climb.gather(1, n - 1), climb.gather(1, n)
    part = (goal - below) / (above - below).clamp(min=1e-9)
    return (n - 1 + part.clamp(0, 1))[:, 0]  # (seeds,)

# %% halfway-table
lesson.table("halfway", format=[".2f", ".1f", ".2f", ".2f"],
    columns=["rung", "halfway at layer", "best", "left at the logits"],
    rows=[[r, halfway(r), ours[r].amax(dim=1), ours[r][:, -1]]
          for r in rungs],
    caption="Halfway: from guessing (layer 0) to the best. 3.5 is midway "
            "between layers 3 and 4.")

# %% order-claim
def smallest_step(*rungs):
    at = torch.stack([halfway(rung) for rung in rungs])  # (rungs, seeds)
    return at.diff(dim=0).amin(dim=0)  # (seeds,)

lesson.claim("letters-then-words-then-meaning",
    "Halfway up, letters come first, words at least 0.4 layers later, and "
    "meaning at least 0.4 layers after words",
    smallest_step("letters", "words", "meaning"), at_least=0.4, format=".2f",
    trap=("words, meaning and the answer instead",
          smallest_step("words", "meaning", "answer")))

# %% emergence-claims
reader = best["the answer"]
bar = lesson.pick(quick=0.5, full=0.65)
lesson.claim("letters-emerge",
    f"Letters, never mentioned, can be read in {bar:.0%} of pictures or more",
    reader["letters"], at_least=bar, format=".2f",
    trap=("the untrained twin", untrained["letters"]))
lesson.claim("words-emerge",
    "Words, never mentioned, can be read in at least 60 % of lines",
    reader["words"], at_least=0.6, format=".2f",
    trap=("the untrained twin", untrained["words"]))

# %% meaning-claim
lesson.claim("meaning-emerges",
    "The topic can be read in at least 85 % of lines",
    reader["meaning"], at_least=0.85, format=".2f",
    trap=("at layer 3 instead", ours["meaning"][:, 2]))

# %% stroke-claim
ratio = {r: untrained[r] / reader[r] for r in rungs}
lesson.number("letters-of-twin", ratio["letters"], format=".0%")
lesson.number("letters-best", reader["letters"], format=".2f")
lesson.claim("strokes-are-hardly-learned",
    "Strokes can be read from the untrained twin at least 65 % as well",
    ratio["strokes"], at_least=0.65, format=".2f",
    trap=("letters instead", ratio["letters"]))

# %% anagram-claim
lesson.claim("order-needs-a-wide-view",
    "At least 80 % of anagrams are told apart, where letters alone allow half",
    reader["anagrams"], at_least=0.8, format=".2f",
    trap=("at layer 3 instead", ours["anagrams"][:, 2]))

# %% fade-claims
kept = {r: ours[r][:, -1] / reader[r] for r in rungs}  # at the logits
lesson.number("letters-left", ours["letters"][:, -1], format=".2f")
lesson.claim("letters-fade",
    "At the logits, at most 35 % of the best reading of letters is left",
    kept["letters"], at_most=0.35, format=".2f",
    trap=("meaning instead", kept["meaning"]))
lesson.claim("readable-only-grows",
    "The higher the layer, the more of a line's words can be read",
    ours["words"][:, -1] - reader["words"], at_least=-0.05, format=".2f",
    expect="contradicted", trap=("the answer instead",
                                 ours["answer"][:, -1] - reader["answer"]))

# %% [markdown]
# ## Does the probe read meaning, or only words?
# A control task: deal the topics out to the nouns anew. The probe, the
# layers and the words stay; the meaning is gone.

# %% control
features = linear.measure_features(nets["the answer"], page.pixels)
nouns, topics = page.truth["words"], page.truth["meaning"]
deals = [linear.control_labels(nouns, topics, seed) for seed in range(5)]
control = torch.stack([torch.stack([
    linear.measure_readability(layer, deal) for deal in deals]).mean(dim=0)
    for layer in features], dim=1)  # (seeds, layers)
selectivity = ours["meaning"] - control

# %% control-figure
fig, ax = new_figure(height=4.6)
pair = {"meaning": ours["meaning"], "meaning, dealt anew": control}
ladder.plot_ladder(ax, pair)
gap = np.median(selectivity, axis=0)
lesson.figure("selectivity", fig, data=as_columns(pair),
    alt="The topic, and the same topics dealt out to the nouns by chance, "
        f"layer by layer. The gap is {gap[3]:.2f} at layer 4, {gap[4]:.2f} at "
        f"layer 5, {gap[5]:.2f} at layer 6 and {gap[6]:.2f} at layer 7.",
    caption="Dashed: what the probe gets right by knowing words only.")

# %% control-claim
lesson.claim("meaning-is-more-than-words",
    "At the logits the real topics are read better than topics dealt out by "
    "chance, by 15 points or more", selectivity[:, -1], at_least=0.15,
    format=".2f", trap=("at layer 3 instead", selectivity[:, 2]))

# %% [markdown]
# ## One line on its way up
# The first held-out line whose noun is an anagram, in the first seed's
# network. Each layer is read at the place of each letter, and as a whole.

# %% in-place
letters = page.truth["letters"]  # (lines, places)
starts = torch.tensor(reading.PLACES, device=device) * reading.PITCH
first = page.truth["indent"][:, None] + starts
spans = torch.stack([first, first + reading.PITCH], dim=2)
places = linear.measure_features(nets["the answer"], page.pixels, spans)
spelt = [[linear.read_held_out(layer[:, :, n], letters[:, n])
          for n in range(9)] for layer in places]  # (letters, probabilities)
exam = spelt[0][0][0].shape[1]  # held-out lines
in_place = torch.stack([torch.stack([
    got.eq(letters[-exam:, n].cpu()).double().mean(dim=1)
    for n, (got, _) in enumerate(row)]).mean(dim=0) for row in spelt], dim=1)

# %% as-a-whole
asks = {"word": (nouns, reading.NOUNS), "meaning": (topics, [*reading.TOPICS]),
        "sentence": (page.truth["answers"] % 2, ("statement", "question"))}
whole = {heading: [linear.read_held_out(layer, labels) for layer in features]
         for heading, (labels, _) in asks.items()}
anagrams = torch.tensor([n in reading.ANAGRAMS for n in reading.NOUNS])
one = int(anagrams[nouns[-exam:].cpu()].int().argmax())  # the first of them
row_of = len(page) - exam + one

# %% followed
line = [[reading.ALPHABET[got[0, one]] for got, _ in row] for row in spelt]
sure = [[float(chance[0, one]) for _, chance in row] for row in spelt]
columns = {heading: [(asks[heading][1][got[0, one]], float(chance[0, one]))
                     for got, chance in rows]
           for heading, rows in whole.items()}
truth = [reading.ALPHABET[n] for n in letters[row_of]]
truth += [names[labels[row_of]] for labels, names in asks.values()]
text = " ".join("".join(truth[n:n + 3]) for n in (0, 3, 6))
good = [sum(map(str.__eq__, row, truth)) for row in line]

# %% followed-figure
fig, ax = new_canvas(height=3.9)
ladder.plot_followed(ax, page.pixels[row_of, 0].cpu(),
    first[row_of].cpu() + reading.PITCH / 2, line, sure, columns, truth)
said = {heading: [word for word, _ in column]
        for heading, column in columns.items()}
lesson.figure("followed", fig,
    data={"layer": range(1, 8), "letters right": good, **said},
    alt=f'The line "{text}" as it is read at layers 1 to 7. Letters right, of '
        f"nine: {good}. " + " ".join(f"{heading}: {', '.join(words)}."
                                     for heading, words in said.items()),
    caption="Read from below. Tinted: read correctly, the deeper the tint the "
            "surer. Grey: misread.")

# %% in-place-numbers
lesson.number("in-place-guess", float(np.mean(
    [linear.majority_share(letters[:, n]) for n in range(9)])), format=".0%")
lesson.number("in-place-best", in_place.amax(dim=1), format=".0%")
lesson.number("in-place-left", in_place[:, -1], format=".0%")

# %% dissolves-claim
lesson.claim("the-text-dissolves",
    "Over all held-out lines, at least 25 points fewer letters can be read in "
    "their places at the logits than at the best layer",
    in_place.amax(dim=1) - in_place[:, -1], at_least=0.25, format=".2f",
    trap=("the topic instead", reader["meaning"] - ours["meaning"][:, -1]))

# %% misread
def same_topic(layer):
    """Of the nouns misread at a layer: the share with the right topic."""
    got, noun = whole["word"][layer - 1][0], nouns[-exam:].cpu()
    wrong, kin = got != noun, got // 6 == noun // 6  # six nouns for each topic
    return (wrong & kin).sum(dim=1) / wrong.sum(dim=1).clamp(min=1)

# %% misread-claim
lesson.claim("misread-words-mean-the-same",
    "At the logits, at least 75 % of misread nouns have the right topic",
    same_topic(7), at_least=0.75, format=".2f",
    trap=("at layer 3 instead", same_topic(3)))

# %% [markdown]
# ## What single units look for
# Of each map the choosiest unit, and the patches that it answers to most.

# %% patches
fig, ax = new_canvas(height=3.6)
found = linear.strongest_patches(
    nets["the answer"], page.pixels[:500], fields())
ladder.plot_patches(ax, {f"layer {n}": p for n, p in enumerate(found, 1)})
lesson.figure("patches", fig, data={"layer": range(1, 6), "pixels": sees},
    alt="For one unit of each map, the patches that it answers to most. They "
        "widen from a stroke at layer 1 to several letters at layer 5.",
    caption="What moves one unit of each layer most. A patch is as wide as "
            "the unit's view; small ones are enlarged.")

# %% [markdown]
# ## Break it

# %% best-of-each
shown = {name: {r: shares[r] for r in ("typeface", *ladder.RUNGS)}
         for name, shares in best.items()}
middle = {name: {r: float(v.median()) for r, v in row.items()}
          for name, row in shown.items()}

# %% best-figure
fig, ax = new_figure(height=5.6)
ladder.plot_best(ax, shown)
lesson.figure("best", fig,
    data={"rung": list(shown["the answer"]),
          **{name: list(row.values()) for name, row in middle.items()}},
    alt="Best reading of each rung. " + "; ".join(
        f"trained on {name}: " + ", ".join(f"{r} {v:.2f}" for r, v in
        row.items()) for name, row in middle.items()) + ".",
    caption="The same pictures, the same network. Only the task differs.")

# %% shuffled-claims
lost, other = best["shuffled answers"], best["the typeface"]
lesson.claim("no-answer-no-letters",
    f"With shuffled answers, letters stay below {bar:.0%} at every layer",
    lost["letters"], below=bar, format=".2f",
    trap=("the true answers", reader["letters"]))
lesson.claim("no-answer-no-words",
    "With shuffled answers, words stay below 30 % at every layer",
    lost["words"], below=0.3, format=".2f",
    trap=("the true answers", reader["words"]))

# %% typeface-claims
lesson.number("typeface-letters", other["letters"], format=".2f")
lesson.claim("another-task-no-words",
    "Trained on the typeface of the same lines, words stay below 40 %",
    other["words"], below=0.4, format=".2f",
    trap=("trained on the answer", reader["words"]))
lesson.claim("reading-forgets-the-typeface",
    "At the logits of the network that reads, the typeface can be read in at "
    "most 35 % of lines", ours["typeface"][:, -1], at_most=0.35, format=".2f",
    trap=("trained on the typeface", read["the typeface"]["typeface"][:, -1]))

# %% falls
def last_step(shares):
    return shares[:, -1] - shares[:, -2]  # (seeds,)

def deepest_fall(shares):
    """From the best of the layers so far to a later one."""
    return (shares.cummax(dim=1).values - shares).amax(dim=1)  # (seeds,)

# %% paper-and-ours
alain, hewitt = "(Alain, Bengio 2016)", "(Hewitt, Liang 2019)"
lesson.table("paper-and-ours", columns=["what", "paper", "ours"],
    format=".2f", rows=[
    [f"deepest fall with depth: what the network is trained on {alain}",
     "none: it grows with depth", deepest_fall(ours["answer"])],
    ["deepest fall: letters", "not asked", deepest_fall(ours["letters"])],
    [f"accuracy, from the last layer but one to the last {hewitt}",
     "slightly lower", last_step(ours["meaning"])],
    [f"selectivity, from the last layer but one to the last {hewitt}",
     "substantially higher", last_step(selectivity)]],
    caption="In shares read correctly. Hewitt and Liang: word classes in "
            "ELMo, a language model; ours: topics.")

# %% exercise-1
def at_layer_3(alphabet):
    pictures = reading.letters(900, 8, alphabet=alphabet, device=device)
    layer = linear.measure_features(nets["the answer"], pictures.pixels)[2]
    return linear.measure_readability(layer, pictures.truth["letters"])

unmet = "".join(sorted(set(reading.ALPHABET) - set(reading.LETTERS)))
met = {"six that it met": at_layer_3(reading.LETTERS[:6]),
       f"six that it never met ({unmet})": at_layer_3(unmet)}
lesson.table("unmet-letters", columns=["letters", "read at layer 3"],
    rows=[[name, shares] for name, shares in met.items()], format=".2f",
    caption="Which of six letters is in the picture?")

# %% exercise-2
fillers = torch.stack([linear.measure_readability(layer, page.truth["fillers"])
                       for layer in features], dim=1)  # (seeds, layers)
for n in (5, 7):
    lesson.number(f"fillers-at-{n}", fillers[:, n - 1], format=".2f")
    lesson.number(f"nouns-at-{n}", ours["words"][:, n - 1], format=".2f")
lesson.claim("what-is-not-needed-is-dropped",
    "At the logits, at most 30 % of the fillers can still be read",
    fillers[:, -1], at_most=0.3, format=".2f",
    trap=("at layer 5 instead", fillers[:, 4]))

# %% exercise-3
strange = reading.lines(2_000, 9, fonts=reading.OTHER_FONTS,
                        device=device).asked("answers")
lesson.table("strange-fonts", columns=["fonts", "answered correctly"],
    rows=[["those of its training", right["the answer"]],
          ["five that it never saw",
           measure_accuracy(nets["the answer"], strange)]], format=".2f",
    caption="Guessing gives one in six.")
