"""Nothing gets in: hostile archives are refused in one line, and forged runs spoil nothing."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import os
import random
import shutil
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workshop import Workshop, walks

from lessonkit.evidence import Claim, EvidenceError, Number, Rule
from lessonkit.evidence.promise import Promise
from lessonkit.press.lesson.job import RUN_FORMAT
from lessonkit.press.lesson.source import digest_of
from lessonkit.press.page.strip import strip
from lessonkit.press.page.templates import render
from lessonkit.press.run import aside, contents, store

Files = dict[str, bytes]  # path in a run -> bytes
Change = Callable[[dict[str, Any], Files], object]  # of a manifest, and of the files


class Good:
    """A run as it was packed, to be altered."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive.read_bytes()
        with zipfile.ZipFile(archive) as packed:
            names = packed.namelist()
            self.place = names[0].rsplit("/", 1)[0] if "manifest" in names[0] else ""
            self.place = next(n for n in names if n.endswith("/seal")).removesuffix("/seal")
            self.files = {n.removeprefix(f"{self.place}/"): packed.read(n) for n in names}

    def forged(self, change: Change, skilled: bool = False) -> Files:
        """Return the files of an altered run, sealed again as somebody who knows how.

        Who is skilled makes its source and its key fit, too.
        """
        files = dict(self.files)
        manifest = json.loads(files["manifest.json"])
        written = change(manifest, files)
        if skilled:
            code = digest_of([manifest["lesson"], manifest["modules"], manifest["reads"]])
            wanted = [RUN_FORMAT, code, manifest["circumstances"]]
            manifest.update(source=code, key=digest_of(wanted)[:16])
        for name in list(manifest.get("files") or ()) if isinstance(manifest, dict) else ():
            if name in files and isinstance(manifest["files"], dict):
                manifest["files"][name] = hashlib.sha256(files[name]).hexdigest()
        text = written if isinstance(written, bytes) else json.dumps(manifest).encode()
        files["manifest.json"] = text
        files["seal"] = hashlib.sha256(text).hexdigest().encode()
        return files


@pytest.fixture(scope="module")
def good(course: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Good:
    """The one run of the project, packed."""
    target = tmp_path_factory.mktemp("packed") / "runs.zip"
    assert course.do("export", str(target)).code == 0
    return Good(target)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A project without runs; whatever is refused leaves it as it is."""
    return walks(tmp_path_factory.mktemp("house") / "in" / "here" / "course")


def seen(folder: Path) -> dict[str, int]:
    """Everything below a folder, with its time."""
    return {str(p): p.lstat().st_mtime_ns for p in sorted(folder.rglob("*")) if not p.is_dir()}


def zipped(files: Files, place: str = "") -> bytes:
    """Pack files as they are called."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of names that are there already
        for name, content in files.items():
            archive.writestr(f"{place}/{name}" if place else name, content)
    return made.getvalue()


def refused(house: Workshop, archive: bytes, tmp_path: Path) -> str:
    """Import in vain: one line, exit code 1, and nothing that was not there before."""
    shutil.rmtree(house.settings.runs_folder, ignore_errors=True)  # of a test that failed
    file = tmp_path / "evil.zip"
    file.write_bytes(archive)
    above = house.root.parent.parent.parent
    before = seen(above)
    outcome = house.do("import", str(file))
    memo = str(house.settings.memo_folder)
    after = {path: time for path, time in seen(above).items() if not path.startswith(memo)}
    assert after == {path: time for path, time in before.items() if not path.startswith(memo)}
    left = house.settings.runs_folder.rglob("*")
    assert {path.name for path in left} <= {aside.FOLDER}, "nothing was taken in"
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"lessonkit: {file}: "), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
    assert outcome.err.isprintable() or outcome.err[:-1].isprintable(), outcome.err
    assert "unexpected" not in outcome.err, outcome.err
    assert len(outcome.err) < 1000, outcome.err
    return outcome.err


# Archives: names, kinds and sizes.


def entry(name: str, mode: int = 0, **more: Any) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    for field, value in more.items():
        setattr(made, field, value)
    return made


