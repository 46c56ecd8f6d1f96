"""Which images share keypoints with a new one: an index of descriptor keys, searched by voting.

A key is some bits of a descriptor, chosen so that they rarely flip and tell much; every keypoint of an image is stored
under its key, and an image that shares keys with a new one gets a vote for each, weighted by how rare the key is. Of
the images with most votes those votes count that agree on how the picture was turned and scaled (poses.py): a crop
shares few keys with its original, hardly more than strangers do by chance, but nearly all of them agree.
Turned pictures are found because descriptors are, mirrored ones because the query is asked mirrored too.
Postings lie in sorted arrays that are merged as they grow (a log-structured merge tree in memory). One that is large
enough is not merged further, and tells from a table where the postings of a key are: 5 bytes each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.search.poses import POSE_BITS, count_agreeing, poses
from worker.engine.search.postings import KEY_BITS, Closed, Run, sorted_run
from worker.engine.sketch.keypoints import DESCRIPTOR_BYTES, POINT_PAIRS, Keypoints
from worker.engine.sketch.sketch import Sketch

POSTINGS: Final = 2_000_000  # counted in one search at most, those of the rarest keys: of a million images some
SHORTLIST: Final = 500  # images with most votes, whose votes must agree: 2 microseconds each
MOST_IMAGES: Final = 1 << (32 - POSE_BITS)  # that a posting has room for beside a pose

_OF_IMAGE: Final = 5  # postings counted for each image that there is; what is beyond them tells little of any image ...
_FEW: Final = 50_000  # ... and so many at least
_CLOSED: Final = 1 << 22  # postings from which an array is not merged further: a merge must not hold up a verdict
_LONG: Final = 64  # postings of a key, on average, from which they are copied key by key
_PART: Final = 1 << 16  # values that give the bound of the largest

Entries = tuple[NDArray[np.uint32], NDArray[np.uint8]]


def _key_bits() -> NDArray[np.intp]:
    """The comparisons between the most distant points that look at different places: seldom wrong, seldom alike.

    A comparison and its mirror image are not both taken, nor two whose ends lie near each other.
    """
    ends = POINT_PAIRS.reshape(len(POINT_PAIRS), 4)
    order = np.argsort(-np.linalg.norm(POINT_PAIRS[:, 0] - POINT_PAIRS[:, 1], axis=1), kind="stable")
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


def entries(keypoints: Keypoints) -> Entries:
    """Each key once, with the pose of the first keypoint that has it: uint32 `[n]`, uint8 `[n]`.

    Once, or a pattern that repeats would get a vote for every pair of its repetitions.
    """
    distinct, first = np.unique(keys(keypoints), return_index=True)
    return distinct, poses(keypoints)[first]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The keys of a picture and of the mirrored one: uint32 `[n]`, with their poses, and whether each is mirrored."""

    keys: NDArray[np.uint32]
    poses: NDArray[np.uint8]
    mirrored: NDArray[np.bool_]

    @classmethod
    def of(cls, sketch: Sketch) -> "_Asked":
        """What is asked for a picture."""
        upright, mirror = entries(sketch.keypoints), entries(sketch.keypoints.mirrored(sketch.frame[0]))
        both = np.concatenate([upright[0], mirror[0]]), np.concatenate([upright[1], mirror[1]])
        return cls(*both, np.arange(len(both[0])) >= len(upright[0]))


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of the keys asked for. postings: uint32 `[n]`. spans: how many of them each span holds, in order,
    and which key it is of. Of each key: its pose in the query, whether it is of the mirrored one, how many images have
    it."""

    postings: NDArray[np.uint32]
    spans: NDArray[np.intp]
    key: NDArray[np.intp]
    poses: NDArray[np.uint8]
    mirrored: NDArray[np.bool_]
    known: NDArray[np.intp]


class Votes:
    """The index. Images are numbers from 0 to MOST_IMAGES - 1; 1.1 KiB each.

    Adding one takes 0.2 ms on average, and half a second once in 20,000, where large arrays are merged.
    """

    def __init__(self) -> None:
        self._closed: list[Closed] = []
        self._runs: list[Run] = []

    def add(self, images: NDArray[np.uint32], entries_of: Sequence[Entries]) -> None:
        """Add images: their numbers, and the `entries` of each. Many at once are cheaper than one by one."""
        if len(images) and int(images.max()) >= MOST_IMAGES:
            raise ValueError(f"an index of keypoints has room for {MOST_IMAGES:,} images")
        numbers = np.repeat(images.astype(np.uint32), [len(each) for each, _ in entries_of])
        keys_ = np.concatenate([*(each for each, _ in entries_of), np.zeros(0, np.uint32)])
        lying = np.concatenate([*(each for _, each in entries_of), np.zeros(0, np.uint8)])
        until = int(images.max()) + 1 if len(images) else 0
        self._runs.append(sorted_run(keys_, numbers << np.uint32(POSE_BITS) | lying, until))
        while len(self._runs) > 1 and len(self._runs[-2].keys) <= 2 * len(self._runs[-1].keys):
            last, previous = self._runs.pop(), self._runs.pop()
            merged = np.concatenate([previous.keys, last.keys]), np.concatenate([previous.postings, last.postings])
            self._runs.append(sorted_run(*merged, max(previous.until, last.until)))
        if len(self._runs[-1].keys) >= _CLOSED:
            self._closed.append(Closed.of(self._runs.pop()))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` takes."""
        until = [run.until for run in self._closed] + [run.until for run in self._runs]
        arrays: dict[str, NDArray[Any]] = {"until": np.array(until, np.int64)}
        for number, closed in enumerate(self._closed):
            arrays |= {f"closed.{number}.starts": closed.starts, f"closed.{number}.postings": closed.postings}
        for number, run in enumerate(self._runs):
            arrays |= {f"run.{number}.keys": run.keys, f"run.{number}.postings": run.postings}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Votes":
        """The same postings, where these arrays lie, which may be a file; what is merged later is in memory."""
        votes, until = cls(), iter(arrays["until"].tolist())
        for number in range(sum(name.startswith("closed.") for name in arrays) // 2):
            part = f"closed.{number}"
            votes._closed.append(Closed(arrays[f"{part}.starts"], arrays[f"{part}.postings"], next(until)))
        for number in range(sum(name.startswith("run.") for name in arrays) // 2):
            part = f"run.{number}"
            votes._runs.append(Run(arrays[f"{part}.keys"], arrays[f"{part}.postings"], next(until)))
        return votes

    def count(
        self, sketch: Sketch, alive: NDArray[np.bool_], since: int = 0
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """At most SHORTLIST images with most votes, in no order, and of their votes the most that agree.

        alive: `[n]`, which of the images 0 to n - 1 may be among them. since: none before this one is; the keys weigh
        what they weigh among all. Votes for the picture as it is and votes for the mirrored one do not agree.
        """
        most = min(max(_OF_IMAGE * len(alive), _FEW), POSTINGS)
        found = self._find_since(sketch, since) if since else self._find(sketch, most)
        weights = np.log((len(alive) + 1) / np.maximum(found.known, 1))
        alive = alive[since:]
        images = (found.postings >> np.uint32(POSE_BITS)).astype(np.intp)  # once: both that count by it would do it
        images -= since
        votes = np.asarray(np.bincount(images, np.repeat(weights[found.key], found.spans), len(alive)), np.float64)
        votes[~alive] = 0
        shortlist = _largest(votes, SHORTLIST)
        place = np.full(len(alive), -1, np.int16)
        place[shortlist] = np.arange(len(shortlist))
        kept = np.flatnonzero(place[images] >= 0)
        key = found.key[np.searchsorted(np.cumsum(found.spans), kept, "right")]
        groups = 2 * place[images[kept]].astype(np.intp) + found.mirrored[key]
        known = found.postings[kept].astype(np.uint8)
        agreeing = count_agreeing(found.poses[key], known, groups, weights[key], 2 * len(shortlist))
        return shortlist + since, agreeing.reshape(-1, 2).max(axis=1, initial=0.0)

    def _find(self, sketch: Sketch, most: int) -> _Found:
        """The postings of the keys of a picture and of the mirrored one, from the rarest key on, `most` at most."""
        asked = _Asked.of(sketch)
        runs = self._all()
        spans = np.array([run.spans(asked.keys) for run in runs], np.intp).reshape(len(runs), 2, len(asked.keys))
        starts, ends = spans[:, 0], spans[:, 1]
        known = (ends - starts).sum(axis=0)
        rarest = np.argsort(known, kind="stable")
        counted = rarest[np.cumsum(known[rarest]) <= most]
        starts, ends = starts[:, counted], ends[:, counted]
        postings = [_taken(run.postings, first, last) for run, first, last in zip(runs, starts, ends, strict=True)]
        return _Found(
            np.concatenate([*postings, np.zeros(0, np.uint32)]),
            (ends - starts).ravel(),
            np.tile(np.arange(len(counted)), len(runs)),
            asked.poses[counted],
            asked.mirrored[counted],
            known[counted],
        )

    def _find_since(self, sketch: Sketch, since: int) -> _Found:
        """The same of the images from a number on alone, of which there are few: then nearly no key has any."""
        asked = _Asked.of(sketch)
        runs = [run for run in self._all() if run.until > since]
        found, keys_ = [np.zeros(0, np.uint32)], [np.zeros(0, np.intp)]
        for run in runs:
            starts, ends = run.spans(asked.keys)
            postings = _taken(run.postings, starts, ends)
            recent = np.flatnonzero(postings >= np.uint32(since << POSE_BITS))
            found.append(postings[recent])
            keys_.append(np.searchsorted(np.cumsum(ends - starts), recent, "right"))
        distinct, key = np.unique(np.concatenate(keys_), return_inverse=True)
        return _Found(
            np.concatenate(found),
            np.ones(len(key), np.intp),
            key,
            asked.poses[distinct],
            asked.mirrored[distinct],
            self._known(asked.keys[distinct]),
        )

    def _all(self) -> list[Closed | Run]:
        return [*self._closed, *self._runs]

    def _known(self, wanted: NDArray[np.uint32]) -> NDArray[np.intp]:
        """How many images have each key."""
        known = np.zeros(len(wanted), np.intp)
        for run in self._all():
            starts, ends = run.spans(wanted)
            known += ends - starts
        return known


def _taken(postings: NDArray[np.uint32], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.uint32]:
    """The postings from each start to its end, one after the other.

    Spans are short where a run is; of long ones slices are copied faster than single postings.
    """
    lengths = ends - starts
    count = int(lengths.sum())
    if count > _LONG * len(lengths):
        return np.concatenate([postings[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])
    ahead = np.cumsum(lengths) - lengths
    return np.asarray(postings[np.arange(count) + np.repeat(starts - ahead, lengths)])


def _largest(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Indices of the `count` largest values above 0, in no order.

    A part of the values gives a bound that at least `count` of all reach; far fewer than all do. 1 ms for a million.
    """
    part = values[:: max(1, len(values) // _PART)]
    bound = np.partition(part, len(part) - count)[len(part) - count] if len(part) > count else 0.0
    found = np.flatnonzero(values >= bound if bound > 0 else values)
    if len(found) > count:
        found = found[np.argpartition(-values[found], count)[:count]]
    return found
