"""The store: what is known of every file and picture.

`Store` is the port, which joins the roles (shared.store.port); `RedisStore` is what runs, `MemoryStore` the same in one
process (the contract tests hold them to the same behaviour). Features are opaque bytes here: what they mean is the
business of whoever wrote them.
"""

from shared.store.keys import Counter
from shared.store.memory_store import MemoryStore
from shared.store.port import (
    Attempts,
    Backlog,
    Change,
    Changes,
    Database,
    Events,
    Extractors,
    Files,
    Generations,
    Image,
    Images,
    Leases,
    Pairs,
    Store,
    Tallies,
)
from shared.store.redis_store import RedisStore

__all__ = [
    "Attempts",
    "Backlog",
    "Change",
    "Changes",
    "Counter",
    "Database",
    "Events",
    "Extractors",
    "Files",
    "Generations",
    "Image",
    "Images",
    "Leases",
    "MemoryStore",
    "Pairs",
    "RedisStore",
    "Store",
    "Tallies",
]
