"""Candidates: the images worth verifying a new one against, from two sources that miss different things.

Whitened features (whitening.py) find what looks alike as a whole, however soft or small; shared keypoints (votes.py)
find what is turned, mirrored, cropped or partly covered. Neither decides: verify.py does.
"""

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

from worker.engine.search.votes import Votes, entries
from worker.engine.search.whitening import Whitening
from worker.engine.sketch.sketch import Sketch

EXACT_UP_TO: Final = 500_000  # images; exact search takes 15 ms of one core there

_WIDER: Final = 5  # times as many images are looked up, since several may share a keeper


class Neighbours:
    """An index of images by id (their digest), in memory; rebuilt from stored features and sketches at start.

    Memory: 2 bytes per dimension for the whitened vector (half precision) and 1.1 KiB for the votes, 1.4 KiB an image.
    Removed images keep theirs until the index is rebuilt.
    """

    def __init__(self, whitening: Whitening, sample: NDArray[Any] | None = None, expected: int = 0) -> None:
        """sample: raw features `[n, d]` of the collection. expected: how many images there are about to be.

        Beyond EXACT_UP_TO images features are searched in the seventh of the sample's cells that is nearest to the
        query (faiss IVF). `benchmarks.search` states the recall. Without a sample they are searched one and all.
        """
        self._whitening = whitening
        self._vectors = _vectors(whitening, sample, expected)
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
        """At most `count` ids to verify against, most promising first: the two sources in turn.

        features: raw, `[d]`. keeper_of: the keeper of an image's group, or the image itself. Of each group only the
        first is given, so that many copies of one picture are one candidate. 4 ms at ten thousand images, 12 ms at a
        hundred thousand (benchmarks.search).
        """
        if not self._numbers:
            return []
        sources = self.by_keypoints(sketch, _WIDER * count), self.by_features(features, _WIDER * count)
        groups: dict[str, str] = {}
        for image in chain.from_iterable(zip_longest(*sources)):
            if image is not None:
                groups.setdefault(keeper_of(image), image)
            if len(groups) == count:
                break
        return list(groups.values())

    def by_features(self, features: NDArray[Any], count: int) -> list[str]:
        """The `count` ids with the nearest whitened features, nearest first."""
        dead = len(self._ids) - len(self._numbers)
        wanted = min(len(self._ids), count + min(dead, 4 * count))
        _, found = self._vectors.search(self._whitening.apply(np.asarray(features).reshape(1, -1)), wanted)
        return [self._ids[number] for number in found[0] if number >= 0 and self._alive[number]][:count]

    def by_keypoints(self, sketch: Sketch, count: int) -> list[str]:
        """The `count` ids with most votes that agree, most first; only those with any."""
        voted, votes = self._votes.count(sketch, self._alive[: len(self._ids)])
        return [self._ids[number] for number in voted[np.lexsort((voted, -votes))][:count]]


def _vectors(whitening: Whitening, sample: NDArray[Any] | None, expected: int) -> Any:
    """A faiss index of whitened features in half precision, by inner product."""
    dimensions = len(whitening.components)
    precision, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    if sample is None or expected <= EXACT_UP_TO:
        return faiss.IndexScalarQuantizer(dimensions, precision, metric)
    cells = max(1, min(len(sample) // 16, 4 * round(expected**0.5)))
    index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(dimensions), dimensions, cells, precision, metric)
    index.train(whitening.apply(sample))
    index.nprobe = max(8, cells // 7)
    return index
