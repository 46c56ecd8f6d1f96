"""Commands that ask the workers for something."""

from typing import Annotated

import typer

from shared import names
from shared.broker import ask_for_recluster, make_app, workers
from shared.cli.terminal import emit, say
from shared.errors import PermanentError
from shared.settings import load_settings
from shared.stack.up import recluster_and_wait


def recluster(
    wait: Annotated[bool, typer.Option("--wait", help="wait until it is done and report the outcome")] = False,
    force: Annotated[bool, typer.Option("--force", help="also when nothing has changed since the last one")] = False,
    k: Annotated[
        int | None,
        typer.Option("--k", min=0, max=1000, help="the number of clusters from now on; 0: as in the settings"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="with --wait: the outcome as JSON")] = False,
) -> None:
    """Ask for a recluster run now: a new generation of clusters, groups and the report.

    Example:

      imagesieve recluster --wait

      imagesieve recluster --k 8 --wait
    """
    settings = load_settings()
    app = make_app(settings)
    if not wait:
        ask_for_recluster(app, force, k)
        say("asked for a recluster run; `imagesieve report` shows it when it is done")
        return
    if not any(name.startswith(f"{names.QUEUE_RECLUSTER}@") for name in workers(app, 2.0)):
        raise PermanentError("no recluster worker answers, so waiting would not end: is `imagesieve up` running?")
    outcome = recluster_and_wait(settings, force, k)
    if json:
        emit(outcome)
    else:
        print(outcome["message"])
