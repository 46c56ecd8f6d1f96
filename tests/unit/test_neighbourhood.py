"""The map of neighbours: what looks alike lies side by side, and a collection that grew keeps its map."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from worker.engine.clusters import neighbourhood
from worker.engine.clusters.geometry import geometry_rows
from worker.engine.clusters.neighbourhood import lay_out
from worker.engine.clusters.reduction import Plane, lay_flat, principal_axes
from worker.engine.clusters.rows import HeldRows


def rows_of(count: int, clusters: int, seed: int = 0) -> NDArray[np.float32]:
    """Row i is in cluster i % clusters, in 200 dimensions, of which the plane shows two."""
    chance = np.random.default_rng(seed)
    centres = chance.random((clusters, 200))
    return (centres[np.arange(count) % clusters] + 0.35 * chance.standard_normal((count, 200))).astype(np.float32)


def plane_of(features: NDArray[np.float32]) -> Plane:
    points = geometry_rows(features, "cosine")
    points, every = points - (points.mean(axis=0) if len(points) else 0), np.arange(len(points))
    return lay_flat(points, principal_axes(points, 32, 0), every, every)


def same_neighbours(positions: NDArray[np.float32], labels: NDArray[np.intp]) -> float:
    """Share of the ten nearest on a map that are of the same cluster."""
    near = NearestNeighbors(n_neighbors=11).fit(positions).kneighbors(positions, return_distance=False)[:, 1:]
    return float((labels[near] == labels[:, None]).mean())


def test_pictures_of_a_cluster_lie_side_by_side_more_than_on_the_plane() -> None:
    features, labels = rows_of(240, 8), np.arange(240) % 8
    plane = plane_of(features)
    found = lay_out(HeldRows(features), plane, "cosine", 0)
    assert found.positions.shape == (240, 2)
    assert found.positions.dtype == np.float32
    np.testing.assert_array_equal(found.at, np.arange(240))
    assert same_neighbours(found.positions, labels) > 0.97
    assert same_neighbours(plane.positions, labels) < 0.95


def test_it_is_the_same_every_time() -> None:
    features = rows_of(60, 3)
    maps = [lay_out(HeldRows(features), plane_of(features), "cosine", 0).positions for _ in range(2)]
    np.testing.assert_array_equal(*maps)


@pytest.mark.parametrize("seed", range(4))
def test_a_collection_that_grew_keeps_its_map(seed: int) -> None:
    """Not mirrored, not turned: each cluster's middle stays where it was, within the map's own width."""
    features = rows_of(220, 5, seed)
    before, after = (
        lay_out(HeldRows(some), plane_of(some), "cosine", 0).positions for some in (features[:200], features)
    )
    labels = np.arange(200) % 5
    middles = [
        np.stack([shown[:200][labels == number].mean(axis=0) for number in range(5)]) / shown.std()
        for shown in (before, after)
    ]
    assert np.corrcoef(middles[0].ravel(), middles[1].ravel())[0, 1] > 0.95


@pytest.mark.parametrize("seed", range(10))
def test_the_axes_of_the_plane_keep_their_direction(seed: int) -> None:
    features = rows_of(41, 4, seed)
    before, after = plane_of(features[:40]).positions, plane_of(features).positions[:40]
    assert (np.sum(before * after, axis=0) > 0).all()


def test_many_are_shown_by_a_sample_at_equal_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbourhood, "SHOWN", 50)
    features = rows_of(200, 4)
    found = lay_out(HeldRows(features), plane_of(features), "cosine", 0)
    assert len(found.at) == len(found.positions) == 50
    assert (found.at[0], found.at[-1]) == (0, 199)
    assert set(np.diff(found.at)) <= {4, 5}


@pytest.mark.parametrize("geometry", ["cosine", "euclidean"])
@pytest.mark.parametrize("count", range(9))
def test_few_pictures_have_a_map_too(count: int, geometry: str) -> None:
    features = rows_of(count, 3)
    found = lay_out(HeldRows(features), plane_of(features), geometry, 0)  # type: ignore[arg-type]
    assert len(found.at) == len(found.positions) == count
    assert np.isfinite(found.positions).all()


def test_pictures_that_are_all_the_same_lie_in_one_place() -> None:
    features = np.ones((20, 8), np.float32)
    assert not np.ptp(lay_out(HeldRows(features), plane_of(features), "cosine", 0).positions, axis=0).any()
