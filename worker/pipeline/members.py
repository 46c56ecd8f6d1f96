"""A record as the engine's groups see it, and as the event stream tells it."""

from sys import intern

from shared.records import Event, Record
from shared.records.collection import at_text
from worker.engine.groups.groups import Member


def member_of(path: str, record: Record) -> Member:
    """The file of a ready record as a possible member of a group. Few natures are different, and each is held once."""
    return Member(
        path, record.digest, record.size, record.width, record.height, record.mtime_ns, record.content,
        record.ctime_ns, record.inode, record.holds, intern(record.nature),
    )  # fmt: skip


def make_event(path: str, record: Record, cluster: int | None, now: float) -> Event:
    """The event that tells a record's verdict."""
    return Event(
        at=at_text(now),
        path=path,
        digest=record.digest,
        verdict=record.verdict,
        duplicate_of=record.duplicate_of,
        similarity=record.similarity,
        cluster=cluster,
        reason=record.reason,
        variant_of=record.variant_of,
        share=record.share,
    )
