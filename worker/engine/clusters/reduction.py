"""The same points in fewer dimensions: where clusters are looked for and judged, and two of them for a map."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.utils.extmath import randomized_svd

from worker.engine.clusters.partitions import Points

AXES: Final = 32  # docs/adr/0032 has the figures of 16 to 64
FITTED_ROWS: Final = 2048  # on which the principal axes are found
MAPPED_ROWS: Final = 3000  # more dots than that hide each other


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Pictures in the plane in which they are spread most: their first two principal components.

    at: int `[m]`, which pictures. positions: float32 `[m, 2]`. share: of all their variance, what the plane holds.
    """

    at: npt.NDArray[np.intp]
    positions: Points
    share: float


def principal_axes(points: Points, dimensions: int, seed: int) -> Points:
    """The directions in which the points are spread most, widest first: orthonormal rows `[min(n, d, dimensions), d]`.

    points: `[n, d]`, centred. Along them no distance changes where they are n or d. Of more than FITTED_ROWS points a
    seeded sample is looked at. Cost: O(min(n, FITTED_ROWS) d dimensions).
    """
    n, d = points.shape
    fitted = points if n <= FITTED_ROWS else points[np.random.default_rng(seed).choice(n, FITTED_ROWS, replace=False)]
    axes: Points
    if min(n, d) <= dimensions:
        _, _, axes = np.linalg.svd(fitted, full_matrices=False)
    else:
        _, _, axes = randomized_svd(fitted, dimensions, n_iter=4, random_state=seed)
    return np.ascontiguousarray(axes, dtype=np.float32)


def along(points: Points, axes: Points) -> Points:
    """The coordinates of the points `[n, d]` along axes `[a, d]`, float32 `[n, a]`."""
    return np.ascontiguousarray(points @ axes.T)


def lay_flat(points: Points, axes: Points, shown: npt.NDArray[np.intp], at: npt.NDArray[np.intp]) -> Plane:
    """The plane of the first two principal axes.

    points: `[m, d]`, centred. axes: `[a, d]`. shown: which of the points the plane shows; at: the pictures that these
    are. Cost: O(m d).
    """
    positions = np.zeros((len(points), 2), dtype=np.float32)
    total = float(np.vdot(points, points))
    if total > 0:
        directions = axes[:2]
        # An axis has no direction of its own. This one changes only with the axis, so that a map stays as it lies.
        signs = np.where(np.einsum("ij,ij->i", directions, np.abs(directions)) < 0, -1, 1)
        positions[:, : len(directions)] = along(points, directions * signs[:, None].astype(np.float32))
    return Plane(at, positions[shown], float(np.vdot(positions, positions)) / total if total > 0 else 0.0)
