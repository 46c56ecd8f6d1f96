"""The two geometries of features: how far apart two rows are."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.partitions import Labels, Points

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


def centroid_distances(points: Points, targets: Points, own: Labels, geometry: Geometry) -> npt.NDArray[np.float32]:
    """Distance of each point to its own target, float32 `[n]`: Euclidean, or 1 - cos.

    points: `[n, d]`, rows of the geometry. targets: `[k, d]`, the centroids as rows of the geometry; both may be moved
    by the same offset. own: `[n]`, indices into them. For a zero row, which has no cosine, half the squared distance of
    the unit vectors is taken; elsewhere that is 1 - cos, never below 0.
    """
    distances: npt.NDArray[np.float32] = np.linalg.norm(points - targets[own], axis=1)
    if geometry == "cosine":
        distances **= 2
        distances /= 2
    return distances
