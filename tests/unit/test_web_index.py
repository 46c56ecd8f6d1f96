"""The report in memory: who is where, and what follows a new one."""

import csv
import json
import math
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.failures import FailureKind
from shared.records import Kind, Reference
from tests.failed import mark_failed
from tests.unit.test_recluster import Desk, fill
from worker.pipeline.reclustering.recluster import recluster
from worker.web.index import NONE, Index, read_index
from worker.web.newest import Newest
from worker.web.paging import part_of


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_index_has_what_the_report_says(desk: Desk) -> None:
    fill(desk)
    desk.add("=copy.png", 0, 0)  # a spreadsheet's formula, which the tables write otherwise
    desk.add("latin-\udce9.png", 1, 1)
    mark_failed(desk.store, [(Reference("-bad.jpg", 1, 1), "empty file")], FailureKind.EMPTY, now=1.0)
    recluster(desk.reclustering, force=False)
    index = read_index((desk.reclustering.reports / "latest").resolve())
    with (index.folder / "assignments.csv").open(errors="surrogateescape", newline="") as lines:
        rows = {row["path"].removeprefix("./"): row for row in csv.DictReader(lines)}
    assert list(index.paths) == sorted(rows)
    assert len(rows) == 20
    for path, row in rows.items():
        image = index.find(path)
        assert image
        found = (image.digest, str(image.cluster), image.verdict, image.duplicate_of, str(image.size))
        assert found == (row["digest"], row["cluster"], row["verdict"], row["duplicate_of"], row["bytes"])
        assert math.isclose(image.distance or 0, float(row["distance"]), abs_tol=1e-6)
    assert index.find("nowhere.png") is None
    copy = index.find("=copy.png")
    assert copy
    group = index.group_of(copy.row)
    assert group
    assert group is index.group(group.number)
    assert {index.image(member.row).path for member in group.members} == {"=copy.png", "f0-0.png"}
    assert group.keeper.kind is Kind.EXACT
    assert group.bytes_to_free == group.duplicates[0].size
    assert index.group(99) is None
    assert index.failures == (("-bad.jpg", "empty file"),)
    assert index.find("latin-\udce9.png")


def test_a_sheet_holds_the_different_pictures_of_a_cluster_nearest_first(desk: Desk) -> None:
    fill(desk)
    desk.add("copy.png", 0, 0)
    recluster(desk.reclustering, force=False)
    index = read_index((desk.reclustering.reports / "latest").resolve())
    sheets = [index.sheet(number) for number in range(3)]
    assert sorted(len(sheet) for sheet in sheets) == [6, 6, 6]
    for number, sheet in enumerate(sheets):
        assert set(index.clusters[sheet]) == {number}
        assert (np.diff(index.distances[sheet]) >= 0).all()
        assert (index.keepers[sheet] == NONE).all()
    assert len(index.sheet(7)) == 0
    assert len(index.sheet(0, finer=3)) == 0


def test_a_damaged_table_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps({"generation": "g"}))
    head = "path,digest,cluster,distance,silhouette,verdict,duplicate_of\n"
    for name in ("duplicates.csv", "variants.csv", "failures.csv"):
        (tmp_path / name).write_text("")
    for rows in (
        "b.png,00,0,0,0,unique,\na.png,00,0,0,0,unique,\n",
        "a.png,00,0,0,0,what,\n",
        "a.png,xy,0,0,0,unique,\n",
    ):
        (tmp_path / "assignments.csv").write_text(head + rows)
        with pytest.raises((ValueError, LookupError)):
            read_index(tmp_path)


def publish(reports: Path, generation: str) -> None:
    (reports / generation).mkdir(parents=True)
    link = reports / "new"
    link.symlink_to(generation)
    link.replace(reports / "latest")


def empty(folder: Path) -> Index:
    none = np.zeros(0, np.int32)
    floats = np.zeros(0, np.float32)
    numbers = (none, none, floats, floats, none.astype(np.int64), none.astype(np.uint8), none, none)
    return Index(folder.name, folder, {}, [], np.zeros((0, 32), np.uint8), *numbers)


def test_a_new_report_is_read_once_while_the_one_before_still_answers(tmp_path: Path) -> None:
    read, gate = list[str](), threading.Event()

    def slowly(folder: Path) -> Index:
        read.append(folder.name)
        if folder.name == "g2":
            gate.wait(10)
        return empty(folder)

    newest = Newest(tmp_path, slowly)
    assert newest.index() is None
    publish(tmp_path, "g1")
    first = newest.index()
    assert first
    assert first.generation == "g1"
    publish(tmp_path, "g2")
    assert [newest.index() for _ in range(5)] == [first] * 5
    gate.set()
    newest.refresh()
    second = newest.index()
    assert second
    assert (second.generation, read) == ("g2", ["g1", "g2"])


def test_a_report_that_cannot_be_read_leaves_the_one_before(tmp_path: Path) -> None:
    publish(tmp_path, "g1")
    newest = Newest(tmp_path, empty)
    first = newest.index()
    newest._read = read_index  # the folder is empty: nothing to read
    publish(tmp_path, "g2")
    newest.refresh()
    assert newest.index() is first


@given(st.integers(0, 300), st.integers(-5, 50), st.integers(1, 70))
def test_parts_of_a_list_are_the_list(length: int, number: int, size: int) -> None:
    items = list(range(length))
    whole = [item for page in range(1, part_of(items, 1, size).pages + 1) for item in part_of(items, page, size).items]
    assert whole == items
    part = part_of(items, number, size)
    assert 1 <= part.number <= part.pages
    assert (part.before is None) == (part.number == 1)
    assert (part.after is None) == (part.number == part.pages)
    assert part.items or not items
