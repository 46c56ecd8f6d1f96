"""Clusters of pictures that look similar: a sweep over k, its silhouettes, and KMeans at the chosen k."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from worker.engine.continuity import Numbers, carry_numbers
from worker.engine.geometry import Geometry, centroid_distances, compact, geometry_rows
from worker.engine.selection import Choice, choose
from worker.engine.silhouette import Labels, Points, Values, distance_silhouettes, squared_silhouettes

# Feature workers keep the cores busy while this runs, and OpenMP threads that wait for each other on busy cores cost
# far more than a second core gains: measured 13 times the time of one thread at 3,000 rows.
THREADS: Final = 1
# k-means++ starts per k, the best of which counts: many where they are cheap, and where chance weighs most.
STARTS: Final = (3, 10)
STARTED_ROWS: Final = 3000  # rows in all starts together, between those two
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
    """

    geometry: Geometry
    choice: Choice
    labels: Numbers
    numbers: Numbers
    centroids: npt.NDArray[np.float32]
    distances: npt.NDArray[np.float32]
    silhouettes: npt.NDArray[np.float32] | None
    sample: int
    margin: float | None

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.numbers)

    @property
    def sampled(self) -> bool:
        """Whether the silhouettes are estimates from a sample."""
        return self.sample < len(self.labels)


def cluster(
    features: npt.NDArray[Any],
    geometry: Geometry,
    k_max: int,
    seed: int,
    sample: int,
    previous: Numbers | None = None,
) -> Clustering:
    """Cluster pictures by their features.

    Every k from 1 to k_max is tried that has that many different pictures, each by KMeans with seeded k-means++; the
    silhouettes are those of the cosine or the Euclidean distance; `selection.choose` decides.

    features: `[n, d]`, finite, a row per distinct picture (copies would count as very tight clusters), in an order
    that does not depend on chance. sample: above this many pictures silhouettes are estimated on a seeded sample of
    this size. previous: `[n]` the pictures' clusters in the last generation, -1 for new ones.
    Raises ValueError for features that are not finite. Works for any n, 0 included.
    Cost: O(iterations n d k_max^2), and for Euclidean silhouettes O(min(n, sample)^2 d); memory: two copies of
    `features` and O(n k_max).
    """
    with threadpool_limits(THREADS):
        return _cluster(geometry_rows(features, geometry), geometry, k_max, seed, sample, previous)


def _cluster(
    rows: Points, geometry: Geometry, k_max: int, seed: int, sample: int, previous: Numbers | None
) -> Clustering:
    n = len(rows)
    points = compact(rows)
    labelings, inertias = _sweep(points, k_max, seed, floor=ROUNDING * float(np.vdot(rows, rows)))
    at = _sampled_rows(n, sample, seed)
    values = _values(points, labelings, geometry, at)
    means = [None if row is None else float(row.mean()) for row in values]
    choice = choose(inertias, means, lambda k: _reference(points, k, geometry, seed))
    if choice.k == 0:
        nobody = np.zeros(0, dtype=np.int32)
        return Clustering(geometry, choice, nobody, nobody, rows, np.zeros(0, dtype=np.float32), None, 0, None)

    labels = carry_numbers(labelings[choice.k - 1], previous)
    numbers, own = np.unique(labels, return_inverse=True)
    centroids = np.stack([rows[own == index].mean(axis=0, dtype=np.float64) for index in range(len(numbers))])
    chosen = values[choice.k - 1]
    return Clustering(
        geometry=geometry,
        choice=choice,
        labels=labels,
        numbers=numbers,
        centroids=centroids.astype(np.float32),
        distances=centroid_distances(rows, centroids, own, geometry),
        silhouettes=_spread(points, labels, geometry, at, chosen),
        sample=n if at is None else len(at),
        margin=None if at is None else _margin(chosen, n),
    )


