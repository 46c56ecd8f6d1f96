"""Which collection it is: found by the folder, by a name, or the only one there is; an earlier version's, too."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.cli.collection_settings import settings_of_report
from shared.collection import (
    LONGEST,
    gone_collections,
    known_collections,
    named_collection,
    remember,
    usual_place,
)
from shared.errors import PermanentError, SettingsError
from shared.reports import latest_report
from shared.settings import load_settings, load_with_origins
from shared.state_folder import open_state_folder
from watcher.__main__ import check_folders

Start = Callable[[Path], Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the state of all collections is; nothing is there, and the current folder is none of a collection."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "xdg" / "imagesieve"


@pytest.fixture
def start(home: Path) -> Start:
    """Start a collection of a folder, as the watcher does."""

    def begin(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        settings = load_settings(watch_dir=folder)
        check_folders(settings)
        return settings.state_dir

    return begin


def found() -> Path:
    return load_settings().state_dir


def test_each_folder_has_a_state_folder_of_its_own(home: Path, start: Start, tmp_path: Path) -> None:
    first, second = start(tmp_path / "Pictures"), start(tmp_path / "archive")
    assert (first, second) == (home / "collections" / "Pictures", home / "collections" / "archive")
    assert start(tmp_path / "Pictures") == first
    third = start(tmp_path / "backup" / "Pictures")
    assert third.parent == first.parent
    assert third.name.startswith("Pictures-")
    assert start(tmp_path / "backup" / "Pictures") == third
    assert {one.state: one.folder for one in known_collections()} == {
        first: tmp_path / "Pictures",
        second: tmp_path / "archive",
        third: tmp_path / "backup" / "Pictures",
    }


def test_it_is_found_in_the_folder_and_below_by_whatever_link(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer, other = start(tmp_path / "Pictures"), start(tmp_path / "other")
    inner = start(tmp_path / "Pictures" / "phone")
    (tmp_path / "Pictures" / "2024" / "May").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "Pictures" / "2024")
    for place, state in (
        ("Pictures", outer),
        ("Pictures/2024/May", outer),
        ("link/May", outer),
        ("Pictures/phone", inner),
        ("other", other),
    ):
        monkeypatch.chdir(tmp_path / place)
        loaded = load_with_origins()
        assert loaded.settings.state_dir == state
        assert loaded.origins["state_dir"].startswith("found by the folder")
    assert load_settings(watch_dir=tmp_path / "link" / "May").state_dir not in (outer, inner, other)
    assert load_settings(watch_dir=tmp_path / "link" / "..").state_dir == outer


def test_the_watched_folder_is_that_of_the_state_folder_unless_one_is_named(start: Start, tmp_path: Path) -> None:
    state = start(tmp_path / "Pictures")
    assert load_settings().watch_dir == tmp_path / "Pictures"
    assert load_settings(state_dir=state).watch_dir == tmp_path / "Pictures"
    assert load_settings(state_dir=state, watch_dir="/other").watch_dir == Path("/other")
    assert load_settings(state_dir=tmp_path / "new").watch_dir == Path.cwd()
    assert "watch_dir" not in load_settings().model_fields_set  # nobody said so


def test_what_is_acted_on_is_the_report_s_folder_with_the_state_folder_that_it_lies_in(
    start: Start, tmp_path: Path
) -> None:
    state = start(tmp_path / "Pictures")
    with pytest.raises(PermanentError, match="there is no report"):
        latest_report(settings_of_report())
    assert settings_of_report().watch_dir == tmp_path / "Pictures"
    (state / "reports" / "latest").mkdir(parents=True)
    (state / "reports" / "latest" / "summary.json").write_text('{"folder": "/before"}')
    settings = settings_of_report()  # the folder was renamed since, and the report is not of its new name
    assert (settings.watch_dir, settings.state_dir) == (Path("/before"), state)


def test_elsewhere_it_is_the_only_one_and_of_several_one_has_to_be_named(start: Start, tmp_path: Path) -> None:
    assert found().name == "elsewhere"  # none yet: where one of this folder would be
    only = start(tmp_path / "Pictures")
    assert found() == only
    start(tmp_path / "archive")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    for words in ("there are several collections", "--collection NAME", f"archive (of {tmp_path}/archive)"):
        assert words in str(raised.value)
    urls = {"broker_url": "redis://h/0", "store_url": "redis://h/1"}
    assert load_settings(**urls).state_dir == usual_place()  # a worker of another machine's collection needs none
    assert load_settings(watch_dir=tmp_path / "new").state_dir.name == "new"


def test_a_name_names_one_and_a_new_one_only_where_it_may_be_new(home: Path, start: Start, tmp_path: Path) -> None:
    state = start(tmp_path / "Pictures")
    assert named_collection("Pictures", may_be_new=False).state == state
    with pytest.raises(SettingsError, match=r"no collection 'pics'; those that there are: Pictures \(of "):
        named_collection("pics", may_be_new=False)
    assert named_collection("pics", may_be_new=True).state == home / "collections" / "pics"
    for odd in ("../x", "", ".", "a/b", "a b", "x" * (LONGEST + 1), "line\nbreak"):
        with pytest.raises(SettingsError, match="cannot be called"):
            named_collection(odd, may_be_new=True)


@pytest.mark.parametrize("name", ["a b\n#;%", "é" * 60, "no UTF-8 \udcff", "...", "x" * 200])
def test_odd_folders_get_names_that_can_be_shown_and_typed(start: Start, tmp_path: Path, name: str) -> None:
    state = start(tmp_path / name)
    assert named_collection(state.name, may_be_new=True).state == state
    assert load_settings(watch_dir=tmp_path / name).state_dir == state
    [known] = known_collections()
    assert known.folder == tmp_path / name


def test_two_folders_whose_names_begin_alike_stay_apart(start: Start, tmp_path: Path) -> None:
    states = {start(tmp_path / ("x" * 60 + str(number))) for number in range(4)}
    assert len(states) == 4


def test_a_folder_that_is_gone_is_told_of(start: Start, tmp_path: Path) -> None:
    state = start(tmp_path / "Pictures")
    assert list(gone_collections()) == []
    (tmp_path / "Pictures").rename(tmp_path / "Photos")
    [gone] = gone_collections()
    assert (gone.state, gone.name) == (state, "Pictures")


def test_the_state_of_an_earlier_version_is_used_where_it_is(
    home: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    home.mkdir(parents=True)
    (home / "watched").write_bytes(os.fsencode(pictures))  # version 1, which left no mark
    assert found() == home
    assert load_settings(watch_dir=pictures).state_dir == home
    monkeypatch.chdir(pictures)
    assert found() == home
    assert named_collection("Pictures", may_be_new=False).state == home
    other = start(tmp_path / "elsewhere" / "Pictures")
    assert other.parent == home / "collections"
    assert other.name != "Pictures"  # which names the other one
    open_state_folder(home)  # with collections in it, it is still itself


def test_an_earlier_state_of_no_known_folder_is_taken_for_any(home: Path, tmp_path: Path) -> None:
    """As the version that made it did: with a Redis elsewhere it wrote no folder."""
    open_state_folder(home)
    assert load_settings(watch_dir=tmp_path / "Pictures").state_dir == home
    assert found() == home


def test_only_a_usual_place_is_remembered_before_anything_is_done(home: Path, tmp_path: Path) -> None:
    for state, kept in ((tmp_path / "own", False), (home, False), (home / "collections" / "a", True)):
        open_state_folder(state)
        remember(state, tmp_path / "Pictures")
        assert (state / "watched").exists() == kept
    remember(home / "collections" / "a", tmp_path / "other")
    assert (home / "collections" / "a" / "watched").read_text() == str(tmp_path / "Pictures")


def test_a_folder_is_of_one_collection_at_a_usual_place(
    home: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(tmp_path / "Pictures")
    second = home / "collections" / "second"
    open_state_folder(second)
    with pytest.raises(SettingsError, match=rf"of the collection Pictures already: .* {first} if nothing"):
        remember(second, tmp_path / "Pictures")
    (second / "watched").write_text(str(tmp_path / "Pictures"))  # by hand: it is the same one that is found, anyhow
    monkeypatch.chdir(tmp_path / "Pictures")
    assert found() == first
    assert load_settings(watch_dir=tmp_path / "Pictures").state_dir == first


def test_a_current_folder_that_was_removed_is_no_fault(
    home: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = start(tmp_path / "Pictures")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert found() == state
