"""The store's roles about files: their records, how they change, what waits, and how many there are. See port.py."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from shared.records import Counts, Record, Reference
from shared.records.passed_over import Passed, PassedOver
from shared.store.keys import Counter

Change = tuple[str, Record, Record]  # path, the record the caller saw, the record to put in its place


class Files(Protocol):
    """Reading the record of every file of the collection, by path."""

    def records(self, paths: Sequence[str]) -> list[Record | None]:
        """Records of `paths`, in order; None where there is none (or a corrupt one). One round trip per 1,000."""

    def scan(self) -> Iterator[list[tuple[str, Record]]]:
        """All records in chunks, in no order; a path that changes meanwhile may come twice or in either state."""

    def pending(self) -> Iterator[tuple[str, Record]]:
        """Every pending path that was sent, with its record; those of the backlog are left out."""

    def failures(self) -> Iterator[tuple[str, Record]]:
        """Every failed path with its record."""

    def unjudged(self) -> Iterator[tuple[str, Record]]:
        """Every ready path that has no verdict yet, with its record."""


class Changes(Protocol):
    """Files come, are finished, and go: their records change."""

    def mark_pending(self, references: Sequence[Reference], now: float) -> None:
        """Record that these settled files are on their way to a feature worker; with 0 for `now`, in the backlog."""

    def complete(self, changes: Sequence[Change]) -> list[bool]:
        """Replace each record that is still the one the caller saw. True where it was. One atomic round trip."""

    def forget(self, paths: Sequence[str]) -> int:
        """Remove the records of `paths`; the number that were there."""


class Backlog(Protocol):
    """Files that are on record and were not sent yet, and whether they are to wait."""

    def backlog(self, count: int) -> list[tuple[str, Record]]:
        """Up to `count` files of the backlog with their records, those that changed longest ago. Two round trips."""

    def pause_backlog(self, paused: bool) -> None:
        """Let the backlog wait until it is resumed, or resume it."""

    def is_backlog_paused(self) -> bool:
        """Whether it waits for a person to resume it."""

    def tell_backlog_rests(self, why: str) -> None:
        """Say why else the backlog is not sent, in words; "" while it is."""

    def backlog_rests(self) -> str:
        """What was said last."""


class Attempts(Protocol):
    """How often a worker began a file and did not finish it: a file that takes workers down is given up at last."""

    def begin(self, paths: Sequence[str]) -> list[int]:
        """Count an attempt at each path; how often each was begun and not finished, this time included."""

    def finish(self, paths: Sequence[str]) -> None:
        """Forget the attempts at these paths."""


class Tallies(Protocol):
    """How many files there are in which state, and the counters."""

    def counts(self) -> Counts:
        """Files by state. Constant cost."""

    def verdict_counts(self) -> dict[str, int] | None:
        """Files by verdict, and `unjudged` for those that are ready without one; pending files are in none of these.

        None while they do not add up (an older version wrote): `recount` mends that. Constant cost.
        """

    def recount(self) -> Iterator[None]:
        """Put every path under what its record says, whatever older versions left, in small steps. O(records)."""

    def revision(self) -> int:
        """A number that grows with every change of the collection."""

    def add(self, counter: Counter, amount: int) -> int:
        """Add to a counter (0 reads it); its new value."""


class Surroundings(Protocol):
    """What else lies in the watched folder: files that are passed over have no record."""

    def put_passed_over(self, found: PassedOver, parts: Sequence[bytes]) -> None:
        """Put what a complete scan passed over in place of what is there. parts: of the list, written if it differs."""

    def passed_over(self) -> PassedOver | None:
        """The counts of the last complete scan; None before there was one. Constant cost."""

    def list_passed_over(self, found: PassedOver) -> Iterator[Passed]:
        """The files that these counts speak of, in the order of the scan; for an hour after others came, too."""
