"""Records of files, and the events that tell of them, in Redis."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from shared import names
from shared.errors import CorruptValue, LeaseTaken
from shared.records import Event, Record, Reference, State
from shared.store import keys
from shared.store.file_roles import Change
from shared.store.places import MOVE_IN_LUA, PLACES, place_of, put, take
from shared.store.port import TOUCHED_AT_ONCE, Touched
from shared.store.redis_client import CHUNK, SCRIPT_CHUNK, RedisPart

# Sets a record only while it still is what the caller saw: a file deleted or replaced meanwhile wins. What is known of
# its picture ends no more: perhaps it was marked while nothing had it.
# KEYS: records, revision, events, holder, corrections, and the sets of paths. ARGV: 1 to move the revision, else the
# corrections; events kept, who has to be the holder (or nothing), then (path, expected, new, from, to, event, and three
# keys of its picture) for each change: from and to which of the sets it goes, as numbers of their KEYS; no event where
# it is empty.
_COMPLETE: Final = (
    MOVE_IN_LUA
    + """
if ARGV[3] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[3] then return false end
local done, changed = {}, 0
for i = 4, #ARGV, 9 do
  local path, event = ARGV[i], ARGV[i + 5]
  local same = redis.call('HGET', KEYS[1], path) == ARGV[i + 1]
  if same then
    redis.call('HSET', KEYS[1], path, ARGV[i + 2])
    take(KEYS[tonumber(ARGV[i + 3])], path)
    put(KEYS[tonumber(ARGV[i + 4])], path, ARGV[i + 2])
    if event ~= '' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'event', event) end
    for j = i + 6, i + 8 do
      if ARGV[j] ~= '' then redis.call('PERSIST', ARGV[j]) end
    end
    if ARGV[i + 1] ~= ARGV[i + 2] then changed = changed + 1 end
  end
  done[#done + 1] = same and 1 or 0
end
if ARGV[1] == '1' then redis.call('INCR', KEYS[2]) elseif changed > 0 then redis.call('INCRBY', KEYS[5], changed) end
return done
"""
)
_OWN_KEYS: Final = 5  # before the sets of paths

_EVENTS_KEPT: Final = 100_000
_BEGINNING: Final = "0-0"  # before the first event
_GONE: Final = b"gone"  # field of an entry that is no event, but a file that was let go

# Stands for a record that does not parse: counted and shown until the next rescan replaces or removes it.
_DAMAGED: Final = Record(0, 0, State.FAILED, reason="its record in the store is damaged; the next rescan makes it anew")


class RedisRecords(RedisPart):
    """The roles Files, Changes, Attempts and Events, over Redis."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._complete = client.register_script(_COMPLETE)

    def records(self, paths: Sequence[str]) -> list[Record | None]:
        found: list[Record | None] = []
        for start in range(0, len(paths), CHUNK):
            fields = [os.fsencode(path) for path in paths[start : start + CHUNK]]
            with self._speaking():
                found += [_record(raw) for raw in self._redis.hmget(keys.KEY_RECORDS, fields)]
        return found

    def scan(self) -> Iterator[list[tuple[str, Record]]]:
        for part in self._in_parts(self._redis.hscan_iter(keys.KEY_RECORDS, count=CHUNK)):
            yield [(os.fsdecode(path), _record(raw) or _DAMAGED) for path, raw in part]

    def failures(self) -> Iterator[tuple[str, Record]]:
        return self._members(keys.KEY_FAILED, State.FAILED)

    def unjudged(self) -> Iterator[tuple[str, Record]]:
        found = self._members(keys.KEY_UNJUDGED, State.READY)
        return ((path, record) for path, record in found if not record.verdict)

    def pending(self) -> Iterator[tuple[str, Record]]:
        return self._members(keys.KEY_PENDING, State.PENDING)

    def _members(self, key: str, state: State) -> Iterator[tuple[str, Record]]:
        for members in self._in_parts(self._redis.sscan_iter(key, count=CHUNK)):
            paths = [os.fsdecode(member) for member in members]
            for path, record in zip(paths, self.records(paths), strict=True):
                if record and record.state is state:
                    yield path, record

    def mark_pending(self, references: Sequence[Reference], now: float) -> None:
        known = self.records([reference.path for reference in references])
        pairs = [(r.path, Record.pending(r, now, was)) for r, was in zip(references, known, strict=True)]
        if not pairs:
            return
        records = {os.fsencode(path): record for path, record in pairs}
        values = {path: record.to_json() for path, record in records.items()}
        into = PLACES[place_of(pairs[0][1])]
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(keys.KEY_RECORDS, mapping=values)
            put(pipe, into, records)
            for out_of in PLACES.values():
                if out_of != into:
                    take(pipe, out_of, values)
            pipe.incr(keys.Counter.REVISION)
            pipe.execute()

    def complete(self, changes: Sequence[Change]) -> list[bool]:
        return self._replace(changes, [""] * len(changes), move=True)

    def give_verdicts(
        self, changes: Sequence[Change], events: Sequence[Event], correction: bool, holder: str = ""
    ) -> list[bool]:
        lease = names.LEASE_RECLUSTER if correction else names.LEASE_VERDICTS
        return self._replace(changes, [event.to_json() for event in events], not correction, holder, lease)

    def _replace(
        self,
        changes: Sequence[Change],
        events: Sequence[str],
        move: bool,
        holder: str = "",
        lease: str = names.LEASE_VERDICTS,
    ) -> list[bool]:
        places = [keys.KEY_RECORDS, keys.Counter.REVISION, keys.KEY_EVENTS, keys.key_holder(lease)]
        places += [keys.Counter.CORRECTIONS, *PLACES.values()]
        number = {place: _OWN_KEYS + 1 + at for at, place in enumerate(PLACES)}
        done: list[bool] = []
        for start in range(0, len(changes), SCRIPT_CHUNK):
            words: list[bytes | int | str] = [int(move), _EVENTS_KEPT, holder]
            part = slice(start, start + SCRIPT_CHUNK)
            for (path, expected, new), event in zip(changes[part], events[part], strict=True):
                moved = number[place_of(expected)], number[place_of(new)]
                words += [os.fsencode(path), expected.to_json(), new.to_json(), *moved, event, *_kept_keys(new)]
            with self._speaking():
                replies = self._complete(keys=places, args=words)
            if replies is None:
                raise LeaseTaken(f"another process holds the lease {lease!r} now; this one's turn is over")
            done += [bool(replaced) for replaced in replies]
        return done

    def tell(self, events: Sequence[Event]) -> None:
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            for event in events:
                pipe.xadd(keys.KEY_EVENTS, {"event": event.to_json()}, maxlen=_EVENTS_KEPT)
            pipe.execute()

    def events(self, after: str, wait: float) -> list[tuple[str, Event]]:
        while True:
            with self._speaking():
                replies = self._redis.xread({keys.KEY_EVENTS: after}, count=CHUNK, block=int(wait * 1000) or 1)
            entries = [entry for _, part in replies or [] for entry in part]
            found = _events(entries)
            if found or not entries:
                return found
            after = entries[-1][0]

    def latest_events(self, count: int) -> list[tuple[str, Event]]:
        found: list[tuple[str, Event]] = []
        end = "+"
        while len(found) < count:
            with self._speaking():
                entries = self._redis.xrevrange(keys.KEY_EVENTS, max=end, count=count)
            if not entries:
                break
            found += _events(entries)
            end = f"({entries[-1][0].decode()}"
        return found[:count]

    def let_go(self, paths: Sequence[str]) -> None:
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            for path in paths:
                pipe.xadd(keys.KEY_EVENTS, {_GONE: os.fsencode(path)}, maxlen=_EVENTS_KEPT)
            pipe.incrby(keys.Counter.CHANGED, len(paths))
            pipe.execute()

    def position(self) -> str:
        with self._speaking():
            newest = self._redis.xrevrange(keys.KEY_EVENTS, count=1)
        return newest[0][0].decode() if newest else _BEGINNING

    def oldest(self) -> str:
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            pipe.xlen(keys.KEY_EVENTS)
            pipe.xrange(keys.KEY_EVENTS, count=1)
            kept, entries = pipe.execute()
        return entries[0][0].decode() if kept >= _EVENTS_KEPT else _BEGINNING

    def touched(self, after: str) -> list[Touched] | None:
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            pipe.xlen(keys.KEY_EVENTS)
            pipe.xrange(keys.KEY_EVENTS, after, after)
            pipe.xrange(keys.KEY_EVENTS, f"({after}", count=TOUCHED_AT_ONCE)
            kept, there, entries = pipe.execute()
        if not there and (after != _BEGINNING or kept >= _EVENTS_KEPT):
            return None
        try:
            return [(position.decode(), *_told(fields)) for position, fields in entries]
        except CorruptValue:
            return None

    def forget(self, paths: Sequence[str]) -> int:
        removed = 0
        for start in range(0, len(paths), CHUNK):
            fields = [os.fsencode(path) for path in paths[start : start + CHUNK]]
            with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
                pipe.hdel(keys.KEY_RECORDS, *fields)
                for key in PLACES.values():
                    take(pipe, key, fields)
                pipe.hdel(keys.KEY_ATTEMPTS, *fields)
                pipe.incr(keys.Counter.REVISION)
                removed += pipe.execute()[0]
        return removed

    def begin(self, paths: Sequence[str]) -> list[int]:
        if not paths:
            return []
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            for path in paths:
                pipe.hincrby(keys.KEY_ATTEMPTS, os.fsencode(path), 1)
            return [int(count) for count in pipe.execute()]

    def finish(self, paths: Sequence[str]) -> None:
        if paths:
            with self._speaking():
                self._redis.hdel(keys.KEY_ATTEMPTS, *map(os.fsencode, paths))


def _kept_keys(record: Record) -> tuple[str, str, str]:
    """What is stored of the picture of a record; empty where there is none."""
    if not record.digest:
        return "", "", ""
    digest = record.digest
    return keys.key_image(digest), keys.key_sketch(digest), keys.key_features(record.extractor, digest)


def _events(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[tuple[str, Event]]:
    return [(at.decode(), _event(fields.get(b"event", b""))) for at, fields in entries if _GONE not in fields]


def _told(fields: dict[bytes, bytes]) -> tuple[str, Event | None]:
    if _GONE in fields:
        return os.fsdecode(fields[_GONE]), None
    event = Event.from_json(fields.get(b"event", b""))
    return event.path, event


def _event(raw: bytes) -> Event:
    try:
        return Event.from_json(raw)
    except CorruptValue as error:
        return Event("", "", "", "damaged", reason=str(error))  # nobody waits for this one, and those behind it follow


def _record(raw: bytes | None) -> Record | None:
    try:
        return Record.from_json(raw) if raw else None
    except CorruptValue:
        return None  # a rescan sees the file as unknown and sends it again
