"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click


def wanted_options(seeds: str = "") -> Callable[..., Any]:
    """Add the options that say what is wanted, and hand them over as one `Wanted`.

    Args:
        seeds: where seeds start if nobody says; "" if nobody may.
    """
    names = ["profile", "device", "instructions", *["first_seed"] * bool(seeds)]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def called(**given: Any) -> Any:
            from lessonkit.press.lesson.circumstances import Wanted

            return command(wanted=Wanted(**{name: given.pop(name) for name in names}), **given)

        return functools.reduce(lambda made, option: option(made), _options(seeds), called)

    return add


def _options(seeds: str) -> list[Callable[..., Any]]:
    """Return the options, the last one first: that is how decorators are applied."""
    starts = f"Where seeds start (default: {seeds})."
    return [
        *[click.option("--first-seed", type=click.IntRange(0), help=starts)] * bool(seeds),
        click.option(
            "--portable",
            "instructions",
            flag_value="portable",
            help="Use only instructions that every processor has: another kind of machine.",
        ),
        click.option("--device", default="auto", metavar="auto|cpu|cuda|mps", show_default=True),
        click.option("--profile", metavar="quick|full|smoke", help="How much to measure."),
    ]


jobs_option = click.option(
    "--jobs", type=click.IntRange(1), help="Runs at once (default: cores; 1 on a GPU)."
)
