"""The way to the feature workers: two lanes of one queue, and what stands in line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from celery import Celery

from shared import broker
from shared.broker import Lane
from shared.names import QUEUE_FEATURES, QUEUE_VERDICTS
from shared.records import Reference


@dataclass(frozen=True, slots=True)
class Lines:
    """Messages that are not worked off. arrivals, backlog: to the feature workers, by lane.

    verdicts: of the backlog, to the verdict writer. in_hand: of any queue, with a worker.
    """

    arrivals: int = 0
    backlog: int = 0
    verdicts: int = 0
    in_hand: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether no batch is waiting or being worked on."""
        return not (self.arrivals or self.backlog or self.in_hand)


class FeatureQueue(Protocol):
    """The way to the feature workers. Every method raises Unavailable."""

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        """Send one batch."""

    def lines(self) -> Lines:
        """What stands in line now."""

    def tell_gone(self, paths: Sequence[str]) -> None:
        """Tell the verdict writer that these files left the collection."""

    def ping(self) -> None:
        """Return when messages can be sent."""


class CeleryQueue:
    """The queue `features` of the broker."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        broker.send_references(self._app, references, lane)

    def lines(self) -> Lines:
        found = broker.outstanding(self._app)
        backlog = found.backlog[QUEUE_FEATURES]
        arrivals = found.queued[QUEUE_FEATURES] - backlog
        return Lines(arrivals, backlog, found.backlog[QUEUE_VERDICTS], found.unacknowledged)

    def tell_gone(self, paths: Sequence[str]) -> None:
        broker.request_verdicts(self._app, paths)

    def ping(self) -> None:
        broker.ping(self._app)
