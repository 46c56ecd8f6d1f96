"""The watcher on a real folder, with a real observer, real Redis and real messages."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty

import pytest

from shared.admission import Why
from shared.broker import make_app, outstanding
from shared.names import QUEUE_FEATURES, TASK_EXTRACT
from shared.records import Extractor, Record, Reference, State
from shared.settings import Settings
from shared.store import RedisStore
from tests.conftest import RedisServer
from watcher.queue import CeleryQueue
from watcher.service import Service
from watcher.timing import Clock, Stop

# watchdog meets a folder twice when it is made while its parent is being watched (see watcher.__main__).
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


class Bench:
    """A watched folder, and what the watcher made of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.root = settings.watch_dir
        self.outside = settings.watch_dir.parent / "outside"
        self.outside.mkdir(exist_ok=True)
        self.store = RedisStore.connect(settings.store)
        self.app = make_app(settings)

    def write(self, path: str, content: bytes = b"1", age: float = 0.0) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (time.time() - age, time.time() - age))
        return file

    def records(self) -> dict[str, Record]:
        return dict(pair for chunk in self.store.scan() for pair in chunk)

    def known(self) -> set[str]:
        return set(self.records())

    def wait_for(self, *paths: str) -> None:
        """Return when exactly these paths are on record."""
        with suppress(AssertionError):
            wait_until(lambda: self.known() == set(paths))
        assert self.known() == set(paths)

    def wait_for_backlog(self) -> None:
        """Return when all of it was sent."""
        wait_until(lambda: self.store.counts().held == 0)

    def messages(self) -> list[list[Reference]]:
        """The batches in the broker, taken out of it."""
        batches = []
        with self.app.connection_for_read() as link, link.SimpleQueue(QUEUE_FEATURES) as queue, suppress(Empty):
            while True:
                message = queue.get(block=False)
                message.ack()
                assert message.headers["task"] == TASK_EXTRACT
                arguments, _, _ = message.payload
                batches.append([Reference.from_wire(wire) for wire in arguments[0]])
        return batches

    def sent(self) -> list[Reference]:
        return [reference for batch in self.messages() for reference in batch]

    def complete(self, extractor: str = "x") -> None:
        """Do to the records what a worker does."""
        changes = [
            (path, record, replace(record, state=State.READY, digest="d", extractor=extractor))
            for path, record in list(self.store.pending())
        ]
        self.store.complete(changes)

    @contextmanager
    def watching(self, clock: Clock | None = None, **changes: object) -> Iterator[Service]:
        """A watcher in a thread of this process, past its start-up scan."""
        settings = self.settings.model_copy(update={"rescan_every": 3600.0, **changes})
        settings.state_dir.mkdir(exist_ok=True)
        stop = Stop()
        store, queue = RedisStore.connect(settings.store), CeleryQueue(make_app(settings))
        service = Service(settings, store, queue, stop, clock or Clock())
        thread = threading.Thread(target=service.run)
        thread.start()
        try:
            wait_until(lambda: observes(service))
            yield service
        finally:
            stop.request()
            thread.join(10.0)
            assert not thread.is_alive()


def observes(service: Service) -> bool:
    source = service._observation._source
    return source is not None and source._ready.is_set() and source.is_alive()


@pytest.fixture
def bench(settings: Settings) -> Bench:
    return Bench(settings)


def test_a_created_file_is_marked_and_sent(bench: Bench) -> None:
    with bench.watching():
        status = bench.write("album/photo.jpg", b"12345").stat()
        bench.wait_for("album/photo.jpg")
        assert bench.records()["album/photo.jpg"].state is State.PENDING
    assert bench.messages() == [[Reference("album/photo.jpg", 5, status.st_mtime_ns, status.st_ctime_ns)]]


def test_a_slowly_written_file_is_sent_once_when_it_is_complete(bench: Bench) -> None:
    with bench.watching(), (bench.root / "slow.jpg").open("wb", buffering=0) as file:
        for _ in range(8):
            file.write(b"12345")
            time.sleep(0.1)  # half the settle time
        assert bench.known() == set()
        bench.wait_for("slow.jpg")
    assert [reference.size for reference in bench.sent()] == [40]


