"""What a recluster run finds in the store."""

from dataclasses import dataclass, field

from shared.records import Extractor, Record, State
from shared.store import Files
from worker.pipeline.reclustering.rows import StoredRows
from worker.pipeline.renewal import RenewalStore


@dataclass
class Collection:
    """Files by path, as the store held them. by_bytes: ready, and compared by their bytes alone. waiting: how many have
    no features of the extractor yet."""

    ready: dict[str, Record] = field(default_factory=dict)
    by_bytes: dict[str, Record] = field(default_factory=dict)
    failed: dict[str, Record] = field(default_factory=dict)
    waiting: int = 0


def read_collection(files: Files, extractor: Extractor) -> Collection:
    """All of it: O(records)."""
    collection = Collection()
    for chunk in files.scan():
        for path, record in chunk:
            if record.state is State.FAILED:
                collection.failed[path] = record
            elif record.is_by_bytes:
                collection.by_bytes[path] = record
            elif record.state is State.READY and record.extractor == extractor.id:
                collection.ready[path] = record
            else:
                collection.waiting += 1
    return collection


def readable(store: RenewalStore, extractor_id: str, ready: dict[str, Record]) -> dict[str, Record]:
    """The files whose features are there and sound; those of the others are read anew. Reads every row once."""
    digests = sorted({record.digest for record in ready.values()})
    sound = set(StoredRows(store, extractor_id, digests).without_damaged().digests)
    return {path: record for path, record in ready.items() if record.digest in sound}
