"""The page says that it cannot act, and who can, before somebody presses a button."""

import os
from pathlib import Path

import pytest

from tests.mounts import bind, in_own_mounts, mount
from worker.web.obstacles import find_obstacle

IN_IMAGE = {"IMAGESIEVE_UID": "1000"}


def test_where_all_may_be_written_there_is_none(tmp_path: Path) -> None:
    assert find_obstacle(tmp_path, tmp_path / "state" / "actions", {}) is None
    assert find_obstacle(tmp_path, tmp_path / "state" / "actions", IN_IMAGE) is None
    assert list(tmp_path.iterdir()) == []  # a look makes nothing


def test_a_folder_that_is_mounted_read_only_is_the_cause_and_who_may_write_is_named(tmp_path: Path) -> None:
    def look() -> None:
        photos, watched, state = tmp_path / "photos", tmp_path / "watched", tmp_path / "state"
        bind_read_only(photos, watched)
        found = find_obstacle(watched, state / "actions", IN_IMAGE)
        assert found
        assert found.cause == f"the watched folder {watched} is mounted read-only where this page runs"
        assert found.command.startswith("docker compose run --rm act ")
        plain = find_obstacle(watched, state / "actions", {})
        assert plain
        assert plain.command.startswith("imagesieve duplicates apply --decided")
        assert find_obstacle(photos, state / "actions", {}) is None

    in_own_mounts(look)


def test_a_state_folder_that_is_mounted_read_only_is_the_cause(tmp_path: Path) -> None:
    def look() -> None:
        (tmp_path / "photos").mkdir()
        bind_read_only(tmp_path / "volume", tmp_path / "state")
        found = find_obstacle(tmp_path / "photos", tmp_path / "state" / "actions", IN_IMAGE)
        assert found
        assert "state/actions" in found.cause
        assert "mounted read-only" in found.cause

    in_own_mounts(look)


def bind_read_only(source: Path, target: Path) -> None:
    source.mkdir()
    bind(source, target)
    mount("-o", "remount,bind,ro", target)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_journals_that_may_not_be_written_are_the_cause(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o500)
    found = find_obstacle(tmp_path, state / "actions", {})
    assert found
    assert "may not be written" in found.cause


def test_a_folder_that_is_away_is_the_cause(tmp_path: Path) -> None:
    found = find_obstacle(tmp_path / "gone", tmp_path, {})
    assert found
    assert "No such file" in found.cause
