"""Silhouettes of many labelings of the same points, with the work that they share done once.

The silhouette of a point is (b - a) / max(a, b): a its mean distance to the other points of its cluster, b the
smallest mean distance to the points of another one; 0 for a point that is alone in its cluster (Rousseeuw 1987,
as scikit-learn defines it). It runs from -1 (in the wrong cluster) to 1 (far from every other cluster).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import pairwise_distances_chunked

Points = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]
Values = npt.NDArray[np.float64]

CHUNK_ROWS: Final = 4096
WORKING_MIB: Final = 256  # for one slab of the distance matrix


def squared_silhouettes(points: Points, labelings: Sequence[Labels], at: npt.NDArray[np.intp] | None = None) -> Values:
    """Silhouettes by *squared* Euclidean distance: exact, without any distance matrix.

    On unit rows the squared distance is 2 (1 - cos), so these are the silhouettes by cosine distance.
    The distances of x to all members of cluster C add up to |C| |x|^2 + sum |y|^2 - 2 x . (sum y).

    points: `[n, d]`, best centred (no distance changes, the rounding errors shrink). labelings: each `[n]`, with at
    least two clusters. at: rows wanted, all by default; each is compared with all n points in any case.
    Returns `[len(labelings), len(at)]`. Cost: O(n k d) per labeling, memory O(n) beside a chunk.
    """
    rows = np.arange(len(points)) if at is None else at
    norms = np.einsum("ij,ij->i", points, points, dtype=np.float64)
    values = np.empty((len(labelings), len(rows)))
    for labeling, out in zip(labelings, values, strict=True):
        labels, counts = _ranked(labeling)
        sums = _cluster_sums(points, labels, len(counts)).astype(np.float32)
        squares = np.bincount(labels, weights=norms)
        for start in range(0, len(rows), CHUNK_ROWS):
            part = rows[start : start + CHUNK_ROWS]
            totals = counts * norms[part, None] + squares - 2.0 * (points[part] @ sums.T)
            out[start : start + CHUNK_ROWS] = _silhouettes(np.maximum(totals, 0.0), labels[part], counts)
    return values


def distance_silhouettes(points: Points, labelings: Sequence[Labels]) -> Values:
    """Silhouettes by Euclidean distance, as `sklearn.metrics.silhouette_samples` gives them.

    All labelings share one pass over the distance matrix, of which a slab is in memory at a time; the sums per cluster
    are a matrix product with the one-hot labels.

    points: `[n, d]`. labelings: each `[n]`, with at least two clusters. Returns `[len(labelings), n]`.
    Cost: O(n^2 d) once and O(n^2 k) per labeling; memory WORKING_MIB, and `[n, k]`.
    """
    ranked = [_ranked(labeling) for labeling in labelings]

    def reduce(slab: npt.NDArray[Any], start: int) -> Values:
        """Silhouettes of the rows of one slab, `[rows, len(labelings)]`."""
        part = slice(start, start + len(slab))
        return np.stack(
            [_silhouettes(slab @ _one_hot(labels, len(counts)), labels[part], counts) for labels, counts in ranked],
            axis=1,
        )

    slabs = pairwise_distances_chunked(points, metric="euclidean", reduce_func=reduce, working_memory=WORKING_MIB)
    return np.concatenate(list(slabs)).T


def _silhouettes(totals: npt.NDArray[Any], labels: Labels, counts: npt.NDArray[np.intp]) -> Values:
    """Silhouettes from `totals [m, k]`: what the distances of m points to the members of each cluster add up to."""
    own = (np.arange(len(labels)), labels)
    inside = totals[own] / np.maximum(counts[labels] - 1, 1)
    means = totals / counts
    means[own] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(inside, outside)
    values = np.zeros(len(labels))
    # A point alone in its cluster, or without any distance at all, has silhouette 0.
    np.divide(outside - inside, widest, out=values, where=(counts[labels] > 1) & (widest > 0))
    return values


def _ranked(labeling: Labels) -> tuple[Labels, npt.NDArray[np.intp]]:
    """The labels as 0 to k - 1 without a gap, and the members of each cluster."""
    _, labels, counts = np.unique(labeling, return_inverse=True, return_counts=True)
    return labels.astype(np.int32), counts


def _one_hot(labels: Labels, k: int) -> Points:
    marks: Points = np.zeros((len(labels), k), dtype=np.float32)
    marks[np.arange(len(labels)), labels] = 1
    return marks


def _cluster_sums(points: Points, labels: Labels, k: int) -> Values:
    sums = np.zeros((k, points.shape[1]))
    for start in range(0, len(points), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        sums += _one_hot(labels[part], k).T @ points[part]
    return sums
