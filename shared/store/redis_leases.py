"""Leases in Redis: a key that runs out, and beside it one that stays and says who took the lease last.

Whoever writes under a lease is checked against the second one in the same atomic step (see redis_records): a process
that was paused beyond its lease cannot write what somebody else has meanwhile decided otherwise. A lease that ran out
while nobody else wanted it, because Redis was away for example, is still its last holder's.
"""

from typing import Any, Final

from shared.store import keys
from shared.store.redis_client import RedisPart

# KEYS: lease, last holder. ARGV: holder, milliseconds.
_TAKE: Final = """
local now = redis.call('GET', KEYS[1])
if now and now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
return 1
"""
_KEEP: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_END: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class RedisLeases(RedisPart):
    """The role Leases, over Redis, but for `lease`, which RedisStore has."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._take, self._keep, self._end = map(client.register_script, (_TAKE, _KEEP, _END))

    def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        with self._speaking():
            return bool(self._take(keys=_keys(name), args=[holder, round(seconds * 1000)]))

    def keep_lease(self, name: str, holder: str, seconds: float) -> bool:
        with self._speaking():
            return bool(self._keep(keys=_keys(name), args=[holder, round(seconds * 1000)]))

    def end_lease(self, name: str, holder: str) -> None:
        with self._speaking():
            self._end(keys=_keys(name), args=[holder])

    def holds_lease(self, name: str, holder: str) -> bool:
        with self._speaking():
            return bool(self._redis.get(keys.key_lease(name)) == holder.encode())


def _keys(name: str) -> list[str]:
    return [keys.key_lease(name), keys.key_holder(name)]
