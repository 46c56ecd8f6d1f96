"""The same points in fewer dimensions, where k-means looks for clusters."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.utils.extmath import randomized_svd

from worker.engine.partitions import Points

DIMENSIONS: Final = 64
FITTED_ROWS: Final = 2048  # on which the principal axes are found


def reduce(points: Points, dimensions: int, seed: int) -> Points:
    """The coordinates along the principal axes, `[n, min(n, d, dimensions)]`; all distances where that is n or d.

    points: `[n, d]`, centred. Cost: O(n d dimensions).
    """
    n, d = points.shape
    if n <= dimensions:
        return compact(points)
    if d <= dimensions:
        return points
    fitted = points if n <= FITTED_ROWS else points[np.random.default_rng(seed).choice(n, FITTED_ROWS, replace=False)]
    _, _, axes = randomized_svd(fitted, dimensions, n_iter=2, random_state=seed)
    return np.ascontiguousarray(points @ axes.T)


def compact(points: Points) -> Points:
    """Rotate fewer points than dimensions into their own span: `[n, n]`.

    All distances stay the same: with points^T = Q R, the columns of R are the points' coordinates in the basis Q.
    Cost: O(n^2 d), once.
    """
    if len(points) >= points.shape[1]:
        return points
    triangle: npt.NDArray[Any] = np.asarray(np.linalg.qr(points.T, mode="r"))
    return np.ascontiguousarray(triangle.T)
