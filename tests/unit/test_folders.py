"""The state folder and the watched folder lie apart, whatever leads to them."""

from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.folders import check_state_apart


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    folder = tmp_path / "base" / "pictures"
    folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    return folder


@pytest.mark.parametrize(
    "state", ["base/state", "elsewhere/state", "base/pictures/.state", "base/pictures/.a/b", "link/.s"]
)
def test_beside_it_and_hidden_in_it_are_apart(tmp_path: Path, watched: Path, state: str) -> None:
    check_state_apart(watched, tmp_path / state)


@pytest.mark.parametrize(
    "state", ["base/pictures", "base/pictures/state", "link", "link/a/b", "base/../base/pictures/s"]
)
def test_in_it_would_be_found(tmp_path: Path, watched: Path, state: str) -> None:
    with pytest.raises(SettingsError, match="inside the watched folder"):
        check_state_apart(watched, tmp_path / state)


@pytest.mark.parametrize("state", ["base", "."])
def test_around_it_is_refused(tmp_path: Path, watched: Path, state: str) -> None:
    for way in (watched, tmp_path / "link"):
        with pytest.raises(SettingsError, match="lies inside the state folder"):
            check_state_apart(way, tmp_path / state)
