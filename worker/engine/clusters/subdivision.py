"""Clusters within large clusters: a second level, so that many pictures can be looked through."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.engine.clusters.division import Wish, divide
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.partitions import Labels, Points, nearest
from worker.engine.clusters.reduction import AXES, along, principal_axes
from worker.engine.clusters.rows import Indices

DIVIDED: Final = 400  # pictures; a cluster of more is divided again
SEARCHED: Final = 500  # pictures of it on which that is tried
FINER_MOST: Final = 8  # clusters within one


@dataclass(frozen=True, slots=True, eq=False)
class Finer:
    """How one cluster is divided: nearest centroid along its own principal axes.

    offset: float32 `[d]`, the cluster's middle. axes: `[a, d]`. centroids: `[k, a]`.
    """

    offset: Points
    axes: Points
    centroids: Points

    def of(self, points: Points) -> tuple[Labels, Points]:
        """The finer cluster of each point `[n, d]`, int32 `[n]`, from 0, and the squared distance from its centroid
        along the axes, float32 `[n]`. Cost: O(n d a)."""
        places = along(points - self.offset, self.axes)
        labels = nearest(places, self.centroids)
        away = places - self.centroids[labels]
        return labels, np.einsum("ij,ij->i", away, away)


def subdivide(points: Points, labels: Labels, geometry: Geometry, seed: int, floor: float) -> dict[int, Finer]:
    """How the clusters of more than DIVIDED points fall into finer ones, by their label; not those that do not.

    points: float32 `[m, d]`. labels: `[m]`, from 0. floor: see `divide`. A cluster is divided where that is better than
    none: where the trust in its parts is not `none`. Cost: that of a sweep on SEARCHED points for each.
    """
    found = {}
    for label in np.flatnonzero(np.bincount(labels) > DIVIDED).tolist():
        members = np.flatnonzero(labels == label)
        division = _divide_one(points, members, geometry, seed, floor * len(members) / len(points))
        if division is not None:
            found[label] = division
    return found


def _divide_one(points: Points, members: Indices, geometry: Geometry, seed: int, floor: float) -> Finer | None:
    if len(members) > SEARCHED:
        members = np.sort(np.random.default_rng(seed).choice(members, SEARCHED, replace=False))
    offset = points[members].mean(axis=0, dtype=np.float64).astype(np.float32)
    axes = principal_axes(points[members] - offset, AXES, seed)
    places = along(points[members] - offset, axes)
    division = divide(places, geometry, Wish(k_max=min(FINER_MOST, len(members) // 10)), seed, floor, quick=True)
    if not division.choice.structured or division.choice.k < 2:
        return None
    labels = division.labels
    return Finer(offset, axes, np.stack([places[labels == one].mean(axis=0) for one in range(division.choice.k)]))
