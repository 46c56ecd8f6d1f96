"""A generation's folder is complete or absent."""

import os
from pathlib import Path

import pytest

from worker.pipeline.generations import publish_folder, remove_folders

ONE, TWO, THREE = (f"20261126T10000{number}.000000Z" for number in (1, 2, 3))


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


def test_what_has_no_name_of_ours_stays(tmp_path: Path) -> None:
    """IMAGESIEVE_STATE_DIR may have been somebody's folder with a folder `reports` in it."""
    for name in ("2019", "taxes", "20261126", ".hidden", ".draft-of a letter"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("taxes")
    (tmp_path / ".latest-mine").symlink_to("taxes")
    before = sorted(tmp_path.iterdir())
    for generation in (ONE, TWO, THREE):
        publish_folder(tmp_path, generation, write_one)
    remove_folders(tmp_path, 1, THREE)
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / THREE, tmp_path / "latest"])


def test_a_file_called_latest_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("mine")
    with pytest.raises(FileExistsError, match="is not imagesieve's"):
        publish_folder(tmp_path, ONE, write_one)
    assert (tmp_path / "latest").read_text() == "mine"


def test_a_report_is_on_the_disk_before_latest_points_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        assert synced[-1] == tmp_path.name or not (tmp_path / "latest").exists()

    monkeypatch.setattr(os, "fsync", note)
    publish_folder(tmp_path, ONE, write_one)
    assert synced == ["summary.json", ONE, tmp_path.name]


def test_old_generations_and_what_a_killed_run_left_go(tmp_path: Path) -> None:
    for generation in (ONE, TWO, THREE):
        publish_folder(tmp_path, generation, write_one)
    (tmp_path / ".draft-killed_1").mkdir()
    (tmp_path / f".latest-{TWO}").symlink_to(TWO)
    remove_folders(tmp_path, 2, THREE)
    assert sorted(path.name for path in tmp_path.iterdir()) == [TWO, THREE, "latest"]


def test_a_draft_is_no_generation_however_few_there_are(tmp_path: Path) -> None:
    remove_folders(tmp_path / "none yet", 5, "1")
    publish_folder(tmp_path, "1", write_one)
    (tmp_path / ".draft-killed_1").mkdir()
    remove_folders(tmp_path, 5, "1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "latest"]


def test_the_current_generation_stays_whatever_its_name(tmp_path: Path) -> None:
    for generation in (TWO, ONE):
        publish_folder(tmp_path, generation, write_one)
    remove_folders(tmp_path, 1, ONE)
    assert sorted(path.name for path in tmp_path.iterdir()) == [ONE, TWO, "latest"]
