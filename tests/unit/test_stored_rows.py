"""Features in the store as rows: read in any chunks, and what is damaged is told and left out."""

import csv

import numpy as np
import pytest

from shared.errors import CorruptValue
from shared.records import ImageFacts
from shared.store import MemoryStore
from tests.unit.test_recluster import Desk, desk, fill
from worker.engine.search.encoding import encode
from worker.pipeline.reclustering.recluster import recluster
from worker.pipeline.reclustering.rows import StoredRows

__all__ = ["desk"]  # the fixture


def stored(count):
    store = MemoryStore()
    features = np.random.default_rng(0).random((count, 4096), dtype=np.float32)
    digests = [f"{number:064x}" for number in range(count)]
    images = zip(digests, encode(features), strict=True)
    store.put_images("e1", [(digest, ImageFacts(4, 3), raw, b"") for digest, raw in images])
    return StoredRows(store, "e1", digests), features


def test_rows_are_read_where_they_are_wanted():
    rows, features = stored(20)
    assert len(rows) == 20
    assert len(rows.read(np.array([], dtype=np.intp))) == 0
    for at in ([3], [0, 7, 19]):
        np.testing.assert_allclose(rows.read(np.array(at, dtype=np.intp)), features[at], atol=1e-3)


def test_what_is_missing_or_damaged_is_told_and_left_out():
    rows, _ = stored(9)
    rows.store.put_images("e1", [(rows.digests[4], ImageFacts(4, 3), b"damaged", b"")])
    wanted = StoredRows(rows.store, "e1", [*rows.digests, "missing"])
    with pytest.raises(CorruptValue, match="features of 2 images are missing or damaged"):
        wanted.read(np.arange(10))
    kept = wanted.without_damaged()
    assert kept.digests == [digest for digest in rows.digests if digest != rows.digests[4]]
    assert kept.read(np.arange(8)).shape == (8, 4096)


def test_a_generation_is_made_of_the_images_whose_features_are_sound(desk: Desk) -> None:
    fill(desk, families=2)
    [record] = desk.store.records(["f0-0.png"])
    assert record
    desk.store.put_images("e1", [(record.digest, ImageFacts(40, 30), b"damaged", b"")])
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    with (desk.reclustering.reports / "latest" / "assignments.csv").open(newline="") as lines:
        paths = [row["path"] for row in csv.DictReader(lines)]
    assert len(paths) == 11
    assert "f0-0.png" not in paths
