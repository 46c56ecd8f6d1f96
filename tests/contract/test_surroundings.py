"""What the watcher passes over: counts and a list, which belong to one scan."""

import os

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from shared.admission import Why
from shared.errors import CorruptValue
from shared.records.passed_over import Amount, Passed, PassedOver, pack_passed, unpack_passed
from shared.settings import Settings
from shared.store import RedisStore, Store, keys
from watcher import passing
from watcher.passing import OTHER_SUFFIXES, Passing

ODD = os.fsdecode(b"latin-\xe9\n.txt")


def scan(*rows: Passed) -> tuple[PassedOver, list[bytes]]:
    found = Passing()
    for row in rows:
        found.add(row)
    return found.finish(), found.parts


def xmp(number: int) -> Passed:
    return Passed(f"{number}.xmp", 10, Why.SUFFIX)


def test_nothing_is_there_before_the_first_scan_and_a_scan_may_find_nothing(store: Store) -> None:
    assert store.passed_over() is None
    store.put_passed_over(*scan())
    assert store.passed_over() == PassedOver()
    assert list(store.list_passed_over(PassedOver())) == []


def test_a_list_longer_than_a_part_comes_back_whole_and_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "PART", 7)
    rows = [Passed(ODD, 3, Why.SUFFIX), *(xmp(number) for number in range(300)), Passed("@eaDir/", 0, Why.NAME)]
    found, parts = scan(*rows)
    assert len(parts) == 44
    store.put_passed_over(found, parts)
    assert store.passed_over() == found
    assert found.suffixes == {".txt": (1, 3), ".xmp": (300, 3000)}
    assert list(store.list_passed_over(found)) == rows


def test_who_reads_a_list_reads_on_when_another_scan_has_ended(store: Store) -> None:
    first, parts = scan(xmp(1), xmp(2))
    store.put_passed_over(first, parts)
    reading = store.list_passed_over(first)
    assert next(reading) == xmp(1)
    second = scan(xmp(3))
    store.put_passed_over(*second)
    assert list(reading) == [xmp(2)]
    assert list(store.list_passed_over(first)) == [xmp(1), xmp(2)]
    assert list(store.list_passed_over(second[0])) == [xmp(3)]
    store.put_passed_over(first, parts)
    assert store.passed_over() == first


def test_counts_and_list_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "SUFFIXES", 3)
    monkeypatch.setattr(passing, "LISTED", 5)
    found, parts = scan(*(Passed(f"a.{number}", 2, Why.SUFFIX) for number in range(10)), xmp(1))
    assert found.suffixes == {".0": (1, 2), ".1": (1, 2), ".2": (1, 2), OTHER_SUFFIXES: (8, 24)}
    assert found.listed == 5
    assert len([row for part in parts for row in unpack_passed(part)]) == 5
    assert [name for name, _ in found.ranked] == [OTHER_SUFFIXES, ".0", ".1", ".2"]


def test_a_list_that_is_there_is_not_written_again_and_one_that_was_lost_is(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    found, parts = scan(xmp(1), xmp(2))
    store.put_passed_over(found, parts)
    key = keys.key_passed_over(found.parts)
    with redis.Redis.from_url(settings.store) as client:
        client.hset(key, 1, pack_passed([xmp(9)]))  # stands for: nobody wrote
        store.put_passed_over(found, parts)
        assert client.hlen(key) == 2
        assert client.ttl(key) == -1
        client.flushdb()
        store.put_passed_over(found, parts)
        assert list(store.list_passed_over(found)) == [xmp(1), xmp(2)]
        store.put_passed_over(*scan(xmp(3)))
        assert 0 < client.ttl(key) <= 3600, "the one before ends by itself"


def test_what_is_damaged_is_left_out(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    found, parts = scan(xmp(1))
    store.put_passed_over(found, parts)
    with redis.Redis.from_url(settings.store) as client:
        client.hset(keys.key_passed_over(found.parts), 0, b"damaged")
        assert list(store.list_passed_over(found)) == []
        client.set(keys.KEY_PASSED_OVER, b'{"suffixes": 3}')
        assert store.passed_over() is None


def test_a_damaged_part_says_so() -> None:
    for raw in (b"", b"x", pack_passed([xmp(1)])[:-3]):
        with pytest.raises(CorruptValue):
            unpack_passed(raw)


@given(st.lists(st.tuples(st.text(), st.integers(0), st.sampled_from(Why)).map(lambda row: Passed(*row))))
def test_a_part_comes_back(rows: list[Passed]) -> None:
    assert list(unpack_passed(pack_passed(rows))) == rows


def test_total_is_of_all() -> None:
    found = PassedOver({".a": Amount(1, 2)}, {Why.LINK: Amount(3, 0)})
    assert found.total == (4, 2)
    assert PassedOver.from_json(found.to_json()) == found
