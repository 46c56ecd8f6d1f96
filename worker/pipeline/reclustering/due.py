"""When files that came or went are worth a recluster run over the whole collection.

Not whenever anything changed: a run over a large collection takes minutes. docs/adr/0035 has the reasons.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.store import Counter, Tallies
from shared.store.places import UNJUDGED

SHARE: Final = 0.05  # of the files that may have changed until a run is due
DRIFT: Final = 0.1  # of the new pictures that may lie far from every cluster: a hundredth does by chance
FEWEST: Final = 20  # new pictures, below which that share says nothing
PATIENCE: Final = 100  # times what the last run took: runs for little take a hundredth of the time at most


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that only grow. changed: files judged for the first time, or gone. placed: pictures that were given a
    cluster on arrival; strayed: those of them that lie far from every cluster."""

    changed: int = 0
    placed: int = 0
    strayed: int = 0

    def since(self, before: "Tally") -> "Tally":
        """What came to it. After Redis lost the counts, nothing is known: as if nothing had been counted before."""
        if self.changed < before.changed or self.placed < before.placed or self.strayed < before.strayed:
            return self
        return Tally(self.changed - before.changed, self.placed - before.placed, self.strayed - before.strayed)


@dataclass(frozen=True, slots=True)
class News:
    """What happened since the last generation. files: that it had. waited, took: seconds since it was made, and that it
    took. stuck: whether files wait for a verdict while nothing else is under way."""

    tally: Tally
    files: int
    waited: float
    took: float
    stuck: bool


def is_due(news: News) -> bool:
    """Whether a run is due: by a share of the files, by drift, by the time, or to find verdicts that got lost."""
    tally = news.tally
    drifted = tally.placed >= FEWEST and tally.strayed > DRIFT * tally.placed
    is_late = not 0 <= news.waited < PATIENCE * news.took  # before the last run: the clock was set back
    return news.stuck or drifted or is_late or tally.changed >= SHARE * news.files


def when_due(news: News) -> str:
    """For people, of a run that is not due: when it will be."""
    left = round(PATIENCE * news.took - news.waited)
    came = f"{news.tally.changed} of {news.files} files came or went since"
    return f"{came}; a run is due at {100 * SHARE:.0f} %, or in {left} s"


def read_tally(store: Tallies) -> Tally:
    """As the store has it now; three round trips."""
    return Tally(*(store.add(counter, 0) for counter in (Counter.CHANGED, Counter.PLACED, Counter.STRAYED)))


def news_since(store: Tallies, summary: dict[str, Any], now: float) -> News:
    """What happened since the generation with this summary."""
    counts, verdicts = store.counts(), store.verdict_counts()
    made = datetime.fromisoformat(summary["created"]).timestamp()
    return News(
        tally=read_tally(store).since(Tally(**summary.get("tally", {}))),
        files=summary["counts"]["images"],
        waited=now - made,
        took=sum(summary["seconds"].values()),
        stuck=not counts.pending and bool(verdicts and verdicts[UNJUDGED]),
    )
