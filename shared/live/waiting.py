"""The backlog as it is."""

from dataclasses import dataclass
from typing import Protocol

from shared.store import Backlog, Tallies
from shared.wording import number_of


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
        one = self.files == 1
        waits = f"{number_of(self.files, 'file')} {'waits' if one else 'wait'}"
        return f"{waits}: {why}" if why else f"{waits}, and {'is' if one else 'are'} read as workers are free"


class WaitingStore(Backlog, Tallies, Protocol):
    """What is known of the backlog."""


def read_waiting(store: WaitingStore) -> Waiting:
    """As the store has it. Raises Unavailable."""
    return Waiting(store.counts().held, store.is_backlog_paused(), store.backlog_rests())
