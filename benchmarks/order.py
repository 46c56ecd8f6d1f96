"""In which order the watcher sent files, as its messages lie in the broker, and how far another order is from it."""

import base64
import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import redis
from numpy.typing import NDArray

from benchmarks.background import Background
from shared.broker import UNACKNOWLEDGED
from shared.names import QUEUE_FEATURES
from shared.records import Reference
from shared.settings import Settings

EVERY: Final = 0.2
AT_ONCE: Final = 32  # messages looked at, from the newest on, until a known one is met


class SentOrder(Background):
    """Reads the queue of the feature workers for as long as a with block lasts, and takes nothing out of it.

    A message is in the broker until it is acknowledged, which takes longer than the pause between two looks.
    """

    def __init__(self, settings: Settings, every: float = EVERY) -> None:
        super().__init__()
        self._every = every
        self._client: Any = redis.Redis(unix_socket_path=str(settings.redis_socket))
        self._messages: dict[str, list[str]] = {}  # id -> paths; in the order in which they were sent

    @property
    def paths(self) -> list[str]:
        """Every path that was sent, once, in the order in which they were sent first."""
        return list(dict.fromkeys(path for message in self._messages.values() for path in message))

    @property
    def messages(self) -> int:
        """How many messages there were."""
        return len(self._messages)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._look()
            self._ended.wait(self._every)

    def _look(self) -> None:
        """What workers hold was sent before what still waits; the newest of that is at the left of its list."""
        held = [json.loads(raw) for raw in self._client.hvals(UNACKNOWLEDGED)]
        found = [message for message, _, queue in held if queue == QUEUE_FEATURES]
        waiting: list[dict[str, Any]] = []
        while True:
            part = self._client.lrange(QUEUE_FEATURES, len(waiting), len(waiting) + AT_ONCE - 1)
            new = [json.loads(raw) for raw in part]
            waiting += new
            if len(new) < AT_ONCE or new[-1]["headers"]["id"] in self._messages:
                break
        for message in found + waiting[::-1]:
            if message["headers"]["id"] not in self._messages:
                [references], _, _ = json.loads(base64.b64decode(message["body"]))
                self._messages[message["headers"]["id"]] = [Reference.from_wire(one).path for one in references]


def displacements(before: Sequence[str], after: Sequence[str]) -> NDArray[np.int64]:
    """How many places each one of `before` came later (or, below 0, earlier) in `after`. Both hold the same paths."""
    places = {path: place for place, path in enumerate(after)}
    return np.array([places[path] - place for place, path in enumerate(before)])
