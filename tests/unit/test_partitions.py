"""Sums, inertias and Lloyd's steps of many partitions at once, against each on its own."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from worker.engine.clusters.partitions import batches, cluster_sums, find_inertias, inertias_of, nearest


def cloud(n=300, d=20, seed=0):
    points = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return points - points.mean(axis=0)


def labelings(n, ks, seed=1):
    rng = np.random.default_rng(seed)
    return [np.concatenate([np.arange(k), rng.integers(0, k, n - k)]).astype(np.int32) for k in ks]


def inertia(points, labels):
    return sum(float(((points[labels == k] - points[labels == k].mean(axis=0)) ** 2).sum()) for k in np.unique(labels))


@pytest.mark.parametrize("chunk", [7, 1024])
def test_sums_and_inertias_are_those_of_each_partition(chunk, monkeypatch):
    monkeypatch.setattr("worker.engine.clusters.concurrency.CHUNK_ROWS", chunk)
    points, given = cloud(), labelings(300, [1, 2, 9, 30])
    [partitions] = batches(given)
    sums = cluster_sums(points, partitions)
    for labels, columns in zip(given, partitions.columns, strict=True):
        expected = [points[labels == k].sum(axis=0) for k in range(labels.max() + 1)]
        np.testing.assert_allclose(sums[columns], expected, atol=1e-4)
    found = find_inertias(points, partitions, sums, float(np.vdot(points, points)))
    np.testing.assert_allclose(found, [inertia(points, labels) for labels in given], rtol=1e-5)


def test_many_clusters_go_in_batches_that_bound_the_memory():
    given = labelings(100, [2, 3, 4, 50, 60, 2])
    together = list(batches(given, columns=10))
    assert [[len(size) for size in partitions.sizes] for partitions in together] == [[2, 3, 4], [50], [60], [2]]
    np.testing.assert_array_equal(np.concatenate([partitions.labels for partitions in together]), given)


def test_inertias_far_below_the_sum_of_squares_are_still_exact():
    rng = np.random.default_rng(2)
    labels = (np.arange(200) % 4).astype(np.int32)
    points = (100 * rng.standard_normal((4, 16))[labels] + 1e-3 * rng.standard_normal((200, 16))).astype(np.float32)
    [found] = inertias_of(points, [labels])
    assert found == pytest.approx(inertia(points.astype(np.float64), labels), rel=0.02)


def test_the_nearest_centroid_is_that_of_scikit_learn():
    points = cloud()
    model = KMeans(8, n_init=1, random_state=0).fit(points)
    np.testing.assert_array_equal(nearest(points, model.cluster_centers_), model.predict(points))
