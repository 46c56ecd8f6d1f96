"""Lanes: which messages go first."""

from enum import IntEnum
from typing import Self


class Lane(IntEnum):
    """A lane of a queue. The number is Celery's priority: with Redis 0 goes first, and each lane is a list of its own.

    ARRIVAL: somebody waits. BACKLOG: what was there before anybody watched, or is read again; any arrival overtakes it.
    """

    ARRIVAL = 0
    BACKLOG = 9

    @classmethod
    def of(cls, priority: object) -> Self:
        """The lane of a message with this priority; messages of earlier versions have none."""
        return cls.BACKLOG if priority == cls.BACKLOG else cls.ARRIVAL
