"""A promise rests on every network known: this run's, and those of recorded replications."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workshop import Workshop

from lessonkit.evidence import Claim, EvidenceError, Rule, replication
from lessonkit.evidence.promise import Promise, promises
from lessonkit.evidence.replication import Replication
from lessonkit.press.course.entries import Course
from lessonkit.press.page import evidence
from lessonkit.press.run import replications

INSIDE, OUTSIDE = 1.0, 0.0  # of "above 0.5"
HERE = ("cpu", "this processor", "avx2")


def claim(values: list[float], trap: float = OUTSIDE, **more: Any) -> Claim:
    rule = Rule("above", (0.5,))
    return Claim("It is so.", values, rule, "a trap", [trap] * len(values), **more)


def record(values: list[float], seeds: int = 20_000, machine: int = 0, **more: Any) -> Replication:
    """A record of five networks; `machine` numbers the kinds of processor."""
    given: dict[str, Any] = {
        "lesson": "walks/stray",
        "source": "s",
        "profile": "quick",
        "device": "cpu",
        "processor": f"processor {machine}",
        "instructions": "avx2",
        "torch": None,
        "python": "3.11",
        "threads": 1,
        "seeds": list(range(seeds, seeds + len(values))),
        "claims": {"walks-stray": [values, [OUTSIDE] * len(values)]},
        "numbers": {},
        "cpu_seconds": 1.0,
        "pace": 0.01,
    }
    return Replication(**{**given, **more})


def records(inside: int, outside: int = 0, machines: int = 2) -> list[Replication]:
    """As many networks as asked for, five to a record, dealt out to kinds of machine."""
    values = [INSIDE] * inside + [OUTSIDE] * outside
    sets = [values[start : start + 5] for start in range(0, len(values), 5)]
    return [
        record(five, 20_000 + 1000 * number, number % machines) for number, five in enumerate(sets)
    ]


def promise(here: list[float], known: list[Replication]) -> Promise:
    return promises({"walks-stray": claim(here)}, known, range(len(here)), HERE)["walks-stray"]


# The rule, part by part.


@pytest.mark.parametrize(
    ("inside", "known", "kept"),
    [
        (5, [], True),  # without records a claim stands on its own run
        (3, [], True),  # at the median
        (2, [], False),
        (0, [], False),
        (1, records(50), True),  # one odd sample cannot break what fifty networks support
        (0, records(20), True),  # twenty networks on two kinds of machine are enough
        (0, records(15), False),  # fifteen are not
        (0, records(50, machines=1), False),  # nor are fifty on one kind of machine
        (5, records(0, 50), False),  # and one lucky sample cannot keep what fifty contradict
        (5, records(2, 3), True),  # seven of ten networks known
        (5, records(2, 13), False),  # seven of twenty
    ],
)
def test_a_promise_is_judged_over_all_networks_known(inside, known, kept) -> None:
    made = promise([INSIDE] * inside + [OUTSIDE] * (5 - inside), known)
    assert (made.problem is None) == kept


def test_an_odd_sample_is_shown_though_it_breaks_nothing() -> None:
    made = promise([INSIDE, OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE], records(50))
    assert made.disagreement == "here: 1 of 5 inside; elsewhere 50 of 50"
    assert made.standing == "holds, 51 of 55"


def test_a_lucky_sample_is_shown_too() -> None:
    made = promise([INSIDE] * 5, records(0, 50))
    assert made.disagreement == "here: 5 of 5 inside; elsewhere 0 of 50"
    assert made.problem.startswith("here: 5 of 5 inside; elsewhere 0 of 50. Over all networks")


def test_where_all_agree_this_machine_is_counted() -> None:
    made = promise([INSIDE] * 4 + [OUTSIDE], records(49, 1))
    assert (made.disagreement, made.standing) == ("", "holds, 4 of 5")
    assert made.replicated == "inside in 49 of 50 fresh networks, 2 kinds of machine"


def test_a_claim_without_records_says_so() -> None:
    assert promise([INSIDE] * 5, []).replicated == "not replicated since its last change"


def test_what_it_takes_to_overrule_this_machine_is_said() -> None:
    problem = promise([OUTSIDE] * 5, records(15)).problem
    assert "It takes 20 networks on 2 kinds of machine to overrule" in problem


def test_machines_that_disagree_about_the_trap_are_told() -> None:
    known = [record([INSIDE] * 5)]
    made = promises({"walks-stray": claim([INSIDE] * 5, trap=INSIDE)}, known, range(5), HERE)
    assert "and the trap gave 1; elsewhere 0" in made["walks-stray"].disagreement
    assert made["walks-stray"].problem


def test_a_network_counts_once() -> None:
    same = record([INSIDE] * 5, seeds=0, processor=HERE[1])
    assert promise([INSIDE] * 5, [same]).elsewhere is None
    other = replace(same, processor="another")  # the same seeds elsewhere are another sample
    assert len(promise([INSIDE] * 5, [other]).together.values) == 10


def test_a_smoke_run_promises_nothing_and_disagrees_with_nobody() -> None:
    smoke = {"walks-stray": claim([OUTSIDE] * 5, judged=False)}
    made = promises(smoke, records(50), range(5), HERE)["walks-stray"]
    assert (made.problem, made.disagreement) == (None, "")


def test_the_margin_is_that_of_all_networks_known() -> None:
    narrow, wide = [0.9, 1.0, 1.0, 1.0, 1.1], [0.6, 0.8, 1.0, 1.2, 1.4]
    assert not promise(narrow, []).thin
    assert promise(narrow, [record(wide)]).thin


# A record is data, and checked on reading.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "walks/stray.json"
    replication.write(path, "walks/stray", records(10))
    return path


def rewritten(file: Path, **changes: Any) -> None:
    """Change the first record, and seal it again as if it had been written so."""
    data = json.loads(file.read_text(encoding="utf-8"))
    first = {**data["records"][0], **changes}
    seal = Replication(**{n: v for n, v in first.items() if n != "seal"}).seal()
    data["records"][0] = {**first, "seal": seal}
    file.write_text(json.dumps(data), encoding="utf-8")


def test_records_survive_a_journey_through_json(file) -> None:
    assert replication.read(file, "walks/stray") == records(10)


def test_records_are_written_sorted_one_a_line(file) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) == 2 + 2
    replication.write(file, "walks/stray", records(10)[::-1])
    assert file.read_text(encoding="utf-8") == text


def test_a_lesson_without_a_file_has_no_records(tmp_path) -> None:
    assert replication.read(tmp_path / "none.json", "walks/stray") == []


@pytest.mark.parametrize("old", ["[1.0, 1.0", "20000,", '"avx2"', '"quick"', '"s"'])
def test_an_altered_record_is_refused(file, old) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    new = old.replace("1.0", "1.5").replace("000", "001").replace("a", "b")
    new = new.replace("q", "p").replace('"s"', '"t"')
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"record 1: altered since it was written"):
        replication.read(file, "walks/stray")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lesson": "walks/return"}, "belongs to lesson 'walks/return'"),
        ({"seeds": []}, "expected 1 values"),
        ({"seeds": [1, 2, 3, 4, 4]}, "whole seeds"),
        ({"seeds": [1, 2, 3, 4, 5.5]}, "whole seeds"),
        ({"seeds": "12345"}, "whole seeds"),
        ({"threads": None}, "whole seeds"),
        ({"claims": {"walks-stray": [[1.0] * 5]}}, "as many of its trap"),
        ({"claims": {"walks-stray": [[1.0] * 4, [0.0] * 4]}}, "expected 5 values"),
        ({"claims": {"walks-stray": [[1.0] * 5, ["0"] * 5]}}, "walks-stray"),
        ({"claims": {"walks-stray": [[1.0] * 5, [float("nan")] * 5]}}, "walks-stray"),
        ({"claims": {"Walks!": [[1.0] * 5, [0.0] * 5]}}, "Walks!"),
        ({"claims": [1]}, "expected texts"),
        ({"numbers": {"far": [None]}}, "far"),
        ({"cpu_seconds": "1"}, "expected texts"),
    ],
)
def test_a_record_that_no_lesson_could_have_left_is_refused(file, changes, reason) -> None:
    rewritten(file, **changes)
    with pytest.raises(EvidenceError, match=reason):
        replication.read(file, "walks/stray")


def test_a_network_that_is_recorded_twice_is_refused(file) -> None:
    first = records(10)[0]
    again = replace(first, seeds=[seed + 3 for seed in first.seeds])
    replication.write(file, "walks/stray", [first, again])
    with pytest.raises(EvidenceError, match=r"record 2: .*these seeds are in another record"):
        replication.read(file, "walks/stray")


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", '{"format": 9}', "[" * 100_000, "\udcff"),
        '{"format": 1, "lesson": "other", "records": []}',
        '{"format": 1, "lesson": "walks/stray", "records": [7]}',
    ],
)
def test_a_file_that_holds_no_records_says_what_to_do(file, text) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(EvidenceError, match=r"stray\.json: .*run `lessonkit replicate`"):
        replication.read(file, "walks/stray")


# What the press makes of it.


def furnished(there: Workshop, known: list[Replication]) -> None:
    """Give the lesson's present code these records."""
    run = there.entry().run
    assert run
    for one in known:
        replications.add(there.settings, replace(one, source=run.source))


