"""Commands for the backlog: what was in the folder before it was watched, and what is read again."""

from dataclasses import asdict
from typing import Annotated

import typer

from shared.cli.place import Commands
from shared.cli.terminal import emit, say
from shared.live.waiting import read_waiting
from shared.settings import load_settings
from shared.store import RedisStore

app = Commands(
    help="The backlog: files that were there before the folder was watched, and files that are read again. New files "
    "go before it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def pause() -> None:
    """Let the backlog wait until it is resumed, over restarts too. What workers have in hand is finished in seconds.

    New files are read all the same. Example:

      imagesieve backlog pause
    """
    _set_paused(True)


@app.command()
def resume() -> None:
    """Go on with the backlog.

    Example:

      imagesieve backlog resume
    """
    _set_paused(False)


def _set_paused(paused: bool) -> None:
    store = RedisStore.connect(load_settings().store)
    store.pause_backlog(paused)
    say(f"the backlog: {read_waiting(store).sentence}")


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False) -> None:
    """Show how many files wait, and whether they are to wait and why.

    Example:

      imagesieve backlog status
    """
    found = read_waiting(RedisStore.connect(load_settings().store))
    if json:
        emit(asdict(found))
    else:
        print(found.sentence)
