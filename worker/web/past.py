"""What became of files lately, by path (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.records import Event

EVENTS: Final = 2000  # newest ones that are looked through


@dataclass(frozen=True, slots=True)
class Past:
    """looked: how many events there were. by_path: those of each file, newest first."""

    looked: int
    by_path: Mapping[str, Sequence[Event]]


def past_of(events: Iterable[Event]) -> Past:
    """events: newest first."""
    looked, by_path = 0, dict[str, list[Event]]()
    for event in events:
        looked += 1
        by_path.setdefault(event.path, []).append(event)
    return Past(looked, by_path)
