"""Groups of duplicates: a keeper, and the files that can go because the keeper holds the same picture.

Nothing chains: every duplicate of a group was compared with that keeper.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from shared.records import Kind

EXACT_SIMILARITY: Final = 1.0  # of the same bytes, or the same pixels


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the collection. path: relative to the watched folder. digest: SHA-256 in hex. bytes: its size.

    width, height: pixels after orientation. mtime_ns: modification time in nanoseconds. content: pixels without bars
    and frames, 0: all of them. ctime_ns, inode: as the watcher saw them, 0 where nobody did. holds: see ImageFacts.
    """

    path: str
    digest: str
    bytes: int
    width: int
    height: int
    mtime_ns: int
    content: int = 0
    ctime_ns: int = 0
    inode: int = 0
    holds: str = ""

    def is_one_file_with(self, other: "Member") -> bool:
        """Whether two paths lead to one file: hard links, or a folder that is mounted a second time.

        Not by the device, which another mount, and another start of the machine, number anew; no two files share
        contents, number and the instant of their last change.
        """
        same = (self.digest, self.ctime_ns, self.inode) == (other.digest, other.ctime_ns, other.inode)
        return same and self.inode != 0 and self.path != other.path


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file that can go. kind: why. similarity: to the keeper, 1.0 for the same bytes. reason: in words.

    loses_nothing: whether its keeper holds all that it holds, None where no report can know. frees: bytes that its
    going would free, companions included. may_free: bytes that it would free if `apply` proved that it loses nothing.
    companions: names of the files beside it that go with it. kept_by: the number of the decision by which it stays
    beside its keeper, 0 without one.
    """

    member: Member
    kind: Kind
    similarity: float
    reason: str = Kind.EXACT.words
    loses_nothing: bool | None = None
    frees: int = 0
    may_free: int = 0
    companions: tuple[str, ...] = ()
    kept_by: int = 0

    @property
    def why(self) -> str:
        """The reason, for people; and that it stays, where somebody decided so."""
        return f"{self.reason}; it stays, as you decided (decision {self.kept_by})" if self.kept_by else self.reason


@dataclass(frozen=True, slots=True)
class Group:
    """Files that hold one picture. number: from 1, largest saving first. duplicates: best first, never empty.

    companions: names of the files beside its keeper that belong to that one.
    """

    number: int
    keeper: Member
    duplicates: tuple[Duplicate, ...]
    companions: tuple[str, ...] = ()

    @property
    def bytes_to_free(self) -> int:
        """What `duplicates apply` would free of it, unless asked for more by name."""
        return sum(duplicate.frees for duplicate in self.duplicates)

    @property
    def bytes_to_prove(self) -> int:
        """What it would free besides: files that are proved to lose nothing right before they go."""
        return sum(duplicate.may_free for duplicate in self.duplicates)


def number_groups(groups: Iterable[Group]) -> list[Group]:
    """Number groups from 1 in the order a reader wants them: most bytes that may go first, then the keeper's path."""
    ordered = sorted(groups, key=lambda group: (-group.bytes_to_free - group.bytes_to_prove, group.keeper.path))
    return [replace(group, number=number) for number, group in enumerate(ordered, start=1)]


def pictures_of(members: Iterable[Member], groups: Iterable[Group]) -> dict[str, str]:
    """The picture that each content shows: digest -> digest of its group's keeper, or itself. Groups are of members.

    Clusters are of pictures: what is the same as its keeper, or near it, goes where that goes.
    """
    keepers = {duplicate.member.digest: group.keeper.digest for group in groups for duplicate in group.duplicates}
    return {member.digest: keepers.get(member.digest, member.digest) for member in members}
