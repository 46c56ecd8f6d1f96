"""A proposer: it searches and compares for new contents, ahead of the verdict writer, and decides nothing.

Any number of them may run, on any machines that see the folder. Each follows the stream of verdicts, and says up to
where it had; the writer looks only at what came since, and decides as if it had done all by itself (recalling.py).
"""

from collections.abc import Callable, Sequence

from shared.records import Match, Record, State
from worker.pipeline.comparison import Compare, File, Screen
from worker.pipeline.judging.collection import CANDIDATES, Collection, CollectionStore
from worker.pipeline.judging.proposal import Proposal


class Proposer:
    """Proposes under one extractor."""

    def __init__(
        self, store: CollectionStore, collection: Collection, screen: Screen, compare: Compare, extractor: str
    ) -> None:
        self._store = store
        self._collection = collection
        self._screen = screen
        self._compare = compare
        self._extractor = extractor

    def propose(self, paths: Sequence[str]) -> list[Proposal]:
        """Proposals for the new contents among these files; none for what the writer decides without a search.

        The first call takes as long as the writer's first look.
        """
        position, known = self._collection.catch_up(), self._collection.known
        files: dict[str, File] = {}
        for path, record in zip(paths, self._store.records(paths), strict=True):
            if record and _is_new(record) and record.digest not in known.keeper:
                files.setdefault(record.digest, File(path, record))
        self._collection.candidates.read_ahead(list(files))
        pixels = dict(zip(files, self._store.pixels(list(files)), strict=True))
        found = (self._propose(file, pixels[digest], position) for digest, file in files.items())
        proposals = [proposal for proposal in found if proposal]
        self._collection.missed.clear()  # the writer will see it, too
        return proposals

    def _propose(self, file: File, pixels: str, position: str) -> Proposal | None:
        known, digest = self._collection.known, file.record.digest
        ranking = None if known.twin(pixels) else self._collection.candidates.rank(digest, CANDIDATES)
        if ranking is None:
            return None
        screened: dict[str, bool] = {}
        compared: dict[str, tuple[str, Match | None]] = {}

        def search(keeper_of: Callable[[str], str]) -> list[str]:
            return ranking.choose(keeper_of, CANDIDATES) or []

        def screen(digests: Sequence[str]) -> set[str]:
            passed = self._screen(digests, digest)
            screened.update((one, one in passed) for one in digests)
            return passed

        def compare(candidate: File) -> Match | None:
            found = self._compare(candidate, file)
            compared[candidate.record.digest] = candidate.path, found
            return found

        self._collection.find_keeper(pixels, search, screen, compare)
        needed = ranking.needed(known.keeper_or_self, CANDIDATES)
        keepers = {name: known.keeper_or_self(name) for name in needed.names()}
        return Proposal(digest, self._extractor, position, needed, keepers, screened, compared)


def _is_new(record: Record) -> bool:
    return record.state is State.READY and not record.verdict and not record.is_by_bytes
