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

from celery.signals import task_postrun, worker_process_init

from benchmarks.network import StubNetwork
from worker.app import app as app
from worker.network import weights

NO_PLUMBING: Final = ("worker.engine", "worker.pipeline.files")  # whose functions are watched where they are called

logger = logging.getLogger(__name__)


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
    from worker.engine.matching import verify
    from worker.engine.search.neighbours import Neighbours
    from worker.pipeline import comparison
    from worker.pipeline.extracting import extract, reading
    from worker.pipeline.judging import candidates

    on_sketches = (verify.promising, verify.propose)
    for module, step in (
        (extract, "reading, describing"),
        (reading, "reading, describing"),
        (candidates, "candidates for verdicts"),
        (comparison, "comparisons of pixels"),
    ):
        for name, value in list(vars(module).items()):
            if isfunction(value) and value.__module__.startswith(NO_PLUMBING):
                _watch.on(module, name, "comparisons of sketches" if value in on_sketches else step)
    for name in ("search", "add"):
        _watch.on(Neighbours, name, "candidates for verdicts")
    task_postrun.connect(_watch.tell, weak=False)


setattr(weights, "load", _load)  # noqa: B010 - worker.app looks it up when the first message arrives
app.conf.imports = (__name__,)
worker_process_init.connect(_put_on, weak=False)