def break_promise(there: Workshop) -> None:
    """Make the sentence promise what no walk here does."""
    there.replace("lessons/walks/stray.py", "above=0.5", "above=500")
    assert there.do("build").code == 1


def far(known: list[Replication]) -> list[Replication]:
    """Records of walks that kept the broken promise."""
    sides = [[600.0] * 5, [0.0] * 5]
    return [replace(one, claims={"walks-stray": sides}) for one in known]


def test_a_build_is_not_broken_by_an_odd_sample_and_says_that_it_is_odd(there) -> None:
    break_promise(there)
    furnished(there, far(records(50)))
    built, checked = there.do("build"), there.do("check")
    said = "here: 0 of 5 inside; elsewhere 50 of 50"
    assert (built.code, checked.code) == (0, 0), built.err + checked.err
    assert said in built.out
    assert said in checked.err
    assert there.do("status").out.count("50 networks, 2 machines") == 1


def test_without_records_the_same_sample_breaks_it(there) -> None:
    break_promise(there)
    assert there.do("check").code == 1


def test_records_of_other_code_do_not_count(there) -> None:
    furnished(there, far(records(50)))  # of the code before
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    break_promise(there)
    assert there.do("check").code == 1
    assert "not replicated" in there.do("check").err


def test_a_verdict_against_the_records_is_refused_and_shown(there) -> None:
    known = [replace(one, claims={"walks-stray": [[0.1] * 5, [0.0] * 5]}) for one in records(50)]
    furnished(there, known)
    built = there.do("build")
    assert built.code == 1
    assert "here: 5 of 5 inside; elsewhere 0 of 50" in built.err


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[600.0,", "[601.0,", "altered since it was written"),
        ('"lesson": "walks/stray", "n', '"lesson": "walks/return", "n', "altered since"),
        ('{"format": 1', '{"format": 2', "expected records of format 1"),
    ],
)
def test_records_that_cannot_be_believed_stop_the_build(there, old, new, reason) -> None:
    furnished(there, far(records(10)))
    there.replace("replications/walks/stray.json", old, new)
    for command in ("build", "check"):
        outcome = there.do(command)
        assert outcome.code == 1
        assert reason in outcome.err
    assert reason in there.do("status").out
    refused = there.do("replicate", "--sets", "1")
    assert refused.code == 1
    assert reason in refused.err


