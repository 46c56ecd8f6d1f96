"""Labels for k = 1, 2, 3, ...: there and back, each k from its neighbour's centroids.

Upwards, each k starts from the centroids of k - 1 and one new place: a point drawn as k-means++ draws, the one of
DRAWN that lowers the inertia most (the fast global k-means of Likas, Vlassis and Verbeek 2003, with drawn
candidates). Beside it are fresh k-means++ starts, drawn once for all k: the first k points of a draw. Downwards, each
k starts from those of k + 1 less the one that is missed least. What is best is kept. It happens on a sample; Lloyd's
steps on all points follow.

docs/benchmarks.md says how the inertias compare with scikit-learn's.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from sklearn import config_context
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from worker.engine.clusters.concurrency import run_parts
from worker.engine.clusters.partitions import Labels, Points

SEARCHED_ROWS: Final = 3000
DRAWN: Final = 32
FRESH: Final = (1, 10)  # k-means++ starts per k: many where they are cheap, and where chance weighs most
FRESH_ROWS: Final = 5000  # rows in all of them together, between those two
STEPS_ON_ALL: Final = 20  # of Lloyd on all points, after the search on a sample
STAY: Final = 0.02  # share of the inertia that another partition must save to take the last one's place


def sweep(points: Points, k_max: int, seed: int, floor: float, count: int = 0) -> list[Labels]:
    """Labels int32 `[n]` for each k from 1 to k_max, or until every different point has a cluster of its own.

    points: `[n, d]`, centred. floor: the inertia at and below which points count as equal. count: fresh starts per k,
    0: more for fewer points. Cost: O(steps n d k_max^2).
    """
    n = len(points)
    with few_points_expected():
        if n > SEARCHED_ROWS:
            sample = np.random.default_rng(seed).choice(n, SEARCHED_ROWS, replace=False)
            models = _search(points[np.sort(sample)], k_max, seed, floor * SEARCHED_ROWS / n, count)
            if len(models) == k_max:
                carried = run_parts(lambda model: _run(points, model.cluster_centers_, STEPS_ON_ALL), models)
                return [_labels(model) for model in carried]
        return [_labels(model) for model in _search(points, k_max, seed, floor, count)]


def carry(points: Points, centroids: Points) -> Labels:
    """Labels `[n]` that centroids found on a sample come to on all points. Cost: O(STEPS_ON_ALL n d k)."""
    with few_points_expected():
        return _labels(_run(points, centroids, STEPS_ON_ALL))


def stay_near(points: Points, found: Labels, previous: Labels, stay: float = STAY) -> Labels:
    """Labels `[n]` at the k of `found`: those that `previous` leads to, unless `found` is better by more than `stay`.

    A few new points would else turn clusters over that are as good as others. previous: `[n]`, -1 for new points; as
    many different numbers as there are clusters.
    """
    starts = np.stack([points[previous == number].mean(axis=0) for number in np.unique(previous[previous >= 0])])
    with few_points_expected():
        kept, other = _run(points, starts), _run(points, _means(points, found))
    is_whole = len(np.unique(kept.labels_)) == len(starts)
    return _labels(kept) if is_whole and kept.inertia_ <= (1 + stay) * other.inertia_ else found


def _means(points: Points, labels: Labels) -> Points:
    return np.stack([points[labels == number].mean(axis=0) for number in np.unique(labels)])


@contextmanager
def few_points_expected() -> Iterator[None]:
    """Without scikit-learn's warning about fewer than k different points: the sweep looks for that itself.

    Around all fits, not around each: Python's warning filters belong to the process, not to a thread.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _draw_starts(points: Points, k_max: int, seed: int, count: int = 0) -> list[Points]:
    """Some k-means++ starts `[k_max, d]`. Each point depends on those before it only: the first k are a start of k.

    count: how many; 0: more for fewer points.
    """
    chance = np.random.RandomState(seed)
    count = count or min(max(FRESH_ROWS // len(points), FRESH[0]), FRESH[1])
    return [kmeans_plusplus(points, k_max, random_state=chance)[0] for _ in range(count)]


def _best_of(points: Points, k: int, starts: list[Points]) -> KMeans:
    """The best of the fits at k from these starts, of which the first k points count."""
    return min((_run(points, start[:k]) for start in starts), key=_inertia)


def _search(points: Points, k_max: int, seed: int, floor: float, count: int) -> list[KMeans]:
    chance = np.random.default_rng(seed)
    models: list[KMeans] = []
    ks = list(range(1, min(k_max, len(points)) + 1))
    starts = _draw_starts(points, len(ks), seed, count) if ks else []
    for fresh in run_parts(lambda k: _best_of(points, k, starts), ks):
        warm = [_run(points, _with_one_more(points, models[-1].cluster_centers_, chance))] if models else []
        model = min([fresh, *warm], key=_inertia)
        if len(np.unique(model.labels_)) <= len(models):
            break
        models.append(model)
        if model.inertia_ <= floor:
            break
    for index in range(len(models) - 2, 0, -1):
        fewer = _run(points, _with_one_less(points, models[index + 1].cluster_centers_))
        models[index] = min([models[index], fewer], key=_inertia)
    return models


def _run(points: Points, centroids: Points, steps: int = 300) -> KMeans:
    """Lloyd's steps from these centroids."""
    with config_context(assume_finite=True, skip_parameter_validation=True):  # a third of the time of a small fit
        return KMeans(len(centroids), init=centroids, n_init=1, max_iter=steps).fit(points)


def _with_one_more(points: Points, centroids: Points, chance: np.random.Generator) -> Points:
    """The centroids and the point, of some drawn by their squared distance to them, that lowers the inertia most."""
    nearest = _squares(points, centroids).min(axis=1).astype(np.float64)
    total = nearest.sum()
    weights = nearest / total if total > 0 else None
    drawn = points[chance.choice(len(points), DRAWN, p=weights)]
    left = np.minimum(_squares(points, drawn), nearest[:, None]).sum(axis=0)
    return np.vstack([centroids, drawn[left.argmin()]])


def _with_one_less(points: Points, centroids: Points) -> Points:
    """The centroids without the one whose points are least farther from the next centroid."""
    squares = _squares(points, centroids)
    first, second = np.partition(squares, 1, axis=1)[:, :2].T
    missed = np.bincount(squares.argmin(axis=1), second - first, len(centroids))
    return np.delete(centroids, missed.argmin(), axis=0)


def _squares(points: Points, others: Points) -> Points:
    """Squared distances `[n, m]`."""
    squares: Points = points @ (-2 * others.T)
    squares += np.einsum("ij,ij->i", points, points)[:, None]
    squares += np.einsum("ij,ij->i", others, others)
    return np.maximum(squares, 0, out=squares)


def _inertia(model: KMeans) -> float:
    return float(model.inertia_)


def _labels(model: KMeans) -> Labels:
    labels: Labels = model.labels_.astype(np.int32)
    return labels
