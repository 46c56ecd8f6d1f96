"""The cluster of an image that is newer than the last generation."""

import dataclasses

import numpy as np
import pytest

from shared.records import Generation, ImageFacts
from shared.store import MemoryStore
from worker.engine.search.encoding import encode
from worker.pipeline.judging.nearest import NearestCluster, Placement


def publish(store: MemoryStore, name: str, extractor: str, first: int) -> None:
    """Two clusters, numbered from `first`; their centroids are the first two axes."""
    centroids = np.eye(2, 4096, dtype=np.float32)
    summary = {
        "generation": name,
        "geometry": "cosine",
        "extractor": {"id": extractor},
        "clusters": [{"number": first}, {"number": first + 1}],
    }
    store.publish(Generation(name, 1, extractor, 2, centroids.tobytes(), {"far": 0}, summary), keep=2)


def test_the_nearest_centroid_of_the_newest_generation_counts() -> None:
    store = MemoryStore()
    rows = np.eye(2, 4096, dtype=np.float32) * 5
    store.put_images("e", [(name, ImageFacts(1, 1), encode(rows)[row], b"") for row, name in enumerate("ab")])
    nearest = NearestCluster(store, "e")
    assert [one.cluster for one in nearest(["a"])] == [None]
    publish(store, "1", "e", first=0)
    assert [one.cluster for one in nearest(["a", "missing", "b"])] == [0, None, 1]
    publish(store, "2", "e", first=7)
    assert [one.cluster for one in nearest(["a", "b"])] == [7, 8]
    publish(store, "3", "another", first=0)
    assert [one.cluster for one in nearest(["a"])] == [None]


@pytest.mark.parametrize("cut", [8, 10, 4096, 8 * 4096])
def test_centroids_that_were_cut_off_name_no_cluster(cut: int) -> None:
    store = MemoryStore()
    [raw] = encode(np.eye(1, 4096, dtype=np.float32))
    store.put_images("e", [("a", ImageFacts(1, 1), raw, b"")])
    publish(store, "1", "e", first=0)
    whole = store.generation()
    assert whole
    store.publish(
        dataclasses.replace(
            whole, id="2", summary={**whole.summary, "generation": "2"}, centroids=whole.centroids[:-cut]
        ),
        keep=2,
    )
    assert NearestCluster(store, "e")(["a"]) == [Placement()]


@pytest.mark.parametrize("geometry", ["cosine", "euclidean"])
def test_a_picture_strays_that_is_farther_than_nearly_all_of_its_cluster(geometry: str) -> None:
    store = MemoryStore()
    rows = np.zeros((2, 4096), np.float32)
    rows[:, 0], rows[1, 1] = 1, 0.8  # the cosine of the angle to the first axis: 1 and 0.78
    store.put_images("e", [(name, ImageFacts(1, 1), raw, b"") for name, raw in zip("ab", encode(rows), strict=True)])
    summary = {
        "generation": "1",
        "geometry": geometry,
        "extractor": {"id": "e"},
        "clusters": [{"number": 4, "reach": 0.2}],
    }
    centroid = np.eye(1, 4096, dtype=np.float32) * (1 if geometry == "euclidean" else 0.5)
    store.publish(Generation("1", 1, "e", 1, centroid.tobytes(), {}, summary), keep=2)
    assert NearestCluster(store, "e")(["a", "b"]) == [Placement(4), Placement(4, strays=True)]
