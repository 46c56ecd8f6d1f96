"""What every tier shares: a real Redis, settings that point at it, and photos that installed packages carry."""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis

from shared.settings import Settings, load_settings
from shared.stack.redis_server import find_redis_server, redis_command

# How long an example takes says more of what else the machine does than of the code.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


_own = pytest.StashKey[dict[str, str | None]]()


def pytest_configure(config: pytest.Config) -> None:
    """No collection and no settings of whoever runs the tests are seen by them, nor by what they start."""
    names = ("XDG_STATE_HOME", "XDG_CONFIG_HOME")
    config.stash[_own] = {name: os.environ.get(name) for name in names}
    os.environ |= {name: tempfile.mkdtemp(prefix="sieve") for name in names}


def pytest_unconfigure(config: pytest.Config) -> None:
    for name, before in config.stash[_own].items():
        shutil.rmtree(os.environ.pop(name))
        if before is not None:
            os.environ[name] = before


class RedisServer:
    """A running redis-server on a Unix socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*redis_command(find_redis_server(), self.socket), "--databases", "64"], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with redis.Redis.from_url(self.url(0)) as client:
                    client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise TimeoutError("redis-server did not answer within 20 s")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def url(self, db: int) -> str:
        return f"unix://{self.socket}?db={db}"

    def broker(self, db: int) -> str:
        return f"redis+socket://{self.socket}?virtual_host={db}"

    def flush(self, db: int) -> None:
        with redis.Redis.from_url(self.url(db)) as client:
            client.flushdb()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    # pytest's own folders are too deep for a socket's path.
    folder = Path(tempfile.mkdtemp(prefix="sieve"))
    server = RedisServer(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


_databases = itertools.cycle(range(2, 64, 2))


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> Settings:
    """Settings over two empty databases of the real Redis, an empty watched folder and an empty state folder."""
    return make_settings(redis_server, tmp_path)


def make_settings(redis_server: RedisServer, base: Path) -> Settings:
    """As the fixture `settings` makes them, for fixtures that live longer than a test."""
    db = next(_databases)
    redis_server.flush(db)
    redis_server.flush(db + 1)
    watched = base / "watched"
    watched.mkdir()
    return load_settings(
        watch_dir=watched,
        state_dir=base / "state",
        broker_url=redis_server.broker(db),
        store_url=redis_server.url(db + 1),
        weights="random",
        settle=0.2,
    )
