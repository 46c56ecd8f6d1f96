"""KMeans for the witnesses: as good as scikit-learn's, the same in every thread, and content with equal points."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from worker.engine.clusters.trials import divide_in_trial


def blobs(count: int, clusters: int, noise: float) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    chance = np.random.default_rng(3)
    truth = np.arange(count) % clusters
    centres = 3 * chance.standard_normal((clusters, 32))
    return (centres[truth] + noise * chance.standard_normal((count, 32))).astype(np.float32), truth


@pytest.mark.parametrize("k", [2, 5, 12])
def test_it_is_about_as_good_as_scikit_learn(k: int) -> None:
    points, _ = blobs(300, 5, 3.0)
    labels, centroids = divide_in_trial(points, k, 0, 10)
    inertia = float(((points - centroids[labels]) ** 2).sum())
    assert inertia < 1.02 * KMeans(k, n_init=10, random_state=0).fit(points).inertia_


def test_planted_clusters_are_found() -> None:
    points, truth = blobs(400, 6, 0.5)
    labels, centroids = divide_in_trial(points, 6, 0, 5)
    assert labels.dtype == np.int32
    assert centroids.shape == (6, 32)
    assert adjusted_rand_score(truth, labels) == 1.0


def test_the_seed_decides_in_whichever_thread_it_runs() -> None:
    points, _ = blobs(300, 5, 3.0)
    with ThreadPoolExecutor(2) as pool:
        found = [
            labels.tolist() for labels, _ in pool.map(lambda seed: divide_in_trial(points, 7, seed, 1), [4, 4, 4, 5])
        ]
    assert found[0] == found[1] == found[2]
    assert found[0] != found[3]


def test_points_that_are_all_the_same_are_divided_without_an_end_in_sight() -> None:
    labels, centroids = divide_in_trial(np.ones((40, 8), np.float32), 4, 0, 2)
    assert set(labels.tolist()) <= set(range(4))
    np.testing.assert_array_equal(centroids[labels], np.ones((40, 8), np.float32))
