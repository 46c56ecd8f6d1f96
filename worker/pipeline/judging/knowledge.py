"""What the verdict writer keeps in memory of the collection."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from shared.records import State, Verdict
from shared.store import Files, Images

RECORDS_AT_ONCE = 1000  # records or digests of pixels asked for in one go


@dataclass
class Knowledge:
    """Files, contents and groups, as words alone: 0.6 KiB an image. Records stay in the store.

    digest: of each path. paths: of each digest; the first is the file that stays, where it is a keeper's. keeper: of
    each digest the digest of its group's keeper, itself for a keeper. others: of each keeper that has any, the digests
    of its group beside itself. of_pixels: of each digest of pixels one digest with them. variant_of: of each keeper
    that is a variant the keeper that it is one of. variants: the same the other way round.
    """

    digest: dict[str, str] = field(default_factory=dict)
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keeper: dict[str, str] = field(default_factory=dict)
    others: dict[str, set[str]] = field(default_factory=dict)
    of_pixels: dict[str, str] = field(default_factory=dict)
    variant_of: dict[str, str] = field(default_factory=dict)
    variants: dict[str, set[str]] = field(default_factory=dict)

    def add_file(self, path: str, digest: str) -> None:
        """A file holds this content."""
        self.digest[path] = digest
        self.paths[digest] = (*self.paths.get(digest, ()), path)

    def remove_file(self, path: str) -> str:
        """The file is gone, and its content with the last of them; the content's digest."""
        digest = self.digest.pop(path)
        left = tuple(other for other in self.paths.pop(digest) if other != path)
        if left:
            self.paths[digest] = left
        return digest

    def put_first(self, path: str) -> None:
        """The file is the one that stays of those with its content."""
        held = self.paths[self.digest[path]]
        self.paths[self.digest[path]] = (path, *(other for other in held if other != path))

    def join(self, digest: str, keeper: str) -> None:
        """The content belongs to this keeper's group; to its own, if it is the keeper."""
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


class KnowledgeStore(Files, Images, Protocol):
    """What knowledge is learnt from."""


def learn(store: KnowledgeStore) -> tuple[Knowledge, list[str]]:
    """What the store knows, and the paths that wait for a verdict. 20 s and 0.6 GiB for a million images."""
    known, waiting, duplicates, variants = Knowledge(), [], [], []
    for chunk in store.scan():
        for path, record in chunk:
            if record.state is State.PENDING or path in known.digest:
                continue
            if not record.verdict:
                waiting.append(path)
            elif record.state is State.READY and record.verdict == Verdict.UNIQUE:
                known.add_file(path, record.digest)
                known.put_first(path)
                known.join(record.digest, record.digest)
                if record.variant_of:
                    variants.append((record.digest, record.variant_of))
            elif record.state is State.READY:
                duplicates.append((path, record.digest, record.duplicate_of))
    waiting += _join(known, duplicates)
    _vary(known, variants)
    digests = list(known.keeper)
    for start in range(0, len(digests), RECORDS_AT_ONCE):
        part = digests[start : start + RECORDS_AT_ONCE]
        for digest, pixels in zip(part, store.pixels(part), strict=True):
            known.of_pixels.setdefault(pixels, digest)
    return known, waiting


def _join(known: Knowledge, duplicates: Iterable[tuple[str, str, str]]) -> list[str]:
    """Put duplicates (path, digest, keeper's path) to their keepers; the paths of those whose keeper is gone."""
    orphans = []
    for path, digest, duplicate_of in duplicates:
        keeper = known.digest.get(duplicate_of, "")
        if known.keeper.get(keeper) != keeper or known.paths[keeper][0] != duplicate_of:
            orphans.append(path)
        elif path not in known.digest:
            known.add_file(path, digest)
            known.join(digest, keeper)
    return orphans


def _vary(known: Knowledge, variants: Iterable[tuple[str, str]]) -> None:
    """Note variants (digest, path of what it is one of). Where that is gone the next recluster run finds another."""
    for digest, path in variants:
        of = known.digest.get(path, "")
        if known.keeper.get(of) == of != digest and known.paths[of][0] == path and digest not in known.variant_of:
            known.vary(digest, of)
