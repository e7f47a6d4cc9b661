"""Forking lessons from a process that has imported their libraries, instead of starting each anew.

Importing numpy, matplotlib and torch costs more than many a lesson computes. On Linux, lessons that
name the same libraries at the top of their code come from one process, a nursery, which imports
what all of them import and then forks a child for each. Nothing of the project's own code is in it,
nothing has been drawn, no tensor computed, it has one thread and no open sockets: a child begins
where a fresh interpreter would stand after these imports.

The builder writes a line of JSON for each lesson to the nursery's input; the nursery answers with
the child's number, and with its exit code when it has ended.
`python -m lessonkit.press.run.nursery`.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import gc
import importlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from lessonkit.press.run import worker

log = logging.getLogger("mkdocs.plugins.lessonkit")
Name = TypeVar("Name", bound=Hashable)

SUPPORTED = sys.platform == "linux" and hasattr(os, "pidfd_open")
_PATIENCE = 5.0  # seconds that a nursery gets to end its children
# What matplotlib imports when it draws for the first time: every lesson that makes figures will.
_DRAWING = {"matplotlib.pyplot", "matplotlib.figure"}
# What torch imports when the first optimiser is made, which takes longer than torch itself.
_OPTIMISING = "torch._dynamo"
_BACKENDS = ("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")


# What lessons import.


def common(wanted: Mapping[Name, frozenset[str]]) -> dict[Name, tuple[str, ...]]:
    """Say which lessons can come from one nursery, and what it may import.

    Lessons that want the same libraries share one; those that are left over share another. A
    nursery imports nothing that one of its lessons would not: `import sklearn` must not find
    `sklearn.datasets` there because another lesson wanted it.

    Args:
        wanted: a lesson's job, by any name -> the modules of libraries that its code names.

    Returns:
        The same names -> what their nursery imports; lessons that have nothing in common with
        others are left out.
    """
    groups = defaultdict[frozenset[str], list[Name]](list)
    for name, modules in wanted.items():
        tops = {module.partition(".")[0] for module in modules}
        groups[frozenset(tops | modules & {_OPTIMISING})].append(name)
    single = [name for names in groups.values() if len(names) == 1 for name in names]
    shared: dict[Name, tuple[str, ...]] = {}
    for names in (*groups.values(), single):
        if len(names) > 1:
            modules = frozenset.intersection(*(wanted[name] for name in names))
            shared |= dict.fromkeys(names, tuple(sorted(modules)))
    return {name: modules for name, modules in shared.items() if modules}


def libraries(files: Sequence[Path], ours: Sequence[Path]) -> frozenset[str]:
    """Return the modules of libraries that files import outside functions and conditions.

    Args:
        files: the lesson's script and the modules of the project that it reaches.
        ours: the folders from which modules of the project are imported.
    """
    found = {name for file in files for name in _named(file, file.stat().st_mtime_ns)}
    found -= set() if "torch" in found else {_OPTIMISING}
    return frozenset(name for name in found if not _is_ours(name.partition(".")[0], ours))


def _is_ours(top: str, folders: Sequence[Path]) -> bool:
    if top == "lessonkit" or top in sys.stdlib_module_names:  # these are cheap
        return True
    return any((folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in folders)


@lru_cache(maxsize=1024)
def _named(file: Path, mtime: int) -> frozenset[str]:
    tree = ast.parse(file.read_bytes())
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    optimises = any(a.attr == "optim" and ast.unparse(a) == "torch.optim" for a in attributes)
    return frozenset([*_imports(tree), *[_OPTIMISING] * optimises])


def _imports(tree: ast.Module) -> Iterator[str]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, (ast.Module, ast.Try, ast.With)):  # what surely runs
            waiting += ast.iter_child_nodes(node)


# The builder's side.


@dataclass
class Child:
    """A lesson's process, as a nursery tells of it; like `subprocess.Popen`, as far as it goes."""

    nursery: Nursery
    pid: int | None = None  # None: not yet forked
    returncode: int | None = None
    lost: bool = False  # it must be started anew, in a fresh process

    def poll(self) -> int | None:
        """Return the exit code, as `Popen.poll`."""
        self.nursery.listen()
        return self.returncode


