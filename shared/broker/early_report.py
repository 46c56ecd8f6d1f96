"""When beat asks for a report ahead of its schedule: as soon as the work after a start, or a backfill, is through.

The decision is pure: the clock is an argument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from shared.errors import Unavailable
from shared.store import Generations, Tallies
from shared.store.places import UNJUDGED

COLLECTION_LOOK_SECONDS: Final = 2.0  # between two looks at the collection
QUIET_SECONDS: Final = 3.0  # without a change: between two files of a scan there is less
BACKFILL: Final = 100  # files under way at once that make a backfill, of a collection of up to ten times as many


@dataclass(frozen=True)
class Moment:
    """The collection at one moment. unjudged: None where not known. clustered: the last generation's revision."""

    total: int
    pending: int
    unjudged: int | None
    revision: int
    clustered: int | None

    @property
    def has_news(self) -> bool:
        """Whether a new generation would hold anything new."""
        return self.total > 0 and self.revision != self.clustered

    @property
    def is_backfill(self) -> bool:
        """Whether so much is under way that people wait for the end of it."""
        return self.pending >= max(BACKFILL, self.total // 10)


class Quiet:
    """When to ask for a generation ahead of the period: once the work of the start, or of a backfill, is through.

    Not after each file: in a steady trickle, every one of them would cost a run over the whole collection.
    """

    def __init__(self) -> None:
        self.wanted = True  # a report is asked for at the next rest
        self._since: tuple[int, float] | None = None  # revision, and when it was first seen with nothing under way

    def is_due(self, look: Moment, now: float) -> bool:
        """Whether to ask now; to be called about every COLLECTION_LOOK_SECONDS. Once asked, see `asked`."""
        self.wanted = self.wanted or look.is_backfill
        if look.pending or look.unjudged != 0:
            self._since = None
            return False
        if self._since is None or self._since[0] != look.revision:
            self._since = (look.revision, now)
        return self.wanted and look.has_news and now - self._since[1] >= QUIET_SECONDS

    def asked(self) -> None:
        """Note that a report was asked for."""
        self.wanted = False


class EarlyReportStore(Tallies, Generations, Protocol):
    """The part of the store that tells whether the work is through."""


class EarlyReport:
    """Asks for a report when the work is through."""

    def __init__(self, store: EarlyReportStore, ask: Callable[[], None]) -> None:
        """ask: asks for a recluster run; it may raise Unavailable."""
        self._store = store
        self._ask = ask
        self._quiet = Quiet()
        self._due = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether a report waits for the work to end: then look every COLLECTION_LOOK_SECONDS, else now and then."""
        return self._quiet.wanted

    def look(self, now: float) -> None:
        """Look, if it is time."""
        if now < self._due:
            return
        self._due = now + COLLECTION_LOOK_SECONDS
        try:
            if self._quiet.is_due(self._look(), now):
                self._ask()
                self._quiet.asked()
        except Unavailable:
            return  # the next look is soon

    def _look(self) -> Moment:
        summary, counts, verdicts = self._store.summary(), self._store.counts(), self._store.verdict_counts()
        unjudged = None if verdicts is None else verdicts[UNJUDGED]
        clustered = summary["revision"] if summary else None
        return Moment(counts.total, counts.pending, unjudged, self._store.revision(), clustered)
