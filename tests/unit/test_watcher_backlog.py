"""When the backlog goes out and when it rests, over a store in memory and clocks that the test turns."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from shared import names
from shared.broker import Lane
from shared.errors import Unavailable
from shared.quiet_hours import QuietHours
from shared.records import Reference, State
from shared.store import MemoryStore
from watcher.backlog import LEASE_SECONDS, LOOK_SECONDS, VERDICTS_IN_LINE, Backlog
from watcher.queue import Lines

NOON = datetime(2026, 3, 1, 12, 0).timestamp()
HOUR = 3600.0


class Bench:
    """A backlog of 1,000 files, and workers that take what the test says."""

    def __init__(self, per_second: float = 0.0, quiet: str = "", files: int = 1000) -> None:
        self.store = MemoryStore()
        self.store.mark_pending([Reference(f"{number}.jpg", 1, 1, 2, 3) for number in range(files)], 0.0)
        self.now, self.wall = 0.0, NOON
        self.sent: list[list[Reference]] = []
        self.line = 0
        self.verdicts = 0
        self.cut = False
        self.per_second, self.quiet = per_second, quiet
        self.backlog = self.another()

    def another(self) -> Backlog:
        return Backlog(self.store, self, 32, self.per_second, QuietHours.parse(self.quiet), lambda: self.wall)

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        assert lane is Lane.BACKLOG
        if self.cut:
            raise Unavailable("Redis", "is cut off")
        self.sent.append(list(references))
        self.line += 1

    def lines(self) -> Lines:
        return Lines(backlog=self.line, verdicts=self.verdicts)

    def ping(self) -> None:
        return

    def tell_gone(self, paths: Sequence[str]) -> None:
        return

    def look(self, backlog: Backlog | None = None) -> int:
        """How many files go out at the next look, after which a worker takes all there is."""
        before = sum(map(len, self.sent))
        self.now += LOOK_SECONDS
        self.wall += LOOK_SECONDS
        (backlog or self.backlog).feed(self.now)
        self.line = 0
        return sum(map(len, self.sent)) - before


def test_it_goes_out_to_the_last_file_and_each_once() -> None:
    bench = Bench()
    while bench.look():
        continue
    paths = [reference.path for batch in bench.sent for reference in batch]
    assert len(paths) == len(set(paths)) == 1000
    assert bench.store.counts().held == 0
    assert max(map(len, bench.sent)) == 128
    assert bench.sent[0][0] == Reference("0.jpg", 1, 1, 2)
    assert bench.sent[0][0].inode == 3


def test_what_is_sent_is_marked_and_keeps_what_its_record_says() -> None:
    bench = Bench(files=0)
    bench.store.mark_pending([Reference("a.jpg", 1, 1, 1)], 1.0)
    [(path, record)] = bench.store.pending()
    bench.store.complete([(path, record, replace(record, state=State.READY, digest="d", verdict="unique"))])
    bench.store.mark_pending([Reference("a.jpg", 1, 1, 2)], 0.0)  # its rights were changed
    assert bench.look() == 1
    [(_, sent)] = bench.store.pending()
    assert (sent.digest, sent.verdict, sent.since) == ("d", "unique", bench.wall)


def test_a_pause_holds_it_until_somebody_resumes_it() -> None:
    bench = Bench()
    assert bench.look()
    bench.store.pause_backlog(True)
    assert [bench.look() for _ in range(20)] == [0] * 20
    another = bench.another()
    bench.backlog.close()
    assert bench.look(another) == 0, "a restart resumes nothing"
    bench.store.pause_backlog(False)
    assert bench.look(another)


def test_in_quiet_hours_it_rests_and_says_until_when() -> None:
    bench = Bench(quiet="22:00-07:00")
    assert bench.look()
    assert bench.store.backlog_rests() == ""
    bench.wall = NOON + 10 * HOUR - LOOK_SECONDS
    assert bench.look() == 0
    assert bench.store.backlog_rests() == "quiet hours until 07:00"
    bench.wall = NOON + 19 * HOUR - 2 * LOOK_SECONDS
    assert bench.look() == 0
    assert bench.look()
    assert bench.store.backlog_rests() == ""


def test_who_insists_waits_for_no_pause_and_no_hours_but_for_the_bound() -> None:
    bench = Bench(per_second=4.0, quiet="00:00-23:59")
    bench.store.pause_backlog(True)
    assert bench.look() == 0
    bench.backlog.insist()
    assert [bench.look() for _ in range(8)] == [4, 0, 0, 0, 4, 0, 0, 0]
    assert bench.store.backlog_rests() == ""


def test_it_waits_where_the_verdict_writer_is_behind() -> None:
    bench = Bench()
    bench.verdicts = VERDICTS_IN_LINE
    assert bench.look() == 0
    bench.verdicts -= 1
    assert bench.look()


def test_one_of_several_watchers_sends_it_and_another_goes_on() -> None:
    bench = Bench(per_second=1.0)
    other = bench.another()
    assert bench.look() == 1
    assert [bench.look(other) for _ in range(20)] == [0] * 20, "the bound is for both of them"
    bench.backlog.close()
    assert bench.look(other) == 1
    assert not bench.store.take_lease(names.LEASE_BACKLOG, "me", LEASE_SECONDS)


def test_what_somebody_sent_meanwhile_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(files=3)
    drawn = bench.store.backlog(3)
    bench.store.mark_pending([Reference("1.jpg", 1, 1, 2)], 5.0)  # somebody touched it: an arrival
    bench.store.forget(["2.jpg"])
    monkeypatch.setattr(bench.store, "backlog", lambda count: drawn)
    assert bench.look() == 1
    assert [reference.path for reference in bench.sent[0]] == ["0.jpg"]


def test_a_broker_that_is_away_is_told() -> None:
    bench = Bench()
    bench.cut = True
    with pytest.raises(Unavailable):
        bench.look()
    assert bench.store.counts().held == 1000 - 8, "marked, not sent: what is lost is found"
    bench.cut = False
    assert bench.look()
