"""The duplicates of a report, read back as they were written, whatever the names."""

from pathlib import Path

import pytest

from shared.acting.duplicates import ReportedDuplicate, read_duplicates
from shared.errors import PermanentError
from shared.records import Kind
from shared.reports import ReportFolder
from tests.unit.report_parts import digest_of, make_report, member
from worker.engine.groups.variants import Variant
from worker.engine.report import tables

NAMES = ["=a.jpg", "-b/@c.jpg", "+", "\tx", "\rline", "a,b;\"c'\n.jpg", "not utf-8 \udcff", "ü", "plain.jpg"]


def write(folder: Path) -> None:
    files = [member(f"{name}", index, 10 + index, 1) for index, name in enumerate(NAMES)]
    files += [member(f"downloads/{name}", index, 10 + index, 2) for index, name in enumerate(NAMES)]
    report = make_report(files)
    tables.write_csv(folder / "assignments.csv", tables.ASSIGNMENTS, tables.assignment_rows(report.assignments))
    tables.write_csv(folder / "duplicates.csv", tables.DUPLICATES, tables.duplicate_rows(report.groups))


def test_every_name_comes_back(tmp_path: Path) -> None:
    write(tmp_path)
    found = read_duplicates(tmp_path)
    assert {one.path: one.keeper for one in found} == {f"downloads/{name}": name for name in NAMES}
    assert all(one.digest == one.keeper_digest for one in found)
    assert {one.kind for one in found} == {"exact"}
    assert sorted(one.bytes for one in found) == list(range(10, 10 + len(NAMES)))


def test_variants_come_only_where_they_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    assert read_duplicates(tmp_path, [Kind.VARIANT]) == read_duplicates(tmp_path)  # of a version that knew none
    variants = [Variant(member(NAMES[0], 0), member(NAMES[6], 6), 0.9, 0.03, "=differs")]
    tables.write_csv(tmp_path / "variants.csv", tables.VARIANTS, tables.variant_rows(variants))
    duplicates = read_duplicates(tmp_path, [Kind.NEAR])
    assert duplicates == read_duplicates(tmp_path)
    *others, variant = read_duplicates(tmp_path, [Kind.NEAR, Kind.VARIANT])
    assert others == duplicates
    assert variant == ReportedDuplicate(
        0, NAMES[0], digest_of(0), 10, Kind.VARIANT, 0.9, NAMES[6], digest_of(6), keeper_bytes=16, reason="=differs"
    )


def test_a_report_that_is_not_whole_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"recluster --force --wait"):
        read_duplicates(tmp_path)
    write(tmp_path)
    text = (tmp_path / "assignments.csv").read_text(errors="surrogateescape").replace("plain.jpg", "other.jpg")
    (tmp_path / "assignments.csv").write_text(text, errors="surrogateescape")
    with pytest.raises(PermanentError, match=r"plain\.jpg"):
        read_duplicates(tmp_path)


@pytest.mark.parametrize("text", ["", '{"cut', "[]", "null", "\udcff"])
def test_a_damaged_summary_is_a_sentence_with_the_way_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text, errors="surrogateescape")
    with pytest.raises(PermanentError, match=r"summary\.json .* cannot be read .* `imagesieve recluster --force"):
        ReportFolder(tmp_path).summary()


def test_a_summary_that_is_not_there_is_one_too(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="No such file"):
        ReportFolder(tmp_path).summary()
