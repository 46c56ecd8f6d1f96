"""The report in brief: twenty lines of a terminal that is 60, 80 or 120 columns wide."""

import json

import pytest
from rich.cells import cell_len

from shared.admission import Why
from shared.cli.brief import LINES, brief_lines, is_brief_possible
from shared.records.passed_over import Amount, PassedOver
from tests.unit.report_parts import WARNED, make_report, member, twelve_files
from worker.engine.groups.variants import Variant
from worker.engine.report.summary import summary

PAGE = "file:///home/somebody/.local/state/imagesieve/reports/20261123T041500/report.html"


def brief(report, columns=80, **changes):
    """As it is printed from what lies on disk."""
    return brief_lines({**json.loads(json.dumps(summary(report))), **changes}, PAGE, columns)


def everything(prefix=""):
    """A report with all that can be said: many groups, failures, warnings, files that wait, variants."""
    files = [member(f"{prefix}{index}.jpg", index % 10, 10**6 + index % 10, index) for index in range(100)]
    variants = [Variant(files[0], files[1], 0.9, 0.03, "differs in 3 %")]
    return make_report(
        files, [("x.jpg", "It is empty.")], WARNED, variants=variants, waiting=1, folder=f"/home/{prefix}",
        passed_over=PassedOver({".txt": Amount(1, 5)}, {Why.LINK: Amount(2, 0)}), warnings=(f"1 {prefix}", "2", "3"),
    )  # fmt: skip


def test_a_small_collection_is_told_in_full():
    assert brief(make_report(twelve_files(), [("x.jpg", "It is empty.")], folder="/home/me/Pictures")) == [
        "12 images (12.0 kB) in /home/me/Pictures",
        "",
        "certain to free    2.0 kB in 2 files",
        "could not be read  1 file",
        "",
        "groups, each with the file that stays:",
        "  1    1.0 kB  1 duplicate   03.jpg",
        "  2    1.0 kB  1 duplicate   00.jpg",
        "",
        "next: imagesieve duplicates list",
        "then, a dry run: imagesieve duplicates apply --action trash",
        "all of it: imagesieve report --full",
        "",
        f"page: {PAGE}",
    ]


@pytest.mark.parametrize("columns", [20, 60, 80, 120])
@pytest.mark.parametrize("prefix", ["", "d" * 200 + "/", "漢字" * 60 + "/", "\n" * 90, "a b " * 50, "🙂" * 80])
def test_twenty_lines_hold_everything_and_none_is_wider_than_the_terminal(columns, prefix):
    changes = {"kinds": {"exact": 10**6, "identical": 2, "near": 10**6}, "to_prove": {"files": 10**6, "bytes": 10**15}}
    *lines, last = brief(everything(prefix), columns, **changes)
    assert last == f"page: {PAGE}"  # an address that is broken cannot be opened
    assert max(map(cell_len, lines)) <= max(columns, 60)
    assert len(lines) < LINES
    labels = {line.split("  ")[0] for line in lines}
    assert labels >= {
        "certain to free", "after a proof", "to look at", "could not be read", "not read yet", "passed over"
    }  # fmt: skip
    assert "The weights are <random>." in lines
    assert sum(line.startswith("warning: ") for line in lines) == 1
    assert "the 5 largest of 10 groups, each with the file that stays:" in lines
    groups = [line for line in lines if " duplicates  " in line]
    assert len(groups) == 5
    assert all(line.endswith(".jpg") for line in groups)
    assert all(line.isprintable() for line in lines)


def test_the_end_of_a_long_path_is_shown():
    lines = brief(everything("holiday/" * 30), 60)
    assert next(line for line in lines if line.startswith("  1 ")).endswith("…y/holiday/9.jpg")


def test_the_weights_are_warned_of_once_and_where_nobody_did_yet():
    report = make_report(twelve_files(), extractor=WARNED)
    assert [line for line in brief(report) if "random" in line] == ["The weights are <random>."]
    quiet = brief_lines(summary(report), PAGE, 80, warn=False)
    assert not [line for line in quiet if "random" in line]


def test_what_only_a_look_decides_is_no_certain_gain():
    report = make_report(twelve_files())
    near = {"kinds": {"near": 1}, "to_free": {"files": 0, "bytes": 0}}
    lines = brief(report, **near)
    assert "certain to free    0 B in 0 files" in lines
    assert "to look at         1 near duplicate" in lines
    assert "next: imagesieve duplicates list" in lines
    assert not [line for line in lines if "apply" in line]  # nothing goes that nobody looked at


def test_variants_alone_are_shown_by_their_own_list():
    files = [member("a.jpg", 0), member("b.jpg", 1)]
    lines = brief(make_report(files, variants=[Variant(files[1], files[0], 0.9, 0.03, "differs in 3 %")]))
    assert "to look at         1 variant" in lines
    assert "next: imagesieve duplicates list --kind variant" in lines
    assert "no duplicates: every image differs from all others" in lines


def test_an_empty_folder_is_called_empty():
    empty = make_report([], folder="/home/me/Pictures")
    assert brief(empty)[0] == "/home/me/Pictures is empty"
    others = make_report([], [("x.jpg", "It is empty.")], folder="/home/me/Pictures")
    assert brief(others)[:3] == ["no images in /home/me/Pictures", "", "could not be read  1 file"]


def test_one_image_is_one_image():
    lines = brief(make_report([member("a.jpg", 0, size=1)], folder="/p"))
    assert lines[0] == "1 image (1 B) in /p"
    assert "no duplicates: every image differs from all others" in lines


def test_a_report_of_an_earlier_version_has_no_brief():
    values = summary(make_report(twelve_files()))
    assert is_brief_possible(values)
    del values["to_free"]
    assert not is_brief_possible(values)
