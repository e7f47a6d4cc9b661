"""The process in which one lesson runs: `python -m lessonkit.press.run.worker JOB.json`.

It executes the cells in order in one namespace, captures what each prints, returns and draws, and
ends by writing `cells.json`, `evidence.json` and `done.json` into the run's folder. Whoever started
it believes nothing but a complete `done.json`.
"""

from __future__ import annotations
import __future__

import ast
import io
import json
import os
import signal
import sys
import time
import traceback
import types
from functools import cache
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances
from lessonkit.evidence import session as evidence_session
from lessonkit.evidence.record import EvidenceError

_HINT = 2_000  # characters of a failing cell's output that go to the log
PRINT_LIMIT = 100_000  # characters kept of one cell's output
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


class Captured(io.TextIOBase):
    """What a cell prints, up to a limit."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.size < PRINT_LIMIT:
            self.parts.append(text[: PRINT_LIMIT - self.size])
        self.size += len(text)
        return len(text)

    @property
    def text(self) -> str:
        """The output; where it was cut, it says so."""
        kept = "".join(self.parts)
        if self.size > PRINT_LIMIT:
            kept += f"\n… {self.size - PRINT_LIMIT:,} more characters were printed and left out"
        return kept


class LessonError(Exception):
    """The lesson did something that no run may contain."""


def main(job_file: str, parent: int | None = None) -> int:
    """Run the job and return the exit code.

    Args:
        job_file: what to do.
        parent: the process that started this one, if it is not the builder itself.
    """
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    end_with(parent or job["builder"], signal.SIGKILL)
    _limit_cpu(job["cpu_limit"])
    watch = _Watch(job)
    session = evidence_session.Session(
        profile=job["profile"],
        device=job["device"],
        folder=folder,
        first_seed=job["first_seed"],
        by_hand=False,
        lesson=job["lesson"],
        tell=watch.tell,
    )
    evidence_session.begin(session)
    sys.argv = [job["script"]]
    sys.path[0] = str(Path(job["script"]).parent)
    try:
        import_matplotlib(folder)
        _prepare_device(job["device"])
        cells = execute(Path(job["script"]), job["cells"], session, watch)
        watch.check_modules()
        watch.check_files()
        session.write()
        _write_json(folder / "cells.json", cells)
        _write_json(folder / "done.json", {"seeds": session.seeds, **watch.machine()})
    except BaseException as error:  # SystemExit and KeyboardInterrupt end a lesson badly, too
        if os.getpid() != session.pid:
            os._exit(1)
        _write_json(folder / "failed.json", _failure(error, job, watch))
        return 1
    return 0


def end_with(parent: int, how: int) -> None:
    """Ask Linux for a signal when the parent ends: nobody else would stop this process."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, how)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it ended before we could ask
            os._exit(1)


