"""What is shown of the work, from one look at Redis after another. Pure: the clock is an argument."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.broker import Outstanding
from shared.live.waiting import Waiting
from shared.records import DUPLICATE_KINDS, Counts, Event, Extractor

SPEED_SECONDS: Final = 60.0  # seconds over which a speed is taken
KEPT: Final = 200  # duplicates, and events, more than a screen has lines


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in one look. verdicts: None while they are counted anew."""

    counts: Counts
    verdicts: dict[str, int] | None
    waiting: Outstanding
    redis_bytes: int
    extractor: Extractor | None
    generation: dict[str, Any] | None
    backlog: Waiting

    @property
    def unjudged(self) -> int:
        """Files that are read and have no verdict yet; 0 while they are counted."""
        return (self.verdicts or {}).get("unjudged", 0)

    @property
    def judged(self) -> int:
        """Files that are through both stages."""
        return self.counts.total - self.counts.pending - self.unjudged


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown. Speeds are per second. seconds_left: until the waiting files are done, None if unknown.

    look: None before the first. duplicates, events: newest first. workers: None before anybody asked. absence: why
    Redis does not answer, "" while it does. age: of `look`, in seconds.
    """

    look: Look | None = None
    files: float = 0.0
    verdicts: float = 0.0
    seconds_left: float | None = None
    duplicates: tuple[Event, ...] = ()
    events: tuple[Event, ...] = ()
    workers: tuple[str, ...] | None = None
    absence: str = ""
    age: float = 0.0


class Speed:
    """How much came in the last minute, or since the first look where that is shorter ago."""

    def __init__(self, window: float = SPEED_SECONDS) -> None:
        self._window = window
        self._began: float | None = None
        self._came: deque[tuple[float, int]] = deque()

    def add(self, amount: int, now: float) -> None:
        """Note that `amount` came since the last look. At the first look nobody knows since when."""
        if self._began is None:
            self._began = now
        elif amount > 0:
            self._came.append((now, amount))
        while self._came and self._came[0][0] <= now - self._window:
            self._came.popleft()

    def per_second(self, now: float) -> float:
        """The speed as of now."""
        seconds = 0.0 if self._began is None else min(self._window, now - self._began)
        if seconds <= 0:
            return 0.0
        return sum(amount for at, amount in self._came if at > now - self._window) / seconds


class Model:
    """Looks come in, pages go out."""

    def __init__(self) -> None:
        self._look: Look | None = None
        self._at = 0.0
        self._files, self._verdicts = Speed(), Speed()
        self._duplicates: deque[Event] = deque(maxlen=KEPT)  # newest first
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._workers: tuple[str, ...] | None = None
        self._absence = ""

    def remember(self, events: Iterable[Event]) -> None:
        """Events from before the first look, oldest first: they are shown, their number is no speed.

        That a recluster run put a picture into another cluster is none to show.
        """
        for event in events:
            if event.cluster_before is None:
                self._events.appendleft(event)
                if event.verdict in DUPLICATE_KINDS:
                    self._duplicates.appendleft(event)

    def take(self, look: Look, events: Sequence[Event], now: float) -> None:
        """One more look, and the events since the last one, oldest first."""
        # A file that leaves takes nothing away from what was done.
        done = _done(look) - _done(self._look) if self._look else 0
        self._files.add(done, now)
        self._verdicts.add(sum(event.cluster_before is None for event in events), now)
        self.remember(events)
        self._look, self._at, self._absence = look, now, ""

    def note_workers(self, names: Iterable[str]) -> None:
        """Who answered when all workers were asked last."""
        self._workers = tuple(names)

    def lose(self, absence: str) -> None:
        """Redis did not answer, and why."""
        self._absence, self._workers = absence, None

    def page(self, now: float) -> Page:
        """What is to be shown now."""
        files = self._files.per_second(now)
        pending = _under_way(self._look) if self._look else 0
        return Page(
            look=self._look,
            files=files,
            verdicts=self._verdicts.per_second(now),
            seconds_left=pending / files if files and pending else None,
            duplicates=tuple(self._duplicates),
            events=tuple(self._events),
            workers=self._workers,
            absence=self._absence,
            age=now - self._at,
        )


def _under_way(look: Look) -> int:
    """Files that will be read without anybody's doing."""
    return look.counts.pending - (0 if look.backlog.moves else look.counts.held)


def _done(look: Look) -> int:
    return look.counts.total - look.counts.pending