def beside(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> Callable[[Good], bytes]:
    """A good archive with more in it."""

    def made(good: Good) -> bytes:
        written = io.BytesIO(good.archive)
        with zipfile.ZipFile(written, "a") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, content in entries:
                if isinstance(name, str):
                    name = name.replace("RUN", good.place)
                else:
                    name.filename = name.orig_filename = name.filename.replace("RUN", good.place)
                archive.writestr(name, content)
        return written.getvalue()

    return made


NAMES = {
    "up": "../evil",
    "far up": "RUN/../../../../../evil",
    "up and back": "RUN/../../../walks/stray/evil",
    "absolute": "/tmp/evil",
    "two slashes": "//server/share/evil",
    "backslash": "..\\evil",
    "backslash within": "RUN\\evil.txt",
    "drive": "C:evil",
    "drive with slash": "C:/evil",
    "UNC": "\\\\server\\evil",
    "dot": "RUN/./evil",
    "empty part": "RUN//evil",
    "hidden": "RUN/.evil",
    "hidden folder": "RUN/.git/config",
    "stream of NTFS": "RUN/log.txt:evil",
    "ends in a dot": "RUN/figures./evil.",
    "space": "RUN/e vil",
    "ends in a space": "RUN/evil ",
    "not ASCII": "RUN/ёvil",
    "right to left": "RUN/\u202egnp.live",
    "full width slash": "RUN\uff0fevil",
    "newline": "RUN/e\nvil",
    "escape": "RUN/\x1b[31mevil",
    "NUL": "RUN/evil\0.txt",
    "long": "RUN/" + "e" * 300,
    "deep": "RUN/" + "d/" * 30 + "evil",
    "other lesson": "other/0123456789abcdef/evil",
    "no lesson": "evil",
    "page": "docs/index.md",
    "other key": "walks/stray/ffffffffffffffff/evil",
    "short key": "walks/stray/evil/log.txt",
    "capital key": "walks/stray/FFFFFFFFFFFFFFFF/log.txt",
    "capital lesson": "Walks/stray/ffffffffffffffff/log.txt",
    "beside the runs": "walks/stray/evil.failed.json",
    "unlisted": "RUN/evil.html",
    "unlisted, deeper": "RUN/figures/evil.svg",
    "twice": "RUN/evidence.json",
    "case": "RUN/Evidence.json",
    "case of a folder": "RUN/Figures/distances.svg",
    "file as folder": "RUN/log.txt/evil",
    "second seal": "RUN/SEAL",
}
ENTRIES = {
    "folder": (entry("RUN/figures/", stat.S_IFDIR | 0o755), b""),
    "link": (entry("RUN/evil", stat.S_IFLNK | 0o777), b"/etc/passwd"),
    "link up": (entry("walks/stray/ffffffffffffffff", stat.S_IFLNK | 0o777), b"../../../.."),
    "link called as a file of the run": (
        entry("RUN/log.txt", stat.S_IFLNK | 0o777),
        b"/etc/passwd",
    ),
    "pipe": (entry("RUN/evil", stat.S_IFIFO | 0o644), b""),
    "device": (entry("RUN/evil", stat.S_IFCHR | 0o644), b""),
    "block device": (entry("RUN/evil", stat.S_IFBLK | 0o644), b""),
    "socket": (entry("RUN/evil", stat.S_IFSOCK | 0o644), b""),
}


@pytest.mark.parametrize("what", NAMES)
def test_a_name_that_no_store_holds_is_refused(
    house: Workshop, good: Good, tmp_path: Path, what: str
) -> None:
    refused(house, beside((NAMES[what], b"evil"))(good), tmp_path)


@pytest.mark.parametrize("what", ENTRIES)
def test_what_is_no_regular_file_is_refused(
    house: Workshop, good: Good, tmp_path: Path, what: str
) -> None:
    said = refused(house, beside(ENTRIES[what])(good), tmp_path)
    assert "no regular file" in said


def patched(good: Good, signature: bytes, offset: int, value: bytes) -> bytes:
    """Overwrite a field of every header of a kind."""
    made = bytearray(good.archive)
    place = -1
    while (place := made.find(signature, place + 1)) >= 0:
        made[place + offset : place + offset + len(value)] = value
    return bytes(made)


LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"


def many(good: Good) -> bytes:
    """More files than a list may have."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(21_000):
            archive.writestr(f"{good.place}/{number}", b"")
    return made.getvalue()


def bomb(good: Good, name: str, size: int) -> bytes:
    """One file of zeros, as large as wanted."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"{good.place}/{name}", "w", force_zip64=True) as file,
    ):
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    return made.getvalue()


