"""What `up` minds while it runs: that Redis takes writes, that a report is made when there is news, and each new one.

What decides is pure: the clock is an argument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.filesize import decimal

from shared.errors import Unavailable
from shared.reports import LATEST
from shared.store import Store
from shared.store.places import UNJUDGED

PING_SECONDS: Final = 5.0  # between two looks whether Redis takes writes
LOOK_SECONDS: Final = 2.0  # between two looks at the collection
QUIET_SECONDS: Final = 3.0  # without a change: between two files of a scan there is less
BACKFILL: Final = 100  # files under way at once that make a backfill, of a collection of up to ten times as many


@dataclass(frozen=True)
class Look:
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
    """When to ask for a generation ahead of beat: once the work after the start is through, or that of a backfill.

    Not after each file: in a steady trickle, every one of them would cost a run over the whole collection.
    """

    def __init__(self) -> None:
        self._wanted = True
        self._since: tuple[int, float] | None = None  # revision, and when it was first seen with nothing under way

    def is_due(self, look: Look, now: float) -> bool:
        """Whether to ask now; to be called about every LOOK_SECONDS. Once asked, see `asked`."""
        self._wanted = self._wanted or look.is_backfill
        if look.pending or look.unjudged != 0:
            self._since = None
            return False
        if self._since is None or self._since[0] != look.revision:
            self._since = (look.revision, now)
        return self._wanted and look.has_news and now - self._since[1] >= QUIET_SECONDS

    def asked(self) -> None:
        """It was asked for."""
        self._wanted = False


class ReportWatch:
    """Asks for a report when the work is through, and tells of each new one."""

    def __init__(self, store: Store, reports: Path, ask: Callable[[], None], say: Callable[[str], None]) -> None:
        """reports: their folder. ask: for a recluster run; it may raise Unavailable."""
        self._store = store
        self._page = reports / LATEST / "report.html"
        self._ask = ask
        self._say = say
        self._quiet = Quiet()
        self._due = 0.0
        self._told: str | None = None  # the last generation; None before the first look

    def look(self, now: float) -> None:
        """Look, if it is time."""
        if now < self._due:
            return
        self._due = now + LOOK_SECONDS
        try:
            summary = self._store.summary()
            self._tell(summary)
            if self._quiet.is_due(self._look(summary), now):
                self._ask()
                self._quiet.asked()
        except Unavailable:
            return  # RedisWatch tells it; the next look is soon

    def _look(self, summary: dict[str, Any] | None) -> Look:
        counts, verdicts = self._store.counts(), self._store.verdict_counts()
        unjudged = None if verdicts is None else verdicts[UNJUDGED]
        clustered = summary["revision"] if summary else None
        return Look(counts.total, counts.pending, unjudged, self._store.revision(), clustered)

    def _tell(self, summary: dict[str, Any] | None) -> None:
        generation = summary["generation"] if summary else ""
        if summary and self._told not in (None, generation):
            self._say(announce(summary, self._page))
        self._told = generation


def announce(summary: dict[str, Any], page: Path) -> str:
    """A new generation in one line."""
    counts = summary["counts"]
    if summary.get("report_error"):
        return f"warning: {summary['report_error']}"
    found = f"{counts['duplicates']:,} of {counts['images']:,} images are duplicates"
    freed = decimal(summary["bytes_to_free"], precision=2)
    return f"report: {found}, {freed} can be freed: {page.as_uri()}"


class RedisWatch:
    """Says when Redis takes no writes, and when it does again."""

    def __init__(self, store: Store, say: Callable[[str], None]) -> None:
        self._store = store
        self._say = say
        self._due = 0.0
        self._well = True

    def look(self, now: float) -> None:
        """Look, if it is time."""
        if now < self._due:
            return
        self._due = now + PING_SECONDS
        try:
            self._store.ping()
        except Unavailable as error:
            if self._well:
                self._say(f"{error}. Nothing new is taken in until then; nothing is lost")
            self._well = False
        else:
            if not self._well:
                self._say("Redis takes writes again; everything goes on")
            self._well = True
