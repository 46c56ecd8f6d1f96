"""Clusters of points whose structure is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from worker.engine.clusters.clustering import cluster
from worker.engine.clusters.division import Wish
from worker.engine.clusters.geometry import geometry_rows
from worker.engine.clusters.reduction import AXES, along, principal_axes
from worker.engine.clusters.trust import Trust

GEOMETRIES = ["cosine", "euclidean"]


def blobs(clusters, n, d=256, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % clusters
    centres = rng.standard_normal((clusters, d))
    return (centres[truth] + noise * rng.standard_normal((n, d))).astype(np.float32), truth


def run(features, geometry="cosine", k_max=15, seed=0, sample=20_000, previous=None):
    return cluster(np.asarray(features, dtype=np.float32), geometry, Wish(k_max=k_max), seed, sample, previous)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("clusters", range(2, 13))
def test_separated_blobs_are_found(clusters, geometry):
    points, truth = blobs(clusters, 12 * clusters)
    result = run(points, geometry)
    assert result.k == clusters
    assert result.choice.structured
    assert adjusted_rand_score(truth, result.labels) == 1.0


def test_noisy_blobs_with_a_low_silhouette_are_found():
    points, truth = blobs(5, 200, d=512, noise=2)
    result = run(points, k_max=10)
    assert result.choice.silhouette < 0.5
    assert result.k == 5
    assert adjusted_rand_score(truth, result.labels) > 0.95


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("noise", ["gauss", "uniform", "relu", "flat"])
def test_noise_is_divided_and_not_trusted(noise, geometry):
    rng = np.random.default_rng(1)
    points = {
        "gauss": lambda: rng.standard_normal((200, 512)),
        "uniform": lambda: rng.random((200, 512)),
        "relu": lambda: np.maximum(rng.standard_normal((200, 512)), 0),
        # Few directions hold nearly all of the spread, as in features of random weights: silhouettes are not near 0.
        "flat": lambda: 10 + rng.standard_normal((200, 256)) / np.arange(1, 257),
    }[noise]()
    result = run(points, geometry)
    assert result.k > 1  # there is always an answer
    assert result.choice.trust is Trust.NONE
    assert not result.choice.structured
    assert "No clear structure" in result.choice.reason
    assert len(np.unique(result.labels)) == result.k
    assert len(result.choice.inertias) == len(result.choice.silhouettes) == 15


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_hardly_any_images(n, geometry):
    result = run(np.random.default_rng(n).random((n, 64)), geometry, k_max=30)
    assert result.k == min(n, 1) if n < 3 else 2 <= result.k < n
    assert len(result.choice.inertias) == n
    assert result.labels.shape == result.distances.shape == result.subclusters.shape == (n,)
    assert result.centroids.shape == (result.k, 64)
    assert np.isfinite(result.distances).all()


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("n", [2, 3, 50])
@pytest.mark.parametrize("value", [0.0, 1.0, 1e-3, 300.0])
def test_identical_rows_are_one_cluster(n, value, geometry):
    result = run(np.full((n, 4096), value), geometry)
    assert result.k == 1
    assert len(result.choice.inertias) == 1
    np.testing.assert_allclose(result.distances, 0, atol=1e-3)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_no_more_clusters_than_different_rows(geometry):
    rows = np.random.default_rng(0).random((3, 64))
    result = run(np.repeat(rows, 7, axis=0), geometry)
    assert len(result.choice.inertias) == 3
    assert result.k == 3
    np.testing.assert_allclose(result.silhouettes, 1, atol=1e-3)


def test_scaled_rows_are_the_same_row_for_cosine():
    row = np.random.default_rng(0).random(64)
    assert len(run(np.outer([1, 2, 3, 5, 7], row)).choice.inertias) == 1
    assert len(run(np.outer([1, 2, 3, 5, 7], row), "euclidean").choice.inertias) == 5


def test_zero_rows_are_welcome():
    points, _ = blobs(2, 20)
    points[[0, 5]] = 0
    result = run(points)
    assert np.isfinite(result.distances).all()
    assert np.isfinite(result.silhouettes).all()
    assert np.isfinite([value for value in result.choice.silhouettes if value is not None]).all()


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_curve_and_the_images_have_the_silhouettes_of_scikit_learn(geometry):
    points, _ = blobs(4, 60, noise=1.0)
    result = run(points, geometry, k_max=6)
    rows = geometry_rows(points, geometry)
    rows -= rows.mean(axis=0)
    places = along(rows, principal_axes(rows, AXES, 0))
    metric = {"cosine": "sqeuclidean", "euclidean": "euclidean"}[geometry]  # on unit rows half of it is 1 - cos
    expected = silhouette_samples(places, result.labels, metric=metric)
    np.testing.assert_allclose(result.silhouettes, expected, atol=1e-4)
    assert result.choice.silhouette == pytest.approx(expected.mean(), abs=1e-4)
    assert result.choice.silhouettes[0] is None
    assert (result.sample, result.sampled, result.margin) == (60, False, None)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_centroids_and_distances_are_those_of_the_members(geometry):
    points, _ = blobs(3, 30)
    result = run(points, geometry)
    rows = points / np.linalg.norm(points, axis=1, keepdims=True) if geometry == "cosine" else points
    for number, centroid in zip(result.numbers, result.centroids, strict=True):
        members = result.labels == number
        np.testing.assert_allclose(centroid, rows[members].mean(axis=0), atol=1e-5)
        if geometry == "cosine":
            expected = 1 - rows[members] @ centroid / np.linalg.norm(centroid)
        else:
            expected = np.linalg.norm(rows[members] - centroid, axis=1)
        np.testing.assert_allclose(result.distances[members], expected, atol=1e-4)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_above_the_sample_silhouettes_are_estimates_and_say_so(geometry):
    points, _ = blobs(4, 300, noise=1.0)
    every, some = run(points, geometry, k_max=6), run(points, geometry, k_max=6, sample=120)
    assert (some.sample, some.sampled) == (120, True)
    assert 0 < some.margin < 0.1
    assert abs(some.choice.silhouette - every.choice.silhouette) < 3 * some.margin
    assert some.k == every.k == 4
    known = ~np.isnan(some.silhouettes)
    assert known.sum() == (300 if geometry == "cosine" else 120)
    np.testing.assert_allclose(
        some.silhouettes[known], every.silhouettes[known], atol=1e-5 if geometry == "cosine" else 0.2
    )


def test_the_seed_makes_it_repeatable():
    points, _ = blobs(4, 60, noise=2)
    one, two = run(points, seed=7), run(points, seed=7)
    np.testing.assert_array_equal(one.labels, two.labels)
    assert one.choice == two.choice


def test_the_features_are_left_alone():
    points, _ = blobs(3, 300, d=64)
    before = points.copy()
    for geometry in GEOMETRIES:
        run(points, geometry, k_max=4)
    np.testing.assert_array_equal(points, before)


def test_k_max_is_kept():
    points, _ = blobs(6, 60)
    result = run(points, k_max=4)
    assert len(result.choice.inertias) == 4
    assert result.k <= 4
    assert run(points, k_max=1).k == 1


def test_numbers_stay_with_their_images():
    points, _ = blobs(3, 30)
    first = run(points)
    renamed = np.array([8, 5, 2], dtype=np.int32)[first.labels]
    second = run(points, previous=renamed)
    np.testing.assert_array_equal(second.labels, renamed)
    np.testing.assert_array_equal(second.numbers, [2, 5, 8])
    np.testing.assert_allclose(second.centroids, first.centroids[[2, 1, 0]], atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(value):
    points, _ = blobs(3, 9)
    points[4, 4] = value
    with pytest.raises(ValueError, match="finite"):
        run(points)


class Counted:
    """Rows that count how many are read at once and in all."""

    def __init__(self, features):
        self.features, self.most, self.read_rows = features, 0, 0

    def __len__(self):
        return len(self.features)

    def read(self, at):
        self.most, self.read_rows = max(self.most, len(at)), self.read_rows + len(at)
        return self.features[at]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_rows_read_in_chunks_give_what_rows_in_memory_give(geometry, monkeypatch):
    points, _ = blobs(4, 300, noise=1.0)
    whole = run(points, geometry, k_max=6)
    monkeypatch.setattr("worker.engine.clusters.rows.READ_ROWS", 7)
    monkeypatch.setattr("worker.engine.clusters.concurrency.CHUNK_ROWS", 11)
    rows = Counted(points)
    parts = cluster(rows, geometry, Wish(k_max=6), 0, 20_000)
    assert (rows.most, rows.read_rows) == (7, 301)
    np.testing.assert_array_equal(parts.labels, whole.labels)
    np.testing.assert_allclose(parts.choice.inertias, whole.choice.inertias, rtol=1e-5)
    for name in ("centroids", "distances", "silhouettes"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-4)
    assert parts.sample == 300


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_where_memory_does_not_hold_all_rows_a_sample_is_swept_and_every_row_assigned(geometry, monkeypatch):
    points, truth = blobs(5, 3000)
    whole = run(points, geometry, k_max=8)
    monkeypatch.setattr("worker.engine.clusters.rows.READ_ROWS", 256)
    rows = Counted(points)
    memory = 2 * 1000 * points[0].nbytes
    small = cluster(rows, geometry, Wish(k_max=8), 0, 20_000, memory=memory)
    assert (small.sample, small.sampled) == (1000, True)
    assert rows.read_rows == 1 + 1000 + 2 * 3000
    assert small.k == whole.k == 5
    assert adjusted_rand_score(truth, small.labels) == 1
    # With more clusters what is left is noise, of which axes found on fewer rows hold more.
    np.testing.assert_allclose(small.choice.inertias[:4], whole.choice.inertias[:4], rtol=0.05)
    assert small.choice.silhouette == pytest.approx(whole.choice.silhouette, abs=0.03)  # along axes of fewer rows
    order = [whole.labels[small.labels == number][0] for number in small.numbers]
    np.testing.assert_allclose(small.centroids, whole.centroids[order], atol=1e-4)
    np.testing.assert_allclose(small.distances, whole.distances, atol=1e-4)
    known = ~np.isnan(small.silhouettes)
    assert known.sum() == (3000 if geometry == "cosine" else 1000)
    if geometry == "cosine":
        np.testing.assert_allclose(small.silhouettes, whole.silhouettes, atol=0.05)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_inertias_are_those_of_the_best_of_many_fresh_starts(geometry):
    points, _ = blobs(9, 900, d=64, noise=2.0)
    found = run(points, geometry, k_max=20).choice.inertias
    rows = geometry_rows(points, geometry)
    rows -= rows.mean(axis=0)
    places = along(rows, principal_axes(rows, AXES, 0))
    for k in (2, 5, 9, 14, 20):
        assert found[k - 1] < 1.003 * KMeans(k, n_init=5, random_state=1).fit(places).inertia_


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_outliers_that_a_sample_misses_are_still_told_apart(geometry):
    points = np.ones((5000, 20), dtype=np.float32)
    points[[7, 3333]] = np.eye(20)[:2] * 5
    result = run(points, geometry)
    assert len(result.choice.inertias) == 3
    assert result.choice.inertias[-1] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (5, 5)])
def test_fewer_dimensions_keep_all_distances(shape):
    rows = np.random.default_rng(2).standard_normal(shape).astype(np.float32) + 4
    points = along(rows, principal_axes(rows, 40, 0))
    assert points.shape == (shape[0], min(shape))
    np.testing.assert_allclose(pdist(points), pdist(rows), rtol=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    features=st.tuples(st.integers(0, 9), st.integers(1, 5)).flatmap(
        lambda shape: arrays(np.float32, shape, elements=st.sampled_from([0.0, 0.5, 1.0, 2.0, 100.0]))
    ),
    geometry=st.sampled_from(GEOMETRIES),
)
def test_any_small_collection_is_clustered_whole(features, geometry):
    result = cluster(features, geometry, Wish(k_max=30), 0, 20_000)
    rows = geometry_rows(features, geometry)
    assert len(result.labels) == len(features)
    np.testing.assert_array_equal(result.numbers, np.unique(result.labels))
    assert result.k == len(result.centroids) == result.choice.k
    assert len(result.choice.inertias) <= max(len(np.unique(rows.round(5), axis=0)), min(len(rows), 1))
    assert np.isfinite(result.distances).all()
    assert result.silhouettes is None or np.isfinite(result.silhouettes).all()
