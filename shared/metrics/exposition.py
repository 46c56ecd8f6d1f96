"""Metrics as Prometheus reads them: counted by its own client, served over HTTP by a thread."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.registry import Collector

from shared.errors import ImagesieveError
from shared.metrics import Metric

AGAIN_SECONDS: Final = 5.0  # between two tries to listen

_log = logging.getLogger(__name__)


class PrometheusMeter:
    """A meter for these metrics, in a registry that is given. Those with a label show all its values from the start."""

    def __init__(self, registry: CollectorRegistry, metrics: Sequence[Metric]) -> None:
        self._made: dict[str, Any] = {metric.name: _make(metric, registry) for metric in metrics}

    def add(self, metric: Metric, amount: float = 1, value: str = "") -> None:
        made = self._made[metric.name]
        (made.labels(value) if metric.label else made).inc(amount)

    def set(self, metric: Metric, number: float) -> None:
        self._made[metric.name].set(number)

    def observe(self, metric: Metric, seconds: float) -> None:
        self._made[metric.name].observe(seconds)

    def timing(self, metric: Metric) -> AbstractContextManager[object]:
        timer: AbstractContextManager[object] = self._made[metric.name].time()
        return timer

    def follow(self, metric: Metric, read: Callable[[], float]) -> None:
        def read_or_nan() -> float:
            try:
                return read()
            except ImagesieveError:  # Redis is away: this value is unknown, and the others are served all the same
                return float("nan")

        self._made[metric.name].set_function(read_or_nan)


def _make(metric: Metric, registry: CollectorRegistry) -> Any:
    labels = [metric.label] if metric.label else []
    made: Any
    if metric.kind == "histogram":
        made = Histogram(metric.name, metric.help, labels, registry=registry, buckets=metric.buckets)
    else:
        made = {"counter": Counter, "gauge": Gauge}[metric.kind](metric.name, metric.help, labels, registry=registry)
    for value in metric.values:
        made.labels(value)
    return made


def open_meter(metrics: Sequence[Metric], address: str, port: int, *more: Collector) -> PrometheusMeter:
    """A meter for these metrics that is served with what `more` collect and what the process itself takes."""
    registry = CollectorRegistry()
    meter = PrometheusMeter(registry, metrics)
    ProcessCollector(registry=registry)
    for collector in more:
        registry.register(collector)
    serve(registry, address, port)
    return meter


def serve(registry: CollectorRegistry, address: str, port: int) -> None:
    """Serve a registry at `/metrics` as long as this process lives. Returns at once and raises nothing.

    A port that is taken is tried again and again: perhaps a process that this one replaces still has it.
    """
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for every counter, of which nobody asks
    arguments = (registry, address, port)
    threading.Thread(target=_listen, args=arguments, name="metrics", daemon=True).start()


def _listen(registry: CollectorRegistry, address: str, port: int) -> None:
    said = False
    while True:
        try:
            prometheus_client.start_http_server(port, address, registry)
        except OSError as error:
            if not said:
                _log.warning(
                    "metrics cannot be served at %s port %d: %s. It is tried again every %.0f s, everything else goes "
                    "on; set IMAGESIEVE_METRICS_ADDRESS, and IMAGESIEVE_METRICS_PORT to a port that is free with the "
                    "next one, or to 0",
                    address, port, error.strerror or error, AGAIN_SECONDS,
                )  # fmt: skip
            said = True
            time.sleep(AGAIN_SECONDS)
        else:
            _log.info("metrics: http://%s:%d/metrics", address, port)
            return
