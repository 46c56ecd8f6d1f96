"""The backlog on record: files that wait to be sent are counted, drawn, and leave it by whatever happens to them."""

import dataclasses
import os

import redis

from shared.failures import FailureKind
from shared.records import Counts, Reference, State
from shared.settings import Settings
from shared.store import RedisStore, Store, keys
from tests.failed import mark_failed


def hold(store: Store, *paths: str) -> None:
    store.mark_pending([Reference(path, 1, 1) for path in paths], now=0.0)


def held(store: Store) -> set[str]:
    return {path for path, _ in store.backlog(1000)}


def test_files_of_the_backlog_are_pending_and_not_on_their_way(store: Store) -> None:
    odd = os.fsdecode(b"latin-\xe9.jpg")
    hold(store, "a", "b", odd)
    store.mark_pending([Reference("sent", 1, 1)], now=5.0)
    assert store.counts() == Counts(total=4, pending=4, failed=0, held=3)
    assert [path for path, _ in store.pending()] == ["sent"]
    assert held(store) == {"a", "b", odd}
    assert len(store.backlog(2)) == 2
    counts = store.verdict_counts()
    assert counts is not None
    assert not any(counts.values())


def test_a_file_leaves_the_backlog_by_being_sent_read_refused_or_forgotten(store: Store) -> None:
    hold(store, "sent", "taken", "read", "refused", "gone", "stays")
    store.mark_pending([Reference("sent", 1, 1)], now=5.0)
    found = dict(store.backlog(10))
    taken, read = found["taken"], found["read"]
    marked = dataclasses.replace(taken, since=7.0)
    assert store.complete([("taken", taken, marked), ("read", read, dataclasses.replace(read, state=State.READY))]) == [
        True,
        True,
    ]
    assert store.complete([("taken", taken, marked)]) == [False], "somebody else has sent it"
    mark_failed(store, [(Reference("refused", 1, 1), "bad")], FailureKind.SUFFIX, now=1.0)
    store.forget(["gone"])
    assert held(store) == {"stays"}
    assert store.counts() == Counts(total=5, pending=3, failed=1, held=1)
    hold(store, "read")  # another extractor counts
    assert held(store) == {"stays", "read"}


def test_the_backlog_goes_in_the_order_in_which_its_files_changed_last(store: Store) -> None:
    times = {"b": 1_700_000_000_000_000_000, "c": -5, "a": 1_800_000_000_000_000_000, "e": 0, "d": 0}
    store.mark_pending([Reference(path, 1, time) for path, time in times.items()], now=0.0)
    assert [path for path, _ in store.backlog(9)] == ["c", "d", "e", "b", "a"]
    [(path, record)] = store.backlog(1)
    assert store.complete([(path, record, dataclasses.replace(record, since=7.0))]) == [True]
    assert [path for path, _ in store.backlog(2)] == ["d", "e"]
    again = dict(store.pending())["c"]
    assert store.complete([("c", again, dataclasses.replace(again, mtime_ns=9**18, since=0.0))]) == [True]
    for _ in store.recount():
        pass
    assert [path for path, _ in store.backlog(9)] == ["d", "e", "c", "b", "a"]


def test_what_does_not_belong_into_the_backlog_does_not_stand_before_the_others(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    hold(store, "c", "d")
    with redis.Redis.from_url(settings.store) as client:
        client.zadd(keys.KEY_BACKLOG, {"a": 0, "b": 0, "b2": 0})
    assert [path for path, _ in store.backlog(2)] == ["c"]
    assert [path for path, _ in store.backlog(9)] == ["c", "d"]
    for _ in store.recount():
        pass
    assert [path for path, _ in store.backlog(2)] == ["c", "d"]


def test_a_pause_and_the_reason_for_a_rest_are_kept(store: Store) -> None:
    assert (store.is_backlog_paused(), store.backlog_rests()) == (False, "")
    store.pause_backlog(True)
    store.pause_backlog(True)
    store.tell_backlog_rests("quiet hours")
    assert (store.is_backlog_paused(), store.backlog_rests()) == (True, "quiet hours")
    store.pause_backlog(False)
    store.tell_backlog_rests("")
    assert (store.is_backlog_paused(), store.backlog_rests()) == (False, "")


def test_a_recount_puts_every_pending_file_where_its_record_says(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    hold(store, "held")
    store.mark_pending([Reference("sent", 1, 1)], now=5.0)
    with redis.Redis.from_url(settings.store) as client:
        client.zrem(keys.KEY_BACKLOG, "held")
        client.sadd(keys.KEY_PENDING, "held")  # as an older version has it
        client.srem(keys.KEY_PENDING, "sent")
        client.zadd(keys.KEY_BACKLOG, {"sent": 0})
    for _ in store.recount():
        continue
    assert held(store) == {"held"}
    assert [path for path, _ in store.pending()] == ["sent"]
