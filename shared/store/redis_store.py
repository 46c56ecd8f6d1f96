"""The store in Redis: its parts in one, with generations and leases. Only this package speaks to the store."""

from contextlib import AbstractContextManager
from typing import Any, Final, Self

from redis.exceptions import WatchError

from shared import names
from shared.errors import CorruptValue, LeaseTaken
from shared.records import Generation, Owner
from shared.records.history import HISTORY_KEPT, Snapshot
from shared.records.sealed import seal, unseal
from shared.store import keys
from shared.store.leases import hold_lease
from shared.store.owner import claim, owner_of
from shared.store.redis_backlog import RedisBacklog
from shared.store.redis_client import CHUNK, connect
from shared.store.redis_images import RedisImages
from shared.store.redis_leases import RedisLeases
from shared.store.redis_passed_over import RedisPassedOver
from shared.store.redis_tallies import RedisTallies

LEASE_SECONDS: Final = 60.0
UNFINISHED_SECONDS: Final = 3600
_OVERTAKEN: Final = "another recluster run has begun; this one's generation is not published"


class RedisStore(RedisBacklog, RedisTallies, RedisPassedOver, RedisImages, RedisLeases):
    """The store in Redis."""

    @classmethod
    def connect(cls, url: str) -> Self:
        """A store at `url`; connects on first use."""
        return cls(connect(url))

    def ping(self) -> None:
        with self._speaking():
            self._redis.set(keys.KEY_PING, "")  # a full Redis answers PING, too

    def publish(
        self, generation: Generation, keep: int, snapshot: Snapshot | None = None, holder: str = ""
    ) -> list[str]:
        head = {name: getattr(generation, name) for name in ("id", "revision", "extractor", "k", "summary")}
        clusters = list(generation.clusters.items())
        parts = [keys.key_generation(generation.id, part) for part in ("centroids", "clusters")]
        with self._speaking():
            # They run out, unless the last step keeps them: whoever is killed in between leaves nothing for ever.
            self._redis.set(parts[0], generation.centroids, ex=UNFINISHED_SECONDS)
            for start in range(0, len(clusters), CHUNK):
                with self._redis.pipeline(transaction=True) as pipe:
                    pipe.hset(parts[1], mapping=dict(clusters[start : start + CHUNK]))
                    pipe.expire(parts[1], UNFINISHED_SECONDS)
                    pipe.execute()
            with self._redis.pipeline(transaction=True) as pipe:
                self._check_holder(pipe, holder)
                for part in parts:
                    pipe.persist(part)
                pipe.set(keys.key_generation(generation.id, "summary"), seal(head))
                pipe.set(keys.KEY_GENERATION, generation.id)
                pipe.lrem(keys.KEY_GENERATIONS, 0, generation.id)
                pipe.lpush(keys.KEY_GENERATIONS, generation.id)
                if snapshot:
                    pipe.lrem(keys.KEY_HISTORY, 0, snapshot.to_json())  # a repetition of this step adds nothing
                    pipe.rpush(keys.KEY_HISTORY, snapshot.to_json())
                    pipe.ltrim(keys.KEY_HISTORY, -HISTORY_KEPT, -1)
                try:
                    pipe.execute()
                except WatchError as error:
                    raise LeaseTaken(
                        "another recluster run has begun; this one's generation is not published"
                    ) from error
            old = [raw.decode() for raw in self._redis.lrange(keys.KEY_GENERATIONS, keep, -1)]
            for dropped in old:
                dead = ("summary", "centroids", "clusters")
                self._redis.delete(*(keys.key_generation(dropped, part) for part in dead))
                self._redis.lrem(keys.KEY_GENERATIONS, 0, dropped)
        return old

    @staticmethod
    def _check_holder(pipe: Any, holder: str) -> None:
        """Let the transaction happen only while `holder` was the last to hold the lease. Raises LeaseTaken."""
        if not holder:
            return
        key = keys.key_holder(names.LEASE_RECLUSTER)
        pipe.watch(key)
        if pipe.get(key) != holder.encode():
            raise LeaseTaken(_OVERTAKEN)
        pipe.multi()

    def owner(self) -> Owner | None:
        with self._speaking():
            return owner_of(self._redis)

    def claim(self, owner: Owner) -> Owner:
        with self._speaking():
            return claim(self._redis, owner)

    def history(self) -> list[Snapshot]:
        with self._speaking():
            lines = self._redis.lrange(keys.KEY_HISTORY, 0, -1)
        return [snapshot for snapshot in map(_snapshot, lines) if snapshot]

    def generation(self) -> Generation | None:
        head = self._head()
        if head is None:
            return None
        centroids = self.centroids(head["id"])
        with self._speaking():
            raw = self._redis.hgetall(keys.key_generation(head["id"], "clusters"))
        clusters = {
            digest.decode("ascii", "replace"): int(number) for digest, number in raw.items() if number.isdigit()
        }
        return Generation(**head, centroids=centroids, clusters=clusters)

    def centroids(self, generation: str) -> bytes:
        return self._get([keys.key_generation(generation, "centroids")])[0] or b""

    def summary(self) -> dict[str, Any] | None:
        head = self._head()
        return None if head is None else {"revision": head["revision"], **head["summary"]}

    def _head(self) -> dict[str, Any] | None:
        """The head of the generation that the pointer names; None if it is damaged: the next run publishes another."""
        with self._speaking():
            pointer = (self._redis.get(keys.KEY_GENERATION) or b"").decode("ascii", "replace")
        [raw] = self._get([keys.key_generation(pointer, "summary")])
        try:
            head: dict[str, Any] | None = unseal(raw) if raw else None
        except ValueError:
            return None
        return head

    def lease(self, name: str) -> AbstractContextManager[str]:
        return hold_lease(self, name, LEASE_SECONDS)

    def memory(self) -> int:
        with self._speaking():
            return int(self._redis.info("memory")["used_memory"])

    def memory_limit(self) -> int:
        with self._speaking():
            return int(self._redis.info("memory")["maxmemory"])


def _snapshot(raw: bytes) -> Snapshot | None:
    try:
        return Snapshot.from_json(raw)
    except CorruptValue:
        return None  # a chart with a generation fewer
