"""How far the work of a stack is, and what it has computed since it was started."""

from dataclasses import dataclass

from shared.records import Counts
from shared.store import Counter, Tallies
from shared.store.places import UNJUDGED


@dataclass(frozen=True)
class Standing:
    """How far the work is. unjudged: files that are read and have no verdict yet; None while they are counted.

    computed, loaded: pictures that were computed, and networks that were loaded, since the stack was started.
    """

    counts: Counts
    unjudged: int | None
    computed: int
    loaded: int

    @property
    def judged(self) -> int:
        """Files that are through both stages."""
        return self.counts.total - self.counts.pending - (self.unjudged or 0)


class Progress:
    """Looks at a store. What was computed before this object was made counts as done by others."""

    def __init__(self, store: Tallies) -> None:
        """Raises Unavailable."""
        self._store = store
        self._computed, self._loaded = (Since(store.add(one, 0)) for one in (Counter.COMPUTED, Counter.LOADED))

    def look(self) -> Standing:
        """How far the work is now. Raises Unavailable."""
        verdicts = self._store.verdict_counts()
        return Standing(
            self._store.counts(),
            None if verdicts is None else verdicts[UNJUDGED],
            self._computed.grown(self._store.add(Counter.COMPUTED, 0)),
            self._loaded.grown(self._store.add(Counter.LOADED, 0)),
        )


class Since:
    """By how much a number has grown that only grows."""

    def __init__(self, first: int) -> None:
        self._first = first

    def grown(self, number: int) -> int:
        """How much more it is than at first; all of it once it is smaller, for then it began anew."""
        if number < self._first:
            self._first = 0
        return number - self._first
