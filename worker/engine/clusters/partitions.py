"""Several partitions of the same points, worked on together: one matrix product serves every k.

The labels of all partitions stand side by side as one matrix of zeros and ones, a column per cluster. Its product with
the points is the sum of every cluster of every k, and the product of the points with those sums holds every distance
to a centroid and, for squared distances, every silhouette.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import chunks, run_parts

Points = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]
Values = npt.NDArray[np.float64]

CLUSTERS_AT_ONCE: Final = 1024  # clusters of all partitions that are worked on together: bounds the memory
CANCELLED: Final = 1e-3  # share of the sum of squares below which a difference of sums is too rough for an inertia


@dataclass(frozen=True, slots=True, eq=False)
class Partitions:
    """labels: int32 `[p, n]`, each from 0 without a gap. sizes: members of each cluster, partition after partition."""

    labels: Labels
    sizes: tuple[npt.NDArray[np.intp], ...]

    @property
    def columns(self) -> list[slice]:
        """Where each partition's clusters stand among all."""
        ends = np.cumsum([len(size) for size in self.sizes]).tolist()
        return [slice(end - len(size), end) for size, end in zip(self.sizes, ends, strict=True)]

    def marks(self, part: slice) -> Points:
        """A 1 in the column of each point's cluster, float32 `[points in part, all clusters]`."""
        columns = self.columns
        labels = self.labels[:, part]
        marks: Points = np.zeros((labels.shape[1], columns[-1].stop), dtype=np.float32)
        for own, column in zip(labels, columns, strict=True):
            marks[np.arange(len(own)), own + column.start] = 1
        return marks


def batches(labelings: Sequence[Labels], columns: int = CLUSTERS_AT_ONCE) -> Iterator[Partitions]:
    """All of them in order, as many at once as keep their clusters few enough. Labels `[n]` are names only."""
    waiting: list[tuple[Labels, npt.NDArray[np.intp]]] = []
    for labeling in labelings:
        _, labels, sizes = np.unique(labeling, return_inverse=True, return_counts=True)
        if waiting and sum(len(size) for _, size in waiting) + len(sizes) > columns:
            yield _side_by_side(waiting)
            waiting = []
        waiting.append((labels.astype(np.int32), sizes))
    if waiting:
        yield _side_by_side(waiting)


def _side_by_side(ranked: Sequence[tuple[Labels, npt.NDArray[np.intp]]]) -> Partitions:
    return Partitions(np.stack([labels for labels, _ in ranked]), tuple(sizes for _, sizes in ranked))


def cluster_sums(points: Points, partitions: Partitions) -> Values:
    """The sum of every cluster's points, float64 `[all clusters, d]`. Cost: O(n d k), summed over the partitions."""
    sums = np.zeros((partitions.columns[-1].stop, points.shape[1]))
    for part in run_parts(lambda part: partitions.marks(part).T @ points[part], chunks(len(points))):
        sums += part
    return sums


def find_inertias(points: Points, partitions: Partitions, sums: Values, total: float) -> list[float]:
    """The squared distances of all points to their centroids, per partition: |x|^2 added up, less |sum|^2 / size.

    total: the |x|^2 added up. Where hardly anything is left of it, the distances themselves are added up.
    """
    inertias = []
    for labels, sizes, columns in zip(partitions.labels, partitions.sizes, partitions.columns, strict=True):
        inertia = total - float((np.einsum("ij,ij->i", sums[columns], sums[columns]) / sizes).sum())
        if inertia < CANCELLED * total:
            centroids = (sums[columns] / sizes[:, None]).astype(np.float32)
            rest = (points[part] - centroids[labels[part]] for part in chunks(len(points)))
            inertia = sum(float(np.vdot(part, part)) for part in rest)
        inertias.append(inertia)
    return inertias


def nearest(points: Points, centroids: Points) -> Labels:
    """The nearest of the centroids `[k, d]` to each point `[n, d]`, int32 `[n]`."""
    norms = np.einsum("ij,ij->i", centroids, centroids)
    found: Labels = (points @ (-2 * centroids.T) + norms).argmin(axis=1).astype(np.int32)
    return found


def inertias_of(points: Points, labelings: Sequence[Labels]) -> list[float]:
    """The inertia of each labeling int32 `[n]`, from 0. points: `[n, d]`, best centred. Cost: O(n d k) for each."""
    total = float(np.einsum("ij,ij->i", points, points, dtype=np.float64).sum())
    inertias: list[float] = []
    for partitions in batches(labelings):
        inertias += find_inertias(points, partitions, cluster_sums(points, partitions), total)
    return inertias
