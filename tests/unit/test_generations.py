"""A generation's folder is complete or absent."""

import json
import os
from pathlib import Path

import pytest

from worker.pipeline.reclustering.generations import publish_folder, remove_folders


def write_one(folder: Path) -> None:
    (folder / "summary.json").write_text("{}")


def test_latest_points_at_the_newest_complete_folder(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    assert publish_folder(reports, "1", write_one) == reports / "1"
    publish_folder(reports, "2", write_one)
    assert (reports / "latest").resolve() == reports / "2"
    assert (reports / "latest").readlink() == Path("2")  # relative: the state folder may be moved


def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path) -> None:
    publish_folder(tmp_path, "1", write_one)

    def fail(folder: Path) -> None:
        write_one(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        publish_folder(tmp_path, "2", fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "latest"]
    assert (tmp_path / "latest").resolve() == tmp_path / "1"


FIRST, SECOND, THIRD = (f"20260101T00000{second}.000000Z" for second in (1, 2, 3))


def publish(reports: Path, generation: str) -> None:
    def write(folder: Path) -> None:
        (folder / "summary.json").write_text(json.dumps({"generation": generation}))

    publish_folder(reports, generation, write)


def test_old_generations_and_what_a_killed_run_left_go(tmp_path: Path) -> None:
    for generation in (FIRST, SECOND, THIRD, f"{THIRD}+"):
        publish(tmp_path, generation)
    (tmp_path / ".imagesieve-draft-killed").mkdir()
    (tmp_path / f".latest-{SECOND}").symlink_to(SECOND)
    remove_folders(tmp_path, 2, f"{THIRD}+")
    assert names(tmp_path) == [THIRD, f"{THIRD}+", "latest"]


def test_a_draft_is_no_generation_however_few_there_are(tmp_path: Path) -> None:
    remove_folders(tmp_path / "none yet", 5, FIRST)
    publish(tmp_path, FIRST)
    (tmp_path / ".imagesieve-draft-killed").mkdir()
    remove_folders(tmp_path, 5, FIRST)
    assert names(tmp_path) == [FIRST, "latest"]


def test_the_current_generation_stays_whatever_its_name(tmp_path: Path) -> None:
    for generation in (SECOND, FIRST):
        publish(tmp_path, generation)
    remove_folders(tmp_path, 1, FIRST)
    assert names(tmp_path) == [FIRST, SECOND, "latest"]


def test_what_a_user_has_there_stays_whatever_its_name(tmp_path: Path) -> None:
    user = tmp_path / "user"
    for folder in ("2023", "archive", FIRST, f"{SECOND} copy", ".draft-abcdefgh", ".notes"):
        (tmp_path / "reports" / folder).mkdir(parents=True)
        (tmp_path / "reports" / folder / "letter.txt").write_text("a user's")
    user.mkdir()
    for link in ("pictures", SECOND, ".latest-", f".latest-{SECOND}", ".imagesieve-draft-link"):
        (tmp_path / "reports" / link).symlink_to(user)
    (tmp_path / "reports" / FIRST / "summary.json").write_text(json.dumps({"generation": "another"}))
    before = names(tmp_path / "reports")
    publish(tmp_path / "reports", THIRD)
    remove_folders(tmp_path / "reports", 1, THIRD)
    assert names(tmp_path / "reports") == sorted([*before, THIRD, "latest"])


def test_a_file_called_latest_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("mine")
    with pytest.raises(FileExistsError, match="is not imagesieve's"):
        publish_folder(tmp_path, FIRST, write_one)
    assert (tmp_path / "latest").read_text() == "mine"


def test_a_report_is_on_the_disk_before_latest_points_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        assert synced[-1] == tmp_path.name or not (tmp_path / "latest").exists()

    monkeypatch.setattr(os, "fsync", note)
    publish_folder(tmp_path, FIRST, write_one)
    assert synced == ["summary.json", FIRST, tmp_path.name]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
