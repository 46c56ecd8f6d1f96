"""The backlog goes out a little at a time, by the one watcher that holds the lease, unless it is to rest.

Everything that holds it back stands here, and nothing of it in the workers: they have no more of it in line than they
work off within seconds, so a pause, quiet hours or a bound on reads take effect as fast.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol
from uuid import uuid4

from shared import names
from shared.broker import Lane
from shared.errors import Unavailable
from shared.metrics import UNMETERED, Meter
from shared.quiet_hours import QuietHours
from shared.records import Record, Reference
from shared.store import Backlog as BacklogRole
from shared.store import Changes, Leases, Tallies
from watcher.enqueue import BATCHES_IN_A_MESSAGE
from watcher.metrics import BATCHES, ENQUEUED
from watcher.pace import Bound, Flow
from watcher.queue import FeatureQueue

LOOK_SECONDS: Final = 0.25  # between two looks while files wait
IDLE_SECONDS: Final = 1.0  # and while none does
LEASE_SECONDS: Final = 5.0  # after which another watcher goes on
# Messages to the verdict writer that may be in line. It is one process, and what the feature workers are ahead of it by
# would go on for as long after a pause, and be judged all anew if it ends.
VERDICTS_IN_LINE: Final = 32

_log = logging.getLogger(__name__)


class BacklogStore(BacklogRole, Changes, Leases, Tallies, Protocol):
    """Files that wait, and whether they are to wait."""


class Backlog:
    """Sends what is held. Every method but `close` raises Unavailable."""

    def __init__(
        self,
        store: BacklogStore,
        queue: FeatureQueue,
        batch_size: int,
        per_second: float,
        quiet: QuietHours,
        wall: Callable[[], float],
        meter: Meter = UNMETERED,
    ) -> None:
        """per_second: files that may be read in a second, 0: any number. wall: seconds since the epoch."""
        self._store = store
        self._queue = queue
        self._flow = Flow(batch_size, BATCHES_IN_A_MESSAGE * batch_size)
        self._bound = Bound(per_second)
        self._quiet = quiet
        self._wall = wall
        self._meter = meter
        self._holder = uuid4().hex
        self._due = float("-inf")
        self._rests: str | None = None  # what was told last; None: nothing by this watcher
        self._insists = False

    def insist(self) -> None:
        """Send the backlog whether it is paused or not, and in quiet hours: somebody waits for the end of it."""
        self._insists = True

    def due(self) -> float:
        """When to look again."""
        return self._due

    def feed(self, now: float) -> None:
        """Look, if it is time, and send what may be sent."""
        if now < self._due:
            return
        held = self._store.counts().held
        self._due = now + (LOOK_SECONDS if held else IDLE_SECONDS)
        if not held or not self._store.take_lease(names.LEASE_BACKLOG, self._holder, LEASE_SECONDS):
            return
        quiet = self._quiet.cover(datetime.fromtimestamp(self._wall())) and not self._insists
        self._tell(f"quiet hours until {self._quiet.end_in_words}" if quiet else "")
        if quiet or (self._store.is_backlog_paused() and not self._insists):
            return
        lines = self._queue.lines()
        self._flow.look(lines.backlog, now)
        if lines.verdicts < VERDICTS_IN_LINE:
            self._send(lines.backlog, now)

    def _send(self, messages: int, now: float) -> None:
        while self._flow.has_room(messages, now):
            some = self._bound.allow(self._flow.size(now), now)
            sent = self._mark(self._store.backlog(some)) if some else []
            if not sent:
                return
            self._queue.send(sent, Lane.BACKLOG)
            messages += 1
            self._flow.send(len(sent))
            self._bound.spend(len(sent))
            self._meter.add(ENQUEUED, len(sent))
            self._meter.add(BATCHES)

    def _mark(self, found: Sequence[tuple[str, Record]]) -> list[Reference]:
        """Mark these as sent; those that were still waiting. A record keeps what it says of the file beside that."""
        changes = [(path, record, replace(record, since=self._wall())) for path, record in found]
        marked = self._store.complete(changes)
        return [
            Reference(path, record.size, record.mtime_ns, record.ctime_ns, record.inode)
            for (path, record), done in zip(found, marked, strict=True)
            if done
        ]

    def _tell(self, rests: str) -> None:
        if rests != self._rests:
            self._store.tell_backlog_rests(rests)
            if rests:
                _log.info("the backlog rests: %s", rests)
        self._rests = rests

    def close(self) -> None:
        """Let another watcher go on at once."""
        with suppress(Unavailable):  # the lease runs out
            self._store.end_lease(names.LEASE_BACKLOG, self._holder)
