"""Celery's consumer, made to outlive any message: what cannot be understood is logged, counted and dropped.

Celery does so with unknown tasks and forbidden content. An envelope that it trips over (a body that is no task's, a
time limit that is no number) would end its main process and come back to the next one, for ever.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from celery import signals
from celery.worker import consumer, loops
from kombu import Message

PAUSE_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)

# What Celery and kombu raise where a message is not what they take it for. Errors of the connection are others.
_MISTAKEN: Final = (ValueError, TypeError, AttributeError, LookupError)


class Consumer(consumer.Consumer):  # type: ignore[misc,unused-ignore]
    """The consumer of a worker's main process. Each refused message is reported by the signal `task_rejected`."""

    def create_task_handler(self, *arguments: Any, **options: Any) -> Callable[[Message], Any]:
        """Handle a message; see Celery."""
        receive: Callable[[Message], Any] = super().create_task_handler(*arguments, **options)

        def receive_or_refuse(message: Message) -> Any:
            try:
                return receive(message)
            except _MISTAKEN as error:
                return self.on_decode_error(message, error)

        return receive_or_refuse

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Log it and drop the message, as Celery does, and send the signal."""
        super().on_decode_error(message, exc)
        signals.task_rejected.send(sender=self, message=message, exc=exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Log it, as Celery does, and pause before the next try, where a broker answers with errors."""
        super().on_connection_error_after_connected(exc)
        time.sleep(PAUSE_SECONDS)

    def loop(self, *arguments: Any) -> None:
        """Celery's event loop. What was taken from a queue and is not even a message is gone; the worker goes on."""
        try:
            loops.asynloop(*arguments)
        except _MISTAKEN as error:
            if isinstance(error, KeyError) and isinstance(error.args[0], int):
                raise  # a stale file descriptor: the connection was lost (Celery makes it anew)
            logger.exception("refused: a queue held something that is no message")
            signals.task_rejected.send(sender=self, message=None, exc=error)
            raise ConnectionResetError("connecting again: a queue held something that is no message") from error
