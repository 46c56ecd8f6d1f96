"""The verdict writer: one at a time gives every image its verdict, so that two copies cannot both be unique.

What it knows of the collection it keeps in memory, rebuilt from the store at its start. An image is compared with
keepers alone: a group is a keeper and images each verified against that keeper, so nothing chains.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from shared.errors import ImagesieveError
from shared.metrics import UNMETERED, Meter
from shared.records import Match, Record, Relation, State, Verdict, pair_of
from shared.store import Tallies
from worker.engine.groups.keepers import Rank
from worker.pipeline.comparison import Compare, File, Screen
from worker.pipeline.judging.following import News, follow, touched_since
from worker.pipeline.judging.knowledge import RECORDS_AT_ONCE, Knowledge, KnowledgeStore, learn
from worker.pipeline.judging.metrics import JUDGE_SECONDS, KNOWN
from worker.pipeline.judging.verdicts import Clusters, Given, Verdicts, VerdictsStore
from worker.pipeline.members import member_of

CANDIDATES = 32  # keepers that an image is compared with
MATCHES = 2  # with a keeper's among them, after which no more candidates are looked at
MATCHES_WITHOUT_KEEPER = 4
TOGETHER = 16  # verdicts on strangers that are written together: some milliseconds each


class Candidates(Protocol):
    """Where possible originals are looked for: every content by digest, so that a copy of a copy is found."""

    def add(self, digests: Sequence[str]) -> None:
        """Take these contents in; their features and sketches are in the store."""

    def remove(self, digest: str) -> None:
        """Let a content go."""

    def read_ahead(self, digests: Sequence[str]) -> None:
        """These contents are about to be searched for and taken in: read what is stored of them, all at once."""

    def search(self, digest: str, keeper_of: Callable[[str], str], count: int) -> list[str]:
        """Up to `count` contents that may show the picture of `digest`, most likely first."""


class JudgeStore(KnowledgeStore, VerdictsStore, Tallies, Protocol):
    """What the verdict writer reads and writes."""


class Judge:
    """The verdict writer. A message that comes twice changes nothing."""

    def __init__(
        self,
        store: JudgeStore,
        candidates: Candidates,
        compare: Compare,
        screen: Screen,
        clusters: Clusters,
        now: Callable[[], float],
        rank: Rank,
        holder: str = "",
        meter: Meter = UNMETERED,
        act: Callable[[Sequence[Given]], None] | None = None,
    ) -> None:
        """screen: which known contents are worth a comparison. clusters: of digests, for the events. now: seconds since
        the epoch. rank: order of keepers.

        holder: of the lease, checked with every verdict. act: called with the duplicates that were proved, after
        their verdicts are written; it raises nothing.
        """
        self._store = store
        self._candidates = candidates
        self._compare = compare
        self._screen = screen
        self._rank = rank
        self._act = act
        self._verdicts = Verdicts(store, clusters, now, holder, meter)
        self._meter = meter
        self._known = Knowledge()
        self._pixels: dict[str, str] = {}  # digests of pixels, of contents that are about to be judged
        meter.follow(KNOWN, lambda: len(self._known.digest))
        self._position: str | None = None  # in the stream of verdicts, up to which all is known; None: nothing is
        self.waiting: list[str] = []  # found without a verdict when the collection was learnt, and not asked for since

    def rebuild(self) -> list[str]:
        """Learn the collection from the store; the paths that wait for a verdict. O(records), features of new ones."""
        position = self._store.position()  # first: what happens meanwhile is looked at twice
        known, waiting = learn(self._store)
        for digest in self._known.keeper.keys() - known.keeper.keys():
            self._candidates.remove(digest)
        self._candidates.add([digest for digest in known.keeper if digest not in self._known.keeper])
        self._known, self._position = known, position
        return waiting

    def follow(self) -> News:
        """Learn what others changed since this was last asked.

        From the stream of verdicts, 20 microseconds for each; anew where the stream does not reach back so far.
        """
        found = None if self._position is None else touched_since(self._store, self._position)
        if found is None:
            before = self._known.digest
            waiting = self.rebuild()
            return News(waiting, sorted(before.keys() - self._known.digest.keys()))
        paths, position = found
        news = follow(self._store, self._known, paths) if paths else News()
        for digest in news.went:
            self._candidates.remove(digest)
        self._candidates.add(news.came)
        self._position = position
        return news

    def look(self, paths: Sequence[str]) -> int:
        """Judge what is new among `paths`, and let go what is gone; how many verdicts were given.

        A path is looked up in the store, so messages may come late, twice or out of order. What recluster runs
        corrected is followed first. At first, and after an error, when what was being changed may be known by half, the
        collection is learnt anew. `waiting` says what else is to be judged then: somebody may wait for `paths`, and
        that may be thousands.
        """
        given = 0
        try:
            asked = set(paths)
            news = self.follow()
            self.waiting = [path for path in dict.fromkeys(self.waiting + news.waiting) if path not in asked]
            if news.gone:
                self._store.let_go(news.gone)
            for start in range(0, len(paths), RECORDS_AT_ONCE):
                part = paths[start : start + RECORDS_AT_ONCE]
                records = self._store.records(part)
                self._read_ahead(records)
                given += sum(map(self._look, part, records))
                given += self._verdicts.write(self._known)
                proved = self._verdicts.take_proved()
                if proved and self._act:
                    self._act(proved)
        except ImagesieveError:
            self._verdicts.drop()
            self._position = None
            raise
        return given

    def _read_ahead(self, records: Iterable[Record | None]) -> None:
        """A round trip for each new content would take longer than its verdict."""
        ready = (record.digest for record in records if record and record.state is State.READY)
        new = [digest for digest in dict.fromkeys(ready) if digest not in self._known.keeper]
        self._pixels = dict(zip(new, self._store.pixels(new), strict=True)) if new else {}
        self._candidates.read_ahead(new)

    def _look(self, path: str, record: Record | None) -> int:
        """How many verdicts were written; more may be due."""
        given, before = 0, self._known.digest.get(path)
        if before is not None and (record is None or record.digest != before):
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
            return 0
        pixels = self._pixels[digest] if digest in self._pixels else self._store.pixels([digest])[0]
        compared: list[File] = []

        def compare(candidate: File) -> Match | None:
            compared.append(candidate)
            return self._compare(candidate, file)

        keeper, matches = self.find_keeper(
            pixels,
            lambda keeper_of: self._candidates.search(digest, keeper_of, CANDIDATES),
            lambda digests: self._screen(digests, digest),
            compare,
        )
        known.join(digest, keeper or digest)
        of = None if keeper else self.find_original(matches)
        if of:
            known.vary(digest, of)
        if matches:
            self._store.put_matches({pair_of(found, digest): match for found, match in matches.items()})
        self._candidates.add([digest])
        if pixels:
            known.add_pixels(pixels, digest)
        # Nobody waits for the comparisons of others; strangers take a moment each, and their verdicts go together.
        return self._verdicts.write(known) if compared or len(self._verdicts) >= TOGETHER else 0

    def holder_of(self, digest: str) -> File | None:
        """A file that holds a content, the first of several in the order of keepers; None where nobody holds it."""
        return self._standing([digest]).get(digest)

    def keeper_file(self, digest: str) -> File:
        """The file that stays of the group that a known content belongs to. Raises KeyError for an unknown one."""
        keeper = self._known.keeper[digest]
        return self._standing([keeper])[keeper]

    def find_keeper(
        self,
        pixels: str,
        search: Callable[[Callable[[str], str]], list[str]],
        screen: Callable[[Sequence[str]], set[str]],
        compare: Callable[[File], Match | None],
    ) -> tuple[str | None, dict[str, Match]]:
        """The keeper of the group that a new content belongs to (None: it is a keeper itself), and all its matches.

        pixels: digest of its pixels. search: candidates, given who is whose keeper. screen: those of known contents
        that are no strangers at first sight. compare: with a known file.
        Only a `near` match with a keeper makes it a duplicate. The others are found for the recluster run: two crops
        that share too little to match each other both match the picture they were cut from, whichever came first.
        No match is given for a content with the very pixels of the keeper, and not of all that match: each costs what
        two decoded pictures cost, and of a picture with a hundred captions a handful tells enough.
        """
        known = self._known
        twin = known.twin(pixels)
        if twin:
            keeper = known.keeper[twin]
            match = self._match(keeper, twin)
            return keeper, {keeper: match} if match else {}
        compared: dict[str, Match | None] = {}
        candidates = {found: known.keeper.get(found, "") for found in search(lambda one: known.keeper.get(one, one))}
        asked = dict.fromkeys(one for pair in candidates.items() for one in pair if one in known.paths)
        files = self._standing(screen(list(asked)) if asked else ())
        for candidate, keeper in candidates.items():
            if compared and _tell_enough(compared, known.keeper):
                break
            for digest in dict.fromkeys((keeper, candidate)):
                if digest in files and digest not in compared and not _is_near(compared.get(keeper)):
                    compared[digest] = compare(files[digest])
        matches = {digest: match for digest, match in compared.items() if match}
        return self._best_keeper(matches, Relation.NEAR), matches

    def find_original(self, matches: Mapping[str, Match]) -> str | None:
        """The keeper that a new content is a variant of, which is in no other's group; matches: with known contents."""
        return self._best_keeper(matches, Relation.VARIANT)

    def _best_keeper(self, matches: Mapping[str, Match], relation: Relation) -> str | None:
        keepers = [
            digest
            for digest, match in matches.items()
            if match.relation is relation and self._known.keeper[digest] == digest
        ]
        return max(keepers, key=lambda digest: matches[digest].similarity, default=None)

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
        """The keeper of this group is gone: its members are judged again, the best first, which becomes a keeper."""
        known = self._known
        orphans = self._ranked(known.files_of_group(keeper))
        for path in known.files_of_group(keeper):
            known.remove_file(path)
        members = sorted(known.others.pop(keeper, ()))
        for digest in members:
            del known.keeper[digest]
        given = sum(self._judge(file) for file in orphans)
        for digest in members:
            if digest not in known.keeper:  # its file holds something else by now
                self._drop(digest)
        return given

    def _drop(self, digest: str) -> None:
        """No file has this content any more: it is no candidate."""
        self._candidates.remove(digest)
        [pixels] = self._store.pixels([digest])
        self._known.remove_pixels(pixels, digest)

    def _standing(self, digests: Iterable[str]) -> dict[str, File]:
        """A file that holds each known content; for a keeper's content, the one that stays. One round trip."""
        paths = {digest: self._known.paths[digest][0] for digest in digests if digest in self._known.paths}
        files = {}
        for (digest, path), record in zip(paths.items(), self._store.records(list(paths.values())), strict=True):
            if record is None and path not in self.waiting:  # its message may be lost
                self.waiting.append(path)
            # Of one that is just being read anew the sketch is there, and its pixels are not asked for.
            pending = Record(0, 0, State.PENDING, digest=digest)
            files[digest] = File(path, record if record and record.digest == digest else pending)
        return files

    def _files(self, paths: Sequence[str]) -> list[File]:
        """Those of `paths` that still hold what is known of them: one that changed has a message on its way."""
        pairs = zip(paths, self._store.records(paths), strict=True)
        return [File(path, record) for path, record in pairs if record and record.digest == self._known.digest[path]]

    def _ranked(self, paths: Sequence[str]) -> list[File]:
        """The same, in the order of keepers: the first one stays."""
        return sorted(self._files(paths), key=lambda file: self._rank(member_of(file.path, file.record)))

    def _match(self, keeper: str, digest: str) -> Match | None:
        [found] = self._store.find_matches([pair_of(keeper, digest)])
        return found


def _tell_enough(compared: Mapping[str, Match | None], keeper_of: Mapping[str, str]) -> bool:
    """Whether so many match that no more need be looked for: a few, with the keeper among them, or many without."""
    found = [digest for digest, match in compared.items() if match]
    has_keeper = any(_is_near(compared[digest]) and keeper_of.get(digest) == digest for digest in found)
    return len(found) >= (MATCHES if has_keeper else MATCHES_WITHOUT_KEEPER)


def _is_near(match: Match | None) -> bool:
    return match is not None and match.relation is Relation.NEAR