def _fit(points: Points, k: int, seed: int) -> tuple[Labels, float]:
    """Labels `[n]` and inertia of KMeans."""
    starts = min(max(STARTED_ROWS // len(points), STARTS[0]), STARTS[1])
    # copy_x: the points are ours, and centred, so that scikit-learn's own centring in place does not move them.
    model = KMeans(k, init="k-means++", n_init=starts, random_state=seed, copy_x=False)
    with warnings.catch_warnings():
        # Raised for fewer than k different points; the sweep looks for that itself, where it ends.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(points)
    return model.labels_.astype(np.int32), float(model.inertia_)


def _sweep(points: Points, k_max: int, seed: int, floor: float) -> tuple[list[Labels], list[float]]:
    """Labels and inertia for k = 1, 2, ... until k_max, or until every different picture has a cluster of its own."""
    labelings: list[Labels] = []
    inertias: list[float] = []
    for k in range(1, min(k_max, len(points)) + 1):
        labels, inertia = _fit(points, k, seed)
        if len(np.unique(labels)) < k:
            break
        labelings.append(labels)
        inertias.append(inertia)
        if inertia <= floor:
            break
    return labelings, inertias


def _sampled_rows(n: int, sample: int, seed: int) -> npt.NDArray[np.intp] | None:
    if n <= sample:
        return None
    return np.sort(np.random.default_rng(seed).choice(n, sample, replace=False))


def _values(
    points: Points, labelings: list[Labels], geometry: Geometry, at: npt.NDArray[np.intp] | None
) -> list[Values | None]:
    """Silhouettes per labeling, `[n]` or `[len(at)]`; None where none is defined: k = 1, and k = n.

    On a sample, cosine silhouettes are still taken against all pictures; Euclidean ones within the sample.
    """
    if geometry == "euclidean" and at is not None:
        points, labelings, at = points[at], [labels[at] for labels in labelings], None
    defined = [1 < len(np.unique(labels)) < len(points) for labels in labelings]
    wanted = [labels for labels, is_defined in zip(labelings, defined, strict=True) if is_defined]
    if not wanted:
        return [None] * len(labelings)
    if geometry == "cosine":
        values = iter(squared_silhouettes(points, wanted, at))
    else:
        values = iter(distance_silhouettes(points, wanted))
    return [next(values) if is_defined else None for is_defined in defined]


def _spread(
    points: Points, labels: Labels, geometry: Geometry, at: npt.NDArray[np.intp] | None, known: Values | None
) -> npt.NDArray[np.float32] | None:
    """Silhouettes of all pictures, float32 `[n]`, from those known; NaN where a sample leaves them unknown."""
    if known is None or at is None:
        return None if known is None else known.astype(np.float32)
    if geometry == "cosine":
        known, at = squared_silhouettes(points, [labels])[0], np.arange(len(points))
    silhouettes: npt.NDArray[np.float32] = np.full(len(points), np.nan, dtype=np.float32)
    silhouettes[at] = known
    return silhouettes


def _margin(values: Values | None, n: int) -> float | None:
    """Half the width of the 95 % interval of a mean over a sample without replacement, by the normal approximation."""
    if values is None:
        return None
    return float(NORMAL_95 * values.std(ddof=1) * np.sqrt((1 - len(values) / n) / len(values)))


def _reference(points: Points, k: int, geometry: Geometry, seed: int) -> float:
    """The mean silhouette at k that a collection like this one, but without clusters, reaches.

    Uniform along the principal axes with the same variances: of all shapes with one hump the one that KMeans divides
    best. Few rows give high silhouettes, so DRAWN_ROWS instead of all of them errs on the careful side.
    Cost: DRAWS times KMeans on at most DRAWN_ROWS rows, whatever n is.
    """
    rng = np.random.default_rng(seed)
    n = min(len(points), max(DRAWN_ROWS, 4 * k))
    part = points if n == len(points) else points[rng.choice(len(points), n, replace=False)]
    part = part - part.mean(axis=0)
    scale = np.linalg.svd(part, compute_uv=False) / np.sqrt(n)
    half = np.sqrt(3) * scale[scale > 1e-6 * scale[0]]
    scores = []
    for _ in range(DRAWS):
        drawn = rng.uniform(-half, half, (n, len(half))).astype(np.float32)
        labels, _ = _fit(drawn, k, seed)
        values = _values(drawn, [labels], geometry, None)[0]
        scores.append(0.0 if values is None else float(values.mean()))
    return float(np.quantile(scores, QUANTILE))