def lying(good: Good) -> bytes:
    """A file that says that it is small, and is not."""
    made = bytearray(bomb(good, "log.txt", 2**22))
    place = made.find(CENTRAL)
    made[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(made)


def overlapping(good: Good) -> bytes:
    """All names lead to the same bytes."""
    made = bytearray(good.archive)
    place = made.find(CENTRAL)
    first = made[place + 42 : place + 46]
    while (place := made.find(CENTRAL, place + 1)) >= 0:
        made[place + 42 : place + 46] = first
    return bytes(made)


BYTES: dict[str, Callable[[Good], bytes]] = {
    "nothing": lambda good: b"",
    "text": lambda good: b"hello",
    "half": lambda good: good.archive[: len(good.archive) // 2],
    "without its end": lambda good: good.archive[:-10],
    "its end alone": lambda good: good.archive[-22:],
    "with a comment": lambda good: good.archive[:-2] + b"\4\0evil",
    "with something behind": lambda good: good.archive + b"evil",
    "encrypted": lambda good: patched(good, CENTRAL, 8, b"\1\0"),
    "compressed otherwise": lambda good: patched(good, CENTRAL, 10, b"\x63\0"),
    "sizes of all ones": lambda good: patched(good, CENTRAL, 20, b"\xff" * 8),
    "offsets of all ones": lambda good: patched(good, CENTRAL, 42, b"\xff" * 4),
    "other sums": lambda good: patched(good, CENTRAL, 16, b"evil"),
    "other local names": lambda good: patched(good, LOCAL, 30, b"EVIL"),
    "names beyond its end": lambda good: patched(good, CENTRAL, 28, b"\xff\xff"),
    "names in UTF-8 that are none": lambda good: patched(
        Good_of(patched(good, CENTRAL, 8, b"\0\x08")), CENTRAL, 46, b"\xff\xfe"
    ),
    "NUL in a name": lambda good: patched(good, CENTRAL, 50, b"\0"),
    "count too high": lambda good: patched(good, END, 8, b"\xff\xff\xff\xff"),
    "list too long": lambda good: patched(good, END, 12, b"\xff\xff\xff\x7f"),
    "list elsewhere": lambda good: patched(good, END, 16, b"\xff\xff\xff\x7f"),
    "many files": many,
    "a bomb": lambda good: bomb(good, "log.txt", 300 * 2**20),
    "a large manifest": lambda good: bomb(good, "manifest.json", 9 * 2**20),
    "a large seal": lambda good: bomb(good, "seal", 2**20),
    "a size that lies": lying,
    "overlapping": overlapping,
    "empty": lambda good: zipped({}),
    "a manifest alone": lambda good: zipped({"manifest.json": b"{}"}, good.place),
    "files at its root": lambda good: zipped(good.files),
    "a folder deeper": lambda good: zipped(good.files, f"runs/{good.place}"),
    "another lesson's place": lambda good: zipped(good.files, good.place.replace("stray", "mine")),
    "another key's place": lambda good: zipped(good.files, f"walks/stray/{'0' * 16}"),
    "a tar": lambda good: b"ustar" * 1000,
    "a gzip": lambda good: b"\x1f\x8b" + zlib.compress(good.archive),
    "a zip within": lambda good: zipped({"runs.zip": good.archive}, good.place),
}


class Good_of:  # noqa: N801 - something with an archive
    """An archive that was patched already."""

    def __init__(self, archive: bytes) -> None:
        self.archive = archive


def test_what_is_no_file_is_refused_at_once(house: Workshop, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        outcome = house.do("import", str(path))
        assert (outcome.code, outcome.err.count("\n")) == (1, 1)
        assert "expected a file" in outcome.err


@pytest.mark.parametrize("what", BYTES)
def test_an_archive_that_lessonkit_did_not_write_is_refused(
    house: Workshop, good: Good, tmp_path: Path, what: str
) -> None:
    refused(house, BYTES[what](good), tmp_path)


# Runs: sealed by somebody who knows how. The same in an archive, and put straight into the store.


def set_to(**changes: Any) -> Change:
    """Change fields of the manifest."""
    return lambda manifest, files: manifest.update(changes)


def without(*names: str) -> Change:
    return lambda manifest, files: [manifest.pop(name) for name in names]


def around(**changes: Any) -> Change:
    return lambda manifest, files: manifest["circumstances"].update(changes)


def text(content: bytes) -> Change:
    """Another manifest altogether."""
    return lambda manifest, files: content


def listed(name: str, content: bytes | None = b"x") -> Change:
    """Another file, with its hash."""

    def change(manifest: dict[str, Any], files: Files) -> None:
        manifest["files"][name] = hashlib.sha256(content or b"").hexdigest()
        if content is not None:
            files[name] = content

    return change


def file(name: str, content: bytes | Callable[[bytes], bytes]) -> Change:
    """Other bytes in a file."""

    def change(manifest: dict[str, Any], files: Files) -> None:
        files[name] = content if isinstance(content, bytes) else content(files[name])

    return change


def data(name: str, edit: Callable[[Any], object]) -> Change:
    """Other data in a file of JSON."""

    def change(content: bytes) -> bytes:
        whole = json.loads(content)
        edit(whole)
        return json.dumps(whole).encode()

    return file(name, change)


def evidence(edit: Callable[[Any], object]) -> Change:
    """Other evidence."""
    return data("evidence.json", edit)


def cells(edit: Callable[[Any], object]) -> Change:
    """Other outputs of cells."""
    return data("cells.json", edit)


def record(kind: str, **changes: Any) -> Change:
    """Other fields of the first record of a kind; None removes one."""

    def edit(data: Any) -> None:
        found = next(item for item in data["records"] if item["kind"] == kind)
        found.update(changes)
        for name in [name for name, value in changes.items() if value is None]:
            del found[name]

    return evidence(edit)


def more(**fields: Any) -> Change:
    """A further record."""
    return evidence(lambda data: data["records"].append(fields))


def drawing(inside: str, head: str = "") -> Change:
    """A figure with something in it."""

    def change(content: bytes) -> bytes:
        said = content.decode().replace("</svg>", f"{inside}</svg>")
        if head:
            start = said.index("<svg")
            said = head + said[start:]
        return said.encode()

    return file("figures/distances.svg", change)


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A picture whose header says anything."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + sum_

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


SCRIPT = "<script>alert(1)</script>"
DEEP = b"[" * 200_000
LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
KEY = "0123456789abcdef"

MANIFESTS: dict[str, Change] = {
    "null": text(b"null"),
    "a list": text(b"[]"),
    "empty": text(b"{}"),
    "no JSON": text(b"evil"),
    "not UTF-8": text(b"\xff\xfe"),
    "UTF-16": text("{}".encode("utf-16")),
    "deep": text(DEEP),
    "deep within": text(b'{"format": 3, "lesson": ' + DEEP + b"}"),
    "a huge number": text(b'{"format": ' + b"9" * 5000 + b"}"),
    "NaN": text(b'{"format": NaN}'),
    **{
        f"no {name}": without(name)
        for name in (
            "lesson",
            "key",
            "source",
            "modules",
            "reads",
            "circumstances",
            "finished",
            "pace",
            "seeds",
            "cpu_seconds",
            "wall_seconds",
            "peak_mib",
            "device_name",
            "instruction_set",
            "format",
            "files",
        )
    },
    "more than it has": set_to(evil=1),
    "lesson up": set_to(lesson="../../evil"),
    "lesson of another": set_to(lesson="walks/other"),
    "lesson as a list": set_to(lesson=["walks/stray"]),
    "key up": set_to(key="../../evil"),
    "key of another": set_to(key=KEY),
    "key as a number": set_to(key=5),
    "source of other code": set_to(source="0" * 64),
    "modules of other code": set_to(modules={"__main__": "0" * 64}),
    "files a list": set_to(files=[]),
    "files none": set_to(files={}),
    "files null": set_to(files=None),
    "seeds text": set_to(seeds=SCRIPT),
    "seeds twice": set_to(seeds=[1, 1]),
    "seeds negative": set_to(seeds=[-1]),
    "seeds huge": set_to(seeds=[10**30]),
    "seeds of others": set_to(seeds=[7, 8, 9, 10, 11]),
    "seeds true": set_to(seeds=[True]),
    "finished text": set_to(finished=SCRIPT),
    "finished number": set_to(finished=5),
    "finished on no day": set_to(finished="2026-02-30T00:00:00Z"),
    "seconds negative": set_to(cpu_seconds=-1),
    "seconds text": set_to(cpu_seconds="1"),
    "seconds infinite": set_to(cpu_seconds=float("inf")),
    "pace none": set_to(pace=0),
    "peak a fraction": set_to(peak_mib=1.5),
    "device with an escape": set_to(device_name="\x1b]0;evil\x07"),
    "device with a line": set_to(device_name="a\nb\r"),
    "device with NUL": set_to(device_name="a\0b"),
    "circumstances null": set_to(circumstances=None),
    "circumstances a list": set_to(circumstances=[]),
    "circumstances more": around(evil={"a": {}}),
    "profile unknown": around(profile="huge"),
    "profile script": around(profile=SCRIPT),
    "profile other": around(profile="full"),
    "device unknown": around(device="tpu"),
    "threads other": around(threads=64),
    "threads text": around(threads="1"),
    "libraries a list": around(libraries=["numpy"]),
    "python other": around(python="2.7"),
    "file up": listed("../../../../evil"),
    "file absolute": listed("/etc/hostname"),
    "file that is there outside": listed("../../../../../docs/index.md", None),
    "file missing": listed("data/evil.csv", None),
    "file hidden": listed(".evil"),
    "file by backslash": listed("data\\evil"),
    "file that ends in a dot": listed("figures/evil."),
    "file called as a device": listed("CON"),
    "file called as a device with an ending": listed("figures/aux.txt"),
    "folder called as a device": listed("Com1/evil"),
    "file not ASCII": listed("figures/\u0451vil"),
    "file called manifest": listed("manifest.json", None),
    "file called seal": listed("SEAL"),
    "file in another case": listed("Evidence.json"),
    "file below a file": listed("log.txt/evil"),
}
EVIDENCE: dict[str, Change] = {
    "empty object": file("evidence.json", b"{}"),
    "list": file("evidence.json", b"[]"),
    "null": file("evidence.json", b"null"),
    "empty": file("evidence.json", b""),
    "no JSON": file("evidence.json", b"evil"),
    "deep": file("evidence.json", DEEP),
    "deep within": file("evidence.json", b'{"seeds": [], "records": [{"kind": ' + DEEP),
    "NaN": file("evidence.json", lambda c: c.replace(b'"values": [', b'"values": [NaN, ', 1)),
    "infinite": record("number", values=[float("inf")]),
    "out of range": file(
        "evidence.json", lambda c: c.replace(b'"values": [', b'"values": [1e999,', 1)
    ),
    "huge": record("number", values=[1e308]),
    "no seeds": evidence(lambda data: data.pop("seeds")),
    "no records": evidence(lambda data: data.pop("records")),
    "records by name": evidence(lambda data: data.update(records={"a": 1})),
    "other seeds": evidence(lambda data: data.update(seeds=[5])),
    "a name twice": evidence(lambda data: data["records"].append(data["records"][0])),
    "no name": evidence(lambda data: data["records"][0].pop("name")),
    "unknown kind": more(kind="evil", name="evil"),
    "kind a list": more(kind=["number"], name="evil"),
    "no kind": more(name="evil"),
    **{
        f"name {name!r:.30}": record("number", name=name)
        for name in (
            "../../../../../pwned",
            "",
            "a b",
            'x"><script>',
            "A",
            "a--b",
            "x" * 300,
            "é",
            5,
            ["a"],
            {},
            "a\nb",
            "a/b",
            ".",
            "nul\0",
        )
    },
    "number without values": record("number", values=[]),
    "number of text": record("number", values=[SCRIPT]),
    "number of truths": record("number", values=[True]),
    "number of lists": record("number", values=[[1.0]]),
    "number null": record("number", values=None),
    "number with more": record("number", evil=1),
    "label with an escape": record("number", label="\x1b[2J"),
    "label a list": record("number", label=[]),
    "label without end": record("number", label="to " * 100_000),
    "unit with a line": record("number", unit="a\rb"),
    "format evil": record("number", format="<script>"),
    "format wide": record("number", format=">999999999.3f"),
    "format precise": record("number", format=".999999999f"),
    "format of whole numbers": record("number", format="d", values=[0.5] * 5),
    "format null": record("number", format=None),
    "table of nothing": record("table", rows=[], columns=[]),
    "table of other rows": record("table", rows=[["a"], ["a", "b", "c"]]),
    "table of numbers": record("table", rows=[[1, 2]]),
    "table of text": record("table", rows=SCRIPT),
    "table without caption": record("table", caption=" "),
    "figure elsewhere": record("figure", csv="../../../../../pyproject.toml"),
    "figure absolute": record("figure", png="/etc/hostname"),
    "figure at /etc/passwd": record("figure", csv="/etc/passwd"),
    "figure that is no file": record("figure", svg="figures/none.svg"),
    "figure of another kind": record("figure", png="evidence.json"),
    "figure is its manifest": record("figure", csv="manifest.json"),
    "figure without words": record("figure", alt=""),
    "figure without csv": record("figure", csv=None),
    "claim without rule": record("claim", rule=None),
    "claim of an unknown rule": record("claim", rule={"kind": "evil", "bound": [1]}),
    "claim without bound": record("claim", rule={"kind": "above", "bound": []}),
    "claim of two bounds": record("claim", rule={"kind": "above", "bound": [1, 2]}),
    "claim of a bound of text": record("claim", rule={"kind": "above", "bound": ["1"]}),
    "claim between nothing": record("claim", rule={"kind": "between", "bound": [2, 1]}),
    "claim without values": record("claim", values=[], trap_values=[]),
    "claim without a trap": record("claim", trap_values=[]),
    "claim of another length": record("claim", trap_values=[0.0]),
    "claim of chosen seeds": record("claim", values=[1.0] * 3, trap_values=[0.0] * 3),
    "claim that is not judged": record("claim", judged=False),
    "claim that expects anything": record("claim", expect="whatever"),
    "claim exact by text": record("claim", exact="yes"),
    "claim with answers of text": record("claim", answers="A8"),
    "claim without words": record("claim", statement=""),
    "claim with a verdict short": record("claim", verdict=None),
    "citation without source": more(
        kind="citation", name="cited-a1", says="so", answers=["A1"], source="", date="", reason=""
    ),
    "citation of nothing": more(
        kind="citation", name="cited-a1", says="so", answers=[], source="x", date="2017", reason=""
    ),
    "sound without a file": more(
        kind="sound", name="tone", words="a tone", caption="", seconds=1.0, wav="sounds/tone.wav"
    ),
    "sound for ever": more(
        kind="sound", name="tone", words="a tone", caption="", seconds=1e400, wav="log.txt"
    ),
}
CELLS: dict[str, Change] = {
    "an object": file("cells.json", b"{}"),
    "null": file("cells.json", b"null"),
    "of numbers": file("cells.json", b"[1, 2]"),
    "deep": file("cells.json", DEEP),
    "without statements": cells(lambda data: data[0].pop("statements")),
    "statements negative": cells(lambda data: data[0].update(statements=-1)),
    "statements text": cells(lambda data: data[0].update(statements="1")),
    "output a number": cells(lambda data: data[0].update(stdout=5)),
    "output without end": cells(lambda data: data[0].update(stdout="x" * 200_000)),
    "value null": cells(lambda data: data[0].update(value=None)),
    "published unknown": cells(lambda data: data[0].update(published=["evil"])),
    "published a list": cells(lambda data: data[0].update(published=[[]])),
    "figure at /etc/passwd": cells(lambda data: data[0].update(figures=["/etc/passwd"])),
    "figure up": cells(lambda data: data[0].update(figures=["../../../../../pyproject.toml"])),
    "figure that is the script": cells(lambda data: data[0].update(figures=["log.txt"])),
    "figure html": cells(lambda data: data[0].update(figures=['x" onerror="alert(1)'])),
    "moving at /etc/passwd": cells(lambda data: data[0].update(figures=[], moving=["/etc/passwd"])),
    "moving what is none": cells(lambda data: data[0].update(moving=["log.txt"])),
    "words of no figure": cells(lambda data: data[0].update(words=["evil"])),
    "more": cells(lambda data: data[0].update(evil=SCRIPT)),
}
DRAWINGS: dict[str, Change] = {
    "script": drawing(SCRIPT),
    "script by another prefix": drawing(
        '<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'
    ),
    "HTML script": drawing('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'),
    "handler": drawing('<g onload="alert(1)"/>'),
    "handler in capitals": drawing('<g ONCLICK="alert(1)"/>'),
    "handler on a shape": drawing('<path d="M0 0" onmouseover="alert(1)"/>'),
    "foreign object": drawing("<foreignObject><p>evil</p></foreignObject>"),
    "HTML": drawing('<body xmlns="http://www.w3.org/1999/xhtml"/>'),
    "frame": drawing('<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://example.org"/>'),
    "animated link": drawing(
        '<a><animate attributeName="href" values="javascript:alert(1)"/><text>x</text></a>'
    ),
    "set": drawing('<set attributeName="onload" to="alert(1)"/>'),
    "handler element": drawing("<handler>alert(1)</handler>"),
    "switch": drawing("<switch/>"),
    "nested svg": drawing('<svg onload="alert(1)"/>'),
    "style with import": drawing('<style>@import "https://example.org/x.css";</style>'),
    "style with url": drawing("<style>*{fill: url(https://example.org/x)}</style>"),
    "style of the page": drawing("<style>body{display: none}</style>"),
    "style with an escape": drawing('<path style="fill: u\\72l(https://example.org)"/>'),
    "style that loads": drawing('<path style="fill: url(https://example.org/x#a)"/>'),
    "style that loads data": drawing('<path style="fill: url(data:image/svg+xml,x)"/>'),
    "fill that loads": drawing('<path fill="url(//example.org/x)"/>'),
    "filter": drawing('<filter id="f"><feImage href="https://example.org/x.png"/></filter>'),
    "link javascript": drawing(
        '<a xmlns:x="http://www.w3.org/1999/xlink" x:href="javascript:a()"/>'
    ),
    "link javascript, plain": drawing('<a href="javascript:alert(1)"><text>x</text></a>'),
    "link javascript, hidden": drawing('<a href="java&#10;script:alert(1)"><text>x</text></a>'),
    "link javascript, blank": drawing('<a href=" javascript:alert(1)"><text>x</text></a>'),
    "link data": drawing('<a href="data:text/html,evil"><text>x</text></a>'),
    "link vbscript": drawing('<a href="vbscript:evil"><text>x</text></a>'),
    "use elsewhere": drawing('<use href="https://example.org/x.svg#a"/>'),
    "use data": drawing('<use href="data:image/svg+xml;base64,PHN2Zy8+#a"/>'),
    "image elsewhere": drawing('<image href="https://example.org/x.png"/>'),
    "image of a file": drawing('<image href="file:///etc/passwd"/>'),
    "image SVG": drawing('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>'),
    "image that is none": drawing('<image href="data:image/png;base64,aGVsbG8="/>'),
    "image that is a bomb": drawing(
        '<image href="data:image/png;base64,'
        f'{base64.b64encode(png(60_000, 60_000, zlib.compress(bytes(99)))).decode()}"/>'
    ),
    "entities": drawing("&b;", head=LAUGHS),
    "entity of a file": drawing("&x;", head='<!DOCTYPE svg [<!ENTITY x SYSTEM "/etc/passwd">]>'),
    "instruction": drawing("", head='<?xml-stylesheet href="https://example.org/x.css"?>'),
    "deep": drawing("<g>" * 5000 + "</g>" * 5000),
    "unknown attribute": drawing('<g xml:base="javascript:alert(1)//"/>'),
    "a transform that is none": drawing('<g transform="rotate(nope)"><path d="M0 0"/></g>'),
    "a transform beyond numbers": drawing('<g transform="rotate(1e999)"><path d="M0 0"/></g>'),
    "uses of uses": drawing('<g id="a"><use href="#b"/></g><g id="b"><use href="#c"/></g>'),
    "a use of itself": drawing('<g id="s"><use href="#s"/></g>'),
    "class": drawing('<g class="md-overlay"/>'),
    "not closed": drawing("<g>"),
    "no XML": file("figures/distances.svg", b"evil"),
    "empty": file("figures/distances.svg", b""),
    "a page": file("figures/distances.svg", b"<html><script>alert(1)</script></html>"),
    "no viewBox": file("figures/distances.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "a wild viewBox": file(
        "figures/distances.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e999 nan"/>',
    ),
    "a script in its viewBox": file(
        "figures/distances.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1&quot; onload=&quot;a()"/>',
    ),
}
MEDIA: dict[str, Change] = {
    "picture of text": file("figures/distances.png", b"evil"),
    "picture of a page": file("figures/distances.png", b"<script>alert(1)</script>"),
    "picture cut": file("figures/distances.png", lambda c: c[: len(c) // 2]),
    "picture of a drawing": file("figures/distances.png", b"<svg/>"),
    "picture that is a bomb": file("figures/distances.png", png(50_000, 50_000)),
    "picture without pixels": file("figures/distances.png", png(0, 0)),
    "picture with other pixels": file("figures/distances.png", png(9, 9, b"evil")),
    "table not UTF-8": file("data/distances.csv", b"\xff\xfe\n"),
    "table empty": file("data/distances.csv", b""),
    "table with NUL": file("data/distances.csv", b"a,b\n\0,1\n"),
    "table of other rows": file("data/distances.csv", b"a,b\n1\n"),
    "table with a formula": file("data/distances.csv", b"a,b\n=1+1,2\n"),
    "table with a command": file("data/distances.csv", b"a,b\n@SUM(A1),2\n"),
    "table with a header's formula": file("data/distances.csv", b"\"=cmd|' /C calc'!A0\",b\n1,2\n"),
    "table with -1+1": file("data/distances.csv", b"a,b\n-1+1,2\n"),
    "table with a tab": file("data/distances.csv", b"a,b\n\t=1,2\n"),
    "sound of text": listed("sounds/tone.wav", b"evil"),
    "sound cut": listed("sounds/tone.wav", b"RIFF\x24\0\0\0WAVEfmt "),
    "animation of text": listed("figures/_cell-0-1.gif", b"evil"),
}
FORGED: dict[str, Change] = {
    f"{group}: {name}": change
    for group, changes in (
        ("manifest", MANIFESTS),
        ("evidence", EVIDENCE),
        ("cells", CELLS),
        ("drawing", DRAWINGS),
        ("media", MEDIA),
    )
    for name, change in changes.items()
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_run_is_not_taken_in(
    house: Workshop, good: Good, tmp_path: Path, what: str
) -> None:
    refused(house, zipped(good.forged(FORGED[what]), good.place), tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        set_to(lesson="walks/other"),
        set_to(lesson="../../evil"),
        set_to(modules={"__main__": SCRIPT}),
        set_to(modules={}, reads=[]),
        set_to(reads={"../../pyproject.toml": "0" * 63}),
        around(profile="huge"),
        around(profile=SCRIPT),
        around(device=SCRIPT),
        around(threads="1"),
        around(threads=-1, first_seed=-1),
        around(first_seed=[0]),
        around(python="3.11\n"),
        around(python=3.11),
        around(libraries={"numpy": 2}),
        around(libraries={"num\x1bpy": "2"}),
        around(evil=1),
        around(instructions=None),
    ],
)
def test_a_run_whose_key_fits_is_not_taken_in_for_that(
    house: Workshop, good: Good, tmp_path: Path, change: Change
) -> None:
    files = good.forged(change, skilled=True)
    place = f"walks/stray/{json.loads(files['manifest.json'])['key']}"
    refused(house, zipped(files, place), tmp_path)


def placed(project: Workshop, good: Good, files: Files) -> Path:
    """Put a run straight into the store, whatever it says of itself."""
    folder = project.settings.runs_folder / good.place
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        target = folder / name
        if ".." not in name and not name.startswith("/") and not target.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("what", [name for name in FORGED if "below a file" not in name])
def test_a_forged_run_in_the_store_is_one_line_and_will_be_made_anew(
    house: Workshop, good: Good, what: str
) -> None:
    folder = placed(house, good, good.forged(FORGED[what]))
    (told,) = json.loads(house.do("status", "--json").out)
    assert (told["state"], len(told["problems"])) == ("failed", 1), told
    (line,) = told["problems"]
    assert str(folder.relative_to(house.root)) in line
    assert line.endswith("Run `lessonkit build` to make it anew.")
    assert line.isprintable()
    checked = house.do("check")
    assert checked.code == 1
    assert line in checked.err
    assert "unexpected" not in checked.err
    planned = house.do("build", "--dry-run")
    assert (planned.code, planned.err) == (0, "")
    assert planned.out.startswith("run ")
    cleaned = house.do("clean", "--dry-run")
    assert (cleaned.code, cleaned.err) == (0, "")
    assert folder.name in cleaned.out


@pytest.mark.slow
@pytest.mark.parametrize("what", ["manifest: null", "evidence: empty object", "drawing: script"])
def test_the_next_build_makes_a_forged_run_anew(there: Workshop, good: Good, what: str) -> None:
    folder = placed(there, good, good.forged(FORGED[what]))
    there.build()
    assert there.entry().run.folder == folder
    assert there.do("check").code == 0


STRAY = {
    "manifest.json": b"{}",
    "walks/manifest.json": b"{}",
    "walks/stray/manifest.json": b"{}",
    "walks/stray/KEY/deeper/manifest.json": b"{}",
    "walks/stray/note.failed.json": DEEP,
    "walks/stray/KEY.failed.json": b"[]",
    "other/lesson/0123456789abcdef/manifest.json": b"evil",
}


@pytest.mark.parametrize("name", STRAY)
def test_what_does_not_belong_into_the_store_spoils_nothing(
    there: Workshop, good: Good, name: str
) -> None:
    run = there.runs()[0]
    stray = there.settings.runs_folder / name.replace("KEY", run.name)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(STRAY[name])
    (told,) = json.loads(there.do("status", "--json").out)
    assert told["state"] == "fresh"
    assert there.do("check").code == 0
    assert there.do("build").code == 0
    assert there.do("clean").code == 0
    assert there.do("check").code == 0
    assert there.entry().run.folder == run


# By chance: bytes and values as nobody thought of them.

VALUES: list[Any] = [None, True, -1, 2**70, 1.5, 1e308, "", "a" * 10_000, "../x", "\0", "\x1b[2J"]
VALUES += [SCRIPT, "0" * 64, KEY, [], {}, [[]], {"a": 1}, json.loads("[" * 300 + "]" * 300)]


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container of plain data with every key in it."""
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys if isinstance(data, dict | list) else ():
        yield data, key
        if isinstance(data[key], dict | list):
            yield from places(data[key])


def mutated(data: Any, chance: random.Random) -> Any:
    """Change one to three places of plain data."""
    data = copy.deepcopy(data)
    for _ in range(chance.choice([1, 1, 2, 3])):
        found = list(places(data))
        if found:
            parent, key = chance.choice(found)
            if chance.random() < 0.2:
                del parent[key]
            elif isinstance(parent, dict) and chance.random() < 0.2:
                parent[chance.choice(["evil", "name", "kind", ""])] = chance.choice(VALUES)
            else:
                parent[key] = copy.deepcopy(chance.choice(VALUES))
    return data


def use(run: store.Run) -> None:
    """Ask a run that was believed for all that pages ask."""
    for name, found in run.records.items():
        assert found.lines(name)
        for part in found.parts:
            assert found.text(part)
        for path in found.paths:
            assert run.read(path)
    for name, claim in run.claims.items():
        promise = Promise(name, claim)
        assert promise.standing
        assert f"{promise.thin}{promise.problem}"
    for cell in run.cells:
        assert all(run.read(path) for path in cell["figures"])


@pytest.mark.parametrize("seed", range(4))
def test_what_chance_makes_of_a_run_is_refused_or_can_be_used(course: Workshop, seed: int) -> None:
    run, chance, refusals = course.entry().run, random.Random(seed), 0
    assert run is not None
    for _ in range(250):
        manifest, files = run.manifest, dict(run.content)
        name = chance.choice(["manifest", "evidence.json", "cells.json", "bytes"])
        if name == "manifest":
            manifest = mutated(manifest, chance)
        elif name == "bytes":
            name = chance.choice(sorted(files))
            flipped = bytearray(files[name] or b"x")
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            files[name] = bytes(flipped[: chance.choice([None, None, len(flipped) // 2])])
        else:
            files[name] = json.dumps(mutated(json.loads(files[name]), chance)).encode()
        try:
            contents.check(manifest, files)
        except EvidenceError:
            refusals += 1
        else:
            use(store.Run(run.folder, manifest, files))
    assert refusals > 150


def test_a_hundred_flipped_bytes_and_every_lost_file_are_noticed(
    there: Workshop, tmp_path: Path
) -> None:
    (folder,) = there.runs()
    chance, files = random.Random(0), [p for p in sorted(folder.rglob("*")) if p.is_file()]
    for _ in range(100):
        chosen = chance.choice([p for p in files if p.stat().st_size])
        kept = chosen.read_bytes()
        data = bytearray(kept)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        chosen.write_bytes(data)
        with pytest.raises(aside.StoreError):
            store.open_run(folder, "walks/stray", there.settings.memo_folder)
        chosen.write_bytes(kept)
    for chosen in files:
        kept = chosen.read_bytes()
        for wrong in (kept[: len(kept) // 2], kept + b"x", None):
            chosen.unlink()
            if wrong is None:
                chosen.symlink_to("/dev/zero")
            elif wrong != kept:
                chosen.write_bytes(wrong)
            with pytest.raises(aside.StoreError):
                store.open_run(folder, "walks/stray", there.settings.memo_folder)
            chosen.unlink(missing_ok=True)
            chosen.write_bytes(kept)
    assert store.open_run(folder, "walks/stray", there.settings.memo_folder).numbers


@pytest.mark.parametrize("format", [".3g", ".1%", ",.2f", ".99f", "d", ",d", "+.0e", "010.3f"])
@pytest.mark.parametrize("values", [[1e300, -1e300], [5e-324, 0.0], [-0.0, 1e300], [1e300] * 2])
def test_the_largest_and_smallest_numbers_can_be_written(values: list[float], format: str) -> None:
    if format.endswith("d"):
        values = [float(round(value)) for value in values]
    number = Number(values, format, "m")
    number.check("it")
    assert all(number.text(part) for part in ("", *number.parts))
    for kind in Rule.KINDS:
        bound = [-1e300, 1e300] if kind == "between" else [1e300, 1e300]
        rule = Rule(kind, tuple(bound if kind in ("between", "equals") else bound[:1]))
        claim = Claim("It is so.", values, rule, "a trap", values[::-1], format=format)
        claim.check("it")
        promise = Promise("it", claim)
        assert promise.standing
        assert f"{promise.problem}{promise.thin}"
        assert render("strip", strip=strip(claim))


# What a lesson leaves behind.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left", "said"),
    [
        ('"evidence.json", "{}"', "evidence.json: "),
        ('"done.json", "{}"', "manifest.json: Object missing required field"),
        ('"done.json", "[]"', ""),
        ('"cells.json", "{}"', "cells.json: Expected `array`, got `object`"),
        ('"evil name.txt", "x"', "manifest.json: "),
        ('"figures/distances.png", "x"', "figures/distances.png: expected a PNG picture"),
        ('"data/distances.csv", "=1+1"', "a spreadsheet would execute it"),
    ],
)
def test_what_no_page_could_show_is_never_sealed(there: Workshop, left: str, said: str) -> None:
    there.replace(
        "lessons/walks/stray.py",
        "# %% draw\n",
        "# %% draw\nimport os\n"
        "from pathlib import Path\n"
        "end = os._exit\n"
        "folder = lesson._session.folder\n"
        "def left(code):\n"
        f"    (folder / {left.partition(',')[0]}).write_text({left.partition(',')[2]})\n"
        "    end(code)\n"
        "os._exit = left\n"
        "import atexit\n"
        f"atexit.register(lambda: (folder / {left.partition(',')[0]})"
        f".write_text({left.partition(',')[2]}))\n",
    )
    before = there.runs()
    outcome = there.do("build")
    assert outcome.code == 1
    assert said in outcome.err
    assert "unexpected" not in outcome.err
    assert there.runs() == before
    (told,) = json.loads(there.do("status", "--json").out)
    assert told["state"] == "failed"


def test_a_link_that_runs_is_refused_where_it_is_drawn(there: Workshop) -> None:
    there.replace(
        "lessons/walks/stray.py",
        "ax.plot(seeds, walks)\n",
        "ax.plot(seeds, walks)\nax.text(1, 1, 'x', url='javascript:alert(1)')\n",
    )
    outcome = there.do("build")
    assert outcome.code == 1
    assert "figures/distances.svg: a drawing with a link to 'javascript:alert(1)'" in outcome.err
    assert len(there.runs()) == 1
