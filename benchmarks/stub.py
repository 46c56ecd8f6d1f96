"""The workers' Celery app for benchmarks.stream: worker.app with a network that costs nothing, and watches on steps.

Celery's command line takes this module's `app`. Only the loading of the network is replaced. The processor time of the
steps that are no plumbing is summed up, and a worker logs the sums after each message.
"""

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from inspect import isfunction
from typing import Any, Final

import cv2
import numpy as np
from celery.signals import task_postrun, worker_process_init
from numpy.typing import NDArray

from worker.app import app as app
from worker.network import weights

NO_PLUMBING: Final = ("worker.engine", "worker.pipeline.files")  # whose functions are watched where they are called
CELLS: Final = 8  # a picture is averaged over so many cells a side

logger = logging.getLogger(__name__)


class StubNetwork:
    """In place of the network: the colours of a picture, averaged over cells, through a seeded matrix and ReLU."""

    side = weights.BACKBONE.side

    def __init__(self) -> None:
        shape = (CELLS * CELLS * 3, weights.BACKBONE.dimensions)
        self._matrix = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `worker.network.port.Network` has it. Different pictures, different features."""
        small = [cv2.resize(one, (CELLS, CELLS), interpolation=cv2.INTER_AREA) for one in pictures]
        cells = np.array(small, np.float32)
        features: NDArray[np.float32] = np.maximum((cells.reshape(len(pictures), -1) - 128) @ self._matrix, 0)
        return features


class Watch:
    """Processor seconds by step, summed over all threads of this process, and how many messages were worked off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: defaultdict[str, float] = defaultdict(float)

    def add(self, step: str, amount: float) -> None:
        """Add to a step."""
        with self._lock:
            self._spent[step] += amount

    def on(self, owner: object, name: str, step: str) -> None:
        """Let the function or method add what it costs to `step`. It runs in one thread, and calls none of the same."""
        function: Callable[..., Any] = getattr(owner, name)

        @wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            begun = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                self.add(step, time.thread_time() - begun)

        setattr(owner, name, timed)

    def tell(self, **_: object) -> None:
        """Log the sums, after a message."""
        self.add("messages", 1)
        with self._lock:
            logger.info("spent since the start: %s", json.dumps(self._spent))


_watch = Watch()


def _load(*_: object) -> StubNetwork:
    network = StubNetwork()
    _watch.on(network, "extract", "network")
    return network


def _put_on(**_: object) -> None:
    """In the child, which has a use for these libraries; the main process stays light."""
    from worker.engine.search.neighbours import Neighbours
    from worker.pipeline import comparison
    from worker.pipeline.extracting import extract, reading
    from worker.pipeline.judging import candidates

    for module, step in (
        (extract, "reading, describing"),
        (reading, "reading, describing"),
        (candidates, "candidates for verdicts"),
        (comparison, "comparisons of pixels"),
    ):
        for name, value in list(vars(module).items()):
            if isfunction(value) and value.__module__.startswith(NO_PLUMBING):
                _watch.on(module, name, "comparisons of sketches" if name == "verify" else step)
    for name in ("search", "add"):
        _watch.on(Neighbours, name, "candidates for verdicts")
    task_postrun.connect(_watch.tell, weak=False)


setattr(weights, "load", _load)  # noqa: B010 - worker.app looks it up when the first message arrives
app.conf.imports = (__name__,)
worker_process_init.connect(_put_on, weak=False)
