"""Commands for the backlog: what was in the folder before it was watched, and what is read again."""

from dataclasses import asdict, dataclass
from typing import Annotated, Protocol

import typer

from shared.cli.terminal import emit, say
from shared.settings import load_settings
from shared.store import Backlog, RedisStore, Tallies

app = typer.Typer(
    help="The backlog: files that were there before the folder was watched, and files that are read again. New files "
    "go before it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The backlog as it is. files: that wait to be sent. rests: why else than for a pause they wait, "" where not."""

    files: int = 0
    paused: bool = False
    rests: str = ""

    @property
    def moves(self) -> bool:
        """Whether it is sent."""
        return not (self.paused or self.rests)

    @property
    def sentence(self) -> str:
        """For people."""
        why = "paused; `imagesieve backlog resume` goes on with it" if self.paused else self.rests
        if not self.files:
            return f"empty ({why})" if self.paused else "empty"
        return f"{self.files:,} files wait{': ' if why else ', and are read as workers are free'}{why}"


class WaitingStore(Backlog, Tallies, Protocol):
    """What is known of the backlog."""


def read_waiting(store: WaitingStore) -> Waiting:
    """As the store has it. Raises Unavailable."""
    return Waiting(store.counts().held, store.is_backlog_paused(), store.backlog_rests())


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
