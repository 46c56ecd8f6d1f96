"""What is stored of a picture is computed anew: dropped, and its files sent again."""

import logging
from collections.abc import Collection
from typing import Protocol

from shared.records import Reference, State
from shared.store import Changes, Extractors, Files, Images

logger = logging.getLogger(__name__)


class RenewalStore(Files, Changes, Images, Extractors, Protocol):
    """Pictures under the extractor that counts, and whose files they are."""


def renew_images(store: RenewalStore, digests: Collection[str]) -> int:
    """Drop features, sketch and facts of these pictures, and make their files pending; how many files there were.

    They are in the backlog then, which the watcher sends; until then a recluster run goes on without them. O(records),
    so it is for what is damaged or has vanished, nothing else.
    """
    wanted, extractor = frozenset(digests), store.extractor()
    files = {
        path: record
        for chunk in store.scan()
        for path, record in chunk
        if record.state is State.READY and record.digest in wanted
    }
    store.drop_images(extractor.id if extractor else "", sorted(wanted))  # first: a worker must not find them cached
    unchanged = [
        Reference(path, record.size, record.mtime_ns, record.ctime_ns, record.inode)
        for (path, record), now in zip(files.items(), store.records(list(files)), strict=True)
        if now == record
    ]
    store.mark_pending(unchanged, now=0.0)  # held: no message about them is on its way
    if unchanged:
        logger.warning(
            "what was stored of %d images was damaged or gone; their files are read again: %d, %r first",
            len(wanted), len(unchanged), unchanged[0].path,
        )  # fmt: skip
    return len(unchanged)
