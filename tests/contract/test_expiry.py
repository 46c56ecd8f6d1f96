"""What is known of a picture of the collection never ends, whoever writes while a recluster run lets go of the rest."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from shared.records import ImageFacts, Record, Reference, State
from shared.settings import Settings
from shared.store import MemoryStore, RedisStore, Store, keys

DIGESTS = ("d1", "d2", "d3")
KEEP = 1000.0
Step = tuple[str, str]
STEPS = st.lists(
    st.tuples(st.sampled_from(("put", "complete", "facts", "forget", "expire")), st.sampled_from(DIGESTS)), max_size=14
)


class Interleaved:
    """Runs steps on a store; those that are `during` an expiry run between its looks at the records."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.due: list[list[Step]] = []
        scan: Callable[[], Iterator[list[tuple[str, Record]]]] = store.scan

        def watched() -> Iterator[list[tuple[str, Record]]]:
            found = list(scan())
            for step in self.due.pop(0) if self.due else ():
                self.run(step)
            yield from found

        store.scan = watched  # type: ignore[method-assign]

    def run(self, step: Step) -> None:
        what, digest = step
        if what == "put":
            self.store.put_images("e", [(digest, ImageFacts(1, 1, digest), b"f", b"s")])
        elif what == "complete":
            # As a worker does: what it does not find it stores, and then the file is on record.
            if self.store.facts("e", [digest]) == [None]:
                self.run(("put", digest))
            self.store.mark_pending([Reference(digest, 1, 1)], now=1.0)
            [seen] = self.store.records([digest])
            assert seen
            self.store.complete(
                [(digest, seen, dataclasses.replace(seen, state=State.READY, digest=digest, extractor="e"))]
            )
        elif what == "facts":
            self.store.facts("e", [digest])
        elif what == "forget":
            self.store.forget([digest])
        else:
            self.store.expire_features("e", KEEP)

    def live(self) -> set[str]:
        self.due = []
        return {record.digest for chunk in self.store.scan() for _, record in chunk if record.digest}


@given(steps=STEPS, first=STEPS, second=STEPS)
def test_in_memory(steps: list[Step], first: list[Step], second: list[Step]) -> None:
    clock = [0.0]
    inter = Interleaved(MemoryStore(lambda: clock[0]))
    run_all(inter, steps, first, second)
    clock[0] += 10 * KEEP
    live = inter.live()
    assert [digest for digest in live if inter.store.features("e", [digest]) == [None]] == []
    assert [digest for digest in live if inter.store.pixels([digest]) == [""]] == []
    assert [digest for digest in live if inter.store.sketches([digest]) == [None]] == []


def run_all(inter: Interleaved, steps: list[Step], first: list[Step], second: list[Step]) -> None:
    """first, second: what happens right behind the two looks of each expiry."""
    inter.run(("complete", "d1"))
    for step in [*steps, ("expire", "")]:
        inter.due = [[one for one in part if one[0] != "expire"] for part in (first, second)]
        inter.run(step)


@pytest.fixture
def client(settings: Settings) -> Iterator[tuple[RedisStore, "redis.Redis[bytes]"]]:
    with redis.Redis.from_url(settings.store) as client:
        yield RedisStore.connect(settings.store), client


@rules(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS, first=STEPS, second=STEPS)
def test_in_redis(
    client: "tuple[RedisStore, redis.Redis[bytes]]", steps: list[Step], first: list[Step], second: list[Step]
) -> None:
    store, raw = client
    raw.flushdb()
    inter = Interleaved(store)
    try:
        run_all(inter, steps, first, second)
        for digest in inter.live():
            for key in (keys.key_image(digest), keys.key_sketch(digest), keys.key_features("e", digest)):
                assert raw.ttl(key) == -1, key
    finally:
        del store.scan


def test_what_an_earlier_version_marked_is_kept_again(client: "tuple[RedisStore, redis.Redis[bytes]]") -> None:
    store, raw = client
    inter = Interleaved(store)
    inter.run(("complete", "d1"))
    raw.expire(keys.key_features("e", "d1"), 60)
    raw.expire(keys.key_sketch("d1"), 60)
    store.expire_features("e", KEEP)
    assert raw.ttl(keys.key_features("e", "d1")) == raw.ttl(keys.key_sketch("d1")) == -1
