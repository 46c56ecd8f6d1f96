from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.settings import load_settings
from watcher.__main__ import check_folders


def test_the_watched_folder_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("none", "file"):
        with pytest.raises(SettingsError, match=f"IMAGESIEVE_WATCH_DIR is .*{name}, which is not a folder: create it"):
            check_folders(load_settings(watch_dir=tmp_path / name, state_dir=tmp_path / "state"))


def test_the_state_folder_is_made_and_has_to_be_writable(tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    check_folders(load_settings(watch_dir=watched, state_dir=tmp_path / "deep" / "state"))
    assert (tmp_path / "deep" / "state" / "watcher.alive").exists()
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"the state folder is .* cannot be used: Not a directory"):
        check_folders(load_settings(watch_dir=watched, state_dir=tmp_path / "file" / "state"))


def test_reports_must_not_land_among_the_images(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    for state in (tmp_path, tmp_path / "state", tmp_path / "link" / "a" / "state"):
        with pytest.raises(SettingsError, match="inside the watched folder"):
            check_folders(load_settings(watch_dir=tmp_path, state_dir=state))
        assert not (state / "watcher.alive").exists()
    check_folders(load_settings(watch_dir=tmp_path, state_dir=tmp_path / ".imagesieve" / "state"))
