"""The collection as a process of the verdicts knows it: files, contents and groups, and where to look for originals."""

from collections import abc, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from shared.records import Match, Record, Relation, State, pair_of
from shared.store import Pairs
from worker.engine.search.ranking import Ranking
from worker.pipeline.comparison import File
from worker.pipeline.judging.following import News, follow, touched_since
from worker.pipeline.judging.knowledge import Knowledge, KnowledgeStore, learn
from worker.pipeline.judging.proposal import order_of
from worker.pipeline.judging.snapshot import Snapshot

CANDIDATES = 32  # keepers that an image is compared with
MATCHES = 2  # with a keeper's among them, after which no more candidates are looked at
MATCHES_WITHOUT_KEEPER = 4


MARKS = 500  # looks of the writer that a proposal may be behind

Order = tuple[int, ...]
Mark = tuple[int, int]


class Candidates(Protocol):
    """Where possible originals are looked for: every content by digest, so that a copy of a copy is found."""

    def add(self, digests: Sequence[str]) -> None:
        """Take these contents in, those that are new; their features and sketches are in the store."""

    def remove(self, digest: str) -> None:
        """Let a content go."""

    def read_ahead(self, digests: Sequence[str]) -> None:
        """These contents are about to be searched for and taken in: read what is stored of them, all at once."""

    def search(self, digest: str, keeper_of: Callable[[str], str], count: int) -> list[str]:
        """Up to `count` contents that may show the picture of `digest`, most likely first."""

    def rank(self, digest: str, count: int, since: Mark | None = None) -> Ranking | None:
        """All that may be among `count` candidates of a content, or those of them that came after a mark alone.

        None where that cannot be said.
        """

    def mark(self, digest: str | None = None) -> Mark | None:
        """A mark before the next content to come, or before this one."""

    def save(self) -> Mapping[str, NDArray[Any]]:
        """All contents as arrays, for `restore`; nothing where that is not worth it."""

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Have the contents that were saved, and no others."""


class CollectionStore(KnowledgeStore, Pairs, Protocol):
    """What the collection is learnt from."""


class Collection:
    """What is known of the collection, learnt from the store and then followed in the stream of verdicts."""

    def __init__(
        self,
        store: CollectionStore,
        candidates: Candidates,
        snapshot: Snapshot | None = None,
        as_told: bool = False,
    ) -> None:
        """snapshot: where all this is kept from one start to the next. as_told: see `following.follow`."""
        self._as_told = as_told
        self.known = Knowledge()
        self.candidates = candidates
        self.missed: set[str] = set()  # files that are gone, as was seen by chance: their messages may be lost
        self._store = store
        self._snapshot = snapshot
        self._position: str | None = None  # in the stream, up to which all is known; None: it is to be learnt
        self._loaded = False
        self._marks: deque[tuple[Order, Mark]] = deque(maxlen=MARKS)  # what the index held at positions, at least
        self._splits: dict[str, Order] = {}  # keepers whose groups were, and at which position that is known

    def learn(self) -> list[str]:
        """Learn it from the store; the paths that wait for a verdict. O(records), features of new ones."""
        position = self._store.position()  # first: what happens meanwhile is looked at twice
        known, waiting = learn(self._store)
        if self._as_told:
            files, _ = touched_since(self._store, self._store.oldest()) or ({}, "")
            unread = {path: told for path, told in files.items() if path not in known.digest}
            waiting += follow(self._store, known, unread, as_told=True).waiting
        for digest in self.known.keeper.keys() - known.keeper.keys():
            self.candidates.remove(digest)
        self.candidates.add([digest for digest in known.keeper if digest not in self.known.keeper])
        self.known, self._position = known, position
        self._marks.clear()
        self._splits.clear()
        return waiting

    def catch_up(self) -> str:
        """Follow; the position up to which all is known now."""
        self.follow()
        return self._position or ""

    def mark_at(self, position: str, unpublished: Iterable[str]) -> Mark | None:
        """Before which content of the index all was known to whoever knew all up to a position; None for long ago.

        unpublished: contents whose verdict is not in the stream.
        """
        wanted = order_of(position)
        mark = next((mark for order, mark in reversed(self._marks) if order <= wanted), None)
        late = [found for digest in unpublished if (found := self.candidates.mark(digest))]
        return mark and min([mark, *late])

    def were_split(self, keepers: Iterable[str], position: str) -> bool:
        """Whether any of these groups lost a content since a position, or may have."""
        since = order_of(position)
        return any(self._splits[keeper] > since for keeper in keepers if keeper in self._splits)

    def follow(self) -> News:
        """Learn what others changed since this was last asked.

        From the stream of verdicts, 20 microseconds for each; at first from the snapshot. All anew where there is none,
        after `doubt`, and where the stream does not reach back so far.
        """
        loaded = self._load()
        found = None if self._position is None else touched_since(self._store, self._position)
        if found is None:
            before = self.known.digest
            waiting = self.learn()
            return News(waiting, sorted(before.keys() - self.known.digest.keys()))
        files, position = found
        news = follow(self._store, self.known, files, self._as_told) if files else News()
        for digest in news.went:
            self.candidates.remove(digest)
        self.candidates.add(news.came)
        self._position = position
        self._note(position, news)
        if loaded:
            news.waiting += self._unjudged()
        return news

    def _note(self, position: str, news: News) -> None:
        """Remember what is needed to tell what is newer than a proposal."""
        order, mark = order_of(position), self.candidates.mark()
        if mark and not (self._marks and self._marks[-1][1] == mark):
            self._marks.append((order, mark))
        oldest = self._marks[0][0] if self._marks else order
        self._splits = {keeper: at for keeper, at in self._splits.items() if at > oldest}
        self._splits |= dict.fromkeys(news.split, order)

    def doubt(self) -> None:
        """Something may be known by half: all is learnt anew when it is needed."""
        self._position = None
        self._marks.clear()

    def save(self, given: int | None = None) -> bool:
        """Keep it for the next start. given: verdicts since it last was; then only where that is due."""
        if self._snapshot is None or self._position is None or not (given is None or self._snapshot.is_due(given)):
            return False
        arrays = self.candidates.save()
        if arrays:
            self._snapshot.save(self.known, self._position, arrays)
        return bool(arrays)

    def _load(self) -> bool:
        """Whether it was taken from the snapshot now."""
        saved = None if self._loaded or self._snapshot is None else self._snapshot.load()
        self._loaded = True
        if saved is None:
            return False
        self.candidates.restore(saved.index)
        self.known, self._position = saved.known, saved.position
        return True

    def _unjudged(self) -> list[str]:
        """Files that wait for a verdict; perhaps nobody asks for it any more."""
        ready = [path for path, _ in self._store.unjudged() if path not in self.known.digest]
        return ready + [path for path, record in self._store.failures() if not record.verdict]

    def holder_of(self, digest: str) -> File | None:
        """A file that holds a content, the first of several in the order of keepers; None where nobody holds it."""
        return self._standing([digest]).get(digest)

    def keeper_file(self, digest: str) -> File:
        """The file that stays of the group that a known content belongs to. Raises KeyError for an unknown one."""
        keeper = self.known.keeper[digest]
        return self._standing([keeper])[keeper]

    def find_keeper(
        self,
        pixels: str,
        search: Callable[[Callable[[str], str]], list[str]],
        screen: Callable[[Sequence[str]], set[str]],
        compare: Callable[[File], Match | None],
        barred: abc.Set[str] = frozenset(),
    ) -> tuple[str | None, dict[str, Match]]:
        """The keeper of the group that a new content belongs to (None: it is a keeper itself), and all its matches.

        pixels: digest of its pixels. search: candidates, given who is whose keeper. screen: those of known contents
        that are no strangers at first sight. compare: with a known file. barred: keepers whose
        group it must not join.
        Only a `near` match with a keeper makes it a duplicate. The others are found for the recluster run: two crops
        that share too little to match each other both match the picture they were cut from, whichever came first.
        No match is given for a content with the very pixels of the keeper, and not of all that match: each costs what
        two decoded pictures cost, and of a picture with a hundred captions a handful tells enough.
        """
        known = self.known
        twin = known.twin(pixels)
        if twin and known.keeper[twin] not in barred:
            keeper = known.keeper[twin]
            match = self._match(keeper, twin)
            return keeper, {keeper: match} if match else {}
        compared: dict[str, Match | None] = {}
        candidates = {found: known.keeper.get(found, "") for found in search(known.keeper_or_self)}
        asked = dict.fromkeys(one for pair in candidates.items() for one in pair if one in known.paths)
        files = self._standing(screen(list(asked)) if asked else ())
        for candidate, keeper in candidates.items():
            if compared and _tell_enough(compared, known.keeper):
                break
            for digest in dict.fromkeys((keeper, candidate)):
                if digest in files and digest not in compared and not _is_near(compared.get(keeper)):
                    compared[digest] = compare(files[digest])
        matches = {digest: match for digest, match in compared.items() if match}
        joinable = {digest: match for digest, match in matches.items() if digest not in barred}
        return self._best_keeper(joinable, Relation.NEAR), matches

    def find_original(self, matches: Mapping[str, Match]) -> str | None:
        """The keeper that a new content is a variant of, which is in no other's group; matches: with known contents."""
        return self._best_keeper(matches, Relation.VARIANT)

    def _best_keeper(self, matches: Mapping[str, Match], relation: Relation) -> str | None:
        keepers = [
            digest
            for digest, match in matches.items()
            if match.relation is relation and self.known.keeper[digest] == digest
        ]
        return max(keepers, key=lambda digest: matches[digest].similarity, default=None)

    def _standing(self, digests: Iterable[str]) -> dict[str, File]:
        """A file that holds each known content; for a keeper's content, the one that stays. One round trip."""
        paths = {digest: self.known.paths[digest][0] for digest in digests if digest in self.known.paths}
        files = {}
        for (digest, path), record in zip(paths.items(), self._store.records(list(paths.values())), strict=True):
            if record is None:
                self.missed.add(path)
            # Of one that is just being read anew the sketch is there, and its pixels are not asked for.
            pending = Record(0, 0, State.PENDING, digest=digest)
            files[digest] = File(path, record if record and record.digest == digest else pending)
        return files

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
