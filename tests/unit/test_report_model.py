"""Building a report from the parts of a generation."""

from dataclasses import replace

import numpy as np
import pytest

from shared.records import Kind
from tests.unit.report_parts import digest_of, make_report, member, page_of, twelve_files
from worker.engine.groups.groups import Duplicate, Group
from worker.engine.report.clusters import NEAREST_NAMED, reduction
from worker.engine.report.model import build_report


def test_the_notebooks_formula():
    assert reduction(25, 100, 4) == pytest.approx((25 / 100) * (1 - 4 / 100) * 100)
    assert sum(reduction(images, 100, 4) for images in (25, 40, 30, 5)) == pytest.approx(96)
    assert reduction(0, 0, 0) == 0


def test_totals():
    report = make_report(twelve_files(), [("broken.jpg", "It is empty.")], waiting=4)
    totals = report.totals
    assert (totals.images, totals.distinct, totals.duplicates, totals.groups) == (12, 10, 2, 2)
    assert (totals.failed, totals.waiting, totals.clusters) == (1, 4, 2)
    assert totals.bytes == sum(range(1000, 1010)) + 2003
    assert (totals.bytes_to_free, totals.bytes_to_prove) == (2003, 0)


def test_every_file_has_a_row_sorted_by_path_and_copies_share_their_cluster():
    report = make_report(list(reversed(twelve_files())))
    rows = {row.member.path: row for row in report.assignments}
    assert [row.member.path for row in report.assignments] == sorted(rows)
    assert len(rows) == 12
    for copy, original in (("copy of 0.jpg", "00.jpg"), ("copy of 3.jpg", "03.jpg")):
        assert (rows[copy].verdict, rows[copy].duplicate_of) == ("exact", original)
        assert (rows[original].verdict, rows[original].duplicate_of) == ("unique", "")
        assert rows[copy].cluster == rows[original].cluster
        assert rows[copy].distance == rows[original].distance
        assert rows[copy].silhouette == rows[original].silhouette is not None
    assert {row.verdict for path, row in rows.items() if not path.startswith("copy")} == {"unique"}
    assert rows["01.jpg"].cluster == rows["03.jpg"].cluster != rows["02.jpg"].cluster


def test_clusters_count_files_and_verified_duplicates():
    report = make_report(twelve_files())
    assert [cluster.number for cluster in report.clusters] == [0, 1]
    for cluster in report.clusters:
        assert (cluster.images, cluster.distinct, cluster.duplicates) == (6, 5, 1)
        assert cluster.reduction == pytest.approx(6 / 12 * (1 - 2 / 12) * 100)
        assert cluster.silhouette > 0.9
    assert sum(cluster.bytes_to_free for cluster in report.clusters) == report.totals.bytes_to_free


def test_the_nearest_are_keepers_nearest_first():
    report = make_report(twelve_files())
    distance = {row.member.path: row.distance for row in report.assignments}
    for cluster in report.clusters:
        near = [file.path for file in cluster.nearest]
        assert len(near) == 5
        assert not any(path.startswith("copy") for path in near)
        assert [distance[path] for path in near] == sorted(distance[path] for path in near)


def test_the_nearest_are_bounded():
    report = make_report([member(f"{index}.jpg", index) for index in range(80)])
    assert {len(cluster.nearest) for cluster in report.clusters} == {NEAREST_NAMED}


def test_a_sampled_silhouette_is_missing_where_it_is_not_known():
    report = make_report([member(f"{index:03d}", index) for index in range(150)], geometry="euclidean", sample=100)
    assert sum(row.silhouette is not None for row in report.assignments) == 100
    assert all(cluster.silhouette is not None for cluster in report.clusters)


def test_failures_are_sorted():
    report = make_report([], [("b", "2"), ("a", "1")])
    assert [failure.path for failure in report.failures] == ["a", "b"]


def test_an_empty_collection():
    report = make_report([])
    assert report.totals.images == report.totals.clusters == report.totals.bytes_to_free == 0
    assert report.assignments == report.clusters == report.groups == ()


def test_a_file_that_was_not_clustered_is_an_error():
    report = make_report([member("a.jpg", 0)])
    with pytest.raises(ValueError, match=r"new\.jpg.* not clustered"):
        build_report([member("new.jpg", 5)], report.clustering, [digest_of(0)], [], [], report.meta)


def test_duplicates_follow_their_keeper_and_are_not_shown():
    files = [member(f"{index}", index) for index in range(10)]
    other = next(row for row in range(10) if make_report(files).assignments[row].cluster == 1)
    copy = member("copy", 77)
    group = Group(1, files[other], (Duplicate(copy, Kind.NEAR, 0.9, "same picture"),))
    base = make_report(files)
    report = build_report([*files, copy], base.clustering, list(map(digest_of, range(10))), [group], [], base.meta)
    rows = {row.member.path: row for row in report.assignments}
    kept, follows = rows[files[other].path], rows["copy"]
    assert (follows.cluster, follows.distance, follows.silhouette) == (kept.cluster, kept.distance, kept.silhouette)
    assert follows.duplicate_of == kept.member.path
    assert copy not in [file for cluster in report.clusters for file in cluster.nearest]
    assert [cluster.images for cluster in report.clusters] == [5, 6]


def test_finer_clusters_are_counted_in_files_and_shown():
    files = twelve_files()
    base = make_report(files)
    finer = np.where(base.clustering.labels == 0, np.arange(10) // 2 % 2, -1).astype(np.int32)
    away = np.arange(10, 0, -1).astype(np.float32)
    clustering = replace(base.clustering, subclusters=finer, subdistances=away)
    digests = list(map(digest_of, range(10)))
    report = build_report(files, clustering, digests, base.groups, [], base.meta)
    first, second = report.clusters
    assert [one.number for one in first.subclusters] == [0, 1]
    assert (sum(one.images for one in first.subclusters), second.subclusters) == (first.images, ())
    for one in first.subclusters:
        places = [digests.index(file.digest) for file in one.typical]
        assert places == sorted(places, reverse=True)  # nearest to its middle first, as `away` has it
        assert {int(finer[place]) for place in places} == {one.number}
    rows = {row.member.path: row.subcluster for row in report.assignments}
    assert rows["copy of 0.jpg"] == rows["00.jpg"]
    assert {row.subcluster for row in report.assignments if row.cluster == second.number} == {None}
    assert "again into 2 finer clusters" in page_of(report, lambda path: None)
