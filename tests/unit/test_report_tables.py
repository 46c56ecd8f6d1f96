"""The CSV files: exact columns, and names that survive whatever is in them."""

import csv
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.admission import Why
from shared.records.passed_over import Passed
from tests.unit.report_parts import make_report, member, twelve_files
from worker.engine.clusters.naming import Names
from worker.engine.groups.variants import Variant
from worker.engine.report import tables
from worker.engine.report.model import Failure

# What os.fsdecode gives: any text without NUL, and lone surrogates for bytes that are not UTF-8.
names = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), st.sampled_from("\udc80\udcff=+-@\t\r\n\",'")
    ),
    min_size=1,
    max_size=12,
)


def read(path):
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.reader(file))


def written(path, header, rows):
    tables.write_csv(path, header, rows)
    return read(path)


def test_what_was_passed_over(tmp_path):
    passed = [
        Passed("a/b.XMP", 12, Why.SUFFIX),
        Passed("=1.json", 3, Why.EXCLUDED),
        Passed("@eaDir/", 0, Why.NAME),
        Passed("hash", 1, Why.SUFFIX),
    ]
    header, *rows = written(tmp_path / "p.csv", tables.PASSED_OVER, tables.passed_rows(passed))
    assert header == ["path", "suffix", "bytes", "reason"]
    assert rows == [
        ["a/b.XMP", ".xmp", "12", "no picture by its suffix"],
        ["./=1.json", ".json", "3", "excluded by IMAGESIEVE_EXCLUDE"],
        ["./@eaDir/", "", "0", "hidden, unfinished, a backup or another program's"],
        ["hash", ".", "1", "no picture by its suffix"],
    ]


def test_assignments(tmp_path):
    report = make_report(twelve_files())
    names = Names({report.assignments[0].cluster: "=alp, valley"})
    header, *rows = written(tmp_path / "a.csv", tables.ASSIGNMENTS, tables.assignment_rows(report.assignments, names))
    columns = "path,digest,cluster,distance,silhouette,verdict,duplicate_of,variant_of,bytes,subcluster,cluster_name"
    columns += ",subcluster_name"
    assert ",".join(header) == columns
    assert (tmp_path / "a.csv").read_bytes().startswith(f"{columns}\n".encode())
    assert len(rows) == 12
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    by_path = {row[0]: row for row in rows}
    assert by_path["copy of 3.jpg"][5:10] == ["exact", "03.jpg", "", "1003", ""]
    assert by_path["03.jpg"][5:10] == ["unique", "", "", "1003", ""]
    assert by_path["00.jpg"][10] == "'=alp, valley"  # no formula
    assert by_path["03.jpg"][10] == ""
    assert all(0 <= float(row[3]) <= 2 and -1 <= float(row[4]) <= 1 for row in rows)


def test_without_silhouettes_the_column_is_empty(tmp_path):
    report = make_report([member("a", 0), member("b", 1)])
    _, *rows = written(tmp_path / "a.csv", tables.ASSIGNMENTS, tables.assignment_rows(report.assignments))
    assert [row[4] for row in rows] == ["", ""]


def test_duplicates(tmp_path):
    report = make_report(twelve_files())
    header, *rows = written(tmp_path / "d.csv", tables.DUPLICATES, tables.duplicate_rows(report.groups))
    assert header[:9] == ["group", "path", "role", "kind", "similarity", "bytes", "frees", "may_free", "companions"]
    assert header[9:] == ["kept_by", "keeper_rule", "reason"]
    assert rows == [
        ["1", "03.jpg", "keeper", "exact", "1.0000", "1003", "0", "0", "", "", "name", ""],
        ["1", "copy of 3.jpg", "duplicate", "exact", "1.0000", "1003", "1003", "0", "", "", "", "the same bytes"],
        ["2", "00.jpg", "keeper", "exact", "1.0000", "1000", "0", "0", "", "", "name", ""],
        ["2", "copy of 0.jpg", "duplicate", "exact", "1.0000", "1000", "1000", "0", "", "", "", "the same bytes"],
    ]


def test_variants(tmp_path):
    clean, captioned = member("clean.jpg", 0), member("-captioned.jpg", 1)
    variants = [Variant(captioned, clean, 0.9, 0.03125, "=differs in 3 %")]
    header, *rows = written(tmp_path / "v.csv", tables.VARIANTS, tables.variant_rows(variants))
    assert ",".join(header) == "path,variant_of,similarity,share,reason"
    assert rows == [["./-captioned.jpg", "clean.jpg", "0.9000", "0.0312", "'=differs in 3 %"]]
    assert written(tmp_path / "v.csv", tables.VARIANTS, tables.variant_rows([])) == [list(tables.VARIANTS)]


def test_failures(tmp_path):
    failures = [Failure("a\nb.jpg", "It is empty."), Failure("c", "=HYPERLINK(1)")]
    header, *rows = written(tmp_path / "f.csv", tables.FAILURES, tables.failure_rows(failures))
    assert ",".join(header) == "path,reason"
    assert rows == [["a\nb.jpg", "It is empty."], ["c", "'=HYPERLINK(1)"]]


@given(st.lists(names, max_size=6, unique=True))
def test_any_name_survives_the_round_trip(tmp_path_factory, paths):
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    _, *rows = written(path, tables.FAILURES, tables.failure_rows(Failure(name, "It is empty.") for name in paths))
    assert [tables.path_cell(name) for name in paths] == [row[0] for row in rows]
    assert [PurePosixPath(name) for name in paths] == [PurePosixPath(row[0]) for row in rows]


@given(names)
def test_no_cell_starts_like_a_formula_and_other_names_stand_as_they_are(name):
    cell = tables.path_cell(name)
    assert cell[0] not in "=+-@\t\r"
    assert cell in (name, f"./{name}")
    assert (cell == name) is (name[0] not in "=+-@\t\r")
    assert tables.text_cell(name)[0] not in "=+-@\t\r"


@pytest.mark.parametrize(
    "name", ["a,b", 'say "hi"', "line\nfeed", "carriage\rreturn", "\udcff\udc80", "é", " x ", "\u2028"]
)
def test_awkward_names_stand_unchanged(tmp_path, name):
    assert written(tmp_path / "f.csv", tables.FAILURES, [(name, "r")])[1] == [name, "r"]


def test_bytes_that_are_not_utf_8_are_written_as_they_are(tmp_path):
    tables.write_csv(tmp_path / "f.csv", tables.FAILURES, [("caf\udce9.jpg", "r")])
    assert (tmp_path / "f.csv").read_bytes() == b"path,reason\ncaf\xe9.jpg,r\n"
