"""Folders that decide which file of a group stays: preferred, protected, and mounted read-only."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.settings import load_settings
from worker.engine.groups.groups import Member
from worker.engine.groups.keepers import FolderRules, describe_order, rank_keepers
from worker.pipeline.acting.mounts import read_only_mounts


def first(rules: FolderRules, *paths: str) -> str:
    rank = rank_keepers(["path"], rules)
    return min((Member(path, "d", 1, 1, 1, 1) for path in paths), key=rank).path


def test_a_protected_file_stays_before_a_preferred_one_and_that_before_all_others() -> None:
    rules = FolderRules(prefer=("b", "a/inner"), protect=("z",))
    assert first(rules, "a/1", "b/1", "z/1") == "z/1"
    assert first(rules, "a/1", "a/inner/1", "b/1") == "b/1"
    assert first(rules, "a/1", "a/inner/1", "bb/1") == "a/inner/1"
    assert first(rules, "a/1", "bb/1") == "a/1"
    assert first(FolderRules(prefer=("z",)), "a/1", "z/deep/1") == "z/deep/1"


def test_a_folder_holds_what_is_below_it_and_a_point_holds_everything() -> None:
    rules = FolderRules(protect=("a",))
    assert [rules.protector(path) for path in ("a/x", "a/b/x", "ab/x", "a", "x/a/y")] == ["a", "a", None, None, None]
    assert FolderRules(protect=(".",)).protector("anything") == "."


def test_the_order_is_told_with_its_folders() -> None:
    rules = FolderRules(prefer=("b", "a"), protect=("line\nbreak",))
    order = describe_order(["newest"], rules)
    assert order == (
        "in a protected folder ('line\\nbreak'), then in a preferred folder ('b', then 'a'), then newest, "
        "then first by path"
    )


@pytest.mark.parametrize("given", ["albums:raw/2024", "{root}/albums:{root}/raw/2024/", "./albums:raw/../raw/2024"])
def test_folders_are_named_from_the_watched_folder_or_from_the_top(
    tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(watch_dir=tmp_path, prefer_folders=given.format(root=tmp_path))
    assert settings.prefer_folders == ("albums", "raw/2024")
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize("given", ["..", "../beside", "/somewhere/else"])
def test_a_folder_elsewhere_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingsError, match=r"IMAGESIEVE_PROTECT_FOLDERS is .*below the watched one"):
        load_settings(watch_dir=tmp_path, protect_folders=given)


def mounts(*lines: Sequence[str]) -> bytes:
    """point, options here, options everywhere"""
    rows = (f"1 2 0:1 / {point} {here} shared:1 - ext4 /dev/x {there}" for point, here, there in lines)
    return "\n".join(rows).encode()


def test_what_is_mounted_read_only_below_the_watched_folder_is_found() -> None:
    table = mounts(
        ("/", "rw", "rw"),
        ("/w/card", "ro,noatime", "rw"),
        ("/w/dvd\\040film", "rw,nosuid", "ro,x"),
        ("/w/disk", "rw", "rw,errors=remount-ro"),
        ("/wide", "ro", "ro"),
        ("/w/again", "ro", "rw"),
        ("/w/again", "rw", "rw"),
    )
    assert read_only_mounts("/w", table) == ("card", "dvd film")


def test_in_a_folder_that_is_mounted_read_only_itself_only_read_only_file_systems_count() -> None:
    table = mounts(("/", "rw", "rw"), ("/w", "ro", "rw"), ("/w/card", "ro", "rw"), ("/w/dvd", "ro", "ro"))
    assert read_only_mounts("/w", table) == ("dvd",)


def test_a_rule_that_matches_no_folder_is_said_with_what_it_may_mean(tmp_path: Path) -> None:
    """Accents may be stored in two ways, and capitals count: all four files of such a folder were moved."""
    for name in ("E\u0301te\u0301", "Masters", "a:b"):
        (tmp_path / name).mkdir()
    found = load_settings(watch_dir=tmp_path, protect_folders="\u00c9t\u00e9:masters:a\\:b:nowhere")
    assert found.protect_folders == ("\u00c9t\u00e9", "masters", "a:b", "nowhere")
    accents, capitals, nothing = found.folder_warnings()
    assert "did you mean 'E\\u0301te\\u0301'?" in accents
    assert "did you mean 'Masters'?" in capitals
    assert "did you mean" not in nothing
    with pytest.raises(SettingsError, match="Nothing is acted on until it is right"):
        found.check_protected()
    again = found.environment()["IMAGESIEVE_PROTECT_FOLDERS"]
    assert load_settings(watch_dir=tmp_path, protect_folders=again).protect_folders == found.protect_folders
    right = load_settings(watch_dir=tmp_path, protect_folders="Masters", prefer_folders="nowhere")
    right.check_protected()
    assert len(right.folder_warnings()) == 1
