"""What is news to the store, in which batches it goes out, and the two steps of sending: mark, then message."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from shared.failures import FailureKind
from shared.metrics import UNMETERED, Meter
from shared.records import Record, Reference, State
from shared.store import Changes, Files
from watcher.metrics import BATCHES, ENQUEUED, FORGOTTEN
from watcher.queue import FeatureQueue

CHUNK: Final = 1000  # paths in one question to the store
# A worker reads the files of one batch while it computes another, so a message of one batch would leave it waiting.
# More of them would be lost for longer when a worker vanishes.
BATCHES_IN_A_MESSAGE: Final = 4
# One picture alone costs the network half as much again as one among many. While messages stand in line anyway, files
# that trickle in had better wait for company than each stand there by itself: without it a rate that batches sustain
# is too much, and the line grows for ever. It delays no verdict: when the line is gone a worker still has the next
# message beside the one in hand.
HOLD_SECONDS: Final = 0.1  # between two looks whether there still is a line
LONGEST_HOLD: Final = 5.0  # where no worker runs, files are on record as pending all the same


def is_news(seen: Reference, known: Record | None, extractor: str, by_bytes: bool = False) -> bool:
    """Whether something has to be done about a file in the state `seen`, given the store's record of its path.

    extractor: the id whose features count now, "" while none is published. by_bytes: whether the file is to be compared
    by its bytes alone, which IMAGESIEVE_EXACT_ONLY may say otherwise than when the record was made.
    """
    if known is None or not known.describes(seen) or known.failure == FailureKind.SUFFIX:
        return True
    if known.state is State.READY and known.is_by_bytes is not by_bytes:
        return True
    if by_bytes and known.failure and known.failure.is_of_picture:
        return True
    # A failed file names an extractor where that one gave no features for it.
    tried = known.extractor if known.state is not State.PENDING else ""
    return bool(extractor) and bool(tried) and tried != extractor


class Batcher:
    """References on their way into a message: at most `size`, the first no longer than `linger` seconds. Pure.

    It holds each path once. A batch that was handed out stays until `sent` confirms it.
    """

    def __init__(self, size: int, linger: float) -> None:
        self._size = size
        self._linger = linger
        self._held = float("-inf")  # until then a batch that is not full waits for more
        self._waiting: dict[str, tuple[Reference, float]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, reference: Reference, now: float) -> None:
        """Put in a reference; it takes the place of an older state of the same path."""
        _, since = self._waiting.get(reference.path, (None, now))
        self._waiting[reference.path] = (reference, since)

    def due(self) -> float | None:
        """When the next batch is to go out; None while there is nothing."""
        first = next(iter(self._waiting.values()), None)
        return max(first[1] + self._linger, self._held) if first else None

    def may_be_held(self, now: float) -> bool:
        """Whether the next batch has room for more, and has not waited for long."""
        first = next(iter(self._waiting.values()), None)
        return first is not None and len(self._waiting) < self._size and now < first[1] + LONGEST_HOLD

    def hold(self, now: float) -> None:
        """Let a batch that is not full wait a little longer than `linger`."""
        self._held = now + HOLD_SECONDS

    def ready(self, now: float, at_once: bool = False) -> list[Reference]:
        """The batch to send now, in order of arrival; empty while it can wait. With `at_once` it never waits."""
        due = self.due()
        if due is None or not (at_once or now >= due or len(self._waiting) >= self._size):
            return []
        return [reference for _, (reference, _) in zip(range(self._size), self._waiting.values(), strict=False)]

    def sent(self, batch: Iterable[Reference]) -> None:
        """Let go of a batch that is on its way."""
        for reference in batch:
            self.discard(reference.path)

    def discard(self, path: str) -> None:
        """Let go of a path that is not to be sent any more."""
        self._waiting.pop(path, None)


class EnqueuerStore(Files, Changes, Protocol):
    """The records of files, read and written."""


@dataclass(frozen=True, slots=True)
class News:
    """Files that something has to be done about. again: of these, known ones whose bytes did not change."""

    new: list[Reference] = field(default_factory=list)
    again: list[Reference] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.new) + len(self.again)


class Enqueuer:
    """Brings what is new about the folder into the store and the queue. Every method raises Unavailable.

    Interrupted anywhere, nothing is lost: a batch not confirmed is sent again, a file without a record is found by
    the next rescan, and a record that is pending without a message is repaired (watcher.scan.find_lost).
    """

    def __init__(
        self,
        store: EnqueuerStore,
        queue: FeatureQueue,
        batcher: Batcher,
        wall: Callable[[], float],
        meter: Meter = UNMETERED,
        by_bytes: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """by_bytes: whether the file at a path is to be compared by its bytes alone."""
        self._by_bytes = by_bytes
        self._store = store
        self._queue = queue
        self._batcher = batcher
        self._wall = wall
        self._meter = meter
        self.extractor = ""  # the id whose features count now

    def news(self, files: Sequence[Reference], held_too: bool = False) -> News:
        """Those of `files` whose state the store does not know yet, or knows under another extractor.

        held_too: what waits in the backlog counts as new.
        """
        found = News()
        for start in range(0, len(files), CHUNK):
            part = files[start : start + CHUNK]
            records = self._store.records([file.path for file in part])
            for file, known in zip(part, records, strict=True):
                if held_too and known and known.is_held:
                    found.new.append(file)
                elif is_news(file, known, self.extractor, self._by_bytes(file.path)):
                    (found.again if known and known.describes(file) else found.new).append(file)
        return found

    def put(self, files: Iterable[Reference], now: float) -> None:
        """Send settled files to the workers, full batches at once."""
        for file in files:
            self._batcher.add(file, now)
            self.flush(now)

    def hold(self, files: Sequence[Reference]) -> None:
        """Put settled files into the backlog, which is sent little by little."""
        # Since never: that nothing was sent is what the record says.
        self._store.mark_pending(files, 0.0)

    def flush(self, now: float, at_once: bool = False) -> None:
        """Send what is due, unless it would only stand in line; with `at_once` all there is."""
        while batch := self._batcher.ready(now, at_once):
            if not at_once and self._batcher.may_be_held(now) and self._queue.lines().arrivals:
                self._batcher.hold(now)
                return
            # First the mark: a worker completes only what is marked. A batch not confirmed is marked and sent again.
            self._store.mark_pending(batch, self._wall())
            self._queue.send(batch)
            self._batcher.sent(batch)
            self._meter.add(ENQUEUED, len(batch))
            self._meter.add(BATCHES)

    def forget(self, paths: Sequence[str]) -> int:
        """Remove the records of paths that are gone; how many there were."""
        for path in paths:
            self._batcher.discard(path)
        known = [path for path, record in zip(paths, self._store.records(paths), strict=True) if record]
        # A path nobody knew leaves the collection's revision as it is, else every stray name would cost a recluster.
        forgotten = self._store.forget(known) if known else 0
        self._meter.add(FORGOTTEN, forgotten)
        self._queue.tell_gone(known)  # lost if the process ends between the two steps: the next recluster corrects it
        return forgotten
