"""The cluster of an image that is newer than the last generation: the nearest of its centroids."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.store import Generations, Images
from worker.engine.search.encoding import DIMENSIONS, stack


class NearestStore(Images, Generations, Protocol):
    """Features, and the centroids that they are near to."""


class NearestCluster:
    """Digests -> cluster numbers of the newest generation, None before there is one. Reloads when the pointer flips."""

    def __init__(self, store: NearestStore, extractor_id: str) -> None:
        self._store = store
        self._extractor = extractor_id
        self._generation = ""
        self._centroids = np.empty((0, DIMENSIONS), dtype=np.float32)
        self._numbers: list[int] = []
        self._cosine = True

    def __call__(self, digests: Sequence[str]) -> list[int | None]:
        """One round trip for the features, one for the pointer. Up to 1,000 digests at a time: 16 KiB each."""
        self._reload()
        found: list[int | None] = [None] * len(digests)
        if len(self._centroids):
            rows, sound = stack(self._store.features(self._extractor, digests))
            for place, row in zip(sound, rows, strict=True):
                found[place] = self._nearest(row)
        return found

    def of(self, row: NDArray[np.float32]) -> int | None:
        """The same for features float32 `[4096]` that are not stored."""
        self._reload()
        return self._nearest(row) if len(self._centroids) else None

    def _nearest(self, row: NDArray[np.float32]) -> int:
        if self._cosine:
            row = row / max(float(np.linalg.norm(row)), 1e-12)
        return self._numbers[int(np.square(self._centroids - row).sum(axis=1).argmin())]

    def _reload(self) -> None:
        summary = self._store.summary()
        if summary is None or summary["generation"] == self._generation:
            return
        self._generation = summary["generation"]
        self._numbers = [cluster["number"] for cluster in summary["clusters"]]
        raw = self._store.centroids(self._generation) if summary["extractor"]["id"] == self._extractor else b""
        self._cosine = summary["geometry"] == "cosine"
        sound = len(raw) == 4 * DIMENSIONS * len(self._numbers) and np.isfinite(np.frombuffer(raw, np.float32)).all()
        # Damaged ones name no cluster; the next generation brings its own.
        self._centroids = np.frombuffer(raw if sound else b"", dtype=np.float32).reshape(-1, DIMENSIONS)
