"""Clusters of pictures that look similar: a sweep over k, its silhouettes, and the clusters at the chosen k."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import one_thread_a_call, run_parts
from worker.engine.clusters.continuity import Numbers, carry_numbers
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.members import assign, measure
from worker.engine.clusters.partitions import Labels, Points, Values, settle
from worker.engine.clusters.reduction import DIMENSIONS, MAPPED_ROWS, Plane, project, reduce
from worker.engine.clusters.rows import Cloud, HeldRows, Indices, Rows, hold
from worker.engine.clusters.selection import ChosenK, choose
from worker.engine.clusters.silhouette import distance_silhouettes, squared_silhouettes
from worker.engine.clusters.sweep import few_points_expected, start_fresh, sweep

ARRAY_BYTES: Final = 4 * 2**30
HELD_SHARE: Final = 0.5  # of the memory, for the points that are held; the rest is for what is computed from them
SAMPLE_SHARE: Final = 0.2  # for the copy of those between which distances are taken
LLOYD_STEPS: Final = 1  # in all dimensions, after the sweep in few
ROUNDING: Final = 1e-10  # share of the sum of squares below which inertia is float32 rounding, not distance
DRAWS: Final = 10  # collections without structure that the silhouette is compared with
DRAWN_ROWS: Final = 1000
QUANTILE: Final = 0.9
NORMAL_95: Final = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """Clusters of n pictures, k of them.

    geometry: in which distances were taken. choice: how k was chosen, with both curves.
    labels: int32 `[n]`, the number of each picture's cluster. numbers: int32 `[k]`, ascending; gaps are possible.
    centroids: float32 `[k, d]`, row i belongs to numbers[i]: the mean of the members' rows (unit rows for cosine).
    distances: float32 `[n]`, to the own centroid: 1 - cos for cosine (for a zero row half the squared distance of the
    unit vectors, which is the same elsewhere), Euclidean otherwise.
    silhouettes: float32 `[n]` at the chosen k, None for k < 2; NaN for a picture outside the sample.
    sample: pictures behind each mean silhouette; n unless sampled. margin: half the width of the 95 % confidence
    interval of the mean silhouette at the chosen k, None unless sampled.
    swept: pictures on which every k was tried; n unless memory was too small for all, and then `choice.inertias` are
    estimates: those of the pictures tried, times n / swept.
    plane: a map of the pictures; of a sample where they are many.
    """

    geometry: Geometry
    choice: ChosenK
    labels: Numbers
    numbers: Numbers
    centroids: npt.NDArray[np.float32]
    distances: npt.NDArray[np.float32]
    silhouettes: npt.NDArray[np.float32] | None
    sample: int
    margin: float | None
    swept: int
    plane: Plane

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.numbers)

    @property
    def sampled(self) -> bool:
        """Whether the silhouettes are estimates from a sample."""
        return self.sample < len(self.labels)


def cluster(
    features: Rows | npt.NDArray[Any],
    geometry: Geometry,
    k_max: int,
    seed: int,
    sample: int,
    previous: Numbers | None = None,
    memory: int = ARRAY_BYTES,
) -> Clustering:
    """Cluster pictures by their features.

    Every k from 1 to k_max is tried that has that many different pictures: searched along the principal axes, then
    settled by Lloyd's steps in all dimensions, where inertias and silhouettes are taken. The silhouettes are those
    of the cosine or the Euclidean distance; `selection.choose` decides.

    features: `[n, d]`, finite, a row per distinct picture (copies would count as very tight clusters), in an order
    that does not depend on chance. sample: above this many pictures silhouettes are estimated on a seeded sample of
    this size. previous: `[n]` the pictures' clusters in the last generation, -1 for new ones. memory: bytes for the
    arrays of this computation. Where half of it does not hold all rows in float32, every k is tried on a seeded sample
    of rows that it holds; two passes over `features` then give every picture the nearest of the chosen centroids, and
    the exact means and distances.
    Raises ValueError for features that are not finite. Works for any n, 0 included.
    Cost: O(n d k_max^2), and for Euclidean silhouettes O(min(n, sample)^2 d).
    """
    source = HeldRows(features) if isinstance(features, np.ndarray) else features
    with one_thread_a_call():
        row_bytes = 4 * source.read(np.arange(min(len(source), 1))).shape[1]
        held = hold(source, geometry, _sampled(len(source), int(memory * HELD_SHARE / max(row_bytes, 1)), seed))
        if sample < len(held.points):
            sample = min(sample, int(memory * SAMPLE_SHARE / row_bytes))
        return _cluster(held, k_max, seed, sample, previous)


def _cluster(cloud: Cloud, k_max: int, seed: int, sample: int, previous: Numbers | None) -> Clustering:
    n, points, geometry = len(cloud.source), cloud.points, cloud.geometry
    floor = ROUNDING * float(np.vdot(points, points) + len(points) * np.vdot(cloud.offset, cloud.offset))
    with ThreadPoolExecutor(1) as pool:  # most of the sweep keeps no more than one core busy
        spread = pool.submit(_spread, points[_sampled(len(points), max(DRAWN_ROWS, 4 * k_max), seed)])
        plane = pool.submit(_map, cloud, seed)
        found = sweep(reduce(points, max(DIMENSIONS, k_max), seed), k_max, seed, floor)
    labelings, inertias = settle(points, found, LLOYD_STEPS)
    at = _sampled(len(points), sample, seed)
    values = _values(points, labelings, geometry, at)
    means = [None if row is None else float(row.mean()) for row in values]
    inertias = [inertia * n / len(points) for inertia in inertias]
    choice = choose(inertias, means, lambda k: _reference(len(points), spread.result(), k, geometry, seed))
    if choice.k == 0:
        nobody = np.zeros(0, dtype=np.int32)
        nothing = np.zeros(0, dtype=np.float32)
        return Clustering(geometry, choice, nobody, nobody, points, nothing, None, 0, None, 0, plane.result())

    own, clusters = assign(cloud, labelings[choice.k - 1])
    distances, silhouettes = measure(cloud, own, clusters)
    chosen = values[choice.k - 1]
    if chosen is None:
        silhouettes = None
    elif geometry == "euclidean":
        silhouettes = np.full(n, np.nan, dtype=np.float32)
        silhouettes[cloud.at[at]] = chosen
    labels = carry_numbers(own, previous)
    numbers, first = np.unique(labels, return_index=True)
    return Clustering(
        geometry=geometry,
        choice=choice,
        labels=labels,
        numbers=numbers,
        centroids=clusters.centroids[own[first]] + cloud.offset,
        distances=distances,
        silhouettes=silhouettes,
        sample=len(at),
        margin=_margin(chosen, n) if len(at) < n else None,
        swept=len(points),
        plane=plane.result(),
    )


def _map(cloud: Cloud, seed: int) -> Plane:
    """Of points that are held anyway: no picture is read for it."""
    shown = _sampled(len(cloud.points), MAPPED_ROWS, seed)
    return project(cloud.points[shown], cloud.at[shown], seed)


def _sampled(n: int, size: int, seed: int) -> Indices:
    """All n indices, or `size` of them, ascending."""
    return np.arange(n) if n <= size else np.sort(np.random.default_rng(seed).choice(n, size, replace=False))


def _values(points: Points, labelings: list[Labels], geometry: Geometry, at: Indices) -> list[Values | None]:
    """Silhouettes per labeling, `[len(at)]`; None where none is defined: k = 1, and k = n.

    On a sample, cosine silhouettes are still taken against all points; Euclidean ones within the sample.
    """
    if geometry == "euclidean" and len(at) < len(points):
        points, labelings, at = points[at], [labels[at] for labels in labelings], np.arange(len(at))
    defined = [1 < len(np.unique(labels)) < len(points) for labels in labelings]
    wanted = [labels for labels, is_defined in zip(labelings, defined, strict=True) if is_defined]
    if not wanted:
        return [None] * len(labelings)
    if geometry == "cosine":
        values = iter(squared_silhouettes(points, wanted, at))
    else:
        values = iter(distance_silhouettes(points, wanted))
    return [next(values) if is_defined else None for is_defined in defined]


def _margin(values: Values | None, n: int) -> float | None:
    """Half the width of the 95 % interval of a mean over a sample without replacement, by the normal approximation."""
    if values is None:
        return None
    return float(NORMAL_95 * values.std(ddof=1) * np.sqrt((1 - len(values) / n) / len(values)))


def _spread(points: Points) -> npt.NDArray[np.float32]:
    """Half the width along each principal axis of an evenly filled box with the variances of these rows; none is 0."""
    if not len(points):
        return np.zeros(0, dtype=np.float32)
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    n, d = centred.shape
    products = centred @ centred.T if n < d else centred.T @ centred
    scale = np.sqrt(np.maximum(np.linalg.eigvalsh(products)[::-1], 0) / n)
    half: npt.NDArray[np.float32] = (np.sqrt(3) * scale[scale > 1e-6 * scale[0]]).astype(np.float32)
    return half


def _reference(rows: int, half: npt.NDArray[np.float32], k: int, geometry: Geometry, seed: int) -> float:
    """The mean silhouette at k that a collection like this one, but without clusters, reaches.

    Uniform along the principal axes with the same variances: of all shapes with one hump the one that KMeans divides
    best. Few rows give high silhouettes, so DRAWN_ROWS instead of all of them errs on the careful side.
    rows: how many this collection has. half: see `_spread`; empty where the rows it was taken from are all the same.
    Cost: DRAWS times KMeans on at most DRAWN_ROWS rows, whatever n is.
    """
    n = min(rows, max(DRAWN_ROWS, 4 * k))
    if not half.size:
        return 0.0  # what is different is elsewhere

    def score(draw: int) -> float:
        drawn = np.random.default_rng([seed, draw]).random((n, len(half)), dtype=np.float32)
        drawn = (2 * drawn - 1) * half
        drawn -= drawn.mean(axis=0)
        found = start_fresh(np.ascontiguousarray(drawn[:, : max(DIMENSIONS, k)]), k, seed)
        labelings, _ = settle(drawn, [found], LLOYD_STEPS)
        values = _values(drawn, labelings, geometry, np.arange(n))[0]
        return 0.0 if values is None else float(values.mean())

    with few_points_expected():
        return float(np.quantile(list(run_parts(score, list(range(DRAWS)))), QUANTILE))
