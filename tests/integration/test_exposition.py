"""Metrics over HTTP: served by a thread, whatever else holds the port, and beside a Redis that is there or not."""

import logging
import math
import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from shared.admission import Why
from shared.broker import make_app, outstanding
from shared.errors import Unavailable
from shared.failures import FailureKind
from shared.metrics import UNMETERED, Metric, exposition
from shared.metrics.exposition import PrometheusMeter, open_meter
from shared.records import Reference
from shared.records.passed_over import Amount, PassedOver
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from tests.failed import mark_failed
from watcher.collection import CollectionMetrics

COUNTER = Metric("imagesieve_test_total", "counter", "a counter", "kind", ("one", "other"))
GAUGE = Metric("imagesieve_shown", "gauge", "a gauge")
FOLLOWED = Metric("imagesieve_followed", "gauge", "another gauge")
HISTOGRAM = Metric("imagesieve_test_seconds", "histogram", "a histogram", buckets=(0.1, 1))
METRICS = (COUNTER, GAUGE, FOLLOWED, HISTOGRAM)


def scrape(port: int) -> dict[str, float]:
    """Series -> number, as Prometheus reads them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        sample.name + "".join(f" {label}={value}" for label, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def wait_until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        return bool(scrape(port))
    except OSError:
        return False


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def away() -> float:
    raise Unavailable("Redis", "does not answer")


def test_a_port_that_is_taken_is_said_once_and_taken_when_it_is_free(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition, "AGAIN_SECONDS", 0.05)
    caplog.set_level(logging.INFO, "shared.metrics.exposition")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        meter = open_meter(METRICS, "127.0.0.1", port)
        wait_until(lambda: "cannot be served" in caplog.text)
        time.sleep(0.3)
    assert len(caplog.records) == 1
    for words in (f"127.0.0.1 port {port}", "Address already in use", "IMAGESIEVE_METRICS_PORT"):
        assert words in caplog.text
    wait_until(lambda: answers(port))
    meter.add(COUNTER, 2, "one")
    meter.set(GAUGE, 7)
    meter.observe(HISTOGRAM, 0.5)
    with pytest.raises(Unavailable), meter.timing(HISTOGRAM):
        away()
    meter.follow(FOLLOWED, lambda: 3.0)
    found = scrape(port)
    assert found["imagesieve_test_total kind=one"] == 2
    assert found["imagesieve_test_total kind=other"] == 0  # there from the start
    assert (found["imagesieve_shown"], found["imagesieve_followed"]) == (7, 3)
    assert found["imagesieve_test_seconds_bucket le=0.1"] == 1
    assert found["imagesieve_test_seconds_bucket le=1.0"] == 2
    assert found["process_resident_memory_bytes"] > 0
    assert not [series for series in found if "_created" in series]
    meter.follow(FOLLOWED, away)
    assert math.isnan(scrape(port)["imagesieve_followed"])


def test_an_address_that_is_not_ours_is_said_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    open_meter(METRICS, "192.0.2.1", 5556)  # of the block for examples: no machine has it
    wait_until(lambda: "metrics cannot be served at 192.0.2.1" in caplog.text)


def test_where_nobody_looks_nothing_is_counted_and_nothing_loaded() -> None:
    UNMETERED.add(COUNTER)
    UNMETERED.set(GAUGE, 1)
    UNMETERED.observe(HISTOGRAM, 1)
    UNMETERED.follow(GAUGE, away)
    with pytest.raises(Unavailable), UNMETERED.timing(HISTOGRAM):
        away()


def test_the_collection_is_told_as_redis_knows_it_and_its_absence_too(settings: Settings, tmp_path: Path) -> None:
    store, app = RedisStore.connect(settings.store), make_app(settings)
    store.mark_pending([Reference("a", 1, 1), Reference("b", 1, 1)], now=1.0)
    store.mark_pending([Reference(path, 1, 1) for path in "def"], now=0.0)
    mark_failed(store, [(Reference("c", 1, 1), "bad")], FailureKind.NO_IMAGE, now=1.0)
    store.put_passed_over(PassedOver({".xmp": Amount(3, 70)}, {Why.LINK: Amount(1, 0)}), ())
    port = a_free_port()
    open_meter((), "127.0.0.1", port, CollectionMetrics(store, lambda: outstanding(app)))
    wait_until(lambda: answers(port))
    found = scrape(port)
    assert found["imagesieve_redis_up"] == 1
    assert found["imagesieve_collection_files state=pending"] == 2
    assert found["imagesieve_collection_files state=backlog"] == 3
    assert found["imagesieve_collection_files state=failed"] == 1
    assert sum(value for series, value in found.items() if series.startswith("imagesieve_collection_files")) == 6
    assert (found["imagesieve_collection_passed_over_files"], found["imagesieve_collection_passed_over_bytes"]) == (
        4,
        70,
    )
    assert found["imagesieve_queue_messages queue=features"] == 0
    assert found["imagesieve_redis_memory_bytes"] > 100_000

    nobody = load_settings(state_dir=tmp_path)
    absent = CollectionMetrics(RedisStore.connect(nobody.store), lambda: outstanding(make_app(nobody)))
    began = time.monotonic()
    [up] = absent.collect()
    assert (up.name, up.samples[0].value) == ("imagesieve_redis_up", 0)
    assert time.monotonic() - began < 5, "Prometheus does not wait for long"
    with pytest.raises(Unavailable):
        outstanding(make_app(nobody))
    assert time.monotonic() - began < 8


def test_the_same_name_twice_is_a_mistake() -> None:
    registry = CollectorRegistry()
    PrometheusMeter(registry, METRICS)
    with pytest.raises(ValueError, match="Duplicated"):
        PrometheusMeter(registry, METRICS)
