"""Silhouettes of many labelings of the same points, with the work that they share done once.

The silhouette of a point is (b - a) / max(a, b): a its mean distance to the other points of its cluster, b the
smallest mean distance to the points of another one; 0 for a point that is alone in its cluster (Rousseeuw 1987,
as scikit-learn defines it). It runs from -1 (in the wrong cluster) to 1 (far from every other cluster).
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import chunks, run_parts
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.partitions import Labels, Partitions, Points, Values, batches, cluster_sums

TOTAL_BYTES: Final = 256 * 2**20  # of the sums of distances that are gathered at once
NEAR: Final = 1e-4  # share of two points' squared norms below which float32 cannot hold their squared distance


def find_silhouettes(points: Points, labelings: Sequence[Labels], geometry: Geometry) -> list[Values | None]:
    """Silhouettes `[n]` per labeling by the distance of the geometry; None where none is defined: k = 1, and k = n."""
    defined = [1 < len(np.unique(labels)) < len(points) for labels in labelings]
    wanted = [labels for labels, is_defined in zip(labelings, defined, strict=True) if is_defined]
    if not wanted:
        return [None] * len(labelings)
    found = iter((squared_silhouettes if geometry == "cosine" else distance_silhouettes)(points, wanted))
    return [next(found) if is_defined else None for is_defined in defined]


def mean_silhouettes(points: Points, labelings: Sequence[Labels], geometry: Geometry) -> list[float | None]:
    """Their means."""
    return [
        None if values is None else float(values.mean()) for values in find_silhouettes(points, labelings, geometry)
    ]


def squared_silhouettes(points: Points, labelings: Sequence[Labels]) -> Values:
    """Silhouettes by *squared* Euclidean distance: exact, without any distance matrix.

    On unit rows the squared distance is 2 (1 - cos), so these are the silhouettes by cosine distance.
    The distances of x to all members of cluster C add up to |C| |x|^2 + sum |y|^2 - 2 x . (sum y).

    points: `[n, d]`, best centred (no distance changes, the rounding errors shrink). labelings: each `[n]`, with at
    least two clusters. Returns `[len(labelings), n]`. Cost: O(n k d) per labeling, memory O(n) beside a chunk.
    """
    norms = np.einsum("ij,ij->i", points, points, dtype=np.float64)
    found = []
    for partitions in batches(labelings):
        sums = cluster_sums(points, partitions)
        squares = [
            np.bincount(labels, norms, len(sizes))
            for labels, sizes in zip(partitions.labels, partitions.sizes, strict=True)
        ]
        factors = sums.T.astype(np.float32)

        def values(part: slice, partitions: Partitions = partitions, squares=squares, factors=factors) -> Values:  # type: ignore[no-untyped-def]
            """Silhouettes of some of the rows, `[partitions, rows]`."""
            products = points[part] @ factors
            return np.stack(
                [
                    squared_values(norms[part], products[:, columns], labels[part], sizes, square)
                    for labels, sizes, columns, square in zip(
                        partitions.labels, partitions.sizes, partitions.columns, squares, strict=True
                    )
                ]
            )

        found.append(np.concatenate(list(run_parts(values, chunks(len(points)))), axis=1))
    return np.concatenate(found)


def squared_values(
    norms: Values, products: Points, labels: Labels, sizes: npt.NDArray[np.intp], squares: Values
) -> Values:
    """Silhouettes by squared distance of m points in one partition, `[m]`.

    norms: `[m]`, |x|^2. products: `[m, k]`, x . (sum of each cluster). squares: `[k]`, sum of |y|^2 in each cluster.
    """
    totals = sizes * norms[:, None] + squares - 2.0 * products
    return _silhouettes(np.maximum(totals, 0.0), labels, sizes)


def distance_silhouettes(points: Points, labelings: Sequence[Labels]) -> Values:
    """Silhouettes by Euclidean distance, as `sklearn.metrics.silhouette_samples` gives them.

    All labelings share each block of the distance matrix, every distance is computed once, and the sums per cluster are
    a matrix product with the labels as zeros and ones.

    points: `[n, d]`, best centred. labelings: each `[n]`, with at least two clusters. Returns `[len(labelings), n]`.
    Cost: O(n^2 d) once per TOTAL_BYTES of sums, and O(n^2 k) per labeling; memory TOTAL_BYTES and some blocks.
    """
    found = []
    for partitions in batches(labelings, max(TOTAL_BYTES // (4 * len(points)), 1)):
        totals = _distance_totals(points, partitions)
        found += [
            _silhouettes(totals[:, columns], labels, sizes)
            for labels, sizes, columns in zip(partitions.labels, partitions.sizes, partitions.columns, strict=True)
        ]
    return np.stack(found)


def _distance_totals(points: Points, partitions: Partitions) -> Points:
    """What the distances of each point to the members of each cluster add up to, float32 `[n, all clusters]`."""
    norms = np.einsum("ij,ij->i", points, points, dtype=np.float64)
    totals: Points = np.zeros((len(points), partitions.columns[-1].stop), dtype=np.float32)

    def add_up(pair: tuple[slice, slice]) -> tuple[Points, Points]:
        """The block's share in the totals of its rows, and of its columns."""
        one, other = pair
        block = _distances(points, norms, one, other)
        return block @ partitions.marks(other), block.T @ partitions.marks(one)

    pairs = list(combinations_with_replacement(chunks(len(points)), 2))
    for (one, other), (rows, columns) in zip(pairs, run_parts(add_up, pairs), strict=True):
        totals[one] += rows
        if one != other:
            totals[other] += columns
    return totals


def _distances(points: Points, norms: Values, one: slice, other: slice) -> npt.NDArray[Any]:
    """A block of the distance matrix: float32, or float64 where points are so near that float32 loses the distance."""
    norms_32 = norms.astype(np.float32)
    # Of a block with itself NumPy computes one half; so no factor before the product.
    squares: npt.NDArray[Any] = points[one] @ points[other].T
    squares *= -2
    squares += norms_32[one, None]
    squares += norms_32[other]
    if one == other:
        np.fill_diagonal(squares, np.inf)
    if squares.min() < NEAR * (norms[one].max() + norms[other].max()):
        squares = points[one].astype(np.float64) @ (-2.0 * points[other].T)
        squares += norms[one, None]
        squares += norms[other]
    if one == other:
        np.fill_diagonal(squares, 0)
    np.maximum(squares, 0, out=squares)
    np.sqrt(squares, out=squares)
    return squares


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
