"""The process in which one lesson runs: `python -m lessonkit.press.run.worker JOB.json`.

It executes the cells in order in one namespace, captures what each prints, returns and draws, and
ends by writing `cells.json`, `evidence.json` and `done.json` into the run's folder. Whoever started
it believes nothing but a complete `done.json`.
"""

from __future__ import annotations
import __future__

import ast
import difflib
import json
import os
import sys
import time
import traceback
import types
from contextlib import suppress
from pathlib import Path
from typing import Any

from lessonkit.evidence import circumstances
from lessonkit.evidence import session as evidence_session
from lessonkit.evidence.record import EvidenceError
from lessonkit.press.run import anew, aside, outputs, warden
from lessonkit.press.run.reads import LessonError, Reads
from lessonkit.press.run.streams import Streams
from lessonkit.press.run.watch import Watch

_MESSAGE, _TRACEBACK = 4_000, 40_000  # characters kept of why a lesson failed
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


def main(job_file: str, parent: int | None = None) -> int:
    """Run the job and return the exit code.

    Args:
        job_file: what to do.
        parent: the process that started this one, if it is not the builder itself.
    """
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    warden.stand(parent or job["builder"], folder)
    _limit_cpu(job["cpu_limit"])
    os.umask(circumstances.UMASK)
    watch, reads = Watch(job), Reads(job)
    streams = Streams(folder)
    session = evidence_session.Session(
        profile=job["profile"],
        device=job["device"],
        folder=folder,
        first_seed=job["first_seed"],
        by_hand=False,
        lesson=job["lesson"],
        tell=watch.tell,
        published=streams.mark,
    )
    evidence_session.begin(session)
    sys.argv = [job["script"]]
    sys.path[0] = str(Path(job["script"]).parent)
    try:
        import_matplotlib(folder)
        os.chdir(job["home"])
        outputs.quiet_show()
        if not circumstances.usable(job["device"]):  # the key names it: fail early, in one line
            raise LessonError(
                f"{circumstances.unusable(job['device'])}. Build with --device cpu, or install "
                "the build of torch for this device."
            )
        script = Path(job["script"])
        tree = ast.parse(script.read_bytes(), filename=job["script"])
        anew.compile_anew(reads.places)
        reads.begin()
        cells = execute(script, tree, job, session, watch, streams)
        found = reads.end()
        streams.close()
        session.write()
        _write_json(folder / "cells.json", cells)
        done = {"seeds": session.seeds, "inputs": found, "loaded": watch.loaded()}
        _write_json(folder / "done.json", {**done, **watch.machine()})
    except BaseException as error:  # SystemExit and KeyboardInterrupt end a lesson badly, too
        if os.getpid() != session.pid:
            os._exit(1)
        if reads.refusal:  # whatever somebody made of it
            error = LessonError(reads.refusal).with_traceback(error.__traceback__)
        _report(folder / "failed.json", error, job, watch)
        return 1
    return 0


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
    script: Path,
    tree: ast.Module,
    job: dict[str, Any],
    session: evidence_session.Session,
    watch: Watch,
    streams: Streams,
) -> list[dict[str, Any]]:
    """Execute the cells of a script, given as ranges of lines, in one namespace."""
    ranges = job["cells"]
    module = _main_module(script, tree, job["plain"])
    flags, kept, seen, told = 0, [], 0, set[str]()
    for index, (first, last) in enumerate(ranges):
        body = [node for node in tree.body if first <= node.lineno <= last]
        seen += len(body)
        watch.cell = index
        watch.tell({"cell": index, "cells": len(ranges)})
        draws = index not in job["deferring"]
        output, flags = _execute_cell(
            body, script, module.__dict__, flags, session.folder, index, draws
        )
        watch.check_process()
        published = [name for name in session.records if name not in told]
        told.update(published)
        kept.append({"statements": seen, "published": published, **streams.cut(), **output})
    if seen + _is_docstring(tree.body[0]) != len(tree.body):
        raise LessonError(
            "the script was edited while it began, so its cells do not fit: build again."
        )
    return kept