@dataclass
class Nursery:
    """A process that has imported `modules` and forks lessons."""

    modules: Sequence[str]
    environment: Mapping[str, str]
    folder: Path  # in which lessons run
    children: dict[str, Child] = field(default_factory=dict)  # by the file of the job
    heard: bytes = b""

    def __post_init__(self) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lessonkit.press.run.nursery", str(os.getpid())],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._write({"modules": list(self.modules)})

    @property
    def alive(self) -> bool:
        """Whether it can fork lessons."""
        return self.process.returncode is None

    def start(self, job: Path, log_file: Path, script: Path) -> Child:
        """Ask for a child that does the job; its output goes to the end of `log_file`."""
        child = self.children[str(job)] = Child(self)
        self._write({"job": str(job), "log": str(log_file), "beside": str(script.parent)})
        return child

    def listen(self) -> None:
        """Take what it has told."""
        assert self.process.stdout is not None
        ended = self.process.poll() is not None  # first: what it said before is then all there
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.process.stdout.fileno(), 65536):
                self.heard += part
        *lines, self.heard = self.heard.split(b"\n")
        for line in lines:
            event = json.loads(line)
            child = self.children[event["job"]]
            child.pid = event.get("pid", child.pid)
            child.returncode = event.get("code")
            child.lost = event.get("lost", False)
        left = [child for child in self.children.values() if child.returncode is None]
        if ended and any(not child.lost for child in left):
            log.warning("%s; lessons go on in fresh processes.", self._death())
            for child in left:
                child.lost = True

    def close(self, at_once: bool = False) -> None:
        """End it; what it has forked and still runs ends with it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if at_once:
            self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.said.close()

    def _write(self, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            self.process.wait()  # it has gone: `listen` says so

    def _death(self) -> str:
        self.said.seek(0)
        words = self.said.read().decode("utf-8", "replace").strip().splitlines()
        code = self.process.returncode
        reason = words[-1] if words else f"exit code {code}"
        return f"the process from which lessons are forked ended ({reason})"


# The nursery's side.


class UnfitError(Exception):
    """Children of this process would not be as in a fresh one."""


def main(builder: int) -> int:
    """Import, then fork a child for each line that comes; in a child, do its job."""
    requests, replies = os.dup(0), os.dup(1)  # children hold neither
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    children = dict[int, str]()  # descriptor of a process -> its job
    numbers = dict[int, int]()  # descriptor of a process -> its number

    def end(*_: object) -> None:
        for number in numbers.values():
            _kill_group(number)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    worker.end_with(builder, signal.SIGTERM)
    with open(requests, "rb", buffering=0) as incoming, open(replies, "wb", buffering=0) as out:
        _import(json.loads(incoming.readline())["modules"])
        gc.collect()
        gc.freeze()  # what is here stays: no child need look at it, and copy the pages, again
        ready = selectors.DefaultSelector()
        ready.register(incoming, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd in numbers:
                    ready.unregister(key.fd)
                    code = _reap(key.fd, numbers.pop(key.fd))
                    _tell(out, job=children.pop(key.fd), code=code)
                    continue
                line = incoming.readline()
                if not line:
                    end()
                request = json.loads(line)
                if _shadowed(Path(request["beside"])):
                    _tell(out, job=request["job"], lost=True)
                    continue
                number = os.fork()
                if number == 0:
                    for descriptor in numbers:
                        os.close(descriptor)
                    ready.close()
                    break  # out of all of this: the child owns nothing of the nursery's
                with contextlib.suppress(OSError):  # the child does it, too: whoever comes first
                    os.setpgid(number, number)
                descriptor = os.pidfd_open(number)
                numbers[descriptor], children[descriptor] = number, request["job"]
                ready.register(descriptor, selectors.EVENT_READ)
                _tell(out, job=request["job"], pid=number)
            else:
                continue
            break
    return _live(request)


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
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or replaced
            stream.flush()
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


def _kill_group(number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(number, signal.SIGKILL)


def _tell(out: Any, **event: Any) -> None:
    out.write(json.dumps(event).encode() + b"\n")


if __name__ == "__main__":
    try:
        ended = main(int(sys.argv[1]))
    except UnfitError as unfit:
        sys.exit(str(unfit))
    _leave(ended)
