"""summary.json and summary.txt."""

import dataclasses
import json
import re

import pytest
from rich.cells import cell_len

from shared.admission import Why
from shared.records.history import Snapshot
from shared.records.passed_over import Amount, PassedOver
from tests.unit.report_parts import EXTRACTOR, WARNED, jpeg, make_report, member, page_of, twelve_files
from worker.engine.report.summary import GENERATIONS_LISTED, REASONS_LISTED, summary
from worker.engine.report.text import KINDS_SHOWN, NARROW, WIDTH, summary_text

FAILURES = [("x.jpg", "It is empty."), ("y.jpg", "It is empty."), ("z.txt", "It is no image.")]


def cells(text, first):
    """The cells of the grid row that begins with `first`."""
    (line,) = [line for line in text.splitlines() if re.match(rf"\| {re.escape(first)} +\|", line)]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_summary_is_plain_json():
    values = summary(make_report(twelve_files(), FAILURES, waiting=1, seconds={"cluster": 1.5}))
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["generation"] == "20261123T041500"
    assert values["created"] == "2026-11-23T04:15:00+00:00"
    assert values["counts"] == {
        "images": 12, "distinct": 10, "duplicates": 2, "groups": 2, "failed": 3, "waiting": 1, "clusters": 2,
        "variants": 0, "outliers": 0, "changed": 0,
    }  # fmt: skip
    assert values["bytes_to_free"] == 2003
    assert values["k"] == 2
    assert values["geometry"] == "cosine"
    assert values["thresholds"] == {}
    assert values["seconds"] == {"cluster": 1.5}
    assert values["failures"] == {"It is empty.": 2, "It is no image.": 1}
    assert values["extractor"] == {
        "id": EXTRACTOR.id, "label": EXTRACTOR.label, "weights": "imagenet", "warning": "",
    }  # fmt: skip
    assert [cluster["images"] for cluster in values["clusters"]] == [6, 6]
    assert values["history"] == [
        {
            "generation": "20261123T041500", "created": "2026-11-23T04:15:00+00:00", "images": 12, "duplicates": 2,
            "k": 2, "failed": 3, "size": values["bytes"], "bytes_to_free": 2003,
        }
    ]  # fmt: skip


def test_what_was_passed_over_is_said_by_suffix():
    suffixes = {".xmp": Amount(1200, 5000), **{f".{number:02}": Amount(1, 10) for number in range(20)}}
    report = make_report(twelve_files(), passed_over=PassedOver(suffixes, {Why.LINK: Amount(2, 0)}))
    passed = summary(report)["passed_over"]
    assert (passed["files"], passed["bytes"]) == (1222, 5200)
    assert passed["kinds"][0] == [".xmp", 1200, 5000]
    assert len(passed["kinds"]) == 22
    text = summary_text(report)
    assert cells(text, "Passed over")[1] == "1,222 (5.2 kB): not pictures by their names"
    assert cells(text, ".xmp") == [".xmp", "1,200", "5.0 kB"]
    assert cells(text, "(others)") == ["(others)", str(22 - KINDS_SHOWN + 1), f"{10 * (21 - KINDS_SHOWN)} B"]
    assert "Passed over" not in summary_text(make_report(twelve_files()))


def test_the_summary_lists_the_newest_generations():
    past = tuple(Snapshot(f"g{number}", "2026", number, 0, 1, 0, 1, 0) for number in range(GENERATIONS_LISTED + 5))
    listed = summary(make_report(twelve_files(), history=past))["history"]
    assert [entry["generation"] for entry in listed[:2]] == ["20261123T041500", f"g{GENERATIONS_LISTED + 4}"]
    assert len(listed) == GENERATIONS_LISTED


def test_the_summary_says_how_k_was_chosen():
    choice = summary(make_report(twelve_files()))["choice"]
    assert choice["silhouette"] == 2
    assert choice["structured"] is True
    assert choice["sampled"] is False
    assert (choice["sample"], choice["margin"]) == (10, None)
    assert len(choice["inertias"]) == len(choice["silhouettes"]) == 10
    assert choice["silhouettes"][0] is choice["silhouettes"][9] is None
    assert choice["mean_silhouette"] == choice["silhouettes"][1] > choice["without_structure"]
    assert {"elbow", "agree", "reason", "strength"} <= choice.keys()


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_hardly_any_images_still_have_a_summary(count):
    report = make_report([member(f"{index}.jpg", index) for index in range(count)])
    values = summary(report)
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["k"] == [0, 1, 1, 2][count]
    assert f"| Images              | {count} (" in summary_text(report)


