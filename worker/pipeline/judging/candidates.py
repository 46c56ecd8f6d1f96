"""The verdict writer's index of contents, kept in step with the store."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import CorruptValue, DamagedImages
from shared.store import Images
from worker.engine.search.encoding import stack
from worker.engine.search.neighbours import Neighbours
from worker.engine.search.ranking import Ranking
from worker.engine.search.whitening import FITTED_ON, fit_whitening
from worker.engine.sketch.sketch import Sketch

Features = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]
Mark = tuple[int, int]  # how often the index was fitted, and a number in it
_Row = tuple[str, Features, Sketch]

FEW_CONTENTS: Final = 64  # contents up to which every one is a candidate: comparing costs a millisecond each
CONTENTS_AT_ONCE: Final = 2000  # contents read from the store at a time: 50 MiB with their sketches


class ContentIndex:
    """Contents by digest, and which keepers may show the picture of another one.

    Whitening is fitted when there are enough contents to fit it on, and again whenever they have doubled, up to the
    sample that suffices for good: until then the first few would decide what counts as alike.
    """

    def __init__(self, store: Images, extractor_id: str) -> None:
        self._store = store
        self._extractor = extractor_id
        self._contents: dict[str, None] = {}  # all of them, until the whitening is fitted for good
        self._index: Neighbours | None = None
        self._fitted = 0
        self._fits = 0  # how often that was done
        self._ahead: dict[str, _Row] = {}

    def add(self, digests: Sequence[str]) -> None:
        """Take these contents in; those whose features are not in the store are left out.

        They may be added again when they are: after another extractor was published, when they are extracted anew.
        Raises DamagedImages, with the others taken in, for those that are stored and not sound.
        """
        damaged: list[str] = []
        digests = [digest for digest in digests if digest not in self]
        for start in range(0, len(digests), CONTENTS_AT_ONCE):
            rows, unsound = self._read(digests[start : start + CONTENTS_AT_ONCE])
            damaged += unsound
            if self._fitted < FITTED_ON:
                self._contents.update((digest, None) for digest, _, _ in rows)
                many = len(self._contents) >= 2 * FITTED_ON or start + CONTENTS_AT_ONCE >= len(digests)
                if many and len(self._contents) > FEW_CONTENTS and len(self._contents) >= 2 * self._fitted:
                    self._fit(len(digests))
                    continue
            if self._index is not None:
                _fill(self._index, rows)
        if damaged:
            raise DamagedImages(damaged)

    def __contains__(self, digest: str) -> bool:
        return digest in self._contents or (self._index is not None and digest in self._index)

    def save(self) -> Arrays:
        """What `restore` takes; nothing while the index is so small that it is made anew in seconds."""
        return self._index.to_arrays() if self._index is not None and self._fitted >= FITTED_ON else {}

    def restore(self, arrays: Arrays) -> None:
        """Have the contents that were saved, where these arrays lie. 3 s for a million."""
        self._contents, self._index, self._fitted = {}, Neighbours.from_arrays(arrays), FITTED_ON

    def remove(self, digest: str) -> None:
        """Let a content go."""
        self._contents.pop(digest, None)
        if self._index is not None:
            self._index.remove(digest)

    def read_ahead(self, digests: Sequence[str]) -> None:
        """Have at hand what is stored of these contents: they are about to be searched for, and added. Two round trips.

        What is damaged among them is found when it is asked for.
        """
        self._ahead = {row[0]: row for row in self._read(digests)[0]} if digests else {}

    def search(self, digest: str, keeper_of: Callable[[str], str], count: int) -> list[str]:
        """Up to `count` contents that may show the picture of `digest`, most likely first; all while they are few.

        Only the likeliest of each group, which `keeper_of` names. Raises DamagedImages if this one is not sound.
        """
        rows, damaged = self._read([digest])
        if damaged:
            raise DamagedImages(damaged)
        for _, features, sketch in rows:
            return [found for found in self.nearest(features, sketch, keeper_of, count) if found != digest]
        return []

    def rank(self, digest: str, count: int, since: Mark | None = None) -> Ranking | None:
        """All that may be among `count` candidates of this content; since: of those that came after that mark alone.

        None while there are few, and where the mark is too old. Raises DamagedImages if this one is not sound.
        """
        if self._index is None or (since and (since[0] != self._fits or since[1] < self._index.recent)):
            return None
        rows, damaged = self._read([digest])
        if damaged:
            raise DamagedImages(damaged)
        for _, features, sketch in rows:
            return self._index.rank(features, sketch, count, since[1] if since else 0).without(digest)
        return None

    def mark(self, digest: str | None = None) -> Mark | None:
        """What `rank` tells newer contents by: those that are added from now on, or this one and those after it."""
        if self._index is None:
            return None
        number = self._index.size if digest is None else self._index.number(digest)
        return None if number is None else (self._fits, number)

    def nearest(self, features: Features, sketch: Sketch, keeper_of: Callable[[str], str], count: int) -> list[str]:
        """The same for a picture that is not stored. features: raw, float32 `[d]`."""
        if self._index is None:
            return list(self._contents)
        return self._index.search(features, sketch, keeper_of, count)

    def _fit(self, expected: int) -> None:
        """Fit the whitening anew, and fill an index with the contents so far. expected: how many are about to come."""
        contents = list(self._contents)
        chance = np.random.default_rng(len(contents))
        sample = chance.choice(contents, min(FITTED_ON, len(contents)), replace=False).tolist()
        features, _ = stack(self._store.features(self._extractor, sample))
        if len(features) < 2:
            return  # they went meanwhile
        self._index = Neighbours(fit_whitening(features), features, expected)
        self._fits += 1
        for start in range(0, len(contents), CONTENTS_AT_ONCE):
            _fill(self._index, self._read(contents[start : start + CONTENTS_AT_ONCE])[0])
        self._fitted = len(contents)
        if self._fitted >= FITTED_ON:
            self._contents = {}

    def _read(self, digests: Sequence[str]) -> tuple[list[_Row], list[str]]:
        """Features and sketch of each digest that has both, sound; and the digests of which something is damaged."""
        if all(digest in self._ahead for digest in digests):
            return [self._ahead[digest] for digest in digests], []
        encoded, sketches = self._store.features(self._extractor, digests), self._store.sketches(digests)
        features, sound = stack(encoded)
        unsound = {at for at, raw in enumerate(encoded) if raw is not None}.difference(sound)
        rows: list[_Row] = []
        damaged = [digests[at] for at in sorted(unsound)]
        for row, place in enumerate(sound):
            try:
                rows.append((digests[place], features[row], Sketch.from_bytes(sketches[place] or b"")))
            except CorruptValue:
                damaged.append(digests[place])
        return rows, damaged


def _fill(index: Neighbours, rows: Sequence[_Row]) -> None:
    if rows:
        names, features, sketches = zip(*rows, strict=True)
        index.add(names, np.stack(features), sketches)
