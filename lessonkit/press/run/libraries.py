"""Which libraries lessons import, and which lessons can share a process that has imported them."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from lessonkit.press.lesson.job import Job
from lessonkit.press.lesson.roots import module_roots
from lessonkit.press.settings import Settings

Name = TypeVar("Name", bound=Hashable)

# What torch imports when the first optimiser is made, which takes longer than torch itself.
_OPTIMISING = "torch._dynamo"


def of_job(settings: Settings, job: Job) -> frozenset[str]:
    """Return the modules of libraries that a job surely imports; none if that cannot be told."""
    folders = module_roots(settings, job.source.script)[:-1]  # the last is lessonkit's
    try:
        return named(list(job.source.places.values()), folders)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()


def unlisted(settings: Settings, named: Iterable[str], loaded: Iterable[str]) -> dict[str, str]:
    """Return the distributions, with their versions, that a lesson used and no key covers.

    Args:
        settings: of the project: `libraries` are those that enter a key.
        named: modules that the lesson's own code imports somewhere.
        loaded: modules that its process had imported at its end.
    """
    listed = {_canonical(name) for name in settings.libraries}
    used = [m for m in set(named) & set(loaded) if _canonical(_CALLED.get(m, m)) not in listed]
    found = {name for module in used for name in _distributions().get(module, ())}
    return {n: metadata.version(n) for n in sorted(found) if _canonical(n) not in listed}


# Looking all of them up costs a quarter of a second, which these common ones spare.
_CALLED = {"sklearn": "scikit-learn", "PIL": "pillow", "mpl_toolkits": "matplotlib"}


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


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


def named(files: Sequence[Path], ours: Sequence[Path]) -> frozenset[str]:
    """Return the modules of libraries that files import outside functions and conditions.

    Args:
        files: the lesson's script and the modules of the project that it reaches.
        ours: the folders from which modules of the project are imported.
    """
    found = {name for file in files for name in _of_file(file, file.stat().st_mtime_ns)}
    found -= set() if "torch" in found else {_OPTIMISING}
    return frozenset(name for name in found if not _is_ours(name.partition(".")[0], ours))


def _is_ours(top: str, folders: Sequence[Path]) -> bool:
    if top == "lessonkit" or top in sys.stdlib_module_names:  # these are cheap
        return True
    return any((folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in folders)


@lru_cache(maxsize=1024)
def _of_file(file: Path, mtime: int) -> frozenset[str]:
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
