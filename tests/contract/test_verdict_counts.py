"""Files by verdict, counted at constant cost: right after everything that can happen to a record."""

import dataclasses
import os
import random
from collections import Counter

import pytest
import redis

from shared import names
from shared.errors import LeaseTaken
from shared.failures import FailureKind
from shared.records import Event, Record, Reference, State, Verdict
from shared.settings import Settings
from shared.store import MemoryStore, RedisStore, Store, keys
from tests.failed import mark_failed

NONE = {"unjudged": 0, **dict.fromkeys(map(str, Verdict), 0)}


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    settings: Settings = request.getfixturevalue("settings")
    return RedisStore.connect(settings.store)


def mark(store: Store, *paths: str, size: int = 1) -> None:
    store.mark_pending([Reference(path, size, 1) for path in paths], now=1.0)


def change(store: Store, path: str, **changes: object) -> tuple[str, Record, Record]:
    [record] = store.records([path])
    assert record
    return path, record, dataclasses.replace(record, **changes)  # type: ignore[arg-type]


def complete(store: Store, *paths: str) -> None:
    store.complete([change(store, path, state=State.READY, digest="d", extractor="e") for path in paths])


def judge(store: Store, verdict: str, *paths: str, correction: bool = False, holder: str = "") -> None:
    changes = [change(store, path, verdict=verdict) for path in paths]
    events = [Event("now", path, "d", verdict) for path in paths]
    store.give_verdicts(changes, events, correction, holder)


def counted(store: Store) -> dict[str, int]:
    """What is counted, without what is nil."""
    counts = store.verdict_counts()
    assert counts is not None
    assert counts.keys() == NONE.keys()
    return {verdict: files for verdict, files in counts.items() if files}


def test_an_empty_store_has_none(store: Store) -> None:
    assert store.verdict_counts() == NONE


def test_a_file_counts_once_on_its_whole_way(store: Store) -> None:
    mark(store, "a", "b", "bad")
    assert counted(store) == {}
    complete(store, "a", "b")
    store.complete([change(store, "bad", state=State.FAILED, reason='"state":"ready","verdict":"near"')])
    assert counted(store) == {"unjudged": 2, "failed": 1}
    judge(store, Verdict.FAILED, "bad")
    judge(store, Verdict.UNIQUE, "a")
    judge(store, Verdict.NEAR, "b")
    assert counted(store) == {"unique": 1, "near": 1, "failed": 1}
    judge(store, Verdict.NEAR, "a", correction=True)
    judge(store, Verdict.UNIQUE, "b", correction=True)
    judge(store, Verdict.UNIQUE, "b")  # told twice
    assert counted(store) == {"unique": 1, "near": 1, "failed": 1}
    mark(store, "a", size=2)  # its bytes changed
    mark_failed(store, [(Reference("b", 2, 2), "not read")], FailureKind.NO_IMAGE, now=2.0)
    assert counted(store) == {"failed": 2}
    store.forget(["b", "bad", "never there"])
    complete(store, "a")
    assert counted(store) == {"unjudged": 1}
    assert store.forget(["a"]) == 1
    assert counted(store) == {}


def test_a_change_that_came_too_late_counts_nothing(store: Store) -> None:
    mark(store, "gone", "replaced")
    late = [change(store, path, state=State.READY, digest="d") for path in ("gone", "replaced")]
    store.forget(["gone"])
    mark(store, "replaced", size=2)
    assert store.complete(late) == [False, False]
    assert counted(store) == {}
    complete(store, "replaced")
    assert store.take_lease(names.LEASE_VERDICTS, "somebody", 10)
    with pytest.raises(LeaseTaken):
        judge(store, Verdict.UNIQUE, "replaced", holder="somebody else")
    assert counted(store) == {"unjudged": 1}


def test_the_counts_are_those_of_the_records_whatever_happens_in_whatever_order(store: Store) -> None:
    chance = random.Random(6)
    paths = [f"{number}.jpg" for number in range(12)] + [os.fsdecode(b"latin-\xe9.jpg")]
    for _ in range(300):
        some = chance.sample(paths, chance.randint(1, 5))
        known = [path for path, record in zip(some, store.records(some), strict=True) if record]
        match chance.randrange(5):
            case 0:
                mark(store, *some, size=chance.randint(1, 3))
            case 1:
                complete(store, *known)
            case 2:
                judge(store, chance.choice(list(Verdict)[:4]), *known, correction=chance.random() < 0.5)
            case 3:
                mark_failed(store, [(Reference(path, 1, 1), "bad") for path in some], FailureKind.NO_IMAGE, now=1.0)
            case 4:
                store.forget(some)
        # A verdict on a record that is pending or failed is nobody's: the state alone says where those belong.
        records = [record for chunk in store.scan() for _, record in chunk]
        states = Counter(r.verdict or "unjudged" if r.state is State.READY else r.state.value for r in records)
        states.pop("pending", None)
        assert counted(store) == dict(states)


def test_a_store_of_an_older_version_tells_no_counts_until_it_is_counted(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    paths = [f"{number}.jpg" for number in range(1500)] + [os.fsdecode(b"latin-\xe9.jpg")]
    mark(store, "waiting", *paths)
    complete(store, *paths)
    judge(store, Verdict.EXACT, *paths[:700])
    with redis.Redis.from_url(settings.store) as client:
        client.delete(keys.KEY_UNJUDGED, keys.key_verdict("exact"))  # which older versions do not know
    assert store.verdict_counts() is None
    steps = store.recount()
    next(steps)
    judge(store, Verdict.UNIQUE, *paths[-3:])  # meanwhile life goes on
    store.forget(paths[:2])
    for _ in steps:
        continue
    assert counted(store) == {"exact": 698, "unique": 3, "unjudged": 1501 - 703}


def test_what_an_older_version_left_behind_goes(settings: Settings) -> None:
    """It forgot a file and described another one, without a word to sets it does not know: a sum that fits."""
    store = RedisStore.connect(settings.store)
    mark(store, "gone", "new", "damaged")
    complete(store, "gone", "new", "damaged")
    judge(store, Verdict.NEAR, "gone")
    with redis.Redis.from_url(settings.store) as client:
        client.srem(keys.KEY_UNJUDGED, "new")
        client.hdel(keys.KEY_RECORDS, "gone")
        client.hset(keys.KEY_RECORDS, "damaged", b"\xff")
        assert counted(store) == {"near": 1, "unjudged": 1}
        for _ in store.recount():
            continue
        assert counted(store) == {"unjudged": 1, "failed": 1}
        assert client.smembers(keys.KEY_FAILED) == {b"damaged"}
    assert store.forget(["damaged"]) == 1
    assert counted(store) == {"unjudged": 1}


def test_the_newest_events_come_first(store: Store) -> None:
    mark(store, "a", "b", "c")
    complete(store, "a", "b", "c")
    assert store.latest_events(2) == []
    judge(store, Verdict.UNIQUE, "a", "b", "c")
    newest = store.latest_events(2)
    assert [event.path for _, event in newest] == ["c", "b"]
    judge(store, Verdict.NEAR, "a")
    assert [event.path for _, event in store.events(newest[0][0], wait=0.0)] == ["a"]


def test_who_holds_a_lease_now(store: Store) -> None:
    assert not store.holds_lease("l", "me")
    assert store.take_lease("l", "me", 10)
    assert store.holds_lease("l", "me")
    assert not store.holds_lease("l", "somebody else")
    store.end_lease("l", "me")
    assert not store.holds_lease("l", "me")
