"""What the verdict writer keeps in memory of the collection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from shared.records import Record, State, Verdict
from shared.store import Events, Files, Images

RECORDS_AT_ONCE = 1000  # records or digests of pixels asked for in one go


@dataclass
class Knowledge:
    """Files, contents and groups, as words alone: 0.6 KiB an image. Records stay in the store.

    digest: of each path. paths: of each digest; the first is the file that stays, where it is a keeper's. keeper: of
    each digest the digest of its group's keeper, itself for a keeper. others: of each keeper that has any, the digests
    of its group beside itself. of_pixels: of each digest of pixels the digests with them. variant_of: of each keeper
    that is a variant the keeper that it is one of. variants: the same the other way round. orphans: of files that are
    on record as duplicates or variants of a file that is no keeper, the path of that one; of such duplicates nothing
    else is known.
    """

    digest: dict[str, str] = field(default_factory=dict)
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keeper: dict[str, str] = field(default_factory=dict)
    others: dict[str, set[str]] = field(default_factory=dict)
    of_pixels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    variant_of: dict[str, str] = field(default_factory=dict)
    variants: dict[str, set[str]] = field(default_factory=dict)
    orphans: dict[str, str] = field(default_factory=dict)

    def add_file(self, path: str, digest: str) -> None:
        """A file holds this content."""
        self.orphans.pop(path, None)
        self.digest[path] = digest
        self.paths[digest] = (*self.paths.get(digest, ()), path)

    def remove_file(self, path: str) -> str:
        """The file is gone, and its content with the last of them; the content's digest."""
        digest = self.digest.pop(path)
        self.orphans.pop(path, None)
        left = tuple(other for other in self.paths.pop(digest) if other != path)
        if left:
            self.paths[digest] = left
        return digest

    def put_first(self, path: str) -> None:
        """The file is the one that stays of those with its content."""
        held = self.paths[self.digest[path]]
        self.paths[self.digest[path]] = (path, *(other for other in held if other != path))

    def join(self, digest: str, keeper: str) -> None:
        """The content belongs to this keeper's group, and to no other; to its own, if it is the keeper."""
        before = self.keeper.get(digest, keeper)
        if before != keeper and before in self.others:
            self.others[before].discard(digest)
        self.keeper[digest] = keeper
        if digest != keeper:
            self.others.setdefault(keeper, set()).add(digest)

    def part(self, digest: str) -> None:
        """The content belongs to no group any more. The others of a keeper's group stay in `others`."""
        keeper = self.keeper.pop(digest)
        if keeper in self.others:
            self.others[keeper].discard(digest)
        of = self.variant_of.pop(digest, "")
        if of:
            self.variants[of].discard(digest)

    def vary(self, digest: str, of: str) -> None:
        """The content, a keeper, is a variant of another keeper."""
        self.variant_of[digest] = of
        self.variants.setdefault(of, set()).add(digest)

    def part_variants(self, keeper: str) -> list[str]:
        """What were variants of this keeper are none any more; the files that stay of them."""
        paths = self.files_of_variants(keeper)
        for digest in self.variants.pop(keeper, ()):
            del self.variant_of[digest]
        return paths

    def files_of_variants(self, keeper: str) -> list[str]:
        """The file that stays of each variant of this keeper."""
        return [self.paths[digest][0] for digest in sorted(self.variants.get(keeper, ()))]

    def add_pixels(self, pixels: str, digest: str) -> None:
        """The content has these pixels."""
        held = self.of_pixels.get(pixels, ())
        if digest not in held:
            self.of_pixels[pixels] = (*held, digest)

    def remove_pixels(self, pixels: str, digest: str) -> None:
        """The content with these pixels is gone."""
        left = tuple(other for other in self.of_pixels.pop(pixels, ()) if other != digest)
        if left:
            self.of_pixels[pixels] = left

    def keeper_or_self(self, digest: str) -> str:
        """The keeper of a content's group; of one that is not known the content itself."""
        return self.keeper.get(digest, digest)

    def twin(self, pixels: str) -> str | None:
        """A content with these pixels."""
        held = self.of_pixels.get(pixels, ()) if pixels else ()
        return next((digest for digest in held if digest in self.keeper), None)

    def alike(self, digest: str, pixels: str) -> set[str]:
        """A content, and those with the same pixels."""
        return {digest, *(self.of_pixels.get(pixels, ()) if pixels else ())}

    def original(self, digest: str) -> str:
        """What a content is compared with: its keeper; of a keeper what it is a variant of, else itself."""
        keeper = self.keeper[digest]
        return keeper if keeper != digest else self.variant_of.get(digest, digest)

    def keeper_path(self, digest: str) -> str:
        """The file that stays of a content's group."""
        return self.paths[self.keeper[digest]][0]

    def files_of_group(self, keeper: str) -> list[str]:
        """Every file of a keeper's group."""
        return [path for digest in (keeper, *self.others.get(keeper, ())) for path in self.paths.get(digest, ())]


