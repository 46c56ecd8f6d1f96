"""The two geometries of features: how far apart two rows are, and the same distances in fewer dimensions."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from worker.engine.silhouette import Points

Geometry = Literal["cosine", "euclidean"]


def geometry_rows(features: npt.NDArray[Any], geometry: Geometry) -> Points:
    """The rows between which a geometry takes Euclidean distances: unit rows for cosine (a zero row stays zero).

    features: `[n, d]`. Returns a float32 copy. Raises ValueError for features that are not finite.
    """
    rows = np.array(features, dtype=np.float32)
    if not (np.isfinite(rows.max(initial=0)) and np.isfinite(rows.min(initial=0))):
        raise ValueError("features must be finite")
    if geometry == "cosine":
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
        rows /= np.where(norms > 0, norms, 1).astype(np.float32)[:, None]
    return rows


def compact(rows: Points) -> Points:
    """Centre the rows and, when they are fewer than their dimensions, rotate them into their own span.

    All distances stay the same: with rows^T = Q R, the columns of R are the rows' coordinates in the basis Q. It makes
    the sweep d / n times cheaper. Cost: O(n^2 d), once.
    """
    points: Points = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32) if len(rows) else rows
    if len(points) < points.shape[1]:
        triangle: npt.NDArray[Any] = np.asarray(np.linalg.qr(points.T, mode="r"))
        points = np.ascontiguousarray(triangle.T)
    return points


def centroid_distances(
    rows: Points, centroids: npt.NDArray[np.float64], own: npt.NDArray[np.intp], geometry: Geometry
) -> npt.NDArray[np.float32]:
    """Distance of each row to its own centroid, float32 `[n]`: Euclidean, or 1 - cos.

    rows: `[n, d]`, the geometry's. centroids: `[k, d]`. own: `[n]`, indices into them. For a zero row, which has no
    cosine, half the squared distance of the unit vectors is taken; elsewhere that is 1 - cos, never below 0.
    """
    distances: npt.NDArray[np.float32] = np.empty(len(rows), dtype=np.float32)
    targets = geometry_rows(centroids, geometry)
    for index, target in enumerate(targets):
        members = own == index
        distances[members] = np.linalg.norm(rows[members] - target, axis=1)
    if geometry == "cosine":
        distances **= 2
        distances /= 2
    return distances
