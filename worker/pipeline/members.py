"""A record as the engine's groups see it."""

from shared.records import Record
from worker.engine.groups import Member


def member_of(path: str, record: Record) -> Member:
    """The file of a ready record as a possible member of a group."""
    return Member(path, record.digest, record.size, record.width, record.height, record.mtime_ns)