class KnowledgeStore(Files, Images, Events, Protocol):
    """What knowledge is learnt from."""


def learn(store: KnowledgeStore) -> tuple[Knowledge, list[str]]:
    """What the store knows, and the paths that wait for a verdict. 20 s and 0.6 GiB for a million images."""
    known = Knowledge()
    waiting, contents = take_in(known, chain.from_iterable(store.scan()))
    take_in_pixels(store, known, contents)
    return known, waiting


def take_in(known: Knowledge, records: Iterable[tuple[str, Record]]) -> tuple[list[str], list[str]]:
    """Add files as their records have them; the paths that wait for a verdict, and the contents that joined.

    A file that is read again and keeps its verdict meanwhile is known as before.
    """
    waiting: list[str] = []
    duplicates: list[tuple[str, str, str]] = []
    variants: list[tuple[str, str, str]] = []
    contents: dict[str, None] = {}
    for path, record in records:
        if path in known.digest or record.verdict == Verdict.FAILED:
            continue
        if not record.verdict:
            if record.state is not State.PENDING:
                waiting.append(path)
        elif record.verdict == Verdict.UNIQUE:
            known.add_file(path, record.digest)
            known.put_first(path)
            known.join(record.digest, record.digest)
            contents[record.digest] = None
            if record.variant_of:
                variants.append((path, record.digest, record.variant_of))
        else:
            duplicates.append((path, record.digest, record.duplicate_of))
            contents[record.digest] = None
    waiting += _join(known, duplicates)
    _vary(known, variants)
    return waiting, [digest for digest in contents if digest in known.keeper]


def take_in_pixels(store: Images, known: Knowledge, contents: Sequence[str]) -> None:
    """Note the pixels of these contents. One round trip per 1,000."""
    for start in range(0, len(contents), RECORDS_AT_ONCE):
        part = contents[start : start + RECORDS_AT_ONCE]
        for digest, pixels in zip(part, store.pixels(part), strict=True):
            if pixels:
                known.add_pixels(pixels, digest)


def _join(known: Knowledge, duplicates: Iterable[tuple[str, str, str]]) -> list[str]:
    """Put duplicates (path, digest, keeper's path) to their keepers; the paths of those whose keeper is gone."""
    orphans = {}
    for path, digest, duplicate_of in duplicates:
        keeper = known.digest.get(duplicate_of, "")
        if known.keeper.get(keeper) != keeper or known.paths[keeper][0] != duplicate_of:
            orphans[path] = duplicate_of
        elif path not in known.digest:
            known.add_file(path, digest)
            known.join(digest, keeper)
    known.orphans |= orphans
    return list(orphans)


def _vary(known: Knowledge, variants: Iterable[tuple[str, str, str]]) -> None:
    """Note variants (path, digest, path of what it is one of). Where that is gone recluster finds another."""
    for path, digest, original in variants:
        of = known.digest.get(original, "")
        if known.keeper.get(of) != of or known.paths[of][0] != original:
            known.orphans[path] = original
        elif of != digest and digest not in known.variant_of:
            known.vary(digest, of)
