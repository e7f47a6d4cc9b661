"""What lessons have tried to read, and what becomes of it: the table that the tests run.

Each case is a lesson in a folder of its own, HERE, with a file `d.txt` that holds 1. Its code is
followed by an edit. `stale`: the edit is noticed. `refused`: the run counts for nothing. `pinned`:
it reaches no lesson. `same`: the edit cannot matter, and nothing runs. `unseen`: nobody notices;
these stand in the documentation, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HELPER = 'def f():\n    """1"""\n    return 1\n'


@dataclass(frozen=True)
class Case:
    """A lesson that reads something, and an edit of that."""

    title: str
    code: str
    outcome: str = "stale"
    files: dict[str, str] = field(default_factory=dict)
    edit: dict[str, str | None] = field(default_factory=lambda: {"d.txt": "2"})
    reads: str = ""  # what `Lesson` is told


def _import(title: str, code: str, path: str = "_q.py", also: dict[str, str] | None = None) -> Case:
    """A module of which the edit changes a constant."""
    return Case(title, code, "stale", {path: "V = 1\n", **(also or {})}, {path: "V = 2\n"})


def _says(title: str, code: str, edited: str, outcome: str = "stale") -> Case:
    """A helper of which the edit changes no code."""
    return Case(title, code, outcome, {"_q.py": HELPER}, {"_q.py": edited})


OTHER_DOC = HELPER.replace('"""1"""', '"""2"""')
COMMENT = HELPER.replace("    return", "    # why\n    return")

MODULES = [
    _import("import", "import _q"),
    _import("importlib, a computed name", "import importlib\nimportlib.import_module('_' + 'q')"),
    _import("__import__, then out of sys.modules", "__import__('_' + 'q')\ndel sys.modules['_q']"),
    _import("exec of an import", "exec('import _q')"),
    _import("exec of a file", "exec(open(HERE + '/q.txt').read())", "q.txt"),
    _import("compile", "exec(compile(open(HERE + '/q.txt').read(), 'q', 'exec'))", "q.txt"),
    _import("runpy.run_path", "import runpy\nrunpy.run_path(HERE + '/_q.py')"),
    _import("runpy.run_module", "import runpy\nrunpy.run_module('_' + 'q')"),
    _import(
        "spec_from_file_location",
        "import importlib.util as u\ns = u.spec_from_file_location('a', HERE + '/_q.py')\n"
        "s.loader.exec_module(u.module_from_spec(s))",
    ),
    _import("sys.path, a new name", "sys.path.insert(0, HERE + '/lib')\nimport _q", "lib/_q.py"),
    _import(
        "sys.path, a name that lies beside the script, too",
        "sys.path.insert(0, HERE + '/lib')\nimport _q",
        "lib/_q.py",
        {"_q.py": "V = 0\n"},
    ),
    _import("__path__", "import zz\nzz.__path__.insert(0, HERE + '/alt')\nimport zz.m", "alt/m.py",
            {"zz/__init__.py": "", "zz/m.py": "V = 0\n"}),
    _import("pkgutil.extend_path", "sys.path.append(HERE + '/alt')\nimport zz.m", "alt/zz/m.py",
            {"zz/__init__.py": "import pkgutil as p\n"
             "__path__ = p.extend_path(__path__, __name__)\n",
             "alt/zz/__init__.py": ""}),
    _import("a lazy package", "import zz\nzz.m", "zz/m.py",
            {"zz/__init__.py": "def __getattr__(n):\n    import importlib\n"
             "    return importlib.import_module('zz.' + n)\n"}),
    _import("a module behind a computed one", "__import__('_' + 'p')",
            also={"_p.py": "import _q\n"}),
    _import("a module replaced by another", "import _p", also={"_p.py": "import sys\n"
            "sys.modules[__name__] = __import__('_' + 'q')\n"}),
    _import("pkgutil.get_data", "import zz, pkgutil\npkgutil.get_data('zz', 'd.txt')", "zz/d.txt",
            {"zz/__init__.py": ""}),
    Case("a namespace folder beside the script, a package at the root",
         "sys.path.append('.')\nimport zz_root.m",
         "stale",
         {"zz_root/m.py": "V = 0\n", "/zz_root/__init__.py": "", "/zz_root/m.py": "V = 1\n"},
         {"/zz_root/m.py": "V = 2\n"}),
    Case("a module without source", "import py_compile, os\n"
         "py_compile.compile(HERE + '/d.py', HERE + '/_x.pyc')\n__import__('_' + 'x')", "same",
         {"d.py": "V = 1\n"}, {}),
    Case("zipimport", "sys.path.insert(0, HERE + '/a.zip')\nimport zm", "stale",
         {"a.zip": "ZIP 1"}, {"a.zip": "ZIP 2"}),
    Case("a comment of a module in use", "import _q\n_q.f()", "same", {"_q.py": HELPER},
         {"_q.py": COMMENT}),
]  # fmt: skip

TEXT = [
    _says("__doc__ of a helper", "import _q\n_q.f.__doc__", OTHER_DOC),
    _says("getattr of a docstring", "import _q\ngetattr(_q.f, '__doc__')", OTHER_DOC),
    _says("inspect.getdoc", "import inspect, _q\ninspect.getdoc(_q.f)", OTHER_DOC),
    _says("a docstring that nobody asks for", "import _q\n_q.f()", OTHER_DOC, "same"),
    _says("inspect.getsource", "import inspect, _q\ninspect.getsource(_q.f)", COMMENT),
    _says("inspect.getcomments", "import inspect, _q\ninspect.getcomments(_q.f)", COMMENT),
    _says("a line's number", "import _q\n_q.f.__code__.co_firstlineno", "# why\n" + HELPER),
    _says("a warning that shows its line",
          "import warnings, _q\nwarnings.warn_explicit('w', UserWarning, _q.__file__, 3)",
          COMMENT, "same"),
    Case("its own __doc__", "len(__doc__ or '')", "stale", {}, {"lesson.py": "TEXT Another."}),
    Case("its own source", "open(__file__).read()", "stale", {}, {"lesson.py": "TEXT Another."}),
    Case("its own line", "sys._getframe().f_lineno", "stale", {}, {"lesson.py": "COMMENT"}),
    Case("its own docstring, unread", "1", "same", {}, {"lesson.py": "TEXT Another."}),
]  # fmt: skip

READS = [
    Case("open", "open(D).read()"),
    Case("open, as bytes", "open(D, 'rb').read()"),
    Case("open, r+", "open(D, 'r+').read()"),
    Case("open, a+", "f = open(D, 'a+')\nf.seek(0)\nf.read()"),
    Case("pathlib", "pathlib.Path(D).read_text()"),
    Case("io.open_code", "import io\nio.open_code(os.path.abspath(D)).read()"),
    Case("os.open", "os.read(os.open(D, os.O_RDONLY), 9)"),
    Case("os.open with dir_fd", "d = os.open(HERE, os.O_RDONLY)\n"
         "os.read(os.open('d.txt', os.O_RDONLY, dir_fd=d), 9)"),
    Case("open after chdir", "os.chdir(HERE)\nopen('d.txt').read()"),
    Case("open, from a thread", "from concurrent.futures import ThreadPoolExecutor as T\n"
         "list(T(1).map(lambda p: open(p).read(), [D]))"),
    Case("fileinput", "import fileinput\nlist(fileinput.input(D))"),
    Case("mmap", "import mmap\nf = open(D, 'r+b')\nmmap.mmap(f.fileno(), 0)[:]"),
    Case("linecache", "import linecache\nlinecache.getline(D, 1)"),
    Case("configparser", "import configparser\nconfigparser.ConfigParser().read(HERE + '/c.ini')",
         "stale", {"c.ini": "[a]\n"}, {"c.ini": "[b]\n"}),
    Case("a pool of executors", "from concurrent.futures import ProcessPoolExecutor as P\n"
         "def r(p):\n    return open(p).read()\n\nwith P(1) as pool:\n    list(pool.map(r, [D]))"),
    Case("importlib.resources", "import zz, importlib.resources as r\n"
         "(r.files('zz') / 'd.txt').read_text()", "stale",
         {"zz/__init__.py": "", "zz/d.txt": "1"}, {"zz/d.txt": "2"}),
    Case("shutil.copytree", "import shutil, tempfile\n"
         "shutil.copytree(HERE + '/a', tempfile.mkdtemp() + '/b')", "stale", {"a/b": "1"},
         {"a/b": "2"}),
    Case("shutil.copy", "import shutil, tempfile\nshutil.copy(D, tempfile.mkdtemp())"),
    Case("numpy.loadtxt", "import numpy\nnumpy.loadtxt(D)"),
    Case("numpy.fromfile", "import numpy\nnumpy.fromfile(D, 'u1')"),
    Case("numpy.memmap", "import numpy\nnumpy.memmap(D, mode='r')[0]"),
    Case("a forked child", "p = os.fork()\nif not p:\n    open(D).read()\n    os._exit(0)\n"
         "os.waitpid(p, 0)"),
    Case("a forked pool", "import multiprocessing as m\ndef r(p):\n    return open(p).read()\n\n"
         "with m.get_context('fork').Pool(1) as pool:\n    pool.map(r, [D])"),
    Case("sqlite3", "import sqlite3\nsqlite3.connect(HERE + '/x.db').execute('select v from t')"
         ".fetchall()", "stale", {"x.db": "DB 1"}, {"x.db": "DB 2"}),
    Case("sqlite3, by URI", "import sqlite3\nu = f'file:{HERE}/x.db?mode=ro'\n"
         "sqlite3.connect(u, uri=True).execute('select v from t').fetchall()", "stale",
         {"x.db": "DB 1"}, {"x.db": "DB 2"}),
    Case("a hidden folder", "open(HERE + '/.h/d.txt').read()", "stale", {".h/d.txt": "1"},
         {".h/d.txt": "2"}),
    Case("outputs/", "open('outputs/d.txt').read()", "stale", {"/outputs/d.txt": "1"},
         {"/outputs/d.txt": "2"}),
    Case("a link that leads out of the project", "open(HERE + '/link').read()", "stale",
         {"link": "LINK ../../../beyond.txt", "/../beyond.txt": "1"}, {"/../beyond.txt": "2"}),
    Case("a link to another file", "open(HERE + '/link').read()", "stale",
         {"link": "LINK d.txt", "e.txt": "2"}, {"link": "LINK e.txt"}),
    Case("a file outside the project", "open('../outside.txt').read()", "stale",
         {"/../outside.txt": "1"}, {"/../outside.txt": "2"}),
    Case("a file that is removed", "open(D).read()", "stale", {}, {"d.txt": None}),
    Case("a file that is not there", "try:\n    open(HERE + '/n')\nexcept OSError:\n    pass",
         "stale", {}, {"n": "1"}),
    Case("another file beside it", "open(D).read()", "same", {}, {"e.txt": "1"}),
    Case("the same bytes, written again", "open(D).read()", "same", {}, {"d.txt": "1"}),
    Case("os.listdir", "os.listdir(HERE)", "stale", {}, {"n.txt": "1"}),
    Case("os.scandir", "list(os.scandir(HERE))", "stale", {}, {"n.txt": "1"}),
    Case("os.walk", "list(os.walk(HERE))", "stale", {"a/b/c": ""}, {"a/b/d": "1"}),
    Case("os.fwalk", "list(os.fwalk(HERE))", "stale", {"a/b/c": ""}, {"a/b/d": "1"}),
    Case("glob", "import glob\nglob.glob(HERE + '/*.csv')", "stale", {}, {"n.csv": "1"}),
    Case("glob, one name", "import glob\nglob.glob(HERE + '/n.csv')", "stale", {}, {"n.csv": "1"}),
    Case("os.path.lexists", "os.path.lexists(HERE + '/n')", "stale", {}, {"n": "1"}),
    Case("where a path leads", "os.path.realpath(HERE + '/n')", "same", {}, {"n": "1"}),
    Case("its own place", "pathlib.Path(__file__).resolve().parent.name", "same", {}, {"n": "1"}),
    Case("Path.glob", "list(pathlib.Path(HERE).glob('**/*.csv'))", "stale", {}, {"n.csv": "1"}),
    Case("Path.iterdir", "list(pathlib.Path(HERE).iterdir())", "stale", {}, {"n": "1"}),
    Case("os.stat", "os.stat(D).st_size", "stale", {}, {"d.txt": "22"}),
    Case("os.path.getsize", "os.path.getsize(D)", "stale", {}, {"d.txt": "22"}),
    Case("os.path.exists", "os.path.exists(HERE + '/n')", "stale", {}, {"n": "1"}),
    Case("Path.is_file", "pathlib.Path(HERE, 'n').is_file()", "stale", {}, {"n": "1"}),
    Case("os.access", "os.access(HERE + '/n', os.R_OK)", "stale", {}, {"n": "1"}),
    Case("a file's time", "os.path.getmtime(D)", "unseen", {}, {"d.txt": "1"}),
    Case("its own file, written and read",
         "open(HERE + '/o', 'w').write('1')\nopen(HERE + '/o').read()", "same", {}, {"o": "2"}),
    Case("its own folder", "import tempfile, shutil\nt = tempfile.mkdtemp()\n"
         "shutil.copy(__file__ * 0 or os.__file__, t)\nos.listdir(t)", "same", {}, {}),
    Case("declared", "open(D).read()", reads="['lessons/CASE/d.txt']"),
    Case("declared by a computed name", "open(D).read()", reads="[D]"),
    Case("a declared folder", "1", "stale", {"a/b": "1"}, {"a/b": "2"}, "['lessons/CASE/a']"),
    Case("a new file in a declared folder", "1", "stale", {"a/b": "1"}, {"a/c": "2"},
         "['lessons/CASE/a']"),
    Case("open, mode x, where it is there", "try:\n    open(D, 'x')\n"
         "except FileExistsError:\n    open(D).read()"),
    Case("written in vain, a folder", "try:\n    open(HERE, 'w')\n"
         "except IsADirectoryError:\n    open(D).read()"),
    Case("/proc/self/cwd", "open('/proc/self/cwd/' + D).read()"),
    Case("/proc/self/fd", "f = os.open(HERE, os.O_RDONLY)\n"
         "open(f'/proc/self/fd/{f}/d.txt').read()"),
    Case("behind a link of its own", "import tempfile\nwith tempfile.TemporaryDirectory(dir=HERE) "
         "as t:\n    os.symlink('../d.txt', t + '/l')\n    open(t + '/l').read()"),
    Case("behind a folder that it links", "import tempfile\n"
         "with tempfile.TemporaryDirectory(dir=HERE) as t:\n"
         "    os.symlink('../a', t + '/l')\n    open(t + '/l/b').read()",
         "stale", {"a/b": "1"}, {"a/b": "2"}),
    Case("filecmp", "import filecmp\nfilecmp.cmp(D, HERE + '/e')",
         "stale", {"e": "22"}, {"e": "1"}),
    Case("sqlite3, by an escaped URI", "import sqlite3\np = pathlib.Path(HERE, 'a b').absolute()\n"
         "sqlite3.connect(p.as_uri() + '?mode=ro', uri=True).execute('select * from t').fetchall()",
         "stale", {"a b": "DB 1"}, {"a b": "DB 2"}),
    Case("another lesson's run", "open('.lessonkit/runs/other').read()", "refused",
         {"/.lessonkit/runs/other": "1"}),
    Case("the target of a link", "os.readlink(HERE + '/l')", "unseen",
         {"l": "LINK d.txt", "e": "1"}, {"l": "LINK e"}),
]  # fmt: skip

PROGRAMS = [
    Case("what the machine is", "import platform, ctypes.util\nplatform.processor()\n"
         "ctypes.util.find_library('m')", "same"),
    Case("an interpreter of its own", "import _xxsubinterpreters as i\ni.create()", "refused"),
    Case("subprocess", "import subprocess\nsubprocess.run(['cat', D])", "refused"),
    Case("subprocess, where nobody looks at its error",
         "import subprocess\ntry:\n    subprocess.run(['cat', D])\nexcept Exception:\n    pass",
         "refused"),
    Case("subprocess of Python", "import subprocess\nsubprocess.run([sys.executable, '-c', ''])",
         "refused"),
    Case("os.system", "os.system('cat ' + D)", "refused"),
    Case("os.popen", "os.popen('cat ' + D).read()", "refused"),
    Case("os.posix_spawn", "os.posix_spawn('/bin/cat', ['cat', D], os.environ)", "refused"),
    Case("fork and exec", "p = os.fork()\nif not p:\n    os.execv('/bin/cat', ['cat', D])\n"
         "os.waitpid(p, 0)", "refused"),
    Case("multiprocessing, spawned", "import multiprocessing as m\n"
         "m.get_context('spawn').Process(target=print).start()", "refused"),
    Case("multiprocessing, from a server", "import multiprocessing as m\n"
         "m.get_context('forkserver').Process(target=print).start()", "refused"),
    Case("subprocess, its file declared", "import subprocess\nsubprocess.run(['cat', D])",
         reads="['lessons/CASE/d.txt']"),
    Case("subprocess, nothing read", "import subprocess\nsubprocess.run(['true'])", "same", {}, {},
         "[]"),
    Case("ctypes", "import ctypes\nctypes.CDLL(None).open(D.encode(), 0)", "refused"),
    Case("a socket", "import socket\nsocket.create_connection(('192.0.2.1', 9), 1)", "refused"),
    Case("a name on the network", "import socket\nsocket.getaddrinfo('e.org', 80)", "refused"),
    Case("urllib", "import urllib.request\nurllib.request.urlopen('http://e.org/')", "refused"),
    Case("http.client in a thread", "import http.client, threading\n"
         "t = threading.Thread(target=lambda: http.client.HTTPConnection('192.0.2.1').connect())\n"
         "threading.excepthook = lambda *a: None\nt.start()\nt.join()", "refused"),
    Case("read, then written", "v = open(D).read()\nopen(D, 'w').write(v + '1')", "refused"),
    Case("added to, then read", "open(D, 'a').write('1')\nopen(D).read()", "refused"),
    Case("a cache of its own", "p = HERE + '/c'\nif os.path.exists(p):\n    open(p).read()\n"
         "open(p, 'w').write('5')", "stale", {}, {"c": "6"}),
    Case("a cache of its own, read at once", "p = HERE + '/c'\ntry:\n    open(p).read()\n"
         "except OSError:\n    open(p, 'w').write('5')", "refused"),
    Case("a cache in a folder of its own", "os.makedirs(HERE + '/o', exist_ok=True)\n"
         "p = HERE + '/o/c'\nif not os.path.exists(p):\n    open(p, 'w').write('5')", "stale", {},
         {"o/c": "6"}),
    Case("a cache, open, mode x", "open(HERE + '/c', 'x').write('5')", "stale", {}, {"c": "6"}),
    Case("a cache that it removes", "p = HERE + '/c'\nif not os.path.exists(p):\n"
         "    open(p, 'w').close()\nos.remove(p)", "stale", {}, {"c": "6"}),
    Case("a log of its own, then read", "open(HERE + '/c', 'a').write('1')\n"
         "open(HERE + '/c').read()", "stale", {}, {"c": "6"}),
    Case("removed in vain", "for f in (os.remove, os.rmdir):\n    try:\n        f(HERE)\n"
         "    except OSError:\n        open(D).read()"),
    Case("a file removed if there, then written", "p = HERE + '/o'\nif os.path.exists(p):\n"
         "    os.remove(p)\nopen(p, 'w').write('1')", "same", {}, {"o": None}),
    Case("an old file removed, then written", "p = HERE + '/o'\nif os.path.exists(p):\n"
         "    os.remove(p)\nopen(p, 'w').write('1')", "same", {"o": "old"}, {"o": "older"}),
    Case("an old file, written over", "p = pathlib.Path(HERE, 'o')\nif p.exists():\n"
         "    print('again')\np.write_text('1')", "same", {"o": "old"}, {"o": "older"}),
    Case("a folder made unless it is there", "if not os.path.isdir(HERE + '/o'):\n"
         "    os.makedirs(HERE + '/o')\nopen(HERE + '/o/f', 'w').write('1')", "same", {},
         {"o/f": None, "o/g": "1"}),
    Case("an old folder removed and made anew", "import shutil\np = HERE + '/o'\n"
         "if os.path.exists(p):\n    shutil.rmtree(p)\nos.makedirs(p)\n"
         "if not os.path.exists(p + '/f'):\n    open(p + '/f', 'w').write('1')", "same",
         {"o/f": "old", "o/p/q": "old"}, {"o/f": "older"}),
    Case("logs that roll", "import logging.handlers as h, logging\n"
         "log = h.RotatingFileHandler(HERE + '/o', maxBytes=40, backupCount=2)\n"
         "for _ in range(9):\n    log.emit(logging.makeLogRecord({'msg': 'a' * 30}))",
         "same", {}, {"o": "1"}),
    Case("an array, written over", "import numpy\np = HERE + '/o.npy'\nif os.path.exists(p):\n"
         "    os.unlink(p)\nnumpy.save(p, numpy.arange(3))\nnumpy.load(p)", "same",
         {"o.npy": "old"}, {"o.npy": None}),
    Case("a file moved away", "os.rename(D, HERE + '/e')\nopen(HERE + '/e').read()", "refused"),
    Case("a list to which it adds", "os.listdir(HERE)\nopen(HERE + '/n', 'w').close()", "refused"),
    Case("a database of its own", "import sqlite3\nsqlite3.connect(HERE + '/n.db').execute("
         "'create table t(v)')", "stale", {}, {"n.db": "DB 2"}),
    Case("a file under a chance name", "import tempfile\nt = tempfile.mkdtemp(dir=HERE)\n"
         "if not os.path.exists(t + '/c'):\n    open(t + '/c', 'w').close()", "same", {}, {}),
]  # fmt: skip

CASES = [*MODULES, *TEXT, *READS, *PROGRAMS]
