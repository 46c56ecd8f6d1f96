"""Which pictures belong to the chosen clusters, chunk after chunk: whatever memory holds, the answer is for all."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import chunks, run_parts
from worker.engine.clusters.geometry import centroid_distances, geometry_rows
from worker.engine.clusters.partitions import Labels, Points, Values, batches, cluster_sums, nearest
from worker.engine.clusters.reduction import along
from worker.engine.clusters.rows import Cloud
from worker.engine.clusters.silhouette import squared_values
from worker.engine.clusters.subdivision import Finer


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """k clusters of n points. sizes: int `[k]`. sums: float64 `[k, d]`, of the points.

    squares: `[k]`, of |x|^2 along the principal axes.
    """

    sizes: npt.NDArray[np.intp]
    sums: Values
    squares: Values

    @property
    def centroids(self) -> Points:
        """Means of the members, float32 `[k, d]`."""
        return (self.sums / self.sizes[:, None]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Of each point: float32 `[n]` its distance to the own centroid and, for cosine, its silhouette along the axes.

    finer: int32 `[n]`, the finer cluster within its cluster, -1 where that is not divided. finer_distances: float32
    `[n]`, squared, to its centroid along the axes of its cluster; NaN where that is not divided.
    """

    distances: npt.NDArray[np.float32]
    silhouettes: npt.NDArray[np.float32] | None
    finer: Labels
    finer_distances: npt.NDArray[np.float32]


def assign(cloud: Cloud, axes: Points, labels: Labels) -> tuple[Labels, Clusters]:
    """The cluster of every point, int32 `[n]`, and the clusters.

    axes: float32 `[a, d]`, along which the clusters were found. labels: `[m]`, from 0, of the points that are held.
    Where those are not all, every point goes to the centroid of theirs that is nearest along the axes. Cost: O(n d k),
    one pass over the rows.
    """
    [held] = batches([labels])
    centroids = along((cluster_sums(cloud.points, held) / held.sizes[0][:, None]).astype(np.float32), axes)
    own = np.empty(len(cloud.source), dtype=np.int32)
    k = len(centroids)
    sizes, sums, squares = np.zeros(k, dtype=np.intp), np.zeros((k, cloud.points.shape[1])), np.zeros(k)
    for part, points in cloud.chunks():
        places = along(points, axes)
        own[part] = labels[part] if cloud.is_whole else nearest(places, centroids)
        marks = np.equal.outer(own[part], np.arange(k)).astype(np.float32)
        sizes += np.bincount(own[part], minlength=k)
        sums += marks.T @ points
        squares += np.bincount(own[part], np.einsum("ij,ij->i", places, places), k)
    there = sizes > 0
    own = (np.cumsum(there) - 1)[own].astype(np.int32)
    return own, Clusters(sizes[there], sums[there], squares[there])


def measure(cloud: Cloud, axes: Points, own: Labels, clusters: Clusters, finer: Mapping[int, Finer]) -> Measures:
    """What there is to say of each point, in one pass over the rows.

    own, clusters: as `assign` gave them. finer: of the clusters that are divided. Cost: O(n d k).
    """
    targets = geometry_rows(clusters.centroids + cloud.offset, cloud.geometry) - cloud.offset
    factors = along(clusters.sums.astype(np.float32), axes).T
    has_silhouettes = cloud.geometry == "cosine" and len(clusters.sizes) > 1
    found = Measures(
        np.empty(len(own), dtype=np.float32),
        np.empty(len(own), dtype=np.float32) if has_silhouettes else None,
        np.full(len(own), -1, dtype=np.int32),
        np.full(len(own), np.nan, dtype=np.float32),
    )
    for part, points in cloud.chunks():

        def add(rows: slice, part: slice = part, points: Points = points) -> None:
            """All of it for some of the chunk's rows."""
            some, labels = points[rows], own[part][rows]
            found.distances[part][rows] = centroid_distances(some, targets, labels, cloud.geometry)
            if found.silhouettes is not None:
                places = along(some, axes)
                norms = np.einsum("ij,ij->i", places, places, dtype=np.float64)
                found.silhouettes[part][rows] = squared_values(
                    norms, places @ factors, labels, clusters.sizes, clusters.squares
                )
            for number, division in finer.items():
                members = np.flatnonzero(labels == number)
                at = part.start + rows.start + members
                found.finer[at], found.finer_distances[at] = division.of(some[members])

        deque(run_parts(add, chunks(len(points))), maxlen=0)
    return found
