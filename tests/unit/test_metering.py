"""What the watcher and the verdict writer count, by a meter that remembers."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from shared.broker import Lane
from shared.errors import Unavailable
from shared.failures import FailureKind
from shared.metrics import Metric
from shared.records import Match, Record, Reference, Relation, State, Verdict
from shared.settings import load_settings
from shared.store import MemoryStore
from watcher import metrics as watcher
from watcher.enqueue import Batcher, Enqueuer
from watcher.folder import WatchedFolder
from watcher.queue import Lines
from watcher.scan import LOST_AFTER, Reconciler
from watcher.service import Service
from watcher.settling import Settling
from watcher.timing import Clock, Stop
from worker.pipeline.comparison import File
from worker.pipeline.judging import metrics as verdicts


class Recorder:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.shown: dict[str, float] = {}
        self.seen: dict[str, list[float]] = {}

    def add(self, metric: Metric, amount: float = 1, value: str = "") -> None:
        assert metric.kind == "counter"
        assert (value in metric.values) == bool(metric.label)
        self.counts[metric.name, value] += int(amount)

    def set(self, metric: Metric, number: float) -> None:
        assert metric.kind == "gauge"
        self.shown[metric.name] = number

    def observe(self, metric: Metric, seconds: float) -> None:
        assert metric.kind == "histogram"
        self.seen.setdefault(metric.name, []).append(seconds)

    def timing(self, metric: Metric) -> AbstractContextManager[object]:
        self.observe(metric, 0.0)
        return nullcontext()

    def follow(self, metric: Metric, read: Callable[[], float]) -> None:
        assert metric.kind == "gauge"
        self.shown[metric.name] = read()

    def count(self, metric: Metric, value: str = "") -> int:
        return self.counts[metric.name, value]


class Queue:
    """A queue that can be away."""

    def __init__(self) -> None:
        self.away = 0

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("Redis (broker)", "does not answer")

    def lines(self) -> Lines:
        return Lines()

    def tell_gone(self, paths: Sequence[str]) -> None:
        return

    def ping(self) -> None:
        return


def test_what_the_watcher_finds_sends_repairs_and_forgets(tmp_path: Path) -> None:
    now, meter, store = [1_000_000.0], Recorder(), MemoryStore()
    folder = WatchedFolder(tmp_path)
    folder.pin()
    settling = Settling(1.0, folder.look)
    enqueuer = Enqueuer(store, Queue(), Batcher(2, 9.0), lambda: now[0], meter)
    reconciler = Reconciler(folder, store, enqueuer, settling, 1.0, 60.0, lambda: now[0], lambda: now[0], meter)
    reconciler.scanned = now[0]

    def rescan() -> None:
        assert all(reconciler.rescan())
        enqueuer.flush(now[0], at_once=True)

    for name in ("a.jpg", "b.jpg", "c.jpg", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"1")
        os.utime(tmp_path / name, (now[0] - 100, now[0] - 100))
    rescan()
    assert meter.count(watcher.SEEN, "scan") == 3, "what is passed over is none of them"
    assert meter.count(watcher.SETTLED) == 3
    assert (meter.count(watcher.ENQUEUED), meter.count(watcher.BATCHES)) == (3, 2)
    assert meter.count(watcher.REPAIRED, "scan") == 3
    assert meter.shown[watcher.SCANNED.name] == now[0]
    (tmp_path / "a.jpg").unlink()
    rescan()
    assert meter.count(watcher.FORGOTTEN) == 1
    assert meter.count(watcher.REPAIRED, "scan") == 3, "nothing was news"
    assert meter.count(watcher.SCANS) == 2
    now[0] += LOST_AFTER + 1
    assert all(reconciler.find_lost(LOST_AFTER))
    enqueuer.flush(now[0], at_once=True)
    assert meter.count(watcher.REPAIRED, "lost") == 2
    assert meter.count(watcher.ENQUEUED) == 5


def test_a_broker_that_is_away_and_a_folder_that_is_away_are_counted(tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "a.jpg").write_bytes(b"1")
    settings = load_settings(watch_dir=watched, state_dir=tmp_path, settle=0.0)
    meter, queue, stop = Recorder(), Queue(), Stop()
    queue.away = 1
    service = Service(settings, MemoryStore(), queue, stop, Clock(), meter)
    assert meter.shown[watcher.SETTLING.name] == 0

    def until(happened: Callable[[], object]) -> None:
        """Take the loop's turns until it happened, as `run` does."""
        for _ in range(1000):
            if happened():
                return
            try:
                service._turn()
            except Unavailable as error:
                service._await_redis(error)
        raise AssertionError("it did not happen")

    until(lambda: meter.count(watcher.ENQUEUED))
    assert meter.count(watcher.REDIS_FAILURES) == 1
    (watched / ".part").write_bytes(b"1")
    until(lambda: meter.count(watcher.IGNORED, "name"))
    (watched / "a.jpg").unlink()
    (watched / ".part").unlink()
    watched.rmdir()
    service._chores.want_rescan()
    until(lambda: meter.count(watcher.FOLDER_FAILURES))
    service._observation.close()


RECORD = Record(1, 1, State.READY, since=100.0, digest="d")


@pytest.mark.parametrize(
    ("old", "verdict", "written", "waited"),
    [
        (RECORD, Verdict.NEAR, True, [7.0]),
        (RECORD, Verdict.NEAR, False, []),  # somebody was faster
        (replace(RECORD, verdict=Verdict.UNIQUE), Verdict.NEAR, True, []),  # judged before: nobody waited
        (replace(RECORD, since=200.0), Verdict.UNIQUE, True, [0.0]),  # the clock was set back
        (replace(RECORD, state=State.FAILED, failure=FailureKind.EMPTY, reason="whatever"), Verdict.FAILED, True, []),
    ],
)
def test_a_verdict_is_counted_when_it_was_written(
    old: Record, verdict: Verdict, written: bool, waited: list[float]
) -> None:
    meter = Recorder()
    verdicts.count_verdicts(meter, [("a.jpg", old, replace(old, verdict=verdict))], [written], now=107.0)
    assert meter.count(verdicts.VERDICTS, verdict) == written
    assert meter.seen.get(verdicts.WAIT_SECONDS.name, []) == waited
    assert meter.count(verdicts.FAILURES, "empty") == (verdict is Verdict.FAILED)


def test_a_failure_of_before_there_were_kinds_is_counted() -> None:
    meter, old = Recorder(), replace(RECORD, state=State.FAILED, reason="empty file")
    verdicts.count_verdicts(meter, [("a.jpg", old, replace(old, verdict=Verdict.FAILED))], [True], now=107.0)
    assert meter.count(verdicts.FAILURES, "other") == 1


def test_a_comparison_is_counted_by_what_came_of_it() -> None:
    meter, match = Recorder(), Match(0.9, "alike")
    variant = Match(0.9, "differs at the left", Relation.VARIANT, 0.1)
    found = iter([match, None, None, variant])
    compare = verdicts.counted(lambda keeper, other: next(found), meter)
    file = File("a.jpg", RECORD)
    assert [compare(file, file) for _ in range(4)] == [match, None, None, variant]
    assert [meter.count(verdicts.COMPARISONS, value) for value in ("near", "variant", "no")] == [1, 1, 2]
