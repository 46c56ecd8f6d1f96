"""Candidates: the images worth verifying a new one against, from two sources that miss different things.

Whitened features (whitening.py) find what looks alike as a whole, however soft or small; shared keypoints (votes.py)
find what is turned, mirrored, cropped or partly covered. Neither decides: verify.py does.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engine.search.ranking import WIDER, Ranking, Scored, ranking_of
from worker.engine.search.vectors import Vectors
from worker.engine.search.votes import Votes, entries
from worker.engine.search.whitening import Whitening
from worker.engine.sketch.sketch import Sketch


class Neighbours:
    """An index of images by id (their digest, without a line break), in memory, or partly in a file that is mapped.

    Memory: 2 bytes per dimension for the whitened vector (half precision) and 1.1 KiB for the votes, 1.4 KiB an image.
    Removed images keep theirs until the index is rebuilt.
    """

    def __init__(self, whitening: Whitening, sample: NDArray[Any] | None = None, expected: int = 0) -> None:
        """sample: raw features `[n, d]` of the collection. expected: how many images there are about to be.

        Of very many images the features are searched in part (vectors.py); `benchmarks.search` states the recall.
        """
        self._whitening = whitening
        vectors = None if sample is None else whitening.apply(sample)
        self._vectors = Vectors(len(whitening.components), vectors, expected)
        self._votes = Votes()
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._alive = np.zeros(0, bool)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, image: str) -> bool:
        return image in self._numbers

    def add(self, images: Sequence[str], features: NDArray[Any], sketches: Sequence[Sketch]) -> None:
        """Add images: ids, raw features `[n, d]`, sketches. One that is there already is left as it is.

        0.5 ms for one image; 0.1 ms each for thousands at once.
        """
        places = {image: place for place, image in enumerate(images) if image not in self._numbers}
        new = list(places.values())
        if not new:
            return
        first = len(self._ids)
        self._vectors.add(self._whitening.apply(np.asarray(features)[new]))
        numbers = np.arange(first, first + len(new), dtype=np.uint32)
        self._votes.add(numbers, [entries(sketches[place].keypoints) for place in new])
        self._ids += [images[place] for place in new]
        self._numbers.update({images[place]: first + offset for offset, place in enumerate(new)})
        self._alive = self._room(len(self._ids))
        self._alive[first : first + len(new)] = True

    def _room(self, size: int) -> NDArray[np.bool_]:
        """The array of living images, doubled when full."""
        if size <= len(self._alive):
            return self._alive
        larger = np.zeros(max(size, 2 * len(self._alive)), bool)
        larger[: len(self._alive)] = self._alive
        return larger

    def remove(self, image: str) -> None:
        """Forget an image; nothing happens if it is not there."""
        number = self._numbers.pop(image, None)
        if number is not None:
            self._alive[number] = False

    def search(self, features: NDArray[Any], sketch: Sketch, keeper_of: Callable[[str], str], count: int) -> list[str]:
        """At most `count` ids to verify against, see Ranking.choose.

        features: raw, `[d]`. 4 ms at ten thousand images, 12 ms at a hundred thousand (benchmarks.search).
        """
        return self.rank(features, sketch, count).choose(keeper_of, count) or []

    def rank(self, features: NDArray[Any], sketch: Sketch, count: int, since: int = 0) -> Ranking:
        """All that may be among `count` candidates. since: of the images from this number on alone, see `recent`."""
        most = WIDER * count
        return ranking_of(self._by_keypoints(sketch, most, since), self._by_features(features, most, since))

    @property
    def recent(self) -> int:
        """The first number by which newer images can be ranked apart."""
        return self._vectors.recent

    @property
    def size(self) -> int:
        """How many images were ever added: the number of the next one."""
        return len(self._ids)

    def number(self, image: str) -> int | None:
        """The number of an image that is there."""
        return self._numbers.get(image)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` takes."""
        alive = self._alive[: len(self._ids)]
        ids = "\n".join(image if lives else "" for image, lives in zip(self._ids, alive, strict=True))
        return {
            "mean": self._whitening.mean,
            "components": self._whitening.components,
            "ids": np.frombuffer(ids.encode(), np.uint8),
            **_prefixed("vectors", self._vectors.to_arrays()),
            **_prefixed("votes", self._votes.to_arrays()),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Neighbours":
        """The same index. Vectors and votes stay where the arrays lie, which may be a file."""
        index = cls(Whitening(np.array(arrays["mean"]), np.array(arrays["components"])))
        index._vectors = Vectors.from_arrays(len(arrays["components"]), _part(arrays, "vectors"))
        index._votes = Votes.from_arrays(_part(arrays, "votes"))
        if len(index._vectors):
            index._ids = arrays["ids"].tobytes().decode().split("\n")
        index._alive = np.fromiter(map(bool, index._ids), bool, len(index._ids))
        index._numbers = {image: number for number, image in enumerate(index._ids) if image}
        return index

    def by_features(self, features: NDArray[Any], count: int) -> list[str]:
        """The `count` ids with the nearest whitened features, nearest first."""
        return [image for image, _ in self._by_features(features, count, 0)]

    def by_keypoints(self, sketch: Sketch, count: int) -> list[str]:
        """The `count` ids with most votes that agree, most first; only those with any."""
        return [image for image, _ in self._by_keypoints(sketch, count, 0)]

    def _by_features(self, features: NDArray[Any], count: int, since: int) -> list[Scored]:
        if not self._ids:
            return []
        dead = len(self._ids) - len(self._numbers)
        wanted = min(len(self._ids), count + min(dead, 4 * count))
        row = self._whitening.apply(np.asarray(features).reshape(1, -1))[0]
        search = partial(self._vectors.search_since, since=since) if since else self._vectors.search
        found = zip(*(values.tolist() for values in search(row, wanted)), strict=True)
        return [(self._ids[number], score) for number, score in found if self._alive[number]][:count]

    def _by_keypoints(self, sketch: Sketch, count: int, since: int) -> list[Scored]:
        if not self._ids:
            return []
        voted, votes = self._votes.count(sketch, self._alive[: len(self._ids)], since)
        order = np.lexsort((voted, -votes))[:count]
        pairs = zip(voted[order].tolist(), votes[order].tolist(), strict=True)
        return [(self._ids[number], score) for number, score in pairs]


def _prefixed(word: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{word}.{name}": array for name, array in arrays.items()}


def _part(arrays: Mapping[str, NDArray[Any]], word: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(f"{word}."): array for name, array in arrays.items() if name.startswith(f"{word}.")}