def _limit_cpu(seconds: int) -> None:
    """Let the system stop each of the lesson's processes that computes for too long."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or seconds < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def execute(
    script: Path, ranges: list[list[int]], session: evidence_session.Session, watch: _Watch
) -> list[dict[str, Any]]:
    """Execute the cells of a script, given as ranges of lines, in one namespace."""
    tree = ast.parse(script.read_bytes(), filename=str(script))
    module = types.ModuleType("__main__")
    module.__file__ = str(script)
    sys.modules["__main__"] = module
    flags, outputs, seen, told = 0, [], 0, set[str]()
    for index, (first, last) in enumerate(ranges):
        body = [node for node in tree.body if first <= node.lineno <= last]
        seen += len(body)
        watch.cell = index
        watch.tell({"cell": index, "cells": len(ranges)})
        output, flags = _execute_cell(body, script, module.__dict__, flags, session.folder, index)
        watch.check_process()
        published = [name for name in session.records if name not in told]
        told.update(published)
        outputs.append({"statements": seen, "published": published, **output})
    if seen + _is_docstring(tree.body[0]) != len(tree.body):
        raise LessonError(
            "the script was edited while it began, so its cells do not fit: build again."
        )
    return outputs


def _execute_cell(
    body: list[ast.stmt],
    script: Path,
    namespace: dict[str, Any],
    flags: int,
    folder: Path,
    index: int,
) -> tuple[dict[str, Any], int]:
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    started, printed, value = time.process_time(), Captured(), None
    screen, sys.stdout = sys.stdout, printed
    try:
        code = compile(ast.Module(body, []), str(script), "exec", flags, dont_inherit=True)
        flags |= code.co_flags & _FUTURE
        exec(code, namespace)
        if isinstance(last, ast.Expr):
            expression = ast.Expression(last.value)
            value = eval(
                compile(expression, str(script), "eval", flags, dont_inherit=True), namespace
            )
    except BaseException:
        screen.write(printed.text[-_HINT:])  # the log is kept of a failure: often the best hint
        raise
    finally:
        sys.stdout = screen
    output = {
        "stdout": printed.text,
        "value": "" if value is None else _shortened(repr(value)),
        "figures": _open_figures(folder, index),
        "seconds": round(time.process_time() - started, 3),
    }
    return output, flags


def _shortened(text: str) -> str:
    return text if len(text) <= PRINT_LIMIT else text[:PRINT_LIMIT] + "…"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _open_figures(folder: Path, index: int) -> list[str]:
    """Save and close the figures that a cell left open, as a notebook would show them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    saved = []
    (folder / "figures").mkdir(exist_ok=True)
    for number in pyplot.get_fignums():
        name = f"figures/_cell-{index}-{number}.png"
        pyplot.figure(number).savefig(folder / name, dpi=144, metadata={"Software": None})
        saved.append(name)
    pyplot.close("all")
    return saved


def import_matplotlib(folder: Path) -> None:
    """Import matplotlib where no `matplotlibrc` lies, if the lesson's own folder has one."""
    if Path("matplotlibrc").is_file():
        back = Path.cwd()
        os.chdir(folder)
        try:
            import matplotlib  # noqa: F401, it reads its settings now
        except ImportError:
            pass
        finally:
            os.chdir(back)


def _prepare_device(device: str) -> None:
    """Fail early, in one line, if torch cannot use the device that the key names."""
    if device == "cpu":
        return
    import torch

    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    if not there:
        raise LessonError(
            f"device {device}: torch {torch.__version__} cannot use one here. Build with "
            "--device cpu, or install the build of torch for this device."
        )


