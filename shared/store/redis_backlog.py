"""Files that wait to be sent, and whether they are to wait, in Redis."""

import os

from shared.records import Record
from shared.store import keys
from shared.store.redis_records import RedisRecords


class RedisBacklog(RedisRecords):
    """The role Backlog, over Redis, and the roles of the records, which it reads."""

    def backlog(self, count: int) -> list[tuple[str, Record]]:
        start = 0
        while True:
            with self._speaking():
                raw = self._redis.zrange(keys.KEY_BACKLOG, start, start + count - 1)
            paths = [os.fsdecode(path) for path in raw]
            pairs = zip(paths, self.records(paths), strict=True)
            held = [(path, record) for path, record in pairs if record and record.is_held]
            # Those that do not belong there any more must not stand before the others until the next count.
            if held or not paths:
                return held
            start += count

    def pause_backlog(self, paused: bool) -> None:
        with self._speaking():
            if paused:
                self._redis.set(keys.KEY_BACKLOG_PAUSED, 1)
            else:
                self._redis.delete(keys.KEY_BACKLOG_PAUSED)

    def is_backlog_paused(self) -> bool:
        with self._speaking():
            return bool(self._redis.exists(keys.KEY_BACKLOG_PAUSED))

    def tell_backlog_rests(self, why: str) -> None:
        with self._speaking():
            self._redis.set(keys.KEY_BACKLOG_RESTS, why)

    def backlog_rests(self) -> str:
        with self._speaking():
            return bytes(self._redis.get(keys.KEY_BACKLOG_RESTS) or b"").decode(errors="replace")
