"""What a picture that is not in the collection would be in it. Nothing is written, and nothing is kept of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from shared.decisions import UNDECIDED, Decided
from shared.records import ImageFacts, Match, Record, State, Verdict
from shared.records.checks import CheckAnswer, Neighbour, Unanswered
from shared.store import Images
from worker.engine.groups.verified import tell_kind
from worker.engine.search.encoding import stack
from worker.engine.sketch.sketch import Sketch
from worker.pipeline.checks import Asked, Checks, Described, failed
from worker.pipeline.comparison import Comparison, File, Seen
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.collection import CANDIDATES, Collection
from worker.pipeline.judging.nearest import NearestCluster
from worker.pipeline.judging.obeying import contents_apart
from worker.pipeline.members import make_event

NEAREST: Final = 5  # pictures that are named as looking alike


class Appraiser:
    """Appraises by what a process of the verdicts knows of the collection, under one extractor."""

    def __init__(
        self,
        collection: Collection,
        index: ContentIndex,
        clusters: NearestCluster,
        comparison: Comparison,
        store: Images,
        extractor: str,
        now: Callable[[], float],
        decided: Callable[[], Decided] = lambda: UNDECIDED,
    ) -> None:
        """collection: with `index` in it; it is followed by whoever owns it. now: seconds since the epoch.

        decided: by users, as it stands now.
        """
        self._collection = collection
        self._index = index
        self._clusters = clusters
        self._comparison = comparison
        self._store = store
        self._extractor = extractor
        self._now = now
        self._decided = decided

    def appraise(self, name: str, described: Described) -> CheckAnswer | Unanswered:
        """The verdict that it would get; `failed`, with the reason, for what is no picture and not there by its bytes.

        About as long as a verdict takes: 5 ms for a stranger, 0.1 to 1 s where it is compared with what resembles it.
        """
        if described.extractor and described.extractor != self._extractor:
            return Unanswered("the feature worker", "has other weights than those that described the collection")
        record = Record(described.size, 0, State.READY, digest=described.digest)
        held = self._collection.holder_of(record.digest)
        facts = described.facts
        pixels = facts.pixels if facts else self._store.pixels([record.digest])[0]
        apart = contents_apart(self._decided(), self._collection.known, self._store, record.digest, pixels)
        different = self._paths(apart)
        if facts is None or not len(described.features):
            if held is None:
                return failed(name, described, self._now())
            return replace(self._of_bytes(name, record, held), different=different)
        candidates = self._candidates(described)
        nearest = self._nearest(described, candidates)
        answer = (
            self._of_bytes(name, record, held, nearest)
            if held
            else self._of_picture(name, record, described, facts, candidates, nearest, apart)
        )
        return replace(answer, different=different)

    def _of_picture(
        self,
        name: str,
        record: Record,
        described: Described,
        facts: ImageFacts,
        candidates: list[str],
        nearest: Sequence[Neighbour],
        apart: frozenset[str],
    ) -> CheckAnswer:
        """Of a file whose bytes nobody has."""
        found, matches = self._find_keeper(described, facts, candidates, apart)
        if found is None:
            cluster = self._clusters.of(described.features).cluster
            return self._answer(name, self._unique(record, matches), cluster, "", nearest)
        compared = matches.get(found)  # none where the pixels are the same
        pixels = {} if compared else dict.fromkeys((found, record.digest), facts.pixels)
        keeper = self._collection.keeper_file(found)
        holds = {found: keeper.record.holds, record.digest: facts.holds}
        kind, match = tell_kind(found, record.digest, pixels, compared, holds)
        judged = record.with_verdict(kind, keeper.path, match.similarity, match.reason)
        return self._answer(name, judged, self._cluster_of(found), keeper.path, nearest)

    def _candidates(self, described: Described) -> list[str]:
        keeper_of, sketch = self._collection.known.keeper_or_self, Sketch.from_bytes(described.sketch)
        return self._index.nearest(described.features, sketch, keeper_of, CANDIDATES)

    def _paths(self, contents: frozenset[str]) -> tuple[str, ...]:
        """The file that holds each of these contents, the first of several; of those that are there."""
        paths = self._collection.known.paths
        return tuple(sorted(paths[digest][0] for digest in contents if digest in paths))

    def _find_keeper(
        self, described: Described, facts: ImageFacts, candidates: list[str], apart: frozenset[str]
    ) -> tuple[str | None, dict[str, Match]]:
        """See Collection.find_keeper; apart: contents that it is no duplicate and no variant of."""
        sketch, seen = Sketch.from_bytes(described.sketch), Seen(described.fine, described.several)
        keeper = self._collection.known.keeper

        def compare(candidate: File) -> Match | None:
            if candidate.record.digest in apart:
                return None
            return self._comparison.compare_seen(candidate, described.digest, sketch, lambda: seen, facts.holds)

        return self._collection.find_keeper(
            facts.pixels,
            lambda _: candidates,
            lambda digests: self._comparison.screen_sketch(digests, sketch),
            compare,
            {keeper[digest] for digest in apart if digest in keeper},
        )

    def _of_bytes(self, name: str, record: Record, held: File, nearest: Sequence[Neighbour] = ()) -> CheckAnswer:
        """Of a file with the bytes of one that is there."""
        kind, match = tell_kind(record.digest, record.digest, {}, None)
        judged = record.with_verdict(kind, held.path, match.similarity, match.reason)
        keeper = self._collection.keeper_file(record.digest).path
        return self._answer(name, judged, self._cluster_of(record.digest), keeper, nearest)

    def _unique(self, record: Record, matches: dict[str, Match]) -> Record:
        of = self._collection.find_original(matches)
        if of is None:
            return record.with_verdict(Verdict.UNIQUE)
        path, match = self._collection.keeper_file(of).path, matches[of]
        return record.with_verdict(Verdict.UNIQUE, "", match.similarity, match.reason, path, match.share)

    def _cluster_of(self, digest: str) -> int | None:
        [placement] = self._clusters([digest])
        return placement.cluster

    def _nearest(self, described: Described, candidates: Sequence[str]) -> list[Neighbour]:
        """Of the candidates, those with the likest features. One round trip, 8 KiB for each candidate."""
        paths = self._collection.known.paths
        standing = [digest for digest in candidates if digest in paths and digest != described.digest]
        rows, sound = stack(self._store.features(self._extractor, standing)) if standing else (np.empty((0, 0)), [])
        if not sound or rows.shape[1:] != described.features.shape:
            return []
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(described.features)
        cosines = rows @ described.features / np.maximum(lengths, 1e-12)
        best = np.argsort(-cosines, kind="stable")[:NEAREST]
        return [Neighbour(paths[standing[sound[at]]][0], round(float(cosines[at]), 4)) for at in best]

    def _answer(
        self, name: str, judged: Record, cluster: int | None, keeper: str, nearest: Sequence[Neighbour]
    ) -> CheckAnswer:
        return CheckAnswer(make_event(name, judged, cluster, self._now()), keeper, tuple(nearest))


class Answering(Protocol):
    """See `Appraiser`."""

    def appraise(self, name: str, described: Described) -> CheckAnswer | Unanswered:
        """What a picture would be."""


def answer_all(asked: Sequence[Asked], appraiser: Answering, checks: Checks) -> None:
    """Reply to checks that were described."""
    for question, raw in asked:
        checks.reply(question, appraiser.appraise(question.name, Described.from_bytes(raw)))
