"""The process that imports the libraries of lessons once, and forks a child for each lesson.

Importing numpy, matplotlib and torch costs more than many a lesson computes. Nothing of the
project's own code is in a nursery, nothing has been drawn, no tensor computed, it has one thread
and no open sockets: a child begins where a fresh interpreter would stand after these imports.

The builder (`nurseries`) writes a line of JSON for each lesson to its input; it answers with the
child's number, and with its exit code when it has ended.
`python -m lessonkit.press.run.nursery BUILDER RUNS`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from lessonkit.press.run import streams, warden, worker

# What matplotlib imports when it draws for the first time: every lesson that makes figures will.
_DRAWING = {"matplotlib.pyplot", "matplotlib.figure"}
_BACKENDS = ("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")


class UnfitError(Exception):
    """Children of this process would not be as in a fresh one."""


def main(builder: int, runs: Path) -> int:
    """Import, then fork a child for each line that comes; in a child, do its job."""
    requests, replies = os.dup(0), os.dup(1)  # children hold neither
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    with open(requests, "rb", buffering=0) as incoming, open(replies, "wb", buffering=0) as out:
        family = _Family(incoming, out, runs, builder)
        signal.signal(signal.SIGTERM, family.end)
        warden.end_with(builder, signal.SIGTERM, family.end)
        warden.inherit()
        _import(json.loads(incoming.readline() or family.end())["modules"])
        gc.collect()
        gc.freeze()  # what is here stays: no child need look at it, and copy the pages, again
        request = family.serve()
    return _live(request)


class _Family:
    """The children of this process, and the two ends of its talk with the builder."""

    def __init__(self, incoming: Any, out: Any, runs: Path, builder: int) -> None:
        self.incoming, self.out, self.runs, self.builder = incoming, out, runs, builder
        self.gone = False  # the builder is
        self.jobs = dict[int, str]()  # descriptor of a child -> its job
        self.numbers = dict[int, int]()  # descriptor of a child -> its number
        self.ready = selectors.DefaultSelector()
        self.ready.register(incoming, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any]:
        """Do what the builder asks for; return only in a child, with what it shall do."""
        while True:
            for key, _ in self.ready.select():
                if key.fd in self.numbers:
                    self._bury(key.fd)
                    continue
                line = self.incoming.readline()
                if not line.strip():  # a farewell; without one the builder was killed
                    self.gone = not line
                    self.end()
                request = json.loads(line)
                if _shadowed(Path(request["beside"])):
                    _tell(self.out, job=request["job"], lost=True)
                elif self._fork(request["job"]) == 0:
                    return request

    def _fork(self, job: str) -> int:
        number = os.fork()
        if number == 0:  # the child owns nothing of this
            for descriptor in self.numbers:
                os.close(descriptor)
            self.ready.close()
            return 0
        with contextlib.suppress(OSError):  # the child does it, too: whoever comes first
            os.setpgid(number, number)
        descriptor = os.pidfd_open(number)
        self.numbers[descriptor], self.jobs[descriptor] = number, job
        self.ready.register(descriptor, selectors.EVENT_READ)
        _tell(self.out, job=job, pid=number)
        return number

    def _bury(self, descriptor: int) -> None:
        self.ready.unregister(descriptor)
        code = _reap(descriptor, self.numbers.pop(descriptor))
        warden.end_family(spare=set(self.numbers.values()))  # of a warden that was killed itself
        _tell(self.out, job=self.jobs.pop(descriptor), code=code)

    def end(self, *_: object) -> NoReturn:
        """End with all children: each is a warden, and ends what its lesson started."""
        for number in self.numbers.values():
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGTERM)
        end = time.monotonic() + warden.PATIENCE
        left = set(self.numbers.values())
        while left and time.monotonic() < end:
            left = {number for number in left if _lives(number)}
            time.sleep(0.002)
        for number in left:
            _kill_group(number)
        warden.tidy(
            self.runs, self.gone or os.getppid() != self.builder
        )  # also what a killed builder asked for, never begun
        os._exit(0)


def _live(request: dict[str, Any]) -> int:
    """In a child: become what a fresh process would be, and do the job."""
    nursery = os.getppid()
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    written = os.open(request["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(written)
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()  # at import it took its seed from the system: once for all children
    sys.path.insert(0, "")  # where the worker puts the folder of the script
    return worker.main(request["job"], nursery)


def _leave(code: int) -> None:
    """End a child as an interpreter ends, but for taking thousands of modules apart."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    streams.flush(sys.stdout, sys.stderr)
    os._exit(code)


def _import(modules: Sequence[str]) -> None:
    """Import what the lessons import; what cannot be imported is theirs to complain about."""
    del sys.path[0]  # the project's root: nothing of the project belongs in here
    tops = {name.partition(".")[0] for name in modules}
    if "matplotlib" in tops:
        worker.import_matplotlib(Path("/"))
    for name in [*sorted(modules), *(_BACKENDS if _DRAWING & {*modules} else ())]:
        parent, _, last = name.rpartition(".")
        if parent in sys.modules and hasattr(sys.modules[parent], last):
            continue  # `from parent import last` takes this
        try:
            importlib.import_module(name)
        except Exception:
            pass
    if "matplotlib.mathtext" in sys.modules:  # its first use costs more than many a label
        sys.modules["matplotlib.mathtext"].MathTextParser("path").parse("$0$")
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:  # only the one that forks lives on in a child
        raise UnfitError(f"importing {', '.join(sorted(tops))} started {threads - 1} threads")


def _shadowed(folder: Path) -> bool:
    """Say whether a file beside the script has the name of a module that is imported here."""
    return any(entry.name.removesuffix(".py") in sys.modules for entry in os.scandir(folder))


def _reap(descriptor: int, number: int) -> int:
    _kill_group(number)  # whatever the lesson started; its number is still its own
    _, status = os.waitpid(number, 0)
    os.close(descriptor)
    return os.waitstatus_to_exitcode(status)


def _lives(number: int) -> bool:
    try:
        return os.waitpid(number, os.WNOHANG)[0] == 0
    except ChildProcessError:  # buried before
        return False


def _kill_group(number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(number, signal.SIGKILL)


def _tell(out: Any, **event: Any) -> None:
    out.write(json.dumps(event).encode() + b"\n")


if __name__ == "__main__":
    try:
        ended = main(int(sys.argv[1]), Path(sys.argv[2]))
    except UnfitError as unfit:
        sys.exit(str(unfit))
    _leave(ended)
