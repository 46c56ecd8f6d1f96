"""Bringing the store in line with the watched folder, a chunk at a time: what events, messages or processes lost.

Every function here is a generator that does about a thousand files' work between two steps, so that its caller sees new
events, signals and its heartbeat in between, however large the folder is. All raise Unavailable when Redis is away.
"""

import itertools
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from shared.metrics import UNMETERED, Meter
from shared.records import Counts, Reference
from shared.store import Files, Surroundings, Tallies
from watcher.enqueue import Enqueuer, News
from watcher.metrics import REPAIRED, SCAN_SECONDS, SCANNED, SCANS, SEEN, SETTLED
from watcher.passing import Passing
from watcher.queue import Lines
from watcher.settling import Settling
from watcher.storage import Absence, WatchedStorage

SHORTEST_ABSENCE: Final = 60.0  # without a complete scan, after which nobody can be said to have watched
LOST_AFTER: Final = 30.0  # seconds a record is pending before a message nobody has can be called lost
LOST_IN_TRAFFIC: Final = 600.0  # the same while workers are busy with the backlog, of which little is sent at a time
LOST_AT_ONCE: Final = 10_000  # lost files sent again in one go; the next look takes the next ones

_log = logging.getLogger(__name__)


def lost_after(counts: Counts, lines: Callable[[], Lines]) -> float | None:
    """After how many seconds a file that was sent and is still pending is lost; None where that cannot be said now."""
    if counts.pending == counts.held:
        return None
    found = lines()
    if found.is_idle:
        return LOST_AFTER
    return None if found.arrivals else LOST_IN_TRAFFIC


class ReconcilerStore(Files, Tallies, Surroundings, Protocol):
    """The collection on record."""


