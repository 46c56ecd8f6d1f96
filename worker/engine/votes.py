"""Which images share keypoints with a new one: an index of descriptor keys, searched by voting.

A key is some bits of a descriptor, chosen so that they rarely flip and tell much; every keypoint of an image is stored
under its key, and an image that shares keys with a new one gets a vote for each, weighted by how rare the key is.
Turned pictures are found because descriptors are, mirrored ones because the query is asked mirrored too.
Postings lie in sorted arrays that are merged as they grow (a log-structured merge tree in memory): 8 bytes each.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.keypoints import COMPARISONS, DESCRIPTOR_BYTES, Keypoints
from worker.engine.sketch import Sketch

KEY_BITS: Final = 20  # fewer: more chance votes among a million images; more: fewer keys survive an edit

_LARGEST: Final = 1 << 22  # postings; larger arrays are not merged further: a merge must not hold up a verdict
_COMMON: Final = 0.02  # share of the images from which a key tells nothing ...
_COMMON_FLOOR: Final = 200  # ... but not below so many


def _key_bits() -> NDArray[np.intp]:
    """The comparisons between the most distant points that look at different places: seldom wrong, seldom alike.

    A comparison and its mirror image are not both taken, nor two whose ends lie near each other.
    """
    ends = COMPARISONS.reshape(len(COMPARISONS), 4)
    order = np.argsort(-np.linalg.norm(COMPARISONS[:, 0] - COMPARISONS[:, 1], axis=1), kind="stable")
    apart = 14.0
    while True:
        chosen: list[int] = []
        for bit in order:
            swapped = ends[bit, [2, 3, 0, 1]]
            if all(min(_distance(ends[bit], ends[one]), _distance(swapped, ends[one])) > apart for one in chosen):
                chosen.append(int(bit))
        if len(chosen) >= KEY_BITS:
            return np.array(chosen[:KEY_BITS], np.intp)
        apart *= 0.9


def _distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(first - second))


_BITS: Final = _key_bits()


def keys(keypoints: Keypoints) -> NDArray[np.uint32]:
    """The key of every keypoint: uint32 `[n]` below 2 ** KEY_BITS."""
    bits = np.unpackbits(keypoints.descriptors.reshape(-1, DESCRIPTOR_BYTES), axis=1)[:, _BITS]
    powers = np.left_shift(np.uint32(1), np.arange(KEY_BITS, dtype=np.uint32))
    return np.asarray(bits.astype(np.uint32) @ powers, np.uint32)


@dataclass(frozen=True, slots=True)
class _Run:
    """Postings sorted by key: keys and image numbers, uint32 `[n]` each."""

    keys: NDArray[np.uint32]
    images: NDArray[np.uint32]


class Votes:
    """The index. Images are numbers from 0; 1 KiB each. Adding takes 0.2 ms on average."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def add(self, images: NDArray[np.uint32], sketches: list[Sketch]) -> None:
        """Add images by number. Many at once are cheaper than one by one."""
        parts = [np.unique(keys(sketch.keypoints)) for sketch in sketches]
        numbers = np.repeat(images.astype(np.uint32), [len(part) for part in parts])
        self._runs.append(_sorted(np.concatenate([*parts, np.zeros(0, np.uint32)]), numbers))
        while len(self._runs) > 1 and self._may_merge(self._runs[-2], self._runs[-1]):
            last, previous = self._runs.pop(), self._runs.pop()
            merged = np.concatenate([previous.keys, last.keys]), np.concatenate([previous.images, last.images])
            self._runs.append(_sorted(*merged))

    @staticmethod
    def _may_merge(previous: _Run, last: _Run) -> bool:
        sizes = len(previous.keys), len(last.keys)
        return sizes[0] <= 2 * sizes[1] and sum(sizes) <= _LARGEST

    def count(self, sketch: Sketch, size: int) -> NDArray[np.float64]:
        """Votes for images 0 to `size` - 1, as they are and mirrored together: float64 `[size]`."""
        asked = np.concatenate([keys(sketch.keypoints), keys(sketch.keypoints.mirrored(sketch.frame[0]))])
        wanted = np.unique(asked)
        spans = [
            (run, np.searchsorted(run.keys, wanted, "left"), np.searchsorted(run.keys, wanted, "right"))
            for run in self._runs
        ]
        known = sum((ends - starts for _, starts, ends in spans), np.zeros(len(wanted), np.intp))
        common = known > max(_COMMON_FLOOR, _COMMON * size)
        weight = np.where(common, 0.0, np.log((size + 1) / np.maximum(known, 1)))
        found, weights = [np.zeros(0, np.uint32)], [np.zeros(0)]
        for run, starts, ends in spans:
            lengths = np.where(common, 0, ends - starts)
            places = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
            found.append(run.images[places])
            weights.append(np.repeat(weight, lengths))
        counted = np.bincount(np.concatenate(found), np.concatenate(weights), minlength=size)
        return np.asarray(counted, np.float64)


def _sorted(keys_: NDArray[np.uint32], images: NDArray[np.uint32]) -> _Run:
    postings = np.sort(keys_.astype(np.uint64) << np.uint64(32) | images)  # several times faster than by an argsort
    return _Run((postings >> np.uint64(32)).astype(np.uint32), postings.astype(np.uint32))
