"""The history of generations: it outlives them, is bounded, and comes in the step that publishes one."""

import pytest
import redis

from shared.errors import Unavailable
from shared.records import Generation
from shared.records.history import HISTORY_KEPT, Snapshot
from shared.settings import Settings
from shared.store import RedisStore, Store, keys, memory_generations, redis_store


def generation(number: int) -> Generation:
    return Generation(f"2026-{number}", number, "e", 1, bytes(8), {"d": 0}, {"generation": f"2026-{number}"})


def snapshot(number: int) -> Snapshot:
    return Snapshot(f"2026-{number}", "2026-11-23T04:15:00+00:00", number, 1, 3, 0, 1000, 10)


def test_the_history_outlives_its_generations(store: Store) -> None:
    assert store.history() == []
    for number in (1, 2, 3):
        store.publish(generation(number), 1, snapshot(number))
    store.publish(generation(3), 1, snapshot(3))  # repeated, as after a lost answer
    store.publish(generation(4), 1)
    assert store.history() == [snapshot(1), snapshot(2), snapshot(3)]
    assert store.centroids("2026-2") == b""


def test_the_history_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert HISTORY_KEPT >= 1000
    for module in (memory_generations, redis_store):
        monkeypatch.setattr(module, "HISTORY_KEPT", 2)
    for number in (1, 2, 3):
        store.publish(generation(number), 5, snapshot(number))
    assert store.history() == [snapshot(2), snapshot(3)]


def test_a_damaged_line_of_the_history_is_left_out(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    sound = snapshot(1)
    store.publish(generation(1), 2, sound)
    with redis.Redis.from_url(settings.store) as client:
        client.rpush(keys.KEY_HISTORY, b"\xff", sound.to_json()[:-1], sound.to_json().replace(b"1000", b"1001"))
    assert store.history() == [sound]


def test_a_generation_whose_publication_failed_is_not_in_the_history(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RedisStore.connect(settings.store)

    def cut(**_: object) -> None:
        raise redis.ConnectionError("cut before the last step")

    with monkeypatch.context() as patch:
        patch.setattr(store._redis, "pipeline", cut)
        with pytest.raises(Unavailable):
            store.publish(generation(1), 2, snapshot(1))
    assert store.history() == []
