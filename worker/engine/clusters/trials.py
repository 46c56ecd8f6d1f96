"""Clusters that only bear witness: of halves, and of collections without clusters. They are never published.

By OpenCV's KMeans: of a few hundred points scikit-learn's takes five times as long, most of it in Python, where one
thread waits for the other.
"""

from typing import Final

import cv2
import numpy as np

from worker.engine.clusters.partitions import Labels, Points

_STEPS: Final = 100
_SHIFT: Final = 1e-3  # of every centroid, in the spread of the points, below which it ends


def divide_in_trial(points: Points, k: int, seed: int, starts: int) -> tuple[Labels, Points]:
    """Labels int32 `[n]` and centroids float32 `[k, a]` of the best of some k-means++ starts.

    points: float32 `[n, a]`, n of at least k. The same seed gives the same answer in every thread. Cost: 1 ms for 300
    points along 32 axes at k = 10 and three starts.
    """
    size = float(np.sqrt(points.var(axis=0).sum()))
    ends = cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _STEPS, _SHIFT * size
    cv2.setRNGSeed(seed)  # of this thread
    _, labels, centroids = cv2.kmeans(points, k, None, ends, starts, cv2.KMEANS_PP_CENTERS)
    return np.asarray(labels, np.int32).ravel(), np.asarray(centroids, np.float32)
