"""Which pictures lie far from every cluster, and which changed theirs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.records import Verdict
from worker.engine.groups.groups import Member

FENCE: Final = 1.5  # times the distance between the quartiles, beyond the upper one (Tukey 1977)
FEWEST: Final = 12  # pictures, below which quartiles say nothing
MOST: Final = 1000  # outliers that are named


@dataclass(frozen=True, slots=True)
class Assignment:
    """A row of assignments.csv. silhouette: None where there is none. duplicate_of: the keeper's path, "" if unique.

    cluster, distance, silhouette, subcluster: of a duplicate those of its keeper. variant_of: the path of the picture
    that it is a variant of, "" for none. subcluster: the finer cluster within its cluster, None where that is whole.
    """

    member: Member
    cluster: int
    distance: float
    silhouette: float | None
    verdict: str
    duplicate_of: str
    variant_of: str
    subcluster: int | None


@dataclass(frozen=True, slots=True)
class ByBytes:
    """A row of assignments.csv of a file that is compared by its bytes alone, and in no cluster."""

    member: Member
    verdict: str
    duplicate_of: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is in another cluster than in the generation before. before, after: numbers."""

    path: str
    before: int
    after: int


def find_outliers(assignments: Sequence[Assignment]) -> tuple[Assignment, ...]:
    """The pictures that lie far from every centroid, farthest first, MOST at most; one for each, without duplicates.

    Far is beyond Tukey's upper fence of the distances of all pictures, each from the nearest centroid, which is its
    own. None of fewer than FEWEST pictures. O(n log n).
    """
    pictures = [row for row in assignments if row.verdict == Verdict.UNIQUE]
    if len(pictures) < FEWEST:
        return ()
    low, high = np.percentile([row.distance for row in pictures], [25, 75])
    far = [row for row in pictures if row.distance > high + FENCE * (high - low)]
    return tuple(sorted(far, key=lambda row: (-row.distance, row.member.path))[:MOST])


def find_changes(assignments: Iterable[Assignment], before: Mapping[str, int]) -> tuple[Change, ...]:
    """The files whose picture was in another cluster, in the order of the rows. before: digest -> number; what is not
    there is new, and no change."""
    return tuple(
        Change(row.member.path, before[row.member.digest], row.cluster)
        for row in assignments
        if before.get(row.member.digest, row.cluster) != row.cluster
    )
