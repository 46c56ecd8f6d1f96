"""The store in one process's memory: for deciding code under test, held to Redis's behaviour by the contract tests."""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from shared import names
from shared.errors import LeaseTaken
from shared.records import (
    Counts,
    Event,
    ImageFacts,
    Match,
    Owner,
    Pair,
    Record,
    Reference,
    State,
)
from shared.store import keys
from shared.store.file_roles import Change
from shared.store.image_roles import Image
from shared.store.memory_generations import MemoryGenerations
from shared.store.places import BACKLOG, PLACES, place_of
from shared.store.port import TOUCHED_AT_ONCE, Touched


class MemoryStore(MemoryGenerations):
    """The store as dictionaries. now: seconds, by which values expire; leases do not run out."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._records: dict[str, Record] = {}
        self._images: dict[str, ImageFacts] = {}
        self._features: dict[tuple[str, str], bytes] = {}
        self._sketches: dict[str, bytes] = {}
        self._matches: dict[Pair, Match] = {}
        self._events: list[Event | str] = []  # a path: of a file that was let go
        self._ends: dict[tuple[str, str], float] = {}  # kind or extractor, digest -> when it ends
        self._owner: Owner | None = None
        self._counters: Counter[keys.Counter] = Counter()
        self._attempts: Counter[str] = Counter()
        self._paused, self._rests = False, ""

    def ping(self) -> None:
        return

    def records(self, paths: Sequence[str]) -> list[Record | None]:
        return [self._records.get(path) for path in paths]

    def scan(self) -> Iterator[list[tuple[str, Record]]]:
        yield list(self._records.items())

    def counts(self) -> Counts:
        states = Counter(record.state for record in self._records.values())
        held = sum(record.is_held for record in self._records.values())
        return Counts(len(self._records), states[State.PENDING], states[State.FAILED], held)

    def verdict_counts(self) -> dict[str, int] | None:
        places = Counter(map(place_of, self._records.values()))
        return {place: places[place] for place in PLACES if place not in (State.PENDING, BACKLOG)}

    def recount(self) -> Iterator[None]:
        return iter(())

    def failures(self) -> Iterator[tuple[str, Record]]:
        return self._of(State.FAILED)

    def unjudged(self) -> Iterator[tuple[str, Record]]:
        return iter([pair for pair in self._of(State.READY) if not pair[1].verdict])

    def pending(self) -> Iterator[tuple[str, Record]]:
        return iter([pair for pair in self._of(State.PENDING) if not pair[1].is_held])

    def backlog(self, count: int) -> list[tuple[str, Record]]:
        held = [pair for pair in self._of(State.PENDING) if pair[1].is_held]
        return sorted(held, key=lambda pair: (pair[1].mtime_ns, os.fsencode(pair[0])))[:count]

    def pause_backlog(self, paused: bool) -> None:
        self._paused = paused

    def is_backlog_paused(self) -> bool:
        return self._paused

    def tell_backlog_rests(self, why: str) -> None:
        self._rests = why

    def backlog_rests(self) -> str:
        return self._rests

    def _of(self, state: State) -> Iterator[tuple[str, Record]]:
        return iter([(path, record) for path, record in self._records.items() if record.state is state])

    def revision(self) -> int:
        return self._counters[keys.Counter.REVISION]

    def add(self, counter: keys.Counter, amount: int) -> int:
        self._counters[counter] += amount
        return self._counters[counter]

    def mark_pending(self, references: Sequence[Reference], now: float) -> None:
        for reference in references:
            known = self._records.get(reference.path)
            self._records[reference.path] = Record.pending(reference, now, known)
        self._counters[keys.Counter.REVISION] += bool(references)

    def complete(self, changes: Sequence[Change]) -> list[bool]:
        done = []
        for path, expected, new in changes:
            done.append(self._records.get(path) == expected)
            if done[-1]:
                self._records[path] = new
                self._keep(new.extractor, [new.digest])
        self._counters[keys.Counter.REVISION] += bool(changes)
        return done

    def forget(self, paths: Sequence[str]) -> int:
        for path in paths:
            self._attempts.pop(path, None)
        self._counters[keys.Counter.REVISION] += bool(paths)
        return sum(self._records.pop(path, None) is not None for path in paths)

    def _end(self) -> None:
        """Drop what has expired."""
        for (kind, digest), end in list(self._ends.items()):
            if end <= self._now():
                del self._ends[kind, digest]
                self._features.pop((kind, digest), None)
                if kind == "image":
                    self._images.pop(digest, None)
                elif kind == "sketch":
                    self._sketches.pop(digest, None)

    def _keep(self, extractor_id: str, digests: Collection[str]) -> None:
        for kind in ("image", "sketch", extractor_id):
            for digest in digests:
                self._ends.pop((kind, digest), None)

    def facts(self, extractor_id: str, digests: Sequence[str]) -> list[ImageFacts | None]:
        self._end()
        self._keep(extractor_id, digests)
        whole = {d for d in digests if (extractor_id, d) in self._features and d in self._sketches}
        return [self._images.get(digest) if digest in whole else None for digest in digests]

    def features(self, extractor_id: str, digests: Sequence[str]) -> list[bytes | None]:
        self._end()
        return [self._features.get((extractor_id, digest)) for digest in digests]

    def sketches(self, digests: Sequence[str]) -> list[bytes | None]:
        self._end()
        return [self._sketches.get(digest) for digest in digests]

    def pixels(self, digests: Sequence[str]) -> list[str]:
        self._end()
        return [self._images[digest].pixels if digest in self._images else "" for digest in digests]

    def about(self, digests: Sequence[str]) -> list[ImageFacts | None]:
        self._end()
        return [self._images.get(digest) for digest in digests]

    def put_images(self, extractor_id: str, images: Sequence[Image]) -> None:
        for digest, facts, encoded, sketch in images:
            self._images[digest] = facts
            self._features[extractor_id, digest] = encoded
            self._sketches[digest] = sketch
            self._keep(extractor_id, [digest])

    def drop_images(self, extractor_id: str, digests: Sequence[str]) -> None:
        for digest in digests:
            self._images.pop(digest, None)
            self._features.pop((extractor_id, digest), None)
            self._sketches.pop(digest, None)

    def put_matches(self, matches: Mapping[Pair, Match]) -> None:
        self._matches.update(matches)

    def find_matches(self, pairs: Sequence[Pair]) -> list[Match | None]:
        return [self._matches.get(pair) for pair in pairs]

    def matches(self) -> Iterator[tuple[Pair, Match]]:
        return iter(list(self._matches.items()))

    def drop_matches(self, pairs: Sequence[Pair]) -> None:
        for pair in pairs:
            self._matches.pop(pair, None)

    def give_verdicts(
        self, changes: Sequence[Change], events: Sequence[Event], correction: bool, holder: str = ""
    ) -> list[bool]:
        lease = names.LEASE_RECLUSTER if correction else names.LEASE_VERDICTS
        if holder and self._holders.get(lease) != holder:
            raise LeaseTaken(f"another process holds the lease {lease!r} now; this one's turn is over")
        before = self._counters[keys.Counter.REVISION]
        done = self.complete(changes)
        if correction:
            self._counters[keys.Counter.REVISION] = before
            corrected = (one and new != old for one, (_, old, new) in zip(done, changes, strict=True))
            self._counters[keys.Counter.CORRECTIONS] += sum(corrected)
        self._events += [event for event, changed in zip(events, done, strict=True) if changed]
        return done

    def tell(self, events: Sequence[Event]) -> None:
        self._events += events

    def events(self, after: str, wait: float) -> list[tuple[str, Event]]:  # noqa: ARG002
        start = len(self._events) if after == "$" else int(after)
        entries = enumerate(self._events[start:], start=start + 1)
        return [(str(place), event) for place, event in entries if isinstance(event, Event)]

    def let_go(self, paths: Sequence[str]) -> None:
        self._events += paths
        self._counters[keys.Counter.CHANGED] += len(paths)

    def oldest(self) -> str:
        return "0"

    def position(self) -> str:
        return str(len(self._events))

    def touched(self, after: str) -> list[Touched] | None:
        if int(after) > len(self._events):
            return None
        entries = enumerate(self._events[int(after) :], start=int(after) + 1)
        found: list[Touched] = [
            (str(place), entry.path, entry) if isinstance(entry, Event) else (str(place), entry, None)
            for place, entry in entries
        ]
        return found[:TOUCHED_AT_ONCE]

    def latest_events(self, count: int) -> list[tuple[str, Event]]:
        return self.events("0", wait=0.0)[::-1][:count]

    def expire_features(self, extractor_id: str, seconds: float) -> int:
        self._end()
        live = self._digests()
        stored = {("image", digest) for digest in self._images} | {("sketch", digest) for digest in self._sketches}
        dead = {(kind, digest) for kind, digest in stored | set(self._features) if digest not in live}
        dead |= {(extractor, digest) for extractor, digest in self._features if extractor != extractor_id}
        fresh = dead - self._ends.keys()
        self._ends |= dict.fromkeys(fresh, self._now() + max(1, int(seconds)))
        self._keep(extractor_id, self._digests())
        return len(fresh)

    def _digests(self) -> frozenset[str]:
        return frozenset(record.digest for chunk in self.scan() for _, record in chunk if record.digest)

    def begin(self, paths: Sequence[str]) -> list[int]:
        self._attempts.update(paths)
        return [self._attempts[path] for path in paths]

    def finish(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._attempts.pop(path, None)

    def owner(self) -> Owner | None:
        return self._owner

    def claim(self, owner: Owner) -> Owner:
        self._owner = self._owner or owner
        return self._owner

    def memory(self) -> int:
        return sum(map(len, self._features.values()))

    def memory_limit(self) -> int:
        return 0