def test_a_record_of_a_claim_that_the_code_does_not_make_is_refused(there) -> None:
    foreign = replace(records(5)[0], claims={"walks-return": [[1.0] * 5, [0.0] * 5]})
    furnished(there, [foreign])
    outcome = there.do("build")
    assert outcome.code == 1
    assert "claim 'walks-return', which the same code does not make here" in outcome.err


def test_records_of_no_lesson_are_told(there) -> None:
    replication.write(there.settings.replications("walks/gone"), "walks/gone", [])
    outcome = there.do("check")
    assert outcome.code == 1
    assert "replications/walks/gone.json: belongs to no lesson" in outcome.err


def card(there: Workshop, author: bool = False) -> str:
    """The claim as its page shows it."""
    entry = Course(there.settings, author=author).entry("walks/stray")
    return evidence.block(entry, "walks-stray", str, "walks-stray")


def test_the_page_says_how_often_a_claim_was_replicated(there) -> None:
    assert "not replicated since its last change" in card(there)
    furnished(there, records(49, 1))
    assert "✓ holds, 5 of 5</span>" in card(there)
    assert "inside in 49 of 50 fresh networks, 2 kinds of machine" in card(there)


def test_the_page_says_where_machines_disagree(there) -> None:
    break_promise(there)
    assert "promise broken" in card(there)
    furnished(there, far(records(50)))
    page = card(there)
    assert "✓ holds, 50 of 55</span>" in page
    assert "Machines disagree. here: 0 of 5 inside; elsewhere 50 of 50." in page


def test_only_the_author_is_told_of_a_thin_margin(there) -> None:
    there.replace("lessons/walks/stray.py", "above=0.5", "above=5")
    there.build()
    assert "thin margin" not in card(there)
    assert "For the author: a thin margin: the median," in card(there, author=True)
    assert "thin margin" in there.do("build").out
    assert "warning" in there.do("check").err


# A change that moves no number keeps the records.


def test_records_are_carried_over_a_change_that_moves_no_number(there) -> None:
    furnished(there, records(10))
    before = there.entry().run.source
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 50 + 50")
    built = there.do("build")
    assert "carried over 2 replications of walks/stray: no number moved" in built.out
    entry = there.entry()
    assert entry.promises["walks-stray"].replicated.startswith("inside in 10 of 10 fresh networks")
    known = replications.records(there.settings, "walks/stray")
    assert {r.source for r in known} == {entry.run.source}
    assert all(r.carried_from == [before] for r in known)
    assert "carried over" not in there.do("build").out


def test_a_new_bound_is_judged_over_the_records_too(there) -> None:
    furnished(there, far(records(10)))  # a record holds values, never verdicts
    there.replace("lessons/walks/stray.py", "above=0.5", "above=1")
    assert "carried over 2 replications" in there.do("build").out
    assert there.entry().promises["walks-stray"].elsewhere.rule.bound == (1.0,)


def test_records_are_not_carried_over_a_change_that_moves_a_number(there) -> None:
    furnished(there, records(10))
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    assert "carried over" not in there.do("build").out
    entry = there.entry()
    assert entry.promises["walks-stray"].replicated == "not replicated since its last change"
    assert "1 of 1 claim not replicated since the last change" in there.do("check").err


def test_undoing_the_change_finds_the_records_again(there) -> None:
    furnished(there, records(10))
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    there.build()
    there.replace("lessons/walks/_toolbox.py", "STEPS = 101", "STEPS = 100")
    there.build()
    assert len(there.entry().promises["walks-stray"].records) == 2
