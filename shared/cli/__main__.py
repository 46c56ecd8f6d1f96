"""Entry point of `imagesieve`: the commands, and one place that turns errors into a sentence and an exit status."""

import io
import os
import sys
from collections.abc import Callable
from typing import Annotated, TextIO

import typer

from shared.cli import ask, backlog, calibration, check, configuration, duplicates, estimate, look, start, weights
from shared.cli import stream as stream_commands
from shared.cli.own_modules import find_own_modules
from shared.cli.place import Commands
from shared.cli.terminal import say
from shared.errors import ImagesieveError, SettingsError, Unavailable
from shared.live.absence import explain_absence
from shared.settings import Settings, load_settings, unknown_settings
from shared.stack.leftovers import SUPERVISED
from shared.version import own_version

app = Commands(
    name="imagesieve",
    help="Finds duplicates in a stream of images, continuously.\n\n"
    "Begin with: imagesieve up ~/Pictures/incoming\n\n"
    "Commands act on the collection of the current folder, or on the one that --collection or --state names.\n\n"
    "Settings are IMAGESIEVE_* environment variables or lines in a file: see imagesieve settings.",
    context_settings={"help_option_names": ["-h", "--help"]},  # of the commands, too
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(new=True)(start.up)
app.command(placed=False)(start.demo)  # its state is in the folder that it makes
commands: list[tuple[Callable[..., None], bool]] = [
    (estimate.estimate, False),
    (look.status, False),
    (stream_commands.events, False),
    (check.check, False),
    (calibration.calibrate, False),
    (ask.recluster, False),
    (look.report, False),
    (configuration.settings, False),
    (look.doctor, False),
    (weights.weights, False),
    (start.watch, False),
    (start.work, False),
    (start.serve, False),
    (start.beat, True),
    (start.flower, True),
    (look.alive, True),
]
for command, hidden in commands:
    app.command(hidden=hidden)(command)
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(backlog.app, name="backlog")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"imagesieve {own_version()}")
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """What stands before a command."""


def main() -> None:
    """Run the command line. Exit status 0: done, 1: failed, 2: wrong use."""
    escape_what_cannot_be_written(sys.stdout)
    try:
        find_own_modules()
    except SettingsError as error:
        say(str(error))
        sys.exit(2)
    if SUPERVISED not in os.environ:  # of what `up` starts, `up` has said it
        for warning in unknown_settings(os.environ, Settings.model_fields):
            say(f"warning: {warning}")
    try:
        app()
    except SettingsError as error:
        say(str(error))
        sys.exit(2)
    except Unavailable as error:
        say(explain_absence(error, load_settings()))
        sys.exit(1)
    except ImagesieveError as error:
        say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read the results has left; the flush at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def escape_what_cannot_be_written(out: TextIO) -> None:
    """File names may hold any character: one that the terminal's encoding lacks is escaped, and ends no command."""
    if isinstance(out, io.TextIOWrapper) and out.errors == "strict":
        out.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