class _Watch:
    """Sees what the key cannot: modules and files that the static walk missed, forks, progress."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job, self.cell, self.pid = job, 0, os.getpid()
        self.root = Path(job["root"]).resolve()
        self.roots = [Path(root).resolve() for root in job["roots"]]
        self.progress = Path(job["progress"])
        self.opened: set[str] = set()
        self.started = time.time()
        sys.addaudithook(self._audit)

    def tell(self, event: dict[str, Any]) -> None:
        """Leave the latest progress where the builder looks for it."""
        if os.getpid() == self.pid:
            try:
                self.progress.write_text(json.dumps(event), encoding="utf-8")
            except OSError:
                pass  # progress is a courtesy: a full disk shows when the run is written

    def check_process(self) -> None:
        """Stop a forked child that came back from its cell: it must not go on as the lesson."""
        if os.getpid() != self.pid:
            os._exit(1)

    def check_modules(self) -> None:
        """Fail if the lesson imported code of the project that its key does not cover."""
        known = set(self.job["modules"])
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name in known or name.startswith("lessonkit.press") or not file:
                continue
            if name in ("__main__", "__mp_main__"):  # multiprocessing's alias of the worker
                continue
            if name == "lessonkit" or name.startswith("lessonkit.evidence"):
                continue  # the worker itself brings them
            file = _real(file)
            if self._near(file) and self._ours(Path(file)) and os.path.isfile(file):
                raise LessonError(
                    f"the lesson imported {name}, which its key does not cover (imported by a "
                    "computed name?): a change in it would go unnoticed. Import it by its name."
                )

    def check_files(self) -> None:
        """Fail if the lesson read a file of the project that its key does not cover."""
        declared = {str((self.root / name).resolve()) for name in self.job["files"]}
        left = self.opened - declared - {os.path.realpath(self.job["script"])}
        left -= self._code() if left else set()
        for path in sorted(path for path in left if os.path.isfile(path)):
            raise LessonError(
                f"the lesson read {path}, which its key does not cover: a change in it would go "
                f"unnoticed. Declare it: Lesson({self.job['lesson']!r}, reads=[...])."
            )

    def _code(self) -> set[str]:
        """Return the files of modules, which the key covers or `check_modules` has refused."""
        loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        parts = [name.replace(".", "/") for name in self.job["modules"]]
        ends = [f"{part}{end}" for part in parts for end in (".py", "/__init__.py")]
        named = (str(root / end) for root in self.roots for end in ends)
        return {os.path.realpath(file) for file in (*loaded, *named, __file__) if file}

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        mode = arguments[1] or "r"
        path = os.path.realpath(os.fsdecode(arguments[0]))
        ours = path.startswith(str(self.root)) and not path.endswith(".pyc")
        if ours and "r" in mode and self._ours(Path(path)):
            self.opened.add(path)

    def _near(self, path: str) -> bool:
        """Say whether a path lies below a folder of the project: a quick no for most modules."""
        return path.startswith(tuple(map(str, self.roots)))

    def _ours(self, path: Path) -> bool:
        """Say whether a file belongs to the project, rather than to an environment inside it."""
        resolved = path.resolve()
        if resolved.is_relative_to(sys.prefix) or resolved.is_relative_to(self.job["store"]):
            return False
        outside = ("site-packages", "dist-packages", "outputs", "__pycache__")
        return any(resolved.is_relative_to(root) for root in self.roots) and not any(
            part in outside or part.startswith(".") for part in self._inner_parts(resolved)
        )

    def _inner_parts(self, path: Path) -> tuple[str, ...]:
        root = max((r for r in self.roots if path.is_relative_to(r)), key=lambda r: len(r.parts))
        return path.relative_to(root).parts

    def machine(self) -> dict[str, Any]:
        """Say what the run cost and on what."""
        return {
            "cpu_seconds": round(_cpu_seconds(), 2),
            "wall_seconds": round(time.time() - self.started, 2),
            "peak_mib": _peak_mib(),
            "device_name": _device_name(self.job["device"]),
            "instruction_set": circumstances.instruction_set(circumstances.instructions_of()),
        }


def _real(file: str) -> str:
    """Return a path without links; folders that hold many modules are looked at once."""
    if os.path.islink(file):
        return os.path.realpath(file)
    folder, name = os.path.split(file)
    return os.path.join(_real_folder(folder), name)


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_mib() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def _device_name(device: str) -> str:
    if device == "cuda":
        return str(sys.modules["torch"].cuda.get_device_name())
    return circumstances.processor()


def _failure(error: BaseException, job: dict[str, Any], watch: _Watch) -> dict[str, Any]:
    """Describe an error with the script's own line numbers, the builder's frames left out."""
    script = job["script"]
    frames = traceback.extract_tb(error.__traceback__)
    start = next((i for i, frame in enumerate(frames) if frame.filename == script), len(frames))
    lines = [frame.lineno for frame in frames[start:] if frame.filename == script]
    if isinstance(error, SystemExit):
        message = (
            f"the lesson exited (code {error.code}) before its end; a lesson must run to its last "
            "line. Remove the exit, or raise an error that says what is wrong."
        )
    elif isinstance(error, (LessonError, EvidenceError)):
        message = str(error)
    else:
        message = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, ModuleNotFoundError):
        message += f". Install the package that brings {error.name!r}, or correct the import."
    text = "".join(
        [
            "Traceback (most recent call last):\n",
            *traceback.format_list(frames[start:]),
            *traceback.format_exception_only(error),
        ]
    )
    return {
        "message": message,
        "line": lines[-1] if lines else None,
        "cell": watch.cell,
        "traceback": text,
    }


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
