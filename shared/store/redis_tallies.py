"""How many files there are in which state, and the counters, in Redis."""

from collections.abc import Iterator
from typing import Any, Final

from redis.exceptions import ResponseError

from shared.records import Counts, State
from shared.store import keys
from shared.store.places import BACKLOG, MOVE_IN_LUA, PLACE_IN_LUA, PLACES, size, walk
from shared.store.redis_client import SCRIPT_CHUNK, RedisPart

# Puts paths into the set that their record tells. KEYS: records, the sets. ARGV: the names of the sets, in their order,
# where the paths were found (the number of its KEY, 0: among the records), and the paths.
_RECOUNT: Final = (
    PLACE_IN_LUA
    + MOVE_IN_LUA
    + """
local sets, found = {}, tonumber(ARGV[#KEYS])
for i = 2, #KEYS do sets[ARGV[i - 1]] = i end
for i = #KEYS + 1, #ARGV do
  local raw = redis.call('HGET', KEYS[1], ARGV[i])
  local at = raw and (sets[place(raw)] or sets['unjudged'])
  if at then put(KEYS[at], ARGV[i], raw) end
  if found > 0 and found ~= at then take(KEYS[found], ARGV[i]) end
end
"""
)


class RedisTallies(RedisPart):
    """The role Tallies, over Redis."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._recount = client.register_script(_RECOUNT)

    def counts(self) -> Counts:
        with self._speaking(), self._redis.pipeline() as pipe:
            pipe.hlen(keys.KEY_RECORDS)
            pipe.scard(keys.KEY_PENDING)
            pipe.scard(keys.KEY_FAILED)
            size(pipe, keys.KEY_BACKLOG)
            total, sent, failed, held = pipe.execute()
            return Counts(total, sent + held, failed, held)

    def verdict_counts(self) -> dict[str, int] | None:
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hlen(keys.KEY_RECORDS)
            for key in PLACES.values():
                size(pipe, key)
            total, *sizes = pipe.execute()
        counts = dict(zip(PLACES, sizes, strict=True))
        if sum(sizes) != total:
            return None
        del counts[State.PENDING], counts[BACKLOG]
        return counts

    def recount(self) -> Iterator[None]:
        # Records first: what they add is right at once; then whoever is in a set and does not belong there leaves.
        recorded = (path for path, _ in self._redis.hscan_iter(keys.KEY_RECORDS, count=SCRIPT_CHUNK))
        sets = (walk(self._redis, key, SCRIPT_CHUNK) for key in PLACES.values())
        for number, found in enumerate((recorded, *sets)):
            for paths in self._in_parts(found, SCRIPT_CHUNK):
                words = [*PLACES, number + 1 if number else 0, *paths]
                with self._speaking():
                    self._recount(keys=[keys.KEY_RECORDS, *PLACES.values()], args=words)
                yield

    def revision(self) -> int:
        return self.add(keys.Counter.REVISION, 0)

    def add(self, counter: keys.Counter, amount: int) -> int:
        with self._speaking():
            raw = self._redis.incrby(counter, amount) if amount else self._redis.get(counter) or 0
            try:
                return int(raw)
            except ValueError as error:
                raise ResponseError(f"{counter} is not an integer") from error
