"""Cluster numbers that stay with their images from one generation to the next."""

from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Numbers = npt.NDArray[np.int32]


def previous_numbers(digests: Sequence[str], clusters: Mapping[str, int]) -> Numbers:
    """The cluster each digest had in the last generation, `[len(digests)]`; -1 for a digest that is new."""
    return np.fromiter((clusters.get(digest, -1) for digest in digests), dtype=np.int32, count=len(digests))


def carry_numbers(labels: Numbers, previous: Numbers | None = None) -> Numbers:
    """Rename clusters so that each keeps the number under which most of its members were known.

    Old and new clusters are matched one to one so that as many images as possible keep their number (Hungarian
    method on the counts of common members). A cluster without a match gets the lowest number that is free, larger
    clusters first, then the one whose first member comes first. So numbers may have gaps, and never exceed what the
    largest k so far needed.

    labels: `[n]`, any integers. previous: `[n]`, -1 where an image was unknown. Returns `[n]`, the new numbers.
    Cost: O(n log n + k^3).
    """
    _, first, rank, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    kept = {} if previous is None else _matches(rank, previous)
    taken = set(kept.values())
    free = (number for number in count() if number not in taken)
    by_size = sorted(range(len(size)), key=lambda new: (-size[new], first[new]))
    names = kept | {new: next(free) for new in by_size if new not in kept}
    return np.array([names[new] for new in range(len(size))], dtype=np.int32)[rank]


def _matches(rank: npt.NDArray[np.intp], previous: Numbers) -> dict[int, int]:
    """New cluster -> old number, for the pairs that have a member in common."""
    known = previous >= 0
    numbers, old = np.unique(previous[known], return_inverse=True)
    overlap = np.zeros((rank.max(initial=-1) + 1, len(numbers)), dtype=np.int64)
    np.add.at(overlap, (rank[known], old), 1)
    pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
    return {int(new): int(numbers[column]) for new, column in pairs if overlap[new, column]}
