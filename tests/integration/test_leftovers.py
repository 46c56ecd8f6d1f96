"""Whom `up` ends before it starts its own: what it once started itself on this state folder, and nobody else."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from shared.stack.leftovers import SUPERVISED, end_leftovers, mark_of
from shared.stack.redis_server import find_redis_server, redis_command

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **environment: str) -> subprocess.Popen[bytes]:
        words = command or ("sleep", "600")
        process = subprocess.Popen(words, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_neighbours_under_somebodys_supervisord_are_left_alone(start: Start, tmp_path: Path) -> None:
    theirs = {"SUPERVISOR_ENABLED": "1", "SUPERVISOR_SERVER_URL": "unix:///run/supervisor.sock"}
    neighbour = start(**theirs, IMAGESIEVE_STATE_DIR=str(tmp_path))
    other = start(**{SUPERVISED: "1:2"}, IMAGESIEVE_STATE_DIR=str(tmp_path))
    ours = start(**{SUPERVISED: mark_of(tmp_path)})
    older = start(SUPERVISOR_ENABLED="1", SUPERVISOR_SERVER_URL=f"unix://{tmp_path}/sv.sock")
    assert end_leftovers(tmp_path) == 2
    assert (ours.wait(10), older.wait(10)) == (-15, -15)
    assert (neighbour.poll(), other.poll()) == (None, None)


def test_a_state_folder_is_known_by_whatever_name(start: Start, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "link").symlink_to("state")
    ours = start(**{SUPERVISED: mark_of(tmp_path / "link")})
    assert end_leftovers(tmp_path / "state") == 1
    ours.wait(10)


def test_neither_itself_nor_who_started_it_is_ended(tmp_path: Path) -> None:
    """Both have the mark: `up` is run from within a program of another one on that folder."""
    run = f"{sys.executable} -c 'from pathlib import Path; from shared.stack.leftovers import end_leftovers; "
    run += f'print(end_leftovers(Path("{tmp_path}")))\'; echo went on'
    environment = {**os.environ, SUPERVISED: mark_of(tmp_path)}
    ended = subprocess.run(["sh", "-c", run], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout.split()) == (0, ["0", "went", "on"]), ended.stderr


@pytest.fixture
def short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sieve"))  # pytest's own folders are too deep for a socket's path
    yield folder
    shutil.rmtree(folder)


def wait_for_answer(process: subprocess.Popen[bytes], socket: Path) -> None:
    """Its title is written after its socket is there, and before it answers."""
    with redis.Redis(unix_socket_path=str(socket)) as client:
        while True:
            assert process.poll() is None
            try:
                client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.01)


def test_a_redis_is_ended_that_uses_the_folders_own_socket_and_no_other(start: Start, short_folder: Path) -> None:
    folder, elsewhere = short_folder / "redis", short_folder / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    ours = start(*redis_command(find_redis_server(), folder / "redis.sock"))
    other = start(*redis_command(find_redis_server(), folder / "other.sock"), "--dir", str(elsewhere))
    for process, name in ((ours, "redis.sock"), (other, "other.sock")):
        wait_for_answer(process, folder / name)
    assert end_leftovers(short_folder / ".." / short_folder.name) == 1
    assert ours.wait(10) == 0
    assert other.poll() is None
