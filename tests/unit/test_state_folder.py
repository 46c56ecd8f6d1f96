"""Which folder may be the state folder: only what imagesieve made, unless it was a newer one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.state_folder import (
    MARK,
    STATE_VERSION,
    WRITER,
    check_state_folder,
    open_state_folder,
    write_whole,
    writer_of,
)
from shared.version import own_version


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_or_empty_folder_is_marked_and_known_again(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "mounted" / "lost+found").mkdir(parents=True)
    for state in (tmp_path / "deep" / "new", tmp_path / "empty", tmp_path / "mounted"):
        check_state_folder(state)
        open_state_folder(state)
        assert (state / MARK).read_text() == f"{STATE_VERSION}\n"
        (state / "anything").touch()
        open_state_folder(state)
        assert not [name for name in names(state) if name.startswith(".")]
    assert (tmp_path / "deep" / "new").stat().st_mode & 0o077 == 0


def test_several_containers_may_begin_in_one_empty_folder(tmp_path: Path) -> None:
    def begin(state: Path, number: int) -> None:
        together.wait()
        open_state_folder(state)
        (state / f"{number}.alive").touch()

    together = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for run in range(100):
            list(pool.map(begin, [tmp_path / str(run)] * 4, range(4)))


@pytest.mark.parametrize("inside", ["letter.txt", "reports/2024.txt", "tmp/letter.txt", ".hidden", "watched/a.jpg"])
def test_a_folder_of_a_user_is_refused_and_nothing_is_made_in_it(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).parent.mkdir(exist_ok=True)
    (tmp_path / inside).write_text("a user's")
    before = names(tmp_path)
    for use in (check_state_folder, open_state_folder):
        with pytest.raises(SettingsError, match=r"the state folder is .*, which holds .* not made by imagesieve"):
            use(tmp_path)
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    "left", ["lock", "watched", "supervisord.conf", "watcher.alive", "beat.alive", "beat-schedule"]
)
def test_a_folder_of_an_earlier_version_is_marked_and_taken(tmp_path: Path, left: str) -> None:
    (tmp_path / left).touch()
    open_state_folder(tmp_path)
    assert names(tmp_path) == sorted([left, MARK, WRITER])


def test_a_folder_of_a_newer_version_and_a_damaged_mark_are_refused(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(f"{STATE_VERSION + 1}\n")
    (tmp_path / WRITER).write_text("9.1.0\n")
    with pytest.raises(SettingsError, match=rf"written by 9\.1\.0; this one, {own_version()}, reads up to"):
        open_state_folder(tmp_path)
    (tmp_path / WRITER).unlink()
    with pytest.raises(SettingsError, match=f"made by a newer imagesieve .its version is {STATE_VERSION + 1}, "):
        open_state_folder(tmp_path)
    for damaged in ("", "one", "-1"):
        (tmp_path / MARK).write_text(damaged)
        with pytest.raises(SettingsError, match="holds no version"):
            open_state_folder(tmp_path)
    assert names(tmp_path) == [MARK]


@pytest.mark.parametrize("odd", ["line\nbreak", "bell\a", "no UTF-8 \udcff", "tab\t"])
def test_a_name_that_cannot_be_shown_is_refused_before_anything_is_made(tmp_path: Path, odd: str) -> None:
    with pytest.raises(SettingsError, match="a line break or another character that cannot be shown"):
        open_state_folder(tmp_path / odd)
    assert names(tmp_path) == []


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for place in ("file", "file/state", "dangling"):
        with pytest.raises(SettingsError, match=r"cannot be used: (Not a directory|File exists)"):
            open_state_folder(tmp_path / place)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"first")
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "taken", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert names(tmp_path) == ["file", "taken"]


def test_it_says_which_imagesieve_used_it_last_and_keeps_the_mark_that_older_ones_read(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(f"{STATE_VERSION}\n")
    assert writer_of(tmp_path) == ""
    open_state_folder(tmp_path)
    assert writer_of(tmp_path) == own_version()
    (tmp_path / WRITER).write_text("0.0.1\n")
    open_state_folder(tmp_path)
    assert writer_of(tmp_path) == own_version()
    assert (tmp_path / MARK).read_text() == f"{STATE_VERSION}\n"


def test_settings_may_be_written_before_the_first_start(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("k = 8\n")
    open_state_folder(tmp_path)
    assert (tmp_path / MARK).exists()
