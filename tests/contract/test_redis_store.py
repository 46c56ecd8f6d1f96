"""What only a real Redis can show: absence, corruption, expiry."""

import os
import time

import pytest
import redis

from shared import names
from shared.errors import Unavailable
from shared.records import ImageFacts, Reference
from shared.settings import Settings
from shared.store import RedisStore


def test_a_redis_that_is_away_is_unavailable(tmp_path: os.PathLike[str]) -> None:
    store = RedisStore.connect(f"unix://{os.fspath(tmp_path)}/nobody.sock")
    with pytest.raises(Unavailable, match="does not answer"):
        store.counts()


def test_a_corrupt_record_is_taken_for_none(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(settings.store) as client:
        client.hset(names.KEY_RECORDS, "a.jpg", b'{"size": "no state"}')
        client.hset(names.KEY_RECORDS, "b.jpg", b"\xff\xfe")
    assert store.records(["a.jpg", "b.jpg"]) == [None, None]
    assert [pair for chunk in store.scan() for pair in chunk] == []


def test_unused_features_really_end(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    store.put_images("e", [("dead", ImageFacts(1, 1), b"f")])
    store.expire_features(frozenset(), 1)
    time.sleep(1.2)
    assert store.features("e", ["dead"]) == [None]


def test_a_scan_of_many_records_gives_each_once(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    store.mark_pending([Reference(f"{i}.jpg", i, i) for i in range(5000)], now=1.0)
    found = [path for chunk in store.scan() for path, _ in chunk]
    assert sorted(found) == sorted(f"{i}.jpg" for i in range(5000))
