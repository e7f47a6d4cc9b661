"""Runs that nobody ran: put into a store as a lesson would have left them, or as nobody would."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from lessonkit.evidence import Number
from lessonkit.press.lesson import job
from lessonkit.press.lesson.circumstances import Circumstances
from lessonkit.press.lesson.source import digest_of_code
from lessonkit.press.run import aside as asides
from lessonkit.press.run import store

LESSON = "walks/stray"


def digest(text: str) -> str:
    """Return a digest as the store writes them."""
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_of(label: str, source: str = "now", profile: str = "quick") -> dict[str, Any]:
    """Return the manifest of a run; its label stands where the instructions are named."""
    modules = {"__main__": digest(source)}
    code = digest_of_code(LESSON, modules, {})
    around = Circumstances(profile, "cpu", 0, 1, label, "3.11", {"numpy": "2.4.6"})
    return {
        "lesson": LESSON,
        "key": job.key(code, around),
        "source": code,
        "modules": modules,
        "reads": {},
        "circumstances": around.to_json(),
        "finished": "2026-01-02T03:04:05+00:00",
        "pace": 0.01,
        "seeds": [0, 1],
        "cpu_seconds": 1.5,
        "wall_seconds": 2,
        "peak_mib": 100,
        "device_name": "a processor",
        "instruction_set": "avx2",
    }


def key_of(label: str, source: str = "now", profile: str = "quick") -> str:
    """Return the key of such a run."""
    return str(manifest_of(label, source, profile)["key"])


def fill(folder: Path, value: float = 1.0) -> None:
    """Write what a lesson leaves behind that published one number."""
    number = {"name": "far", **Number([value, value]).to_json()}
    cell = {"statements": 1, "published": ["far"], "stdout": "", "value": "", "figures": []}
    (folder / "evidence.json").write_text(json.dumps({"seeds": [0, 1], "records": [number]}))
    (folder / "cells.json").write_text(json.dumps([{**cell, "seconds": 0.1}]))


def make(
    runs: Path,
    label: str,
    source: str = "now",
    profile: str = "quick",
    value: float = 1.0,
    **how: Any,
) -> store.Run:
    """Put a small run into the store, newer than the ones before."""
    manifest = manifest_of(label, source, profile)
    aside = asides.begin(runs, LESSON, manifest["key"])
    fill(aside, value)
    made = store.commit(aside, runs, manifest, **how)
    newest = 10**9 * len(list(runs.rglob("manifest.json")))
    os.utime(made.folder / "manifest.json", ns=(newest, newest))
    return made


def label_of(run: store.Run) -> str:
    """Return the label of such a run."""
    return str(run.manifest["circumstances"]["instructions"])


def reseal(folder: Path, manifest: Any) -> None:
    """Put a manifest into a run and seal it, its hashes made anew, as somebody who knows how."""
    manifest = copy.deepcopy(manifest)
    if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict):
        for name in manifest["files"]:
            if (folder / name).is_file():
                content = (folder / name).read_bytes()
                manifest["files"][name] = hashlib.sha256(content).hexdigest()
    written = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(written)
    (folder / "seal").write_text(hashlib.sha256(written).hexdigest(), encoding="ascii")


def rekey(folder: Path, source: str = "", **around: object) -> Path:
    """Let a run be of other code or circumstances: key and place follow. Return the place."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["circumstances"].update(around)
    if source:
        manifest["modules"]["__main__"] = digest(source)
    code = digest_of_code(manifest["lesson"], manifest["modules"], manifest["reads"])
    key = job.key(code, Circumstances(**manifest["circumstances"]))
    reseal(folder, {**manifest, "source": code, "key": key})
    return folder.rename(folder.with_name(key))
