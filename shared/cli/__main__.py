"""Entry point of `imagesieve`: the commands, and one place that turns errors into a sentence and an exit status."""

import sys
from collections.abc import Callable

import typer
from click.exceptions import Abort, ClickException, Exit

from shared.cli import ask, look, start
from shared.cli.terminal import complain
from shared.errors import ImagesieveError, SettingsError

app = typer.Typer(
    name="imagesieve",
    help="Finds duplicates in a stream of images, continuously.\n\n"
    "Begin with: imagesieve up ~/Pictures/incoming\n\n"
    "Settings are IMAGESIEVE_* environment variables; the README lists them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
commands: list[tuple[Callable[..., None], bool]] = [
    (start.up, False),
    (start.demo, False),
    (look.status, False),
    (ask.recluster, False),
    (look.report, False),
    (look.doctor, False),
    (start.watch, False),
    (start.work, False),
    (start.beat, True),
    (start.flower, True),
    (look.alive, True),
]
for command, hidden in commands:
    app.command(hidden=hidden)(command)


def main() -> None:
    """Run the command line. Exit status 0: done, 1: failed, 2: wrong use."""
    try:
        status = app(standalone_mode=False)
    except SettingsError as error:
        complain(str(error))
        sys.exit(2)
    except ImagesieveError as error:
        complain(str(error))
        sys.exit(1)
    except Exit as leave:
        sys.exit(leave.exit_code)
    except ClickException as error:
        error.show()
        sys.exit(2)
    except (Abort, KeyboardInterrupt):
        complain("stopped")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)  # whoever read the results has left
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
