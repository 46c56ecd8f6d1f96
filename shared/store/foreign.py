"""Keys of ours that hold what imagesieve never wrote: somebody else was at this database.

What a key of another type held cannot be read, and would stop everybody who comes by for ever. All of it can be made
anew from the watched folder, or is a counter.
"""

from typing import Any, Final

from shared import names
from shared.store.places import PLACES

_FILES: Final = {names.KEY_RECORDS: b"hash", **dict.fromkeys(PLACES.values(), b"set")}
_COUNTERS: Final = (names.KEY_REVISION, names.KEY_COMPUTED, names.KEY_LOADED, names.KEY_CORRECTIONS, names.KEY_REFUSED)
_TYPES: Final = {
    **_FILES,
    **dict.fromkeys((names.KEY_ATTEMPTS, names.KEY_MATCHES, names.KEY_THRESHOLDS), b"hash"),
    **dict.fromkeys((*_COUNTERS, names.KEY_EXTRACTOR, names.KEY_GENERATION, names.KEY_OWNER), b"string"),
    **dict.fromkeys((names.key_lease(names.LEASE_RECLUSTER), names.key_lease(names.LEASE_VERDICTS)), b"string"),
    **dict.fromkeys((names.key_holder(names.LEASE_RECLUSTER), names.key_holder(names.LEASE_VERDICTS)), b"string"),
    **dict.fromkeys((names.KEY_GENERATIONS, names.KEY_HISTORY), b"list"),
    names.KEY_EVENTS: b"stream",
}


def is_foreign(error: Exception) -> bool:
    """Whether Redis refused a command because of what the key holds. By its words: a script's errors have no type."""
    said = str(error)
    return "WRONGTYPE" in said or "not an integer" in said


def drop_foreign(client: Any) -> list[str]:
    """Delete every key that holds another type than imagesieve gives it, and counters that are no numbers; which."""
    found = [key for key, kind in _TYPES.items() if client.type(key) not in (kind, b"none")]
    found += [key for key in _COUNTERS if key not in found and not _is_number(client.get(key) or b"0")]
    attempts = [] if names.KEY_ATTEMPTS in found else client.hvals(names.KEY_ATTEMPTS)
    found += [names.KEY_ATTEMPTS] if not all(map(_is_number, attempts)) else []
    if names.KEY_GENERATION not in found:
        clusters = names.key_generation(
            (client.get(names.KEY_GENERATION) or b"").decode("ascii", "replace"), "clusters"
        )
        found += [names.KEY_GENERATION, clusters] if client.type(clusters) not in (b"hash", b"none") else []
    if _FILES.keys() & set(found):
        found += [key for key in _FILES if key not in found]  # they speak of each other
    if found:
        client.delete(*found)
    return found


def _is_number(raw: bytes) -> bool:
    return raw.removeprefix(b"-").isdigit()