def test_files_that_come_together_travel_together(bench: Bench) -> None:
    with bench.watching(batch_size=1, settle=0.5):  # a message has room for four batches
        for number in range(10):
            bench.write(f"{number}.jpg")
        bench.wait_for(*(f"{number}.jpg" for number in range(10)))
    sizes = [len(batch) for batch in bench.messages()]
    assert sum(sizes) == 10
    assert max(sizes) == 4
    assert len(sizes) <= 4


def test_a_file_that_comes_alone_does_not_wait_for_others(bench: Bench) -> None:
    with bench.watching(linger=60.0):
        bench.write("alone.jpg")
        bench.wait_for("alone.jpg")


def test_moved_in_renamed_and_deleted(bench: Bench) -> None:
    (bench.outside / "a.jpg").write_bytes(b"1")
    with bench.watching():
        (bench.outside / "a.jpg").rename(bench.root / "a.jpg")  # gives no closed event
        bench.wait_for("a.jpg")
        bench.complete()
        (bench.root / "sub").mkdir()
        (bench.root / "a.jpg").rename(bench.root / "sub" / "b.jpg")
        bench.wait_for("sub/b.jpg")
        (bench.root / "sub" / "b.jpg").rename(bench.outside / "b.jpg")
        bench.wait_for()
        bench.write("last.jpg")
        bench.wait_for("last.jpg")
        (bench.root / "last.jpg").unlink()
        bench.wait_for()
    assert [reference.path for reference in bench.sent()] == ["a.jpg", "sub/b.jpg", "last.jpg"]


def test_replacing_a_file_sends_it_again_and_reading_it_does_not(bench: Bench) -> None:
    with bench.watching():
        photo = bench.write("a.jpg")
        bench.wait_for("a.jpg")
        bench.complete()
        photo.read_bytes()
        photo.chmod(0o600)
        time.sleep(0.6)
        assert bench.records()["a.jpg"].state is State.READY
        (bench.outside / "better.jpg").write_bytes(b"22")
        (bench.outside / "better.jpg").rename(photo)
        wait_until(lambda: bench.records()["a.jpg"].size == 2)
    assert [reference.size for reference in bench.sent()] == [1, 2]


def test_folders_moved_in_renamed_and_moved_out_whole(bench: Bench) -> None:
    for path in ("trip/a.jpg", "trip/day/b.jpg"):
        (bench.outside / path).parent.mkdir(exist_ok=True)
        (bench.outside / path).write_bytes(b"1")
    with bench.watching():
        bench.write("stays.jpg")
        (bench.outside / "trip").rename(bench.root / "trip")
        bench.wait_for("stays.jpg", "trip/a.jpg", "trip/day/b.jpg")
        (bench.root / "trip").rename(bench.root / "journey")
        bench.wait_for("stays.jpg", "journey/a.jpg", "journey/day/b.jpg")
        bench.write("journey/day/c.jpg")  # the watches moved along
        bench.wait_for("stays.jpg", "journey/a.jpg", "journey/day/b.jpg", "journey/day/c.jpg")
        (bench.root / "journey").rename(bench.outside / "journey")
        bench.wait_for("stays.jpg")


def test_a_tree_that_appears_at_once_is_seen_whole(bench: Bench) -> None:
    paths = [f"{a}/{b}/{c}.jpg" for a in range(5) for b in range(5) for c in range(4)]
    with bench.watching():
        for path in paths:
            bench.write(path)
        bench.wait_for(*paths)
        shutil.rmtree(bench.root / "0")
        bench.wait_for(*(path for path in paths if not path.startswith("0/")))


def test_hidden_and_partial_files_leave_no_trace_until_they_get_their_name(bench: Bench) -> None:
    with bench.watching():
        for path in (".hidden.jpg", "@eaDir/a.jpg", "a.jpg.part", "b.jpg.crdownload", ".c.jpg.X81bCa"):
            bench.write(path)
        bench.write("b.jpg", b"")  # Firefox and others keep the place with an empty file
        bench.write("notes.txt")
        bench.wait_for("b.jpg")
        (bench.root / "b.jpg.crdownload").replace(bench.root / "b.jpg")
        (bench.root / ".c.jpg.X81bCa").rename(bench.root / "c.jpg")
        bench.wait_for("b.jpg", "c.jpg")
        wait_until(lambda: bench.records()["b.jpg"].size == 1)
    assert {reference.path for reference in bench.sent()} == {"b.jpg", "c.jpg"}