@dataclass(slots=True)
class Reconciler:
    """The folder on one side, the store on the other, and what stands between. The clocks are in seconds.

    quiet: how long a file must have been unchanged. rescan_every: between two complete scans. monotonic: for waiting.
    wall: compared with mtimes.
    """

    folder: WatchedStorage
    store: ReconcilerStore
    enqueuer: Enqueuer
    settling: Settling
    quiet: float
    rescan_every: float
    monotonic: Callable[[], float]
    wall: Callable[[], float]
    meter: Meter = UNMETERED
    scanned: float | None = None  # when the last complete scan ended

    def rescan(self) -> Iterator[bool]:
        """Look at every file and at every record. False, as the last value, where missing files were not believed.

        What the first scan finds, or one after a long absence, has been there for who knows how long: it is backlog.
        """
        started, files, news, passing = self.monotonic(), 0, 0, Passing()
        absence = max(SHORTEST_ABSENCE, 2 * self.rescan_every)
        watched = self.scanned is not None and started - self.scanned <= absence
        for chunk in self.folder.walk(note=passing.add):
            files += len(chunk)
            news += self._take_in(chunk, trust_mtime=True, hold=not watched)
            yield True
        believed = True
        for believed in self.forget_missing():
            yield believed
        if not believed and self.folder.is_pinned():
            _log.warning(
                "the watched folder %s is empty, but files are on record (%d); none was removed. If it is a share or "
                "a drive: mount it. If it was emptied on purpose: put any one file into it, or start with "
                "IMAGESIEVE_EMPTY_FOLDER=believe",
                self.folder.name,
                self.store.counts().total,
            )
        passed = passing.finish()
        if believed:
            self.store.put_passed_over(passed, passing.parts)
        self.scanned = self.monotonic()
        seconds = self.scanned - started
        self.meter.add(SCANS)
        self.meter.set(SCAN_SECONDS, seconds)
        self.meter.set(SCANNED, self.wall())
        self.meter.add(REPAIRED, news, "scan")
        _log.info(
            "looked through the watched folder in %.1f s; files: %d, new or changed: %d, passed over: %d",
            seconds, files, news, passed.total.files,
        )  # fmt: skip

    def scan_folders(self, folders: Collection[str]) -> Iterator[bool]:
        """Look at every file below folders that appeared. Their files settle in full: a copy may be under way."""
        for folder in folders:
            if self.folder.leads_to(folder):
                for chunk in self.folder.walk(folder):
                    self._take_in(chunk, trust_mtime=False, hold=False)
                    yield True

    def forget_missing(self, below: Collection[str] | None = None) -> Iterator[bool]:
        """Forget the records of files that are gone, or are passed over now; of all, or only `below` some folders.

        Ends early, with False, where absence is not to be believed (see WatchedFolder). Cost: every record is fetched
        once, and each that is `below` costs one lstat.
        """
        prefixes = None if below is None else tuple(folder + "/" for folder in below)
        for chunk in self.store.scan():
            paths = sorted(path for path, _ in chunk if prefixes is None or path.startswith(prefixes))
            missing = self._missing(paths)
            if missing and not self.folder.believes_absence():
                yield False
                return
            if missing:
                self.forget(missing)
            yield True

    def forget(self, paths: Sequence[str]) -> None:
        """Forget paths that are gone, and say how many of them there were."""
        for path in paths:
            self.settling.discard(path)
        forgotten = self.enqueuer.forget(paths)
        if forgotten:
            _log.debug("removed from the collection, as the files are gone: %d, %r first", forgotten, paths[0])

    def find_lost(self, after: float) -> Iterator[bool]:
        """Send again what was sent more than `after` seconds ago and is still pending, 10,000 files at most.

        after: see `lost_after`.
        """
        now, wall = self.monotonic(), self.wall()
        lost = ((path, record) for path, record in self.store.pending() if not 0 <= wall - record.since <= after)
        found = 0
        for path, record in itertools.islice(lost, LOST_AT_ONCE):
            found += 1
            seen = self.folder.look(path)
            if isinstance(seen, Reference) and record.describes(seen):
                self.enqueuer.put([seen], now)
            elif isinstance(seen, Reference):
                self.settling.note(seen, now)
            elif seen is not Absence.UNKNOWN and self.folder.believes_absence():
                self.forget([path])
            if found % 1000 == 0:
                yield True
        if found:
            self.meter.add(REPAIRED, found, "lost")
            _log.warning("files whose messages were lost: %d; they were sent again", found)

    def recount(self) -> Iterator[bool]:
        """Have the store's counts by verdict agree with its records, whatever wrote them."""
        for _ in self.store.recount():
            yield True

    def _take_in(self, files: Sequence[Reference], trust_mtime: bool, hold: bool) -> int:
        """Send those of `files` that are news and rest already, let the others settle; how many are news.

        hold: put them into the backlog instead. What is only to be read again goes there, whoever finds it.
        """
        now, newest = self.monotonic(), (self.wall() - self.quiet) * 1e9
        news = self.enqueuer.news(files)
        self.meter.add(SEEN, len(files), "scan")
        rested = News()
        for some, at_rest in ((news.new, rested.new), (news.again, rested.again)):
            for file in some:
                if trust_mtime and file.mtime_ns <= newest:
                    at_rest.append(file)
                else:
                    self.settling.note(file, now)
        self.meter.add(SETTLED, len(rested))
        self.enqueuer.hold(rested.again)
        if hold:
            self.enqueuer.hold(rested.new)
        else:
            self.enqueuer.put(rested.new, now)
        return len(news)

    def _missing(self, paths: Sequence[str]) -> list[str]:
        """Those of the sorted `paths` that are no file of the collection any more. A parent is looked at once."""
        missing = []
        for parent, group in itertools.groupby(paths, key=lambda path: path.rpartition("/")[0]):
            in_tree = self.folder.leads_to(parent)
            for path in group:
                seen = self.folder.look_in_place(path) if in_tree else Absence.GONE
                if seen in (Absence.GONE, Absence.OTHER):
                    missing.append(path)
        return missing