def test_the_notebooks_table_stands_beside_the_true_figures():
    text = summary_text(make_report(twelve_files()))
    assert cells(text, "Category") == [
        "Category", "Images", "Reduction (%)", "Duplicates", "Frees", "Silh.",
    ]  # fmt: skip
    expected = f"{6 / 12 * (1 - 2 / 12) * 100:.2f}"
    assert cells(text, "Cluster_0")[:5] == ["Cluster_0", "6", expected, "1", "1.0 kB"]
    assert cells(text, "Cluster_1")[:5] == ["Cluster_1", "6", expected, "1", "1.0 kB"]
    assert cells(text, "Total")[:5] == ["Total", "12", f"{(1 - 2 / 12) * 100:.2f}", "2", "2.0 kB"]
    assert "\nClusters: the reduction if one image per cluster were kept; Silh.: silhouette\n" in text
    assert "Reduction is the original notebook's (images / total) * (1 - k / total) * 100" in " ".join(text.split())
    assert "+============+" in text  # tabulate's grid


def test_what_matters_most_comes_first():
    text = summary_text(make_report(twelve_files(), FAILURES, seconds={"read": 0.25}))
    order = [
        "| Collection",
        "\nDuplicates: ",
        "\nHow k was chosen",
        "\nClusters: ",
        "could not be read;",
        "\nSeconds: ",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_the_largest_groups_are_named():
    text = summary_text(make_report(twelve_files()))
    assert (
        "Duplicates: 2 groups\n\n"
        "Group 1 frees 1.0 kB\n"
        "  keeper     03.jpg\n"
        "             kept: not named as a copy\n"
        "  exact      copy of 3.jpg\n"
        "             1.0 kB: the same bytes\n\n"
        "Group 2 frees 1.0 kB\n"
        "  keeper     00.jpg\n"
    ) in text
    assert "\nall: imagesieve duplicates list\n" in text


def test_companions_of_what_stands_in_a_group_are_named_with_their_bytes():
    files = [member("a/IMG_1.jpg", 0), member("b/IMG_1.jpg", 0, mtime_ns=2), member("c.jpg", 1)]
    names = ["IMG_1.AAE", "IMG_1.MOV", "IMG_1.xmp", "IMG_1.jpg.json"]
    seen = [(f"{folder}/{name}", 500, 1) for folder in "ab" for name in names]
    text = summary_text(make_report(files, seen=seen[:-1]))
    assert (
        "Group 1 frees 2.5 kB\n"
        "  keeper     a/IMG_1.jpg\n"
        "             kept: oldest\n"
        "             with 4 companions (2.0 kB): IMG_1.AAE, IMG_1.MOV and 2 more\n"
        "  exact      b/IMG_1.jpg\n"
        "             1.0 kB: the same bytes\n"
        "             with 3 companions (1.5 kB): IMG_1.AAE, IMG_1.MOV, IMG_1.xmp\n"
    ) in text
    assert summary(make_report(files, seen=seen))["bytes_to_free"] == 3000
    long = "P" * 20
    files = [member(f"a/{long}.jpg", 0), member(f"b/{long}.jpg", 0, mtime_ns=2), member("c.jpg", 1)]
    lines = summary_text(make_report(files, seen=[(f"a/{long}.{one}", 500, 1) for one in ("mov", "xmp", "aae", "thm")]))
    assert f"             with 4 companions (2.0 kB): {long}.aae and 3 more\n" in lines
    one = summary_text(make_report(files, seen=[(f"b/{long}.aae", 500, 1)]))
    assert f"with 1 companion (500 B): {long}.aae\n" in one


def test_settings_that_decide_nothing_are_warned_of():
    report = make_report(twelve_files(), warnings=("IMAGESIEVE_PROTECT_FOLDERS names 'orginals'",))
    assert summary(report)["warnings"] == ["IMAGESIEVE_PROTECT_FOLDERS names 'orginals'"]
    assert "\nWARNING: IMAGESIEVE_PROTECT_FOLDERS names 'orginals'\n" in summary_text(report)


def test_of_many_groups_and_copies_the_first_are_named():
    files = [member(f"{index}.jpg", index % 10, 1000 + index % 10, index) for index in range(100)]
    text = summary_text(make_report(files))
    assert "Duplicates: 10 groups, the 5 largest\n" in text
    assert re.findall(r"^Group (\d+) frees", text, re.M) == ["1", "2", "3", "4", "5"]
    assert text.count("  exact  ") == 25
    assert text.count("  and 4 more\n") == 5


def test_without_duplicates_it_says_so():
    text = summary_text(make_report([member(f"{index}.jpg", index) for index in range(10)]))
    assert "Duplicates: none; every image differs from all others" in text
    assert "duplicates list" not in text


@pytest.mark.parametrize("prefix", ["d" * 200 + "/", "漢字" * 60 + "/", "\n" * 90, "a b " * 50, "🙂" * 80])
@pytest.mark.parametrize("width", [WIDTH, NARROW])
def test_every_line_fits_into_80_columns_or_60(prefix, width):
    failures = [(f"{prefix}x.jpg", f"no image: {prefix}x.jpg"), (f"{prefix}y.jpg", "what " * 60)]
    seconds = {f"stage {number}": 12345.678 for number in range(9)}
    passed = PassedOver({f".{'x' * 60}": Amount(10**6, 10**12)}, {Why.LINK: Amount(2, 0)})
    about = {"folder": f"/home/{prefix}", "seconds": seconds, "passed_over": passed}
    text = summary_text(make_report(twelve_files(prefix), failures, WARNED, **about), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "copy of 0.jpg\n" in text  # the end of a name, which tells files of a folder apart


@pytest.mark.parametrize("width", [WIDTH, NARROW])
def test_large_numbers_fit_too(width):
    report = make_report(twelve_files(), FAILURES)
    large = dataclasses.replace(
        report,
        clusters=tuple(
            dataclasses.replace(one, number=999, images=10**6, duplicates=10**6, bytes_to_free=999, silhouette=-0.123)
            for one in report.clusters
        ),
    )
    lines = summary_text(large, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    (row, _) = [line.replace("|", "").split() for line in lines if "1,000,000" in line][:2]
    assert row == ["Cluster_999" if width == WIDTH else "999", "1,000,000", row[2], "1,000,000", "999", "B", "-0.123"]


def test_what_can_go_is_told_by_how_sure_it_is():
    values = summary(make_report(twelve_files()))
    assert values["to_free"] == {"files": 2, "bytes": 2003}
    assert values["to_prove"] == {"files": 0, "bytes": 0}
    assert values["kinds"] == {"exact": 2}
    first = {"number": 1, "keeper": "03.jpg", "duplicates": 1, "bytes_to_free": 1003, "bytes_to_prove": 0}
    assert values["largest_groups"] == [
        first, {"number": 2, "keeper": "00.jpg", "duplicates": 1, "bytes_to_free": 1000, "bytes_to_prove": 0}
    ]  # fmt: skip


def test_k_and_failures_are_told():
    report = make_report(twelve_files(), FAILURES, seconds={"read": 0.25})
    text = summary_text(report)
    assert report.clustering.choice.reason in " ".join(text.split())
    assert cells(text, "Chosen") == ["Chosen", "2"]
    assert "3 files could not be read" in text
    assert cells(text, "It is empty.") == ["It is empty.", "2"]
    assert text.endswith("\nSeconds: read 0.25\n")
    assert "WARNING" not in text
    assert "estimated" not in text


def test_the_thresholds_say_where_they_come_from():
    calibrated = {"origin": "calibrated", "calibrated": "2026-11-23T04:15:00+00:00", "images": 20, "pairs": 9}
    report = make_report(twelve_files(), thresholds=calibrated)
    assert summary(report)["thresholds"] == calibrated
    assert cells(summary_text(report), "Thresholds")[1] == "calibrated 2026-11-23T04:15:00+00:00 on 20 images"
    defaults = make_report(twelve_files(), thresholds={"origin": "default"})
    assert cells(summary_text(defaults), "Thresholds")[1] == "the defaults"
    assert "Near" not in summary_text(defaults)


def test_the_strict_choice_of_what_is_near_is_told():
    report = make_report(twelve_files(), thresholds={"origin": "default", "near": "strict"})
    assert cells(summary_text(report), "Near")[1] == "only whole, unturned copies"
    assert "<td>only whole, unturned copies</td>" in page_of(report, jpeg)


def test_a_warning_of_the_extractor_stands_at_the_top():
    assert "WARNING: The weights are <random>." in summary_text(make_report(twelve_files(), extractor=WARNED))[:200]


def test_a_sampled_silhouette_says_so():
    report = make_report([member(f"{index}", index) for index in range(150)], sample=100)
    assert "Every k was tried on a sample of 100 images (silhouette ± 0." in " ".join(summary_text(report).split())
    assert summary(report)["choice"]["sampled"] is True


def test_many_reasons_are_cut():
    report = make_report([], [(f"{index}", f"reason {index}") for index in range(REASONS_LISTED + 5)])
    assert cells(summary_text(report), "(other reasons)") == ["(other reasons)", "5"]
    assert len(summary(report)["failures"]) == REASONS_LISTED
