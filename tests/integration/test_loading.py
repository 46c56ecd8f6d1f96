"""The network is loaded beside the work: known bytes never wait for it."""

import io
import logging
import threading
import time

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared import names
from shared.errors import WeightsError
from shared.records import Record, Reference, State
from shared.settings import Settings
from worker.network import weights as weights_module
from worker.network.loading import LoadingNetwork
from worker.network.weights import Weights, resolve
from worker.pipeline.extracting.extract import extract_batches
from worker.workshop import Workshop


class Network:
    side = 224

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.ones((len(pictures), 4096), np.float32)


def put(settings: Settings, name: str, data: bytes) -> Reference:
    path = settings.watch_dir / name
    path.write_bytes(data)
    return Reference(name, path.stat().st_size, path.stat().st_mtime_ns)


def picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    return out.getvalue()


def work(workshop: Workshop, reference: Reference) -> Record:
    workshop.store.mark_pending([reference], time.time())
    for _ in extract_batches([reference], workshop.extraction):
        pass
    [record] = workshop.store.records([reference.path])
    assert record
    return record


def test_known_bytes_never_wait_for_the_network(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def load(*_: object) -> Network:
        loading.set()
        assert loaded.wait(60)
        return Network()

    monkeypatch.setattr(weights_module, "load", load)
    first = Workshop(settings)
    loaded.set()
    assert work(first, put(settings, "a.png", picture())).state is State.READY

    loaded.clear()
    loading.clear()
    again = Workshop(settings)  # as after a new start
    try:
        assert work(again, put(settings, "b.png", picture())).state is State.READY
        assert loading.wait(60)  # it is under way all the same

        # Nor do they in company of new ones.
        mixed = [put(settings, "new.png", picture() + b"new"), put(settings, "c.png", picture())]
        again.store.mark_pending(mixed, time.time())
        finished = (path for outcome in extract_batches(mixed, again.extraction) for path in outcome.finished)
        assert next(finished) == "c.png"
        assert not loaded.is_set()
        loaded.set()
        assert list(finished) == ["new.png"]
    finally:
        loaded.set()


def test_a_network_that_cannot_be_loaded_is_told_at_once_and_to_each_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    def load() -> Network:
        raise WeightsError("no weights today")

    with caplog.at_level(logging.ERROR):
        network = LoadingNetwork(224, load)
        for _ in range(2):
            with pytest.raises(WeightsError, match="no weights today"):
                network.extract(np.zeros((1, 224, 224, 3), np.uint8))
    assert "no weights today" in caplog.text


def test_weights_that_were_found_are_not_looked_for_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download without a network takes half a minute to fail."""
    found = resolve("random")
    assert Weights.from_json(found.to_json()) == found
    monkeypatch.setenv(names.WEIGHTS_FOUND, found.to_json())

    def look_again(_: str) -> Weights:
        raise AssertionError("it was found already")

    monkeypatch.setattr(weights_module, "resolve", look_again)
    assert Workshop(settings).extraction.extractor_id == found.extractor.id
