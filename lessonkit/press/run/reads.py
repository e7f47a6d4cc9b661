"""What a lesson reads while it runs, as Python's own audit events and a few calls tell it.

Whatever a lesson opens, lists or looks for is an input of its run, declared or not: it is written
down as it was found, and the run stands as long as each is as it was. What would read unseen
(another program, the network) is refused.
"""

from __future__ import annotations

import _thread
import functools
import json
import os
import platform
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from lessonkit.press.lesson import inputs
from lessonkit.press.run import calls
from lessonkit.press.run.owned import Owned
from lessonkit.press.run.places import Places, source_of

# Standard modules through which a lesson itself asks whether something is there.
_ASKING = (
    *("genericpath.py", "posixpath.py", "ntpath.py", "pathlib.py", "glob.py", "fnmatch.py"),
    "filecmp.py",
)
_WRITES = os.O_WRONLY | os.O_RDWR


class LessonError(Exception):
    """The lesson did something that no run may contain."""


class Reads:
    """Takes down what a lesson reads, in its process and in those that it forks.

    Args:
        job: as the worker got it.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.places = Places(job)
        self.root = job["root"]
        self.code = {os.path.realpath(path) for path in job["code"]}  # the key covers it
        self.vouched = job["vouched"]  # the lesson says what its programs read
        self.report = os.path.join(job["folder"], "reads.txt")  # of forked processes
        self.found = dict[str, str]()  # input -> what it was when the lesson first looked
        self.own = Owned()
        self.refusal = ""
        self.here = {"localhost", "::1", "::", "0.0.0.0", platform.node()}
        self.pid = os.getpid()
        self.on = False
        self.busy = set[int]()  # threads that are looking something up for us
        self.beside = dict[int, str]()  # thread -> what it opens by way of an open folder
        sys.addaudithook(self._audit)

    def begin(self) -> None:
        """Look on from here."""
        calls.wrap("stat", functools.partial(self._alone, self._asked))
        calls.wrap("lstat", functools.partial(self._alone, self._asked_link))
        calls.wrap("access", functools.partial(self._alone, self._asked))
        calls.wrap("open", functools.partial(self._alone, self._in_folder))
        calls.wrap_spawning(functools.partial(self._alone, self._spawned))
        self.on = True

    def end(self) -> dict[str, str]:
        """Look no longer, and return every input as it was found.

        Raises:
            LessonError: something was refused, or an input has changed meanwhile.
        """
        self.on = False
        if os.path.exists(self.report):
            with open(self.report, encoding="utf-8") as file:
                for line in file:
                    name, digest = json.loads(line)
                    self.found.setdefault(name, digest)
            os.unlink(self.report)
        self.refusal = self.found.pop("refused", self.refusal)
        if self.refusal:
            raise LessonError(self.refusal)
        inputs.forget()
        self.own.settle(self.root, self.found, self.places.name)
        for name in inputs.moved(self.root, self.found):
            if not inputs.spoken(name).startswith(("/", "~")):
                raise LessonError(inputs.changed(self.root, name, self.found[name]))
        return dict(sorted(self.found.items()))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        look = _LOOKS.get(event)
        if look is not None and self.on:
            self._alone(look, self, *arguments)

    def _alone(self, look: Callable[..., None], *arguments: Any) -> None:
        """Look into something; what that opens itself is nobody's."""
        thread = _thread.get_ident()
        if not self.on or thread in self.busy:
            return
        self.busy.add(thread)
        try:
            look(*arguments)
        finally:
            self.busy.discard(thread)

    # What the events say.

    def _opened(self, path: Any, mode: Any = None, flags: int = 0, *_: Any) -> None:
        path = self.beside.pop(_thread.get_ident(), path)
        if isinstance(path, int) or not path:
            return
        place = self.places.absolute(path)
        if place is None:
            self._keep_out(path)
            return
        if inputs.HIDDEN in place:  # what Python has compiled stands for its source
            if flags & _WRITES:
                return
            place = source_of(place)
        if flags & os.O_EXCL:  # it fails where something is, and so tells
            self._looked_for(place)
        elif flags & _WRITES and flags & os.O_TRUNC:
            self.own.write(place)
        elif flags & os.O_WRONLY:
            self.own.added.setdefault(place, inputs.digest(self.root, f"read {place}"))
        else:
            self._note("read", place, imported=calls.by_import())

    def _listed(self, path: Any = ".", *_: Any) -> None:
        if calls.by_import():
            return  # Python looks for a module: which one it takes is seen when it opens it
        self._note("list", self.places.absolute(os.curdir if path is None else path))

    def _made_folder(self, path: Any, *_: Any) -> None:
        self.own.make(self.places.absolute(path), alone=calls.by_tempfile())

    def _removed(self, path: Any, folder: int = -1) -> None:
        self.own.clear(self.places.absolute(calls.whole(path, {"dir_fd": folder})))

    def _truncated(self, path: Any, length: int) -> None:
        if length == 0:
            self.own.clear(self.places.absolute(path))

    def _looked_for(self, place: str | None) -> None:
        """Something is made, unless it is there."""
        if not calls.by_tempfile():
            self._note("stat", place)
        self.own.make(place, alone=calls.by_tempfile())

    def _renamed(self, source: Any, target: Any, *_: Any) -> None:
        place, into = self.places.absolute(source), self.places.absolute(target)
        if place and inputs.HIDDEN in place:
            return
        if place and not (self.own.has(place) or self.own.began(place)):
            self._note("read", place)
        elif into:
            self.own.made.add(into)

    def _linked(self, source: Any, *_: Any) -> None:
        self._note("read", self.places.absolute(source))

    def _keep_out(self, path: Any) -> None:
        if self.places.of_a_run(path):
            self._refuse(
                "the lesson opens the run of a lesson, which the next build replaces unnoticed. "
                "Let both lessons import what they share, or show the other's evidence on the page."
            )

    def _loaded(self, name: Any, file: Any = None, *_: Any) -> None:
        if file:  # a compiled module
            self._note("read", self.places.absolute(file))

    def _database(self, database: Any, *_: Any) -> None:
        name = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
        if name and ":memory:" not in name and "mode=memory" not in name:
            uri = name.startswith("file:")
            path = unquote(urlsplit(name).path) if uri else name
            place = self.places.absolute(path)
            if place and os.path.lexists(place):
                self._note("read", place)
            else:
                self._looked_for(place)

    def _foreign(self, name: Any, *_: Any) -> None:
        if isinstance(name, (str, bytes)) and os.path.exists(name):
            self._note("read", self.places.absolute(name))
        self._program(f"machine code ({os.fsdecode(name)})" if name else "machine code", "calls")

    def _started(self, program: Any, *_: Any) -> None:
        shown = program if isinstance(program, (str, bytes, os.PathLike)) else str(program)
        self._program(f"the program {os.path.basename(os.fsdecode(shown)[:60])}", "starts")

    def _program(self, what: str, does: str) -> None:
        if not self.vouched and calls.by_lesson(self.places.is_library):
            self._refuse(
                f"the lesson {does} {what}, and what that reads nobody here can see: a change in "
                "it would go unnoticed. Do it in Python (a pool of forked processes is seen), or "
                "say what it reads, if anything: Lesson(…, reads=[…])."
            )

    def _parted(self, *_: Any) -> None:
        self._program("an interpreter of its own", "starts")

    def _spoke(self, socket: Any, address: Any = None, *_: Any) -> None:
        host = address[0] if isinstance(address, tuple) and address else address
        self._asked_network(host if isinstance(address, tuple) else None)

    def _asked_network(self, host: Any, *_: Any) -> None:
        name = os.fsdecode(host) if isinstance(host, (str, bytes)) else ""
        if name and name not in self.here and not name.startswith("127."):
            self._refuse(
                f"the lesson asks the network ({name}): what it is told may change, and nobody "
                "would notice. Download it once into the project, and read it from there."
            )

    # Calls that raise no event, or one that does not say all.

    def _asked(self, path: Any, arguments: dict[str, Any]) -> None:
        if isinstance(path, int) or (isinstance(path, str) and self.places.surely_elsewhere(path)):
            return
        if calls.by_lesson(self.places.is_library, _ASKING):
            place = self.places.absolute(calls.whole(path, arguments))
            if place and self.places.inside(place) and os.path.realpath(place) not in self.code:
                self._note("stat", place)

    def _asked_link(self, path: Any, arguments: dict[str, Any]) -> None:
        if not calls.resolving():
            self._asked(path, arguments)

    def _in_folder(self, path: Any, arguments: dict[str, Any]) -> None:
        if arguments.get("dir_fd") is not None:
            self.beside[_thread.get_ident()] = calls.whole(path, arguments)

    def _spawned(self) -> None:
        names = [os.path.basename(frame.f_code.co_filename) for frame in calls.callers()]
        if "subprocess.py" not in names and "resource_tracker.py" not in names:
            self._program("a fresh Python (multiprocessing's spawn or forkserver)", "starts")

    # Taking down.

    def _note(self, how: str, place: str | None, imported: bool = False) -> None:
        if place is None or calls.removing():
            return
        if self.own.has(place):
            place = self.places.behind(place)
        if self.own.has(place) or self.places.is_declared(place):
            return
        if os.path.realpath(place) in self.code and (imported or calls.is_shown()):
            return
        if self.own.began(place):  # what it reads there depends on there having been nothing
            how = "stat"
        name = f"{how} {self.places.name(place)}"
        if name in self.found:
            return
        now = self.own.added.get(place) if how == "read" else None
        if now is None:
            now = inputs.ABSENT if self.own.began(place) else inputs.digest(self.root, name)
        if now != inputs.ABSENT or self.places.inside(place):  # libraries look for much elsewhere
            self.found[name] = now
            self._tell(name, now)

    def _refuse(self, why: str) -> None:
        self.refusal = why
        self._tell("refused", why)
        raise LessonError(why)

    def _tell(self, name: str, digest: str) -> None:
        """Report from a forked process to the lesson's own."""
        if os.getpid() != self.pid:
            with open(self.report, "a", encoding="utf-8") as file:
                file.write(json.dumps([name, digest]) + "\n")


_LOOKS: dict[str, Callable[..., None]] = {
    "open": Reads._opened,
    "os.listdir": Reads._listed,
    "os.scandir": Reads._listed,
    "os.mkdir": Reads._made_folder,
    "os.rename": Reads._renamed,
    "os.remove": Reads._removed,
    "os.rmdir": Reads._removed,
    "os.truncate": Reads._truncated,
    "os.link": Reads._linked,
    "import": Reads._loaded,
    "sqlite3.connect": Reads._database,
    "cpython.PyInterpreterState_New": Reads._parted,
    "ctypes.dlopen": Reads._foreign,
    "subprocess.Popen": Reads._started,
    "os.system": Reads._started,
    "os.exec": Reads._started,
    "os.posix_spawn": Reads._started,
    "os.spawn": Reads._started,
    "os.startfile": Reads._started,
    "socket.connect": Reads._spoke,
    "socket.sendto": Reads._spoke,
    "socket.getaddrinfo": Reads._asked_network,
    "socket.gethostbyname": Reads._asked_network,
}
