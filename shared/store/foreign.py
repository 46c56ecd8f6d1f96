"""Keys of ours that hold what imagesieve never wrote: somebody else wrote to this database.

A key of another type cannot be read, and would stop every process that needs it for ever. All of it can be made
anew from the watched folder, or is a counter.
"""

from typing import Any, Final

from shared import names
from shared.records.checks import Stage
from shared.store import keys
from shared.store.places import PLACES

_FILES: Final = {keys.KEY_RECORDS: b"hash", **dict.fromkeys(PLACES.values(), b"set"), keys.KEY_BACKLOG: b"zset"}
_COUNTERS: Final = tuple(counter.value for counter in keys.Counter)
_TYPES: Final = {
    **_FILES,
    **dict.fromkeys((keys.KEY_ATTEMPTS, keys.KEY_MATCHES, keys.KEY_THRESHOLDS, keys.KEY_CHECKS_IN_HAND), b"hash"),
    **dict.fromkeys((*_COUNTERS, keys.KEY_EXTRACTOR, keys.KEY_GENERATION, keys.KEY_OWNER), b"string"),
    **dict.fromkeys((keys.KEY_BACKLOG_PAUSED, keys.KEY_BACKLOG_RESTS, keys.KEY_PASSED_OVER), b"string"),
    **dict.fromkeys(map(keys.key_lease, names.LEASES), b"string"),
    **dict.fromkeys(map(keys.key_holder, names.LEASES), b"string"),
    **dict.fromkeys((keys.KEY_GENERATIONS, keys.KEY_HISTORY, *map(keys.key_checks, Stage)), b"list"),
    keys.KEY_EVENTS: b"stream",
}


def is_foreign(error: Exception) -> bool:
    """Whether Redis refused a command because of what the key holds. Its words tell: a script's errors have no type."""
    said = str(error)
    return "WRONGTYPE" in said or "not an integer" in said


def drop_foreign(client: Any) -> list[str]:
    """Delete every key that holds another type than imagesieve gives it, and counters that are no numbers; which."""
    found = [key for key, kind in _TYPES.items() if client.type(key) not in (kind, b"none")]
    found += [key for key in _COUNTERS if key not in found and not _is_number(client.get(key) or b"0")]
    attempts = [] if keys.KEY_ATTEMPTS in found else client.hvals(keys.KEY_ATTEMPTS)
    found += [keys.KEY_ATTEMPTS] if not all(map(_is_number, attempts)) else []
    if keys.KEY_GENERATION not in found:
        clusters = keys.key_generation((client.get(keys.KEY_GENERATION) or b"").decode("ascii", "replace"), "clusters")
        found += [keys.KEY_GENERATION, clusters] if client.type(clusters) not in (b"hash", b"none") else []
    if _FILES.keys() & set(found):
        found += [key for key in _FILES if key not in found]  # they speak of each other
    if found:
        client.delete(*found)
    return found


def _is_number(raw: bytes) -> bool:
    return raw.removeprefix(b"-").isdigit()
