"""The sets of paths in Redis: its record puts every path into exactly one, so that counting is constant cost."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from shared.records import Record, State, Verdict
from shared.store import keys

UNJUDGED: Final = "unjudged"
BACKLOG: Final = "backlog"

# What a record says of its file -> the set of such files. That of the backlog is sorted by when they changed last.
PLACES: Final = {
    State.PENDING.value: keys.KEY_PENDING,
    BACKLOG: keys.KEY_BACKLOG,
    State.FAILED.value: keys.KEY_FAILED,
    UNJUDGED: keys.KEY_UNJUDGED,
    **{verdict.value: keys.key_verdict(verdict) for verdict in Verdict if verdict is not Verdict.FAILED},
}

# The same for a record as it lies in Redis, as a function in Lua. Quotes within a value are escaped, so that a name or
# a reason cannot pass for a field.
PLACE_IN_LUA: Final = """
local function place(raw)
  local state = string.match(raw, '"state":"(%a+)"')
  if state == 'pending' then return string.match(raw, '"since":') and 'pending' or 'backlog' end
  if state ~= 'ready' then return 'failed' end
  return string.match(raw, '"verdict":"(%a+)"') or 'unjudged'
end
"""

# Puts a path, with its record as it lies in Redis, into the set at a key, or takes it out, as functions in Lua.
MOVE_IN_LUA: Final = f"""
local function put(key, path, raw)
  if key == '{keys.KEY_BACKLOG}' then
    redis.call('ZADD', key, string.match(raw, '"mtime_ns":(-?%d+)') or 0, path)
  else
    redis.call('SADD', key, path)
  end
end
local function take(key, path)
  redis.call(key == '{keys.KEY_BACKLOG}' and 'ZREM' or 'SREM', key, path)
end
"""


def put(client: Any, key: str, records: Mapping[bytes, Record]) -> None:
    """Put paths, with their records, into the set at a key. client: of Redis, or a pipeline of it; so below."""
    if key == keys.KEY_BACKLOG:
        client.zadd(key, {path: record.mtime_ns for path, record in records.items()})
    else:
        client.sadd(key, *records)


def take(client: Any, key: str, paths: Iterable[bytes]) -> None:
    """Take paths out of the set at a key."""
    (client.zrem if key == keys.KEY_BACKLOG else client.srem)(key, *paths)


def size(client: Any, key: str) -> Any:
    """How many paths are in the set at a key."""
    return (client.zcard if key == keys.KEY_BACKLOG else client.scard)(key)


def walk(client: Any, key: str, count: int) -> Iterator[bytes]:
    """The paths in the set at a key, about `count` a round trip."""
    if key == keys.KEY_BACKLOG:
        return (path for path, _ in client.zscan_iter(key, count=count))
    return iter(client.sscan_iter(key, count=count))


def place_of(record: Record) -> str:
    """The name, in PLACES, of the set that a path with this record belongs to."""
    if record.is_held:
        return BACKLOG
    return record.state.value if record.state is not State.READY else record.verdict or UNJUDGED
