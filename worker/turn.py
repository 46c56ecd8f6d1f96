"""Whose turn it is to give verdicts: a worker of that queue takes messages only while it holds the lease.

Any number of such workers may run; all but one stand by. They answer pings, and leave the messages to the one whose
turn it is. Celery's main process holds the lease, so it outlives a child that crashes and is spawned again. A worker
whose lease somebody else has taken ends: what its child knows of the collection is out of date, and whoever started
the worker starts it again, to stand by.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from celery import Celery
from celery.signals import celeryd_after_setup, worker_ready, worker_shutdown

from shared import names
from shared.broker import wake_writer
from shared.errors import Unavailable
from shared.store import Leases
from shared.store.leases import renew

TURN_SECONDS: Final = 10.0
STANDBY_SECONDS: Final = 0.5  # between two tries of a worker that stands by
HOLDER: Final = "IMAGESIEVE_VERDICTS_HOLDER"  # environment, by which the children learn under which name to write

logger = logging.getLogger(__name__)


class Turn:
    """A worker's turn at the verdicts; nothing for workers of other queues."""

    def __init__(self, app: Celery, store: Callable[[], Leases]) -> None:
        """Take part in the worker's start and end, in Celery's main process."""
        self._app = app
        self._store = store
        self._holder = ""
        self._ended = threading.Event()
        celeryd_after_setup.connect(self._prepare)
        worker_ready.connect(self._begin)
        worker_shutdown.connect(self._end)

    def _prepare(self, instance: Any, **_: object) -> None:
        """Before the worker takes a message or spawns a child."""
        queues = instance.app.amqp.queues
        if names.QUEUE_VERDICTS in queues.consume_from:
            queues.deselect(names.QUEUE_VERDICTS)
            self._holder = os.environ[HOLDER] = uuid4().hex

    def _begin(self, sender: Any, **_: object) -> None:
        if self._holder:
            threading.Thread(target=self._run, args=(sender,), name="turn", daemon=True).start()

    def _run(self, consumer: Any) -> None:
        try:
            self._hold(consumer)
        except Exception:  # whatever it is: a thread that died in silence would leave every picture without a verdict
            logger.exception("the turn at the verdicts failed")
            os.kill(os.getpid(), signal.SIGTERM)

    def _hold(self, consumer: Any) -> None:
        store, said = self._store(), False
        while not self._tried(lambda: store.take_lease(names.LEASE_VERDICTS, self._holder, TURN_SECONDS)):
            if not said:
                logger.info("standing by: another worker gives verdicts")
            said = True
            if self._ended.wait(STANDBY_SECONDS):
                return
        logger.info("this worker gives verdicts now")
        consumer.call_soon(consumer.add_task_queue, names.QUEUE_VERDICTS)
        while not self._tried(self._wake) and not self._ended.wait(STANDBY_SECONDS):
            continue
        if not renew(store, names.LEASE_VERDICTS, self._holder, TURN_SECONDS, self._ended):
            logger.warning("another worker gives verdicts now: this one was stopped or cut off for too long; it ends")
            os.kill(os.getpid(), signal.SIGTERM)

    def _wake(self) -> bool:
        """What the last writer had in hand when it died is judged now, not when somebody sends the next message."""
        wake_writer(self._app)
        return True

    @staticmethod
    def _tried(step: Callable[[], bool]) -> bool:
        try:
            return step()
        except Unavailable as error:
            logger.warning("%s", error)
            return False

    def _end(self, **_: object) -> None:
        """After the worker's last task: the next one need not wait."""
        self._ended.set()
        if self._holder:
            with suppress(Unavailable):  # it runs out by itself
                self._store().end_lease(names.LEASE_VERDICTS, self._holder)
