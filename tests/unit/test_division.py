"""How many clusters are tried, what stays from the last generation, and finer clusters within large ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from tests.unit.test_clustering import blobs
from worker.engine.clusters import division, subdivision
from worker.engine.clusters.clustering import cluster
from worker.engine.clusters.division import Wish, divide
from worker.engine.clusters.reference import Reference
from worker.engine.clusters.stability import WITNESSES, Halves
from worker.engine.clusters.trust import Trust


def flat(clusters, n, d=8, noise=0.05):
    points, truth = blobs(clusters, n, d, noise)
    return points - points.mean(axis=0), truth


def limit_of(points, wish):
    return len(divide(points, "cosine", wish, 0, 0.0).choice.inertias)


def test_the_largest_k_tried_follows_the_collection_unless_it_is_set(monkeypatch):
    monkeypatch.setattr(division, "K_LEAST", 5)
    monkeypatch.setattr(division, "K_MOST", 9)
    points, _ = flat(3, 400)
    assert limit_of(points[:40], Wish()) == 5
    assert limit_of(points[:128], Wish()) == 8  # the root of half of them
    assert limit_of(points, Wish()) == 9
    assert limit_of(points, Wish(k_max=4)) == 4


def test_where_the_largest_seems_best_more_are_tried(monkeypatch):
    monkeypatch.setattr(division, "K_LEAST", 6)
    points, truth = flat(11, 66, d=24)
    found = divide(points, "cosine", Wish(), 0, 0.0)
    assert (found.choice.k, found.choice.at_edge) == (11, False)
    assert adjusted_rand_score(truth, found.labels) == 1
    held = divide(points, "cosine", Wish(k_max=6), 0, 0.0)
    assert (held.choice.k, held.choice.at_edge) == (6, True)
    assert "largest k that was tried" in held.choice.reason


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_a_k_that_is_asked_for_is_given(k):
    points, _ = flat(3, 60)
    found = divide(points, "cosine", Wish(k=k), 0, 0.0)
    assert (found.choice.k, found.choice.fixed, len(np.unique(found.labels))) == (k, True, k)


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 5), st.floats(0.3, 3), st.integers(0, 99))
def test_one_picture_more_leaves_the_others_where_they_are(clusters, noise, seed):
    points, _ = blobs(clusters, 48, noise=noise, seed=seed)
    before = cluster(points, "cosine", Wish(), 0, 20_000)
    more = np.vstack([points, points[:1] + 0.3 * points[1:2]])
    after = cluster(more, "cosine", Wish(), 0, 20_000, previous=np.append(before.labels, -1).astype(np.int32))
    if before.choice.trust is Trust.CLEAR:
        np.testing.assert_array_equal(after.labels[:48], before.labels)
    else:
        assert adjusted_rand_score(before.labels, after.labels[:48]) > 0.8


def test_halves_agree_on_what_is_there_and_not_on_noise():
    points, _ = flat(4, 200)
    noise = np.random.default_rng(0).standard_normal((200, 32)).astype(np.float32)
    assert Halves(points, 0).agreement(4) == 1
    assert Halves(noise, 0).agreement(8) < 0.2
    assert Halves(points[: WITNESSES - 1], 0).agreement(3) == 1
    assert Halves(points[:20], 0).agreement(11) == 0


def test_what_collections_without_clusters_reach_falls_with_k():
    points = np.random.default_rng(0).standard_normal((300, 16)).astype(np.float32) / np.arange(1, 17, dtype=np.float32)
    curve = Reference(points, "cosine", 0).curve(20)
    assert curve.shape == (19,)
    assert curve[0] > curve[3] > curve[18] > 0
    assert Reference(points, "cosine", 0).level(5) == pytest.approx(curve[3], abs=0.05)
    assert not Reference(np.ones((5, 3), dtype=np.float32), "cosine", 0).curve(4).any()


@pytest.mark.parametrize("held", [600, 200])
def test_large_clusters_are_divided_where_they_fall_apart(held, monkeypatch):
    monkeypatch.setattr(subdivision, "DIVIDED", 80)
    chance = np.random.default_rng(1)
    broad = 4 * np.eye(3, 64)[np.arange(600) % 3]
    fine = chance.standard_normal((3, 4, 64))[np.arange(600) % 3, np.arange(600) % 4]
    fine[np.arange(600) % 3 == 2] = 0  # one cluster has nothing in it
    points = (4 * broad + fine + 0.1 * chance.standard_normal((600, 64))).astype(np.float32)
    memory = 2 * held * points[0].nbytes
    found = cluster(points, "euclidean", Wish(k=3), 0, 20_000, memory=memory)
    assert adjusted_rand_score(np.arange(600) % 3, found.labels) == 1
    for broad_one in range(3):
        members = np.arange(600) % 3 == broad_one
        finer = found.subclusters[members]
        if broad_one == 2 or held == 200:  # of 200 held about 67 are in each: too few to divide
            assert set(finer) == {-1}
        else:
            assert adjusted_rand_score((np.arange(600) % 4)[members], finer) == 1
            sizes = np.bincount(finer)
            assert (np.diff(sizes) <= 0).all()  # the largest first