def test_a_start_with_other_patterns_forgets_what_they_exclude_and_one_without_brings_it_back(bench: Bench) -> None:
    for path in ("a.jpg", "Screenshots/b.jpg", "c.gif", "notes.txt"):
        bench.write(path, age=100)
    with bench.watching():
        bench.wait_for("a.jpg", "Screenshots/b.jpg", "c.gif")
    with bench.watching(exclude=("Screenshots/", "*.gif")):
        bench.write("d.gif")
        bench.write("e.jpg")
        bench.wait_for("a.jpg", "e.jpg")
        wait_until(lambda: Why.EXCLUDED in getattr(bench.store.passed_over(), "others", {}))
    with bench.watching():
        bench.wait_for("a.jpg", "Screenshots/b.jpg", "c.gif", "d.gif", "e.jpg")
        wait_until(lambda: Why.EXCLUDED not in getattr(bench.store.passed_over(), "others", {}))
    found = bench.store.passed_over()
    assert found
    assert [one.path for one in bench.store.list_passed_over(found)] == ["notes.txt"]


def test_links_and_fifos_are_not_followed_or_opened(bench: Bench) -> None:
    (bench.outside / "secret.jpg").write_bytes(b"1")
    for kind in ("inotify", "polling"):
        with bench.watching(observer=kind, poll_every=0.1):
            os.mkfifo(bench.root / f"{kind}-fifo.jpg")
            (bench.root / f"{kind}-link.jpg").symlink_to(bench.outside / "secret.jpg")
            (bench.root / f"{kind}-folder").symlink_to(bench.outside)
            (bench.root / f"{kind}-loop").symlink_to(bench.root)
            bench.write(f"{kind}.jpg")
            wait_until(lambda kind=kind: f"{kind}.jpg" in bench.known())  # type: ignore[misc]
    bench.wait_for("inotify.jpg", "polling.jpg")


def test_any_name_that_the_file_system_allows_passes(bench: Bench) -> None:
    names = [
        os.fsdecode(b"caf\xe9\xff.jpg"),
        "a\nb\tc.jpg",
        "😀 👩‍👩‍👧.jpg",
        "'\"\\.jpg",
        "3f786850e387550f",
        "é" * 100 + ".jpg",
    ]
    with bench.watching():
        for name in names:
            bench.write(name)
        bench.wait_for(*names)
    assert {reference.path for reference in bench.sent()} == set(names)


def test_the_polling_observer_sees_the_same(bench: Bench) -> None:
    with bench.watching(observer="polling", poll_every=0.1):
        bench.write("a.jpg")
        bench.write("sub/b.jpg")
        bench.wait_for("a.jpg", "sub/b.jpg")
        (bench.root / "a.jpg").rename(bench.root / "c.jpg")
        bench.wait_for("c.jpg", "sub/b.jpg")
        bench.write("c.jpg", b"22")
        wait_until(lambda: bench.records()["c.jpg"].size == 2)
        (bench.root / "sub").rename(bench.root / "bus")
        bench.wait_for("c.jpg", "bus/b.jpg")
        (bench.root / "bus").rename(bench.outside / "bus")
        bench.wait_for("c.jpg")
        bench.write("d.jpg")
        (bench.root / "c.jpg").unlink()
        bench.wait_for("d.jpg")


def test_the_start_up_scan_finds_what_came_and_went_while_nobody_watched(bench: Bench) -> None:
    bench.write("new.jpg", age=100.0)
    status = bench.write("known.jpg", age=100.0).stat()
    bench.store.mark_pending([Reference("known.jpg", status.st_size, status.st_mtime_ns, status.st_ctime_ns)], 1.0)
    bench.complete()
    bench.store.mark_pending([Reference("gone.jpg", 1, 1)], time.time())
    with bench.watching():
        bench.wait_for("new.jpg", "known.jpg")
        bench.wait_for_backlog()
    assert [reference.path for reference in bench.sent()] == ["new.jpg"]


