"""What Redis knows of the collection, as metrics: read when Prometheus asks, so right after every restart."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from shared import names
from shared.broker import Outstanding
from shared.errors import ImagesieveError
from shared.metrics import Metric
from shared.records import DUPLICATE_KINDS, State, Verdict
from shared.store import Counter, Database, Surroundings, Tallies
from shared.store.places import BACKLOG, UNJUDGED

STATES: Final = (BACKLOG, State.PENDING, State.FAILED, UNJUDGED, Verdict.UNIQUE, *DUPLICATE_KINDS)

UP: Final = Metric(
    "imagesieve_redis_up", "gauge", "1 while Redis (store and broker) answers; without it the rest is left out"
)
FILES: Final = Metric("imagesieve_collection_files", "gauge", "files on record, each in one state", "state", STATES)
COMPUTED: Final = Metric(
    "imagesieve_collection_computed_total", "counter", "forward passes of the network, one per new picture"
)
CORRECTIONS: Final = Metric(
    "imagesieve_collection_corrections_total", "counter", "verdicts that recluster runs corrected"
)
REFUSED: Final = Metric(
    "imagesieve_collection_refused_total", "counter", "messages, or parts of them, that were refused"
)
QUEUED: Final = Metric("imagesieve_queue_messages", "gauge", "messages that wait in a queue", "queue", names.QUEUES)
IN_HAND: Final = Metric("imagesieve_queue_unacknowledged_messages", "gauge", "messages that workers have in hand")
MEMORY: Final = Metric("imagesieve_redis_memory_bytes", "gauge", "memory that Redis (store) uses")
PASSED: Final = Metric(
    "imagesieve_collection_passed_over_files", "gauge", "files that the last complete scan passed over; on no record"
)
PASSED_BYTES: Final = Metric("imagesieve_collection_passed_over_bytes", "gauge", "their bytes")
METRICS: Final = (UP, FILES, PASSED, PASSED_BYTES, COMPUTED, CORRECTIONS, REFUSED, QUEUED, IN_HAND, MEMORY)

_COUNTERS: Final = {COMPUTED: Counter.COMPUTED, CORRECTIONS: Counter.CORRECTIONS, REFUSED: Counter.REFUSED}


class CollectionStore(Tallies, Surroundings, Database, Protocol):
    """The numbers that are shown."""


class CollectionMetrics(Collector):
    """Asks the store and the broker at every scrape: a few round trips, whatever the size of the collection."""

    def __init__(self, store: CollectionStore, outstanding: Callable[[], Outstanding]) -> None:
        """outstanding: asks the broker. Both are used by a thread of their own."""
        self._store = store
        self._outstanding = outstanding

    def describe(self) -> Iterable[Family]:
        """Describe nothing: the registry would ask Redis for that."""
        return ()

    def collect(self) -> Iterator[Family]:
        """The metrics as they are now; where Redis is away, only the one that says so."""
        try:
            found = [*self._read()]
        except ImagesieveError:
            yield _gauge(UP, {"": 0})
            return
        yield _gauge(UP, {"": 1})
        yield from found

    def _read(self) -> Iterator[Family]:
        counts, verdicts = self._store.counts(), self._store.verdict_counts()
        # While the verdicts are counted anew nothing is said of them, rather than something wrong.
        waiting = {"backlog": counts.held, "pending": counts.pending - counts.held}
        yield _gauge(FILES, {**waiting, "failed": counts.failed, **(verdicts or {})})
        if found := self._store.passed_over():
            yield _gauge(PASSED, {"": found.total.files})
            yield _gauge(PASSED_BYTES, {"": found.total.bytes})
        for metric, counter in _COUNTERS.items():
            yield CounterMetricFamily(metric.name, metric.help, value=self._store.add(counter, 0))
        held = self._outstanding()
        yield _gauge(QUEUED, held.queued)
        yield _gauge(IN_HAND, {"": held.unacknowledged})
        yield _gauge(MEMORY, {"": self._store.memory()})


def _gauge(metric: Metric, numbers: dict[str, int]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=[metric.label] if metric.label else [])
    for value, number in numbers.items():
        family.add_metric([value] if metric.label else [], number)
    return family
