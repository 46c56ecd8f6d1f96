"""The watcher as its own process, before a hundred thousand files."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty

from shared.broker import make_app, outstanding
from shared.names import QUEUE_FEATURES
from shared.quiet_hours import QuietHours
from shared.records import Reference
from shared.settings import Settings
from shared.store import RedisStore
from tests.integration.test_watcher import wait_until
from tests.integration.test_watcher_command import Watcher
from watcher.backlog import LOOK_SECONDS, Backlog
from watcher.queue import CeleryQueue
from watcher.timing import BEAT_SECONDS

FEW, MANY = 2000, 100_000
MESSAGE = 8  # files in a message of the backlog while no worker takes any
LINKS = 50_000  # names of one file; ext4 allows 65,000
MIB = 1 << 20


def make_files(folder: Path, count: int) -> None:
    """Files that have been there for long: names of a few, because a hundred thousand inodes take their time."""
    folder.mkdir(parents=True)
    for number in range(count):
        name = folder / f"{number:06}.jpg"
        if number % LINKS == 0:
            first = name
            first.write_bytes(b"1")
            os.utime(first, (time.time() - 3600, time.time() - 3600))
        else:
            os.link(first, name)


@contextmanager
def watching(settings: Settings, errors: Path) -> Iterator[Watcher]:
    watcher = Watcher(settings.model_copy(update={"rescan_every": 3600.0}), errors, (), ())
    try:
        yield watcher
        assert watcher.stop() == (0, "")
    finally:
        watcher.process.kill()


def peak(watcher: Watcher) -> int:
    """Bytes that were resident at most."""
    status = Path(f"/proc/{watcher.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def sent(settings: Settings) -> Iterator[list[Reference]]:
    """The messages in the broker, taken out of it."""
    with make_app(settings).connection_for_read() as link, link.SimpleQueue(QUEUE_FEATURES) as queue, suppress(Empty):
        while True:
            message = queue.get(block=False)
            message.ack()
            yield [Reference.from_wire(wire) for wire in message.payload[0][0]]


def wait_for(watcher: Watcher, count: int, alive: Path) -> float:
    """Wait until so many files are on record; the oldest that the sign of life has been meanwhile, in seconds."""
    oldest = 0.0

    def look() -> bool:
        nonlocal oldest
        if alive.exists():
            oldest = max(oldest, time.time() - alive.stat().st_mtime)
        return watcher.store.counts().total == count

    wait_until(look, 120.0)
    return oldest


def test_a_hundred_thousand_files_in_one_folder(settings: Settings, tmp_path: Path) -> None:
    alive = settings.state_dir / "watcher.alive"
    make_files(settings.watch_dir / "few", FEW)
    with watching(settings, tmp_path / "stderr") as watcher:
        wait_for(watcher, FEW, alive)
        before = peak(watcher)
        wait_until(lambda: in_line(settings) == 1)
    taken = [reference.path for message in sent(settings) for reference in message]
    assert 0 < len(taken) <= MESSAGE, "without workers no more stands in line than one message"
    assert watcher.store.counts().held == FEW - len(taken)

    make_files(settings.watch_dir / "many", MANY)
    with watching(settings, tmp_path / "stderr") as watcher:
        oldest = wait_for(watcher, FEW + MANY, alive)
        assert peak(watcher) - before < 8 * MIB, "it scans in chunks and sends what it has"
        new = settings.watch_dir / "many" / "new.jpg"
        new.write_bytes(b"1")
        wait_until(lambda: watcher.store.records(["many/new.jpg"]) != [None], 10.0)
        wait_until(lambda: in_line(settings) == 2)
        messages = [[reference.path for reference in message] for message in sent(settings)]
        assert messages[0] == ["many/new.jpg"], "it was sent last and goes first"
        assert len(messages) == 2
        taken += messages[1]
    assert oldest < 3 * BEAT_SECONDS
    assert drained(settings, taken) == FEW + MANY


def in_line(settings: Settings) -> int:
    """Messages in the queue, of both lanes."""
    return outstanding(make_app(settings)).queued[QUEUE_FEATURES]


def drained(settings: Settings, taken: list[str]) -> int:
    """How many files of the backlog go out, each once, while somebody takes whatever is sent."""
    store, queue = RedisStore.connect(settings.store), CeleryQueue(make_app(settings))
    backlog = Backlog(store, queue, 32, 0.0, QuietHours(), time.time)
    now = 0.0
    while store.counts().held:
        backlog.feed(now)
        now += LOOK_SECONDS
        taken += [reference.path for message in sent(settings) for reference in message]
    assert len(taken) == len(set(taken))
    return len(taken)
