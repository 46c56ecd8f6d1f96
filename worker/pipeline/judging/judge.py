"""The verdict writer: one at a time gives every image its verdict, so that two copies cannot both be unique.

What it knows of the collection it keeps in memory (collection.py). An image is compared with keepers alone: a group is
a keeper and images each verified against that keeper, so nothing chains.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from shared.decisions import UNDECIDED, Decided
from shared.errors import ImagesieveError
from shared.metrics import UNMETERED, Meter
from shared.records import Match, Record, State, Verdict, pair_of
from shared.store import Tallies
from worker.engine.groups.keepers import Ranking
from worker.pipeline.checks import NOTHING, Meanwhile
from worker.pipeline.comparison import Compare, File, Screen
from worker.pipeline.judging.collection import CANDIDATES, Candidates, Collection, CollectionStore
from worker.pipeline.judging.knowledge import RECORDS_AT_ONCE, Knowledge
from worker.pipeline.judging.metrics import JUDGE_SECONDS, KNOWN, NONE, OUTDATED, PROPOSALS, RECALLED
from worker.pipeline.judging.obeying import changed_contents, contents_apart
from worker.pipeline.judging.proposal import Proposal
from worker.pipeline.judging.ranked import rank_files
from worker.pipeline.judging.recalling import Recalled
from worker.pipeline.judging.verdicts import Clusters, Given, Verdicts, VerdictsStore

TOGETHER = 16  # verdicts on strangers that are written together: some milliseconds each


class JudgeStore(CollectionStore, VerdictsStore, Tallies, Protocol):
    """What the verdict writer reads and writes."""


class Judge:
    """The verdict writer. A message that comes twice changes nothing."""

    def __init__(
        self,
        store: JudgeStore,
        collection: Collection,
        compare: Compare,
        screen: Screen,
        clusters: Clusters,
        now: Callable[[], float],
        rank: Ranking,
        holder: str = "",
        meter: Meter = UNMETERED,
        act: Callable[[Sequence[Given]], None] | None = None,
        decided: Callable[[], Decided] = lambda: UNDECIDED,
        meanwhile: Meanwhile = NOTHING,
    ) -> None:
        """screen: which known contents are worth a comparison. clusters: of digests, for the events. now: seconds since
        the epoch. rank: order of keepers.

        holder: of the lease, checked with every verdict. act: called with the duplicates that were proved, after
        their verdicts are written; it raises nothing. decided: by users, as it stands now. meanwhile: done at
        each look, when the collection is known, and between two files; it changes nothing.
        """
        self._store = store
        self._collection = collection
        self._compare = compare
        self._screen = screen
        self._rank = rank
        self._act = act
        self._read_decided = decided
        self._decided = decided()
        self._meanwhile = meanwhile
        self._verdicts = Verdicts(store, clusters, now, holder, meter)
        self._meter = meter
        self._pixels: dict[str, str] = {}  # digests of pixels, of contents that are about to be judged
        meter.follow(KNOWN, lambda: len(self._known.digest))
        self._proposals: dict[str, Proposal] = {}
        self._unsaved = 0  # verdicts since the collection was last saved
        self.waiting: list[str] = []  # found without a verdict when the collection was learnt, and not asked for since

    @property
    def _known(self) -> Knowledge:
        return self._collection.known

    @property
    def _candidates(self) -> Candidates:
        return self._collection.candidates

    def look(self, paths: Sequence[str], proposals: Iterable[Proposal] = ()) -> int:
        """Judge what is new among `paths`, and let go what is gone; how many verdicts were given.

        A path is looked up in the store, so messages may come late, twice or out of order. What recluster runs
        corrected is followed first. At first, and after an error, when what was being changed may be known by half, the
        collection is learnt anew. `waiting` says what else is to be judged then: somebody may wait for `paths`, and
        that may be thousands. proposals: about contents of these files; without one they are searched for here.
        """
        given = 0
        self._proposals = {proposal.digest: proposal for proposal in proposals}
        try:
            asked = set(paths)
            news = self._collection.follow()
            self.waiting = [path for path in dict.fromkeys(self.waiting + news.waiting) if path not in asked]
            if news.gone:
                self._store.let_go(news.gone)
            given += self._obey(self._read_decided())
            self._meanwhile.work()
            for start in range(0, len(paths), RECORDS_AT_ONCE):
                part = paths[start : start + RECORDS_AT_ONCE]
                records = self._store.records(part)
                self._read_ahead(records)
                for path, record in zip(part, records, strict=True):
                    given += self._look(path, record)
                    if self._meanwhile.is_due():
                        self._meanwhile.work()
                given += self._verdicts.write(self._known)
                proved = self._verdicts.take_proved()
                if proved and self._act:
                    self._act(proved)
        except ImagesieveError:
            self._verdicts.drop()
            self._collection.doubt()
            raise
        self.waiting += sorted(self._collection.missed.difference(paths, self.waiting))
        self._collection.missed.clear()
        self._unsaved += given
        if self._collection.save(self._unsaved):
            self._unsaved = 0
        return given

    @property
    def duplicates(self) -> int:
        """How many files were found to be duplicates so far."""
        return self._verdicts.duplicates

    def _obey(self, decided: Decided) -> int:
        """Judge again what new decisions, or decisions taken back, are about; how many verdicts were given."""
        before, self._decided = self._decided, decided
        if decided.number == before.number:
            return 0
        keepers = [
            self._known.keeper[digest] for digest in changed_contents(before, decided) if digest in self._known.keeper
        ]
        given = sum(self._regroup(keeper) for keeper in dict.fromkeys(keepers) if keeper in self._known.keeper)
        return given + self._verdicts.write(self._known)

    def _regroup(self, keeper: str) -> int:
        """The files of a keeper's group are judged again, the first by rank before the others."""
        given = self._verdicts.write(self._known)
        self._verdicts.add_due(self._files(self._known.part_variants(keeper)))
        return given + self._promote(keeper)

    def save(self) -> None:
        """Keep what is known of the collection for the next start."""
        self._collection.save()

    def _read_ahead(self, records: Iterable[Record | None]) -> None:
        """A round trip for each new content would take longer than its verdict."""
        ready = (record.digest for record in records if record and record.state is State.READY and record.extractor)
        new = [digest for digest in dict.fromkeys(ready) if digest not in self._known.keeper]
        self._pixels = dict(zip(new, self._store.pixels(new), strict=True)) if new else {}
        self._candidates.read_ahead(new)

    def _look(self, path: str, record: Record | None) -> int:
        """How many verdicts were written; more may be due."""
        given, before = 0, self._known.digest.get(path)
        if before is not None and (record is None or record.digest != before or self._is_misplaced(record)):
            given = self._let_go(path)
        if record is None or record.state is State.PENDING:
            return given
        file = File(path, record)
        if record.state is State.FAILED:
            if record.verdict != Verdict.FAILED:
                self._verdicts.add_due([file])
        elif path not in self._known.digest:
            with self._meter.timing(JUDGE_SECONDS):
                given += self._judge(file)
        elif not record.verdict:  # extracted anew, with the same picture: its group stays what it is
            self._candidates.add([record.digest])
            self._verdicts.add_due([file])
        return given

    def _judge(self, file: File) -> int:
        known, digest = self._known, file.record.digest
        known.add_file(file.path, digest)
        self._verdicts.add_due([file])
        if digest in known.keeper:
            if not file.record.is_by_bytes:  # perhaps it was known by its bytes alone
                self._candidates.add([digest])
            return 0
        if file.record.is_by_bytes:
            known.join(digest, digest)
            return 0
        pixels = self._pixels[digest] if digest in self._pixels else self._store.pixels([digest])[0]
        keeper, matches, compared = self._find_keeper(file, pixels)
        known.join(digest, keeper or digest)
        of = None if keeper else self._collection.find_original(matches)
        if of:
            known.vary(digest, of)
        if matches:
            self._store.put_matches({pair_of(found, digest): match for found, match in matches.items()})
        self._candidates.add([digest])
        if pixels:
            known.add_pixels(pixels, digest)
        # Nobody waits for the comparisons of others; strangers take a moment each, and their verdicts go together.
        return self._verdicts.write(known) if compared or len(self._verdicts) >= TOGETHER else 0

    def _is_misplaced(self, record: Record) -> bool:
        """Whether it is in a group of pictures, and is compared by its bytes alone since it was read again."""
        return record.is_by_bytes and not record.verdict and self._known.keeper[record.digest] != record.digest

    def _find_keeper(self, file: File, pixels: str) -> tuple[str | None, dict[str, Match], bool]:
        """See Collection.find_keeper; and whether anything was compared here."""
        digest, collection = file.record.digest, self._collection
        compared: list[File] = []
        apart = contents_apart(self._decided, self._known, self._store, digest, pixels)
        barred = {self._known.keeper[other] for other in apart if other in self._known.keeper}

        def screen(digests: Sequence[str]) -> set[str]:
            return self._screen(digests, digest)

        def compare(candidate: File) -> Match | None:
            if candidate.record.digest in apart:
                return None
            compared.append(candidate)
            return self._compare(candidate, file)

        proposal = self._proposals.get(digest)
        if proposal is None:
            found = collection.find_keeper(
                pixels,
                lambda keeper_of: self._candidates.search(digest, keeper_of, CANDIDATES),
                screen,
                compare,
                barred,
            )
            self._meter.add(PROPOSALS, value=NONE)
        else:
            recalled = Recalled(proposal, collection, self._verdicts.unpublished, screen, compare)
            found = collection.find_keeper(
                pixels,
                recalled.search,
                recalled.screen,
                lambda candidate: None if candidate.record.digest in apart else recalled.compare(candidate),
                barred,
            )
            self._meter.add(PROPOSALS, value=RECALLED if recalled.used else OUTDATED)
        return *found, bool(compared)

    def _let_go(self, path: str) -> int:
        """A file left, or holds something else now. The group of a keeper that leaves gets another one."""
        known = self._known
        given = self._verdicts.write(known)
        stayed = known.keeper_path(known.digest[path]) == path
        digest = known.remove_file(path)
        self._store.let_go([path])
        keeper = known.keeper[digest]
        if digest not in known.paths:
            known.part(digest)
            self._drop(digest)
        if stayed and digest in known.paths:  # another file with the same bytes stays in its place
            for file in self._ranked(known.paths[digest])[:1]:
                known.put_first(file.path)
            self._verdicts.add_due(self._files(known.files_of_group(keeper) + known.files_of_variants(keeper)))
        elif stayed:
            self._verdicts.add_due(self._files(known.part_variants(keeper)))
            given += self._promote(keeper)
        return given

    def _promote(self, keeper: str) -> int:
        """The members of this group are judged again, the best first, which becomes a keeper, perhaps of all."""
        known = self._known
        orphans = self._ranked(known.files_of_group(keeper))
        for path in known.files_of_group(keeper):
            known.remove_file(path)
        members = [*known.others.pop(keeper, ()), *([keeper] if keeper in known.keeper else ())]
        for digest in sorted(members):
            known.part(digest)
        given = sum(self._judge(file) for file in orphans)
        for digest in members:
            if digest not in known.keeper:  # its file holds something else by now
                self._drop(digest)
        return given

    def _drop(self, digest: str) -> None:
        """No file has this content any more: it is no candidate."""
        self._candidates.remove(digest)
        self._verdicts.unpublished.discard(digest)
        [pixels] = self._store.pixels([digest])
        self._known.remove_pixels(pixels, digest)

    def _files(self, paths: Sequence[str]) -> list[File]:
        """Those of `paths` that still hold what is known of them: one that changed has a message on its way."""
        pairs = zip(paths, self._store.records(paths), strict=True)
        return [File(path, record) for path, record in pairs if record and record.digest == self._known.digest[path]]

    def _ranked(self, paths: Sequence[str]) -> list[File]:
        """The same, in the order of keepers: the first one stays."""
        return rank_files(self._files(paths), self._rank, self._known.digest, self._store, self._decided)
