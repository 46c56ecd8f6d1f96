"""A generation's folder is complete or absent."""

from pathlib import Path

import pytest

from worker.pipeline.generations import publish_folder, remove_folders


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


def test_old_generations_and_what_a_killed_run_left_go(tmp_path: Path) -> None:
    for generation in ("1", "2", "3"):
        publish_folder(tmp_path, generation, write_one)
    (tmp_path / ".draft-killed").mkdir()
    (tmp_path / ".latest-2").symlink_to("2")
    remove_folders(tmp_path, 2, "3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3", "latest"]


def test_a_draft_is_no_generation_however_few_there_are(tmp_path: Path) -> None:
    remove_folders(tmp_path / "none yet", 5, "1")
    publish_folder(tmp_path, "1", write_one)
    (tmp_path / ".draft-killed").mkdir()
    remove_folders(tmp_path, 5, "1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "latest"]


def test_the_current_generation_stays_whatever_its_name(tmp_path: Path) -> None:
    for generation in ("2", "1"):
        publish_folder(tmp_path, generation, write_one)
    remove_folders(tmp_path, 1, "1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "latest"]
