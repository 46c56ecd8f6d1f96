"""What the commands about duplicates tell people."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from shared.acting.duplicates import ReportedDuplicate
from shared.cli.duplicates_text import fell_short, list_lines, next_command, run_lines, sum_up, warn_of_empty
from shared.records import Kind


def duplicate(
    path: str, kind: str = "exact", group: int = 1, keeper: str = "keeper.jpg", size: int = 1234
) -> ReportedDuplicate:
    saved = {"exact": (size, 0), "identical": (0, size), "near": (0, 0), "variant": (0, 0)}[kind]
    return ReportedDuplicate(group, path, "d", size, Kind(kind), 1.0, keeper, "d", *saved)


FOUND = [duplicate("copies/a.jpg"), duplicate("b.jpg", "near", size=7), duplicate("c.jpg", group=2, keeper="other.jpg")]


def test_a_group_is_a_block_under_its_keeper() -> None:
    assert list(list_lines(FOUND, 80)) == [
        "3 duplicates; 2.5 kB can be freed",
        "",
        "group 1",
        "  keeper             keeper.jpg",
        "  exact      1.2 kB  copies/a.jpg",
        "  near          7 B  b.jpg",
        "",
        "group 2",
        "  keeper             other.jpg",
        "  exact      1.2 kB  c.jpg",
    ]
    assert next(list_lines([*FOUND, duplicate("d.png", "identical")], None)) == (
        "4 duplicates; 2.5 kB can be freed, and up to 1.2 kB more: identical files go if they are proved to lose "
        "nothing"
    )
    assert list(list_lines([replace(FOUND[0], companions=("a.MOV", "a.xmp"))], 80))[2:] == [
        "group 1",
        "  keeper             keeper.jpg",
        "  exact      1.2 kB  copies/a.jpg",
        "    with             a.MOV",
        "    with             a.xmp",
    ]
    assert list(list_lines([], 80)) == ["no duplicates"]


def test_the_reason_stands_below_its_file_where_the_kind_does_not_say_it_all() -> None:
    half = replace(FOUND[1], reason="same picture, half size, mirrored,\nand the colours of the whole a little warmer")
    same = replace(FOUND[0], reason=Kind.EXACT.words)
    assert list(list_lines([same, half], 60))[3:] == [
        "  keeper             keeper.jpg",
        "  exact      1.2 kB  copies/a.jpg",
        "  near          7 B  b.jpg",
        "    why              same picture, half size, mirrored,\\nand",
        "                     the colours of the whole a little",
        "                     warmer",
    ]
    assert list(list_lines([half], None))[-1].endswith("mirrored,\\nand the colours of the whole a little warmer")


def test_variants_stand_apart_below_what_they_are_variants_of() -> None:
    captioned, covered = (duplicate(path, "variant", 0, "clean.jpg", 70) for path in ("captioned.jpg", "covered.jpg"))
    other = duplicate("x.jpg", "variant", 0, "y.jpg")
    assert list(list_lines([captioned, covered, other], 80)) == [
        "3 variants, not counted among duplicates or bytes",
        "",
        "variants",
        "  of                 clean.jpg",
        "  variant      70 B  captioned.jpg",
        "  variant      70 B  covered.jpg",
        "",
        "variants",
        "  of                 y.jpg",
        "  variant    1.2 kB  x.jpg",
    ]
    lines = list(list_lines([FOUND[0], captioned], 80))
    assert lines[:2] == ["1 duplicate; 1.2 kB can be freed", "1 variant, not counted among duplicates or bytes"]
    assert next_command([captioned], [Kind.VARIANT], []).endswith("--kind variant")


@pytest.mark.parametrize(
    "path",
    [
        "holiday/" * 20 + "a.jpg",
        "d" * 200 + "/" + "n" * 90 + ".jpg",
        "漢字/" * 40 + "漢" * 90,
        "line\nbreak/" * 20,
        "x" * 61,
    ],
)
@pytest.mark.parametrize("columns", [120, 80, 60, 50])
def test_a_long_path_is_folded_and_whole(path: str, columns: int) -> None:
    lines = list(list_lines([duplicate(path)], columns))
    assert max(map(cell_len, lines)) <= columns
    folded = [line.removeprefix("  exact      1.2 kB  ").strip(" ") for line in lines[4:]]
    whole = list(list_lines([duplicate(path)], None))
    assert "".join(folded) == whole[-1].removeprefix("  exact      1.2 kB  ")
    assert len(whole) == 5


def test_a_path_is_folded_where_a_folder_ends() -> None:
    lines = list(list_lines([duplicate("holiday/" * 20 + "a.jpg")], 80))
    assert all(line.endswith("holiday/") for line in lines[4:-1])
    assert lines[-1].endswith("/a.jpg")


def test_the_next_command_acts_on_what_was_listed() -> None:
    start = "imagesieve duplicates apply --action move --to FOLDER"
    assert next_command(FOUND, [], []) == start
    assert next_command(FOUND, ["exact"], ["my pictures"]) == f"{start} --kind exact '--folder=my pictures'"
    assert next_command(FOUND[1:2], [], []) == f"{start} --kind near"
    assert next_command([], [], []) == ""


def test_a_folder_without_duplicates_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    warn_of_empty(["copies", "empty", "nosuch", "."], FOUND, tmp_path)
    assert capsys.readouterr().err.splitlines() == [
        "imagesieve: no duplicate of the report lies in empty",
        f"imagesieve: no duplicate of the report lies in nosuch; there is no such folder below {tmp_path}",
    ]


def test_the_sum_says_what_was_not_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    sum_up(
        [
            {"event": "would", "bytes": 10},
            {"event": "not asked for", "which": "near", "files": 6, "way": "--kind near takes them"},
            {"event": "end", "run": ""},
        ],
        "would be done",
    )
    assert capsys.readouterr().err.splitlines() == [
        "imagesieve: would be done: 1 file, 10 B; left alone: 0",
        "imagesieve: not asked for: 6 near; --kind near takes them",
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], False),
        ([{"event": "acted"}], False),
        ([{"event": "acted"}, {"event": "skipped", "failed": False}], False),  # a rule kept it
        ([{"event": "acted"}, {"event": "skipped", "failed": True}], True),  # no space left
        ([{"event": "skipped", "failed": False}], True),  # nothing could be done
        ([{"event": "restored"}, {"event": "still away"}], False),  # it was not asked for
        ([{"event": "restored"}, {"event": "left"}], True),
        ([{"event": "in hand"}], True),
    ],
)
def test_the_exit_status_says_whether_all_that_was_asked_for_was_done(
    events: list[dict[str, object]], expected: bool
) -> None:
    assert fell_short(events) is expected


def test_what_other_runs_hold_and_have_in_hand_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """It said "no run has anything to restore" while a file was in hand, its drive unplugged."""
    sum_up([{"event": "end", "run": ""}, {"event": "in hand", "run": "r1", "files": 1, "to": "/drive"}], "restored")
    said = capsys.readouterr().err
    assert "run r1 has 1 file in hand" in said
    assert "no run with anything" not in said
    sum_up([{"event": "still away", "run": "r0", "files": 1, "to": "/moved"}], "restored")
    assert "1 file of run r0 is still away" in capsys.readouterr().err
    away = {"event": "still away", "run": "r0", "files": 2, "to": "/moved"}
    sum_up([{"event": "restored"}, {"event": "end", "run": "r2"}, away], "restored")
    said = capsys.readouterr().err
    assert "2 files of run r0 are still away (/moved)" in said
    assert "restore --all" in said
    sum_up([{"event": "end", "run": ""}], "restored")
    assert "no run has anything to restore" in capsys.readouterr().err


def test_a_run_is_two_lines_that_say_what_became_of_its_files() -> None:
    row = {"run": "r1", "action": "move", "folder": "/a\nb", "done": 1200, "missing": 0, "restored": 3, "cut off": 0}
    assert list(run_lines([row, {**row, "run": "r2", "done": 0, "restored": 0, "folder": "/c"}])) == [
        "r1  move: 1,200 done, 3 restored",
        "  '/a\\nb'",
        "r2  move: nothing done",
        "  /c",
    ]


def test_a_run_of_which_nothing_was_done_offers_no_way_back(capsys: pytest.CaptureFixture[str]) -> None:
    sum_up([{"event": "skipped", "failed": True}, {"event": "end", "run": "r1"}], "done")
    assert "brings it back" not in capsys.readouterr().err
