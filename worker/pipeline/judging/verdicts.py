"""Verdicts that follow from what is known, written many at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from shared.metrics import UNMETERED, Meter
from shared.records import Kind, Match, Pair, Record, State, Verdict, pair_of
from shared.store import Events, Images, Pairs
from worker.engine.groups.verified import tell_kind
from worker.pipeline.comparison import File
from worker.pipeline.judging.knowledge import Knowledge
from worker.pipeline.judging.metrics import count_verdicts
from worker.pipeline.members import make_event

PROVED = tuple(Verdict(kind) for kind in Kind if kind.is_acted_on)
Clusters = Callable[[Sequence[str]], Sequence[int | None]]
_Found = tuple[Kind, Match]


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that was written. keeper: digest of the keeper's bytes."""

    file: File
    keeper: str


class VerdictsStore(Images, Pairs, Events, Protocol):
    """What verdicts follow from, and where they are given."""


class Verdicts:
    """The due verdicts. Copies of known files come by the thousand: a round trip for each would be all they cost."""

    def __init__(
        self, store: VerdictsStore, clusters: Clusters, now: Callable[[], float], holder: str, meter: Meter = UNMETERED
    ) -> None:
        """clusters: of digests, for the events. now: seconds since the epoch. holder: of the lease, see the store."""
        self._store = store
        self._clusters = clusters
        self._now = now
        self._holder = holder
        self._meter = meter
        self._due: list[File] = []
        self._given: list[Given] = []

    def add_due(self, files: Iterable[File]) -> None:
        """These files, ready or failed, get their verdict with the next `write`."""
        self._due += files

    def drop(self) -> None:
        """Forget what is due."""
        self._due = []

    def take_proved(self) -> list[Given]:
        """The files that were found to be the same bytes or pixels as their keeper, since this was last asked."""
        given, self._given = self._given, []
        return given

    def write(self, known: Knowledge) -> int:
        """Write the due verdicts that are news, with their events; how many were. Call it before what is known shrinks.

        A handful of round trips, however many there are.
        """
        files, self._due = self._due, []
        pairs = zip(files, self._verdicts(files, known), strict=True)
        changes = [(file.path, file.record, new) for file, new in pairs if new != file.record]
        if not changes:
            return 0
        digests = list(dict.fromkeys(new.digest for _, _, new in changes if new.digest))
        clusters = dict(zip(digests, self._clusters(digests), strict=True))
        now = self._now()
        events = [make_event(path, new, clusters.get(new.digest), now) for path, _, new in changes]
        written = self._store.give_verdicts(changes, events, False, self._holder)
        self._given += [
            Given(File(path, new), known.keeper[new.digest])
            for (path, _, new), done in zip(changes, written, strict=True)
            if done and new.verdict in PROVED
        ]
        count_verdicts(self._meter, changes, written, now)
        return sum(written)

    def _verdicts(self, files: Sequence[File], known: Knowledge) -> list[Record]:
        """The record of each with its verdict."""
        ready = {file.record.digest for file in files if file.record.state is State.READY}
        pairs = sorted({pair_of(known.keeper[digest], digest) for digest in ready if known.keeper[digest] != digest})
        digests = sorted({digest for pair in pairs for digest in pair})
        pixels = dict(zip(digests, self._store.pixels(digests), strict=True))
        found: dict[Pair, _Found] = {}
        for pair, match in zip(pairs, self._store.find_matches(pairs), strict=True):
            found[pair] = tell_kind(*pair, pixels, match)
        return [_judged(file, known, found) for file in files]


def _judged(file: File, known: Knowledge, found: Mapping[Pair, _Found]) -> Record:
    """found: what each content is to its keeper."""
    record, digest = file.record, file.record.digest
    if record.state is State.FAILED:
        return replace(record, verdict=Verdict.FAILED)
    keeper, path = known.keeper[digest], known.keeper_path(digest)
    if path == file.path:
        return replace(record, verdict=Verdict.UNIQUE, duplicate_of="", similarity=0.0, reason="")
    kind, match = tell_kind(keeper, digest, {}, None) if keeper == digest else found[pair_of(keeper, digest)]
    return replace(record, verdict=Verdict(kind), duplicate_of=path, similarity=match.similarity, reason=match.reason)
