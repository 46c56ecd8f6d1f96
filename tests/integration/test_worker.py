"""The feature worker as it runs: a real Celery worker with the full-size network, fed through a real Redis."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from PIL import Image
from sklearn.datasets import load_sample_image

from shared import names
from shared.broker import make_app, outstanding, send_references
from shared.records import Record, Reference, State
from shared.settings import Settings
from shared.store import RedisStore, keys
from tests.conftest import RedisServer, make_settings


class Line:
    """A worker, its store, its broker, and the watched folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = RedisStore.connect(settings.store)
        self.app: Celery = make_app(settings)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli", "work", "--queue", "features"],
            env={**os.environ, **settings.environment()},
        )

    def put(self, path: str, data: bytes) -> Reference:
        file = self.settings.watch_dir / path
        file.write_bytes(data)
        return Reference(path, file.stat().st_size, file.stat().st_mtime_ns)

    def send(self, *references: Reference) -> None:
        self.store.mark_pending(references, time.time())
        send_references(self.app, references)

    def record(self, path: str) -> Record | None:
        return self.store.records([path])[0]

    def wait(self, happened: Callable[[], object], patience: float = 180.0) -> None:
        deadline = time.monotonic() + patience
        while not happened():
            assert self.process.poll() is None, "the worker ended"
            assert time.monotonic() < deadline, "not in time"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def line(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One worker for all tests here: it takes seconds to load its network."""
    line = Line(make_settings(redis_server, tmp_path_factory.mktemp("line")))
    yield line
    if line.process.poll() is None:
        line.process.terminate()
        line.process.wait(60)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("photo") / "china.jpg"
    Image.fromarray(load_sample_image("china.jpg")).save(path, quality=90)
    return path.read_bytes()


def test_messages_good_and_bad(line: Line, photo: bytes) -> None:
    secret = line.settings.watch_dir.parent / "secret.jpg"
    secret.write_bytes(photo)
    (line.settings.watch_dir / "link.jpg").symlink_to(secret)
    linked = (line.settings.watch_dir / "link.jpg").lstat()
    outside = Reference("../secret.jpg", secret.stat().st_size, secret.stat().st_mtime_ns)
    link = Reference("link.jpg", linked.st_size, linked.st_mtime_ns)
    # What no imagesieve would send: not a list, not references, another way to call.
    line.app.send_task(names.TASK_EXTRACT, args=["a.jpg"])
    line.app.send_task(names.TASK_EXTRACT, args=[[["a.jpg", "1", 2], None]])
    line.app.send_task(names.TASK_EXTRACT, kwargs={"paths": ["a.jpg"]})
    send_references(line.app, [outside])
    line.send(line.put("a.jpg", photo), line.put("b.jpg", photo), line.put("torn.jpg", photo[:9000]), link)
    line.wait(lambda: line.store.counts().pending == 0)
    line.wait(lambda: outstanding(line.app).unacknowledged == 0)

    one, other = line.record("a.jpg"), line.record("b.jpg")
    assert one
    assert other
    assert (one.state, one.width, one.height, one.digest) == (State.READY, 640, 427, other.digest)
    reasons = {path: record.reason for path, record in line.store.failures()}
    assert "truncated" in reasons["torn.jpg"]
    assert set(reasons) == {"torn.jpg", "link.jpg"}
    assert "symbolic link" in reasons["link.jpg"]
    assert line.store.add(keys.Counter.COMPUTED, 0) == 1
    assert line.store.add(keys.Counter.REFUSED, 0) == 5
    extractor = line.store.extractor()
    assert extractor
    assert extractor.weights == "random"
    assert line.store.features(extractor.id, [one.digest])[0]
    with redis.Redis.from_url(line.settings.store) as client:
        client.append(keys.KEY_EXTRACTOR, "damaged")
    assert line.store.extractor() is None
    line.send(line.put("c.jpg", photo + b"c"))
    line.wait(lambda: line.store.counts().pending == 0)
    assert line.store.extractor() == extractor  # published anew


def test_a_batch_whose_process_is_killed_comes_back_and_sigterm_drains(line: Line, photo: bytes) -> None:
    line.send(line.put("first.jpg", photo))
    line.wait(lambda: line.store.counts().pending == 0)
    before = line.store.counts().ready
    batch = [line.put(f"{number}.jpg", photo + bytes([number])) for number in range(32)]
    line.send(*batch)
    with redis.Redis.from_url(line.settings.store) as client:  # a message is with the worker before a child begins it
        line.wait(lambda: client.hlen(keys.KEY_ATTEMPTS) == len(batch))
    for child in children(line.process.pid):
        os.kill(child, signal.SIGKILL)
    line.wait(lambda: line.store.counts().pending == 0)
    line.wait(lambda: outstanding(line.app).unacknowledged == 0)
    assert line.store.counts().ready == before + 32
    assert line.store.begin([reference.path for reference in batch]) == [1] * 32  # no attempt is left counted
    line.store.finish([reference.path for reference in batch])

    # A message that no child has begun goes back to the queue at SIGTERM; one that is begun is finished.
    last = [line.put(f"last-{number}.jpg", photo + b"last" + bytes([number])) for number in range(8)]
    line.send(*last)
    with redis.Redis.from_url(line.settings.store) as client:
        line.wait(lambda: client.hlen(keys.KEY_ATTEMPTS) == len(last))
    line.process.terminate()
    assert line.process.wait(60) == 0
    records = line.store.records([reference.path for reference in last])
    assert [record and record.state for record in records] == [State.READY] * len(last)


def children(pid: int) -> list[int]:
    """Process numbers of the pool's children; not of billiard's semaphore tracker."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
