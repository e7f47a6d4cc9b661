"""Whatever is killed, and whenever: nothing of a build outlives it, and the next one succeeds."""

from __future__ import annotations

import random

import pytest
from kills import Course, disturb, two_builders

from lessonkit.press.run import warden

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not warden.SUPPORTED, reason="only Linux lets a process inherit others"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course(tmp_path_factory.mktemp("kills") / "course")


@pytest.mark.parametrize("what", ["worker", "parent", "group", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_killed_build_leaves_nothing_and_can_be_built_again(built: Course, what: str) -> None:
    assert disturb(built, what, random.Random(what)) == []


def test_two_builders_agree(built: Course) -> None:
    assert two_builders(built) == []
