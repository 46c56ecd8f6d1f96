"""The watcher's one loop: hints, settling, batches, scans, and waiting for whatever is away.

One thread owns all state. The observer's threads only fill a HintBox; everything else happens here, in small steps.
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final, Protocol

from shared.errors import Unavailable
from shared.metrics import UNMETERED, Meter
from shared.records import Reference
from shared.settings import Settings
from shared.store import Database, Extractors
from watcher.backlog import Backlog, BacklogStore
from watcher.chores import Chores
from watcher.enqueue import BATCHES_IN_A_MESSAGE, Batcher, Enqueuer, EnqueuerStore
from watcher.folder import WatchedFolder
from watcher.hints import LIMIT, HintBox
from watcher.metrics import FOLDER_FAILURES, IGNORED, REDIS_FAILURES, SEEN, SETTLED, SETTLING
from watcher.observation import Observation
from watcher.once import Once
from watcher.outage import await_redis
from watcher.queue import FeatureQueue
from watcher.scan import Reconciler, ReconcilerStore, lost_after
from watcher.settling import Settling
from watcher.storage import Absence, FolderAway, WatchedStorage
from watcher.timing import Clock, Heartbeat, Stop, Timer

HEARTBEAT_NAME: Final = "watcher.alive"
LONGEST_REST: Final = 0.5  # between two looks at the stop flag
SHORTEST_REST: Final = 0.02  # lets the many events of one write come together
SETTLING_AT_ONCE: Final = 1000  # paths looked at in one turn
EXTRACTOR_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


class ServiceStore(EnqueuerStore, ReconcilerStore, BacklogStore, Extractors, Database, Protocol):
    """What the watcher uses of the store."""


class Service:
    """The watcher as a whole, over a store, a queue and a folder that are given."""

    def __init__(
        self,
        settings: Settings,
        store: ServiceStore,
        queue: FeatureQueue,
        stop: Stop,
        clock: Clock,
        meter: Meter = UNMETERED,
    ) -> None:
        self._meter = meter
        self._store = store
        self._queue = queue
        self._stop = stop
        self._clock = clock
        self._hints = HintBox()
        self._admission = settings.admission
        folder = WatchedFolder(settings.watch_dir, settings.empty_folder == "believe", self._admission)
        self._folder: WatchedStorage = folder
        self._observation = Observation(folder, self._hints, settings.observer, settings.poll_every)
        self._settling = Settling(settings.settle, self._folder.look)
        self._batcher = Batcher(BATCHES_IN_A_MESSAGE * settings.batch_size, settings.linger)
        self._enqueuer = Enqueuer(store, queue, self._batcher, clock.wall, meter, self._admission.takes_by_bytes)
        reconciler = Reconciler(
            self._folder, store, self._enqueuer, self._settling, settings.settle, settings.rescan_every,
            clock.monotonic, clock.wall, meter,
        )  # fmt: skip
        self._chores = Chores(
            self._folder, reconciler, lambda: lost_after(store.counts(), queue.lines), settings.rescan_every
        )
        pace = settings.batch_size, settings.backlog_reads_per_second
        self._backlog = Backlog(store, queue, *pace, settings.resting_hours, clock.wall, meter)
        meter.follow(SETTLING, lambda: len(self._settling))
        self._heartbeat = Heartbeat(settings.state_dir / HEARTBEAT_NAME)
        self._extractor_timer = Timer(EXTRACTOR_SECONDS)
        self._away_said = ""

    def begin(self, claim: Callable[[], None]) -> bool:
        """Do first, as soon as Redis answers, what everything else needs. False if asked to stop before.

        What `claim` raises, except Unavailable, is passed on.
        """
        try:
            claim()
        except Unavailable as error:
            return self._await_redis(error, claim)
        return True

    def run(self) -> None:
        """Watch until asked to stop; then send what has settled and end."""
        self._chores.postpone_rescan(self._clock.monotonic())
        while not self._stop.requested:
            try:
                self._turn()
            except Unavailable as error:
                self._await_redis(error)
        self._observation.close()
        self._backlog.close()
        try:
            now = self._clock.monotonic()
            self._take_settled(now)
            self._enqueuer.flush(now, at_once=True)
        except Unavailable as error:
            _log.warning("%s; what was not sent is found at the next start", error)

    def run_once(self) -> bool:
        """Send what is there, wait until it is worked through. True when done, False if asked to stop before.

        Raises FolderAway. No observer: what arrives meanwhile is for the next run.
        """
        self._folder.pin()
        self._backlog.insist()
        self._chores.want_rescan()
        once = Once(self._settling, self._store)
        with closing(self._backlog):
            while not self._stop.requested:
                try:
                    now = self._work()
                    if self._step(now):
                        continue
                    self._enqueuer.flush(now, at_once=True)
                    if not self._chores.is_under_way() and once.is_done(now):
                        return True
                    self._rest()
                except Unavailable as error:
                    self._await_redis(error)
        return False

    def _turn(self) -> None:
        """One turn of the loop while watching."""
        now = self._clock.monotonic()
        self._observation.check(now)
        self._take_hints(now)
        self._chores.look_at_clock(now)
        now = self._work()
        try:
            busy = self._step(now)
        except FolderAway as error:
            busy = False
            self._chores.wait_for_folder(now)
            self._meter.add(FOLDER_FAILURES)
            if str(error) != self._away_said:
                _log.warning("%s; nothing is forgotten, the watcher tries again", error)
            self._away_said = str(error)
        if not busy:
            self._rest()

    def _work(self) -> float:
        """What both ways of running do in every turn; returns the time it is."""
        now = self._clock.monotonic()
        self._heartbeat.beat(now)
        if self._extractor_timer.rings(now):
            self._notice_extractor()
        self._take_settled(now)
        # A batch waits for more only while more are on their way.
        self._enqueuer.flush(now, at_once=not self._chores.is_under_way() and not len(self._settling))
        self._backlog.feed(now)
        return now

    def _notice_extractor(self) -> None:
        published = self._store.extractor()
        current = published.id if published else ""
        if current != self._enqueuer.extractor:
            self._enqueuer.extractor = current
            self._chores.want_rescan()  # features of another extractor do not count any more

    def _take_hints(self, now: float) -> None:
        if len(self._settling) >= LIMIT:
            return  # they wait in their box, which is bounded, until some of these have settled
        hints = self._hints.take()
        if hints.rescan:
            _log.debug("a complete scan is due: %s", hints.rescan)
            self._chores.want_rescan()
        gone = []
        for path in hints.files:
            if why := self._admission.refuses(path):
                self._meter.add(IGNORED, value=why.name.lower())
                continue
            self._meter.add(SEEN, value="event")
            seen = self._folder.look(path)
            if isinstance(seen, Reference):
                self._settling.note(seen, now)
            elif seen is not Absence.UNKNOWN:
                gone.append(path)
        self._chores.forget(gone)
        self._chores.note([path for path in hints.folders if not self._admission.refuses_below(path)], hints.departed)

    def _take_settled(self, now: float) -> None:
        rested = self._settling.take(now, SETTLING_AT_ONCE)
        # Whoever touches a file of the backlog waits for it. For what is only to be read again nobody does.
        news = self._enqueuer.news(rested.settled, held_too=True)
        self._meter.add(SETTLED, len(news))
        self._enqueuer.hold(news.again)
        self._enqueuer.put(news.new, now)
        self._chores.forget([path for path, absence in rested.absent if absence is not Absence.UNKNOWN])

    def _step(self, now: float) -> bool:
        """Do one piece of a chore. False where there is none, or where too much is settling to find more."""
        return len(self._settling) < LIMIT and self._chores.step(now)

    def _rest(self) -> None:
        """Wait for the next hint, or until something is due."""
        due = [time for time in (self._settling.due(), self._batcher.due(), self._backlog.due()) if time is not None]
        left = min(due, default=float("inf")) - self._clock.monotonic()
        if left > 0 and self._hints.wait(min(left, LONGEST_REST)):
            time.sleep(min(left, SHORTEST_REST))

    def _await_redis(self, error: Unavailable, ping: Callable[[], None] | None = None) -> bool:
        """Wait until Redis answers, with a growing pause; then everything is looked at again. False: asked to stop."""
        _log.warning(
            "%s. The watcher waits; nothing is lost, the folder is looked through when Redis takes writes again", error
        )
        self._meter.add(REDIS_FAILURES)
        started = self._clock.monotonic()
        self._chores.start_again(started)
        self._pause(LONGEST_REST)
        answers = await_redis(ping or self._ping, self._stop, self._pause)
        if answers:
            _log.info("Redis takes writes again after %.0f s", self._clock.monotonic() - started)
        return answers

    def _ping(self) -> None:
        self._store.ping()
        self._queue.ping()

    def _pause(self, seconds: float) -> None:
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0 and not self._stop.requested:
            self._heartbeat.beat(self._clock.monotonic())
            time.sleep(min(left, LONGEST_REST))
