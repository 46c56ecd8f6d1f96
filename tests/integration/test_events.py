"""`imagesieve events` on any terminal, and while Redis is away."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.records import Event, Record, Reference, State
from shared.settings import Settings
from shared.store import RedisStore
from tests.conftest import RedisServer

COMMAND = [sys.executable, "-m", "shared.cli", "events"]


def give_verdict(settings: Settings, path: str) -> None:
    store = RedisStore.connect(settings.store)
    store.mark_pending([Reference(path, 1, 1)], now=1.0)
    [seen] = store.records([path])
    assert seen
    given = Record(1, 1, State.READY, digest="d", extractor="e", verdict="unique")
    assert store.give_verdicts([(path, seen, given)], [Event("2026", path, "d", "unique")], correction=False) == [True]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_that_the_terminal_cannot_show_are_escaped(settings: Settings, encoding: str) -> None:
    give_verdict(settings, "né 猫.jpg")
    environment = {**os.environ, **settings.environment(), "PYTHONIOENCODING": encoding}
    ended = subprocess.run(COMMAND, env=environment, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.decode(encoding).endswith(
        {"ascii": "n\\xe9 \\u732b.jpg\n", "latin-1": "né \\u732b.jpg\n", "utf-8": "né 猫.jpg\n"}[encoding]
    )


@pytest.fixture
def own_redis(settings: Settings) -> Iterator[tuple[RedisServer, Settings]]:
    folder = Path(tempfile.mkdtemp(prefix="sieve"))  # pytest's own folders are too deep for a socket's path
    server = RedisServer(folder)
    yield server, settings.model_copy(update={"store_url": server.url(1)})
    server.stop()
    shutil.rmtree(folder)


def test_an_outage_is_said_once_and_so_is_its_end(own_redis: tuple[RedisServer, Settings], tmp_path: Path) -> None:
    server, settings = own_redis
    give_verdict(settings, "before.jpg")
    environment, printed = {**os.environ, **settings.environment()}, queue.Queue[str]()
    said = tmp_path / "said"
    with (
        said.open("w") as stderr,
        subprocess.Popen(
            [*COMMAND, "--follow"], env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        assert process.stdout
        reader = threading.Thread(target=lambda lines: [printed.put(line) for line in lines], args=(process.stdout,))
        reader.start()
        try:
            assert "before.jpg" in printed.get(timeout=60)
            server.stop()
            with pytest.raises(queue.Empty):
                printed.get(timeout=7)  # more than three tries
            server.start()
            give_verdict(settings, "after.jpg")
            assert "before.jpg" not in printed.get(timeout=60)
        finally:
            process.send_signal(signal.SIGINT)
            reader.join(60)
    away, back = said.read_text().splitlines()[:2]
    assert away.endswith("; waiting for it")
    assert back == "imagesieve: Redis answers; going on"
