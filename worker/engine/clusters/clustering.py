"""Clusters of pictures that look similar: how many, who is in which, and finer ones within the large."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import one_thread_a_call
from worker.engine.clusters.continuity import Numbers, carry_numbers
from worker.engine.clusters.division import Division, Wish, divide
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.members import assign, measure
from worker.engine.clusters.partitions import Labels, Points, Values
from worker.engine.clusters.reduction import AXES, MAPPED_ROWS, Plane, along, lay_flat, principal_axes
from worker.engine.clusters.rows import Cloud, HeldRows, Indices, Rows, hold
from worker.engine.clusters.selection import ChosenK
from worker.engine.clusters.subdivision import subdivide
from worker.engine.clusters.sweep import carry

ARRAY_BYTES: Final = 4 * 2**30
HELD_SHARE: Final = 0.5  # of the memory, for the points that are held; the rest is for what is computed from them
ROUNDING: Final = 1e-10  # share of the sum of squares below which inertia is float32 rounding, not distance
NORMAL_95: Final = 1.96
ANY_K: Final = Wish()


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """Clusters of n pictures, k of them.

    geometry: in which distances were taken. choice: how k was chosen, with both curves.
    labels: int32 `[n]`, the number of each picture's cluster. numbers: int32 `[k]`, ascending; gaps are possible.
    subclusters: int32 `[n]`, the number of the finer cluster within it, from 0, the largest first; -1 where the cluster
    is not divided. subdistances: float32 `[n]`, squared, to its middle along the principal axes of the cluster; NaN
    where that is not divided.
    centroids: float32 `[k, d]`, row i belongs to numbers[i]: the mean of the members' rows (unit rows for cosine).
    distances: float32 `[n]`, to the own centroid: 1 - cos for cosine (for a zero row half the squared distance of the
    unit vectors, which is the same elsewhere), Euclidean otherwise.
    silhouettes: float32 `[n]` at the chosen k along the principal axes, None for k < 2; NaN for a picture outside the
    sample.
    sample: pictures on which every k was tried; n unless there are many. Then `choice.inertias` are estimates: those of
    the pictures tried, times n / sample. margin: half the width of the 95 % confidence interval of the mean silhouette
    at the chosen k, None unless sampled.
    plane: a map of the pictures; of a sample where they are many.
    """

    geometry: Geometry
    choice: ChosenK
    labels: Numbers
    numbers: Numbers
    subclusters: Numbers
    subdistances: npt.NDArray[np.float32]
    centroids: npt.NDArray[np.float32]
    distances: npt.NDArray[np.float32]
    silhouettes: npt.NDArray[np.float32] | None
    sample: int
    margin: float | None
    plane: Plane

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.numbers)

    @property
    def sampled(self) -> bool:
        """Whether the curves are estimates from a sample."""
        return self.sample < len(self.labels)


def cluster(
    features: Rows | npt.NDArray[Any],
    geometry: Geometry,
    wish: Wish,
    seed: int,
    sample: int,
    previous: Numbers | None = None,
    memory: int = ARRAY_BYTES,
) -> Clustering:
    """Cluster pictures by their features.

    Every k is tried that has that many different pictures, up to a largest one. Clusters are looked for, and inertias
    and silhouettes taken, along the AXES principal axes: in all dimensions distances between photos are nearly equal.
    The mean of a cluster hardly leaves the axes, so who is nearest to it is the same in all dimensions.
    The silhouettes are those of the cosine or the Euclidean distance; `selection.choose` decides.

    features: `[n, d]`, finite, a row per picture (copies would count as very tight clusters), in an order that does not
    depend on chance. wish: what is said of k. sample: above this many pictures every k is tried on a seeded sample of
    this size, and the chosen clusters are carried to all. previous: `[n]` the pictures' clusters in the last
    generation, -1 for new ones; what is as good as any other partition stays. memory: bytes for the arrays of this
    computation. Where half of it does not hold all rows in float32, a seeded sample that it holds takes their place;
    two passes over `features` then give every picture the nearest of the chosen centroids, and the exact means and
    distances. Raises ValueError for features that are not finite. Works for any n, 0 included.
    Cost: O(n d (AXES + k)), O(min(n, sample) AXES k_max^2), and for Euclidean silhouettes O(min(n, sample)^2 k_max^2).
    """
    source = HeldRows(features) if isinstance(features, np.ndarray) else features
    with one_thread_a_call():
        row_bytes = 4 * source.read(np.arange(min(len(source), 1))).shape[1]
        held = hold(source, geometry, _sampled(len(source), int(memory * HELD_SHARE / max(row_bytes, 1)), seed))
        return _cluster(held, wish, seed, sample, previous)


def _cluster(cloud: Cloud, wish: Wish, seed: int, sample: int, previous: Numbers | None) -> Clustering:
    n, points, geometry = len(cloud.source), cloud.points, cloud.geometry
    floor = ROUNDING * float(np.vdot(points, points) + len(points) * np.vdot(cloud.offset, cloud.offset))
    tried = _sampled(len(points), sample, seed)
    axes = principal_axes(points, AXES, seed)
    places = along(points, axes)
    shown = _sampled(len(points), MAPPED_ROWS, seed)
    plane = lay_flat(points, axes, shown, cloud.at[shown])
    before = None if previous is None else previous[cloud.at[tried]]
    division = divide(places[tried], geometry, wish, seed, floor * len(tried) / max(len(points), 1), n, before)
    choice = division.choice
    if choice.k == 0:
        nobody = np.zeros(0, dtype=np.int32)
        nothing = np.zeros(0, dtype=np.float32)
        return Clustering(geometry, choice, nobody, nobody, nobody, nothing, points, nothing, None, 0, None, plane)

    held = _carried(places, tried, division)
    own, clusters = assign(cloud, axes, held)
    finer = subdivide(points, own[cloud.at], geometry, seed, floor)
    measures = measure(cloud, axes, own, clusters, finer)
    silhouettes = measures.silhouettes
    if geometry == "euclidean" and division.silhouettes is not None:
        silhouettes = np.full(n, np.nan, dtype=np.float32)
        silhouettes[cloud.at[tried]] = division.silhouettes
    labels = carry_numbers(own, previous)
    numbers, first = np.unique(labels, return_index=True)
    return Clustering(
        geometry=geometry,
        choice=choice,
        labels=labels,
        numbers=numbers,
        subclusters=_numbered(measures.finer, own),
        subdistances=measures.finer_distances,
        centroids=clusters.centroids[own[first]] + cloud.offset,
        distances=measures.distances,
        silhouettes=silhouettes if division.silhouettes is not None else None,
        sample=len(tried),
        margin=_margin(division.silhouettes, n) if len(tried) < n else None,
        plane=plane,
    )


def _carried(places: Points, tried: Indices, division: Division) -> Labels:
    """The clusters of all points that are held, `[m]`, from those of the points tried."""
    if len(tried) == len(places):
        return division.labels
    some = places[tried]
    starts = [some[division.labels == label].mean(axis=0) for label in range(division.choice.k)]
    return carry(places, np.stack(starts))


def _numbered(finer: Labels, own: Labels) -> Numbers:
    """Finer clusters numbered from 0 within each cluster, the largest first; -1 stays."""
    numbers = finer.copy()
    for label in np.unique(own[finer >= 0]):
        members = own == label
        numbers[members] = carry_numbers(finer[members])
    return numbers


def _sampled(n: int, size: int, seed: int) -> Indices:
    """All n indices, or `size` of them, ascending."""
    return np.arange(n) if n <= size else np.sort(np.random.default_rng(seed).choice(n, size, replace=False))


def _margin(values: Values | None, n: int) -> float | None:
    """Half the width of the 95 % interval of a mean over a sample without replacement, by the normal approximation."""
    if values is None:
        return None
    return float(NORMAL_95 * values.std(ddof=1) * np.sqrt((1 - len(values) / n) / len(values)))
