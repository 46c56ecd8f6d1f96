"""What the watcher passes over, in Redis: the counts in one value, and a list that goes by its digest."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from shared.errors import CorruptValue
from shared.records.passed_over import Passed, PassedOver, unpack_passed
from shared.store import keys
from shared.store.redis_client import RedisPart

_KEPT_SECONDS: Final = 3600  # a list that another one replaced: somebody may be reading it
_PARTS_AT_ONCE: Final = 20


class RedisPassedOver(RedisPart):
    """The role Surroundings, over Redis."""

    def put_passed_over(self, found: PassedOver, parts: Sequence[bytes]) -> None:
        before, key = self.passed_over(), keys.key_passed_over(found.parts)
        with self._speaking():
            if parts and not self._redis.exists(key):
                for start in range(0, len(parts), _PARTS_AT_ONCE):
                    some = parts[start : start + _PARTS_AT_ONCE]
                    with self._redis.pipeline(transaction=True) as pipe:
                        pipe.hset(f"{key}:new", mapping=dict(enumerate(some, start)))
                        pipe.expire(f"{key}:new", _KEPT_SECONDS)
                        pipe.execute()
                self._redis.rename(f"{key}:new", key)
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.persist(key)
                pipe.set(keys.KEY_PASSED_OVER, found.to_json())
                if before and before.parts != found.parts:
                    pipe.expire(keys.key_passed_over(before.parts), _KEPT_SECONDS)
                pipe.execute()

    def passed_over(self) -> PassedOver | None:
        with self._speaking():
            raw = self._redis.get(keys.KEY_PASSED_OVER)
        try:
            return PassedOver.from_json(raw) if raw else None
        except CorruptValue:
            return None  # the next complete scan counts anew

    def list_passed_over(self, found: PassedOver) -> Iterator[Passed]:
        for number in count():
            with self._speaking():
                raw = self._redis.hget(keys.key_passed_over(found.parts), number)
            if raw is None:
                return
            try:
                yield from unpack_passed(raw)
            except CorruptValue:
                continue  # a piece less; the next list that differs is whole again
