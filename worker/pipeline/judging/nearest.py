"""The cluster of an image that is newer than the last generation: the nearest of its centroids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.store import Generations, Images
from worker.engine.search.encoding import stack


@dataclass(frozen=True, slots=True)
class Placement:
    """cluster: number of the nearest one, None where there is none. strays: whether 99 of 100 of its own pictures are
    nearer to its centroid; never where these are few."""

    cluster: int | None = None
    strays: bool = False


class NearestStore(Images, Generations, Protocol):
    """Features, and the centroids that they are near to."""


class NearestCluster:
    """Digests -> placement in the newest generation. Reloads when the pointer flips."""

    def __init__(self, store: NearestStore, extractor_id: str) -> None:
        self._store = store
        self._extractor = extractor_id
        self._generation = ""
        self._centroids = np.empty((0, 0), dtype=np.float32)
        self._numbers: list[int] = []
        self._reaches: list[float | None] = []
        self._cosine = True

    def __call__(self, digests: Sequence[str]) -> list[Placement]:
        """One round trip for the features, one for the pointer. Up to 1,000 digests at a time: 16 KiB each."""
        self._reload()
        found = [Placement()] * len(digests)
        if len(self._centroids):
            rows, sound = stack(self._store.features(self._extractor, digests))
            for place, row in zip(sound, rows, strict=True):
                found[place] = self._nearest(row)
        return found

    def of(self, row: NDArray[np.float32]) -> Placement:
        """The same for features float32 `[d]` that are not stored."""
        self._reload()
        return self._nearest(row) if len(self._centroids) else Placement()

    def _nearest(self, row: NDArray[np.float32]) -> Placement:
        if row.shape != self._centroids.shape[1:]:
            return Placement()  # centroids that were cut off; the next generation brings its own
        if self._cosine:
            row = row / max(float(np.linalg.norm(row)), 1e-12)
        squares = np.square(self._centroids - row).sum(axis=1)
        nearest = int(squares.argmin())
        centroid = self._centroids[nearest]
        if self._cosine:  # as Clustering.distances has it
            distance = 1 - float(row @ centroid) / max(float(np.linalg.norm(centroid)), 1e-12)
        else:
            distance = float(np.sqrt(squares[nearest]))
        reach = self._reaches[nearest]
        return Placement(self._numbers[nearest], reach is not None and distance > reach)

    def _reload(self) -> None:
        summary = self._store.summary()
        if summary is None or summary["generation"] == self._generation:
            return
        self._generation = summary["generation"]
        self._numbers = [cluster["number"] for cluster in summary["clusters"]]
        self._reaches = [cluster.get("reach") for cluster in summary["clusters"]]
        raw = self._store.centroids(self._generation) if summary["extractor"]["id"] == self._extractor else b""
        self._cosine = summary["geometry"] == "cosine"
        whole = bool(self._numbers) and len(raw) % (4 * len(self._numbers)) == 0
        centroids = np.frombuffer(raw if whole else b"", dtype=np.float32)
        # Damaged ones name no cluster; the next generation brings its own.
        sound = len(centroids) > 0 and np.isfinite(centroids).all()
        self._centroids = centroids.reshape(len(self._numbers), -1) if sound else np.empty((0, 0), dtype=np.float32)
