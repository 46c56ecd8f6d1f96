"""The benchmark of clusters against labels: what the labels are, and that the scores are those of the partitions."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.semantics import label_of, notebook, ours, purity


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("forest_0042.jpg", "forest"),
        ("Forest-1.jpg", "forest"),
        ("seashore12.png", "seashore"),
        ("cats/1.jpg", "cats"),
        ("pets/cats/forest_1.jpg", "pets/cats"),
        ("0042.jpg", ""),
    ],
)
def test_a_label_is_the_subfolder_or_the_beginning_of_the_name(path: str, label: str) -> None:
    assert label_of(Path("/pictures") / path, Path("/pictures")) == label


def test_purity_counts_the_most_frequent_label_of_each_cluster() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2], np.int32)
    assert purity(truth, truth) == 1
    assert purity(np.zeros(6, np.int32), truth) == pytest.approx(2 / 6)
    assert purity(np.array([0, 0, 0, 0, 3, 3], np.int32), truth) == pytest.approx(4 / 6)


def test_planted_clusters_are_found_by_both_ways() -> None:
    chance = np.random.default_rng(0)
    truth = (np.arange(90) % 3).astype(np.int32)
    features = 10 * chance.random((3, 200), dtype=np.float32)[truth] + chance.random((90, 200), dtype=np.float32)
    for rows in (ours(features, "cosine", truth), notebook(features, truth)):
        assert [row[1] for row in rows] == [3, 3]
        assert [row[3:] for row in rows] == [["1.00"] * 3] * 2
    assert ours(features, "cosine", truth)[0][2] in ("clear", "weak")
