"""What asks a builder to end is heard between two steps."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from lessonkit.press.run import interrupts


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Hear Ctrl-C as a terminal's program does: one in the background is born deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("number", "raised"),
    [
        (signal.SIGINT, KeyboardInterrupt),
        (signal.SIGTERM, SystemExit),
        (signal.SIGHUP, SystemExit),
    ],
)
def test_a_signal_is_heard_where_somebody_listens(
    number: signal.Signals, raised: type[BaseException]
) -> None:
    before = signal.getsignal(number)
    steps = []

    def work() -> None:
        with interrupts.heard() as check:
            os.kill(os.getpid(), number)
            steps.append("not half done")
            check()
            steps.append("never begun")

    with pytest.raises(raised) as stop:
        work()
    assert steps == ["not half done"]
    assert signal.getsignal(number) == before
    if raised is SystemExit:
        assert stop.value.code == 128 + number


def test_a_signal_after_the_last_look_is_not_lost() -> None:
    with pytest.raises(SystemExit), interrupts.heard():
        os.kill(os.getpid(), signal.SIGTERM)


def test_whoever_insists_ends_at_once() -> None:
    def work() -> None:
        with interrupts.heard():
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("still here")

    with pytest.raises(KeyboardInterrupt):
        work()


def test_an_ignored_signal_stays_ignored() -> None:  # nohup
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.heard() as check:
            os.kill(os.getpid(), signal.SIGHUP)
            check()
    finally:
        signal.signal(signal.SIGHUP, before)
