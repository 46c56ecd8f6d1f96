"""The store in Redis: its parts in one, with generations and leases. Only this package speaks to the store."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Self

from redis.exceptions import ConnectionError, LockError, TimeoutError

from shared import names
from shared.errors import LeaseTaken
from shared.records import Generation
from shared.store.redis_client import CHUNK, connect, speaking
from shared.store.redis_images import RedisImages
from shared.store.redis_records import RedisRecords

LEASE_SECONDS: Final = 60.0


class RedisStore(RedisRecords, RedisImages):
    """The store in Redis."""

    @classmethod
    def connect(cls, url: str) -> Self:
        """A store at `url`; connects on first use."""
        return cls(connect(url))

    def ping(self) -> None:
        with speaking():
            self._redis.ping()

    def publish(self, generation: Generation, keep: int) -> list[str]:
        head = {name: getattr(generation, name) for name in ("id", "revision", "extractor", "k", "summary")}
        clusters = list(generation.clusters.items())
        with speaking():
            self._redis.set(names.key_generation(generation.id, "centroids"), generation.centroids)
            for start in range(0, len(clusters), CHUNK):
                part = dict(clusters[start : start + CHUNK])
                self._redis.hset(names.key_generation(generation.id, "clusters"), mapping=part)
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(names.key_generation(generation.id, "summary"), json.dumps(head))
                pipe.set(names.KEY_GENERATION, generation.id)
                pipe.lrem(names.KEY_GENERATIONS, 0, generation.id)
                pipe.lpush(names.KEY_GENERATIONS, generation.id)
                pipe.execute()
            old = [raw.decode() for raw in self._redis.lrange(names.KEY_GENERATIONS, keep, -1)]
            for dropped in old:
                parts = ("summary", "centroids", "clusters")
                self._redis.delete(*(names.key_generation(dropped, part) for part in parts))
                self._redis.lrem(names.KEY_GENERATIONS, 0, dropped)
        return old

    def generation(self) -> Generation | None:
        head = self._head()
        if head is None:
            return None
        with speaking():
            centroids = self._redis.get(names.key_generation(head["id"], "centroids")) or b""
            raw = self._redis.hgetall(names.key_generation(head["id"], "clusters"))
        clusters = {digest.decode(): int(number) for digest, number in raw.items()}
        return Generation(**head, centroids=centroids, clusters=clusters)

    def summary(self) -> dict[str, Any] | None:
        head = self._head()
        return None if head is None else {"revision": head["revision"], **head["summary"]}

    def _head(self) -> dict[str, Any] | None:
        with speaking():
            pointer = self._redis.get(names.KEY_GENERATION)
            raw = self._redis.get(names.key_generation(pointer.decode(), "summary")) if pointer else None
        return json.loads(raw) if raw else None

    @contextmanager
    def lease(self, name: str) -> Iterator[None]:
        lock = self._redis.lock(names.key_lease(name), timeout=LEASE_SECONDS, thread_local=False)
        with speaking():
            if not lock.acquire(blocking=False):
                raise LeaseTaken(
                    f"another process holds the lease {name!r}; it ends by itself within {LEASE_SECONDS:.0f} s"
                )
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(LEASE_SECONDS / 3):
                try:
                    lock.reacquire()
                except (LockError, ConnectionError, TimeoutError):
                    continue  # a short cut of the connection: the next third of the lease tries again

        keeper = threading.Thread(target=renew, name=f"lease-{name}", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            # It may have run out, or Redis is away and lets it run out.
            with suppress(LockError, ConnectionError, TimeoutError):
                lock.release()

    def memory(self) -> int:
        with speaking():
            return int(self._redis.info("memory")["used_memory"])
