"""The verdict writer: one at a time gives every image its verdict, so that two copies cannot both be unique.

What it knows of the collection it keeps in memory, rebuilt from the store at its start. An image is compared with
keepers alone: a group is a keeper and images each verified against that keeper, so nothing chains.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from shared import names
from shared.records import Event, Match, Record, State, Verdict, pair_of
from shared.store import Store
from worker.engine.keepers import Rank
from worker.engine.verified import EXACT_REASON, IDENTICAL_REASON
from worker.pipeline.comparison import File
from worker.pipeline.knowledge import Knowledge
from worker.pipeline.members import make_event, member_of

CANDIDATES = 24  # keepers that an image is compared with


class Candidates(Protocol):
    """Where possible originals are looked for: every content by digest, so that a copy of a copy is found."""

    def add(self, digests: Sequence[str]) -> None:
        """Take these contents in; their features and sketches are in the store."""

    def remove(self, digest: str) -> None:
        """Let a content go."""

    def search(self, digest: str, keeper_of: Callable[[str], str], count: int) -> list[str]:
        """Up to `count` contents that may show the picture of `digest`, most likely first."""


Compare = Callable[[File, File], Match | None]


class Judge:
    """The verdict writer. Everything it is told twice changes nothing."""

    def __init__(
        self,
        store: Store,
        candidates: Candidates,
        compare: Compare,
        cluster: Callable[[str], int | None],
        now: Callable[[], float],
        rank: Rank,
    ) -> None:
        """cluster: of a digest, for the event. now: seconds since the epoch. rank: order of keepers.

        Call `start` before anything else.
        """
        self._store = store
        self._candidates = candidates
        self._compare = compare
        self._cluster = cluster
        self._now = now
        self._rank = rank
        self._known = Knowledge(rank)
        self._corrections = -1

    def start(self) -> int:
        """Learn the collection, and judge what has waited meanwhile; how many verdicts were given."""
        return self.look(self.rebuild())

    def rebuild(self) -> list[str]:
        """Learn the collection from the store; the paths that wait for a verdict. O(records), features of keepers."""
        before = set(self._known.keeper)
        known = self._known = Knowledge(self._rank)
        self._corrections = self._store.add(names.KEY_CORRECTIONS, 0)
        waiting = []
        duplicates = []
        for chunk in self._store.scan():
            for path, record in chunk:
                if record.state is State.PENDING:
                    continue
                if not record.verdict:
                    waiting.append(path)
                elif record.state is State.READY:
                    known.files[record.digest][path] = record
                    known.path_digest[path] = record.digest
                    if record.verdict == Verdict.UNIQUE:
                        self._make_keeper(record.digest, path)
                    else:
                        duplicates.append((path, record))
        orphans = self._join(duplicates)
        digests = list(known.files)
        self._learn_pixels(digests)
        for digest, pixels in known.pixels.items():
            known.of_pixels.setdefault(pixels, digest)
        for digest in before - set(known.keeper):
            self._candidates.remove(digest)
        self._candidates.add([digest for digest in known.keeper if digest not in before])
        return waiting + orphans

    def _join(self, duplicates: Iterable[tuple[str, Record]]) -> list[str]:
        """Put duplicates to their keepers; those whose keeper is gone are judged again."""
        known, orphans = self._known, []
        for path, record in duplicates:
            keeper = known.path_digest.get(record.duplicate_of, "")
            if known.keeper_path.get(keeper) == record.duplicate_of:
                known.keeper[record.digest] = keeper
                known.members[keeper].add(record.digest)
            else:
                orphans.append(path)
        for path in orphans:
            digest = known.path_digest.pop(path)
            del known.files[digest][path]
            if not known.files[digest]:
                del known.files[digest]
        return orphans

    def look(self, paths: Sequence[str]) -> int:
        """Judge what is new among `paths`, and let go what is gone; how many verdicts were given.

        A path is looked up in the store, so messages may come late, twice or out of order.
        """
        if self._store.add(names.KEY_CORRECTIONS, 0) != self._corrections:
            paths = list(dict.fromkeys([*self.rebuild(), *paths]))  # a recluster run knew better
        given = 0
        records = self._store.records(paths)
        self._learn_pixels([record.digest for record in records if record and record.state is State.READY])
        for path, record in zip(paths, records, strict=True):
            before = self._known.path_digest.get(path)
            if before is not None and (record is None or record.digest != before):
                given += self._let_go(path, before)
            if record is None or record.state is State.PENDING:
                continue
            if record.state is State.FAILED:
                given += self._give_failed(path, record)
            elif path not in self._known.path_digest:
                given += self._judge(File(path, record))
        return given

    def _learn_pixels(self, digests: Sequence[str]) -> None:
        for digest, pixels in zip(digests, self._store.pixels(digests), strict=True):
            if pixels:
                self._known.pixels[digest] = pixels

    def _judge(self, file: File) -> int:
        known, digest = self._known, file.record.digest
        known.files[digest][file.path] = file.record
        known.path_digest[file.path] = digest
        if digest not in known.keeper:
            keeper, matches = self.find_keeper(
                known.pixels.get(digest, ""),
                lambda keeper_of: self._candidates.search(digest, keeper_of, CANDIDATES),
                lambda candidate: self._compare(candidate, file),
            )
            if keeper is None:
                self._make_keeper(digest, file.path)
            else:
                known.keeper[digest] = keeper
                known.members[keeper].add(digest)
            self._store.put_matches({pair_of(found, digest): match for found, match in matches.items()})
            self._candidates.add([digest])
        if digest in known.pixels:
            known.of_pixels.setdefault(known.pixels[digest], digest)
        return self._give([file])

    def keeper_file(self, digest: str) -> File:
        """The file that stays of the group that a known content belongs to. Raises KeyError for an unknown one."""
        return self._known.file(self._known.keeper[digest])

    def find_keeper(
        self,
        pixels: str,
        search: Callable[[Callable[[str], str]], list[str]],
        compare: Callable[[File], Match | None],
    ) -> tuple[str | None, dict[str, Match]]:
        """The keeper of the group that a new content belongs to (None: it is a keeper itself), and all its matches.

        pixels: digest of its pixels. search: candidates, given who is whose keeper. compare: with a known file.
        Only a match with a keeper makes it a duplicate. The others are found for the recluster run: two crops that
        share too little to match each other both match the picture that they were cut from, whichever came first.
        No match is given for a content with the very pixels of the keeper.
        """
        known = self._known
        twin = known.of_pixels.get(pixels)
        if twin is not None and twin in known.keeper:
            keeper = known.keeper[twin]
            match = self._match(keeper, twin)
            return keeper, {keeper: match} if match else {}
        compared: dict[str, Match | None] = {}
        for candidate in search(lambda found: known.keeper.get(found, found)):
            keeper = known.keeper.get(candidate, "")
            for digest in dict.fromkeys((keeper, candidate)):
                if digest not in compared and not compared.get(keeper) and known.files.get(digest):
                    compared[digest] = compare(known.file(digest))
        matches = {digest: match for digest, match in compared.items() if match}
        keepers = [digest for digest in matches if known.keeper[digest] == digest]
        return max(keepers, key=lambda digest: matches[digest].similarity, default=None), matches

    def _make_keeper(self, digest: str, path: str) -> None:
        self._known.keeper[digest] = digest
        self._known.members[digest].add(digest)
        self._known.keeper_path[digest] = path

    def _let_go(self, path: str, digest: str) -> int:
        """A file left, or holds something else now. The group of a keeper that leaves gets another one."""
        known = self._known
        del known.path_digest[path]
        known.files[digest].pop(path)
        keeper = known.keeper[digest]
        if not known.files[digest]:
            del known.files[digest]
            known.members[keeper].discard(digest)
            del known.keeper[digest]
            self._candidates.remove(digest)
            if known.of_pixels.get(known.pixels.get(digest, "")) == digest:
                del known.of_pixels[known.pixels[digest]]
            known.pixels.pop(digest, None)
        if known.keeper_path.get(keeper) != path:
            return 0
        del known.keeper_path[keeper]
        if digest in known.files:  # another file with the same bytes stays in its place
            known.keeper_path[keeper] = known.file(digest).path
            return self._give(self._group(keeper))
        return self._promote(keeper)

    def _promote(self, keeper: str) -> int:
        """The keeper of this group is gone: its members are judged again, the best first, which becomes a keeper."""
        known = self._known
        orphans = [file for digest in known.members.pop(keeper) for file in self._files(digest)]
        for file in orphans:
            known.keeper.pop(file.record.digest, None)
            known.files.pop(file.record.digest, None)
            del known.path_digest[file.path]
        orphans.sort(key=lambda file: self._rank(member_of(file.path, file.record)))
        return sum(self._judge(file) for file in orphans)

    def _group(self, keeper: str) -> list[File]:
        return [file for digest in self._known.members[keeper] for file in self._files(digest)]

    def _files(self, digest: str) -> list[File]:
        return [File(path, record) for path, record in self._known.files[digest].items()]

    def _match(self, keeper: str, digest: str) -> Match | None:
        if keeper == digest:
            return None
        [found] = self._store.find_matches([pair_of(keeper, digest)])
        return found

    def _give(self, files: Iterable[File]) -> int:
        """Write the verdicts that follow from what is known, where they are news, with their events."""
        changes, events = [], []
        for file in files:
            new = self._verdict(file)
            if new != file.record:
                changes.append((file.path, file.record, new))
                events.append(self._event(file.path, new))
        done = self._store.give_verdicts(changes, events, correction=False)
        for (path, _, new), changed in zip(changes, done, strict=True):
            if changed:
                self._known.files[new.digest][path] = new
        return sum(done)

    def _verdict(self, file: File) -> Record:
        known, digest = self._known, file.record.digest
        keeper = known.keeper[digest]
        path = known.keeper_path[keeper]
        if path == file.path:
            return replace(file.record, verdict=Verdict.UNIQUE, duplicate_of="", similarity=0.0, reason="")
        if keeper == digest:
            verdict, match = Verdict.EXACT, Match(1.0, EXACT_REASON)
        elif known.pixels.get(keeper) and known.pixels.get(keeper) == known.pixels.get(digest):
            verdict, match = Verdict.IDENTICAL, Match(1.0, IDENTICAL_REASON)
        else:
            verdict, match = Verdict.NEAR, self._match(keeper, digest) or Match(1.0, "the same picture")
        return replace(
            file.record, verdict=verdict, duplicate_of=path, similarity=match.similarity, reason=match.reason
        )

    def _give_failed(self, path: str, record: Record) -> int:
        if record.verdict == Verdict.FAILED:
            return 0
        new = replace(record, verdict=Verdict.FAILED)
        return sum(self._store.give_verdicts([(path, record, new)], [self._event(path, new)], correction=False))

    def _event(self, path: str, record: Record) -> Event:
        return make_event(path, record, self._cluster(record.digest) if record.digest else None, self._now())
