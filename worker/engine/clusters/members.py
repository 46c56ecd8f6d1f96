"""Which pictures belong to the chosen clusters, chunk after chunk: whatever memory holds, the answer is for all."""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import chunks, run_parts
from worker.engine.clusters.geometry import centroid_distances, geometry_rows
from worker.engine.clusters.partitions import Labels, Points, Values, batches, cluster_sums
from worker.engine.clusters.rows import Cloud
from worker.engine.clusters.silhouette import squared_values


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """k clusters of n points. sizes: int `[k]`. sums: float64 `[k, d]`, of the points; squares: `[k]`, of |x|^2."""

    sizes: npt.NDArray[np.intp]
    sums: Values
    squares: Values

    @property
    def centroids(self) -> Points:
        """Means of the members, float32 `[k, d]`."""
        return (self.sums / self.sizes[:, None]).astype(np.float32)


def assign(cloud: Cloud, labels: Labels) -> tuple[Labels, Clusters]:
    """The cluster of every point, int32 `[n]`, and the clusters.

    labels: `[m]`, from 0, of the points that are held. Where those are not all, every point goes to the nearest
    centroid of theirs. Cost: O(n d k), one pass over the rows.
    """
    [held] = batches([labels])
    centroids = cluster_sums(cloud.points, held) / held.sizes[0][:, None]
    norms = np.einsum("ij,ij->i", centroids, centroids).astype(np.float32)
    factors = (-2 * centroids.T).astype(np.float32)
    own = np.empty(len(cloud.source), dtype=np.int32)
    k = len(centroids)
    sizes, sums, squares = np.zeros(k, dtype=np.intp), np.zeros(centroids.shape), np.zeros(k)
    for part, points in cloud.chunks():
        own[part] = labels[part] if cloud.is_whole else (points @ factors + norms).argmin(axis=1)
        marks = np.equal.outer(own[part], np.arange(k)).astype(np.float32)
        sizes += np.bincount(own[part], minlength=k)
        sums += marks.T @ points
        squares += np.bincount(own[part], np.einsum("ij,ij->i", points, points), k)
    there = sizes > 0
    own = (np.cumsum(there) - 1)[own].astype(np.int32)
    return own, Clusters(sizes[there], sums[there], squares[there])


def measure(
    cloud: Cloud, own: Labels, clusters: Clusters
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
    """Distances to the own centroid, and for cosine the silhouettes against all points; float32 `[n]` each.

    Cost: O(n d k), one pass over the rows.
    """
    targets = geometry_rows(clusters.centroids + cloud.offset, cloud.geometry) - cloud.offset
    factors = clusters.sums.T.astype(np.float32)
    distances = np.empty(len(own), dtype=np.float32)
    silhouettes = np.empty(len(own), dtype=np.float32)
    for part, points in cloud.chunks():

        def add(rows: slice, part: slice = part, points: Points = points) -> None:
            """Distances and silhouettes of some of the chunk's rows."""
            some, labels = points[rows], own[part][rows]
            distances[part][rows] = centroid_distances(some, targets, labels, cloud.geometry)
            if cloud.geometry == "cosine" and len(clusters.sizes) > 1:
                norms = np.einsum("ij,ij->i", some, some, dtype=np.float64)
                silhouettes[part][rows] = squared_values(
                    norms, some @ factors, labels, clusters.sizes, clusters.squares
                )

        deque(run_parts(add, chunks(len(points))), maxlen=0)
    return distances, silhouettes if cloud.geometry == "cosine" else None
