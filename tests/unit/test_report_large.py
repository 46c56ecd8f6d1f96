"""The page of a large collection: below 20 MB in the worst case, and it says what it leaves out."""

import io

import numpy as np
import pytest
from PIL import Image

from shared.records import Kind
from shared.records.history import HISTORY_KEPT, Snapshot
from tests.unit.report_parts import EXTRACTOR, page_of, unquestioned
from tests.unit.test_report_page import Page
from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.reduction import MAPPED_ROWS, Plane
from worker.engine.clusters.selection import choose
from worker.engine.groups.groups import Duplicate, Group, Member
from worker.engine.groups.variants import Variant
from worker.engine.report.album import CLUSTERS, GROUP_TILES, MEMBERS, VARIANTS_SHOWN
from worker.engine.report.model import Failure, Meta, build_report
from worker.engine.report.page import FAILURES_SHOWN
from worker.pipeline.reclustering.thumbnails import LONG_SIDE, QUALITY

IMAGES = 100_000
K = CLUSTERS + 20
SIZE = 10  # of a group; every fifth image begins one
CHANCE = np.random.default_rng(0)


def worst_thumbnail(_path):
    """Noise, which JPEG cannot make small."""
    buffer = io.BytesIO()
    Image.fromarray(CHANCE.integers(0, 256, (LONG_SIDE, LONG_SIDE, 3), dtype=np.uint8)).save(
        buffer, "JPEG", quality=QUALITY, subsampling=0
    )
    return buffer.getvalue()


def made_up_clustering():
    labels = np.arange(IMAGES, dtype=np.int32) % K
    shown = np.sort(CHANCE.choice(IMAGES, MAPPED_ROWS, replace=False))
    return Clustering(
        geometry="cosine",
        choice=choose(
            [1e6 / k for k in range(1, 31)], [None, *(0.3 - 0.005 * k for k in range(2, 31))], unquestioned()
        ),
        labels=labels,
        numbers=np.arange(K, dtype=np.int32),
        centroids=np.zeros((K, 2), dtype=np.float32),
        distances=CHANCE.random(IMAGES, dtype=np.float32),
        silhouettes=CHANCE.normal(0.2, 0.2, IMAGES).astype(np.float32),
        sample=IMAGES,
        margin=None,
        subclusters=np.full(IMAGES, -1, dtype=np.int32),
        subdistances=np.full(IMAGES, np.nan, dtype=np.float32),
        plane=Plane(shown, CHANCE.normal(size=(MAPPED_ROWS, 2)).astype(np.float32), 0.3),
    )


@pytest.fixture(scope="module")
def report():
    # A name of 255 bytes as ext4 allows it, all of characters that HTML spells with five.
    files = [Member(f"{'&' * 249}{index:06d}", f"{index:064x}", 5_000_000, 4000, 3000, 1) for index in range(IMAGES)]
    groups = [
        Group(number, files[first], tuple(Duplicate(file, Kind.NEAR, 0.9, "&" * 60) for file in rest))
        for number, first in enumerate(range(0, IMAGES, 2 * SIZE), start=1)
        if (rest := files[first + 1 : first + SIZE])
    ]
    place = (0.1, 0.1, 0.2, 0.2)
    variants = [Variant(files[at], files[at + 1], 0.9, 0.01, "&" * 400, (place, place)) for at in range(10_000, 10_200)]
    failures = [Failure(f"{'&' * 249}{index:06d}", f"{'&' * 400}{index}") for index in range(2_000)]
    history = tuple(
        Snapshot(f"g{number}", f"2026-{1 + number % 12:02d}-01T00:00:00+00:00", number, 0, 9, 0, 1, 0)
        for number in range(HISTORY_KEPT)
    )
    meta = Meta("g", "2026-12-31T00:00:00+00:00", EXTRACTOR, history=history, keeper_order=("path",))
    clustering = made_up_clustering()
    return build_report(files, clustering, [file.digest for file in files], groups, failures, meta, variants)


def test_the_page_of_100_000_images_is_below_20_megabytes_and_says_what_it_cut(report):
    html = page_of(report, worst_thumbnail)
    assert 15_000_000 < len(html.encode()) < 20_000_000  # the worst case uses what it may, and no more
    shown = Page(html)
    groups = GROUP_TILES // MEMBERS
    assert len(shown.with_class("keep")) == groups
    assert f"{IMAGES // (2 * SIZE) - groups:,} smaller groups are only in duplicates.csv" in shown.words
    assert f"and {SIZE - MEMBERS} more files, in duplicates.csv" in shown.words
    assert f"{200 - VARIANTS_SHOWN} more are only in variants.csv" in shown.words
    assert f"{K - CLUSTERS} smaller clusters are only in assignments.csv" in shown.words
    assert f"The first {FAILURES_SHOWN} are listed, all of them in failures.csv" in shown.words
    assert "some previews are left out" in shown.words
    assert f"{HISTORY_KEPT + 1:,} generations since" in shown.words
    # Cut in the groups first: the clusters have a share of their own.
    groups, others = html.split('id="variants"')
    variants, clusters = others.split('id="clusters"')
    assert "no preview" in groups
    assert "data:image/jpeg" in variants
    assert "data:image/jpeg" in clusters


def test_previews_of_common_size_all_have_room(report):
    html = page_of(report, lambda path: b"\xff" * 5_000)
    assert "no preview" not in html
