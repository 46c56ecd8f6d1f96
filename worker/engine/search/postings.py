"""Postings in arrays sorted by key: which images have a key, and how their keypoint with it lies."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEY_BITS: Final = 20  # fewer: more chance votes among a million images; more: fewer keys survive an edit

Spans = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Run:
    """Postings sorted by key: keys, and image numbers with a pose below them, uint32 `[n]` each.

    until: one more than the largest of these numbers; runs follow each other.
    """

    keys: NDArray[np.uint32]
    postings: NDArray[np.uint32]
    until: int

    def spans(self, wanted: NDArray[np.uint32]) -> Spans:
        """Where the postings of each key start and end."""
        return np.searchsorted(self.keys, wanted, "left"), np.searchsorted(self.keys, wanted, "right")


@dataclass(frozen=True, slots=True)
class Closed:
    """Postings sorted by key: where those of each key start, uint32 `[2 ** KEY_BITS + 1]`; the postings, `[n]`."""

    starts: NDArray[np.uint32]
    postings: NDArray[np.uint32]
    until: int

    @classmethod
    def of(cls, run: Run) -> "Closed":
        """The same postings."""
        starts = np.searchsorted(run.keys, np.arange(2**KEY_BITS + 1)).astype(np.uint32)
        return cls(starts, run.postings, run.until)

    def spans(self, wanted: NDArray[np.uint32]) -> Spans:
        """Where the postings of each key start and end."""
        return self.starts[wanted].astype(np.intp), self.starts[wanted + 1].astype(np.intp)


def sorted_run(keys_: NDArray[np.uint32], postings: NDArray[np.uint32], until: int) -> Run:
    """A run of postings in any order."""
    both = np.sort(keys_.astype(np.uint64) << np.uint64(32) | postings)  # several times faster than by an argsort
    return Run((both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32), until)
