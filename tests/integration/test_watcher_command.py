"""`python -m watcher` as its own process: exit status, signals, `--once`, and the kernel's limits."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty

import pytest

from shared.broker import make_app
from shared.names import QUEUE_FEATURES
from shared.records import Record, Reference, State
from shared.settings import Settings
from shared.store import RedisStore
from tests.conftest import RedisServer
from tests.integration.test_watcher import wait_until

ROOT = Path(__file__).parents[2]


class Watcher:
    """A running `python -m watcher`."""

    def __init__(self, settings: Settings, errors: Path, arguments: Sequence[str], before: Sequence[str]) -> None:
        self.store = RedisStore.connect(settings.store)
        self.errors = errors
        with errors.open("wb") as stream:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "watcher", *arguments],
                cwd=ROOT,
                env={**os.environ, **settings.environment()},
                stdout=subprocess.PIPE,
                stderr=stream,
            )

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit status and standard output after a signal."""
        self.process.send_signal(number)
        return self.result()

    def result(self, seconds: float = 20.0) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, output.decode()

    def said(self) -> str:
        return self.errors.read_text()

    def records(self) -> dict[str, Record]:
        return dict(pair for chunk in self.store.scan() for pair in chunk)


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Watcher]]:
    watchers = []

    def start(*arguments: str, before: Sequence[str] = (), **changes: object) -> Watcher:
        changed = settings.model_copy(update={"rescan_every": 3600.0, **changes})
        watchers.append(Watcher(changed, tmp_path / "stderr", arguments, before))
        return watchers[-1]

    yield start
    for watcher in watchers:
        if watcher.process.poll() is None:
            watcher.process.kill()
            watcher.process.communicate()


