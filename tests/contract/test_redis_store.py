"""What only a real Redis can show: absence, corruption, expiry."""

import os
import time
from typing import Any

import pytest
import redis

from shared import names
from shared.broker import make_app, ping, send_references
from shared.errors import CorruptValue, Unavailable
from shared.failures import FailureKind
from shared.records import Generation, ImageFacts, Match, Reference, State
from shared.settings import Settings
from shared.store import RedisStore, keys
from shared.store.places import PLACES
from tests.conftest import RedisServer
from tests.failed import mark_failed


def test_a_redis_that_is_away_is_unavailable(tmp_path: os.PathLike[str]) -> None:
    store = RedisStore.connect(f"unix://{os.fspath(tmp_path)}/nobody.sock")
    with pytest.raises(Unavailable, match="does not answer"):
        store.counts()


def test_a_damaged_record_is_unknown_but_never_out_of_sight(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(settings.store) as client:
        client.hset(keys.KEY_RECORDS, "a.jpg", b'{"size": "no state"}')
        client.hset(keys.KEY_RECORDS, "b.jpg", b"\xff\xfe")
    assert store.records(["a.jpg", "b.jpg"]) == [None, None]  # so a rescan sends the files again
    found = {path: record for chunk in store.scan() for path, record in chunk}
    assert set(found) == {"a.jpg", "b.jpg"}
    assert found["a.jpg"].state is State.FAILED
    assert "damaged" in found["a.jpg"].reason
    assert store.forget(["a.jpg", "b.jpg"]) == 2


USES = {
    keys.KEY_RECORDS: lambda store: store.records(["a"]),
    keys.KEY_PENDING: lambda store: store.counts(),
    keys.KEY_FAILED: lambda store: list(store.failures()),
    keys.KEY_BACKLOG: lambda store: store.backlog(1),
    keys.KEY_BACKLOG_RESTS: lambda store: store.backlog_rests(),
    keys.KEY_UNJUDGED: lambda store: store.verdict_counts(),
    keys.key_verdict("near"): lambda store: store.verdict_counts(),
    keys.Counter.REVISION: lambda store: store.mark_pending([Reference("a", 1, 1)], now=1.0),
    keys.KEY_ATTEMPTS: lambda store: store.begin(["a"]),
    keys.KEY_EXTRACTOR: lambda store: store.extractor(),
    keys.KEY_GENERATION: lambda store: store.summary(),
    keys.KEY_GENERATIONS: lambda store: store.publish(GENERATION, keep=2),
    keys.KEY_HISTORY: lambda store: store.history(),
    keys.Counter.COMPUTED: lambda store: store.add(keys.Counter.COMPUTED, 1),
    keys.Counter.CORRECTIONS: lambda store: store.add(keys.Counter.CORRECTIONS, 0),
    keys.KEY_MATCHES: lambda store: list(store.matches()),
    keys.KEY_THRESHOLDS: lambda store: store.thresholds("e"),
    keys.KEY_EVENTS: lambda store: store.events("0", wait=0.0),
    keys.Counter.REFUSED: lambda store: store.add(keys.Counter.REFUSED, 1),
    keys.key_lease("recluster"): lambda store: store.take_lease("recluster", "me", 10),
    keys.key_holder(names.LEASE_VERDICTS): lambda store: store.keep_lease(names.LEASE_VERDICTS, "me", 10),
    keys.key_generation("g", "clusters"): lambda store: store.generation(),
}
GENERATION = Generation("g", 1, "e", 1, bytes(8), {"d": 0}, {"generation": "g"})


@pytest.mark.parametrize("key", USES)
def test_a_key_that_holds_what_we_never_wrote_is_dropped_and_told_once(settings: Settings, key: str) -> None:
    store = RedisStore.connect(settings.store)
    store.publish(GENERATION, keep=2)
    mark_failed(store, [(Reference("a", 1, 1), "bad")], FailureKind.NO_IMAGE, now=1.0)
    with redis.Redis.from_url(settings.store) as client:
        client.delete(key)
        if key == keys.KEY_EVENTS:
            client.set(key, "odd")
        else:
            client.xadd(key, {"odd": "odd"})
    with pytest.raises(Unavailable, match=f"never wrote.*{key}"):
        USES[key](store)
    USES[key](store)
    if key in (keys.KEY_RECORDS, *PLACES.values()):
        assert store.counts().total == 0  # a rescan finds the files


@pytest.mark.parametrize("key", [keys.Counter.REVISION, keys.Counter.CORRECTIONS, keys.KEY_ATTEMPTS])
def test_a_count_that_is_no_number_begins_anew(settings: Settings, key: str) -> None:
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(settings.store) as client:
        if key == keys.KEY_ATTEMPTS:
            client.hset(key, "a", "many")
        else:
            client.set(key, "many")
    with pytest.raises(Unavailable, match="never wrote"):
        store.begin(["a"]) if key == keys.KEY_ATTEMPTS else store.add(key, 0)
    assert store.begin(["a"]) == [1]
    assert store.add(key, 0) == 0 if key != keys.KEY_ATTEMPTS else True


def test_a_damaged_generation_is_none_and_a_damaged_event_is_told(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    store.publish(GENERATION, keep=2)
    with redis.Redis.from_url(settings.store) as client:
        client.hset(keys.key_generation("g", "clusters"), mapping={b"\xff": b"0", b"e": b"many"})
        found = store.generation()
        assert found
        assert found.clusters == {"d": 0, "\ufffd": 0}
        client.append(keys.key_generation("g", "summary"), " ")
        assert store.generation() is None
        assert store.summary() is None
        client.set(keys.KEY_GENERATION, b"\xff")
        assert store.summary() is None
        client.delete(keys.key_generation("g", "centroids"))
        client.lpush(keys.key_generation("g", "centroids"), "x")
        assert store.centroids("g") == b""
        client.xadd(keys.KEY_EVENTS, {"event": b"\xff"})
        client.xadd(keys.KEY_EVENTS, {"odd": b"odd"})
    assert store.publish(GENERATION, keep=2) == []
    again = store.generation()
    assert again
    assert again.clusters["d"] == 0
    assert [event.verdict for _, event in store.events("0", wait=0.0)] == ["damaged", "damaged"]


def test_damaged_thresholds_are_told(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(settings.store) as client:
        client.hset(keys.KEY_THRESHOLDS, "e", b'{"values": {"similarity": "low"}}')
    with pytest.raises(CorruptValue, match="imagesieve calibrate"):
        store.thresholds("e")


def test_damaged_values_of_pictures_and_pairs_are_unknown_and_can_be_put_again(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    facts = ImageFacts(4, 3, "pixels")
    digests = ["sound", "flipped", "cut", "other version", "other type", "other types"]
    raw = facts.to_json()
    with redis.Redis.from_url(settings.store) as client:
        store.put_images("e", [(digest, facts, b"f", b"s") for digest in digests])
        client.set(keys.key_image("flipped"), raw.replace(b"4", b"5"))
        client.set(keys.key_image("cut"), raw[:-1])
        client.set(keys.key_image("other version"), b"[2" + raw[2:])
        client.delete(keys.key_image("other type"))
        client.lpush(keys.key_image("other type"), raw)
        for key in (keys.key_features("e", "other types"), keys.key_sketch("other types")):
            client.delete(key)
            client.hset(key, "field", b"value")
        assert store.facts("e", digests) == [facts, None, None, None, None, facts]
        assert store.pixels(digests) == ["pixels", "", "", "", "", "pixels"]
        # Who reads features and sketches finds none: see worker.pipeline.renewal.
        assert store.features("e", ["other types"]) == store.sketches(["other types"]) == [None]
        store.drop_images("e", ["other types"])
        store.put_images("e", [(digest, facts, b"f", b"s") for digest in digests])
        assert store.facts("e", digests) == [facts] * 6
        assert store.features("e", ["other types"]) == [b"f"]

        pair, match = ("a" * 64, "b" * 64), Match(0.9, "alike")
        store.put_matches({pair: match})
        good = match.to_json()
        client.hset(keys.KEY_MATCHES, mapping={"no pair": good[:-2], "\xff\xff": good, "c d": b"[0.9, 1]"})
        assert store.find_matches([pair, ("c", "d")]) == [match, None]
        assert dict(store.matches()) == {pair: match}
        assert client.hlen(keys.KEY_MATCHES) == 1  # the others are dropped
        client.set(keys.KEY_EXTRACTOR, b'{"id": "e"}')
        assert store.extractor() is None


def test_a_redis_that_is_full_is_unavailable_until_there_is_room(redis_server: RedisServer, settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(redis_server.url(0)) as admin:
        admin.config_set("maxmemory", 1)
        try:
            with pytest.raises(Unavailable, match="takes no writes"):
                store.mark_pending([Reference("a.jpg", 1, 1)], now=1.0)
            with pytest.raises(Unavailable, match="raise its maxmemory"):
                store.begin(["a.jpg"])
            with pytest.raises(Unavailable, match="raise its maxmemory"):  # by a script
                store.take_lease("l", "holder", 1.0)
            with pytest.raises(Unavailable, match="raise its maxmemory"):
                store.ping()
            with pytest.raises(Unavailable, match=r"broker.*raise its maxmemory"):
                ping(make_app(settings))
            with pytest.raises(Unavailable, match=r"broker.*raise its maxmemory"):
                send_references(make_app(settings), [Reference("a.jpg", 1, 1)])
        finally:
            admin.config_set("maxmemory", 0)
    store.ping()
    ping(make_app(settings))
    store.mark_pending([Reference("a.jpg", 1, 1)], now=1.0)


def test_a_key_of_somebody_else_s_does_not_end_a_run(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(settings.store) as client:
        client.set(b"imagesieve:image:\xff\xfe", b"not utf-8")
        assert store.expire_features("e", 60) == 1
        assert client.ttl(b"imagesieve:image:\xff\xfe") > 0


def test_what_is_not_published_yet_always_has_an_end(settings: Settings) -> None:
    """Whoever is killed at any step leaves nothing for ever."""
    store = RedisStore.connect(settings.store)
    with redis.Redis.from_url(settings.store) as client, client.monitor() as monitor:
        store.publish(Generation("g", 1, "e", 1, b"c", {"d": 0}), 5)
        commands = []
        for command in monitor.listen():
            commands.append(command["command"].split()[0].upper())
            if commands[-1] == "LRANGE":
                break
    at = commands.index("HSET")
    assert commands[at - 1] == "MULTI"
    assert commands[at + 1 : at + 3] == ["EXPIRE", "EXEC"]


def test_unused_features_really_end(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    store.put_images("e", [("dead", ImageFacts(1, 1), b"f", b"s")])
    store.expire_features("e", 1)
    time.sleep(1.2)
    assert store.features("e", ["dead"]) == [None]


def test_a_scan_of_many_records_gives_each_once(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    store.mark_pending([Reference(f"{i}.jpg", i, i) for i in range(5000)], now=1.0)
    chunks = [[path for path, _ in chunk] for chunk in store.scan()]
    assert {len(chunk) for chunk in chunks} == {1000}
    assert sorted(path for chunk in chunks for path in chunk) == sorted(f"{i}.jpg" for i in range(5000))


def test_a_scan_that_cannot_go_on_is_unavailable(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    store.mark_pending([Reference(f"{i}.jpg", i, i) for i in range(5000)], now=1.0)
    scan = store.scan()
    assert len(next(scan)) == 1000
    with redis.Redis.from_url(settings.store) as client:
        client.set(keys.KEY_RECORDS, "not a hash any more")
    with pytest.raises(Unavailable, match="never wrote"):
        list(scan)


def test_a_generation_stays_and_what_a_killed_run_wrote_of_one_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RedisStore.connect(settings.store)
    generation = Generation("g1", 1, "e", 1, b"c", {"d": 0})
    pipeline, steps = store._redis.pipeline, list[dict[str, Any]]()

    def cut(**options: Any) -> Any:
        steps.append(options)
        if len(steps) > 1:
            raise redis.ConnectionError("cut before the last step")
        return pipeline(**options)

    with redis.Redis.from_url(settings.store) as client:
        with monkeypatch.context() as patch:
            patch.setattr(store._redis, "pipeline", cut)
            with pytest.raises(Unavailable):
                store.publish(generation, keep=2)
        parts = [keys.key_generation("g1", part) for part in ("centroids", "clusters", "summary")]
        assert all(0 < client.ttl(key) <= 3600 for key in parts[:2])
        store.publish(generation, keep=2)
        assert [client.ttl(key) for key in parts] == [-1, -1, -1]


def test_a_store_says_how_much_memory_it_may_use(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    assert store.memory_limit() == 0
    with redis.Redis.from_url(settings.store) as client:
        client.config_set("maxmemory", 1 << 30)
        try:
            assert store.memory_limit() == 1 << 30
        finally:
            client.config_set("maxmemory", 0)