def _main_module(script: Path, tree: ast.Module, plain: bool) -> types.ModuleType:
    """Make the module in which the cells run.

    A plain script, one that makes no `Lesson`, finds what sphinx-gallery gives it: no `__file__`,
    and no `__doc__` to print, for its text stands on the page.
    """
    module = types.ModuleType("__main__", "" if plain else ast.get_docstring(tree, clean=False))
    if not plain:
        module.__file__ = str(script)
    sys.modules["__main__"] = module
    return module


def _execute_cell(
    body: list[ast.stmt],
    script: Path,
    namespace: dict[str, Any],
    flags: int,
    folder: Path,
    index: int,
    draws: bool,
) -> tuple[dict[str, Any], int]:
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    started, value = time.process_time(), None
    code = compile(ast.Module(body, []), str(script), "exec", flags, dont_inherit=True)
    flags |= code.co_flags & _FUTURE
    exec(code, namespace)
    if isinstance(last, ast.Expr):
        expression = ast.Expression(last.value)
        value = eval(compile(expression, str(script), "eval", flags, dont_inherit=True), namespace)
    output = {
        **outputs.value_of(value),
        **(outputs.figures_of(folder, index, namespace) if draws else {"figures": []}),
        "seconds": round(time.process_time() - started, 3),
    }
    return output, flags


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


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


def _report(file: Path, error: BaseException, job: dict[str, Any], watch: Watch) -> None:
    """Write down why the lesson failed, whatever its exception does when it is asked."""
    try:
        failure = _failure(error, job, watch)
    except BaseException:  # its __str__ exits, its notes are no list, its causes have no end
        failure = {"message": type(error).__name__, "line": _first_line(job, watch)}
        failure |= {"cell": watch.cell, "traceback": ""}
    # ASCII: a message can hold half a character, which UTF-8 cannot.
    file.write_text(json.dumps(failure, indent=1), encoding="ascii")


def _first_line(job: dict[str, Any], watch: Watch) -> int | None:
    """Return the line on which the present cell begins."""
    return job["cells"][watch.cell][0] if job["cells"] else None


def _failure(error: BaseException, job: dict[str, Any], watch: Watch) -> dict[str, Any]:
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
    elif isinstance(error, SyntaxError) and error.filename == script and error.lineno:
        message, lines = f"{type(error).__name__}: {error.msg}", [*lines, error.lineno]
    else:
        message = "".join(traceback.format_exception_only(error)).strip()
    if mend := _mend(error, job):
        message += f". {mend}"
    text = "".join(
        [
            "Traceback (most recent call last):\n",
            *traceback.format_list(frames[start:]),
            *traceback.format_exception_only(error),
        ]
    )
    return {
        "message": message[:_MESSAGE],
        "line": lines[-1] if lines else _first_line(job, watch),
        "cell": watch.cell,
        "traceback": "" if aside.full(error) else text[-_TRACEBACK:],
    }


def _mend(error: BaseException, job: dict[str, Any]) -> str:
    """Say what to do about an error that Python does not explain; "" if nobody knows."""
    if aside.full(error):
        return "Free some space on the disk where the lesson writes."
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _where_from(error.name, job)
    if isinstance(error, AttributeError) and error.name:
        with suppress(Exception):  # an object may say anything about itself
            near = difflib.get_close_matches(error.name, dir(error.obj), 1)
            return f"Did you mean {near[0]!r}?" if near else ""
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str):
        with suppress(OSError, ValueError):  # its folder is gone, too, or lies elsewhere
            if not os.path.isabs(error.filename):
                where = Path.cwd().relative_to(job["root"]).as_posix()
                return f"Paths begin in {'the root of the project' if where == '.' else where}."
    return ""


def _where_from(module: str, job: dict[str, Any]) -> str:
    """Say what makes a module importable that was not found."""
    top, root = module.partition(".")[0], Path(job["root"])
    for folder in (root / "src", root):
        if (folder / top).is_dir() or (folder / f"{top}.py").is_file():
            return (
                f"{top!r} lies in {folder}, where Python does not look: install the project "
                "(`pip install -e .`), or set PYTHONPATH to that folder."
            )
    return f"Install the package that brings {module!r}, or correct the import."


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