@contextmanager
def working(settings: Settings) -> Iterator[list[Reference]]:
    """A stand-in at the other end of the queue: it takes batches and completes their records. Yields what it took."""
    taken: list[Reference] = []
    ended = threading.Event()

    def work() -> None:
        store, app = RedisStore.connect(settings.store), make_app(settings)
        with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE_FEATURES) as queue:
            while not ended.is_set():
                with suppress(Empty):
                    message = queue.get(timeout=0.1)
                    batch = [Reference.from_wire(wire) for wire in message.payload[0][0]]
                    taken.extend(batch)
                    paths = [reference.path for reference in batch]
                    records = zip(paths, store.records(paths), strict=True)
                    ready = {"state": State.READY, "digest": "d", "extractor": "e"}
                    store.complete([(path, old, replace(old, **ready)) for path, old in records if old])
                    message.ack()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield taken
    finally:
        ended.set()
        worker.join(10.0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_watches_until_a_signal_and_ends_at_once_and_cleanly(
    start: Callable[..., Watcher], settings: Settings, number: int
) -> None:
    watcher = start(linger=30.0)
    wait_until(lambda: "looked through the watched folder" in watcher.said())
    (settings.watch_dir / "a.jpg").write_bytes(b"1")
    alive = settings.state_dir / "watcher.alive"
    assert time.time() - alive.stat().st_mtime < 60
    for size in range(20):  # it settles, and lingers because another file is on its way
        (settings.watch_dir / "growing.jpg").write_bytes(b"1" * size)
        time.sleep(0.05)
    began = time.monotonic()
    assert watcher.stop(number) == (0, "")
    assert time.monotonic() - began < 15.0  # it does not linger
    assert watcher.records()["a.jpg"].state is State.PENDING, "what had settled was sent"
    assert "Traceback" not in watcher.said()


def test_it_ends_as_fast_while_it_waits_for_redis(start: Callable[..., Watcher], tmp_path: Path) -> None:
    watcher = start(store_url=f"unix://{tmp_path}/none.sock", broker_url=f"redis+socket://{tmp_path}/none.sock")
    wait_until(lambda: "The watcher waits; nothing is lost" in watcher.said())
    time.sleep(1.0)
    assert watcher.said().count("The watcher waits; nothing is lost") == 1
    began = time.monotonic()
    assert watcher.stop() == (0, "")
    assert time.monotonic() - began < 3.0


@pytest.mark.parametrize("shared", ["store_url", "broker_url"])
def test_two_watched_folders_share_neither_store_nor_broker(
    start: Callable[..., Watcher], settings: Settings, redis_server: RedisServer, tmp_path: Path, shared: str
) -> None:
    """Sharing the broker, each would get the other's files to read, and find none of them."""
    first = start()
    wait_until(lambda: "looked through the watched folder" in first.said())
    for folder in ("others", "state of others"):
        (tmp_path / folder).mkdir()
    own = {"store_url": redis_server.url(0), "broker_url": redis_server.broker(1)}
    for database in (0, 1):
        redis_server.flush(database)
    own[shared] = getattr(settings, shared)
    other = start(watch_dir=tmp_path / "others", state_dir=tmp_path / "state of others", **own)
    assert other.result() == (2, "")
    assert f"the Redis of IMAGESIEVE_{shared.upper()} holds the collection of another imagesieve" in other.said()


def test_a_missing_folder_is_one_sentence_and_status_2(start: Callable[..., Watcher], settings: Settings) -> None:
    watcher = start(watch_dir=settings.watch_dir / "none")
    assert watcher.result() == (2, "")
    assert watcher.said().startswith(f"IMAGESIEVE_WATCH_DIR is {settings.watch_dir}/none, which is not a folder")
    assert watcher.said().count("\n") == 1


def test_a_wrong_setting_is_one_sentence_and_status_2(settings: Settings) -> None:
    environment = {**os.environ, **settings.environment(), "IMAGESIEVE_SETTLE": "soon"}
    command = [sys.executable, "-m", "watcher"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("IMAGESIEVE_SETTLE is 'soon'")
    assert done.stdout == ""


def test_once_works_through_what_is_there_and_ends(start: Callable[..., Watcher], settings: Settings) -> None:
    for number in range(50):
        (settings.watch_dir / f"{number}.jpg").write_bytes(b"1")
    (settings.watch_dir / "notes.txt").write_text("no image")
    with working(settings) as taken:
        watcher = start("--once")
        assert watcher.result() == (0, "")
        assert watcher.store.counts().pending == 0
        assert sorted(reference.path for reference in taken) == sorted(f"{number}.jpg" for number in range(50))
        assert watcher.store.counts().total == 50
        passed = watcher.store.passed_over()
        assert passed
        assert passed.suffixes == {".txt": (1, 8)}
        again = start("--once")
        assert again.result() == (0, "")
        assert len(taken) == 50, "a second run sends nothing"


def test_once_waits_for_a_file_that_is_still_written(start: Callable[..., Watcher], settings: Settings) -> None:
    path = settings.watch_dir / "slow.jpg"
    path.write_bytes(b"1")
    with working(settings) as taken:
        watcher = start("--once", settle=0.5)
        for _ in range(12):
            with path.open("ab") as file:
                file.write(b"1")
            time.sleep(0.2)
        assert watcher.process.poll() is None
        assert watcher.result() == (0, "")
    assert [reference.size for reference in taken] == [13]


def test_once_heeds_no_pause_and_no_quiet_hours(start: Callable[..., Watcher], settings: Settings) -> None:
    (settings.watch_dir / "a.jpg").write_bytes(b"1")
    store = RedisStore.connect(settings.store)
    store.pause_backlog(True)
    with working(settings):
        watcher = start("--once", quiet_hours="00:00-23:59")
        assert watcher.result() == (0, "")
    assert store.counts().pending == 0
    assert store.is_backlog_paused()


def test_once_that_is_told_to_stop_has_not_done_its_work(start: Callable[..., Watcher], settings: Settings) -> None:
    (settings.watch_dir / "a.jpg").write_bytes(b"1")
    watcher = start("--once")  # and nobody to work
    wait_until(lambda: watcher.store.counts().pending == 1)
    assert watcher.stop() == (1, "")


def test_events_that_the_kernel_drops_are_made_up_for(start: Callable[..., Watcher], settings: Settings) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 40_000:
        pytest.skip(f"fs.inotify.max_queued_events is {limit}: too many files for a test")
    watcher = start(log_level="debug")
    wait_until(lambda: "looked through the watched folder" in watcher.said())
    watcher.process.send_signal(signal.SIGSTOP)
    count = limit // 2  # each gives three events: created, modified, closed
    for number in range(count):
        (settings.watch_dir / f"{number}.jpg").write_bytes(b"1")
    watcher.process.send_signal(signal.SIGCONT)
    wait_until(lambda: watcher.store.counts().total == count, 60.0)
    assert "the kernel dropped events" in watcher.said()


def test_where_inotify_has_too_few_watches_polling_takes_over(
    start: Callable[..., Watcher], settings: Settings
) -> None:
    script = 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$@"'
    namespace = (shutil.which("unshare") or "unshare", "--user", "--map-root-user")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "sh", "-c", script, "sh", "true"], check=False).returncode
    ):
        pytest.skip("no user namespace with limits of its own can be made here")
    for number in range(10):
        (settings.watch_dir / str(number)).mkdir()
    watcher = start(before=(*namespace, "sh", "-c", script, "sh"), poll_every=0.2)
    wait_until(lambda: "raise fs.inotify.max_user_watches" in watcher.said())
    wait_until(lambda: watcher.said().count("looked through the watched folder") == 2)
    for number in range(10):
        (settings.watch_dir / str(number) / "a.jpg").write_bytes(b"1")
    wait_until(lambda: watcher.store.counts().total == 10)


def test_the_watcher_is_light() -> None:
    code = "import json, sys; import watcher.__main__; print(json.dumps(list(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True).stdout
    loaded = {name.partition(".")[0] for name in json.loads(output)}
    assert not loaded & {"tensorflow", "keras", "cv2", "sklearn", "numpy", "scipy", "matplotlib", "PIL"}
