"""What is around a run, but for its code: as somebody wants it, and as it then is.

What nobody asks for is as the environment says (LESSONKIT_PROFILE, LESSONKIT_DEVICE,
LESSONKIT_FIRST_SEED, LESSONKIT_PORTABLE), else as the settings say, else as the machine has it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib import metadata

from lessonkit.evidence.circumstances import (
    DEVICES,
    PROFILES,
    seeming_devices,
    torch_version,
)
from lessonkit.evidence.environment import instructions_of
from lessonkit.press.settings import Settings, UsageError


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for; None is for the environment and the settings to say."""

    profile: str | None = None
    device: str = "auto"
    first_seed: int | None = None
    instructions: str | None = None  # of the processor

    @property
    def something(self) -> bool:
        """Whether anything is asked for at all."""
        return self != AS_SET


AS_SET = Wanted()  # nothing is asked for


@dataclass(frozen=True)
class Circumstances:
    """Everything but the code that can change what is measured."""

    profile: str
    device: str
    first_seed: int
    threads: int
    instructions: str  # "native", "portable", or as somebody set them
    python: str
    libraries: dict[str, str | None]
    # Variables that reach the lesson, each with the hash of its value: it may be a secret.
    environment: dict[str, str | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return plain data for a manifest."""
        data = asdict(self)
        if not self.environment:
            del data["environment"]
        return data


def circumstances(settings: Settings, wanted: Wanted = AS_SET) -> Circumstances:
    """Describe how a lesson would run here; nothing is imported for it.

    Raises:
        UsageError: a profile or a device that does not exist here, a first seed that is none.
    """
    device = choose_device(wanted.device)
    return Circumstances(
        choose_profile(settings, wanted.profile, device),
        device,
        _first_seed(settings) if wanted.first_seed is None else wanted.first_seed,
        settings.threads,
        wanted.instructions or _instructions(),
        f"{sys.version_info.major}.{sys.version_info.minor}",
        {name: _version(name) for name in settings.libraries},
        {name: _hashed(os.environ.get(name)) for name in settings.environment},
    )


def choose_device(wanted: str) -> str:
    """Return the device class for `wanted` without importing torch.

    Raises:
        UsageError: the device is not on this machine.
    """
    wanted = os.environ.get("LESSONKIT_DEVICE") or wanted if wanted == "auto" else wanted
    if wanted not in ("auto", *DEVICES):
        raise UsageError(f"unknown device {wanted!r}: choose auto, {', '.join(DEVICES)}.")
    there = seeming_devices()
    if wanted == "auto":
        return "cuda" if "cuda" in there else "cpu"
    if wanted not in there:
        raise UsageError(
            f"device {wanted!r} is not on this machine (or torch {torch_version()} is built "
            f"without it); there is: {', '.join(there)}."
        )
    return wanted


def choose_profile(settings: Settings, wanted: str | None, device: str) -> str:
    """Return the profile: as asked, as confined by LESSONKIT_PROFILE, as set, else by device.

    Raises:
        UsageError: there is no such profile.
    """
    profile = wanted or confined() or settings.profile
    if profile == "auto":
        return "full" if device == "cuda" else "quick"
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}: choose {', '.join(PROFILES)}.")
    return profile


def confined() -> str | None:
    """Return the profile to which LESSONKIT_PROFILE confines pages and runs, if any."""
    return os.environ.get("LESSONKIT_PROFILE") or None


def _first_seed(settings: Settings) -> int:
    text = os.environ.get("LESSONKIT_FIRST_SEED") or str(settings.first_seed)
    if not text.isdecimal():
        raise UsageError(f"first seed {text!r}: expected a whole number from 0, as in 1000.")
    return int(text)


def _instructions() -> str:
    return "portable" if os.environ.get("LESSONKIT_PORTABLE") else instructions_of()


def _hashed(value: str | None) -> str | None:
    return value if value is None else hashlib.sha256(os.fsencode(value)).hexdigest()


@lru_cache(maxsize=64)
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
