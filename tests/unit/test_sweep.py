"""The search over k: as good as many fresh starts, and over where the points are."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from worker.engine.clusters import sweep as module
from worker.engine.clusters.reduction import along, principal_axes
from worker.engine.clusters.sweep import sweep


def blobs(clusters, n, d=12, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % clusters
    points = (3 * rng.standard_normal((clusters, d))[truth] + noise * rng.standard_normal((n, d))).astype(np.float32)
    return points - points.mean(axis=0), truth


def inertia(points, labels):
    return sum(float(((points[labels == k] - points[labels == k].mean(axis=0)) ** 2).sum()) for k in np.unique(labels))


@pytest.mark.parametrize("searched", [3000, 400])
def test_every_k_is_about_as_good_as_the_best_of_ten_starts(searched, monkeypatch):
    monkeypatch.setattr(module, "SEARCHED_ROWS", searched)
    points, _ = blobs(10, 1500, noise=2.5)
    labelings = sweep(points, 20, 0, 0.0)
    assert [len(np.unique(labels)) for labels in labelings] == list(range(1, 21))
    for k in (2, 5, 10, 15, 20):
        best = KMeans(k, n_init=10, random_state=0).fit(points).inertia_
        assert inertia(points, labelings[k - 1]) < 1.01 * best


def test_planted_clusters_are_found_from_a_sample(monkeypatch):
    monkeypatch.setattr(module, "SEARCHED_ROWS", 200)
    points, truth = blobs(8, 2000)
    labelings = sweep(points, 10, 0, 0.0)
    assert adjusted_rand_score(truth, labelings[7]) > 0.99


def test_it_ends_where_every_different_point_has_its_own_cluster(monkeypatch):
    points = np.repeat(blobs(5, 5)[0], 30, axis=0)
    assert len(sweep(points, 30, 0, 1e-6)) == 5
    monkeypatch.setattr(module, "SEARCHED_ROWS", 100)
    assert len(sweep(points, 30, 0, 1e-6)) == 5
    assert len(sweep(points[:0], 30, 0, 0.0)) == 0


def test_the_points_are_left_alone_and_the_seed_makes_it_repeatable():
    points, _ = blobs(4, 200)
    before = points.copy()
    one, two = sweep(points, 6, 3, 0.0), sweep(points, 6, 3, 0.0)
    np.testing.assert_array_equal(points, before)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("rows", "draws"), [(100, 10), (1000, 5), (2000, 2), (6000, 1)])
def test_one_draw_of_k_means_plus_plus_holds_a_start_for_every_k(rows, draws):
    points, _ = blobs(6, rows, noise=0.3)  # within a cluster points are about 1.5 apart
    starts = module._draw_starts(points, 8, 0)
    assert len(starts) == draws
    assert not any(np.array_equal(one[0], other[0]) for one, other in combinations(starts, 2))
    for start in starts:
        assert start.shape == (8, 12)
        assert pdist(start[:6]).min() > 3  # the first six in six clusters, the other two later


def test_fewer_dimensions_keep_what_the_principal_axes_hold():
    rng = np.random.default_rng(4)
    points = (rng.standard_normal((500, 8)) @ rng.standard_normal((8, 200))).astype(np.float32)
    points -= points.mean(axis=0)
    axes = principal_axes(points, 16, seed=0)
    fewer = along(points, axes)
    assert fewer.shape == (500, 16)
    np.testing.assert_allclose(pdist(fewer), pdist(points), rtol=1e-3)
    np.testing.assert_allclose(axes @ axes.T, np.eye(16), atol=1e-5)
    spread = fewer.std(axis=0)
    assert (np.diff(spread) < 1e-3).all()  # widest first
    assert principal_axes(points[:10], 16, seed=0).shape == (10, 200)
    assert principal_axes(points[:, :9], 16, seed=0).shape == (9, 9)
    assert principal_axes(points[:0], 16, seed=0).shape == (0, 200)
