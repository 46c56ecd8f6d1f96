"""Groups of duplicates: a keeper, and the files that can go because the keeper holds the same picture.

Nothing chains: every duplicate of a group was compared with that keeper.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EXACT_SIMILARITY: Final = 1.0  # of the same bytes, or the same pixels


class Kind(StrEnum):
    """How a duplicate is the same as its keeper."""

    EXACT = "exact"  # the same bytes
    IDENTICAL = "identical"  # the same pixels in another file
    NEAR = "near"  # the same picture, edited; verified against the keeper


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the collection. path: relative to the watched folder. digest: SHA-256 in hex. bytes: its size.

    width, height: pixels after orientation. mtime_ns: modification time in nanoseconds. content: pixels without bars
    and frames, 0: all of them.
    """

    path: str
    digest: str
    bytes: int
    width: int
    height: int
    mtime_ns: int
    content: int = 0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file that can go. kind: why. similarity: to the keeper, 1.0 for the same bytes. reason: in words."""

    member: Member
    kind: Kind
    similarity: float
    reason: str = "the same bytes"


@dataclass(frozen=True, slots=True)
class Group:
    """Files that hold one picture. number: from 1, largest saving first. duplicates: best first, never empty."""

    number: int
    keeper: Member
    duplicates: tuple[Duplicate, ...]

    @property
    def bytes_to_free(self) -> int:
        """Size of all duplicates together."""
        return sum(duplicate.member.bytes for duplicate in self.duplicates)


def number_groups(groups: Iterable[tuple[Member, tuple[Duplicate, ...]]]) -> list[Group]:
    """Number groups from 1 in the order a reader wants them: most bytes to free first, then the keeper's path."""
    unnumbered = [Group(0, keeper, duplicates) for keeper, duplicates in groups]
    unnumbered.sort(key=lambda group: (-group.bytes_to_free, group.keeper.path))
    return [Group(number, group.keeper, group.duplicates) for number, group in enumerate(unnumbered, start=1)]
