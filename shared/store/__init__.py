"""The store: what is known of every file and picture.

`Store` is the port, which joins the roles (shared.store.port); `RedisStore` is what runs, `MemoryStore` the same in one
process (the contract tests hold them to the same behaviour). Features are opaque bytes here: what they mean is the
business of whoever wrote them.
"""

from shared.store.file_roles import Attempts, Backlog, Change, Changes, Files, Surroundings, Tallies
from shared.store.image_roles import Extractors, Image, Images, Pairs
from shared.store.keys import Counter
from shared.store.memory_store import MemoryStore
from shared.store.port import Database, Events, Generations, Leases, Store
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
    "Surroundings",
    "Tallies",
]