def test_the_periodic_rescan_repairs_what_no_event_tells(bench: Bench) -> None:
    bench.write("a.jpg", age=100.0)
    with bench.watching(rescan_every=0.5):
        bench.wait_for("a.jpg")
        bench.store.forget(["a.jpg"])
        bench.store.mark_pending([Reference("never was.jpg", 1, 1)], time.time())
        bench.wait_for("a.jpg")


def test_a_pending_file_without_a_message_is_sent_again(bench: Bench) -> None:
    status = bench.write("a.jpg", age=100.0).stat()
    bench.store.mark_pending(
        [Reference("a.jpg", status.st_size, status.st_mtime_ns, status.st_ctime_ns)], time.time() - 60.0
    )
    with bench.watching():
        wait_until(lambda: time.time() - bench.records()["a.jpg"].since < 30.0)
    assert [reference.path for reference in bench.sent()] == ["a.jpg"]


def test_another_extractor_sends_its_predecessors_files_again(bench: Bench) -> None:
    bench.write("a.jpg", age=100.0)
    bench.store.publish_extractor(Extractor("x", "random", "first"))
    with bench.watching():
        bench.wait_for("a.jpg")
        bench.wait_for_backlog()
        bench.complete("x")
        bench.store.publish_extractor(Extractor("y", "random", "second"))
        wait_until(lambda: bench.records()["a.jpg"].state is State.PENDING)
        assert len(bench.sent()) == 1
        bench.wait_for_backlog()
    assert len(bench.sent()) == 1


def test_a_folder_that_goes_and_comes_back_is_waited_for(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with bench.watching() as service:
        bench.write("a.jpg")
        bench.wait_for("a.jpg")
        bench.root.rename(bench.outside / "away")
        wait_until(lambda: "is not there. The watcher waits for it" in caplog.text)
        assert bench.known() == {"a.jpg"}
        bench.root.mkdir()  # an empty mount point
        wait_until(lambda: "is empty, but files are on record (1)" in caplog.text)
        assert bench.known() == {"a.jpg"}
        bench.root.rmdir()
        (bench.outside / "away").rename(bench.root)
        wait_until(lambda: observes(service))
        bench.write("b.jpg")
        bench.wait_for("a.jpg", "b.jpg")
        shutil.rmtree(bench.root)
        bench.root.mkdir()
        bench.write("c.jpg")
        bench.wait_for("c.jpg")


def test_a_folder_found_empty_is_doubted_until_something_is_in_it(bench: Bench) -> None:
    bench.store.mark_pending([Reference("gone.jpg", 1, 1)], time.time())
    with bench.watching():
        time.sleep(1.5)
        assert bench.known() == {"gone.jpg"}
        bench.write("a.jpg")
        bench.wait_for("a.jpg")


def test_an_observer_that_dies_is_replaced(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with bench.watching() as service:
        first = service._observation._source
        assert first is not None
        assert first._reader is not None
        first._reader.stop()
        bench.write("a.jpg")  # nobody hears of it
        wait_until(lambda: service._observation._source is not first and observes(service))
        bench.write("b.jpg")
        bench.wait_for("a.jpg", "b.jpg")
    assert "has stopped" in caplog.text


def test_redis_may_go_away_and_come_back(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    folder = Path(tempfile.mkdtemp(prefix="sieve"))  # pytest's own folders are too deep for a socket's path
    server = RedisServer(folder)
    try:
        urls = {"broker_url": server.broker(0), "store_url": server.url(1)}
        bench = Bench(bench.settings.model_copy(update=urls))
        with bench.watching():
            bench.write("a.jpg")
            bench.wait_for("a.jpg")
            wait_until(lambda: any(outstanding(bench.app).queued.values()))  # marked first, sent then
            server.stop()
            bench.write("b.jpg")
            (bench.root / "a.jpg").unlink()
            wait_until(lambda: "The watcher waits; nothing is lost" in caplog.text)
            bench.write("c.jpg")
            server.start()
            bench.wait_for("b.jpg", "c.jpg")
            bench.write("d.jpg")
            bench.wait_for("b.jpg", "c.jpg", "d.jpg")
        assert "Redis takes writes again" in caplog.text
        assert {reference.path for reference in bench.sent()} == {"a.jpg", "b.jpg", "c.jpg", "d.jpg"}
    finally:
        server.stop()
        shutil.rmtree(folder)
