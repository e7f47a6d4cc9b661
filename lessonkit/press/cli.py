"""The command line `lessonkit`.

Exit codes: 0 good, 1 a lesson or a claim failed, 2 wrong usage.
"""

from __future__ import annotations

import io
import os
import sys

import click

from lessonkit.press.commands import keeping, looking, running, writing
from lessonkit.press.settings import PressError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="lessonkit")
def commands(debug: bool) -> None:
    """Lessons that are true because they ran."""


for room in (running, looking, keeping, writing):
    for command in [made for made in vars(room).values() if isinstance(made, click.Command)]:
        commands.add_command(command)


def main() -> None:
    """Run the command line; a person sees one line, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # no sign that it cannot write ends a command
            stream.reconfigure(errors="replace")
    try:
        try:
            _main()
        finally:
            sys.stdout.flush()
    except OSError as error:  # of what was said: it goes nowhere
        if "--debug" in sys.argv:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # nobody reads any more, as in `… | head -1`
            click.secho(f"lessonkit: {_unexpected(error)}", err=True, fg="red")
        sys.exit(1)


def _main() -> None:
    debug = "--debug" in sys.argv
    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("interrupted; finished runs are kept", err=True)
        sys.exit(130)
    except PressError as error:
        if debug:
            raise
        click.secho(f"lessonkit: {error}", err=True, fg="red")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except ModuleNotFoundError as error:
        if debug:
            raise
        click.secho(
            f"lessonkit: {error}: a part of what builds sites is missing. "
            "pip install 'lessonkit[site]'.",
            err=True,
            fg="red",
        )
        sys.exit(2)
    except BrokenPipeError:
        raise
    except Exception as error:
        if debug:
            raise
        click.secho(f"lessonkit: {_unexpected(error)}", err=True, fg="red")
        sys.exit(1)


def _unexpected(error: Exception) -> str:
    from lessonkit.press.run import aside

    if aside.full(error):
        return f"no space left on the disk ({error}). Free some, and say the same again."
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)"


if __name__ == "__main__":
    main()
