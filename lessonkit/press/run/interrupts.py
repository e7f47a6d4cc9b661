"""The signals that ask a builder to end, heard between two steps: none is left half done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C, a supervisor, a terminal that closes
_PATIENCE = 3  # signals after which somebody means it at once


@contextlib.contextmanager
def heard() -> Iterator[Callable[[], None]]:
    """Hear what asks this process to end only where `check()` is called, which then raises.

    Whoever handles a signal already, or ignores it, goes on doing so. A thread hears nothing.

    Raises:
        KeyboardInterrupt: from `check`, for Ctrl-C.
        SystemExit: from `check`, for the others: 128 and the number of the signal.
    """
    came: list[int] = []

    def check() -> None:
        if came:
            raise KeyboardInterrupt if came[0] == signal.SIGINT else SystemExit(128 + came[0])

    def hear(number: int, _: FrameType | None) -> None:
        came.append(number)
        if len(came) >= _PATIENCE:
            check()

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, hear)
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    check()
