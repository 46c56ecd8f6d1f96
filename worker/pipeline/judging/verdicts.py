"""Verdicts that follow from what is known, written many at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from shared.metrics import UNMETERED, Meter
from shared.records import DUPLICATE_KINDS, ImageFacts, Kind, Match, Pair, Record, Relation, State, Verdict, pair_of
from shared.store import Change, Counter, Events, Images, Pairs, Tallies
from worker.engine.groups.verified import tell_kind
from worker.pipeline.comparison import File
from worker.pipeline.judging.knowledge import Knowledge
from worker.pipeline.judging.metrics import count_verdicts
from worker.pipeline.judging.nearest import Placement
from worker.pipeline.members import make_event

PROVED = tuple(Verdict(kind) for kind in Kind if kind.is_acted_on)
_LOST = Match(0.0, Kind.VARIANT.words, Relation.VARIANT)  # of a variant; the next recluster run compares it again
Clusters = Callable[[Sequence[str]], Sequence[Placement]]


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that was written. keeper: digest of the keeper's bytes."""

    file: File
    keeper: str


class VerdictsStore(Images, Events, Pairs, Tallies, Protocol):
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
        self.duplicates = 0  # that were found so far
        self.unpublished: set[str] = set()  # contents whose last verdict was not written: their record had changed

    def add_due(self, files: Iterable[File]) -> None:
        """These files, ready or failed, get their verdict with the next `write`."""
        self._due += files

    def __len__(self) -> int:
        """How many are due."""
        return len(self._due)

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
        pictures = {new.digest: known.keeper[new.digest] for _, _, new in changes if new.state is State.READY}
        kept = list(dict.fromkeys(pictures.values()))
        placed = dict(zip(kept, self._clusters(kept), strict=True))
        placements = [placed.get(pictures.get(new.digest, ""), Placement()) for _, _, new in changes]
        now = self._now()
        events = [
            make_event(path, new, placement.cluster, now)
            for (path, _, new), placement in zip(changes, placements, strict=True)
        ]
        written = self._store.give_verdicts(changes, events, False, self._holder)
        self._given += [
            Given(File(path, new), known.keeper[new.digest])
            for (path, _, new), done in zip(changes, written, strict=True)
            if done and new.verdict in PROVED
        ]
        self.duplicates += sum(
            done and new.verdict in DUPLICATE_KINDS for (_, _, new), done in zip(changes, written, strict=True)
        )
        for (_, _, new), done in zip(changes, written, strict=True):
            (self.unpublished.discard if done else self.unpublished.add)(new.digest)
        count_verdicts(self._meter, changes, written, now)
        self._count(changes, placements, written)
        return sum(written)

    def _count(self, changes: Sequence[Change], placements: Sequence[Placement], written: Sequence[bool]) -> None:
        """Count what is new, by which a recluster run is due. Pictures, not their copies, are in clusters."""
        rows = zip(changes, placements, written, strict=True)
        new = [(record, placement) for (_, old, record), placement, done in rows if done and not old.verdict]
        if new:
            self._store.add(Counter.CHANGED, len(new))
        pictures = [place for record, place in new if record.verdict == Verdict.UNIQUE and place.cluster is not None]
        if pictures:
            self._store.add(Counter.PLACED, len(pictures))
        strays = sum(place.strays for place in pictures)
        if strays:
            self._store.add(Counter.STRAYED, strays)

    def _verdicts(self, files: Sequence[File], known: Knowledge) -> list[Record]:
        """The record of each with its verdict."""
        ready = {file.record.digest for file in files if file.record.state is State.READY}
        pairs = sorted(
            {pair_of(known.original(digest), digest) for digest in ready if known.original(digest) != digest}
        )
        digests = sorted({digest for pair in pairs for digest in pair})
        about = zip(digests, self._store.about(digests), strict=True)
        facts = {digest: found for digest, found in about if found}
        matches = dict(zip(pairs, self._store.find_matches(pairs), strict=True))
        return [_judged(file, known, facts, matches) for file in files]


def _judged(
    file: File, known: Knowledge, facts: Mapping[str, ImageFacts], matches: Mapping[Pair, Match | None]
) -> Record:
    """facts: of each content, its keeper, and what it is a variant of. matches: of it with these."""
    record, digest = file.record, file.record.digest
    if record.state is State.FAILED:
        return replace(record, verdict=Verdict.FAILED)
    keeper, path = known.keeper[digest], known.keeper_path(digest)
    if path == file.path:
        return _unique(record, known, matches)
    pixels = {one: facts[one].pixels for one in (keeper, digest) if one in facts}
    holds = {one: facts[one].holds for one in (keeper, digest) if one in facts}
    kind, match = tell_kind(keeper, digest, pixels, matches.get(pair_of(keeper, digest)), holds)
    return record.with_verdict(Verdict(kind), path, match.similarity, match.reason)


def _unique(record: Record, known: Knowledge, matches: Mapping[Pair, Match | None]) -> Record:
    of = known.variant_of.get(record.digest)
    if of is None:
        return record.with_verdict(Verdict.UNIQUE)
    match = matches.get(pair_of(of, record.digest)) or _LOST
    if match.relation is not Relation.VARIANT:  # other thresholds count now, and a recluster run is about to say what
        return record.with_verdict(Verdict.UNIQUE)
    return record.with_verdict(Verdict.UNIQUE, "", match.similarity, match.reason, known.keeper_path(of), match.share)
