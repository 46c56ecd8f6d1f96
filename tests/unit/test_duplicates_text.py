"""What the commands about duplicates tell people."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from shared.cli.duplicates_text import list_lines, next_command, sum_up, warn_of_empty
from shared.duplicates import Duplicate


def duplicate(
    path: str, kind: str = "exact", group: int = 1, keeper: str = "keeper.jpg", size: int = 1234
) -> Duplicate:
    return Duplicate(group, path, "d", size, kind, 1.0, keeper, "d", 0 if kind == "near" else size)


FOUND = [duplicate("copies/a.jpg"), duplicate("b.jpg", "near", size=7), duplicate("c.jpg", group=2, keeper="other.jpg")]


def test_a_group_is_a_block_under_its_keeper() -> None:
    assert list(list_lines(FOUND, 80)) == [
        "3 files; 2,468 bytes can be freed",
        "",
        "group 1",
        "  keeper            keeper.jpg",
        "  exact      1,234  copies/a.jpg",
        "  near           7  b.jpg",
        "",
        "group 2",
        "  keeper            other.jpg",
        "  exact      1,234  c.jpg",
    ]
    assert list(list_lines([], 80)) == ["0 files; 0 bytes can be freed"]


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
@pytest.mark.parametrize("columns", [80, 50])
def test_a_long_path_is_folded_and_whole(path: str, columns: int) -> None:
    lines = list(list_lines([duplicate(path)], columns))
    assert max(map(cell_len, lines)) <= columns
    folded = [line.removeprefix("  exact      1,234  ").strip(" ") for line in lines[4:]]
    whole = list(list_lines([duplicate(path)], None))
    assert "".join(folded) == whole[-1].removeprefix("  exact      1,234  ")
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
        "imagesieve: would be done: 1 file, 10 bytes; left alone: 0",
        "imagesieve: not asked for: 6 near; --kind near takes them",
    ]
