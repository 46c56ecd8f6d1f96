"""The plane of the map: principal components of pictures that are held anyway."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from worker.engine.clusters import clustering
from worker.engine.clusters.clustering import cluster
from worker.engine.clusters.division import Wish
from worker.engine.clusters.reduction import MAPPED_ROWS, Plane, lay_flat, principal_axes
from worker.engine.clusters.rows import HeldRows


def spread(n, d=64, seed=0):
    chance = np.random.default_rng(seed)
    return (chance.standard_normal((n, d)) / np.arange(1, d + 1) + 3).astype(np.float32)


def plane_of(points) -> Plane:
    centred, every = points - (points.mean(axis=0) if len(points) else 0), np.arange(len(points))
    return lay_flat(centred, principal_axes(centred, 32, 0), every, every)


def test_it_is_spanned_by_the_first_two_principal_components():
    points = spread(400)
    plane = plane_of(points)
    expected = PCA(2).fit(points)
    for own, true in zip(plane.positions.T, expected.transform(points).T, strict=True):
        assert min(np.abs(own - true).max(), np.abs(own + true).max()) < 0.01
    assert plane.share == pytest.approx(expected.explained_variance_ratio_.sum(), abs=0.001)


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (2, 5), (5, 1), (4, 5)])
def test_whatever_there_is_has_a_place(shape):
    n, _ = shape
    plane = plane_of(spread(*shape))
    assert plane.positions.shape == (n, 2)
    assert np.isfinite(plane.positions).all()
    assert 0 <= plane.share <= 1.001


def test_pictures_that_are_all_the_same_are_in_one_place():
    plane = plane_of(np.ones((7, 5), dtype=np.float32))
    assert (plane.share, np.ptp(plane.positions)) == (0.0, 0.0)


class Counted(HeldRows):
    """Rows that count how many of them were read."""

    read_rows = 0

    def read(self, at):
        Counted.read_rows += len(at)
        return super().read(at)


def test_the_map_reads_no_picture_and_is_bounded(monkeypatch):
    n, held = 1000, 200
    memory = int(held * 4 * 64 / clustering.HELD_SHARE)

    def run():
        Counted.read_rows = 0
        return cluster(Counted(spread(n)), "cosine", Wish(k_max=3), 0, 50, memory=memory), Counted.read_rows

    mapped, rows = run()
    assert held < MAPPED_ROWS
    assert len(mapped.plane.at) == held
    monkeypatch.setattr(clustering, "MAPPED_ROWS", 40)
    bounded, rows_again = run()
    assert len(bounded.plane.at) == len(bounded.plane.positions) == 40
    assert set(bounded.plane.at) <= set(mapped.plane.at)
    assert (
        rows_again == rows == 1 + held + 2 * n
    )  # one to know how long rows are, those that are held, and two passes over all
